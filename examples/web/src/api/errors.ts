// What goes wrong, as the people who look at the page want to hear it.

// An error of a response. Relay's own type leaves the extensions out.
export interface GraphQLFault {
  message: string;
  path?: readonly (string | number)[];
  extensions?: { code?: string; retryAfter?: number };
}

// A request that came to nothing: no answer, or an answer without data.
export class ApiError extends Error {
  override name = 'ApiError';

  constructor(
    readonly code: string,
    readonly retryAfter?: number,
  ) {
    super(code);
  }

  static of(fault: GraphQLFault | undefined): ApiError {
    return new ApiError(fault?.extensions?.code ?? 'INTERNAL', fault?.extensions?.retryAfter);
  }
}

// A sentence for `error`.
export function sentence(error: unknown): string {
  const code = error instanceof ApiError ? error.code : 'INTERNAL';
  switch (code) {
    case 'UNREACHABLE':
      return 'Polygraph can’t be reached. Are you online, and is it running?';
    case 'STORE_UNAVAILABLE':
    case 'OVERLOADED':
    case 'TIMEOUT':
      return 'Not available right now.';
    case 'RATE_LIMITED': {
      const seconds = error instanceof ApiError ? error.retryAfter : undefined;
      return seconds ? `That was too often. Try again in ${duration(seconds)}.` : 'That was too often. Try again later.';
    }
    case 'UNAUTHENTICATED':
      return 'Sign in first.';
    case 'BAD_USER_INPUT':
      return 'There is nothing at this address.';
    default:
      return 'Something went wrong.';
  }
}

// Why a mutation was not done, if it was not: `payload` is what its field answered.
export function refusal(payload: { userErrors: readonly { message: string }[] } | null | undefined, errors: readonly GraphQLFault[] | null) {
  return payload ? payload.userErrors[0]?.message : sentence(ApiError.of(errors?.[0]));
}

function duration(seconds: number): string {
  const [count, unit] = seconds < 90 ? [seconds, 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(count);
}

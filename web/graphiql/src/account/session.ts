// Signing in and out, by the API's own mutations.

export interface Session {
  handle: string;
  token: string;
}

interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string }[];
}

async function mutate<Data>(query: string, variables: object, headers: Record<string, string> = {}): Promise<Data> {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as Answer<Data>;
  if (errors?.[0]) throw new Error(errors[0].message);
  if (!data) throw new Error('The gateway gave no answer.');
  return data;
}

const SIGN_IN = `mutation ($input: SignInInput!) {
  signIn(input: $input) { user { handle } accessToken { token } userErrors { message } }
}`;

interface SignedIn {
  signIn: {
    user: { handle: string } | null;
    accessToken: { token: string } | null;
    userErrors: { message: string }[];
  };
}

/** Signs in; what keeps somebody out is the error's message. */
export async function signIn(login: string, password: string): Promise<Session> {
  const { user, accessToken, userErrors } = (await mutate<SignedIn>(SIGN_IN, { input: { login, password } })).signIn;
  if (!accessToken) throw new Error(userErrors[0]?.message ?? 'That did not work.');
  return { handle: user?.handle ?? login, token: accessToken.token };
}

/** Ends a session. */
export async function signOut({ token }: Session): Promise<void> {
  await mutate('mutation { signOut { sessionsEnded } }', {}, { authorization: `Bearer ${token}` });
}

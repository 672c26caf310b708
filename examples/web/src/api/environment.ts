// How Relay talks to the gateway: queries and mutations by HTTP, subscriptions over one WebSocket.

import { createClient } from 'graphql-ws';
import { Environment, Network, Observable, RecordSource, Store } from 'relay-runtime';
import type { GraphQLResponse, RequestParameters, Variables } from 'relay-runtime';

import { ApiError, type GraphQLFault } from './errors';

// The gateway closes a WebSocket with this when the token is not valid, or not any more.
const FORBIDDEN = 4403;

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: GraphQLFault[];
}

async function ask(text: string, variables: Variables, token: string | null, signal: AbortSignal): Promise<Answer> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: 'application/graphql-response+json, application/json;q=0.9',
  };
  if (token) headers['authorization'] = `Bearer ${token}`;
  let response: Response;
  try {
    response = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query: text, variables }), signal });
  } catch {
    throw new ApiError('UNREACHABLE');
  }
  try {
    return (await response.json()) as Answer;
  } catch {
    // Whatever stands between says so in a page of its own.
    throw new ApiError('UNREACHABLE');
  }
}

// Whether there is nothing to show for an answer with `errors`. A part that is missing is null, and its place on the page
// says so. But when it is the next page of a list, those before it are to stay, and an input that is refused is no outage.
function isFailure(errors: GraphQLFault[], variables: Variables): boolean {
  const aboutTheList = (error: GraphQLFault) => !error.path?.some((part) => typeof part === 'number');
  return errors.some((error) => error.extensions?.code === 'BAD_USER_INPUT') || (variables['cursor'] != null && errors.some(aboutTheList));
}

// An environment for who has this token: its store holds nothing of anybody else. `expired` is called when the token
// turns out not to be valid any more.
export function createEnvironment(token: string | null, expired: () => void): Environment {
  // It connects with the first subscription, and is closed with the last.
  const socket = createClient({
    url: '/graphql',
    connectionParams: () => (token ? { Authorization: `Bearer ${token}` } : {}),
    retryAttempts: Infinity,
    shouldRetry: (event) => !(event instanceof CloseEvent && event.code === FORBIDDEN),
    on: {
      closed: (event) => {
        if (event instanceof CloseEvent && event.code === FORBIDDEN) expired();
      },
    },
  });

  const fetchOnce = (request: RequestParameters, variables: Variables) =>
    Observable.create<GraphQLResponse>((sink) => {
      const abort = new AbortController();
      ask(request.text ?? '', variables, token, abort.signal).then(
        ({ data, errors }) => {
          if (abort.signal.aborted) return;
          const fault = errors?.[0];
          if (!data && fault?.extensions?.code === 'UNAUTHENTICATED') expired();
          if (!data || (errors && request.operationKind === 'query' && isFailure(errors, variables))) {
            sink.error(ApiError.of(fault));
          } else {
            sink.next({ data, ...(errors && { errors: errors as never }) });
            sink.complete();
          }
        },
        (error: Error) => {
          if (!abort.signal.aborted) sink.error(error);
        },
      );
      return () => abort.abort();
    });

  const subscribe = (request: RequestParameters, variables: Variables) =>
    Observable.create<GraphQLResponse>((sink) =>
      socket.subscribe(
        { query: request.text ?? '', operationName: request.name, variables },
        {
          next: (result) => sink.next(result as GraphQLResponse),
          error: (error) => sink.error(error instanceof Error ? error : new ApiError('UNREACHABLE')),
          complete: () => sink.complete(),
        },
      ),
    );

  return new Environment({
    network: Network.create(fetchOnce, subscribe),
    // Lists that were left stay, so that going back finds them as they were.
    store: new Store(new RecordSource(), { gcReleaseBufferSize: 20 }),
  });
}

// A client as an app makes it: a cache that knows which types are which, and pages connections as Relay does. Apollo Client
// 4 needs rxjs beside it.

import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { relayStylePagination } from '@apollo/client/utilities';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

// The types of each interface and union, as Apollo Client wants them.
async function possibleTypes(url) {
  const query = '{ __schema { types { kind name possibleTypes { name } } } }';
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  const { types } = (await response.json()).data.__schema;
  const abstract = types.filter(({ possibleTypes }) => possibleTypes);
  return Object.fromEntries(abstract.map((type) => [type.name, type.possibleTypes.map(({ name }) => name)]));
}

// `token` signs in, if it is given. Closing the client closes its socket.
export async function connect(world, token) {
  const cache = new InMemoryCache({
    possibleTypes: await possibleTypes(world.url),
    typePolicies: {
      Query: { fields: { posts: relayStylePagination(['author', 'orderBy']), feed: relayStylePagination() } },
      Post: { fields: { likes: relayStylePagination() } },
    },
  });
  const authorization = token && `Bearer ${token}`;
  const socket = createClient({
    url: world.socket,
    webSocketImpl: WebSocket,
    connectionParams: authorization && { Authorization: authorization },
  });
  const http = new HttpLink({ uri: world.url, headers: authorization ? { authorization } : {} });
  const isSubscription = ({ operationType }) => operationType === 'subscription';
  const link = ApolloLink.split(isSubscription, new GraphQLWsLink(socket), http);
  return { client: new ApolloClient({ cache, link }), close: () => socket.dispose() };
}

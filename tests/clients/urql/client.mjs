// A client as an app makes it: graphcache, which knows the schema, and subscriptions over graphql-ws.

import { Client, fetchExchange, subscriptionExchange } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { getIntrospectedSchema, minifyIntrospectionQuery } from '@urql/introspection';
import { getIntrospectionQuery } from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

// The schema as graphcache wants it: what it does not need is left out.
export async function schemaOf(url) {
  const headers = { 'content-type': 'application/json' };
  const query = getIntrospectionQuery({ descriptions: false });
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return minifyIntrospectionQuery(getIntrospectedSchema((await response.json()).data));
}

// What a like does to a post, as it will be answered.
function likePost({ input: { postId } }, cache) {
  const post = { __typename: 'Post', id: postId };
  const likeCount = cache.resolve(post, 'likeCount') ?? 0;
  const isLiked = cache.resolve(post, 'viewerHasLiked');
  return {
    __typename: 'LikePostPayload',
    post: { ...post, likeCount: isLiked ? likeCount : likeCount + 1, viewerHasLiked: true },
    userErrors: [],
  };
}

// Makes a client, signed in as `world.token` is. `warnings` has what graphcache finds odd.
export async function connect(world) {
  const warnings = [];
  const authorization = `Bearer ${world.token}`;
  const socket = createClient({
    url: world.socket,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: authorization },
  });
  const cache = cacheExchange({
    schema: await schemaOf(world.url),
    resolvers: { Query: { posts: relayPagination(), feed: relayPagination() }, Post: { likes: relayPagination() } },
    optimistic: { likePost },
    // Parts of an answer, which nothing refers to.
    keys: { SearchResult: () => null, Highlight: () => null, UserError: () => null },
    logger: (level, message) => warnings.push(`${level}: ${message}`),
  });
  const subscriptions = subscriptionExchange({
    forwardSubscription: ({ query, variables }) => ({
      subscribe: (sink) => ({ unsubscribe: socket.subscribe({ query, variables }, sink) }),
    }),
  });
  const client = new Client({
    url: world.url,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization } },
    exchanges: [cache, fetchExchange, subscriptions],
  });
  return { client, warnings, close: () => socket.dispose() };
}

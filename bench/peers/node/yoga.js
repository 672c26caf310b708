// GraphQL Yoga on Node's own HTTP server: as it comes, or with `--tuned` what its documentation offers for speed, the
// JIT first, and everything off that can be turned off and costs a request time. With `--cached` it keeps answers by its
// response cache plugin, in Redis.

import { createServer } from 'node:http';

import { useGraphQlJit } from '@envelop/graphql-jit';
import { createRedisCache } from '@envelop/response-cache-redis';
import { useResponseCache } from '@graphql-yoga/plugin-response-cache';
import { createSchema, createYoga } from 'graphql-yoga';
import Redis from 'ioredis';

import { TTL_SECONDS, isCached, prefix, redisUrl } from './shared/cached.js';
import { openLoaders, resolversWithDataLoaders } from './shared/dataloaders.js';
import { typeDefs, viewerOf } from './shared/resolvers.js';
import { address, announce, openStores } from './shared/stores.js';

const stores = openStores();
const isTuned = process.argv.includes('--tuned');

const responseCache = () =>
  useResponseCache({
    // Whatever somebody in particular asks for is kept for them alone.
    session: (request) => request.headers.get('x-viewer'),
    cache: createRedisCache({ redis: new Redis(redisUrl(), { keyPrefix: prefix('yoga') }) }),
    ttl: TTL_SECONDS * 1000,
  });

const TUNED = {
  cors: false,
  graphiql: false,
  landingPage: false,
  logging: false,
  maskedErrors: false,
  maxRequestBodySize: false,
  multipart: false,
};

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers: resolversWithDataLoaders }),
  context: ({ req }) => ({ stores, loaders: openLoaders(stores), viewer: viewerOf(req.headers['x-viewer']) }),
  ...(isTuned ? TUNED : {}),
  plugins: [...(isTuned ? [useGraphQlJit()] : []), ...(isCached ? [responseCache()] : [])],
});

const server = createServer(yoga);
const { host, port } = address();
server.listen(port, host, () => announce(server.address()));

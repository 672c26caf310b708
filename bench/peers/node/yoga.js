// GraphQL Yoga on Node's own HTTP server: as it comes, or with `--tuned` what its documentation offers for speed, the
// JIT first, and everything off that can be turned off and costs a request time.

import { createServer } from 'node:http';

import { useGraphQlJit } from '@envelop/graphql-jit';
import { createSchema, createYoga } from 'graphql-yoga';

import { openLoaders, resolversWithDataLoaders } from './shared/dataloaders.js';
import { typeDefs, viewerOf } from './shared/resolvers.js';
import { address, announce, openStores } from './shared/stores.js';

const stores = openStores();

const TUNED = {
  plugins: [useGraphQlJit()],
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
  ...(process.argv.includes('--tuned') ? TUNED : {}),
});

const server = createServer(yoga);
const { host, port } = address();
server.listen(port, host, () => announce(server.address()));

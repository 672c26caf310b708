// Apollo Server on Fastify, by its own integration.

import { ApolloServer } from '@apollo/server';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import Fastify from 'fastify';

import { openLoaders, resolversWithDataLoaders } from './shared/dataloaders.js';
import { typeDefs, viewerOf } from './shared/resolvers.js';
import { address, announce, openStores } from './shared/stores.js';

const stores = openStores();
const app = Fastify();
const apollo = new ApolloServer({
  typeDefs,
  resolvers: resolversWithDataLoaders,
  plugins: [fastifyApolloDrainPlugin(app)],
});
await apollo.start();
await app.register(fastifyApollo(apollo), {
  context: async (request) => ({ stores, loaders: openLoaders(stores), viewer: viewerOf(request.headers['x-viewer']) }),
});
await app.listen(address());
announce(app.server.address());

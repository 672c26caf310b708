// Apollo Server on Fastify, by its own integration. With `--cached` it keeps answers by its response cache plugin, in
// Redis by way of `KeyvAdapter`.

import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginCacheControl } from '@apollo/server/plugin/cacheControl';
import responseCache from '@apollo/server-plugin-response-cache';
import { KeyvAdapter } from '@apollo/utils.keyvadapter';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import KeyvRedis from '@keyv/redis';
import Fastify from 'fastify';
import Keyv from 'keyv';

import { TTL_SECONDS, isCached, prefix, redisUrl } from './shared/cached.js';
import { openLoaders, resolversWithDataLoaders } from './shared/dataloaders.js';
import { typeDefs, viewerOf } from './shared/resolvers.js';
import { address, announce, openStores } from './shared/stores.js';

const stores = openStores();

/** Says of the feed that it is for who asks alone; everything else may be shared. */
const resolversWithHints = {
  ...resolversWithDataLoaders,
  Query: {
    ...resolversWithDataLoaders.Query,
    feed(parent, args, context, info) {
      info.cacheControl.setCacheHint({ scope: 'PRIVATE' });
      return resolversWithDataLoaders.Query.feed(parent, args, context, info);
    },
  },
};

const cached = () => ({
  resolvers: resolversWithHints,
  cache: new KeyvAdapter(new Keyv({ store: new KeyvRedis(redisUrl()), namespace: prefix('apollo') })),
  plugins: [
    fastifyApolloDrainPlugin(app),
    ApolloServerPluginCacheControl({ defaultMaxAge: TTL_SECONDS }),
    responseCache({ sessionId: async ({ contextValue }) => contextValue.viewer }),
  ],
});

const app = Fastify();
const apollo = new ApolloServer({
  typeDefs,
  resolvers: resolversWithDataLoaders,
  plugins: [fastifyApolloDrainPlugin(app)],
  ...(isCached ? cached() : {}),
});
await apollo.start();
await app.register(fastifyApollo(apollo), {
  context: async (request) => ({ stores, loaders: openLoaders(stores), viewer: viewerOf(request.headers['x-viewer']) }),
});
await app.listen(address());
announce(app.server.address());

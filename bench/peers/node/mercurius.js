// Mercurius on Fastify: its JIT from the first execution on, its own loaders. With `--cached` it keeps what resolvers and
// loaders return by mercurius-cache, in Redis.

import Fastify from 'fastify';
import Redis from 'ioredis';
import mercurius from 'mercurius';
import cache from 'mercurius-cache';

import { TTL_SECONDS, isCached, prefix, redisUrl } from './shared/cached.js';
import { likeConnection, limit, resolvers, typeDefs, viewerOf } from './shared/resolvers.js';
import { address, announce, openStores } from './shared/stores.js';

const stores = openStores();

const loaders = {
  Post: {
    author: (queries) => stores.users.byIds(queries.map(({ obj }) => obj.author)),
    async likes(queries) {
      // Siblings of one field of a query have the same arguments; aliases may bring others.
      const firsts = new Set(queries.map(({ params }) => limit(params.first)));
      const pages = new Map();
      for (const first of firsts) {
        const posts = queries.filter(({ params }) => limit(params.first) === first).map(({ obj }) => obj.id);
        const found = await stores.posts.likesOf(posts, first);
        posts.forEach((post, at) => pages.set(post + first, found[at]));
      }
      return queries.map(({ obj, params }) => likeConnection(pages.get(obj.id + limit(params.first))));
    },
  },
  Like: {
    user: (queries) => stores.users.byIds(queries.map(({ obj }) => obj.user)),
  },
  SearchResult: {
    async node(queries) {
      const of = (type) => queries.filter(({ obj }) => obj.type === type).map(({ obj }) => obj.id);
      const [users, posts] = [of('USER'), of('POST')];
      const found = new Map();
      const keep = (ids, nodes) => ids.forEach((id, at) => found.set(id, nodes[at]));
      await Promise.all([
        users.length && stores.users.byIds(users).then((nodes) => keep(users, nodes)),
        posts.length && stores.posts.byIds(posts, { content: false }).then((nodes) => keep(posts, nodes)),
      ]);
      return queries.map(({ obj }) => found.get(obj.id));
    },
  },
};

const app = Fastify();
app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  loaders,
  jit: 1,
  context: (request) => ({ stores, viewer: viewerOf(request.headers['x-viewer']) }),
});
// Keys as its documentation recommends for speed. No resolver here looks at what is selected, so none need have it.
const cached = () => ({
  ttl: TTL_SECONDS,
  storage: { type: 'redis', options: { client: new Redis(redisUrl(), { keyPrefix: prefix('mercurius') }) } },
  policy: {
    Query: {
      post: { key: ({ arg }) => arg.id },
      posts: { key: ({ arg }) => String(limit(arg.first)) },
      feed: { key: ({ arg, ctx }) => `${ctx.viewer}:${limit(arg.first)}` },
    },
    Post: {
      author: { key: ({ self }) => self.author },
      likes: { key: ({ self, arg }) => `${self.id}:${limit(arg.first)}` },
    },
    Like: { user: { key: ({ self }) => self.user } },
  },
});
if (isCached) app.register(cache, cached());
await app.listen(address());
announce(app.server.address());

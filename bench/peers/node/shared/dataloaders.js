// The fields that are loaded in batches, with the `dataloader` package: for servers without loaders of their own.

import DataLoader from 'dataloader';

import { likeConnection, limit, resolvers } from './resolvers.js';

/** The loaders of one request. */
export function openLoaders(stores) {
  const likesBySize = new Map();
  return {
    users: new DataLoader((ids) => stores.users.byIds(ids)),
    posts: new DataLoader((ids) => stores.posts.byIds(ids, { content: false })),
    likesOf(first) {
      let loader = likesBySize.get(first);
      if (!loader) {
        loader = new DataLoader((posts) => stores.posts.likesOf(posts, first));
        likesBySize.set(first, loader);
      }
      return loader;
    },
  };
}

export const resolversWithDataLoaders = {
  ...resolvers,
  Post: {
    ...resolvers.Post,
    author: (post, _, { loaders }) => loaders.users.load(post.author),
    likes: async (post, args, { loaders }) => likeConnection(await loaders.likesOf(limit(args.first)).load(post.id)),
  },
  Like: {
    ...resolvers.Like,
    user: (like, _, { loaders }) => loaders.users.load(like.user),
  },
  SearchResult: {
    node: (hit, _, { loaders }) => (hit.type === 'USER' ? loaders.users : loaders.posts).load(hit.id),
  },
};

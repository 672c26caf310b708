// What all three servers resolve alike: every field but those that are loaded in batches.

import { readFileSync } from 'node:fs';

import { GraphQLScalarType } from 'graphql';

import { feedCursor, likeCursor, likeId, parsePostId, parseUserId, postCursor, postId, searchCursor, userId } from './ids.js';

export const typeDefs = readFileSync(new URL('../../schema.graphql', import.meta.url), 'utf8');

/** Who asks, by the header that the harness sends: the id of a user. */
export function viewerOf(header) {
  return header ? parseUserId(header) : null;
}

/** How many a page has at most. */
export function limit(first) {
  if (first == null) return 20;
  if (first < 1 || first > 100) throw new RangeError('`first` must be between 1 and 100.');
  return first;
}

// What makes a cursor of an item, by a name that survives a cache in Redis.
const CURSORS = { feed: feedCursor, likes: likeCursor, posts: postCursor, search: searchCursor };

const connection = ({ items, hasMore }, cursor) => ({ items, hasMore, cursor });

/** A page of likes as a connection. */
export const likeConnection = (page) => connection(page, 'likes');

// A connection is a page and the name of its cursors, which are made only where they are selected.
const connectionFields = {
  edges: ({ items, cursor }) => items.map((node) => ({ node, cursor: CURSORS[cursor](node) })),
  nodes: ({ items }) => items,
  pageInfo: (page) => page,
};

export const resolvers = {
  // A time that came out of a cache is a text already.
  DateTime: new GraphQLScalarType({
    name: 'DateTime',
    serialize: (date) => (typeof date === 'string' ? date : date.toISOString()),
  }),
  Query: {
    async posts(_, { first }, { stores }) {
      return connection(await stores.posts.newest(limit(first)), 'posts');
    },
    async feed(_, { first }, { stores, viewer }) {
      if (!viewer) throw new Error('Somebody must be signed in.');
      const authors = await stores.users.followees(viewer);
      return connection(await stores.posts.feed(authors, limit(first)), 'feed');
    },
    async search(_, { query, types, first }, { stores }) {
      return connection(await stores.search.search(query, types, limit(first)), 'search');
    },
    async post(_, { id }, { stores }) {
      const [post] = await stores.posts.byIds([parsePostId(id)], { content: true });
      return post;
    },
  },
  User: {
    id: (user) => userId(user.id),
  },
  Post: {
    id: (post) => postId(post.id),
    // Lists are read without contents.
    async content(post, _, { stores }) {
      if (post.content !== undefined) return post.content;
      const [whole] = await stores.posts.byIds([post.id], { content: true });
      return whole?.content ?? '';
    },
  },
  Like: {
    id: (like) => likeId(like.post, like.user),
  },
  PostConnection: connectionFields,
  LikeConnection: connectionFields,
  SearchConnection: connectionFields,
  PageInfo: {
    hasNextPage: ({ hasMore }) => hasMore,
    hasPreviousPage: () => false,
    startCursor: ({ items, cursor }) => (items.length ? CURSORS[cursor](items[0]) : null),
    endCursor: ({ items, cursor }) => (items.length ? CURSORS[cursor](items.at(-1)) : null),
  },
};

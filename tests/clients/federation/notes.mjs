// Another subgraph, of another team: it knows users and posts by their ids alone, and adds to both.

import { createServer } from 'node:http';
import { once } from 'node:events';

import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createYoga } from 'graphql-yoga';

export const typeDefs = parse(`
  extend schema
    @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

  type Query {
    "Posts that somebody pinned, in their order."
    pinned: [Post!]!
  }

  type User @key(fields: "id") {
    id: ID!
    badges: [String!]!
  }

  type Post @key(fields: "id") {
    id: ID!
    content: String! @external
    words: Int! @requires(fields: "content")
    notes: [String!]!
  }
`);

// Starts it. `pin(ids)` says which posts are pinned, `url` where it listens.
export async function startNotes() {
  let pinned = [];
  const resolvers = {
    Query: { pinned: () => pinned.map((id) => ({ id })) },
    User: { __resolveReference: ({ id }) => ({ id }), badges: ({ id }) => [`badge of ${id}`] },
    Post: {
      __resolveReference: ({ id, content }) => ({ id, content }),
      words: ({ content }) => content.split(/\s+/).length,
      notes: ({ id }) => [`note on ${id}`],
    },
  };
  const yoga = createYoga({ schema: buildSubgraphSchema({ typeDefs, resolvers }), logging: false, graphiql: false });
  const server = createServer(yoga);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/graphql`,
    pin: (ids) => (pinned = ids),
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  };
}

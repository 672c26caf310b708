// What the schema does not allow, the generated types don't, either: tsc fails where an error that is expected is missing.

import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
import { graphql } from './generated/index.js';

const TitlesQuery = graphql(`
  query Titles($first: Int!) {
    posts(first: $first) {
      nodes {
        title
      }
    }
  }
`);

// @ts-expect-error A variable of another type.
export const mistyped: VariablesOf<typeof TitlesQuery> = { first: 'ten' };

// @ts-expect-error A variable that is missing.
export const missing: VariablesOf<typeof TitlesQuery> = {};

export function titles(data: ResultOf<typeof TitlesQuery>) {
  // @ts-expect-error A connection is null while its store is down.
  const nodes = data.posts.nodes;
  // @ts-expect-error A field that was not selected.
  return nodes.map((post) => post.likeCount);
}

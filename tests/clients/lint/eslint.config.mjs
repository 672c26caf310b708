// graphql-eslint's rules for schemas: all that it recommends, and all that Relay asks for.

import { fileURLToPath } from 'node:url';

import graphql from '@graphql-eslint/eslint-plugin';

const schema = fileURLToPath(new URL('../../../schema.graphql', import.meta.url));

const PARTS_BY_NAME = ['Payload', 'Connection', 'Edge', 'Facet', 'Facets'];
const PARTS = [
  'AccessToken',
  'ActivityBucket',
  'FollowSuggestion',
  'Highlight',
  'LeaderboardEntry',
  'PageInfo',
  'SearchResult',
  'TrendingPost',
  'UserError',
];

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // A connection has `nodes` beside `edges`, for those who need no cursors, and lists that are short need no pages.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      // An id is for what can be fetched again. These are parts of one answer.
      '@graphql-eslint/strict-id-in-types': ['error', { exceptions: { types: PARTS, suffixes: PARTS_BY_NAME } }],
    },
  },
];

// The same documents, written into a manifest by their SHA-256 as well.

import types from './codegen.js';

const preset = types.generates['program/generated/'];

export default {
  schema: '../../../schema.graphql',
  documents: ['program/program.ts'],
  generates: {
    'generated/': {
      ...preset,
      presetConfig: { persistedDocuments: { mode: 'embedHashInDocument', hashAlgorithm: 'sha256' } },
    },
  },
};

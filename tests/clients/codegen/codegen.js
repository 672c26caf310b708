// graphql-codegen's client preset: the schema from a gateway that runs, a type for each document of the program.

export default {
  schema: process.env.GRAPHQL_URL,
  documents: ['program/program.ts', 'program/wrong.ts'],
  generates: {
    'program/generated/': {
      // @graphql-codegen/client-preset, by its short name.
      preset: 'client',
      config: {
        // What a DateTime is in JSON.
        scalars: { DateTime: 'string' },
        strictScalars: true,
        useTypeImports: true,
        enumsAsTypes: true,
        // So that Node reads the modules as `tsc` leaves them.
        emitLegacyCommonJSImports: false,
        importExtension: '.js',
      },
    },
  },
};

// How the page is built. In development (`npm run dev`) it asks the gateway at POLYGRAPH, by default the one at port 4000.

import { defineConfig } from 'vite';

import { LICENSES, embed } from './embed.ts';

const gateway = process.env.POLYGRAPH ?? 'http://127.0.0.1:4000';

export default defineConfig({
  base: '/assets/graphiql/',
  plugins: [embed()],
  build: {
    target: 'es2023',
    assetsDir: '',
    license: { fileName: LICENSES },
    // Vite would put small files into `data:` URLs, which the page's policy has no room for.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // Monaco is one file, of 3.5 MB before compression.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'monaco', test: /node_modules\/monaco-/ }] } },
      onwarn(warning, warn) {
        // Directives for React's server components, which there are none of.
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
      },
    },
  },
  server: { host: '127.0.0.1', proxy: { '/graphql': { target: gateway, ws: true }, '/schema.graphql': gateway } },
});

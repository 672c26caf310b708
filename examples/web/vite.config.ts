import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import relay from 'vite-plugin-relay-lite';

const gateway = process.env.POLYGRAPH_URL ?? 'http://127.0.0.1:4000';
// The page and the API are of one origin, so nothing needs CORS. The Host stays what the browser sent, since the gateway
// takes a WebSocket from pages of its own host only.
const proxy = { '/graphql': { target: gateway, ws: true, changeOrigin: false } };

// What is built runs its own scripts only. The development server needs inline ones.
const policy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'" },
      injectTo: 'head-prepend',
    },
  ],
};

export default defineConfig({
  plugins: [relay({ codegen: false }), react(), policy],
  server: { host: '127.0.0.1', proxy },
  // React and Relay are that large.
  build: { chunkSizeWarningLimit: 700 },
  preview: { host: '127.0.0.1', proxy },
});

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import relay from 'vite-plugin-relay-lite';

const gateway = process.env.POLYGRAPH_URL ?? 'http://127.0.0.1:4000';
// The page and the API are of one origin, so nothing needs CORS. The Host stays what the browser sent, since the gateway
// takes a WebSocket from pages of its own host only.
const proxy = { '/graphql': { target: gateway, ws: true, changeOrigin: false } };

export default defineConfig({
  plugins: [relay({ codegen: false }), react()],
  server: { host: '127.0.0.1', proxy },
  // React and Relay are that large.
  build: { chunkSizeWarningLimit: 700 },
  preview: { host: '127.0.0.1', proxy },
});

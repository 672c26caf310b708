// The three stores, from the environment that Polygraph itself reads.

import { Posts } from './posts.js';
import { Search } from './search.js';
import { Users } from './users.js';

/** As many connections to each store as Polygraph has by default. */
const CONNECTIONS = 16;

export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export function openStores() {
  const namespace = setting('POLYGRAPH_NAMESPACE');
  const connections = CONNECTIONS;
  return {
    users: new Users({ url: setting('DATABASE_URL'), schema: namespace, connections }),
    posts: new Posts({ url: setting('MONGODB_URL'), namespace, connections }),
    search: new Search({ url: setting('ELASTICSEARCH_URL'), namespace, connections }),
  };
}

/** Where to listen. */
export const address = () => ({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 0) });

/** What the harness waits for. */
export function announce({ address, port }) {
  console.log(`Listening on http://${address}:${port}`);
}

// With `--cached` the servers keep answers in Redis, each by the plugin that its documentation recommends. Nobody writes
// meanwhile, so nothing is invalidated, and the time to live is longer than any run.

import { setting } from './stores.js';

export const isCached = process.argv.includes('--cached');

export const TTL_SECONDS = 3600;

export const redisUrl = () => setting('REDIS_URL');

/** What the keys of a server begin with: several share a Redis. */
export const prefix = (server) => `${setting('POLYGRAPH_NAMESPACE')}:${server}:`;

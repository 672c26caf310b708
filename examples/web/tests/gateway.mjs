// A gateway with demo data, on embedded stores or on real ones, and what cuts real ones off.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { url } from '../../../tests/clients/gateways.mjs';

export { ask, signUp } from '../../../tests/clients/gateways.mjs';

const binary = process.env.POLYGRAPH_BINARY ?? fileURLToPath(new URL('../../../target/debug/polygraph', import.meta.url));

// A proxy to the host and port of `address`, which can be cut.
class Wire {
  #open = new Set();
  #cut = false;

  constructor(address) {
    this.to = new URL(address);
    this.server = createServer((client) => {
      if (this.#cut) return client.destroy();
      const store = connect(Number(this.to.port), this.to.hostname);
      for (const [one, other] of [[client, store], [store, client]]) {
        this.#open.add(one);
        one.pipe(other);
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#open.delete(one);
          other.destroy();
        });
      }
    });
  }

  // The store's URL by way of here.
  async url() {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    const here = new URL(this.to);
    here.port = String(this.server.address().port);
    return here.href;
  }

  cut() {
    this.#cut = true;
    for (const socket of this.#open) socket.destroy();
  }

  mend() {
    this.#cut = false;
  }

  close() {
    this.cut();
    this.server.close();
  }
}

export class Gateway {
  #directory = mkdtempSync(join(tmpdir(), 'polygraph-web-'));
  // By the store's variable.
  wires = {};

  #env = {
    POLYGRAPH_DATA_DIR: this.#directory,
    POLYGRAPH_LISTEN: '127.0.0.1:0',
    POLYGRAPH_RATE_LIMITS: 'off',
    POLYGRAPH_LOG: 'error',
  };

  static embedded() {
    return Gateway.#started((gateway) => gateway.#serve());
  }

  // In a namespace of its own. Results are not kept, so that it shows when a store is cut off.
  static real() {
    return Gateway.#started((gateway) => gateway.#serveOnStores());
  }

  // What could not be started leaves nothing behind.
  static async #started(start) {
    const gateway = new Gateway();
    try {
      await start(gateway);
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  async #serveOnStores() {
    const stores = {
      DATABASE_URL: 'POLYGRAPH_TEST_POSTGRES_URL',
      MONGODB_URL: 'POLYGRAPH_TEST_MONGODB_URL',
      ELASTICSEARCH_URL: 'POLYGRAPH_TEST_ELASTICSEARCH_URL',
      REDIS_URL: 'POLYGRAPH_TEST_REDIS_URL',
    };
    for (const [setting, variable] of Object.entries(stores)) {
      this.wires[setting] = new Wire(url(variable));
      this.#env[setting] = await this.wires[setting].url();
    }
    this.#env.POLYGRAPH_NAMESPACE = `web_${process.pid}_${Date.now().toString(36)}`;
    this.#env.POLYGRAPH_RESULT_CACHE_TTL = 'off';
    const seeding = spawn(binary, ['seed'], { env: this.#env, stdio: ['ignore', 'ignore', 'inherit'] });
    const [code] = await once(seeding, 'exit');
    if (code !== 0) throw new Error(`${binary} seed ended with ${code}`);
    await this.#serve();
  }

  async #serve() {
    this.process = spawn(binary, [], { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: this.process.stdout })) {
      this.address ??= /^Listening on http:\/\/(.*)$/.exec(line)?.[1];
      if (this.address) break;
    }
    if (!this.address) throw new Error(`${binary} ended before it listened`);
  }

  async stop() {
    if (this.process?.exitCode === null) {
      this.process.kill('SIGTERM');
      await once(this.process, 'exit');
    }
    for (const wire of Object.values(this.wires)) wire.close();
    rmSync(this.#directory, { recursive: true });
  }
}

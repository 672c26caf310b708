// Gateways of a test's own, on the embedded stores or on the real ones (in a namespace of their own), and people who write
// on them.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const binary = process.env.POLYGRAPH_BINARY ?? fileURLToPath(new URL('../../target/debug/polygraph', import.meta.url));

// The URL of a store of the tests. One that is missing is a failure.
export function url(name) {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}: run \`scripts/stores up\`, then eval "$(scripts/stores env)"`);
  return value;
}

// The settings that choose each set of stores.
const STORES = {
  embedded: () => ({}),
  real: () => ({
    DATABASE_URL: url('POLYGRAPH_TEST_POSTGRES_URL'),
    MONGODB_URL: url('POLYGRAPH_TEST_MONGODB_URL'),
    ELASTICSEARCH_URL: url('POLYGRAPH_TEST_ELASTICSEARCH_URL'),
    REDIS_URL: url('POLYGRAPH_TEST_REDIS_URL'),
  }),
};

export class Gateways {
  #processes = [];
  #directory = mkdtempSync(join(tmpdir(), 'polygraph-clients-'));
  #env;
  namespace = `clients_${process.pid}_${Date.now().toString(36)}`;

  // `stores` is `embedded` or `real`. One set of embedded stores serves one gateway.
  constructor(stores = 'real') {
    this.#env = {
      ...STORES[stores](),
      POLYGRAPH_NAMESPACE: this.namespace,
      POLYGRAPH_DATA_DIR: this.#directory,
      POLYGRAPH_LISTEN: '127.0.0.1:0',
      POLYGRAPH_RATE_LIMITS: 'off',
      POLYGRAPH_LOG: 'warn',
      POLYGRAPH_DEMO_DATA: 'false',
    };
  }

  // Fills the stores with so much of the demo data; it is the same in both sets of stores.
  seed(users, posts, likes, follows) {
    this.#run('seed', '--users', users, '--posts', posts, '--likes', likes, '--follows', follows);
  }

  #run(...args) {
    const done = spawnSync(binary, args, { env: this.#env, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`${binary} ${args.join(' ')}: ${done.error ?? done.stderr}`);
  }

  // Starts `count` of them, with these settings beside. Returns their addresses.
  async start(count, settings = {}) {
    Object.assign(this.#env, settings);
    this.#run('migrate');
    const addresses = [];
    for (let started = 0; started < count; started += 1) {
      const gateway = spawn(binary, [], { env: this.#env, stdio: ['ignore', 'pipe', 'inherit'] });
      this.#processes.push(gateway);
      for await (const line of createInterface({ input: gateway.stdout })) {
        const listening = /^Listening on http:\/\/(.*)$/.exec(line);
        if (listening) {
          addresses.push(listening[1]);
          break;
        }
      }
    }
    if (addresses.length < count) throw new Error('a gateway ended before it listened');
    return addresses;
  }

  // A command of the binary beside them, as it runs.
  command(...args) {
    return spawn(binary, args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async stop() {
    for (const gateway of this.#processes) {
      if (gateway.exitCode === null) {
        gateway.kill('SIGTERM');
        await once(gateway, 'exit');
      }
    }
    rmSync(this.#directory, { recursive: true });
  }
}

// Asks the gateway at `address`. Returns the data of an answer without errors.
export async function ask(address, query, variables = {}, token = undefined) {
  const headers = { 'content-type': 'application/json' };
  if (token) headers.authorization = `Bearer ${token}`;
  const body = JSON.stringify({ query, variables });
  const response = await fetch(`http://${address}/graphql`, { method: 'POST', headers, body });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

// Signs in. Returns a token.
export async function signIn(address, login, password) {
  const query = 'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken { token } } }';
  const { signIn } = await ask(address, query, { input: { login, password } });
  return signIn.accessToken.token;
}

// Makes an account. Returns the user's id and a token.
export async function signUp(address, handle) {
  const input = { handle, name: handle, email: `${handle}@example.org`, password: 'analytical engine' };
  const query = 'mutation ($input: SignUpInput!) { signUp(input: $input) { user { id } accessToken { token } } }';
  const { signUp } = await ask(address, query, { input });
  return { id: signUp.user.id, token: signUp.accessToken.token };
}

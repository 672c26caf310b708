// The same tests on a gateway with embedded stores and on one with the real ones, each with a part of the demo data.

import { after, before, describe } from 'node:test';

import { Gateways, ask, signIn } from './gateways.mjs';

// A gateway with demo data, as tests know it. It is open while the tests of its `describe` run.
class World {
  #gateways;

  // `settings` are those of the gateway, beside the stores; `demoData` is how many users, posts, likes and follows there
  // are. Nobody is signed in where `signedIn` is false.
  async open(stores, { settings = {}, demoData = [30, 120, 600, 100], signedIn = true }) {
    this.#gateways = new Gateways(stores);
    this.#gateways.seed(...demoData);
    [this.address] = await this.#gateways.start(1, settings);
    this.origin = `http://${this.address}`;
    this.url = `${this.origin}/graphql`;
    this.socket = `ws://${this.address}/graphql`;
    // `demo` is the one user of the demo data who has a password; they follow others.
    if (signedIn) this.token = await signIn(this.address, 'demo', 'demo-demo-demo');
  }

  // The data of an answer without errors, asked by `demo`.
  ask(query, variables) {
    return ask(this.address, query, variables, this.token);
  }

  close() {
    return this.#gateways.stop();
  }
}

// Defines the tests of `define(world)` once for each set of stores.
export function onBoth(define, options = {}) {
  for (const stores of ['embedded', 'real']) {
    // What waits for something that never comes fails.
    describe(`${stores} stores`, { timeout: 180_000 }, () => {
      const world = new World();
      before(() => world.open(stores, options));
      after(() => world.close());
      define(world);
    });
  }
}

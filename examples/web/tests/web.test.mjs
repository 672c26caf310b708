// The frontend in a real browser, on each kind of stores. It is built once for all.

import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { fileURLToPath } from 'node:url';

import { launch, serve } from './browser.mjs';
import { Gateway } from './gateway.mjs';
import { outages } from './outages.mjs';
import { reading } from './reading.mjs';
import { writing } from './writing.mjs';

before(() => {
  const built = spawnSync('npm', ['run', 'build'], { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8' });
  assert.equal(built.status, 0, `npm run build: ${built.error ?? built.stdout + built.stderr}`);
});

function on(stores, tests) {
  describe(stores, () => {
    // What the tests share; filled once the gateway is up.
    const world = { stores };

    before(async () => {
      world.gateway = await Gateway[stores]();
      world.app = await serve(world.gateway.address);
      world.browser = await launch();
    });

    after(async () => {
      await world.browser?.close();
      await world.app?.close();
      await world.gateway?.stop();
    });

    for (const add of tests) add(world);
  });
}

on('embedded', [reading, writing]);
on('real', [reading, writing, outages]);

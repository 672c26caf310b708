// graphql-codegen (client preset) against a gateway that runs; tsc, with all that it can be strict about, checks a program
// that uses the types, and the program does what it says.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { onBoth } from '../on-both.mjs';

const folder = fileURLToPath(new URL('./', import.meta.url));
const generated = `${folder}program/generated/`;

// Runs a tool of this package in this folder. One that fails is told with all that it said.
async function run(tool, args, env = {}) {
  const options = { cwd: folder, env: { ...process.env, ...env } };
  try {
    await promisify(execFile)(process.execPath, [`../node_modules/${tool}`, ...args], options);
  } catch (error) {
    throw new Error(`${tool} ${args.join(' ')}:\n${error.stdout}${error.stderr}`);
  }
}

const files = () => {
  const names = readdirSync(generated).filter((name) => name.endsWith('.ts'));
  return names.map((name) => [name, readFileSync(generated + name, 'utf8')]);
};

// What was generated and compiled from the first gateway. The other has to give the same.
let compiled;

onBoth((world) => {
  let program;

  test('types are generated and used without an error', async () => {
    if (!compiled) rmSync(generated, { recursive: true, force: true });
    await run('@graphql-codegen/cli/esm/bin.js', ['--config', 'codegen.js'], { GRAPHQL_URL: world.url });
    if (compiled) {
      assert.deepEqual(files(), compiled);
    } else {
      compiled = files();
      await run('typescript/bin/tsc', ['--project', 'program']);
    }
    program = await import('./program/generated/built/program.js');
  });

  test('the typed program runs', async () => {
    const newest = await program.newest(world.url, world.token, 3);
    assert.equal(newest.length, 3);
    for (const line of newest) assert.match(line, /^[a-z0-9_]+: .+ \(20\d\d\)$/);
    const { posts } = await world.ask('{ posts(first: 1) { nodes { title author { handle } } } }');
    const [{ title, author: { handle } }] = posts.nodes;
    assert.ok(newest[0].startsWith(`${handle}: ${title} (`));
    assert.ok((await program.find(world.url, world.token, handle)).includes(`@${handle}`));
    const id = await program.publish(world.url, world.token, 'By types');
    assert.equal((await world.ask('query ($id: ID!) { post(id: $id) { title } }', { id })).post.title, 'By types');
    assert.deepEqual(await program.publish(world.url, world.token, ' '), ['title: REQUIRED']);
  });
});

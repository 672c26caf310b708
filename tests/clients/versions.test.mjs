// The last of the tests: which tools the gateway was driven with, and two facts about npm that cost others hours.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
const { dependencies } = read('./package.json');

// The paths of all that we wrote in a folder, but for lists of packages and this.
function sources(folder) {
  return readdirSync(new URL(`${folder}/`, import.meta.url), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ['node_modules', 'generated', '__generated__'].includes(entry.name) ? [] : sources(path);
    return /\.(mjs|js|ts)$/.test(entry.name) && entry.name !== 'versions.test.mjs' ? [path] : [];
  });
}

// The versions of a package that are installed, by where.
function installed(name) {
  const { packages } = read('./package-lock.json');
  const found = Object.keys(packages).filter((path) => path.endsWith(`node_modules/${name}`));
  return Object.fromEntries(found.map((path) => [path, read(`./${path}/package.json`).version]));
}

test('the tools are those of package.json', (context) => {
  const tools = Object.entries(dependencies).map(([name, version]) => {
    assert.equal(read(`./node_modules/${name}/package.json`).version, version, name);
    return `${name} ${version}`;
  });
  const python = readFileSync(new URL('./requirements.txt', import.meta.url), 'utf8').trim().split('\n');
  const own = sources('.').map((path) => readFileSync(new URL(path, import.meta.url), 'utf8'));
  for (const name of Object.keys(dependencies)) assert.ok(own.some((text) => text.includes(name)), `${name} is used`);
  context.diagnostic(`driven with ${[...tools, ...python.map((line) => line.replace('==', ' '))].join(', ')}`);
});

// Two copies of graphql-js refuse each other's schemas, and most tools take no 17 yet: one copy, of 16, for all but
// get-graphql-schema, which is a program of its own and knows 14 alone.
test('there is one graphql', () => {
  assert.deepEqual(installed('graphql'), {
    'node_modules/get-graphql-schema/node_modules/graphql': '14.7.0',
    'node_modules/graphql': dependencies.graphql,
  });
});

// Its 10.3 cost others hours in routers, so an override holds it back. When it was tried (2026-11-29), federation/ and
// codegen/ passed with 10.3.2 as well.
test('@graphql-tools/batch-execute is the one that we know', () => {
  assert.deepEqual(installed('@graphql-tools/batch-execute'), { 'node_modules/@graphql-tools/batch-execute': '10.2.0' });
});

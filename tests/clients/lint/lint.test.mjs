// schema.graphql by the linters that teams hold their schemas to. What is excused has its reason here, one by one; what
// is excused and no longer found fails, too.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { ESLint } from 'eslint';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const schema = at('../../../schema.graphql');

const EXCUSED = [
  // What is found is ranked, and a rank is found again from the front alone: these two page forward only.
  'Field `recommendedPosts` must contain an argument `last`, that return Int.',
  'Field `recommendedPosts` must contain an argument `before`, that return String or Scalar.',
  'Field `search` must contain an argument `last`, that return Int.',
  'Field `search` must contain an argument `before`, that return String or Scalar.',
  // A search's result is how well something fits, beside what it is: `node` of the result is a Node.
  "Edge type's field `node` must implement `Node` interface.",
  // It counts by the type of what was found.
  'Type "TypeFacet" should not have "Type" prefix',
];

const lint = async (text) => {
  const eslint = new ESLint({ cwd: at('../../..'), overrideConfigFile: at('./eslint.config.mjs') });
  const [{ messages }] = await eslint.lintText(text, { filePath: schema });
  return messages.map(({ message }) => message);
};

test('graphql-eslint finds nothing but what is excused', async () => {
  assert.deepEqual((await lint(readFileSync(schema, 'utf8'))).sort(), [...EXCUSED].sort());
});

test('graphql-eslint finds what is wrong', async () => {
  const text = readFileSync(schema, 'utf8').replace('type Like implements Node {', 'type like implements Node {');
  const found = await lint(text);
  assert.ok(found.some((message) => message.includes('"like" should be in PascalCase format')), found.join('\n'));
});

test('graphql-schema-linter finds nothing, by all of its rules', async () => {
  const linter = at('../node_modules/graphql-schema-linter/lib/cli.js');
  const { stdout } = await promisify(execFile)(process.execPath, [linter, '--format', 'json', schema]);
  assert.deepEqual(JSON.parse(stdout), { errors: [] });
});

// What clients of the last release would break on, as GraphQL Inspector sees it. released.graphql is the schema of that
// release: CONTRIBUTING.md says when it moves on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const released = read('./released.graphql');

// Where a client of the release breaks on `text`. What @cost and @listSize say of a field is for planning, and no promise.
async function breaks(text) {
  const changes = await diff(buildSchema(released), buildSchema(text));
  const isBreaking = ({ type, criticality }) =>
    criticality.level === CriticalityLevel.Breaking && !type.startsWith('DIRECTIVE_USAGE');
  return changes.filter(isBreaking).map(({ message }) => message);
}

test('schema.graphql breaks no client of the last release', async () => {
  assert.deepEqual(await breaks(read('../../../schema.graphql')), []);
});

for (const [what, change, message] of [
  ['a field that is gone', [/\t"""\n\tHow many like it, exactly\.\n\t"""\n\tlikeCount: Int!\n/, ''], "Field 'likeCount' was removed from object type 'Post'"],
  ['a field that may be null now', ['\ttitle: String!\n\t"""\n\tWhen it was last edited', '\ttitle: String\n\t"""\n\tWhen it was last edited'], "Field 'Post.title' changed type from 'String!' to 'String'"],
  ['an argument of another type', ['ids: [ID!]!', 'ids: [String!]!'], "Type for argument 'ids' on field 'Query.nodes' changed from '[ID!]!' to '[String!]!'"],
  ['an input that is required now', ['idempotencyKey: String\n', 'idempotencyKey: String!\n'], "Input field 'CreatePostInput.idempotencyKey' changed type from 'String' to 'String!'"],
]) {
  test(`${what} would be found`, async () => {
    const changed = released.replace(...change);
    assert.notEqual(changed, released);
    assert.deepEqual(await breaks(changed), [message]);
  });
}

test('what is only added, or only costs more, breaks nobody', async () => {
  const added = released.replace('type Query {', 'type Query {\n\t"""\n\tNew.\n\t"""\n\tnew(a: Int): Int');
  const dearer = added.replaceAll('@cost(weight: "10")', '@cost(weight: "20")').replaceAll(/(?<!directive) @listSize\(.*?\)/g, '');
  assert.notEqual(dearer, added);
  assert.deepEqual(await breaks(dearer), []);
});

// schema.graphql keeps what contract.graphql promises to clients, and explains itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateSchema } from 'graphql';
import { differences, reachable, undescribed } from './differences.mjs';
import { contract, schema } from './schemas.mjs';

const promised = reachable(contract, ['Query', 'Mutation', 'Subscription']);

test('the contract is a schema, and reaches what it should', () => {
  assert.deepEqual(validateSchema(contract), []);
  for (const name of ['Query', 'User', 'Post', 'Like', 'Node', 'SearchNode', 'SearchFacets', 'Interval', 'DateTime']) {
    assert.ok(promised.has(name), name);
  }
});

test('the schema is valid', () => {
  assert.deepEqual(validateSchema(schema), []);
});

for (const name of promised) {
  test(`${name} is as promised`, () => {
    assert.deepEqual(differences(contract, schema, [name]), []);
  });
}

test('everything has a description', () => {
  assert.deepEqual(undescribed(schema), []);
});

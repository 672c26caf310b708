// The example queries that GraphiQL opens with are valid, and so are the variables that they come with.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { getVariableValues, parse, validate } from 'graphql';
import { schema } from './schemas.mjs';

const page = readFileSync(new URL('../../src/http/graphiql.html', import.meta.url), 'utf8');
const tag = /<script\s+type="application\/graphql"\s+class="example"(?:\s+data-variables='([^']*)')?\s*>(.*?)<\/script>/gs;
const examples = [...page.matchAll(tag)].map(([, variables, text]) => [JSON.parse(variables ?? '{}'), parse(text)]);

test('all examples are found', () => {
  assert.equal(examples.length, 4);
  assert.equal(examples.length, page.split('class="example"').length - 1);
});

for (const [variables, document] of examples) {
  const [operation] = document.definitions;
  test(operation.name.value, () => {
    assert.deepEqual(validate(schema, document), []);
    assert.equal(getVariableValues(schema, operation.variableDefinitions, variables).errors, undefined);
  });
}

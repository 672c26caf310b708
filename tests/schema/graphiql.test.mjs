// The example queries that GraphiQL opens with are valid, and so are the variables that they come with.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { getVariableValues, parse, validate } from 'graphql';
import { schema } from './schemas.mjs';

const folder = new URL('../../web/graphiql/examples/', import.meta.url);
const files = readdirSync(folder);
const names = files.filter((name) => name.endsWith('.graphql')).map((name) => name.replace('.graphql', ''));

test('all examples are found', () => {
  assert.equal(names.length, 6);
  const others = files.filter((file) => !names.some((name) => [`${name}.graphql`, `${name}.json`].includes(file)));
  assert.deepEqual(others, []);
});

for (const name of names) {
  test(name, () => {
    const document = parse(readFileSync(new URL(`${name}.graphql`, folder), 'utf8'));
    const given = new URL(`${name}.json`, folder);
    const variables = existsSync(given) ? JSON.parse(readFileSync(given, 'utf8')) : {};
    const [operation] = document.definitions;
    assert.deepEqual(validate(schema, document), []);
    assert.equal(getVariableValues(schema, operation.variableDefinitions, variables).errors, undefined);
    assert.deepEqual(
      operation.variableDefinitions.map(({ variable }) => variable.name.value).sort(),
      Object.keys(variables).sort(),
    );
  });
}

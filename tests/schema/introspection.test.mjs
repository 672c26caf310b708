// The query that the gateway's tests introspect with is the one that graphql-js sends, with all that it can ask for.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { getIntrospectionQuery, parse, print, validate } from 'graphql';
import { schema } from './schemas.mjs';

const text = readFileSync(new URL('../api/attacks/introspection.graphql', import.meta.url), 'utf8');
const everything = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
};

test('it asks for what graphql-js asks for', () => {
  assert.equal(print(parse(text)), print(parse(getIntrospectionQuery(everything))));
  assert.deepEqual(validate(schema, parse(text)), []);
});

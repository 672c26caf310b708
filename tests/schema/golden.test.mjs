// The golden queries are valid, and say how many store calls they may cost.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, validate } from 'graphql';
import { schema } from './schemas.mjs';

const folder = new URL('../golden/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.graphql'));

test('all golden queries are there', () => {
  assert.ok(names.length >= 12, `${names.length} of at least 12`);
});

for (const name of names) {
  test(name, () => {
    const text = readFileSync(new URL(name, folder), 'utf8');
    assert.match(text, /^# store calls: \d+/);
    assert.deepEqual(validate(schema, parse(text)), []);
  });
}

// What graphql-js, which follows the specification closely, says of documents that are hard to get right.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse, validate } from 'graphql';
import { schema } from './schemas.mjs';

const text = readFileSync(new URL('./documents.txt', import.meta.url), 'utf8');
const header = /^=== (valid|invalid|unreadable)(?:, graphql-js (valid|invalid|unreadable))?: (.*)$/;
const documents = text.split(/^(?==== )/m).slice(1).map((part) => {
  const end = part.indexOf('\n');
  const [, verdict, reference, about] = header.exec(part.slice(0, end));
  return { expected: reference ?? verdict, about, text: part.slice(end + 1) };
});

function verdict(text) {
  let document;
  try {
    document = parse(text);
  } catch {
    return 'unreadable';
  }
  return validate(schema, document).length === 0 ? 'valid' : 'invalid';
}

test('all documents are found', () => {
  assert.equal(documents.length, text.split('\n=== ').length - 1);
  assert.ok(documents.length > 100);
});

for (const { about, text, expected } of documents) {
  test(about, () => assert.equal(verdict(text), expected, text));
}

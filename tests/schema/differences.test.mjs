// The comparison itself: it must see what it is there to see, and let additions pass.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildSchema } from 'graphql';
import { differences, reachable, undescribed } from './differences.mjs';

const promised = `
  type Query { node(id: ID!): Node  found: [Found!]  posts(orderBy: Order! = NEWEST, first: Int): [Post!] }
  interface Node { id: ID! }
  type Post implements Node { id: ID!  title: String! }
  type Author { name: String! }
  union Found = Post | Author
  enum Order { NEWEST OLDEST }
  type Mutation { create(input: Input!): Payload }
  input Input { title: String!  draft: Boolean = false }
  type Payload { post: Post }
`;

const all = ['Query', 'Mutation'];

function compare(change) {
  const contract = buildSchema(promised);
  const changed = change(promised);
  assert.ok(changed !== promised || change === same, 'the change does not apply');
  return differences(contract, buildSchema(changed, { assumeValid: true }), reachable(contract, all));
}

const same = (text) => text;
const replace = (from, to) => (text) => text.replace(from, to);

for (const [what, change, expected] of [
  ['nothing', same, []],
  ['an added field', replace('title: String! }', 'title: String!  text: String }'), []],
  ['an added optional argument', replace('first: Int)', 'first: Int, after: String)'), []],
  ['an added enum value', replace('OLDEST }', 'OLDEST BEST }'), []],
  ['a missing type', replace('enum Order { NEWEST OLDEST }', 'scalar Order'), ['Order is of another kind']],
  ['a missing enum value', replace('NEWEST OLDEST }', 'NEWEST }'), ['Order has no value OLDEST']],
  ['a missing member', replace('Post | Author', 'Post'), ['Found has no member Author']],
  ['a missing interface', replace('Post implements Node', 'Post'), ['Post has no interface Node']],
  ['a missing field', replace('id: ID!  title: String! }', 'id: ID! }'), ['Post.title is missing']],
  ['a missing argument', replace(', first: Int)', ')'), ['Query.posts(first:) is missing']],
  [
    'a field that became nullable',
    replace('id: ID!  title: String! }', 'id: ID!  title: String }'),
    ['Post.title is String instead of String!'],
  ],
  [
    'another default',
    replace('= NEWEST', '= OLDEST'),
    ['Query.posts(orderBy:) has "OLDEST" instead of "NEWEST"'],
  ],
  ['a lost default', replace(' = false', ''), ['Input.draft has no default instead of false']],
  [
    'an added argument that is required',
    replace('first: Int)', 'first: Int, tag: String!)'),
    ["Query.posts(tag:) is required, and clients don't know of it"],
  ],
  [
    'an added input field that is required',
    replace('draft: Boolean', 'tag: String!  draft: Boolean'),
    ["Input.tag is required, and clients don't know of it"],
  ],
]) {
  test(`the comparison sees ${what}`, () => {
    assert.deepEqual(compare(change), expected);
  });
}

test('a type that is gone is missing', () => {
  const contract = buildSchema('type Query { a: A }  type A { b: Int }');
  const schema = buildSchema('type Query { a: Int }');
  assert.deepEqual(differences(contract, schema, ['A']), ['A is missing']);
});

test('what only mutations lead to is not reached from queries', () => {
  const names = reachable(buildSchema(promised), ['Query']);
  assert.ok(names.has('Author') && names.has('Order'));
  assert.ok(!names.has('Mutation') && !names.has('Input') && !names.has('Payload'));
});

test('each kind of definition needs a description', () => {
  const bare = buildSchema('type Query { a(b: Int): E }  enum E { X }  input I { c: Int }  scalar S');
  const coordinates = ['E', 'E.X', 'I', 'I.c', 'Query', 'Query.a', 'Query.a(b:)', 'S'];
  assert.deepEqual(undescribed(bare).sort(), coordinates);
  assert.deepEqual(undescribed(buildSchema('"The root." type Query { "A number." a("Another one." b: Int): Int }')), []);
});

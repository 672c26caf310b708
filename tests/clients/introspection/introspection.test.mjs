// The schema as tools read it from the gateway is schema.graphql, whichever of their queries they send.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import {
  buildClientSchema,
  buildSchema,
  getIntrospectionQuery,
  graphqlSync,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  visit,
} from 'graphql';

import { onBoth } from '../on-both.mjs';

const sdl = readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8');
const schema = buildSchema(sdl);
const printed = (schema) => printSchema(lexicographicSortSchema(schema));

// Both texts have the same lines in the same order; where not, the lines that only one of them has are told.
function assertSame(found, wanted, what) {
  if (found === wanted) return;
  const only = (some, others) => some.split('\n').filter((line) => !others.split('\n').includes(line));
  assert.fail(`${what}: has ${JSON.stringify(only(found, wanted))}, lacks ${JSON.stringify(only(wanted, found))}`);
}

const folder = new URL('./queries/', import.meta.url);
const queries = new Map(
  readdirSync(folder).map((file) => [file.replace('.graphql', ''), readFileSync(new URL(file, folder), 'utf8')]),
);

// What each query can tell is what graphql-js answers to it from schema.graphql.
const expected = (query) => printed(buildClientSchema(graphqlSync({ schema, source: query }).data));

// All that getIntrospectionQuery can be asked for, in every combination.
const OPTIONS = ['descriptions', 'specifiedByUrl', 'directiveIsRepeatable', 'schemaDescription', 'inputValueDeprecation', 'oneOf'];
const combinations = OPTIONS.reduce(
  (all, name) => all.flatMap((options) => [{ ...options, [name]: false }, { ...options, [name]: true }]),
  [{}],
);

test('the queries are those that we say they are', () => {
  assert.deepEqual([...queries.keys()].sort(), ['get-graphql-schema', 'insomnia', 'postman', 'rover']);
  const options = { specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true };
  for (const [name, text] of [['insomnia', getIntrospectionQuery()], ['postman', getIntrospectionQuery(options)]]) {
    assert.equal(print(parse(queries.get(name))), print(parse(text)), name);
  }
});

onBoth((world) => {
  const introspect = async (query, operationName) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query, operationName });
    const { data, errors } = await (await fetch(world.url, { method: 'POST', headers, body })).json();
    assert.equal(errors, undefined);
    // Definitions of directives in SDL, as async-graphql writes them, don't describe their arguments.
    for (const { args } of data.__schema.directives) args.forEach((arg) => delete arg.description);
    // It describes every schema in the same words, and SDL without them.
    delete data.__schema.description;
    return buildClientSchema(data);
  };

  for (const [name, text] of queries) {
    test(`the query of ${name} is answered with the schema`, async () => {
      const { name: operation } = parse(text).definitions[0];
      assertSame(printed(await introspect(text, operation.value)), expected(text), name);
    });
  }

  test(`${combinations.length} queries of graphql-js are answered with the schema`, async () => {
    for (const options of combinations) {
      const query = getIntrospectionQuery(options);
      assertSame(printed(await introspect(query)), expected(query), JSON.stringify(options));
    }
  });

  test('with all that it can ask for, it is schema.graphql', async () => {
    const everything = Object.fromEntries(OPTIONS.map((name) => [name, true]));
    assertSame(printed(await introspect(getIntrospectionQuery(everything))), printed(schema), 'introspection');
  });

  test('get-graphql-schema prints all of the schema', async () => {
    const tool = fileURLToPath(new URL('../node_modules/get-graphql-schema/dist/index.js', import.meta.url));
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [tool, world.url]);
    assert.equal(stderr, '');
    // graphql-js 14, which it prints by, knows nothing of @specifiedBy, and describes the arguments of directives.
    const silent = { enter: (node) => (node.description ? { ...node, description: undefined } : undefined) };
    const bare = (text) => printed(buildSchema(print(visit(parse(text), silent)))).replace(/ @specifiedBy\(.*?\)/, '');
    assertSame(bare(stdout), bare(sdl), 'get-graphql-schema');
  });

  test('/schema.graphql is schema.graphql', async () => {
    const response = await fetch(`${world.origin}/schema.graphql`);
    assert.equal(response.status, 200);
    assertSame(await response.text(), sdl, '/schema.graphql');
  });
});

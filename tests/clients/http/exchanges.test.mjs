// What the audit of graphql-http does not ask: how media types are weighed, how each refusal looks, and what is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { onBoth } from '../on-both.mjs';

const GRAPHQL = 'application/graphql-response+json; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

onBoth((world) => {
  const post = (body, headers = {}) =>
    fetch(world.url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
  const query = (text, headers) => post(JSON.stringify({ query: text }), headers);

  // The one error of a response that has no data.
  const refusal = async (response) => {
    const body = await response.json();
    assert.equal(body.data, undefined);
    assert.equal(body.errors.length, 1, JSON.stringify(body));
    assert.equal(body.errors[0].extensions.requestId, response.headers.get('x-request-id'));
    return body.errors[0];
  };

  for (const [accept, type] of [
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json', JSON_TYPE],
    ['application/graphql-response+json', GRAPHQL],
    ['Application/GraphQL-Response+JSON', GRAPHQL],
    ['application/json, application/graphql-response+json', GRAPHQL],
    ['application/json;q=0.9, application/graphql-response+json', GRAPHQL],
    ['application/graphql-response+json;q=0.9, application/json', JSON_TYPE],
    ['application/graphql-response+json;q=0.5, application/json;q=0.4, */*;q=0.1', GRAPHQL],
    ['application/graphql-response+json;q=0, application/json;q=0.1', JSON_TYPE],
    ['application/json;q=0, */*', GRAPHQL],
    ['text/html, application/json;q=0.1', JSON_TYPE],
    ['multipart/mixed;deferSpec=20220824, application/graphql-response+json, application/json;q=0.9', GRAPHQL],
  ]) {
    test(`who accepts ${accept} gets ${type}`, async () => {
      const response = await query('{ __typename }', { accept });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), type);
      assert.match(response.headers.get('vary'), /\baccept\b/);
      assert.deepEqual(await response.json(), { data: { __typename: 'Query' } });
    });
  }

  test('who names event streams after JSON, as urql does with queries, gets JSON', async () => {
    const json = 'application/graphql-response+json, application/graphql+json, application/json';
    const response = await query('{ __typename }', { accept: `${json}, text/event-stream, multipart/mixed` });
    assert.equal(response.headers.get('content-type'), GRAPHQL);
    assert.deepEqual(await response.json(), { data: { __typename: 'Query' } });
  });

  for (const accept of ['text/html', 'multipart/mixed', 'application/json;q=0', 'application/xml, text/plain;q=0.5']) {
    test(`who accepts ${accept} is answered 406`, async () => {
      const response = await query('{ __typename }', { accept });
      assert.equal(response.status, 406);
      assert.equal(await response.text(), 'Accept application/graphql-response+json or application/json.\n');
    });
  }

  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    test(`${method} is answered 405, with what is allowed`, async () => {
      const response = await fetch(world.url, { method });
      assert.equal(response.status, 405);
      assert.equal(response.headers.get('allow'), 'GET, HEAD, POST');
    });
  }

  test('HEAD is answered as GET, without the body', async () => {
    const url = `${world.url}?query=${encodeURIComponent('{ post(id: "") { id } }')}`;
    for (const address of [`${world.url}?query=%7B__typename%7D`, url, world.url]) {
      const [get, head] = [await fetch(address), await fetch(address, { method: 'HEAD' })];
      assert.equal(head.status, get.status);
      assert.equal(await head.text(), '');
      for (const name of ['content-type', 'content-length', 'cache-control']) {
        assert.equal(head.headers.get(name), get.headers.get(name), name);
      }
    }
  });

  test('a mutation by GET is answered 405, and changes nothing', async () => {
    const mutation = 'mutation { updateProfile(input: { bio: "by GET" }) { user { bio } } }';
    const headers = { authorization: `Bearer ${world.token}` };
    const response = await fetch(`${world.url}?query=${encodeURIComponent(mutation)}`, { headers });
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
    await refusal(response);
    assert.notEqual((await world.ask('{ viewer { bio } }')).viewer.bio, 'by GET');
  });

  for (const type of ['application/json', 'application/json;charset=utf-8', 'application/json; charset="UTF-8"']) {
    test(`a body of ${type} is read, with and without a byte order mark`, async () => {
      for (const mark of ['', '\uFEFF']) {
        const response = await post(`${mark}{"query":"{ __typename }"}`, { 'content-type': type });
        assert.deepEqual(await response.json(), { data: { __typename: 'Query' } });
      }
    });
  }

  for (const type of ['application/json; charset=utf-16', 'application/graphql', 'text/plain', 'application/cbor']) {
    test(`a body of ${type} is answered 415`, async () => {
      const response = await post('{"query":"{ __typename }"}', { 'content-type': type });
      assert.equal(response.status, 415);
      assert.equal((await refusal(response)).message, 'The body must be application/json in UTF-8.');
    });
  }

  test('a multipart upload is refused with a sentence', async () => {
    const form = new FormData();
    form.set('operations', JSON.stringify({ query: '{ __typename }', variables: { file: null } }));
    form.set('map', JSON.stringify({ 0: ['variables.file'] }));
    form.set('0', new Blob(['text']), 'file.txt');
    const response = await fetch(world.url, { method: 'POST', body: form });
    assert.equal(response.status, 415);
    const { message, extensions } = await refusal(response);
    assert.equal(message, 'The body must be application/json in UTF-8.');
    assert.equal(extensions.code, 'BAD_USER_INPUT');
  });

  for (const [name, text] of [
    ['defer', '{ ... @defer { viewer { id } } }'],
    ['stream', '{ posts { nodes @stream(initialCount: 1) { id } } }'],
  ]) {
    test(`@${name} is refused by its name`, async () => {
      const response = await query(text, { accept: 'multipart/mixed;deferSpec=20220824, application/graphql-response+json' });
      assert.equal(response.status, 400);
      const { message, locations, extensions } = await refusal(response);
      assert.match(message, new RegExp(`\\b${name}\\b`));
      assert.equal(locations.length, 1);
      assert.equal(extensions.code, 'GRAPHQL_VALIDATION_FAILED');
    });
  }

  test('a batch is refused with a sentence', async () => {
    const response = await post('[{"query":"{ __typename }"}]');
    assert.equal(response.status, 400);
    assert.match((await refusal(response)).message, /batches of operations are not accepted/);
  });

  // Who accepts nothing but application/json is told in the body alone, since a proxy's 400 may have that type, too.
  for (const [what, body] of [
    ['does not parse', { query: '{' }],
    ['is not valid', { query: '{ nothing }' }],
    ['has variables that do not fit', { query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: null } }],
  ]) {
    for (const [accept, status] of [
      ['application/json', 200],
      ['application/graphql-response+json', 400],
      ['application/json, */*;q=0.1', 400],
      ['*/*', 400],
    ]) {
      test(`an operation that ${what} is answered ${status} to who accepts ${accept}`, async () => {
        const response = await post(JSON.stringify(body), { accept });
        assert.equal(response.status, status);
        assert.equal(response.headers.get('cache-control'), 'no-store');
        await refusal(response);
      });
    }
  }
});

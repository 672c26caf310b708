// Documents by name, as Apollo Client sends them: hashes that the gateway is told once (automatic persisted queries), by
// POST and by GET, and those of a manifest, which are all that a gateway runs that trusts nothing else.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ApolloClient, CombinedGraphQLErrors, HttpLink, InMemoryCache, ServerError, gql } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { generatePersistedQueryIdsFromManifest } from '@apollo/persisted-query-lists';

import { onBoth } from '../on-both.mjs';
import { FOUND, NEWEST } from './src/documents.js';

const folder = fileURLToPath(new URL('./', import.meta.url));
const manifest = `${folder}generated/persisted-query-manifest.json`;
mkdirSync(`${folder}generated`, { recursive: true });
const generator = `${folder}../node_modules/@apollo/generate-persisted-query-manifest/cli.js`;
execFileSync(process.execPath, [generator, '--config', 'manifest.config.json'], { cwd: folder, stdio: 'inherit' });

// A client that names documents, and what it sent: the method, and whether the text was with it.
function connect(world, link) {
  const sent = [];
  const http = new HttpLink({
    uri: world.url,
    fetch: (url, request) => {
      const text = request.method === 'GET' ? new URL(url).searchParams.get('query') : JSON.parse(request.body).query;
      sent.push(`${request.method} ${text ? 'text' : 'name'}`);
      return fetch(url, request);
    },
  });
  return { client: new ApolloClient({ cache: new InMemoryCache(), link: link.concat(http) }), sent };
}

const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const noCache = { fetchPolicy: 'no-cache' };

onBoth((world) => {
  for (const [method, options] of [['POST', {}], ['GET', { useGETForHashedQueries: true }]]) {
    test(`a document is sent once, and named from then on, by ${method}`, async () => {
      const { client, sent } = connect(world, new PersistedQueryLink({ sha256, ...options }));
      // Another document for each run, so that nobody has told of it before.
      const query = gql(`query By${method}${process.pid} { posts(first: 2) { nodes { id title } } }`);
      const first = await client.query({ query, ...noCache });
      assert.deepEqual(sent, [`${method} name`, 'POST text']);
      const again = await client.query({ query, ...noCache });
      assert.deepEqual(sent.slice(2), [`${method} name`]);
      assert.deepEqual(again.data, first.data);
      assert.deepEqual(first.data, await world.ask('{ posts(first: 2) { __typename nodes { __typename id title } } }'));
    });
  }
});

const enforced = { POLYGRAPH_TRUSTED_DOCUMENTS: manifest, POLYGRAPH_TRUSTED_DOCUMENTS_MODE: 'enforce' };

onBoth((world) => {
  const loadManifest = async () => JSON.parse(readFileSync(manifest, 'utf8'));
  const trusted = () => new PersistedQueryLink(generatePersistedQueryIdsFromManifest({ loadManifest }));

  test('documents of the manifest run, and are never sent', async () => {
    const { client, sent } = connect(world, trusted());
    const { data } = await client.query({ query: NEWEST, variables: { first: 3 } });
    assert.equal(data.posts.edges.length, 3);
    await client.query({ query: FOUND, variables: { text: 'demo' } });
    assert.deepEqual(sent, ['POST name', 'POST name']);
  });

  test('no other document runs, however it comes', async () => {
    const query = gql('query Foreign { posts(first: 1) { nodes { content } } }');
    const plain = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri: world.url }) });
    const registering = connect(world, new PersistedQueryLink({ sha256 })).client;
    for (const client of [plain, registering]) {
      const error = await client.query({ query }).catch((error) => error);
      assert.ok(CombinedGraphQLErrors.is(error) || ServerError.is(error), String(error));
      const { errors } = CombinedGraphQLErrors.is(error) ? error : JSON.parse(error.bodyText);
      assert.equal(errors[0].extensions.code, 'FORBIDDEN');
    }
  });
}, { settings: enforced, signedIn: false });

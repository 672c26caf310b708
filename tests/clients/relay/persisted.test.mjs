// Documents that relay-compiler writes into a manifest, and that are sent by their ids: all that a gateway runs that trusts
// nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import relay from 'relay-runtime';

import { onBoth } from '../on-both.mjs';
import { compile, connect, loadPage, read, readFragment } from './environment.mjs';

const artefact = compile('persisted.config.json', 'generated');
const manifest = fileURLToPath(new URL('./generated/persisted.json', import.meta.url));

onBoth((world) => {
  test('an app runs without sending a document', async () => {
    const { environment, close } = connect(world);
    const query = artefact('wallQuery');
    assert.equal(query.params.text, null);
    const reference = await relay.fetchQuery(environment, query, { first: 2 }).toPromise();
    await loadPage(environment, artefact('wall_posts'), reference, 'forward', 3);
    const shown = readFragment(environment, artefact('wall_posts'), read(environment, query, { first: 2 }));
    assert.equal(shown.posts.edges.length, 5);
    await close();
  });

  test('no other document runs', async () => {
    const headers = { 'content-type': 'application/json' };
    const foreign = { query: '{ posts(first: 1) { nodes { title } } }' };
    const response = await fetch(world.url, { method: 'POST', headers, body: JSON.stringify(foreign) });
    assert.equal(response.status, 403);
    assert.equal((await response.json()).errors[0].extensions.code, 'FORBIDDEN');
  });
}, {
  settings: { POLYGRAPH_TRUSTED_DOCUMENTS: manifest, POLYGRAPH_TRUSTED_DOCUMENTS_MODE: 'enforce' },
  signedIn: false,
});

// The manifest that graphql-codegen's client preset writes, as all that a gateway runs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { onBoth } from '../on-both.mjs';

const folder = fileURLToPath(new URL('./', import.meta.url));
const manifest = `${folder}generated/persisted-documents.json`;

execFileSync(process.execPath, ['../node_modules/@graphql-codegen/cli/esm/bin.js', '--config', 'persisted.js'], {
  cwd: folder,
});
const documents = Object.entries(JSON.parse(readFileSync(manifest, 'utf8')));

onBoth((world) => {
  const ask = async (body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(world.url, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, answer: await response.json() };
  };

  test('each document of the manifest is known by its hash', async () => {
    assert.ok(documents.length >= 3);
    for (const [documentId, text] of documents) {
      // Variables are missing: that is told of a document that is known, and of no other.
      const { answer } = await ask({ documentId });
      const [error] = answer.errors ?? [];
      assert.ok(!error || /Variable/.test(error.message), `${text}: ${error?.message}`);
    }
  });

  test('one of them runs, and nothing else does', async () => {
    const [documentId] = documents.find(([, text]) => text.includes('query Newest'));
    const { answer } = await ask({ documentId, variables: { first: 2 } });
    assert.equal(answer.data.posts.nodes.length, 2);
    const { status } = await ask({ query: '{ __typename }' });
    assert.equal(status, 403);
  });
}, {
  settings: { POLYGRAPH_TRUSTED_DOCUMENTS: manifest, POLYGRAPH_TRUSTED_DOCUMENTS_MODE: 'enforce' },
  signedIn: false,
});

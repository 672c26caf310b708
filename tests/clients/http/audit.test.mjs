// The audit of graphql-http: what GraphQL over HTTP says that a server MUST, SHOULD and MAY do, all of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { serverAudits } from 'graphql-http';

import { onBoth } from '../on-both.mjs';

// How many audits this version of graphql-http has: one that is gone would be a test less.
const AUDITS = 61;

onBoth((world) => {
  test('every audit of graphql-http is ok', async (context) => {
    const failed = [];
    const audits = serverAudits({ url: () => world.url });
    for (const audit of audits) {
      const { status, reason } = await audit.fn();
      if (status !== 'ok') failed.push(`${audit.id} ${audit.name}: ${status}, ${reason}`);
    }
    context.diagnostic(`graphql-http: ${audits.length - failed.length}/${audits.length}`);
    assert.deepEqual(failed, []);
    assert.equal(audits.length, AUDITS);
  });
});

// Every snippet of docs/guide: what can be asked is asked, what can be run is run, and the rest are lines of what tests run.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { signIn } from '../gateways.mjs';
import { onBoth } from '../on-both.mjs';
import { blocks, differences, isExcerpt, pages } from './pages.mjs';

const KINDS = ['sh', 'graphql', 'graphql as demo', 'json variables', 'json', 'text'];
const PATH = /^\w+ (\S+\/\S+|\S+\.\w+)$/;
const root = new URL('../../../', import.meta.url);

// Where the pages say that the gateway is.
const ADDRESS = '127.0.0.1:4000';

test('the guide has a page on everything that it is to have, and each page is in its table of contents', () => {
  const contents = readFileSync(new URL('docs/guide/README.md', root), 'utf8');
  for (const topic of [
    'first-query', 'auth', 'pagination', 'errors', 'caching', 'subscriptions', 'codegen', 'relay', 'apollo', 'urql', 'federation',
  ]) {
    assert.ok(pages.includes(`${topic}.md`), topic);
  }
  for (const page of pages.filter((page) => page !== 'README.md')) assert.ok(contents.includes(`(${page})`), page);
});

test('every block is of a kind, and excerpts are lines of what tests run', () => {
  for (const page of pages) {
    for (const { kind, text, line } of blocks(page)) {
      const path = PATH.exec(kind)?.[1];
      if (path) assert.ok(isExcerpt(text, readFileSync(new URL(path, root), 'utf8')), `${page}:${line}: not in ${path}`);
      else assert.ok(KINDS.includes(kind) || kind.endsWith(' output'), `${page}:${line}: a block of the kind "${kind}"`);
    }
  }
});

test('the comparisons see what is wrong', () => {
  assert.ok(isExcerpt('a\n  b\n', 'x\n  a\n    b\n'));
  assert.ok(!isExcerpt('a\n  b\n', 'x\n  a\n   b\n') && !isExcerpt('a\nc\n', 'a\nb\nc\n'));
  assert.deepEqual(differences({ a: '…', b: [1, null] }, { a: 7, b: [1, null] }), []);
  assert.deepEqual(differences({ a: '…', b: [1] }, { b: [1, 2], c: 3 }).length, 3);
});

onBoth((world) => {
  const compare = ({ line, text }, found, page) =>
    assert.deepEqual(differences(JSON.parse(text), found), [], `${page}:${line}`);

  async function askGraphql(query, variables, isSignedIn) {
    const headers = { 'content-type': 'application/json' };
    // Pages sign demo out as well, so each question has a session of its own.
    if (isSignedIn) headers.authorization = `Bearer ${await signIn(world.address, 'demo', 'demo-demo-demo')}`;
    const response = await fetch(world.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    return response.json();
  }

  // Runs the blocks of a page in one shell. Returns what each of them printed.
  async function runShell(commands) {
    const script = commands.map((text) => `${text.replaceAll(ADDRESS, world.address)}\nprintf '\\0'\n`).join('');
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script]);
    return stdout.split('\0').slice(0, -1);
  }

  for (const page of pages) {
    const all = blocks(page).filter(({ kind }) => KINDS.includes(kind));
    if (all.length === 0) continue;
    test(page, async () => {
      const printed = await runShell(all.filter(({ kind }) => kind === 'sh').map(({ text }) => text));
      let next = 0;
      while (next < all.length) {
        const { kind, text, line } = all[next];
        next += 1;
        if (kind === 'sh') {
          const output = printed.shift();
          if (all[next]?.kind === 'json') compare(all[next++], JSON.parse(output), page);
          else if (all[next]?.kind === 'text') assert.equal(output.trim(), all[next++].text.trim(), `${page}:${line}`);
        } else if (kind === 'graphql' || kind === 'graphql as demo') {
          const variables = all[next]?.kind === 'json variables' ? JSON.parse(all[next++].text) : {};
          const answer = await askGraphql(text, variables, kind.endsWith('demo'));
          assert.equal(all[next]?.kind, 'json', `${page}:${line} has an answer`);
          for (const error of answer.errors ?? []) delete error.extensions.requestId;
          compare(all[next++], answer, page);
        } else {
          assert.fail(`${page}:${line}: the answer to nothing`);
        }
      }
    });
  }
}, { demoData: [100, 1000, 10000, 2000] });

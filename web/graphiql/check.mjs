// The committed build is what these sources build: made again elsewhere, every file has the same name and, decompressed,
// the same bytes. (Compressed, it may differ: that is up to the zlib of whoever built it.)

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const committed = join(here, 'dist');
const made = mkdtempSync(join(tmpdir(), 'polygraph-graphiql-'));

const read = (directory, name) => {
  const bytes = readFileSync(join(directory, name));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
};

try {
  await build({ root: here, logLevel: 'warn', build: { outDir: made, emptyOutDir: true } });
  const names = readdirSync(made).sort();
  const advice = 'web/graphiql/dist is not what its sources build: run `npm run build` there, and commit what it makes';
  assert.deepEqual(readdirSync(committed).sort(), names, advice);
  for (const name of names) assert.ok(read(committed, name).equals(read(made, name)), `${advice} (${name} differs)`);
  console.log(`The ${names.length} files of web/graphiql/dist are what its sources build.`);
} finally {
  rmSync(made, { recursive: true });
}

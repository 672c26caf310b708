// What becomes of a build on its way into the gateway: each file is compressed, and `files.rs` lists them for
// `src/http/graphiql.rs`, which makes them part of the binary.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import type { Plugin } from 'vite';

/** The name under which Vite writes the licences of all that is bundled. */
export const LICENSES = 'licenses.md';

const PAGE = 'index.html';

/** Compresses all but the page, which is small, and writes the list. */
export function embed(): Plugin {
  let base = '';
  return {
    name: 'polygraph-embed',
    apply: 'build',
    configResolved(config) {
      base = config.base;
    },
    writeBundle({ dir }) {
      if (!dir) throw new Error('The build has no directory.');
      linkLicenses(dir, base);
      const names = readdirSync(dir).filter((name) => name !== PAGE).sort();
      for (const name of names) {
        const path = join(dir, name);
        writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
        rmSync(path);
      }
      const files = names.map((name) => `    file!("${name}"),\n`);
      writeFileSync(join(dir, 'files.rs'), `// Written by \`npm run build\`.\n&[\n${files.join('')}]\n`);
    },
  };
}

/** Gives the licences a hash in their name, as all other files have one, and names them in the page. */
function linkLicenses(dir: string, base: string) {
  const path = join(dir, LICENSES);
  const hash = createHash('sha256').update(readFileSync(path)).digest('base64url').slice(0, 8);
  const name = LICENSES.replace('.', `-${hash}.`);
  renameSync(path, join(dir, name));
  const page = readFileSync(join(dir, PAGE), 'utf8');
  writeFileSync(join(dir, PAGE), page.replace('</head>', `  <link rel="license" href="${base}${name}" />\n  </head>`));
}

// The pages of docs/guide, cut into their blocks of code. What a block is for stands behind its language:
//
//   sh                 run by bash, one block after the other; what it prints is compared with the `json` or `text` after it
//   graphql            asked by a stranger, `graphql as demo` by demo; `json variables` and the answer (`json`) come after it
//   js PATH (any language)   lines of this file, indented as they may be: something that a test runs
//   … output           what is shown, and can't be compared
//
// In what is expected, "…" stands for any value.

import { readFileSync, readdirSync } from 'node:fs';

const folder = new URL('../../../docs/guide/', import.meta.url);

export const pages = readdirSync(folder).filter((name) => name.endsWith('.md'));

// The blocks of a page: `{ kind, text, line }`.
export function blocks(page) {
  const found = [];
  let open;
  readFileSync(new URL(page, folder), 'utf8').split('\n').forEach((text, index) => {
    const fence = /^```(.*)$/.exec(text);
    if (!fence) open?.lines.push(text);
    else if (open) {
      found.push({ kind: open.kind, line: open.line, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open = { kind: fence[1].trim(), line: index + 1, lines: [] };
  });
  if (open) throw new Error(`${page}:${open.line}: the block has no end`);
  return found;
}

// Whether the lines of `excerpt` stand in `text` one after the other, all of them indented by as much more.
export function isExcerpt(excerpt, text) {
  const wanted = excerpt.trimEnd().split('\n');
  const lines = text.split('\n');
  return lines.some((line, start) => {
    const indent = line.slice(0, line.length - wanted[0].length);
    if (indent.trim() !== '') return false;
    return wanted.every((want, offset) => lines[start + offset] === (want === '' ? '' : indent + want));
  });
}

// The places where `found` is not what is `expected`.
export function differences(expected, found, path = '$') {
  if (expected === '…') return found === undefined ? [`${path} is missing`] : [];
  if (typeof expected !== 'object' || expected === null || typeof found !== 'object' || found === null) {
    return Object.is(expected, found) ? [] : [`${path} is ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`];
  }
  const keys = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...keys].flatMap((key) =>
    key in expected ? differences(expected[key], found[key], `${path}.${key}`) : [`${path}.${key} is not expected`],
  );
}

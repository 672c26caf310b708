// The text of the headers tab: JSON in which comments are allowed.

import { applyEdits, modify, parseTree } from 'jsonc-parser';

const FORMAT = { formattingOptions: { insertSpaces: true, tabSize: 2, eol: '\n' } };

/** The names in an object's text. */
function names(text: string): string[] {
  const properties = parseTree(text)?.children ?? [];
  return properties.map((property) => String(property.children?.[0]?.value));
}

/** The text with this token for `Authorization`, or without one; all else stays as it is. */
export function authorize(text: string, token: string | undefined): string {
  const set = (text: string, name: string, value: string | undefined) =>
    applyEdits(text, modify(text, [name], value, FORMAT));
  const others = names(text).filter((name) => name.toLowerCase() === 'authorization');
  const bare = others.reduce((text, name) => set(text, name, undefined), text);
  if (token !== undefined) return set(bare.trim() === '' ? '{}' : bare, 'Authorization', `Bearer ${token}`);
  return bare.replace(/\s/g, '') === '{}' ? '' : bare;
}

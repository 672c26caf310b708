// The two schemas: what was promised, and what the code exports.

import { readFileSync } from 'node:fs';
import { buildSchema } from 'graphql';

const load = (path) => buildSchema(readFileSync(new URL(path, import.meta.url), 'utf8'));

export const contract = load('./contract.graphql');
export const schema = load('../../schema.graphql');

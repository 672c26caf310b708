// Search in Elasticsearch: the body of src/stores/elastic/query.rs, over bare HTTP.

import { Pool } from 'undici';

const WORDS = { 'words.handle': 3, 'words.title': 2, 'words.body': 1 };
const HEADERS = { 'content-type': 'application/json' };

const typosForgiven = (word) => (word.length < 4 ? 0 : word.length < 8 ? 1 : 2);

function word(typed) {
  const exact = Object.entries(WORDS).map(([field, boost]) => ({ term: { [field]: { value: typed, boost } } }));
  const either = [{ dis_max: { queries: exact, tie_breaker: 0.1 } }];
  const fuzziness = typosForgiven(typed);
  if (fuzziness > 0) {
    const options = { value: typed, fuzziness, transpositions: true, prefix_length: 0, rewrite: 'constant_score' };
    const fuzzy = Object.keys(WORDS).map((field) => ({ fuzzy: { [field]: options } }));
    either.push({ constant_score: { filter: { bool: { should: fuzzy } }, boost: 0.1 } });
  }
  return { bool: { should: either } };
}

const KINDS = { USER: 'user', POST: 'post' };
const filters = (types) => (types?.length === 1 ? [{ term: { kind: KINDS[types[0]] } }] : []);

function hit({ _id, _score, _source }) {
  const [kind, uuid] = _id.split(':');
  return { type: kind.toUpperCase(), id: uuid.replaceAll('-', ''), score: _score, title: _source.title };
}

export class Search {
  constructor({ url, namespace, connections }) {
    this.pool = new Pool(new URL(url).origin, { connections });
    this.path = `/${namespace}-search/_search?allow_partial_search_results=false&preference=`;
  }

  /** The first so many results for a text, best first. */
  async search(text, types, first) {
    const words = text.toLowerCase().match(/[\p{L}\p{N}_']+/gu) ?? [];
    const body = {
      query: { bool: { must: words.map(word), filter: filters(types) } },
      size: first + 1,
      track_total_hits: false,
      _source: ['title'],
      sort: [{ _score: 'desc' }, { id: 'desc' }],
    };
    const path = this.path + encodeURIComponent(words.join('-'));
    const response = await this.pool.request({ path, method: 'POST', headers: HEADERS, body: JSON.stringify(body) });
    const answer = await response.body.json();
    if (response.statusCode !== 200) throw new Error(`the index answered ${response.statusCode}`);
    const hits = answer.hits.hits;
    return { items: hits.slice(0, first).map(hit), hasMore: hits.length > first };
  }
}

// What a request asked of the stores: a table for each level. The batches of a level run side by side.

import type { Batch, Explain } from './explanations';

const CACHE: Record<string, string> = {
  hit: 'would have been answered from the result cache',
  miss: 'not in the result cache',
  off: 'the result cache is off',
  bypass: 'the result cache could not be used',
};

const counted = (count: number, what: string) => `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

const time = (micros: number) => (micros < 1000 ? `${micros} µs` : `${(micros / 1000).toFixed(1)} ms`);

const longest = (batches: Batch[]) => Math.max(0, ...batches.map((batch) => batch.micros ?? 0));

function Row({ batch, slowest }: { batch: Batch; slowest: number }) {
  const micros = batch.micros ?? 0;
  const notes = [batch.omitted && `without ${batch.omitted}`, batch.failed && `failed: ${batch.failed}`];
  return (
    <tr className={batch.failed ? 'polygraph-failed' : undefined}>
      <td>
        <span className="polygraph-store" data-store={batch.store}>
          {batch.store}
        </span>
      </td>
      <td>
        <code>{batch.port}</code>
        {notes.filter(Boolean).map((note) => (
          <small key={String(note)}>{note}</small>
        ))}
      </td>
      <td>{batch.keys ?? ''}</td>
      <td>{batch.rows ?? ''}</td>
      <td>
        {batch.micros === null ? '' : time(micros)}
        <i style={{ width: `${slowest > 0 ? (100 * micros) / slowest : 0}%` }} />
      </td>
    </tr>
  );
}

export function Levels({ explain }: { explain: Explain }) {
  const { cost, cache, levels } = explain;
  const all = levels.flatMap((level) => level.batches);
  const calls = `${counted(all.length, 'store call')} on ${counted(levels.length, 'level')}`;
  return (
    <>
      <dl>
        <dt>Asked</dt>
        <dd>{calls}</dd>
        <dt>Cost</dt>
        <dd>{cost.toLocaleString('en')}</dd>
        <dt>Cache</dt>
        <dd>
          <code>{cache}</code>: {CACHE[cache]}
        </dd>
      </dl>
      {levels.map(({ batches }, index) => (
        <table key={index}>
          <caption>
            Level {index + 1} <span>{time(longest(batches))}</span>
          </caption>
          <thead>
            <tr>
              <th>store</th>
              <th>asked for</th>
              <th>keys</th>
              <th>rows</th>
              <th>time</th>
            </tr>
          </thead>
          <tbody>
            {batches.map((batch, place) => (
              <Row key={place} batch={batch} slowest={longest(all)} />
            ))}
          </tbody>
        </table>
      ))}
    </>
  );
}

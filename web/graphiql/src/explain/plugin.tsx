// The plugin in GraphiQL's sidebar: a switch, and what was said about the last request.

import type { GraphiQLPlugin } from '@graphiql/react';
import { useSyncExternalStore } from 'react';

import { explanations, type Explained } from './explanations';
import { Levels } from './Levels';

function ExplainIcon() {
  return (
    <svg viewBox="0 0 24 24" width="1em" height="1em" fill="none" stroke="currentColor" strokeWidth="1.5">
      <rect x="3" y="3.5" width="18" height="4" rx="1" />
      <rect x="6.5" y="10" width="14.5" height="4" rx="1" />
      <rect x="10" y="16.5" width="11" height="4" rx="1" />
      <path d="M4.5 7.5V12h2M4.5 12v6.5H10" strokeLinejoin="round" />
    </svg>
  );
}

function Last({ last }: { last: Explained }) {
  switch (last.kind) {
    case 'nothing':
      return <p>Run a query, and this says what it asked of the stores.</p>;
    case 'subscription':
      return <p>Subscriptions are not explained.</p>;
    case 'unanswered':
      return <p>There was no answer.</p>;
    case 'unexplained':
      return (
        <p>
          The query was executed, and not explained: the gateway&apos;s setting <code>explain</code> says who is told.
        </p>
      );
    case 'refused':
      return (
        <div className="polygraph-refused" role="status">
          <p>The query was refused, and not executed.</p>
          <ul>
            {last.refusals.map(({ code, message }, index) => (
              <li key={index}>
                <code>{code}</code> {message}
              </li>
            ))}
          </ul>
        </div>
      );
    case 'explained':
      return <Levels explain={last.explain} />;
  }
}

function ExplainPanel() {
  const isOn = useSyncExternalStore(explanations.subscribe, () => explanations.isOn);
  const last = useSyncExternalStore(explanations.subscribe, () => explanations.last);
  return (
    <section className="polygraph-explain" aria-label="Explain">
      <header>Explain</header>
      <label className="polygraph-switch">
        <input type="checkbox" checked={isOn} onChange={(event) => explanations.turn(event.currentTarget.checked)} />
        Explain each request
      </label>
      {isOn ? (
        <Last last={last} />
      ) : (
        <p>
          Sends <code>x-explain: 1</code> with each query, and shows which store was asked for what, level by level. A query
          that is explained is always executed, never answered from the result cache.
        </p>
      )}
    </section>
  );
}

export const explainPlugin: GraphiQLPlugin = { title: 'Explain', icon: ExplainIcon, content: ExplainPanel };

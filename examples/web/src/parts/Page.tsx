// A page: its one query, what is shown until it is answered, and how to ask again for what could not be had.

import { Component, createContext, Suspense, useContext, useState, useTransition, type ReactNode } from 'react';
import { useLazyLoadQuery } from 'react-relay';
import type { GraphQLTaggedNode, OperationType, VariablesOf } from 'relay-runtime';

import { sentence } from '../api/errors';
import { useRouter } from '../router';

interface Attempts {
  attempt: number;
  retry: () => void;
  retrying: boolean;
}

const AttemptsContext = createContext<Attempts>({ attempt: 0, retry: () => {}, retrying: false });

// Give it the page's address as its key.
export function Page({ children }: { children: ReactNode }) {
  const [attempt, setAttempt] = useState(0);
  const [retrying, startRetry] = useTransition();
  const retry = () => startRetry(() => setAttempt(attempt + 1));
  return (
    <AttemptsContext value={{ attempt, retry, retrying }}>
      <Boundary key={attempt}>
        <Suspense fallback={<p className="loading" role="status">Loading…</p>}>{children}</Suspense>
      </Boundary>
    </AttemptsContext>
  );
}

// Asks the page's query: of the store what one goes back to, else of the gateway.
export function usePageQuery<T extends OperationType>(query: GraphQLTaggedNode, variables: VariablesOf<T>): T['response'] {
  const { visit, restored } = useRouter().route;
  const { attempt } = useContext(AttemptsContext);
  return useLazyLoadQuery<T>(query, variables, {
    fetchKey: `${visit}.${attempt}`,
    fetchPolicy: attempt > 0 ? 'network-only' : restored ? 'store-or-network' : 'store-and-network',
  });
}

// Stands where a part of the page could not be had, while the rest is there. `of` is what is missing.
export function Unavailable({ of }: { of: string }) {
  const { retry, retrying } = useContext(AttemptsContext);
  return (
    <div className="unavailable" role="status">
      <p>{of}: not available right now.</p>
      <button type="button" onClick={retry} disabled={retrying}>
        {retrying ? 'Trying…' : 'Try again'}
      </button>
    </div>
  );
}

function Failed({ error }: { error: unknown }) {
  const { retry, retrying } = useContext(AttemptsContext);
  return (
    <div className="unavailable" role="alert">
      <p>{sentence(error)}</p>
      <button type="button" onClick={retry} disabled={retrying}>
        {retrying ? 'Trying…' : 'Try again'}
      </button>
    </div>
  );
}

class Boundary extends Component<{ children: ReactNode }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override render() {
    return 'error' in this.state ? <Failed error={this.state.error} /> : this.props.children;
  }
}

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

// Give it the page's path as its key. Within a page, what is there stays until what was asked for has come: another
// search, or another try.
export function Page({ children }: { children: ReactNode }) {
  const { visit } = useRouter().route;
  const [attempt, setAttempt] = useState(0);
  const [retrying, startRetry] = useTransition();
  const retry = () => startRetry(() => setAttempt(attempt + 1));
  return (
    <AttemptsContext value={{ attempt, retry, retrying }}>
      <Suspense fallback={<p className="loading" role="status">Loading…</p>}>
        <Boundary asked={`${visit}.${attempt}`}>{children}</Boundary>
      </Suspense>
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
  return <Notice role="status">{of}: not available right now.</Notice>;
}

function Notice({ role, children }: { role: 'status' | 'alert'; children: ReactNode }) {
  const { retry, retrying } = useContext(AttemptsContext);
  return (
    <div className="unavailable" role={role}>
      <p>{children}</p>
      <button type="button" aria-disabled={retrying} onClick={() => !retrying && retry()}>
        {retrying ? 'Trying…' : 'Try again'}
      </button>
    </div>
  );
}

interface Caught {
  asked: string;
  failure?: { error: unknown } | undefined;
}

// Catches what a page throws, until something else is asked for.
class Boundary extends Component<{ asked: string; children: ReactNode }, Caught> {
  override state: Caught = { asked: this.props.asked };

  static getDerivedStateFromError(error: unknown): Partial<Caught> {
    return { failure: { error } };
  }

  static getDerivedStateFromProps({ asked }: { asked: string }, before: Caught): Caught | null {
    return asked === before.asked ? null : { asked, failure: undefined };
  }

  override render() {
    const { failure } = this.state;
    return failure ? <Notice role="alert">{sentence(failure.error)}</Notice> : this.props.children;
  }
}

// What the gateway said about the last request: `extensions.explain`, asked for by the header `x-explain: 1`.

export interface Batch {
  store: string;
  port: string;
  keys: number | null;
  rows: number | null;
  micros: number | null;
  omitted?: string;
  failed?: string;
}

export interface Explain {
  cost: number;
  cache: string;
  levels: { batches: Batch[] }[];
}

export interface Refusal {
  message: string;
  code: string;
}

export type Explained =
  | { kind: 'nothing' }
  | { kind: 'subscription' }
  | { kind: 'unanswered' }
  | { kind: 'unexplained' }
  | { kind: 'refused'; refusals: Refusal[] }
  | { kind: 'explained'; explain: Explain };

interface Answer {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: string } }[];
  extensions?: { explain?: Explain };
}

const KEY = 'graphiql:explain';

/** Whether requests are to be explained, and what was said about the last one. */
class Explanations {
  isOn = localStorage.getItem(KEY) === 'on';
  last: Explained = { kind: 'nothing' };
  #listeners = new Set<() => void>();

  turn(on: boolean) {
    localStorage.setItem(KEY, on ? 'on' : 'off');
    this.isOn = on;
    this.note({ kind: 'nothing' });
  }

  /** By GraphQL's rules an answer without `data` was never executed. */
  noteAnswer(answer: unknown) {
    const { data, errors = [], extensions } = answer as Answer;
    if (extensions?.explain) return this.note({ kind: 'explained', explain: extensions.explain });
    if (data !== undefined) return this.note({ kind: 'unexplained' });
    const refusals = errors.map(({ message, extensions }) => ({ message, code: extensions?.code ?? '' }));
    return this.note({ kind: 'refused', refusals });
  }

  note(explained: Explained) {
    this.last = explained;
    this.#listeners.forEach((listener) => listener());
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export const explanations = new Explanations();

// Where GraphiQL keeps tabs, history and settings: the browser's storage, without headers. A token that is kept there
// outlives the page, and GraphiQL's history would keep one with each query.

const NAMESPACE = 'graphiql:';
const HISTORY = ['queries', 'favorites'].map((name) => NAMESPACE + name);

const ours = () => Object.keys(localStorage).filter((key) => key.startsWith(NAMESPACE));

const withoutHeaders = (items: string) =>
  JSON.stringify(JSON.parse(items), (key, value: unknown) => (key === 'headers' ? undefined : value));

export const storage = {
  getItem: (key: string) => localStorage.getItem(key),
  setItem: (key: string, value: string) =>
    localStorage.setItem(key, HISTORY.includes(key) ? withoutHeaders(value) : value),
  removeItem: (key: string) => localStorage.removeItem(key),
  clear: () => ours().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return ours().length;
  },
};

// The tabs of a first visit: the files of `examples/`, in the order of their names.

const queries = import.meta.glob<string>('../examples/*.graphql', { query: '?raw', import: 'default', eager: true });
const variables = import.meta.glob<string>('../examples/*.json', { query: '?raw', import: 'default', eager: true });

export const examples = Object.entries(queries).map(([path, query]) => ({
  query: query.trimEnd(),
  variables: variables[path.replace(/graphql$/, 'json')]?.trimEnd() ?? '',
}));

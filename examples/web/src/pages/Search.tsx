import type { ReactNode } from 'react';
import { graphql, usePaginationFragment } from 'react-relay';

import type { SearchPaginationQuery } from '../__generated__/SearchPaginationQuery.graphql';
import type { SearchQuery, SearchType } from '../__generated__/SearchQuery.graphql';
import type { Search_query$data, Search_query$key } from '../__generated__/Search_query.graphql';
import { Highlighted } from '../parts/Highlighted';
import { Unavailable, usePageQuery } from '../parts/Page';
import { More } from '../parts/Posts';
import { Link, postPath, searchPath, useRouter, useTitle, userPath } from '../router';

const TYPES: Record<SearchType, string> = { USER: 'People', POST: 'Posts' };

export function Search() {
  const { query: address } = useRouter().route;
  const text = address.get('q') ?? '';
  const type = (Object.keys(TYPES) as SearchType[]).find((name) => name === address.get('type'));
  const data = usePageQuery<SearchQuery>(
    graphql`
      query SearchQuery($text: String!, $types: [SearchType!]) {
        ...Search_query @arguments(text: $text, types: $types)
      }
    `,
    { text, types: type && [type] },
  );
  useTitle(`Search for ${text}`);
  return (
    <>
      <h1 dir="auto">“{text}”</h1>
      <Results query={data} text={text} type={type} />
    </>
  );
}

type Connection = NonNullable<Search_query$data['search']>;
type Result = Connection['edges'][number]['node'];

function Results({ query, text, type }: { query: Search_query$key; text: string; type: SearchType | undefined }) {
  const { data, ...pages } = usePaginationFragment<SearchPaginationQuery, Search_query$key>(
    graphql`
      fragment Search_query on Query
      @argumentDefinitions(
        text: { type: "String!" }
        types: { type: "[SearchType!]" }
        cursor: { type: "String" }
        count: { type: "Int", defaultValue: 10 }
      )
      @refetchable(queryName: "SearchPaginationQuery") {
        search(query: $text, types: $types, first: $count, after: $cursor) @connection(key: "Search_search") {
          totalCount
          facets {
            types {
              type
              count
            }
          }
          edges {
            cursor
            node {
              type
              title
              highlights {
                field
                html
              }
              node {
                __typename
                ... on User {
                  handle
                }
                ... on Post {
                  id
                  author {
                    name
                  }
                }
              }
            }
          }
        }
      }
    `,
    query,
  );
  const { search } = data;
  if (!search) return <Unavailable of="Search" />;
  return (
    <>
      <nav aria-label="Kinds of results" className="tabs">
        <Tab to={searchPath(text)} current={!type}>Everything</Tab>
        {(Object.keys(TYPES) as SearchType[]).map((name) => (
          <Tab key={name} to={`${searchPath(text)}&type=${name}`} current={type === name}>{TYPES[name]}</Tab>
        ))}
      </nav>
      <p className="muted" role="status">{summary(search)}</p>
      <ol className="results">
        {search.edges.map(({ cursor, node }) => (
          <li key={cursor} className="card">
            <ResultCard result={node} />
          </li>
        ))}
      </ol>
      {search.edges.length > 0 && <More pages={pages} />}
    </>
  );
}

function Tab({ to, current, children }: { to: string; current: boolean; children: ReactNode }) {
  return (
    <Link to={to} aria-current={current ? 'true' : undefined}>
      {children}
    </Link>
  );
}

// What was found, in a sentence. Without its index the gateway searches as well as it can, and does not count.
function summary({ totalCount, facets, edges }: Connection): string {
  if (edges.length === 0) return 'Nothing was found.';
  if (totalCount == null) return 'The search is not quite itself right now: some results may be missing.';
  const kinds = facets?.types.filter(({ count }) => count > 0).map(({ type, count }) => `${count} ${TYPES[type].toLowerCase()}`);
  return `${totalCount} found${kinds && kinds.length > 1 ? `: ${kinds.join(', ')}` : ''}`;
}

function ResultCard({ result: { type, title, highlights, node } }: { result: Result }) {
  const heading = highlights.find(({ field }) => field === (type === 'USER' ? 'name' : 'title'));
  const rest = highlights.filter((highlight) => highlight !== heading);
  const name = heading ? <Highlighted html={heading.html} /> : title;
  return (
    <>
      <h2 dir="auto">
        {node?.__typename === 'User' ? <Link to={userPath(node.handle)}>{name}</Link> : null}
        {node?.__typename === 'Post' ? <Link to={postPath(node.id)}>{name}</Link> : null}
        {!node && name}
      </h2>
      <p className="muted">
        {node?.__typename === 'User' && `@${node.handle}`}
        {node?.__typename === 'Post' && (node.author ? <>by <bdi>{node.author.name}</bdi></> : 'author not available right now')}
        {!node && 'More about this is not available right now.'}
      </p>
      {rest.map(({ field, html }) => (
        <p key={field} dir="auto">
          {field === 'handle' && '@'}
          <Highlighted html={html} />
        </p>
      ))}
    </>
  );
}

import { useMemo, type CSSProperties } from 'react';
import { graphql, useFragment } from 'react-relay';

import type { LeaderboardAuthors_query$key } from '../__generated__/LeaderboardAuthors_query.graphql';
import type { LeaderboardQuery } from '../__generated__/LeaderboardQuery.graphql';
import { Unavailable, usePageQuery } from '../parts/Page';
import { Person } from '../parts/Person';
import { TrendingPosts } from '../parts/TrendingPosts';
import { useRouter, useTitle } from '../router';

const PERIODS = { all: 'All time', year: 'The last year', month: 'The last 30 days' };

// When `period` began, at the day's start: the same for a day, so that the answer can be kept.
function since(period: string): string | null {
  const days = { year: 365, month: 30 }[period];
  if (!days) return null;
  const day = 24 * 60 * 60 * 1000;
  return new Date((Math.floor(Date.now() / day) - days) * day).toISOString();
}

export function Leaderboard() {
  const { route, navigate } = useRouter();
  const period = route.query.get('since') ?? 'all';
  const from = useMemo(() => since(period), [period]);
  const data = usePageQuery<LeaderboardQuery>(
    graphql`
      query LeaderboardQuery($from: DateTime) {
        ...LeaderboardAuthors_query @arguments(from: $from)
        ...TrendingPosts_query @arguments(from: $from, count: 10)
      }
    `,
    { from },
  );
  useTitle('Leaderboard');
  return (
    <>
      <div className="headline">
        <h1>Leaderboard</h1>
        <label>
          Likes of{' '}
          <select value={period} onChange={(event) => navigate(`/leaderboard?since=${event.target.value}`)}>
            {Object.entries(PERIODS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      <div className="columns">
        <section className="card" aria-labelledby="authors">
          <h2 id="authors">Authors</h2>
          <Authors query={data} />
        </section>
        <section className="card" aria-labelledby="posts">
          <h2 id="posts">Posts</h2>
          <TrendingPosts query={data} />
        </section>
      </div>
    </>
  );
}

function Authors({ query }: { query: LeaderboardAuthors_query$key }) {
  const { leaderboard } = useFragment(
    graphql`
      fragment LeaderboardAuthors_query on Query @argumentDefinitions(from: { type: "DateTime" }) {
        leaderboard(first: 15, from: $from) {
          rank
          likeCount
          user {
            id
            ...Person_user
          }
        }
      }
    `,
    query,
  );
  if (!leaderboard) return <Unavailable of="The leaderboard" />;
  if (leaderboard.length === 0) return <p className="muted">Nobody was liked in this time.</p>;
  const most = leaderboard[0]?.likeCount ?? 1;
  return (
    <table className="leaderboard">
      <thead>
        <tr>
          <th scope="col">Rank</th>
          <th scope="col">Author</th>
          <th scope="col">Likes</th>
        </tr>
      </thead>
      <tbody>
        {leaderboard.map(({ rank, likeCount, user }, index) => (
          <tr key={user?.id ?? index}>
            <td>{rank}</td>
            <td>
              <Person user={user} />
            </td>
            <td style={{ '--part': likeCount / most } as CSSProperties}>{likeCount}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

// The feed of who is signed in, the latest posts for everybody else, and beside it what is asked of other stores: all of it
// in one request.

import { useMemo, useState, useTransition } from 'react';
import { graphql, useFragment, usePaginationFragment, useSubscription } from 'react-relay';

import type { HomeFeedPaginationQuery } from '../__generated__/HomeFeedPaginationQuery.graphql';
import type { HomeFeedSubscription } from '../__generated__/HomeFeedSubscription.graphql';
import type { HomeFeed_query$key } from '../__generated__/HomeFeed_query.graphql';
import type { HomeLatestPaginationQuery } from '../__generated__/HomeLatestPaginationQuery.graphql';
import type { HomeLatest_query$key } from '../__generated__/HomeLatest_query.graphql';
import type { HomeQuery } from '../__generated__/HomeQuery.graphql';
import type { HomeSuggestions_query$key } from '../__generated__/HomeSuggestions_query.graphql';
import { FollowButton } from '../parts/FollowButton';
import { Unavailable, usePageQuery } from '../parts/Page';
import { Person } from '../parts/Person';
import { Posts } from '../parts/Posts';
import { TrendingPosts } from '../parts/TrendingPosts';
import { useTitle } from '../router';
import { useSession } from '../session';

export function Home() {
  const { signedIn } = useSession();
  const data = usePageQuery<HomeQuery>(
    graphql`
      query HomeQuery($signedIn: Boolean!) {
        ...HomeFeed_query @include(if: $signedIn) @alias(as: "feed")
        ...HomeSuggestions_query @include(if: $signedIn) @alias(as: "suggestions")
        ...HomeLatest_query @skip(if: $signedIn) @alias(as: "latest")
        ...TrendingPosts_query @arguments(count: 5)
      }
    `,
    { signedIn },
  );
  useTitle(signedIn ? 'Your feed' : 'Polygraph');
  return (
    <div className="columns">
      <div>
        {data.feed && <Feed query={data.feed} />}
        {data.latest && <Latest query={data.latest} />}
      </div>
      <aside>
        {data.suggestions && <Suggestions query={data.suggestions} />}
        <section className="card" aria-labelledby="trending">
          <h2 id="trending">Most liked</h2>
          <TrendingPosts query={data} />
        </section>
      </aside>
    </div>
  );
}

function Feed({ query }: { query: HomeFeed_query$key }) {
  const { data, refetch, ...pages } = usePaginationFragment<HomeFeedPaginationQuery, HomeFeed_query$key>(
    graphql`
      fragment HomeFeed_query on Query
      @argumentDefinitions(cursor: { type: "String" }, count: { type: "Int", defaultValue: 10 })
      @refetchable(queryName: "HomeFeedPaginationQuery") {
        feed(first: $count, after: $cursor) @connection(key: "HomeFeed_feed") {
          edges {
            cursor
            node {
              ...PostCard_post
            }
          }
        }
      }
    `,
    query,
  );
  // What is new is counted, and shown when it is asked for: nothing moves under the reader's eyes.
  const [fresh, setFresh] = useState(0);
  useSubscription<HomeFeedSubscription>(
    useMemo(
      () => ({
        subscription: graphql`
          subscription HomeFeedSubscription {
            feed {
              id
            }
          }
        `,
        variables: {},
        onNext: () => setFresh((count) => count + 1),
        onError: () => {},
      }),
      [],
    ),
  );
  const [showing, startShowing] = useTransition();
  const show = () => {
    startShowing(() => {
      refetch({}, { fetchPolicy: 'network-only', onComplete: (error) => error ?? setFresh(0) });
    });
    scrollTo(0, 0);
  };
  return (
    <>
      <h1>Your feed</h1>
      <div role="status">
        {fresh > 0 && (
          <button type="button" className="primary fresh" aria-busy={showing} onClick={show}>
            {fresh === 1 ? 'Show 1 new post' : `Show ${fresh} new posts`}
          </button>
        )}
      </div>
      {data.feed ? (
        <Posts edges={data.feed.edges} pages={pages} empty="Nothing yet. Follow somebody, and their posts are here." />
      ) : (
        <Unavailable of="Your feed" />
      )}
    </>
  );
}

function Latest({ query }: { query: HomeLatest_query$key }) {
  const { data, ...pages } = usePaginationFragment<HomeLatestPaginationQuery, HomeLatest_query$key>(
    graphql`
      fragment HomeLatest_query on Query
      @argumentDefinitions(cursor: { type: "String" }, count: { type: "Int", defaultValue: 10 })
      @refetchable(queryName: "HomeLatestPaginationQuery") {
        posts(first: $count, after: $cursor) @connection(key: "HomeLatest_posts") {
          edges {
            cursor
            node {
              ...PostCard_post
            }
          }
        }
      }
    `,
    query,
  );
  return (
    <>
      <h1>Latest posts</h1>
      {data.posts ? <Posts edges={data.posts.edges} pages={pages} empty="Nobody has written anything yet." /> : <Unavailable of="The latest posts" />}
    </>
  );
}

function Suggestions({ query }: { query: HomeSuggestions_query$key }) {
  const { suggestedFollows } = useFragment(
    graphql`
      fragment HomeSuggestions_query on Query {
        suggestedFollows(first: 4) {
          mutualCount
          user {
            id
            ...Person_user
            ...FollowButton_user
          }
        }
      }
    `,
    query,
  );
  return (
    <section className="card" aria-labelledby="suggestions">
      <h2 id="suggestions">Who to follow</h2>
      {suggestedFollows ? (
        <ul className="people">
          {suggestedFollows.map(({ user, mutualCount }) => (
            <li key={user.id}>
              <Person user={user}>
                <span className="muted block">
                  {mutualCount} in common
                </span>
              </Person>
              <FollowButton user={user} />
            </li>
          ))}
        </ul>
      ) : (
        <Unavailable of="Suggestions" />
      )}
    </section>
  );
}

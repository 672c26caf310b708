import { graphql, useFragment, usePaginationFragment } from 'react-relay';

import type { ProfileHeader_user$key } from '../__generated__/ProfileHeader_user.graphql';
import type { ProfilePostsPaginationQuery } from '../__generated__/ProfilePostsPaginationQuery.graphql';
import type { ProfilePosts_user$key } from '../__generated__/ProfilePosts_user.graphql';
import type { ProfileQuery } from '../__generated__/ProfileQuery.graphql';
import { FollowButton } from '../parts/FollowButton';
import { Unavailable, usePageQuery } from '../parts/Page';
import { Avatar, Person } from '../parts/Person';
import { Posts } from '../parts/Posts';
import { Time } from '../parts/Time';
import { useTitle } from '../router';

export function Profile({ handle }: { handle: string }) {
  const { user } = usePageQuery<ProfileQuery>(
    graphql`
      query ProfileQuery($handle: String!) {
        # Null means that there is nobody; an error, that nobody can tell at the moment. Errors of fragments are their own.
        user(handle: $handle) @catch {
          name
          ...ProfileHeader_user
          ...ProfilePosts_user
        }
      }
    `,
    { handle },
  );
  useTitle((user.ok && user.value?.name) || `@${handle}`);
  if (!user.ok) return <Unavailable of={`@${handle}`} />;
  if (!user.value) return <p>There is nobody called @{handle}.</p>;
  return (
    <>
      <Header user={user.value} />
      <h2>Posts</h2>
      <ProfilePosts user={user.value} />
    </>
  );
}

function Header({ user: key }: { user: ProfileHeader_user$key }) {
  const user = useFragment(
    graphql`
      fragment ProfileHeader_user on User {
        handle
        name
        bio
        createdAt
        followersCount
        followingCount
        postsCount
        followsViewer
        mutualFollowers(first: 3) {
          totalCount
          nodes {
            id
            ...Person_user
          }
        }
        ...FollowButton_user
      }
    `,
    key,
  );
  return (
    <>
      <section className="card profile" aria-labelledby="name">
        <Avatar name={user.name} seed={user.handle} large />
        <div>
          <h1 id="name" dir="auto">{user.name}</h1>
          <p className="muted">
            @{user.handle} · since <Time at={user.createdAt} />
            {user.followsViewer && <span className="badge">follows you</span>}
          </p>
          {user.bio && <p dir="auto">{user.bio}</p>}
          <dl className="counts">
            <Count of="Posts" is={user.postsCount} />
            <Count of="Followers" is={user.followersCount} />
            <Count of="Following" is={user.followingCount} />
          </dl>
        </div>
        <FollowButton user={user} />
      </section>
      {user.mutualFollowers && user.mutualFollowers.nodes.length > 0 && (
        <section aria-labelledby="mutual" className="mutual">
          <h2 id="mutual">Followed by {user.mutualFollowers.totalCount} whom you follow</h2>
          {user.mutualFollowers.nodes.map((follower) => (
            <Person key={follower.id} user={follower} />
          ))}
        </section>
      )}
    </>
  );
}

function Count({ of, is }: { of: string; is: number | null | undefined }) {
  return (
    <div>
      <dt>{of}</dt>
      <dd>{is ?? <abbr title="Not available right now">–</abbr>}</dd>
    </div>
  );
}

function ProfilePosts({ user }: { user: ProfilePosts_user$key }) {
  const { data, ...pages } = usePaginationFragment<ProfilePostsPaginationQuery, ProfilePosts_user$key>(
    graphql`
      fragment ProfilePosts_user on User
      @argumentDefinitions(cursor: { type: "String" }, count: { type: "Int", defaultValue: 10 })
      @refetchable(queryName: "ProfilePostsPaginationQuery") {
        posts(first: $count, after: $cursor) @connection(key: "ProfilePosts_posts") {
          edges {
            cursor
            node {
              ...PostCard_post
            }
          }
        }
      }
    `,
    user,
  );
  return data.posts ? <Posts edges={data.posts.edges} pages={pages} empty="No posts yet." /> : <Unavailable of="Posts" />;
}

// Who likes a post: the latest by name, the others by number.

import { graphql, useFragment } from 'react-relay';

import type { Likers_post$key } from '../__generated__/Likers_post.graphql';
import { Link, userPath } from '../router';

export function Likers({ post: key }: { post: Likers_post$key }) {
  const { likeCount, likes } = useFragment(
    graphql`
      fragment Likers_post on Post {
        likeCount
        likes(first: 3) {
          nodes {
            id
            user {
              handle
              name
            }
          }
        }
      }
    `,
    key,
  );
  // A like without a user is of somebody whom the store of users can't tell of at the moment: one of the others.
  const known = likes?.nodes.flatMap(({ id, user }) => (user ? [{ id, ...user }] : [])) ?? [];
  if (known.length === 0) return null;
  const others = likeCount - known.length;
  return (
    <span className="likers muted">
      Liked by{' '}
      {known.map(({ id, handle, name }, index) => (
        <span key={id}>
          {index > 0 && (index === known.length - 1 && others <= 0 ? ' and ' : ', ')}
          <Link to={userPath(handle)} dir="auto">{name}</Link>
        </span>
      ))}
      {others > 0 && ` and ${others} ${others === 1 ? 'other' : 'others'}`}
    </span>
  );
}

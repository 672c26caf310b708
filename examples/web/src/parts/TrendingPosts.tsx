import { graphql, useFragment } from 'react-relay';

import type { TrendingPosts_query$key } from '../__generated__/TrendingPosts_query.graphql';
import { Link, postPath } from '../router';
import { Unavailable } from './Page';

export function TrendingPosts({ query }: { query: TrendingPosts_query$key }) {
  const { trending } = useFragment(
    graphql`
      fragment TrendingPosts_query on Query
      @argumentDefinitions(count: { type: "Int!" }, from: { type: "DateTime" }) {
        trending(first: $count, from: $from) {
          rank
          likeCount
          post {
            id
            title
            author {
              name
            }
          }
        }
      }
    `,
    query,
  );
  if (!trending) return <Unavailable of="The most liked posts" />;
  if (trending.length === 0) return <p className="muted">Nothing was liked in this time.</p>;
  return (
    <ol className="ranking">
      {trending.map(({ rank, likeCount, post }, index) => (
        <li key={post?.id ?? index}>
          <span className="rank">{rank}</span>
          <span>
            {post ? <Link to={postPath(post.id)} dir="auto">{post.title}</Link> : <span className="muted">Title not available right now</span>}
            <span className="muted block">
              {post?.author && <bdi>{post.author.name} · </bdi>}
              {likeCount} {likeCount === 1 ? 'like' : 'likes'}
            </span>
          </span>
        </li>
      ))}
    </ol>
  );
}

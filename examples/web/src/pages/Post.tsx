import { graphql } from 'react-relay';

import type { PostQuery } from '../__generated__/PostQuery.graphql';
import { Unavailable, usePageQuery } from '../parts/Page';
import { PostCard } from '../parts/PostCard';
import { useTitle } from '../router';

export function Post({ id }: { id: string }) {
  const { post } = usePageQuery<PostQuery>(
    graphql`
      query PostQuery($id: ID!) {
        # Null means that there is no such post; an error, that nobody can tell at the moment.
        post(id: $id) @catch {
          title
          ...PostCard_post
        }
      }
    `,
    { id },
  );
  useTitle((post.ok && post.value?.title) || 'Post');
  if (!post.ok) return <Unavailable of="This post" />;
  if (!post.value) return <p>There is no such post. It may have been deleted.</p>;
  return <PostCard post={post.value} whole />;
}

// Likes a post, at once on the page and then at the gateway. Likes of others come by the post's own subscription.

import { useState } from 'react';
import { graphql, useFragment, useMutation } from 'react-relay';
import type { RecordSourceSelectorProxy } from 'relay-runtime';

import { refusal, sentence } from '../api/errors';
import { useRouter } from '../router';
import { useSession } from '../session';
import type { LikeButtonLikeMutation } from '../__generated__/LikeButtonLikeMutation.graphql';
import type { LikeButtonUnlikeMutation } from '../__generated__/LikeButtonUnlikeMutation.graphql';
import type { LikeButton_post$key } from '../__generated__/LikeButton_post.graphql';

export function LikeButton({ post: key }: { post: LikeButton_post$key }) {
  const post = useFragment(
    graphql`
      fragment LikeButton_post on Post {
        id
        title
        likeCount
        viewerHasLiked
      }
    `,
    key,
  );
  const [like, liking] = useMutation<LikeButtonLikeMutation>(graphql`
    mutation LikeButtonLikeMutation($input: LikePostInput!) {
      likePost(input: $input) {
        post {
          ...LikeButton_post
          ...Likers_post
        }
        userErrors {
          message
        }
      }
    }
  `);
  const [unlike, unliking] = useMutation<LikeButtonUnlikeMutation>(graphql`
    mutation LikeButtonUnlikeMutation($input: LikePostInput!) {
      unlikePost(input: $input) {
        post {
          ...LikeButton_post
          ...Likers_post
        }
        userErrors {
          message
        }
      }
    }
  `);
  const [problem, setProblem] = useState<string>();
  const { signedIn } = useSession();
  const { navigate } = useRouter();
  const liked = post.viewerHasLiked === true;

  const toggle = () => {
    if (!signedIn) return navigate('/sign-in');
    if (liking || unliking) return;
    setProblem(undefined);
    const config = {
      variables: { input: { postId: post.id } },
      // By the hand of Relay's store, since likers stay as they are until the answer.
      optimisticUpdater: (store: RecordSourceSelectorProxy) => {
        const record = store.get(post.id);
        record?.setValue(!liked, 'viewerHasLiked');
        record?.setValue(post.likeCount + (liked ? -1 : 1), 'likeCount');
      },
      onError: (error: Error) => setProblem(sentence(error)),
    };
    if (liked) unlike({ ...config, onCompleted: ({ unlikePost }, errors) => setProblem(refusal(unlikePost, errors)) });
    else like({ ...config, onCompleted: ({ likePost }, errors) => setProblem(refusal(likePost, errors)) });
  };

  return (
    <span className="like">
      <button type="button" aria-pressed={liked} aria-busy={liking || unliking} aria-label={`Like “${post.title}”`} onClick={toggle}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 20.5 4.3 12.9a5 5 0 0 1 7.1-7l.6.6.6-.6a5 5 0 0 1 7.1 7Z" />
        </svg>
      </button>
      <span className="count">
        {post.likeCount} <span className="visually-hidden">{post.likeCount === 1 ? 'like' : 'likes'}</span>
      </span>
      {problem && <span role="alert" className="problem">{problem}</span>}
    </span>
  );
}

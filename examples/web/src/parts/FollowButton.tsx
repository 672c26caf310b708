import { useState } from 'react';
import { graphql, useFragment, useMutation } from 'react-relay';

import { refusal, sentence } from '../api/errors';
import type { FollowButtonFollowMutation } from '../__generated__/FollowButtonFollowMutation.graphql';
import type { FollowButtonUnfollowMutation } from '../__generated__/FollowButtonUnfollowMutation.graphql';
import type { FollowButton_user$key } from '../__generated__/FollowButton_user.graphql';

// For who is signed in; `viewerFollows` is null for everybody else, and there is no button.
export function FollowButton({ user: key }: { user: FollowButton_user$key }) {
  const user = useFragment(
    graphql`
      fragment FollowButton_user on User {
        id
        name
        viewerFollows
        followersCount
      }
    `,
    key,
  );
  const [follow, following] = useMutation<FollowButtonFollowMutation>(graphql`
    mutation FollowButtonFollowMutation($input: FollowInput!) {
      follow(input: $input) {
        user {
          ...FollowButton_user
        }
        userErrors {
          message
        }
      }
    }
  `);
  const [unfollow, unfollowing] = useMutation<FollowButtonUnfollowMutation>(graphql`
    mutation FollowButtonUnfollowMutation($input: FollowInput!) {
      unfollow(input: $input) {
        user {
          ...FollowButton_user
        }
        userErrors {
          message
        }
      }
    }
  `);
  const [problem, setProblem] = useState<string>();
  if (user.viewerFollows == null) return null;

  const toggle = () => {
    if (following || unfollowing) return;
    setProblem(undefined);
    const config = {
      variables: { input: { userId: user.id } },
      onError: (error: Error) => setProblem(sentence(error)),
    };
    if (user.viewerFollows) unfollow({ ...config, onCompleted: (done, errors) => setProblem(refusal(done.unfollow, errors)) });
    else follow({ ...config, onCompleted: (done, errors) => setProblem(refusal(done.follow, errors)) });
  };
  return (
    <>
      <button type="button" className={user.viewerFollows ? '' : 'primary'} aria-label={`${user.viewerFollows ? 'Unfollow' : 'Follow'} ${user.name}`} onClick={toggle}>
        {user.viewerFollows ? 'Following' : 'Follow'}
      </button>
      {problem && <span role="alert" className="problem">{problem}</span>}
    </>
  );
}

// A post in a list, or by itself. While it can be seen it is live: edits and likes of others show as they are made.

import { useEffect, useId, useRef, useState, type RefObject } from 'react';
import { graphql, useFragment, useRelayEnvironment } from 'react-relay';
import { requestSubscription } from 'relay-runtime';

import type { PostCardSubscription } from '../__generated__/PostCardSubscription.graphql';
import type { PostCard_post$key } from '../__generated__/PostCard_post.graphql';
import { Link, postPath } from '../router';
import { LikeButton } from './LikeButton';
import { Likers } from './Likers';
import { Person } from './Person';
import { Time } from './Time';

const CHANGES = graphql`
  subscription PostCardSubscription($id: ID!) {
    postChanged(id: $id) {
      ...PostCard_post
    }
  }
`;

export function PostCard({ post: key, whole = false }: { post: PostCard_post$key; whole?: boolean }) {
  const post = useFragment(
    graphql`
      fragment PostCard_post on Post {
        id
        title
        content
        createdAt
        revision
        author {
          ...Person_user
        }
        ...LikeButton_post
        ...Likers_post
      }
    `,
    key,
  );
  const article = useRef<HTMLElement>(null);
  useChanges(post.id, useVisible(article));
  const title = useId();
  const Heading = whole ? 'h1' : 'h2';
  return (
    <article ref={article} className="card post" aria-labelledby={title}>
      <header>
        <Person user={post.author}>
          <span className="muted">
            {' · '}
            <Time at={post.createdAt} />
            {post.revision > 1 && ' · edited'}
          </span>
        </Person>
      </header>
      <Heading id={title} dir="auto">{whole ? post.title : <Link to={postPath(post.id)}>{post.title}</Link>}</Heading>
      <p className={whole ? 'content' : 'content excerpt'} dir="auto">{post.content}</p>
      <footer>
        <LikeButton post={post} />
        <Likers post={post} />
      </footer>
    </article>
  );
}

function useVisible(element: RefObject<HTMLElement | null>): boolean {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (!element.current) return;
    const observer = new IntersectionObserver((entries) => setVisible(entries.at(-1)?.isIntersecting ?? false));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element]);
  return visible;
}

function useChanges(id: string, wanted: boolean) {
  const environment = useRelayEnvironment();
  useEffect(() => {
    if (!wanted) return;
    const subscription = requestSubscription<PostCardSubscription>(environment, {
      subscription: CHANGES,
      variables: { id },
      onNext: (response) => {
        // It was deleted. Lists leave out what is not in the store.
        if (response?.postChanged === null) environment.commitUpdate((store) => store.delete(id));
      },
      // What is shown stays as it is: the page is right, but not live. The socket is tried again by itself.
      onError: () => {},
    });
    return () => subscription.dispose();
  }, [environment, id, wanted]);
}

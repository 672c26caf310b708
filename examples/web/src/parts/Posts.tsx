// A list of posts that goes on as one scrolls.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { LoadMoreFn } from 'react-relay';
import type { OperationType } from 'relay-runtime';

import { sentence } from '../api/errors';
import type { PostCard_post$key } from '../__generated__/PostCard_post.graphql';
import { PostCard } from './PostCard';

interface Props<T extends OperationType> {
  edges: readonly { readonly cursor: string; readonly node: PostCard_post$key }[];
  pages: { hasNext: boolean; isLoadingNext: boolean; loadNext: LoadMoreFn<T> };
  empty: string;
}

export function Posts<T extends OperationType>({ edges, pages, empty }: Props<T>) {
  // One that was deleted meanwhile has left an edge to nothing.
  const posts = edges.filter((edge) => (edge.node as unknown) != null);
  if (posts.length === 0) return <p className="muted">{empty}</p>;
  return (
    <>
      {posts.map(({ cursor, node }) => (
        <PostCard key={cursor} post={node} />
      ))}
      <More pages={pages} />
    </>
  );
}

// Loads the next page when it comes into sight. It is a button, so that the keyboard gets there, too, and so that there
// is a way on after a failure.
export function More<T extends OperationType>({ pages: { hasNext, isLoadingNext, loadNext } }: { pages: Props<T>['pages'] }) {
  const button = useRef<HTMLButtonElement>(null);
  const [failure, setFailure] = useState<Error | null>(null);
  const load = useCallback(() => {
    setFailure(null);
    loadNext(10, { onComplete: setFailure });
  }, [loadNext]);

  // An observer tells where the button is when it begins, and then only of changes. So there is another one whenever there
  // may be more to load: after each page, and when Relay, which loads nothing while the list itself is asked for, will again.
  const automatic = hasNext && !isLoadingNext && !failure;
  useEffect(() => {
    if (!automatic || !button.current) return;
    const observer = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && load(), { rootMargin: '600px' });
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [automatic, load]);

  if (!hasNext) return <p className="muted end">That is all.</p>;
  return (
    <div className="more">
      {failure && <p role="alert">More: {sentence(failure)}</p>}
      <button ref={button} type="button" aria-disabled={isLoadingNext} onClick={() => !isLoadingNext && load()}>
        {isLoadingNext ? 'Loading…' : failure ? 'Try again' : 'More'}
      </button>
    </div>
  );
}

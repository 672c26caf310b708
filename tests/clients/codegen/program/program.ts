import { graphql, useFragment } from './generated/index.js';
import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

const AuthorFragment = graphql(`
  fragment Author on User {
    id
    handle
    name
  }
`);

const NewestQuery = graphql(`
  query Newest($first: Int!, $after: String) {
    posts(first: $first, after: $after) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        title
        createdAt
        likeCount
        author {
          ...Author
        }
      }
    }
  }
`);

const FindQuery = graphql(`
  query Find($text: String!) {
    search(query: $text, first: 5) {
      nodes {
        type
        node {
          __typename
          ... on User {
            handle
          }
          ... on Post {
            title
          }
        }
        highlights {
          html
        }
      }
    }
  }
`);

const PublishMutation = graphql(`
  mutation Publish($input: CreatePostInput!) {
    createPost(input: $input) {
      post {
        id
        title
      }
      userErrors {
        code
        message
        path
      }
    }
  }
`);

type Document = typeof NewestQuery | typeof FindQuery | typeof PublishMutation;

async function ask<D extends Document>(url: string, token: string, document: D, variables: VariablesOf<D>) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = (await response.json()) as { data?: ResultOf<D>; errors?: unknown[] };
  if (errors || !data) throw new Error(JSON.stringify(errors));
  return data;
}

/** Handles of the authors of the newest posts, as `handle: title`; the author may be unknown for the moment. */
export async function newest(url: string, token: string, first: number): Promise<string[]> {
  const { posts } = await ask(url, token, NewestQuery, { first });
  return (posts?.nodes ?? []).map((post) => {
    const author = useFragment(AuthorFragment, post.author);
    const created: string = post.createdAt;
    return `${author?.handle ?? '?'}: ${post.title} (${created.slice(0, 4)})`;
  });
}

/** What a search finds, by its type. */
export async function find(url: string, token: string, text: string): Promise<string[]> {
  const { search } = await ask(url, token, FindQuery, { text });
  return (search?.nodes ?? []).map(({ node }) => {
    switch (node?.__typename) {
      case 'User':
        return `@${node.handle}`;
      case 'Post':
        return node.title;
      case undefined:
        return '?';
    }
  });
}

/** The id of the post that was published, or what is wrong with it. */
export async function publish(url: string, token: string, title: string): Promise<string | string[]> {
  const { createPost } = await ask(url, token, PublishMutation, { input: { title, content: 'Typed.' } });
  if (createPost?.post) return createPost.post.id;
  return createPost?.userErrors.map(({ code, path }) => `${path.join('.')}: ${code}`) ?? [];
}

// urql with graphcache, which knows the schema: connections that grow, answers from what other queries brought, optimistic
// likes, and subscriptions by its own exchange.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { gql } from '@urql/core';

import { onBoth } from '../on-both.mjs';
import { connect } from './client.mjs';

const NEWEST = gql`
  query Newest($first: Int, $after: String) {
    posts(first: $first, after: $after) {
      edges {
        node {
          id
          title
          likeCount
          viewerHasLiked
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;

const POST = gql`
  query Post($id: ID!) {
    post(id: $id) {
      id
      title
      likeCount
      author {
        id
        handle
      }
    }
  }
`;

const FOUND = gql`
  query Found($text: String!) {
    search(query: $text, first: 5) {
      nodes {
        type
        highlights {
          field
          html
        }
        node {
          ... on Node {
            id
          }
          ... on User {
            handle
          }
        }
      }
    }
  }
`;

const LIKE = gql`
  mutation Like($input: LikePostInput!) {
    likePost(input: $input) {
      post {
        id
        likeCount
        viewerHasLiked
      }
      userErrors {
        code
      }
    }
  }
`;

const LIKED = gql`
  subscription Liked($post: ID) {
    postLiked(post: $post) {
      id
      post {
        id
        likeCount
      }
    }
  }
`;

onBoth((world) => {
  let app;
  let client;
  beforeEach(async () => {
    app = await connect(world);
    client = app.client;
  });
  afterEach(async () => {
    assert.deepEqual(app.warnings, []);
    await app.close();
  });

  const query = async (document, variables, context) => {
    const { data, error, stale } = await client.query(document, variables, context).toPromise();
    assert.equal(error, undefined);
    return { data, stale };
  };
  const publish = async (title) => {
    const mutation = 'mutation ($t: String!) { createPost(input: { title: $t, content: "Text." }) { post { id } } }';
    return (await world.ask(mutation, { t: title })).createPost.post.id;
  };

  test('a connection grows page by page', async () => {
    let after;
    for (const shown of [4, 8, 12]) {
      await query(NEWEST, { first: 4, after });
      const { data } = await query(NEWEST, { first: 4 }, { requestPolicy: 'cache-only' });
      assert.equal(data.posts.edges.length, shown);
      after = data.posts.pageInfo.endCursor;
    }
    const { data } = await query(NEWEST, { first: 4 }, { requestPolicy: 'cache-only' });
    const { posts } = await world.ask('{ posts(first: 12) { nodes { id } } }');
    assert.deepEqual(data.posts.edges.map(({ node }) => node.id), posts.nodes.map(({ id }) => id));
  });

  test('the schema tells what may be missing, and which types fit a fragment', async () => {
    const { data } = await query(FOUND, { text: 'demo' });
    const user = data.search.nodes.map(({ node }) => node).find(({ handle }) => handle === 'demo');
    assert.equal(user.id, (await world.ask('{ viewer { id } }')).viewer.id);

    await query(NEWEST, { first: 1 });
    const { data: newest } = await query(NEWEST, { first: 1 }, { requestPolicy: 'cache-only' });
    const { id, title } = newest.posts.edges[0].node;
    // Its author may be null by the schema, so it can be shown before the author is there; without its id it can't.
    await query(gql`query Title($id: ID!) { post(id: $id) { id title likeCount } }`, { id });
    const { data: partial, stale } = await query(POST, { id }, { requestPolicy: 'cache-only' });
    assert.deepEqual([partial.post.title, partial.post.author, stale], [title, null, false]);
    const { data: whole } = await query(POST, { id }, { requestPolicy: 'network-only' });
    assert.match(whole.post.author.handle, /^[a-z0-9_]{3,30}$/);
  });

  test('a like is shown before it is answered', async () => {
    const id = await publish('To be liked');
    await query(POST, { id });
    // The answer is held back until the like is shown without it.
    let release;
    const released = new Promise((resolve) => (release = resolve));
    const held = async (...request) => {
      await released;
      return fetch(...request);
    };
    const seen = [];
    const watching = client.query(POST, { id }).subscribe(({ data }) => {
      seen.push(data.post.likeCount);
      if (data.post.likeCount === 1) release();
    });
    const { data, error } = await client.mutation(LIKE, { input: { postId: id } }, { fetch: held }).toPromise();
    assert.equal(error, undefined);
    assert.deepEqual(data.likePost.userErrors, []);
    assert.deepEqual(seen.slice(0, 2), [0, 1]);
    assert.equal((await query(POST, { id }, { requestPolicy: 'cache-only' })).data.post.likeCount, 1);
    watching.unsubscribe();
  });

  test('a subscription brings a count of likes into the cache', async () => {
    const id = await publish('Watched');
    await query(POST, { id });
    let told;
    let tell;
    const first = new Promise((resolve) => (tell = resolve));
    const subscription = client.subscription(LIKED, { post: id }).subscribe(({ data, error }) => {
      assert.equal(error, undefined);
      tell((told = data.postLiked));
    });
    // It stands when the gateway has read it, which no client is told: the post is liked until one like is told of.
    while (!told) {
      await world.ask('mutation ($id: ID!) { likePost(input: { postId: $id }) { post { id } } }', { id });
      await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 200))]);
      if (!told) await world.ask('mutation ($id: ID!) { unlikePost(input: { postId: $id }) { post { id } } }', { id });
    }
    const { data } = await query(POST, { id }, { requestPolicy: 'cache-only' });
    assert.equal(data.post.likeCount, told.post.likeCount);
    subscription.unsubscribe();
  });
});

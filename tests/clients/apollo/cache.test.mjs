// Apollo Client: a normalised cache over interfaces and unions, connections that grow, optimistic answers, errors by their
// code, and subscriptions.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { CombinedGraphQLErrors } from '@apollo/client';

import { onBoth } from '../on-both.mjs';
import { connect } from './client.mjs';
import { FEED, FOUND, LIKE, LIKED, NEWEST, PUBLISH, RETITLE } from './src/documents.js';

onBoth((world) => {
  let app;
  let client;
  beforeEach(async () => {
    app = await connect(world, world.token);
    client = app.client;
  });
  afterEach(async () => {
    client.stop();
    await app.close();
  });

  const publish = async (title) => {
    const { data } = await client.mutate({ mutation: PUBLISH, variables: { input: { title, content: 'Text.' } } });
    assert.deepEqual(data.createPost.userErrors, []);
    return data.createPost.post;
  };
  const cached = (query, variables) => client.readQuery({ query, variables });

  test('a connection grows page by page', async () => {
    let { data } = await client.query({ query: NEWEST, variables: { first: 4 } });
    const query = client.watchQuery({ query: NEWEST, variables: { first: 4 } });
    const subscription = query.subscribe(() => {});
    for (const shown of [8, 12]) {
      await query.fetchMore({ variables: { after: data.posts.pageInfo.endCursor } });
      data = cached(NEWEST, { first: 4 });
      assert.equal(data.posts.edges.length, shown);
    }
    subscription.unsubscribe();
    const { posts } = await world.ask('{ posts(first: 12) { nodes { id } } }');
    assert.deepEqual(data.posts.edges.map(({ node }) => node.id), posts.nodes.map(({ id }) => id));
  });

  test('what a mutation answers is seen wherever the post is', async () => {
    const { id, author } = await publish('First title');
    await client.query({ query: NEWEST, variables: { first: 1 } });
    await client.query({ query: NEWEST, variables: { first: 1, author: author.id } });
    const { data } = await client.mutate({ mutation: RETITLE, variables: { input: { id, title: 'Second title' } } });
    assert.deepEqual(data.updatePost.userErrors, []);
    for (const variables of [{ first: 1 }, { first: 1, author: author.id }]) {
      assert.equal(cached(NEWEST, variables).posts.edges[0].node.title, 'Second title');
    }
  });

  test('fragments on an interface fit the members of a union', async () => {
    const { data } = await client.query({ query: FOUND, variables: { text: 'demo' } });
    const user = data.search.nodes.map(({ node }) => node).find(({ handle }) => handle === 'demo');
    assert.equal(user.__typename, 'User');
    assert.equal(user.id, (await world.ask('{ viewer { id } }')).viewer.id);
    assert.deepEqual(cached(FOUND, { text: 'demo' }), data);
  });

  test('a like is shown before it is answered', async () => {
    const { id } = await publish('To be liked');
    await client.query({ query: NEWEST, variables: { first: 1 } });
    const shown = () => {
      const { likeCount, viewerHasLiked } = cached(NEWEST, { first: 1 }).posts.edges[0].node;
      return [likeCount, viewerHasLiked];
    };
    assert.deepEqual(shown(), [0, false]);
    const watching = client.watchQuery({ query: NEWEST, variables: { first: 1 }, fetchPolicy: 'cache-only' });
    const subscription = watching.subscribe(() => {});
    const post = { __typename: 'Post', id, likeCount: 1, viewerHasLiked: true };
    const liked = client.mutate({
      mutation: LIKE,
      variables: { post: id },
      optimisticResponse: { likePost: { __typename: 'LikePostPayload', post, userErrors: [] } },
    });
    const early = watching.getCurrentResult().data.posts.edges[0].node;
    assert.deepEqual([early.likeCount, early.viewerHasLiked], [1, true]);
    assert.deepEqual(shown(), [0, false], 'the truth is not there yet');
    const { data } = await liked;
    assert.deepEqual(data.likePost.userErrors, []);
    assert.deepEqual(shown(), [1, true]);
    subscription.unsubscribe();
  });

  test('errors have codes', async () => {
    const stranger = await connect(world);
    const error = await stranger.client.query({ query: FEED }).catch((error) => error);
    assert.ok(CombinedGraphQLErrors.is(error), String(error));
    assert.equal(error.errors[0].extensions.code, 'UNAUTHENTICATED');
    await stranger.close();
    const { data } = await client.mutate({ mutation: PUBLISH, variables: { input: { title: ' ', content: 'x' } } });
    assert.deepEqual(data.createPost.userErrors.map(({ code, path }) => [code, path]), [['REQUIRED', ['title']]]);
  });

  test('a subscription brings a count of likes into the cache', async () => {
    const { id } = await publish('Watched');
    await client.query({ query: NEWEST, variables: { first: 1 } });
    let told;
    const first = new Promise((resolve, reject) => {
      client.subscribe({ query: LIKED, variables: { post: id } }).subscribe({
        next: ({ data, error }) => (error ? reject(error) : resolve((told = data.postLiked))),
        error: reject,
      });
    });
    // It stands when the gateway has read it, which no client is told: the post is liked until one like is told of.
    while (!told) {
      await world.ask('mutation ($id: ID!) { likePost(input: { postId: $id }) { post { id } } }', { id });
      await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 200))]);
      if (!told) await world.ask('mutation ($id: ID!) { unlikePost(input: { postId: $id }) { post { id } } }', { id });
    }
    assert.equal(told.post.id, id);
    assert.equal(cached(NEWEST, { first: 1 }).posts.edges[0].node.likeCount, told.post.likeCount);
  });
});

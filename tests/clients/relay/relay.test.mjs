// Relay's compiler and runtime: refetching by `node`, connections that grow at both ends, mutations that say in the
// document what becomes of connections, and subscriptions.

import assert from 'node:assert/strict';
import { afterEach, before, beforeEach, test } from 'node:test';

import relay from 'relay-runtime';

import { onBoth } from '../on-both.mjs';
import { compile, connect, loadPage, read, readFragment } from './environment.mjs';

const { ConnectionHandler, commitMutation, fetchQuery, requestSubscription } = relay;

let artefact;
before(() => {
  artefact = compile('relay.config.json', 'src/__generated__');
});

onBoth((world) => {
  let app;
  beforeEach(() => {
    app = connect(world);
  });
  afterEach(() => app.close());

  const load = (name, variables) => fetchQuery(app.environment, artefact(name), variables).toPromise();
  const mutate = (name, variables, more = {}) =>
    new Promise((resolve, reject) => {
      commitMutation(app.environment, {
        mutation: artefact(name),
        variables,
        onCompleted: (data, errors) => (errors ? reject(new Error(JSON.stringify(errors))) : resolve(data)),
        onError: reject,
        ...more,
      });
    });
  const wall = (variables) => {
    const reference = read(app.environment, artefact('wallQuery'), variables);
    return readFragment(app.environment, artefact('wall_posts'), reference).posts;
  };

  test('a connection grows at its end, and at its start', async () => {
    const { edges } = (await world.ask('{ posts(first: 10) { edges { cursor node { title } } } }')).posts;
    const variables = { first: 2, after: edges[3].cursor };
    const reference = await load('wallQuery', variables);
    const shown = () => wall(variables).edges.map(({ node }) => node.title);
    const expected = (from, to) => edges.slice(from, to).map(({ node }) => node.title);
    assert.deepEqual(shown(), expected(4, 6));
    await loadPage(app.environment, artefact('wall_posts'), reference, 'forward', 3);
    assert.deepEqual(shown(), expected(4, 9));
    await loadPage(app.environment, artefact('wall_posts'), reference, 'backward', 3);
    assert.deepEqual(shown(), expected(1, 9));
    await loadPage(app.environment, artefact('wall_posts'), reference, 'backward', 3);
    assert.deepEqual(shown(), expected(0, 9));
    assert.equal(wall(variables).pageInfo.hasPreviousPage, false);
    assert.equal(wall(variables).pageInfo.hasNextPage, true);
    assert.deepEqual(app.requests, ['wallQuery', 'wallPostsQuery', 'wallPostsQuery', 'wallPostsQuery']);
  });

  test('a fragment is refetched by node', async () => {
    const data = await load('wallQuery', { first: 1 });
    const fragment = artefact('wall_author');
    const shown = () => readFragment(app.environment, fragment, data.viewer);
    assert.equal(shown().handle, 'demo');
    const bio = `Refetched by ${process.pid} on ${world.address}`;
    await world.ask('mutation ($bio: String) { updateProfile(input: { bio: $bio }) { user { id } } }', { bio });
    assert.notEqual(shown().bio, bio);
    const { refetchableRequest } = relay.getRefetchMetadata(fragment, 'the test');
    assert.equal(refetchableRequest.params.name, 'wallAuthorQuery');
    await fetchQuery(app.environment, refetchableRequest, { id: data.viewer.id }).toPromise();
    assert.equal(shown().bio, bio);
  });

  test('a post is published onto the wall, and taken off again', async () => {
    const variables = { first: 3 };
    await load('wallQuery', variables);
    const earlier = wall(variables).edges.map(({ node }) => node.id);
    const connections = [ConnectionHandler.getConnectionID('client:root', 'wall_posts')];
    const input = { title: 'By Relay', content: 'Prepended.' };
    const { createPost } = await mutate('wallPublishMutation', { input, connections });
    assert.deepEqual(createPost.userErrors, []);
    const { id } = createPost.post;
    assert.deepEqual(wall(variables).edges.map(({ node }) => node.id), [id, ...earlier]);
    assert.equal(wall(variables).edges[0].node.likeCount, 0);

    const { deletePost } = await mutate('wallRemoveMutation', { input: { id }, connections });
    assert.deepEqual(deletePost, { deletedPostId: id, deletedRecordId: id, userErrors: [] });
    assert.deepEqual(wall(variables).edges.map(({ node }) => node.id), earlier);
    assert.equal(app.environment.getStore().getSource().get(id), null);
  });

  test('a like is shown at once, and is in the connection of likes once it is there', async () => {
    const input = { title: 'To be liked', content: 'Please.' };
    const { createPost } = await mutate('wallPublishMutation', { input, connections: [] });
    const { id } = createPost.post;
    await load('wallPostQuery', { id });
    const shown = () => {
      const { node } = read(app.environment, artefact('wallPostQuery'), { id });
      const likes = readFragment(app.environment, artefact('wall_likes'), node.post).likes;
      return [node.likeCount, node.viewerHasLiked, likes.edges.map(({ node }) => node.user.handle)];
    };
    assert.deepEqual(shown(), [0, false, []]);
    const connections = [ConnectionHandler.getConnectionID(id, 'wall_likes')];
    const optimisticUpdater = (store) => {
      store.get(id).setValue(1, 'likeCount').setValue(true, 'viewerHasLiked');
    };
    const liked = mutate('wallLikeMutation', { input: { postId: id }, connections }, { optimisticUpdater });
    assert.deepEqual(shown(), [1, true, []]);
    await liked;
    assert.deepEqual(shown(), [1, true, ['demo']]);
    await mutate('wallUnlikeMutation', { input: { postId: id }, connections });
    assert.deepEqual(shown(), [0, false, []]);
  });

  test('a connection below a node pages, too', async () => {
    const most = 'query { posts(orderBy: MOST_LIKED, first: 1) { nodes { id likes(first: 7) { nodes { id } } } } }';
    const [{ id, likes }] = (await world.ask(most)).posts.nodes;
    const { node } = await load('wallPostQuery', { id });
    const fragment = artefact('wall_likes');
    await loadPage(app.environment, fragment, node.post, 'forward', 4);
    const shown = readFragment(app.environment, fragment, node.post).likes;
    assert.deepEqual(shown.edges.map(({ node }) => node.id), likes.nodes.map((like) => like.id));
    assert.equal(likes.nodes.length, 7);
  });

  test('a subscription brings a new count of likes into the store', async () => {
    const { createPost } = await mutate('wallPublishMutation', {
      input: { title: 'Watched', content: 'Closely.' },
      connections: [],
    });
    const { id } = createPost.post;
    await load('wallPostQuery', { id });
    const told = new Promise((resolve, reject) => {
      requestSubscription(app.environment, {
        subscription: artefact('wallLikedSubscription'),
        variables: { post: id },
        onNext: resolve,
        onError: reject,
      });
    });
    // A subscription stands when the gateway has read it, which no client is told: it is liked until one is told of.
    const [like, unlike] = ['likePost', 'unlikePost'].map(
      (field) => () => world.ask(`mutation ($id: ID!) { ${field}(input: { postId: $id }) { post { id } } }`, { id }),
    );
    let isTold = false;
    told.then(() => (isTold = true));
    while (!isTold) {
      await like();
      await Promise.race([told, new Promise((resolve) => setTimeout(resolve, 200))]);
      if (!isTold) await unlike();
    }
    assert.equal((await told).postLiked.post.id, id);
    const { likeCount } = (await told).postLiked.post;
    assert.equal(read(app.environment, artefact('wallPostQuery'), { id }).node.likeCount, likeCount);
  });
});

// Polygraph as a subgraph: it composes with another team's, and routers join the two from either side.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { parse } from 'graphql';

import { ask } from '../gateways.mjs';
import { onBoth } from '../on-both.mjs';
import { startNotes, typeDefs } from './notes.mjs';
import { routers } from './routers.mjs';

onBoth((world) => {
  let notes;
  before(async () => {
    notes = await startNotes();
  });
  after(() => notes.close());

  test('_service and /schema.graphql?federation tell the same', async () => {
    const { _service } = await ask(world.address, '{ _service { sdl } }');
    const response = await fetch(`${world.origin}/schema.graphql?federation`);
    assert.equal(await response.text(), _service.sdl);
    for (const entity of ['User', 'Post']) {
      assert.match(_service.sdl, new RegExp(`^type ${entity} implements Node @key\\(fields: "id"\\) \\{$`, 'm'));
    }
  });

  test('entities come in the order of their keys, and one that is wrong costs itself alone', async () => {
    const { posts, viewer } = await world.ask('{ viewer { id } posts(first: 1) { nodes { id title } } }');
    const [post] = posts.nodes;
    const query = `query ($of: [_Any!]!) {
      _entities(representations: $of) { __typename ... on User { handle } ... on Post { title } }
    }`;
    const of = [
      { __typename: 'Post', id: post.id },
      { __typename: 'User', id: viewer.id },
      { __typename: 'User', id: post.id },
      { __typename: 'Post', id: post.id },
    ];
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ query, variables: { of } });
    const { data, errors } = await (await fetch(world.url, { method: 'POST', headers, body })).json();
    const found = { __typename: 'Post', title: post.title };
    assert.deepEqual(data._entities, [found, { __typename: 'User', handle: 'demo' }, null, found]);
    assert.deepEqual(errors.map(({ path, extensions }) => [path, extensions.code]), [[['_entities', 2], 'BAD_USER_INPUT']]);
  });

  for (const [name, start] of Object.entries(routers)) {
    describe(name, () => {
      let router;
      before(async () => {
        const { _service } = await ask(world.address, '{ _service { sdl } }');
        router = await start([
          { name: 'polygraph', url: world.url, typeDefs: parse(_service.sdl) },
          { name: 'notes', url: notes.url, typeDefs },
        ]);
      });
      after(() => router.close());

      const data = async (...question) => {
        const { data, errors } = await router.ask(...question);
        assert.equal(errors, undefined, JSON.stringify(errors));
        return JSON.parse(JSON.stringify(data));
      };

      test('from Polygraph to the other', async () => {
        const { posts } = await data(`{
          posts(first: 5) { nodes { id title notes words author { id handle badges } } pageInfo { hasNextPage } }
        }`);
        const own = await world.ask('{ posts(first: 5) { nodes { id title content author { id handle } } } }');
        assert.deepEqual(posts.pageInfo, { hasNextPage: true });
        assert.deepEqual(
          posts.nodes,
          own.posts.nodes.map(({ id, title, content, author }) => ({
            id,
            title,
            notes: [`note on ${id}`],
            words: content.split(/\s+/).length,
            author: { ...author, badges: [`badge of ${author.id}`] },
          })),
        );
      });

      test('from the other to Polygraph', async () => {
        const own = (await world.ask('{ posts(first: 3) { nodes { id title author { handle } } } }')).posts.nodes;
        const pinned = [own[2], own[0], own[2]];
        notes.pin(pinned.map(({ id }) => id));
        const answer = await data('{ pinned { id title author { handle } } }');
        assert.deepEqual(answer.pinned, pinned);
      });

      test('who is signed in is signed in here', async () => {
        const { viewer } = await data('{ viewer { handle email badges } }', {}, world.token);
        const { id } = (await world.ask('{ viewer { id } }')).viewer;
        assert.deepEqual(viewer, { handle: 'demo', email: 'demo@example.org', badges: [`badge of ${id}`] });
        assert.deepEqual(await data('{ viewer { handle badges } }'), { viewer: null });
      });

      test('a mutation by the router, with fields of the other', async () => {
        const input = { title: 'By a router', content: 'one two three' };
        const mutation = `mutation ($input: CreatePostInput!) {
          createPost(input: $input) { post { id title words notes } userErrors { code } }
        }`;
        const { createPost } = await data(mutation, { input }, world.token);
        const { id } = createPost.post;
        assert.deepEqual(createPost, {
          post: { id, title: input.title, words: 3, notes: [`note on ${id}`] },
          userErrors: [],
        });
      });
    });
  }
});

// graphql-ws and graphql-sse wait for all four subscriptions at one gateway, while another is written to.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import WebSocket from 'ws';

import { Gateways, ask, signUp } from './gateways.mjs';

// How many writes of each kind are told of.
const WRITES = 50;

const gateways = new Gateways();
let written;
let told;
let ada;
let bea;

before(async () => {
  [written, told] = await gateways.start(2);
  ada = await signUp(written, 'ada');
  bea = await signUp(written, 'bea');
  await ask(written, 'mutation ($u: ID!) { follow(input: { userId: $u }) { user { id } } }', { u: ada.id }, bea.token);
});

after(() => gateways.stop());

const publish = async (title) => {
  const query = 'mutation ($t: String!) { createPost(input: { title: $t, content: "text" }) { post { id } } }';
  return (await ask(written, query, { t: title }, ada.token)).createPost.post.id;
};
const like = (post) => ask(written, 'mutation ($p: ID!) { likePost(input: { postId: $p }) { post { id } } }', { p: post }, bea.token);
const edit = (post, title) =>
  ask(written, 'mutation ($p: ID!, $t: String!) { updatePost(input: { id: $p, title: $t }) { post { id } } }', { p: post, t: title }, ada.token);

// What a client is told of, with when it was, in order.
class Told {
  #events = [];
  #waiting = [];

  constructor(client, query, variables) {
    client.subscribe({ query, variables }, {
      next: (result) => {
        this.#events.push({ result, at: performance.now() });
        this.#waiting.splice(0).forEach((wake) => wake());
      },
      error: (error) => this.#end(error),
      complete: () => this.#end(new Error('it is complete')),
    });
  }

  #end(error) {
    this.failed = error;
    this.#waiting.splice(0).forEach((wake) => wake());
  }

  // The first `count` events.
  async first(count) {
    while (this.#events.length < count) {
      if (this.failed) throw this.failed;
      await new Promise((wake) => this.#waiting.push(wake));
    }
    return this.#events.slice(0, count);
  }
}

const clients = {
  'graphql-ws': (token) =>
    createWsClient({
      url: `ws://${told}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: token && { Authorization: `Bearer ${token}` },
    }),
  'graphql-sse': (token) =>
    createSseClient({ url: `http://${told}/graphql`, headers: token ? { authorization: `Bearer ${token}` } : {} }),
};

// A subscription stands when a gateway answers what was asked after it; over event streams that is another request, so a
// post is published until it is told of.
async function standing(subscriptions, provoke) {
  for (;;) {
    await provoke();
    const all = Promise.all(subscriptions.map((subscription) => subscription.first(1)));
    const late = new Promise((resolve) => setTimeout(resolve, 500, 'late'));
    if ((await Promise.race([all, late])) !== 'late') return;
  }
}

for (const [name, connect] of Object.entries(clients)) {
  test(`${name} is told of all four, from another gateway`, async (context) => {
    const client = connect(undefined);
    const follower = connect(bea.token);
    const target = await publish(`${name}: the target`);
    const created = new Told(client, 'subscription ($a: ID) { postCreated(author: $a) { title author { handle } } }', { a: ada.id });
    const feed = new Told(follower, 'subscription { feed { title } }', {});
    await standing([created, feed], () => publish(`${name}: provoked`));
    const changed = new Told(client, 'subscription ($p: ID!) { postChanged(id: $p) { title revision } }', { p: target });
    await standing([changed], () => edit(target, `${name}: provoked`));
    const liked = new Told(client, 'subscription ($a: ID) { postLiked(author: $a) { user { handle } post { title likeCount } } }', { a: ada.id });
    await standing([liked], async () => like(await publish(`${name}: provoked`)));

    // From a write's answer until the event that tells of it, in milliseconds.
    const delays = [];
    const find = async (subscription, isIt) => {
      for (let count = 1; ; count += 1) {
        const event = (await subscription.first(count)).at(-1);
        assert.equal(event.result.errors, undefined);
        if (isIt(event.result.data)) return event.at;
      }
    };
    for (let turn = 0; turn < WRITES; turn += 1) {
      const title = `${name}: ${turn}`;
      const post = await publish(title);
      let answered = performance.now();
      delays.push((await find(created, (data) => data.postCreated.title === title)) - answered);
      delays.push((await find(feed, (data) => data.feed.title === title)) - answered);
      await edit(target, title);
      answered = performance.now();
      delays.push((await find(changed, (data) => data.postChanged.title === title)) - answered);
      await like(post);
      answered = performance.now();
      delays.push((await find(liked, (data) => data.postLiked.post.title === title)) - answered);
    }
    // Each of them once, in order.
    const titles = (await feed.first(WRITES)).map(({ result }) => result.data.feed.title).filter((title) => /: \d+$/.test(title));
    assert.deepEqual(titles, [...new Set(titles)]);
    await client.dispose();
    await follower.dispose();

    const version = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
    const sorted = delays.map((delay) => Math.max(delay, 0)).sort((a, b) => a - b);
    const at = (share) => sorted[Math.ceil(sorted.length * share) - 1].toFixed(1);
    context.diagnostic(`${name} ${version}: ${sorted.length} events, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms after the mutation's answer`);
  });
}

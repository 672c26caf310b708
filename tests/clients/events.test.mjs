// Events as other services get them: they keep to their schemas, `polygraph events tail` shows them, and the consumers in
// examples/events count them, from Redis and from RabbitMQ.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { Gateways, ask, signUp, url } from './gateways.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const ajv = new Ajv({ strict: true });
addFormats(ajv);
for (const file of readdirSync(at('../../docs/events'))) {
  ajv.addSchema(JSON.parse(readFileSync(at(`../../docs/events/${file}`), 'utf8')));
}

// The Python of an environment that has what the examples import.
function python() {
  const home = at('../../target/python-clients');
  const python = `${home}/bin/python`;
  const run = (program, ...args) => {
    const ended = spawnSync(program, args, { encoding: 'utf8' });
    if (ended.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${ended.error ?? ended.stderr}`);
  };
  if (!existsSync(python)) run('python3', '-m', 'venv', home);
  run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', at('requirements.txt'));
  return python;
}

// The lines that a process says, as they are asked for.
function lines(process) {
  const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { done, value } = await lines.next();
    if (done) throw new Error('it has ended');
    return value;
  };
}

for (const [name, settings, consumer] of [
  ['Redis', {}, { file: 'redis_consumer.py', env: { REDIS_URL: url('POLYGRAPH_TEST_REDIS_URL') } }],
  [
    'RabbitMQ',
    { EVENTS_URL: url('POLYGRAPH_TEST_RABBITMQ_URL') },
    { file: 'rabbitmq_consumer.py', env: { AMQP_URL: url('POLYGRAPH_TEST_RABBITMQ_URL') } },
  ],
]) {
  test(`events from ${name} keep to their schemas, and others can count them`, async () => {
    const gateways = new Gateways();
    const others = [];
    try {
      const [address] = await gateways.start(1, settings);
      const tail = gateways.command('events', 'tail');
      others.push(tail);
      const told = lines(tail);
      // What it says first on standard error is that it follows.
      await once(tail.stderr, 'data');
      const counting = spawn(python(), [at(`../../examples/events/${consumer.file}`)], {
        env: { ...consumer.env, NAMESPACE: gateways.namespace },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      others.push(counting);
      const counted = lines(counting);
      assert.equal(await counted(), 'ready');

      const ada = await signUp(address, 'ada');
      const bea = await signUp(address, 'bea');
      const as = (person, mutation, variables) => ask(address, mutation, variables, person.token);
      const publish = 'mutation { createPost(input: { title: "t", content: "c" }) { post { id } } }';
      const post = (await as(ada, publish)).createPost.post.id;
      const about = { p: post, u: ada.id };
      for (const [person, mutation] of [
        [bea, 'mutation ($u: ID!) { follow(input: { userId: $u }) { user { id } } }'],
        [bea, 'mutation ($u: ID!) { unfollow(input: { userId: $u }) { user { id } } }'],
        [ada, 'mutation { updateProfile(input: { bio: "b" }) { user { id } } }'],
        [ada, 'mutation ($p: ID!) { updatePost(input: { id: $p, title: "other" }) { post { id } } }'],
        [bea, 'mutation ($p: ID!) { likePost(input: { postId: $p }) { post { id } } }'],
        [bea, 'mutation ($p: ID!) { unlikePost(input: { postId: $p }) { post { id } } }'],
        [ada, 'mutation ($p: ID!) { deletePost(input: { id: $p }) { deletedPostId } }'],
        [bea, 'mutation { deleteAccount(input: { password: "analytical engine" }) { deletedUserId } }'],
      ]) {
        const named = new Set([...mutation.matchAll(/\$(\w)\b/g)].map(([, name]) => name));
        await as(person, mutation, Object.fromEntries([...named].map((name) => [name, about[name]])));
      }

      const kinds = new Set(readdirSync(at('../../docs/events')).map((file) => file.replace('.schema.json', '')));
      const events = [];
      while (kinds.size > 0) {
        const event = JSON.parse(await told());
        const valid = ajv.getSchema(event.dataschema);
        assert.ok(valid, `a schema of ${event.type}`);
        assert.ok(valid(event), `${JSON.stringify(event)}: ${ajv.errorsText(valid.errors)}`);
        kinds.delete(event.type.replace('org.polygraph.', ''));
        events.push(event);
      }
      assert.equal(new Set(events.map((event) => event.id)).size, events.length);
      const ofThePost = events.filter((event) => event.subject === post).map((event) => event.type.split('.')[3]);
      assert.deepEqual(ofThePost, ['created', 'updated', 'liked', 'unliked', 'deleted']);
      assert.equal(await counted(), `${ada.id} 1`);
    } finally {
      for (const other of others) {
        if (other.exitCode === null) {
          other.kill('SIGTERM');
          await once(other, 'exit');
        }
      }
      await gateways.stop();
    }
  });
}

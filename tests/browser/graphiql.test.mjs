// GraphiQL, as the gateway serves it, on embedded stores and on real ones.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Gateways, ask, signUp } from '../clients/gateways.mjs';
import { launch, open } from './pages.mjs';

// What a first visit may cost: the page, its scripts and styles, three workers, an icon font, the schema. A tenth more is to
// be noticed.
const MOST_REQUESTS = 14;
const MOST_BYTES = 2_000_000;

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser.close());

const publish = (address, author, title) =>
  ask(
    address,
    'mutation ($t: String!) { createPost(input: { title: $t, content: "text" }) { post { id } } }',
    { t: title },
    author.token,
  );

// Publishes until the page shows that it was told: from then on, a subscription stands.
async function published(page, author) {
  for (let turn = 0; ; turn += 1) {
    const title = `told of in the browser, ${turn}`;
    await publish(page.address, author, title);
    const told = page.answered(title).then(() => true);
    const late = new Promise((resolve) => setTimeout(resolve, 500, false));
    if (await Promise.race([told, late])) return;
    told.catch(() => {});
  }
}

for (const name of ['embedded', 'real']) {
  describe(`on ${name} stores`, () => {
    let gateways;
    let address;
    let author;

    before(async () => {
      gateways = new Gateways(name);
      gateways.seed(30, 60, 200, 100);
      [address] = await gateways.start(1);
      author = await signUp(address, 'browser_author');
    });
    after(() => gateways.stop());

    // A test with a page of its own, which must have nothing to complain about.
    const visit = (what, options, body) =>
      test(what, { timeout: 120_000 }, async (context) => {
        const page = await open(browser, address, options);
        try {
          await body(page, context);
        } catch (error) {
          await page.screenshot(`failed-${name}`);
          throw new Error(`${error.message}\n${page.faults.join('\n')}`, { cause: error });
        }
        await page.close();
      });

    visit('a first visit loads all that it needs from the gateway, and little of it', {}, async (page, context) => {
      const took = await page.page.evaluate(() => Math.round(performance.now()));
      context.diagnostic(`${page.requests.length} requests, ${page.bytes} bytes, ready after at most ${took} ms`);
      assert.ok(page.requests.length <= MOST_REQUESTS, page.requests.map((request) => request.url()).join('\n'));
      assert.ok(page.bytes > 1_000_000 && page.bytes <= MOST_BYTES, `${page.bytes} bytes`);
      const tabs = await page.page.getByRole('tab').allInnerTexts();
      assert.deepEqual(tabs.map((tab) => tab.trim()), ['Posts', 'Search', 'Leaderboard', 'Profile', 'Write', 'Published']);

      // A second visit asks whether the page has changed, and loads nothing again.
      await page.page.reload();
      await page.isReady();
      const loaded = await page.page.evaluate(() =>
        [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
          .filter((entry) => entry.encodedBodySize > 0 && entry.transferSize > entry.encodedBodySize)
          .map((entry) => new URL(entry.name).pathname),
      );
      assert.deepEqual(loaded.filter((path) => path !== '/graphql'), []);
    });

    visit('a query is run, and its answer shown', {}, async (page) => {
      const { answer } = await page.run();
      assert.equal(answer.errors, undefined);
      await page.answered(answer.data.posts.nodes[0].title);
      await page.screenshot(`query-${name}`);
    });

    visit('every example runs', {}, async (page) => {
      for (const tab of ['Search', 'Leaderboard', 'Profile']) {
        await page.page.getByRole('tab', { name: tab }).click();
        const { answer } = await page.run();
        assert.equal(answer.errors, undefined, tab);
        await page.answered(`"${Object.keys(answer.data)[0]}": `);
      }
      await page.page.getByRole('tab', { name: 'Write' }).click();
      const { answer } = await page.run();
      assert.equal(answer.data.createPost, null);
      assert.equal(answer.errors[0].extensions.code, 'UNAUTHENTICATED');
    });

    visit('the schema can be read, and a query put together from it', {}, async (page) => {
      await page.press('Show Documentation Explorer');
      const docs = page.page.locator('.graphiql-doc-explorer');
      await docs.getByText('Query', { exact: true }).click();
      await docs.getByText('leaderboard', { exact: true }).waitFor();
      await page.screenshot(`docs-${name}`);
      await page.press('Show GraphiQL Explorer');
      await page.write('query Picked { viewer { handle } }');
      const explorer = page.page.locator('.docExplorerWrap, .graphiql-explorer-root').first();
      await explorer.getByText('trending', { exact: true }).click();
      await page.shows('trending');
    });

    visit('fields are completed, and mistakes marked', {}, async (page) => {
      await page.write('{ ');
      await page.page.keyboard.type('lead');
      const suggestion = page.page.locator('.suggest-widget.visible .monaco-list-row', { hasText: 'leaderboard' });
      await suggestion.waitFor();
      await page.screenshot(`completion-${name}`);
      await page.page.keyboard.press('Enter');
      await page.shows('leaderboard');
      await page.write('{ postss { totalCount } }');
      await page.page.locator('.graphiql-query-editor .squiggly-error').first().waitFor();
    });

    visit('a subscription is followed as it is told', {}, async (page) => {
      await page.write('subscription { postCreated { title author { handle } } }');
      await page.press('Execute query (Ctrl-Enter)');
      await published(page, author);
      await page.answered('browser_author');
      await page.screenshot(`subscription-${name}`);
      await page.press('Stop query (Ctrl-Enter)');
      assert.equal(page.sockets[0].url, `ws://${address}/graphql`);
    });

    visit('who signs in is known to queries and to subscriptions, and to nobody after the page', {}, async (page) => {
      await page.signIn('demo', 'a wrong password');
      await page.page.getByRole('alert').waitFor();
      await page.screenshot(`sign-in-${name}`);
      await page.page.keyboard.press('Escape');
      await page.signIn('demo', 'demo-demo-demo');
      await page.page.getByText('@demo').waitFor();

      await page.write('{ viewer { handle email } }');
      const { answer, headers } = await page.run();
      assert.deepEqual(answer, { data: { viewer: { handle: 'demo', email: 'demo@example.org' } } });
      const token = headers.authorization.replace('Bearer ', '');
      await page.press('Headers');
      await page.shows('"Authorization": "Bearer ', '.graphiql-editor-tool .graphiql-editor:not(.hidden)');
      await page.screenshot(`signed-in-${name}`);

      // A new tab and a query from the history are sent by the same person.
      await page.press('New tab');
      await page.write('{ viewer { name } }');
      assert.equal((await page.run()).headers.authorization, `Bearer ${token}`);
      await page.press('Show History');
      await page.page.locator('.graphiql-history-item-label').last().click();
      assert.equal((await page.run()).headers.authorization, `Bearer ${token}`);

      await ask(address, 'mutation ($u: ID!) { follow(input: { userId: $u }) { user { id } } }', { u: author.id }, token);
      await page.write('subscription { feed { title author { handle } } }');
      await page.press('Execute query (Ctrl-Enter)');
      await published(page, author);
      await page.press('Stop query (Ctrl-Enter)');
      const [init] = page.sockets[0].sent;
      assert.deepEqual(init, { type: 'connection_init', payload: { Authorization: `Bearer ${token}` } });

      const stored = await page.page.evaluate(() => JSON.stringify(localStorage));
      assert.ok(stored.includes('viewer') && !stored.includes(token), stored);

      await page.press('Sign out');
      await page.page.getByRole('button', { name: 'Sign in' }).waitFor();
      await page.page.getByRole('tab').first().click();
      const out = await page.run();
      assert.deepEqual([out.answer, out.headers.authorization], [{ data: { viewer: null } }, undefined]);
      await assert.rejects(ask(address, '{ viewer { handle } }', {}, token), /UNAUTHENTICATED/);
    });

    visit('what a query asked of the stores is shown, level by level', {}, async (page) => {
      const plain = await page.run();
      assert.deepEqual([plain.headers['x-explain'], plain.answer.extensions], [undefined, undefined]);
      await page.press('Show Explain');
      await page.page.getByLabel('Explain each request').check();
      const { answer, headers } = await page.run();
      assert.equal(headers['x-explain'], '1');
      const { cost, levels } = answer.extensions.explain;
      const panel = page.page.getByRole('region', { name: 'Explain' });
      await panel.getByText('Level 1').waitFor();
      const rows = await panel.locator('tbody').evaluateAll((bodies) => bodies.map((body) => body.rows.length));
      assert.deepEqual(rows, levels.map((level) => level.batches.length));
      assert.ok(levels.length >= 3, JSON.stringify(levels));
      const [first] = levels[0].batches;
      const cells = await panel.locator('tbody tr').first().locator('td').allInnerTexts();
      assert.deepEqual([cells[0], cells[1].split('\n')[0]], [first.store, first.port]);
      assert.equal(Number(cells[3]), first.rows);
      assert.match(await panel.innerText(), new RegExp(`Cost\\s+${cost.toLocaleString('en')}\\s`));
      await page.screenshot(`explain-${name}`);

      page.isToReport('status of 400');
      await page.write('{ nothing }');
      await page.run();
      await panel.getByText('The query was refused').waitFor();
      await panel.getByText('GRAPHQL_VALIDATION_FAILED').waitFor();
    });

    visit('in the dark it is dark', { colorScheme: 'dark' }, async (page) => {
      // GraphiQL's own colours are rules, Monaco's a theme that it is told of.
      const is = async (theme, isAsExpected) => {
        await page.page.locator(`.graphiql-query-editor .monaco-editor.${theme}`).waitFor();
        const lightness = await page.page.locator('.graphiql-container').evaluate((element) => {
          const [red, green, blue] = getComputedStyle(element).backgroundColor.match(/\d+/g).map(Number);
          return (red + green + blue) / 3 / 255;
        });
        assert.ok(isAsExpected(lightness), `${lightness}`);
      };
      const isDark = () => is('vs-dark', (lightness) => lightness < 0.3);
      await page.run();
      await page.screenshot(`dark-${name}`);
      await isDark();
      await page.page.emulateMedia({ colorScheme: 'light' });
      await is('vs', (lightness) => lightness > 0.9);
      await page.press('Open settings dialog');
      await page.press('Dark');
      await isDark();
    });
  });
}

test('without JavaScript the page says where the API is', async () => {
  const gateways = new Gateways('embedded');
  try {
    const [address] = await gateways.start(1);
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`http://${address}/`);
    const shown = await page.locator('body').innerText();
    assert.match(shown, /needs JavaScript/);
    assert.match(shown, /curl http:/);
    await context.close();
  } finally {
    await gateways.stop();
  }
});

// A store that is down costs its part of the page; the rest stays, and what is missing can be tried again.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { Visitor, until } from './browser.mjs';

export function outages(world) {
  const visit = () => Visitor.come(world.browser, world.app.origin);

  afterEach(() => {
    for (const wire of Object.values(world.gateway.wires)) wire.mend();
  });

  // Tries again until the gateway has noticed that the store is back.
  const tryAgain = (page, there) =>
    until('it is there again', async () => {
      const again = page.getByRole('button', { name: 'Try again' }).first();
      if (await again.isVisible()) await again.click({ timeout: 2000 }).catch(() => {});
      return (await there.count()) > 0;
    });

  test('without posts there are people', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.signIn();
    world.gateway.wires.MONGODB_URL.cut();
    await page.goto('/');
    await page.getByText('Your feed: not available right now.').waitFor();
    assert.ok((await page.getByRole('button', { name: /^Follow / }).count()) > 0, 'suggestions are there');
    await visitor.picture('outage');
    await visitor.accessible();
    let answer;
    await page.route('**/graphql', async (route) => {
      await new Promise((wake) => (answer = wake));
      await route.continue();
    });
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Trying…' }).waitFor();
    assert.ok(await page.getByRole('heading', { name: 'Who to follow' }).isVisible(), 'the rest stays while it is tried');
    await until('it asks', () => answer !== undefined);
    answer();
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await page.unroute('**/graphql');

    await page.goto('/@domingo_moore61');
    await page.getByRole('heading', { name: 'Domingo Moore', level: 1 }).waitFor();
    await page.getByText('Posts: not available right now.').waitFor();
    assert.equal(await page.locator('.counts dd').first().textContent(), '–');
    assert.notEqual(await page.locator('.counts dd').nth(1).textContent(), '–');
    world.gateway.wires.MONGODB_URL.mend();
    await tryAgain(page, visitor.posts);
    await visitor.leave();
  });

  test('without people there are posts', async () => {
    const visitor = await visit();
    const { page } = visitor;
    world.gateway.wires.DATABASE_URL.cut();
    await page.goto('/');
    await visitor.posts.first().waitFor();
    await visitor.posts.first().getByText('Name not available right now').waitFor();
    await visitor.picture('outage-of-people');
    await page.goto('/@domingo_moore61');
    await page.getByText('@domingo_moore61: not available right now.').waitFor();
    world.gateway.wires.DATABASE_URL.mend();
    await tryAgain(page, page.getByRole('heading', { name: 'Domingo Moore', level: 1 }));
    await visitor.leave();
  });

  test('a page that can’t be had leaves those before it, and a like is taken back', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.signIn();
    const count = await visitor.posts.count();
    const heart = visitor.posts.first().getByRole('button', { name: /^Like/ });
    const pressed = await heart.getAttribute('aria-pressed');
    world.gateway.wires.MONGODB_URL.cut();
    await heart.click();
    await visitor.posts.first().getByRole('alert').waitFor();
    assert.equal(await heart.getAttribute('aria-pressed'), pressed);
    await visitor.posts.last().scrollIntoViewIfNeeded();
    await page.getByText('More: Not available right now.').waitFor();
    assert.equal(await visitor.posts.count(), count);
    world.gateway.wires.MONGODB_URL.mend();
    await tryAgain(page, visitor.posts.nth(count));
    await visitor.leave();
  });

  test('without its index the search says that it may miss something', async () => {
    const visitor = await visit();
    const { page } = visitor;
    world.gateway.wires.ELASTICSEARCH_URL.cut();
    await page.goto('/search?q=balcony');
    await page.getByText('some results may be missing').waitFor();
    assert.ok((await page.locator('.results mark').count()) > 0);
    await visitor.leave();
  });

  test('without a gateway it says so, and goes on when there is one', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await page.route('**/graphql', (route) => route.abort());
    await page.goto('/leaderboard');
    await page.getByRole('alert').getByText('Polygraph can’t be reached.').waitFor();
    await page.unroute('**/graphql');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('.leaderboard').waitFor();
    await visitor.leave(/ERR_FAILED/);
  });
}

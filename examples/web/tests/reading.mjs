// What a visitor reads: lists, search, profiles, the leaderboard. The API, asked by itself, says what they are to see.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Visitor, until } from './browser.mjs';
import { ask } from './gateway.mjs';

export function reading(world) {
  const { stores } = world;
  const visit = (options) => Visitor.come(world.browser, world.app.origin, options);
  const api = (query, variables, token) => ask(world.gateway.address, query, variables, token);
  // These would come out the same in both worlds.
  const picture = async (visitor, name) => stores === 'embedded' && visitor.picture(name);
  const accessible = async (visitor) => stores === 'embedded' && visitor.accessible();

  test('the latest posts go on for three pages', async () => {
    const visitor = await visit();
    await visitor.page.goto('/');
    await visitor.scrollTo(30);
    const { posts } = await api('{ posts(first: 30) { nodes { title } } }');
    assert.deepEqual((await visitor.titles()).slice(0, 30), posts.nodes.map(({ title }) => title));
    await accessible(visitor);
    await visitor.leave();
  });

  test('the feed goes on for three pages, and is as it was when one comes back to it', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.signIn();
    await picture(visitor, 'feed');
    await accessible(visitor);
    await visitor.scrollTo(30);
    const token = await page.evaluate(() => sessionStorage.getItem('polygraph-token'));
    const { feed } = await api('{ feed(first: 30) { nodes { title } } }', {}, token);
    assert.deepEqual((await visitor.titles()).slice(0, 30), feed.nodes.map(({ title }) => title));

    const there = visitor.posts.nth(25).getByRole('heading').getByRole('link');
    await there.scrollIntoViewIfNeeded();
    const scrolled = await page.evaluate(() => scrollY);
    await there.click();
    await page.getByRole('heading', { name: feed.nodes[25].title, level: 1 }).waitFor();
    assert.equal(await page.title(), `${feed.nodes[25].title} · Polygraph`);
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main', 'the focus is on the new page');
    assert.equal(await page.evaluate(() => scrollY), 0);
    await accessible(visitor);
    const asked = [];
    page.on('request', (request) => asked.push(request.postDataJSON()?.query));
    await page.goBack();
    await page.getByRole('heading', { name: 'Your feed', level: 1 }).waitFor();
    assert.ok((await visitor.posts.count()) >= 30, 'all pages are there');
    assert.equal(await page.evaluate(() => scrollY), scrolled);
    assert.deepEqual(asked.filter((query) => query?.includes('query HomeQuery')), [], 'nothing of it is asked for again');
    await visitor.leave();
  });

  test('a search is helped as one types, by the keyboard alone', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await page.goto('/');
    const field = page.getByRole('combobox', { name: 'Search' });
    await field.focus();
    await page.keyboard.type('libr');
    const options = page.getByRole('option');
    await options.first().waitFor();
    const { suggest } = await api('{ suggest(prefix: "libr") { title } }');
    await until('the suggestions are those of the API', async () => {
      const shown = await options.locator('bdi').allTextContents();
      return shown.length === suggest.length && suggest.every(({ title }, index) => shown[index].startsWith(title));
    });
    assert.equal(await options.first().locator('mark').first().textContent(), 'libr');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    assert.equal(await options.nth(1).getAttribute('aria-selected'), 'true');
    assert.equal(await field.getAttribute('aria-activedescendant'), await options.nth(1).getAttribute('id'));
    await picture(visitor, 'suggest');
    await accessible(visitor);
    await page.keyboard.press('Escape');
    assert.equal(await options.count(), 0);
    assert.equal(await field.getAttribute('aria-expanded'), 'false');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: suggest[0].title, level: 1 }).waitFor();
    await visitor.leave();
  });

  test('a search finds with typos, marks what it found, and goes on', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await page.goto('/');
    await page.getByRole('combobox', { name: 'Search' }).fill('libarian hitchhiking');
    await page.keyboard.press('Enter');
    const results = page.locator('.results li');
    await results.first().waitFor();
    assert.equal(new URL(page.url()).search, '?q=libarian%20hitchhiking');
    assert.deepEqual(await results.first().locator('mark').allTextContents(), ['Librarian', 'hitchhiking']);

    await page.getByRole('combobox', { name: 'Search' }).fill('balcony');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: '“balcony”', level: 1 }).waitFor();
    const asked = '{ search(query: "balcony", first: 20) { totalCount facets { types { type count } } nodes { title } } }';
    const { search } = await api(asked);
    await page.getByText(`${search.totalCount} found`).waitFor();
    await picture(visitor, 'search');
    await accessible(visitor);
    while ((await results.count()) < 20) {
      const before = await results.count();
      await page.mouse.wheel(0, 3000);
      await results.nth(before).waitFor();
    }
    const headings = await results.getByRole('heading').allTextContents();
    assert.deepEqual(headings.slice(0, 20), search.nodes.map(({ title }) => title));

    await page.getByRole('link', { name: 'People', exact: true }).click();
    const people = search.facets.types.find(({ type }) => type === 'USER')?.count ?? 0;
    await page.getByText(people ? `${people} found` : 'Nothing was found.').waitFor();
    assert.equal(await page.getByRole('link', { name: 'People', exact: true }).getAttribute('aria-current'), 'true');

    await page.goto('/search?q=%E2%80%A6');
    await page.getByText('Nothing was found.').waitFor();
    await visitor.leave();
  });

  test('a profile is whose posts and follows the API says', async () => {
    const visitor = await visit();
    const { page } = visitor;
    const asked = '{ user(handle: "domingo_moore61") { name bio postsCount followersCount followingCount posts(first: 20) { nodes { title } } } }';
    const { user } = await api(asked);
    await page.goto('/');
    await page.getByRole('link', { name: 'Leaderboard' }).click();
    await page.getByRole('link', { name: user.name }).click();
    await page.getByRole('heading', { name: user.name, level: 1 }).waitFor();
    await page.getByText(user.bio).waitFor();
    assert.deepEqual(await page.locator('.counts dd').allTextContents(), [user.postsCount, user.followersCount, user.followingCount].map(String));
    assert.equal(await page.getByRole('button', { name: /^Follow/ }).count(), 0, 'strangers follow nobody');
    await visitor.scrollTo(20);
    assert.deepEqual((await visitor.titles()).slice(0, 20), user.posts.nodes.map(({ title }) => title));
    await page.evaluate(() => scrollTo(0, 0));
    await picture(visitor, 'profile');
    await accessible(visitor);

    await page.goto('/@nobody_at_all');
    await page.getByText('There is nobody called @nobody_at_all.').waitFor();
    await page.goto('/posts/nonsense');
    await page.getByText('There is nothing at this address.').waitFor();
    await visitor.leave();
  });

  test('the leaderboard ranks as the API does, in every period', async () => {
    const visitor = await visit();
    const { page } = visitor;
    const ranked = async () => {
      const rows = await page.locator('.leaderboard tbody tr').all();
      return Promise.all(rows.map(async (row) => (await row.getByRole('cell').allTextContents()).map((text) => text.trim())));
    };
    const asked = 'query ($from: DateTime) { leaderboard(first: 15, from: $from) { rank likeCount user { name handle } } }';
    const expected = async (from) =>
      (await api(asked, { from })).leaderboard.map(({ rank, likeCount, user }) => [`${rank}`, `${[...user.name][0]}${user.name} @${user.handle}`, `${likeCount}`]);
    await page.goto('/leaderboard');
    await page.locator('.leaderboard').waitFor();
    assert.deepEqual(await ranked(), await expected());
    await picture(visitor, 'leaderboard');
    await accessible(visitor);

    const day = 24 * 60 * 60 * 1000;
    const aYearAgo = new Date((Math.floor(Date.now() / day) - 365) * day).toISOString();
    const year = JSON.stringify(await expected(aYearAgo));
    await page.getByLabel('Likes of').selectOption('The last year');
    await until('the ranks of the last year', async () => JSON.stringify(await ranked()) === year);
    assert.equal(new URL(page.url()).search, '?since=year');
    await visitor.leave();
  });

  test('it fits a telephone, in the dark', async () => {
    const visitor = await visit({ viewport: { width: 390, height: 844 }, colorScheme: 'dark', hasTouch: true });
    await visitor.page.goto('/');
    await visitor.posts.first().waitFor();
    const [width, inner] = await visitor.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(width <= inner, 'nothing is to be scrolled sideways');
    await picture(visitor, 'telephone');
    await visitor.leave();
  });
}

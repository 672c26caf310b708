// What a visitor does, and what they see of what others do meanwhile.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { Visitor, until } from './browser.mjs';
import { ask, signUp } from './gateway.mjs';

export function writing(world) {
  const visit = () => Visitor.come(world.browser, world.app.origin);
  const api = (query, variables, token) => ask(world.gateway.address, query, variables, token);
  let ada;

  before(async () => {
    ada = await signUp(world.gateway.address, 'ada');
  });

  const publish = async (title) => {
    const query = 'mutation ($t: String!) { createPost(input: { title: $t, content: "text" }) { post { id } } }';
    return (await api(query, { t: title }, ada.token)).createPost.post.id;
  };

  test('a like shows at once and stays; likes and edits of others arrive without a reload', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.signIn();
    await page.evaluate(() => (globalThis.sameDocument = true));
    const post = visitor.posts.nth(1);
    const [heart, count] = [post.getByRole('button', { name: /^Like/ }), post.locator('.count')];
    const likes = async () => Number.parseInt(await count.textContent());
    const toggle = async () => {
      const before = await likes();
      const step = (await heart.getAttribute('aria-pressed')) === 'true' ? -1 : 1;
      await heart.focus();
      await page.keyboard.press('Enter');
      await until('the like shows', async () => (await likes()) === before + step);
      await until('it is done', async () => (await heart.getAttribute('aria-busy')) === 'false');
    };

    const before = await likes();
    await toggle();
    assert.equal(await heart.getAttribute('aria-pressed'), 'true');
    const title = await post.getByRole('heading').textContent();
    const token = await page.evaluate(() => sessionStorage.getItem('polygraph-token'));
    const { feed } = await api('{ feed(first: 20) { nodes { id title } } }', {}, token);
    const { id } = feed.nodes[1];
    assert.equal(feed.nodes[1].title, title);
    await until('the gateway has the like', async () => (await api('query ($i: ID!) { post(id: $i) { viewerHasLiked } }', { i: id }, token)).post.viewerHasLiked);

    // Nothing says when a subscription has begun but what comes of it: one's own likes come as well.
    const told = () => visitor.frames.some(({ type, payload }) => type === 'next' && payload.data?.postChanged?.id === id);
    await until('the post is live', async () => {
      if (told()) return true;
      await toggle();
      await toggle();
      return told();
    });

    await api('mutation ($p: ID!) { likePost(input: { postId: $p }) { post { id } } }', { p: id }, ada.token);
    await until('the like of somebody else', async () => (await likes()) === before + 2);
    await post.getByText(/^Liked by ada, /).waitFor();
    await api('mutation ($p: ID!) { unlikePost(input: { postId: $p }) { post { id } } }', { p: id }, ada.token);
    await until('it is taken back', async () => (await likes()) === before + 1);
    assert.equal(await heart.getAttribute('aria-pressed'), 'true', 'one’s own like is not somebody else’s');
    assert.equal(await page.evaluate(() => globalThis.sameDocument), true, 'the page was not loaded again');

    await page.reload();
    await until('it is still liked', async () => (await heart.getAttribute('aria-pressed')) === 'true');
    assert.equal(await likes(), before + 1);
    await visitor.leave();
  });

  test('who is followed appears in the feed as they write', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.signIn();
    await page.goto('/@ada');
    await page.getByRole('button', { name: 'Follow ada', exact: true }).click();
    await page.getByRole('button', { name: 'Unfollow ada', exact: true }).waitFor();
    await until('she is followed by one', async () => (await page.locator('.counts dd').nth(1).textContent()) === '1');
    await page.getByRole('link', { name: 'Polygraph' }).click();
    await visitor.posts.first().waitFor();
    // Again until the subscription has begun.
    const fresh = page.getByRole('button', { name: /^Show \d+ new posts?$/ });
    let title;
    await until('a new post is told of', async () => {
      title = `Notes on the engine, ${Date.now()}`;
      await publish(title);
      return fresh.waitFor({ timeout: 3000 }).then(() => true, () => false);
    });
    await fresh.click();
    await until('it is the first', async () => (await visitor.titles())[0] === title);
    await fresh.waitFor({ state: 'detached' });

    // A post that is deleted leaves the page that shows it.
    const { feed } = await api('{ feed(first: 1) { nodes { id } } }', {}, await page.evaluate(() => sessionStorage.getItem('polygraph-token')));
    await until('the post is live', async () => {
      await api('mutation ($p: ID!) { likePost(input: { postId: $p }) { post { id } } }', { p: feed.nodes[0].id }, ada.token);
      await api('mutation ($p: ID!) { unlikePost(input: { postId: $p }) { post { id } } }', { p: feed.nodes[0].id }, ada.token);
      return visitor.frames.some(({ type, payload }) => type === 'next' && payload.data?.postChanged?.id === feed.nodes[0].id);
    });
    await api('mutation ($p: ID!) { deletePost(input: { id: $p }) { deletedPostId } }', { p: feed.nodes[0].id }, ada.token);
    await until('it is gone', async () => !(await visitor.titles()).includes(title));
    await visitor.leave();
  });

  test('a title that looks like markup is text, in the list and in what is found', async () => {
    const title = '<img src=x onerror=alert(1)> & <em>bold</em> quixotry</em>';
    await publish(title);
    await until('it is in the index', async () => (await api('{ search(query: "quixotry") { totalCount } }')).search.totalCount > 0);
    const visitor = await visit();
    const { page } = visitor;
    await page.goto('/');
    await page.getByRole('combobox', { name: 'Search' }).fill('quixo');
    await page.getByRole('option').first().waitFor();
    assert.equal(await page.getByRole('option').first().locator('bdi').textContent(), title);
    assert.deepEqual(await page.getByRole('option').first().locator('mark').allTextContents(), ['quixo']);
    await page.getByRole('combobox', { name: 'Search' }).fill('quixotry');
    await page.keyboard.press('Enter');
    const result = page.locator('.results li').first();
    await result.waitFor();
    assert.equal(await result.getByRole('heading').textContent(), title);
    assert.deepEqual(await result.locator('mark').allTextContents(), ['quixotry']);
    assert.equal(await page.locator('#main :is(img, em)').count(), 0);
    await result.getByRole('link').click();
    await page.getByRole('heading', { name: title, level: 1, exact: true }).waitFor();
    await visitor.leave();
  });

  test('a highlight is not trusted: what is no <em> is text, and no script but the app’s own runs', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await page.route('**/graphql', async (route) => {
      const response = await route.fetch();
      const answer = await response.json();
      for (const { node } of answer.data.search?.edges ?? []) {
        node.highlights = [{ field: 'content', html: 'a <em>b</em> &lt;c&gt; <img src="x" onerror="alert(1)"><script>alert(2)</script><b>d</b>' }];
      }
      await route.fulfill({ response, json: answer });
    });
    await page.goto('/search?q=balcony');
    const result = page.locator('.results li').first();
    await result.getByText('a b <c> ').waitFor();
    assert.deepEqual(await result.locator('mark').allTextContents(), ['b']);
    assert.equal(await page.locator('#main :is(img, script, b, em)').count(), 0);
    const ran = await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'globalThis.ran = true';
      document.head.append(script);
      return globalThis.ran === true;
    });
    assert.equal(ran, false);
    await visitor.leave(/Content Security Policy/);
  });

  test('a form says at each field what to mend', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await page.goto('/');
    await page.getByRole('button', { name: /^Like/ }).first().click();
    await page.getByRole('heading', { name: 'Sign in', level: 1 }).waitFor();
    if (world.stores === 'embedded') await visitor.picture('sign-in');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await until('both fields are wrong', async () => (await page.locator('input[aria-invalid=true]').count()) === 2);
    const said = await page.getByLabel('Password').getAttribute('aria-describedby');
    assert.match(await page.locator(`#${said}`).textContent(), /\w/);
    await visitor.accessible();
    await page.getByLabel('Handle or email').fill('demo');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await until('it is refused as a whole', async () => (await page.getByRole('alert').allTextContents()).some((text) => /wrong/i.test(text)));
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await visitor.leave();
  });

  test('who signs out is a stranger, here and where the session ended elsewhere', async () => {
    const visitor = await visit();
    const { page } = visitor;
    await visitor.signIn('ada', 'analytical engine');
    const token = await page.evaluate(() => sessionStorage.getItem('polygraph-token'));
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Latest posts', level: 1 }).waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
    await assert.rejects(api('{ viewer { id } }', {}, token), /UNAUTHENTICATED/, 'the session is over at the gateway');

    await visitor.signIn('ada', 'analytical engine');
    const again = await page.evaluate(() => sessionStorage.getItem('polygraph-token'));
    await api('mutation { signOut { sessionsEnded } }', {}, again);
    await page.getByRole('link', { name: 'Sign in' }).waitFor();
    await page.getByRole('heading', { name: 'Latest posts', level: 1 }).waitFor();
    await visitor.leave(/status of 401/);
  });
}

// The app as it is built, in Chromium, and what it may not do there.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';
import { preview } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const pictures = fileURLToPath(new URL('../../../target/browser/', import.meta.url));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// Serves the built app, with the gateway at `address` behind it.
export async function serve(address) {
  const proxy = { '/graphql': { target: `http://${address}`, ws: true } };
  const server = await preview({ root, logLevel: 'silent', preview: { host: '127.0.0.1', port: 0, proxy } });
  return { origin: `http://127.0.0.1:${server.httpServer.address().port}`, close: () => server.close() };
}

export const launch = () =>
  // Chromium refuses its sandbox to root, as who tests in a container.
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: process.getuid() === 0 ? ['--no-sandbox'] : [] });

// A visitor with a browser profile of their own.
export class Visitor {
  #complaints = [];
  // Messages that came over WebSockets.
  frames = [];

  static async come(browser, origin, options = {}) {
    const visitor = new Visitor();
    visitor.origin = origin;
    const context = await browser.newContext({ baseURL: origin, viewport: { width: 1200, height: 900 }, locale: 'en', ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    visitor.page = page;
    const complain = (complaint) => visitor.#complaints.push(complaint);
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complain(`console: ${message.text()}`));
    page.on('pageerror', (error) => complain(`thrown: ${error}`));
    page.on('dialog', (dialog) => complain(`dialog: ${dialog.message()}`));
    page.on('request', (request) => new URL(request.url()).origin === origin || complain(`off-origin: ${request.url()}`));
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(origin).host) complain(`off-origin: ${socket.url()}`);
      socket.on('framereceived', ({ payload }) => visitor.frames.push(JSON.parse(payload)));
    });
    return visitor;
  }

  async signIn(login = 'demo', password = 'demo-demo-demo') {
    await this.page.goto('/sign-in');
    await this.page.getByLabel('Handle or email').fill(login);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
    await this.page.getByRole('heading', { name: 'Your feed', level: 1 }).waitFor();
  }

  get posts() {
    return this.page.locator('article');
  }

  // The titles of the posts that are shown, in order.
  titles() {
    return this.posts.getByRole('heading').allTextContents();
  }

  // Scrolls down until there are `count` posts.
  async scrollTo(count) {
    while ((await this.posts.count()) < count) {
      const before = await this.posts.count();
      await this.posts.last().scrollIntoViewIfNeeded();
      await this.page.mouse.wheel(0, 2000);
      await this.posts.nth(before).waitFor().catch(async () => {
        assert.fail(`no more than ${before} posts came; below them: ${await this.page.locator('.more').allTextContents()}`);
      });
    }
  }

  // No rule of WCAG 2.2 A and AA that axe-core knows is broken, in light and dark.
  async accessible() {
    for (const colorScheme of ['dark', 'light']) {
      await this.page.emulateMedia({ colorScheme });
      await this.page.evaluate(axe);
      const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
      const { violations, passes } = await this.page.evaluate((tags) => globalThis.axe.run({ runOnly: tags }), tags);
      const told = violations.map(({ id, help, nodes }) => `${id} (${colorScheme}): ${help}: ${nodes[0].html} ${nodes[0].failureSummary}`);
      assert.deepEqual(told, []);
      assert.ok(passes.length > 10, 'axe-core looked at the page');
    }
  }

  async picture(name) {
    mkdirSync(pictures, { recursive: true });
    // What was scrolled to is painted by the frame after the next.
    await this.page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    await this.page.screenshot({ path: join(pictures, `web-${name}.png`) });
  }

  // Goes. Nothing was thrown, complained of in the console, or asked of anybody else, but for what `expected` matches.
  async leave(expected = /^$/) {
    await this.page.context().close();
    assert.deepEqual(this.#complaints.filter((complaint) => !expected.test(complaint)), []);
  }
}

// Waits until `check` answers something, however long a busy machine may take; `what` is said where it never does.
export async function until(what, check) {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const answer = await check();
    if (answer) return answer;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  assert.fail(`never: ${what}`);
}

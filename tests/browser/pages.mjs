// The page at / in Chromium, as a person uses it. Whatever a test does, the page may ask no other server, report no error,
// and break no rule of its content policy.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

const screenshots = fileURLToPath(new URL('../../target/browser/', import.meta.url));

export async function launch() {
  mkdirSync(screenshots, { recursive: true });
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    // Containers lack what its sandbox is made of; it is shown nothing but this gateway. No name leads anywhere.
    args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
  });
}

// Opens the page of the gateway at `address`, and waits until its editor is there.
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = new Page(await context.newPage(), address);
  await page.goto();
  return page;
}

export class Page {
  faults = [];
  #expected = [];
  requests = [];
  // How long what it loaded is; a worker that is started again comes from the browser's cache.
  #lengths = new Map();
  sockets = [];

  constructor(page, address) {
    this.page = page;
    this.address = address;
    const report = (fault) => this.faults.push(fault);
    page.on('console', (message) => message.type() === 'error' && report(`console: ${message.text()}`));
    page.on('pageerror', (error) => report(`not caught: ${error.stack}`));
    page.on('requestfailed', (request) => {
      const { errorText } = request.failure();
      // Given up by the page itself: a worker that was ended, or all of a page that is loaded again.
      if (errorText !== 'net::ERR_ABORTED') report(`${request.url()}: ${errorText}`);
    });
    page.on('request', (request) => {
      this.requests.push(request);
      this.#isOurs(request.url());
    });
    page.on('response', (response) => {
      const length = response.headers()['content-length'];
      if (length === undefined && response.status() !== 304) report(`${response.url()} does not say how long it is`);
      this.#lengths.set(response.url(), Number(length ?? 0));
    });
    page.on('websocket', (socket) => {
      this.#isOurs(socket.url());
      const sent = [];
      this.sockets.push({ url: socket.url(), sent });
      socket.on('framesent', ({ payload }) => sent.push(JSON.parse(payload)));
    });
  }

  // What the browser is to report in this test, once or more.
  isToReport(text) {
    this.#expected.push(text);
  }

  get bytes() {
    return [...this.#lengths.values()].reduce((sum, length) => sum + length, 0);
  }

  #isOurs(url) {
    const { protocol, host } = new URL(url);
    if (protocol !== 'data:' && host !== this.address) this.faults.push(`it asked ${url}`);
  }

  async goto() {
    // Before any script of the page: what its policy forbids is said in an event.
    await this.page.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        console.error(`${event.violatedDirective} forbids ${event.blockedURI || 'inline'} (${event.sourceFile})`);
      });
    });
    await this.page.goto(`http://${this.address}/`);
    await this.isReady();
  }

  // Ready is when it can be written to, and knows the schema.
  async isReady() {
    await this.page.locator('.graphiql-query-editor .monaco-editor .view-line').first().waitFor();
    await this.press('Show Documentation Explorer');
    await this.page.locator('.graphiql-doc-explorer').getByText('Query', { exact: true }).waitFor();
    await this.press('Hide Documentation Explorer');
  }

  press(name) {
    return this.page.getByRole('button', { name, exact: true }).click();
  }

  // Replaces the text of an editor.
  async write(text, editor = '.graphiql-query-editor') {
    await this.page.locator(`${editor} .monaco-editor .view-lines`).first().click();
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.press('Delete');
    await this.page.keyboard.insertText(text);
  }

  // Waits until an editor shows this text; how it breaks lines does not matter.
  async shows(text, editor = '.graphiql-query-editor') {
    await this.page.waitForFunction(
      ([text, editor]) => document.querySelector(`${editor} .view-lines`)?.innerText.replace(/\s/g, '').includes(text),
      [text.replace(/\s/g, ''), editor],
    );
  }

  // Waits until an answer, as it is shown, has this text.
  answered(text) {
    return this.shows(text, '.graphiql-response');
  }

  // Runs what is written. Returns the answer as it came, and the headers of the request.
  async run() {
    const isAsked = (response) => response.request().method() === 'POST' && response.url().endsWith('/graphql');
    const [response] = await Promise.all([
      this.page.waitForResponse(isAsked),
      this.page.locator('.graphiql-execute-button').click(),
    ]);
    return { answer: await response.json(), headers: await response.request().allHeaders() };
  }

  async signIn(login, password) {
    await this.press('Sign in');
    const form = this.page.getByRole('dialog');
    await form.getByLabel('Handle or email').fill(login);
    await form.getByLabel('Password').fill(password);
    await form.getByRole('button', { name: 'Sign in' }).click();
  }

  screenshot(name) {
    return this.page.screenshot({ path: `${screenshots}${name}.png` });
  }

  // Fails if anything else was reported than was to be.
  async close() {
    await this.page.context().close();
    for (const text of this.#expected) assert.ok(this.faults.some((fault) => fault.includes(text)), `no ${text}`);
    const isExpected = (fault) => this.#expected.some((text) => fault.includes(text));
    assert.deepEqual(this.faults.filter((fault) => !isExpected(fault)), []);
  }
}

// What relay-compiler makes of src/wall.js, and an environment of relay-runtime as an app has it: fetch for queries and
// mutations, graphql-ws for subscriptions.

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { createClient } from 'graphql-ws';
import relay from 'relay-runtime';
import WebSocket from 'ws';

const folder = fileURLToPath(new URL('./', import.meta.url));
const require = createRequire(import.meta.url);

// Compiles all anew. Returns a function that gives an artefact by its name.
export function compile() {
  rmSync(`${folder}src/__generated__`, { recursive: true, force: true });
  const compiler = `${folder}../node_modules/relay-compiler/cli.js`;
  execFileSync(process.execPath, [compiler, 'relay.config.json'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return (name) => require(`./src/__generated__/${name}.graphql.js`);
}

// An environment of its own, as `world.token` is signed in. `requests` remembers the names of what was asked.
export function connect(world) {
  const requests = [];
  const socket = createClient({ url: world.socket, webSocketImpl: WebSocket, lazyCloseTimeout: 0 });
  const send = async ({ name, text }, variables) => {
    requests.push(name);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${world.token}` };
    headers.accept = 'application/graphql-response+json, application/json;q=0.9';
    const response = await fetch(world.url, { method: 'POST', headers, body: JSON.stringify({ query: text, variables }) });
    return response.json();
  };
  const subscribe = ({ name, text }, variables) =>
    relay.Observable.create((sink) => socket.subscribe({ operationName: name, query: text, variables }, sink));
  const environment = new relay.Environment({
    network: relay.Network.create(send, subscribe),
    store: new relay.Store(new relay.RecordSource()),
  });
  return { environment, requests, close: () => socket.dispose() };
}

// The data of a query that was fetched before.
export function read(environment, query, variables) {
  const operation = relay.createOperationDescriptor(relay.getRequest(query), variables);
  return environment.lookup(operation.fragment).data;
}

// The data of a fragment, as a component that is given `reference` reads it.
export function readFragment(environment, fragment, reference) {
  return environment.lookup(relay.getSelector(fragment, reference)).data;
}

// Loads the next or the previous page of the connection in a fragment, as usePaginationFragment does.
export async function loadPage(environment, fragment, reference, direction, count) {
  const selector = relay.getSelector(fragment, reference);
  const { connectionPathInFragmentData: path, identifierInfo, paginationMetadata, paginationRequest } =
    relay.getPaginationMetadata(fragment, 'loadPage');
  const data = environment.lookup(selector).data;
  const { pageInfo } = relay.getValueAtPath(data, path);
  const cursor = direction === 'forward' ? pageInfo.endCursor : pageInfo.startCursor;
  const base = { ...selector.owner.variables, ...selector.variables };
  const variables = relay.getPaginationVariables(direction, count, cursor, base, {}, paginationMetadata);
  if (identifierInfo) variables.id = data[identifierInfo.identifierField];
  await relay.fetchQuery(environment, paginationRequest, variables).toPromise();
}

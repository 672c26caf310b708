// What relay-compiler makes of src/wall.js, and an environment of relay-runtime as an app has it: fetch for queries and
// mutations, graphql-ws for subscriptions.

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import { createClient } from 'graphql-ws';
import relay from 'relay-runtime';
import WebSocket from 'ws';

const folder = fileURLToPath(new URL('./', import.meta.url));
const require = createRequire(import.meta.url);

// Compiles all anew, as a configuration says. Returns a function that gives an artefact by its name. A manifest has to be
// there to be written to, so there is an empty one.
export function compile(configuration, artefacts) {
  rmSync(folder + artefacts, { recursive: true, force: true });
  mkdirSync(folder + artefacts);
  writeFileSync(`${folder}${artefacts}/persisted.json`, '{}');
  const compiler = `${folder}../node_modules/relay-compiler/cli.js`;
  execFileSync(process.execPath, [compiler, configuration], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return (name) => require(`./${artefacts}/${name}.graphql.js`);
}

// An environment of its own, signed in as `world.token` is. `requests` remembers the names of what was asked. What was
// compiled to be named by its id is sent without its text.
export function connect(world) {
  const requests = [];
  const socket = createClient({ url: world.socket, webSocketImpl: WebSocket, lazyCloseTimeout: 0 });
  const send = async ({ name, id, text }, variables) => {
    requests.push(name);
    const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
    if (world.token) headers.authorization = `Bearer ${world.token}`;
    const body = JSON.stringify({ ...(text ? { query: text } : { documentId: id }), variables });
    return (await fetch(world.url, { method: 'POST', headers, body })).json();
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

// The two ways to a federated graph: composed by Apollo and run by its gateway, composed by the Guild and run by Hive's.
// A router is `{ ask(query, variables, token), close() }`; `ask` gives the whole response.

import { createHash } from 'node:crypto';

import apolloComposition from '@apollo/composition';
import apolloGateway from '@apollo/gateway';
import { createGatewayRuntime } from '@graphql-hive/gateway-runtime';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

const { ApolloGateway, RemoteGraphQLDataSource } = apolloGateway;

function composed({ supergraphSdl, errors }) {
  if (errors?.length) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl;
}

class SignedIn extends RemoteGraphQLDataSource {
  willSendRequest({ request, context }) {
    if (context.token) request.http.headers.set('authorization', `Bearer ${context.token}`);
  }
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };

async function apollo(services) {
  const supergraphSdl = composed(apolloComposition.composeServices(services));
  const buildService = ({ url }) => new SignedIn({ url });
  const gateway = new ApolloGateway({ supergraphSdl, buildService, logger: silent });
  const { schema, executor } = await gateway.load();
  const ask = (query, variables = {}, token = undefined) => {
    const queryHash = createHash('sha256').update(query).digest('hex');
    const request = { query, variables, http: { headers: new Map() } };
    return executor({ request, queryHash, schema, document: parse(query), context: { token }, logger: silent });
  };
  return { ask, close: () => gateway.stop() };
}

// Hive Gateway looks for @graphql-mesh/transport-http by its name when it is first asked, and fails where it is not there.
async function hive(services) {
  const supergraph = composed(composeServices(services));
  const gateway = createGatewayRuntime({
    supergraph,
    logging: false,
    maskedErrors: false,
    propagateHeaders: {
      fromClientToSubgraphs: ({ request }) => ({ authorization: request.headers.get('authorization') ?? undefined }),
    },
  });
  const ask = async (query, variables = {}, token = undefined) => {
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    const body = JSON.stringify({ query, variables });
    return (await gateway.fetch('http://router/graphql', { method: 'POST', headers, body })).json();
  };
  return { ask, close: () => gateway[Symbol.asyncDispose]() };
}

export const routers = { 'Apollo composition and gateway': apollo, 'The Guild composition and Hive Gateway': hive };

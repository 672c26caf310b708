// How GraphiQL asks this gateway: over HTTP, and over WebSocket for subscriptions. What the headers tab holds goes into the
// headers of a request, and into the payload of `connection_init`.

import { createGraphiQLFetcher, type Fetcher, type FetcherOpts, type FetcherParams } from '@graphiql/toolkit';
import { Kind, OperationTypeNode, parse, type DocumentNode, type OperationDefinitionNode } from 'graphql';

import { explanations } from './explain/explanations';

const subscriptionUrl = new URL('/graphql', location.href);
subscriptionUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const ask = createGraphiQLFetcher({
  url: '/graphql',
  subscriptionUrl: subscriptionUrl.href,
  enableIncrementalDelivery: false,
});

const read = (query: string): DocumentNode | undefined => {
  try {
    return parse(query);
  } catch {
    // The gateway says where the fault is.
    return undefined;
  }
};

/**
 * The operation that is meant. GraphiQL reads an editor a while after it has changed, so the name that it gives may be of
 * what stood there before.
 */
function meant({ definitions }: DocumentNode, name: string | null | undefined): OperationDefinitionNode | undefined {
  const operations = definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return operations.find((operation) => operation.name?.value === name) ?? (operations.length === 1 ? operations[0] : undefined);
}

export const fetcher: Fetcher = async (params: FetcherParams, options: FetcherOpts = {}) => {
  if (params.operationName === 'IntrospectionQuery') return ask(params, options);
  const documentAST = read(params.query);
  const operation = documentAST && meant(documentAST, params.operationName);
  params = { ...params, operationName: operation?.name?.value };
  options = { ...options, documentAST };
  if (!explanations.isOn) return ask(params, options);
  if (operation?.operation === OperationTypeNode.SUBSCRIPTION) {
    explanations.note({ kind: 'subscription' });
    return ask(params, options);
  }
  try {
    const answer = await ask(params, { ...options, headers: { ...options.headers, 'x-explain': '1' } });
    explanations.noteAnswer(answer);
    return answer;
  } catch (error) {
    explanations.note({ kind: 'unanswered' });
    throw error;
  }
};

// How GraphiQL asks this gateway: over HTTP, and over WebSocket for subscriptions. What the headers tab holds goes into the
// headers of a request, and into the payload of `connection_init`.

import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { getOperationAST } from 'graphql';

import { explanations } from './explain/explanations';

const subscriptionUrl = new URL('/graphql', location.href);
subscriptionUrl.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';

const ask = createGraphiQLFetcher({
  url: '/graphql',
  subscriptionUrl: subscriptionUrl.href,
  enableIncrementalDelivery: false,
});

export const fetcher: Fetcher = async (params, options) => {
  if (params.operationName === 'IntrospectionQuery' || !explanations.isOn) return ask(params, options);
  const operation = options?.documentAST && getOperationAST(options.documentAST, params.operationName);
  if (operation?.operation === 'subscription') {
    explanations.note({ kind: 'subscription' });
    return ask(params, options);
  }
  try {
    const answer = await ask(params, { ...options, headers: { ...options?.headers, 'x-explain': '1' } });
    explanations.noteAnswer(answer);
    return answer;
  } catch (error) {
    explanations.note({ kind: 'unanswered' });
    throw error;
  }
};

import { defineConnector } from '../../core/connector.ts';
import { graphqlOptions } from './options.ts';

export const graphql = defineConnector({
  scheme: 'graphql',
  syntax: 'graphql:httpUri',
  summary: 'Asks a GraphQL server; the reply is its JSON, as a text.',
  isRemote: true,
  options: graphqlOptions,
  producer: async (endpoint, context) => {
    const { GraphqlProducer } = await import('./producer.ts');
    return GraphqlProducer.open(endpoint, context);
  },
});

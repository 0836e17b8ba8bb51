import { defineConnector } from '../../core/connector.ts';
import { restOptions } from './options.ts';

export const rest = defineConnector({
  scheme: 'rest',
  syntax: 'rest:method:path:uriTemplate',
  summary: 'Serves one operation of an HTTP service, or calls one.',
  isLenient: true,
  isRemote: true,
  serves: true,
  isShareable: true,
  isHttpServer: true,
  options: restOptions,
  promisesOfOthers: 'those of `platform-http`, whose consumer takes the requests',
  headers: {
    CamelHttpMethod: 'Set by the producer: the method that it called with.',
    CamelHttpResponseCode: 'Status of the reply.',
    'Content-Type': 'Type of the body.',
  },
  consumer: async (endpoint, context) => {
    const { openRestConsumer } = await import('./consumer.ts');
    return openRestConsumer(endpoint, context);
  },
  producer: async (endpoint, context) => {
    const { RestProducer } = await import('./producer.ts');
    return RestProducer.open(endpoint, context);
  },
});

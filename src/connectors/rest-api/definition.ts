import { defineConnector } from '../../core/connector.ts';
import { restApiOptions } from './options.ts';

export const restApi = defineConnector({
  scheme: 'rest-api',
  syntax: 'rest-api:path',
  summary: 'Serves the OpenAPI document of all `rest` services, as JSON or YAML.',
  insteadOfSending: 'read the document over HTTP',
  isLenient: true,
  isShareable: true,
  isHttpServer: true,
  options: restApiOptions,
  promisesOfOthers: 'those of `platform-http`, whose consumer takes the requests',
  consumer: async (endpoint, context) => {
    const { openRestApiConsumer } = await import('./consumer.ts');
    return openRestApiConsumer(endpoint, context);
  },
});

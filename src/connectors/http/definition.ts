import { defineConnector } from '../../core/connector.ts';
import { httpOptions } from './options.ts';

export const http = defineConnector({
  scheme: 'http',
  aliases: ['https'],
  syntax: 'http://httpUri',
  summary: 'Calls an HTTP server. GET without a body or with a query in the URL, else POST; a status over 299 is a failure.',
  isLenient: true,
  isRemote: true,
  options: httpOptions,
  headers: {
    CamelHttpMethod: 'Method to use.',
    CamelHttpUri: 'URL to call instead of the endpoint’s; not looked at with `bridgeEndpoint`.',
    CamelHttpPath: 'Put behind the URL’s path.',
    CamelHttpQuery: 'Query instead of the URL’s.',
    CamelHttpRawQuery: 'The same; goes before CamelHttpQuery.',
    CamelHttpResponseCode: 'Status of the reply.',
    CamelHttpResponseText: 'The words beside it.',
    'Content-Type': 'Type of the body, both ways.',
  },
  producer: async (endpoint, context) => {
    const { HttpProducer } = await import('./producer.ts');
    return HttpProducer.open(endpoint, context);
  },
});

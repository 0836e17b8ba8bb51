import type { ConnectorContext, Endpoint } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { field } from '../core/field.ts';

/** The URI that the bean stands for. */
function uriBehind({ options: { name } }: Endpoint<typeof refOptions>, context: ConnectorContext): string {
  const bean = context.bean<unknown>(name);
  const uri = typeof bean === 'object' && bean !== null ? ((bean as { uri?: unknown; endpointUri?: unknown }).uri ?? (bean as { endpointUri?: unknown }).endpointUri) : bean;
  if (typeof uri !== 'string' || !/^[\w+.-]+:/.test(uri)) throw new Error(`the bean \`${name}\` is no endpoint: it needs to be a URI, or to have \`uri\``);
  return uri;
}

const refOptions = {
  name: field.string('Bean that is an endpoint: its URI as a text, or an object with `uri`.').required().inPath(),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('the endpoint behind has its own'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('the endpoint behind has its own'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']).ignored('the endpoint behind has its own'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('the endpoint behind is opened with its first message'),
};

export const ref = defineConnector({
  scheme: 'ref',
  syntax: 'ref:name',
  summary: 'The endpoint that a bean names.',
  options: refOptions,
  promisesOfOthers: 'those of the endpoint behind the bean',
  consumer: (endpoint, context) => runtimeOf(context).consumer(uriBehind(endpoint, context)),
  producer: (endpoint, context) => {
    const uri = uriBehind(endpoint, context);
    return { call: (exchange) => runtimeOf(context).send(uri, exchange) };
  },
});

import { defineConnector, hasNoHeaders } from '../../core/connector.ts';
import { sseOptions } from './options.ts';

export const sse = defineConnector({
  scheme: 'sse',
  syntax: 'sse:address',
  summary: 'Server-sent events: streams what is sent to it to HTTP subscribers, and consumes the event stream of a server, where it left off. An addition to Camel.',
  isRemote: true,
  isLenient: true,
  isOfProcess: true,
  servesProducers: true,
  options: sseOptions,
  headers: {
    CamelSseId: 'Id of the event. Set by the route: the id to send it with.',
    CamelSseEvent: 'Name of the event; `message` when it has none. Set by the route: the name to send it with.',
    CamelSseSubscribers: 'Set by the producer: to how many subscribers the event went.',
  },
  notPromised: {
    'delivers again what failed': 'a server is not told what failed: the message is kept in the dead letters, and the stream goes on',
    ...hasNoHeaders('events have no headers'),
  },
  consumer: async (endpoint, context) => {
    const { EventStreamConsumer } = await import('./consumer.ts');
    return new EventStreamConsumer(endpoint, context);
  },
  producer: async (endpoint, context) => {
    const { EventStreamProducer } = await import('./producer.ts');
    return new EventStreamProducer(endpoint, context);
  },
});

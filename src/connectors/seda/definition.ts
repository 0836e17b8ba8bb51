import { defineConnector, hasNoServer } from '../../core/connector.ts';
import { SedaConsumer, sedaOptions, SedaProducer } from './queue.ts';

export const seda = defineConnector({
  scheme: 'seda',
  syntax: 'seda:name',
  summary: 'Queues messages in memory for another route of this runtime.',
  isInternal: true,
  options: sedaOptions,
  notPromised: {
    ...hasNoServer('it is in memory'),
    'delivers again what failed': "what fails is kept as a dead letter, or fails the sender's own delivery",
    'delivers again what had not settled when its process died': 'what waits is in memory: the source that it came from delivers it again',
    'waits for a slow route, and holds no more in memory meanwhile': 'what waits is in memory: `size` bounds it, and senders wait',
    'shows no secret in what it says': 'it has no secrets',
    'hands headers on, and lets none of Camel in': 'messages of this runtime keep all of their headers',
    'hands the trace context on': 'messages of this runtime keep all of their headers',
  },
  consumer: (endpoint, context) => new SedaConsumer(endpoint, context),
  producer: (endpoint, context) => new SedaProducer(endpoint, context),
});

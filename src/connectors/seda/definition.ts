import { defineConnector } from '../../core/connector.ts';
import { sedaComponentOptions, SedaConsumer, sedaNotPromised, sedaOptions, SedaProducer } from './queue.ts';

export const seda = defineConnector({
  scheme: 'seda',
  syntax: 'seda:name',
  summary: 'Queues messages in memory for another route of this runtime.',
  isInternal: true,
  options: sedaOptions,
  componentOptions: sedaComponentOptions,
  notPromised: sedaNotPromised,
  consumer: (endpoint, context) => new SedaConsumer(endpoint, context),
  producer: (endpoint, context) => new SedaProducer(endpoint, context),
});

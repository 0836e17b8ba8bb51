import { defineConnector } from '../core/connector.ts';
import { sedaComponentOptions, SedaConsumer, sedaNotPromised, sedaOptions, SedaProducer } from './seda/queue.ts';

/** The same queue under another name that takes any option: stands in for an endpoint that is not there. */
export const stub = defineConnector({
  scheme: 'stub',
  syntax: 'stub:name',
  summary: 'Stands in for any other endpoint: takes its options without heed and queues what is sent.',
  isInternal: true,
  isLenient: true,
  options: sedaOptions,
  componentOptions: sedaComponentOptions,
  notPromised: { ...sedaNotPromised, 'refuses wrong options when it is loaded, with their line': 'it takes those of any endpoint' },
  consumer: (endpoint, context) => new SedaConsumer(endpoint, context),
  producer: (endpoint, context) => new SedaProducer(endpoint, context),
});

import { defineConnector } from '../../core/connector.ts';
import { micrologicOptions } from './options.ts';

export const micrologic = defineConnector({
  scheme: 'micrologic',
  reachesOut: true,
  syntax: 'micrologic:path',
  summary: 'Calls the application beside this runtime, whose address is configured in one place (`micrologic.url`). Waits until it is ready.',
  isLenient: true,
  options: micrologicOptions,
  headers: {
    'Content-Type': 'Type of the body, both ways; maps and lists are sent as JSON.',
    CamelHttpResponseCode: 'Status of the reply.',
    CamelHttpResponseText: 'The words beside it.',
    CamelCloudEventID: 'Id of the event, with `cloudEvents`; by default the exchange’s.',
    CamelCloudEventType: 'Type of the event.',
    CamelCloudEventSource: 'Source of the event.',
    CamelCloudEventSubject: 'Subject of the event.',
    CamelCloudEventTime: 'Time of the event; by default now.',
  },
  producer: async (endpoint, context) => {
    const { MicrologicProducer } = await import('./producer.ts');
    return MicrologicProducer.open(endpoint, context);
  },
});

import { field } from '../../core/field.ts';

export const micrologicOptions = {
  path: field.string('Path to call, below the URL that is configured.').required().inPath(),
  method: field.enum('Method; by default POST with a body and GET without one.', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
  timeout: field.millis('Time for a reply. By default the setting `micrologic.timeoutMillis`, or 30 s.').atLeast(1),
  waitMillis: field.millis('How long a call waits for the application to be ready. By default the setting `micrologic.waitMillis`, or 10 s.').atLeast(0),
  throwExceptionOnFailure: field.boolean('A status over 299 fails the exchange; else it is a reply like any other.').default(true),
  copyHeaders: field.boolean('The reply’s headers are added to those that the message has; `false`: they replace them.').default(true),
  skipRequestHeaders: field.boolean('Sends no headers of the message.').default(false),
  parse: field.boolean('A reply in JSON becomes an object; else it stays JSON until somebody reads it.').default(false),
  maxResponseSize: field.bytes('Longest reply. By default the setting `micrologic.maxResponseBytes`, or 16 MB.').atLeast(1),
  cloudEvents: field.boolean('Sends the message as a CloudEvent 1.0, and takes one, in either mode, as the reply.').default(false),
  ceMode: field.enum('Mode in which events are sent: `binary` has their attributes in headers, `structured` is one JSON document.', ['binary', 'structured']).default('binary'),
  ceType: field.string('Type of the event; the header `CamelCloudEventType` goes before it.').default('mecha.message'),
  ceSource: field.string('Source of the event; the header `CamelCloudEventSource` goes before it. By default the runtime and the route.'),
  ceSubject: field.string('Subject of the event; the header `CamelCloudEventSubject` goes before it.'),
} as const;

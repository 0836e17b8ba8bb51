import { field } from '../../core/field.ts';

export const restApiOptions = {
  path: field.string('Path under which the document is served.').required().inPath(),
  contextIdPattern: field.string('Contexts that are shown.').ignored('a runtime has one context'),
  document: field.string('The document, as JSON: the runtime fills it in.').default('{}'),
  text: field.string('A document that is served as it stands, at this path alone: the runtime fills it in.'),
  contentType: field.string('Content type of `text`: the runtime fills it in.'),
  usesForwardedHeaders: field.boolean('Takes scheme, host and path prefix of the server from `X-Forwarded` headers.').default(false),
  cors: field.string('CORS headers, as a JSON list of names and values: the runtime fills it in.'),
  apiComponentName: field.string('What makes the document.').ignored('the document is made by the runtime'),
  consumerComponentName: field.string('Connector that serves.').ignored('HTTP is served by the one server of the runtime'),
  bridgeErrorHandler: field.boolean('Has errors of the consumer itself handled by the route.').ignored('a request that can not be read never becomes an exchange'),
  exceptionHandler: field.string('Bean for errors of the consumer itself.').ignored('errors of the consumer go to the log'),
  exchangePattern: field.enum('InOnly or InOut.', ['InOnly', 'InOut']).ignored('a client always waits for a reply'),
} as const;

import type { ConnectorDefinition } from '../../core/connector.ts';
import { defineConnector } from '../../core/connector.ts';
import type { Field } from '../../core/field.ts';
import { field } from '../../core/field.ts';
import { platformHttpOptions } from '../platform-http/options.ts';

const { path: _path, host: _host, port: _port, consumes: _consumes, produces: _produces, serverRequestValidation: _validation, platformHttpEngine: _engine, oauthProfile: _profile, populateBodyWithForm: _form, ...served } = platformHttpOptions;

/** Of Camel's other HTTP servers; what they do more than these is left to the server that there is. */
export const httpServerOptions = {
  httpUri: field.string('Consumer: where it listens, and the path that it serves: `http://0.0.0.0:8080/orders`. Producer: the URL to call.').required().inPath(),
  ...served,
  throwExceptionOnFailure: field.boolean('Producer: a status over 299 fails the exchange.').default(true),
  bridgeEndpoint: field.boolean('Producer: calls this URL although the message came from an HTTP request: its `CamelHttpUri` is not looked at.').default(false),
};

export const servletOptions = {
  contextPath: field.string('Path to serve, behind the mapping of the servlet (property `camel.servlet.mapping.context-path`, `/camel/*` when absent).').required().inPath(),
  ...served,
};

const headers = {
  CamelHttpMethod: 'Method of the request.',
  CamelHttpPath: 'Path of the request behind that of the endpoint.',
  CamelHttpQuery: 'Query of the request, still encoded.',
  CamelHttpUri: 'Path of the request.',
  CamelHttpUrl: 'The URL without its query.',
  CamelHttpResponseCode: 'Status of the reply.',
  'Content-Type': 'Type of the body, both ways.',
};

const consumes: Pick<ConnectorDefinition<Record<string, Field>>, 'isLenient' | 'isShareable' | 'isHttpServer' | 'promisesOfOthers' | 'headers' | 'consumer'> = {
  isLenient: true,
  isShareable: true,
  isHttpServer: true,
  promisesOfOthers: 'those of `platform-http`, whose consumer takes the requests',
  headers,
  consumer: async (endpoint, context) => (await import('./server.ts')).consumerOf(endpoint as never, context),
};

const calls: Pick<ConnectorDefinition<Record<string, Field>>, 'isRemote' | 'serves' | 'producer'> = {
  isRemote: true,
  serves: true,
  producer: async (endpoint, context) => (await import('./server.ts')).producerOf(endpoint as never, context),
};

const summary = 'Serves HTTP as `platform-http:` does, at the address in its URI';

export const jetty = defineConnector({
  scheme: 'jetty',
  syntax: 'jetty:httpUri',
  summary: `${summary}. Camel's Jetty, without Jetty.`,
  insteadOfSending: 'call it with `http:`',
  options: httpServerOptions,
  ...consumes,
} as ConnectorDefinition);

export const undertow = defineConnector({ scheme: 'undertow', syntax: 'undertow:httpUri', summary: `${summary}, or calls a server. Camel's Undertow, without Undertow.`, options: httpServerOptions, ...consumes, ...calls } as ConnectorDefinition);

export const nettyHttp = defineConnector({ scheme: 'netty-http', syntax: 'netty-http:httpUri', summary: `${summary}, or calls a server. Camel's Netty HTTP, without Netty.`, options: httpServerOptions, ...consumes, ...calls } as ConnectorDefinition);

export const servlet = defineConnector({
  scheme: 'servlet',
  syntax: 'servlet:contextPath',
  summary: 'Serves HTTP as `platform-http:` does, behind the path that a servlet container would map to Camel.',
  insteadOfSending: 'call it with `http:`',
  options: servletOptions,
  ...consumes,
} as ConnectorDefinition);

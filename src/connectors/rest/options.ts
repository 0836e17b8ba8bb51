import { field } from '../../core/field.ts';
import { platformHttpOptions } from '../platform-http/options.ts';

/** How requests are taken and answered is the server's matter. */
const { path: _path, host: _host, consumes: _consumes, produces: _produces, httpMethodRestrict: _methods, serverRequestValidation: _validation, bridgeErrorHandler: _bridge, exceptionHandler: _handler, exchangePattern: _pattern, ...serverOptions } = platformHttpOptions;

export const restOptions = {
  method: field.enum('Method to serve or to call with.', ['get', 'post', 'put', 'delete', 'patch', 'head', 'trace', 'connect', 'options']).required().inPath(),
  path: field.string('Path, or its first part; parameters as `{name}`.').required().inPath(),
  uriTemplate: field.string('The rest of the path.').inPath(),
  consumes: field.string('Content types that the service takes.'),
  produces: field.string('Content types that the service gives.'),
  bindingMode: field.enum('How bodies become objects, and objects bodies.', ['auto', 'off', 'json', 'xml', 'json_xml']),
  host: field.string('Producer: host and port to call, with or without `http://`. By default those of `restConfiguration`.'),
  queryParameters: field.string('Producer: query to call with, such as `a=1&b={b}`; `{b?}` may be missing.'),
  apiDoc: field.string('OpenAPI document of the called service.').ignored('calls are not checked against a document'),
  description: field.string('What the service is for.'),
  operation: field.string('Checks, binding and CORS of a `rest` verb, as JSON: the runtime fills it in.'),
  routeId: field.string('Id of the route.').ignored('the route has its own `id`'),
  inType: field.string('Class of the request body.').ignored('bodies are plain objects'),
  outType: field.string('Class of the reply body. Producer: with it, and a binding mode for JSON, a reply in JSON becomes a plain object.'),
  consumerComponentName: field.string('Connector that serves.').ignored('HTTP is served by the one server of the runtime'),
  producerComponentName: field.string('Connector that calls.').ignored('HTTP is called by the `http` connector'),
  bridgeErrorHandler: field.boolean('Has errors of the consumer itself handled by the route.').ignored('a request that can not be read never becomes an exchange'),
  exceptionHandler: field.string('Bean for errors of the consumer itself.').ignored('errors of the consumer go to the log'),
  exchangePattern: field.enum('InOnly or InOut.', ['InOnly', 'InOut']).ignored('a client always waits for a reply'),
  ...serverOptions,
  lazyStartProducer: field.boolean('Connects with the first message.').ignored('it always does'),
} as const;

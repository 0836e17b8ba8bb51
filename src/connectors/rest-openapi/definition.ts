import { defineConnector, runtimeOf } from '../../core/connector.ts';
import { nearest } from '../../core/diagnostics.ts';
import { field } from '../../core/field.ts';

export const restOpenApiOptions = {
  specification: field.string('The document and the operation: `openapi.yaml#getOrder`, or the operation alone, of openapi.json. A route from it serves all operations of the document.').required().inPath(),
  host: field.string('Where the service is, in place of what the document says: `https://host:port`.'),
  basePath: field.string('Path before those of the document, in place of its own.'),
  missingOperation: field.enum('Consumer: what is done about an operation that no `direct:` route answers.', ['fail', 'ignore', 'mock']).default('fail'),
  mockIncludePattern: field.string('Consumer: files with replies for mocked operations.').default('classpath:camel-mock/**'),
  apiContextPath: field.string('Consumer: path under which the document itself is served, below the base path.'),
  clientRequestValidation: field.boolean('Consumer: refuses requests whose content type, parameters or body do not fit.').default(false),
  clientResponseValidation: field.boolean('Consumer: refuses bound replies whose content type, headers or JSON text do not fit.').default(false),
  consumes: field.string('Content type that is sent.'),
  produces: field.string('Content type that is accepted.'),
  componentName: field.string('Connector that calls.').ignored('HTTP is called by the `http` connector'),
  requestValidationEnabled: field.boolean('Checks what is sent.').default(false).ignored('the service checks what it gets'),
  oauthProfile: field.string('Profile of OAuth.').ignored('set the header Authorization, or use `http` with its OAuth options'),
  consumerComponentName: field.string('Connector that serves.').ignored('HTTP is served by the one server of the runtime'),
  restOpenapiProcessorStrategy: field.string('Bean that finds operations.').ignored('operations are found by their paths'),
  bridgeErrorHandler: field.boolean('Has errors of the consumer itself handled by the route.').ignored('a request that can not be read never becomes an exchange'),
  exceptionHandler: field.string('Bean for errors of the consumer itself.').ignored('errors of the consumer go to the log'),
  exchangePattern: field.enum('InOnly or InOut.', ['InOnly', 'InOut']).ignored('a client always waits for a reply'),
  lazyStartProducer: field.boolean('Connects with the first message.').ignored('it always does'),
};

export const restOpenApi = defineConnector({
  scheme: 'rest-openapi',
  syntax: 'rest-openapi:specification',
  summary: 'Calls an operation of a service that an OpenAPI document describes. Parameters come from headers. A route from it serves all operations: each calls the `direct:` route with its id, then goes through the steps.',
  isRemote: true,
  isHttpServer: true,
  promisesOfOthers: 'those of `platform-http`, whose consumer takes the requests',
  isLenient: true,
  options: restOpenApiOptions,
  consumer: ({ shownUri }) => {
    // The runtime puts a route in the place of each operation before it starts any.
    throw new Error(`nothing can be received from ${shownUri}: a route begins with it`);
  },
  producer: async (endpoint, context) => {
    const [{ RestProducer }, { withDefaults }, { restOptions }, { readOpenApi }] = [await import('../rest/producer.ts'), await import('../rest/consumer.ts'), await import('../rest/options.ts'), await import('../../core/http/openapi.ts')];
    const { specification, host, basePath, consumes, produces } = endpoint.options;
    const hash = specification.lastIndexOf('#');
    const uri = hash < 0 ? 'openapi.json' : specification.slice(0, hash);
    const id = specification.slice(hash + 1);
    const document = readOpenApi(runtimeOf(context).resource(uri.replace(/^resource:/, '')));
    const operation = document.operations.find((candidate) => candidate.id === id);
    if (operation === undefined) {
      const ids = document.operations.map((candidate) => candidate.id).filter((name) => name !== null);
      const near = nearest(id, ids);
      throw new Error(`\`${uri}\` has no operation \`${id}\`: ${near === null ? `it has ${ids.join(', ')}` : `did you mean \`${near}\`?`}`);
    }
    const query = operation.parameters.filter((parameter) => parameter.in === 'query').map(({ name, isRequired }) => `${name}={${name}${isRequired ? '' : '?'}}`);
    const where = host ?? document.host ?? (context.setting('rest.host') as string | undefined);
    if (where === undefined) throw new Error(`\`${uri}\` does not say where the service is: give \`host\``);
    const given = withDefaults(restOptions, {
      method: operation.method.toLowerCase(),
      path: `${(basePath ?? document.basePath).replace(/\/$/, '')}${operation.path}`,
      host: where,
      ...(query.length === 0 ? {} : { queryParameters: query.join('&') }),
      // Seen from the caller: what it consumes is what the service produces.
      consumes: produces ?? (operation.produces.length === 0 ? undefined : operation.produces.join(',')),
      produces: consumes ?? operation.consumes[0],
    });
    return RestProducer.open({ ...endpoint, options: given }, context);
  },
});

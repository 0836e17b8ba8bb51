import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { disabled, naming, settings } from './shared.ts';

const bindingMode = () => field.enum('How bodies become objects, and objects bodies.', ['off', 'auto', 'json', 'xml', 'json_xml']);

const binding = {
  consumes: field.string('Content types that are taken, with commas between them.'),
  produces: field.string('Content types that are given.'),
  bindingMode: bindingMode(),
  skipBindingOnErrorCode: field.boolean('Leaves the body of a reply with an error status as it is.'),
  clientRequestValidation: field.boolean('Refuses requests whose content type, parameters or body do not fit.'),
  clientResponseValidation: field.boolean('Refuses bound replies whose content type, headers or JSON text do not fit.'),
  enableCORS: field.boolean('Adds CORS headers to replies. Preflight requests are answered where `restConfiguration` says it.'),
  enableNoContentResponse: field.boolean('Answers 204 when the reply has an empty body.'),
  apiDocs: field.boolean('Shows it in the OpenAPI document.').default(true),
};

const value = field.element('A value.', { value: field.string('The value; an entry without one allows nothing more.') }, 'value');

const schema = {
  name: field.string('Its name.').required(),
  description: field.remark('What it is for.'),
  dataType: field.string('Type of its values.').default('string'),
  dataFormat: field.string('Format of its values, such as `date`.'),
  arrayType: field.string('Type of the entries, where it is a list.').default('string'),
  collectionFormat: field.enum('How several values are written.', ['csv', 'multi', 'pipes', 'ssv', 'tsv']).default('csv'),
  allowableValues: field.list('Values that it may have.', value),
};

const security = field.element('A requirement.', {
  key: field.string('Name of a security scheme.').required(),
  scopes: field.string('Scopes, with commas between them.'),
});

const operation = {
  path: field.string('Path below that of the service, with parameters as `{name}`.'),
  to: field.endpoint('Where requests go.').required(),
  type: field.string('Class of the request body, where JSON is bound: texts, numbers, lists (`X[]`) and maps are checked, and what does not fit gets 400. A class of your own takes any map.'),
  outType: field.string('Class of the reply body, for the OpenAPI document: those of `java.lang` tell its type.'),
  ...binding,
  param: field.list(
    'Parameters, for checks and for the OpenAPI document.',
    field.element('One parameter.', {
      type: field.enum('Where it stands.', ['body', 'formData', 'header', 'path', 'query']).default('path'),
      required: field.boolean('It must be there.').default(true),
      defaultValue: field.string('Its value when it is missing.'),
      examples: settings('Examples.'),
      ...schema,
    }),
  ),
  responseMessage: field.list(
    'Replies, for checks and for the OpenAPI document.',
    field.element('One reply.', {
      code: field.string('Its status.').default('200'),
      message: field.string('What it means.'),
      contentType: field.string('Its content type.'),
      responseModel: field.string('Class of its body: those of `java.lang` tell its type.'),
      header: field.list('Its headers.', field.element('One header.', { example: field.string('An example.'), ...schema })),
      examples: settings('Examples.'),
    }),
  ),
  security: field.list('What callers need.', security),
  deprecated: field.boolean('Marks it as deprecated in the OpenAPI document.').default(false),
  streamCache: field.boolean('Keeps streams, so that they can be read more than once.'),
  routeId: field.string('Id of the route that serves it.'),
  disabled,
  ...naming,
};

const verb = (method: string) => field.list(`Operations for ${method} requests.`, field.element('One operation.', operation));

const scheme = { key: field.string('Name of the scheme.').required(), description: field.string('What it is.') };

export const rest = defineElement({
  name: 'rest',
  summary: 'An HTTP service: paths and verbs, and the routes that answer them.',
  options: {
    ...naming,
    path: field.string('Path before all operations.'),
    ...binding,
    tag: field.string('Tag of its operations in the OpenAPI document.'),
    get: verb('GET'),
    post: verb('POST'),
    put: verb('PUT'),
    patch: verb('PATCH'),
    delete: verb('DELETE'),
    head: verb('HEAD'),
    openApi: field.element('Serves what an OpenAPI document describes.', {
      specification: field.string('The document: a file or a resource. A relative name is looked for beside the routes, then in the folder of the configuration.').required(),
      routeId: field.string('What the ids of its routes begin with: each operation has one, `openApi:OPERATION` without it, which calls the `direct:` route.'),
      apiContextPath: field.string('Path under which the document itself is served, below the base path of the document.'),
      missingOperation: field.enum('What is done about an operation that no `direct:` route answers.', ['fail', 'ignore', 'mock']).default('fail'),
      mockIncludePattern: field.string('Files with replies for mocked operations.').default('classpath:camel-mock/**'),
      disabled,
      ...naming,
    }),
    securityDefinitions: field.element('Security schemes, for the OpenAPI document.', {
      apiKey: field.element('A key in a header, query parameter or cookie.', {
        ...scheme,
        name: field.string('Name of that header, parameter or cookie.').required(),
        inHeader: field.boolean('It is a header.'),
        inQuery: field.boolean('It is a query parameter.'),
        inCookie: field.boolean('It is a cookie.'),
      }),
      basicAuth: field.element('User and password.', scheme),
      bearerToken: field.element('A token.', { ...scheme, format: field.string('Kind of token, such as `JWT`.') }),
      mutualTLS: field.element('A certificate of the client.', scheme),
      oauth2: field.element('OAuth 2.', {
        ...scheme,
        flow: field.enum('Its flow.', ['implicit', 'password', 'application', 'clientCredentials', 'accessCode', 'authorizationCode']),
        authorizationUrl: field.string('Where users agree.'),
        tokenUrl: field.string('Where tokens come from.'),
        refreshUrl: field.string('Where tokens are renewed.'),
        scopes: settings('Scopes with their meaning.'),
      }),
      openIdConnect: field.element('OpenID Connect.', { ...scheme, url: field.string('Its discovery document.').required() }),
    }),
    securityRequirements: field.list('What callers of all operations need.', security),
    disabled,
  },
});

import { field } from '../../core/field.ts';
import { defineElement } from '../model.ts';
import { settings } from './shared.ts';

const oneServer = 'HTTP is served by the one server of the runtime';

export const restConfiguration = defineElement({
  name: 'restConfiguration',
  summary: 'How all `rest` services are served: address, binding of bodies, CORS, OpenAPI document.',
  options: {
    component: field.enum('Connector that serves.', ['platform-http', 'servlet', 'jetty', 'undertow', 'netty-http', 'coap']).ignored(oneServer),
    scheme: field.string('`http` or `https`, as the OpenAPI document shows it and calls by `rest:` without a host take it.'),
    host: field.string('Host, as the OpenAPI document shows it and calls by `rest:` without a host take it.'),
    port: field.string('Port, the same way.'),
    contextPath: field.string('Path before all services.'),
    hostNameResolver: field.enum('Where the host comes from when none is given.', ['allLocalIp', 'localHostName', 'localIp', 'none']).default('allLocalIp').ignored('without a host the OpenAPI document shows relative addresses'),
    bindingMode: field.enum('How bodies become objects, and objects bodies.', ['auto', 'json', 'json_xml', 'off', 'xml']).default('off'),
    bindingPackageScan: field.string('Package with the classes of bodies.').ignored('bodies are plain objects'),
    skipBindingOnErrorCode: field.boolean('Leaves the body of a reply with an error status as it is.').default(false),
    clientRequestValidation: field.boolean('Refuses requests whose content type, parameters or body do not fit.').default(false),
    clientResponseValidation: field.boolean('Refuses bound replies whose content type, headers or JSON text do not fit.').default(false),
    validationLevels: settings('What is checked how strictly, when validation is on.').ignored('all is checked, and what does not fit is refused'),
    enableCORS: field.boolean('Answers preflight requests, and adds CORS headers to replies.').default(false),
    corsHeaders: settings('CORS headers: `Access-Control-Allow-Origin`, `-Methods`, `-Headers`, `-Credentials` and `Access-Control-Max-Age`.'),
    enableNoContentResponse: field.boolean('Answers 204 when the reply has an empty body.').default(false),
    inlineRoutes: field.boolean('Makes a `direct:` route that only one verb uses part of the service.').default(true),
    jsonDataFormat: field.string('Data format for JSON bodies.').ignored('JSON is built in'),
    xmlDataFormat: field.string('Data format for XML bodies: `jacksonXml` makes maps and lists of them. With another one XML is not bound, as there are no classes to bind to.'),
    dataFormatProperty: settings('How bodies are written: `prettyPrint` and `include`, for all or with `json.out.` or `xml.out.` before them.'),
    componentProperty: settings('Options of the connector.').ignored(oneServer),
    endpointProperty: settings('Options of each endpoint, such as `muteException`.'),
    consumerProperty: settings('Options of each consumer.').ignored('the server takes its options by `endpointProperty`'),
    useXForwardHeaders: field.boolean('Takes host and scheme of the OpenAPI document from `X-Forwarded` headers.').default(false),
    apiComponent: field.enum('What makes the document.', ['openapi', 'swagger']),
    apiContextPath: field.string('Path under which the OpenAPI document is served; none when it is missing.'),
    apiContextRouteId: field.string('Id of the route that serves it.'),
    apiHost: field.string('Host that the document shows.'),
    apiProperty: settings('Title, version and more of the document, such as `api.title`.'),
    apiVendorExtension: field.boolean('Adds `x-` entries to the document.').default(false),
    producerComponent: field.string('Connector that calls REST services.'),
    producerApiDoc: field.string('OpenAPI document of the called service.'),
  },
});

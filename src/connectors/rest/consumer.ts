import type { DataFormat } from '../../core/definition.ts';
import type { ConnectorContext, Endpoint } from '../../core/connector.ts';
import { runtimeOf } from '../../core/connector.ts';
import type { Fields, Options } from '../../core/field.ts';
import type { RestOperation } from '../../core/http/rest-operation.ts';
import { joinPaths, plainOperation } from '../../core/http/rest-operation.ts';
import { PlatformHttpConsumer } from '../platform-http/consumer.ts';
import { platformHttpOptions } from '../platform-http/options.ts';
import type { SchemaChecks } from './binding.ts';
import { RestBinding } from './binding.ts';
import type { BodyCheck } from './bodySchema.ts';
import type { restOptions } from './options.ts';

type RestEndpoint = Endpoint<typeof restOptions>;

/** The options of another connector, defaults filled in. */
export function withDefaults<F extends Fields>(fields: F, given: Readonly<Record<string, unknown>>): Options<F> {
  const options: Record<string, unknown> = {};
  for (const [name, { shape }] of Object.entries(fields)) options[name] = given[name] ?? shape.default;
  return options as Options<F>;
}

const operationOf = ({ options }: RestEndpoint): RestOperation => {
  if (options.operation !== undefined) return JSON.parse(options.operation) as RestOperation;
  return { ...plainOperation, method: options.method.toUpperCase(), consumes: options.consumes ?? null, produces: options.produces ?? null, bindingMode: options.bindingMode ?? 'off' };
};

/** What the schemas of its document say of an operation's bodies. */
async function checksOf({ contract, clientRequestValidation, clientResponseValidation }: RestOperation, context: ConnectorContext): Promise<SchemaChecks> {
  const replies: Record<string, BodyCheck> = {};
  if (contract === null) return { body: null, parameters: [], replies };
  const { documentOf, parameterCheck } = await import('./bodySchema.ts');
  const checks = await documentOf(contract, runtimeOf(context));
  const operation = checks.operation(contract.method, contract.path);
  if (operation === undefined) throw new Error(`\`${contract.document}\` has no \`${contract.method} ${contract.path}\` any more`);
  if (clientResponseValidation) for (const [status, { schema }] of Object.entries(operation.replies)) if (schema !== null) replies[status] = checks.check(schema, 'response');
  // Objects are spelled in many ways, and content in its own.
  const parameters = clientRequestValidation ? operation.parameters.filter(({ in: place, schema }) => place !== 'cookie' && schema['type'] !== 'object').map((parameter) => parameterCheck(parameter, checks)) : [];
  return { parameters, body: clientRequestValidation && operation.bodySchema !== null ? checks.check(operation.bodySchema, 'request') : null, replies };
}

/** One operation on the listener that all of HTTP shares. */
export async function openRestConsumer(endpoint: RestEndpoint, context: ConnectorContext): Promise<PlatformHttpConsumer> {
  const operation = operationOf(endpoint);
  const [unknown] = endpoint.options.operation === undefined ? [] : Object.keys(endpoint.rest);
  if (unknown !== undefined) throw new Error(`the server of \`rest\` has no option \`${unknown}\`: check \`endpointProperty\` of \`restConfiguration\``);
  const joined = joinPaths(endpoint.options.path, endpoint.options.uriTemplate);
  const path = joined !== '/' && endpoint.options.path.endsWith('/') && endpoint.options.uriTemplate === undefined ? `${joined}/` : joined;
  const options = withDefaults(platformHttpOptions, {
    ...endpoint.options,
    host: undefined,
    path,
    httpMethodRestrict: operation.answersOptions ? `${operation.method},OPTIONS` : operation.method,
    consumes: operation.consumes ?? undefined,
    produces: operation.produces ?? undefined,
    // As in Camel, with CORS and of a contract the binding checks them itself, and lets what is not said pass.
    serverRequestValidation: operation.corsHeaders === null && !operation.isOfContract,
  });
  const { jsonIn, jsonOut } = operation;
  const format = (given: Readonly<Record<string, string>>): DataFormat | null => (Object.keys(given).length === 0 || context.runtime === undefined ? null : context.runtime.dataFormat('json', given));
  const standIn = operation.standIn === null ? null : (await import('./standIn.ts')).answerOf(operation.standIn, runtimeOf(context));
  const binding = new RestBinding(operation, await checksOf(operation, context), { in: format(jsonIn), out: format(jsonOut) }, standIn);
  return new PlatformHttpConsumer({ ...endpoint, path, options, rest: {} }, context, binding);
}

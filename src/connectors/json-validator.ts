import type { Ajv as Draft7, AnySchemaObject, ErrorObject, ValidateFunction } from 'ajv';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { boundedCheck, schemaOptions } from '../core/jsonSchema.ts';
import { parseJsonInTurns, toPlainNumbers } from '../core/conversion/json.ts';
import { jsonTextOf } from './jsonBody.ts';

/** What says whether a document fits, and why not. */
interface Judge {
  readonly fits: (document: unknown) => boolean;
  readonly validate: ValidateFunction;
}

const fails = (type: string, message: string): ExchangeError => new ExchangeError(type, message);

/** Where a schema seems to be that has no address of its own: what it refers to is read from beside its resource. */
const origin = 'http://mecha.invalid/';

/** Keywords that the drafts before 7, and before 6, do not have. */
const since7 = ['if'];
const since6 = [...since7, 'const', 'contains', 'propertyNames'];

/** The validator of a schema, by the draft that it names; 2019-09, as in Camel, where it names none. */
async function compile(text: string, loadSchema: (address: string) => Promise<AnySchemaObject>): Promise<ValidateFunction> {
  const schema = JSON.parse(text) as AnySchemaObject | boolean;
  const named = typeof schema === 'object' && typeof schema['$schema'] === 'string' ? schema['$schema'] : '';
  const options = { allErrors: true, strict: false, validateFormats: false, loadSchema, multipleOfPrecision: 10, ...schemaOptions };
  const draft = /draft-0?(\d)/.exec(named)?.[1];
  const rules = typeof schema === 'boolean' ? schema : draft === undefined || draft === '4' ? { ...schema } : withoutDraft(schema);
  if (typeof rules === 'object' && rules['$id'] === undefined && rules['id'] === undefined) rules[draft === '4' ? 'id' : '$id'] = `${origin}schema`;
  if (draft === undefined) {
    if (!named.includes('2020-12')) {
      const { Ajv2019 } = await import('ajv/dist/2019.js');
      return compiled(new Ajv2019(options), rules);
    }
    const { Ajv2020 } = await import('ajv/dist/2020.js');
    return compiled(new Ajv2020(options), rules);
  }
  // Up to draft 7 a format is a rule, later it is a note.
  const { default: formats } = await import('ajv-formats');
  const older = { ...options, validateFormats: true };
  if (draft === '4') {
    const { default: ajv4 } = await import('ajv-draft-04');
    const ajv = new ajv4.default(older);
    formats.default(ajv as never);
    for (const keyword of since6) ajv.removeKeyword(keyword);
    return compiled(ajv, rules);
  }
  const { Ajv } = await import('ajv');
  const ajv = new Ajv(older);
  formats.default(ajv);
  if (draft === '6') for (const keyword of since7) ajv.removeKeyword(keyword);
  return compiled(ajv, rules);
}

/** Draft 7 reads schemas of draft 6 as they are meant. */
function withoutDraft({ $schema: _draft, ...rules }: AnySchemaObject): AnySchemaObject {
  return rules;
}

const compiled = (ajv: Pick<Draft7, 'compile' | 'compileAsync'>, rules: AnySchemaObject | boolean): Promise<ValidateFunction> => (typeof rules === 'boolean' ? Promise.resolve(ajv.compile(rules)) : ajv.compileAsync(rules));

/** `/items/0/a` as `$.items[0].a`. */
const pathOf = ({ instancePath }: ErrorObject): string =>
  `$${instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')}`;

const shown = (error: ErrorObject): string => `${pathOf(error)}: ${error.keyword === 'required' ? `required property '${(error.params as { missingProperty: string }).missingProperty}' not found` : (error.message ?? error.keyword)}`;

async function judgeOf(schema: string, read: (address: string) => string): Promise<Judge> {
  let all = schema;
  const load = async (address: string): Promise<AnySchemaObject> => {
    const text = await Promise.resolve(read(address));
    all += text;
    return withoutDraft(JSON.parse(text) as AnySchemaObject);
  };
  const validate = await compile(schema, load).catch((thrown: unknown) => {
    const lost = / is loaded but (\S+) cannot be resolved/.exec((thrown as Error).message)?.[1];
    throw lost === undefined ? thrown : new Error(`\`${lost.replace(/^http:\/\/mecha\.invalid\/(?:schema(?=#))?/, '')}\`, which the schema refers to, is not there`);
  });
  return { validate, fits: boundedCheck(all, (document) => validate(document)) };
}

class JsonValidator implements Producer {
  private readonly options: Endpoint<typeof jsonValidatorOptions>['options'];
  private readonly read: (uri: string) => string;
  private readonly warn: (message: string) => void;
  private judge: Promise<Judge> | null = null;

  constructor({ options }: Endpoint<typeof jsonValidatorOptions>, context: ConnectorContext) {
    this.options = options;
    this.read = (uri) => runtimeOf(context).resource(uri.replace(/^resource:/, ''));
    this.warn = (message) => context.log('warn', message);
  }

  /** A schema that is none shows at the start. As in Camel one that is missing fails the messages; the log says so. */
  async start(): Promise<void> {
    if (!this.options.contentCache) return;
    let text: string;
    try {
      text = this.read(this.options.resourceUri);
    } catch (thrown) {
      this.warn(`messages will fail, there is no schema ${this.options.resourceUri}: ${(thrown as Error).message}`);
      return;
    }
    await (this.judge = this.judgeOf(text));
  }

  /** Made once where the schema is kept: at the start, or when it has come to be there. */
  private load(): Promise<Judge> {
    if (!this.options.contentCache) return this.judgeOf(this.read(this.options.resourceUri));
    return (this.judge ??= this.judgeOf(this.read(this.options.resourceUri)).catch((thrown: unknown) => {
      this.judge = null;
      throw thrown;
    }));
  }

  private judgeOf(schema: string): Promise<Judge> {
    return judgeOf(schema, (address) => {
      if (/^(?:resource:)?(?:file|classpath):/.test(address)) return this.read(address);
      if (!address.startsWith(origin)) throw new Error(`${address} is not read: a schema may refer to what lies beside it, as \`other.json\`, and to \`classpath:\` and \`file:\``);
      return this.read(this.options.resourceUri.replace(/[^/:]*$/, '') + decodeURIComponent(address.slice(origin.length)));
    });
  }

  async send(exchange: Exchange): Promise<void> {
    const { headerName, failOnNullBody, failOnNullHeader } = this.options;
    const value = headerName === undefined ? exchange.body : (exchange.headers.get(headerName) ?? null);
    if (value === null || value === undefined) {
      if (headerName === undefined && failOnNullBody) throw fails('org.apache.camel.component.jsonvalidator.NoJsonBodyValidationException', 'Body is null');
      if (headerName !== undefined && failOnNullHeader) throw fails('org.apache.camel.component.jsonvalidator.NoJsonHeaderValidationException', `Header ${headerName} is null`);
      return;
    }
    const { fits, validate } = await this.load();
    let document: unknown;
    try {
      document = toPlainNumbers(await parseJsonInTurns(await jsonTextOf(exchange, value, headerName === undefined)));
    } catch (thrown) {
      throw new ExchangeError('org.apache.camel.component.jsonvalidator.JsonValidationException', `the document is no JSON: ${(thrown as Error).message}`, { cause: thrown });
    }
    let isFine: boolean;
    try {
      isFine = fits(document);
    } catch (thrown) {
      throw fails('org.apache.camel.component.jsonvalidator.JsonValidationException', (thrown as Error).message);
    }
    if (isFine) return;
    const errors = validate.errors ?? [];
    throw new ExchangeError('org.apache.camel.component.jsonvalidator.JsonValidationException', `JSON validation error with ${errors.length} errors:\n${errors.map(shown).join('\n')}`);
  }
}

const jsonValidatorOptions = {
  resourceUri: field.string('The JSON schema: `order.json`, `file:order.json`.').required().inPath(),
  allowContextMapAll: field.boolean('Lets the resource see the whole exchange.').default(false).ignored('a schema sees nothing but the document'),
  contentCache: field.boolean('Reads the schema once.').default(true),
  failOnNullBody: field.boolean('Fails where there is no body.').default(true),
  failOnNullHeader: field.boolean('Fails where there is no header of that name.').default(true),
  headerName: field.string('Header that is checked instead of the body.'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('a schema that is wrong shows at the start'),
  disabledDeserializationFeatures: field.string('Features of Jackson.').ignored('there is no Jackson here'),
  enabledDeserializationFeatures: field.string('Features of Jackson.').ignored('there is no Jackson here'),
  errorHandler: field.string('Bean that is told errors.').ignored('what is wrong fails the exchange, with JsonValidationException'),
  objectMapper: field.string('Bean that is the ObjectMapper.').ignored('there is no Jackson here'),
  uriSchemaLoader: field.string('Bean that loads schemas.').ignored('schemas are read as resources'),
};


export const jsonValidator = defineConnector({
  scheme: 'json-validator',
  syntax: 'json-validator:resourceUri',
  summary: 'Checks the body against a JSON schema, and fails with JsonValidationException where it does not hold.',
  options: jsonValidatorOptions,
  producer: (endpoint, context) => new JsonValidator(endpoint, context),
});

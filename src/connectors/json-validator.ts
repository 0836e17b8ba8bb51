import type { AnySchemaObject, ErrorObject, ValidateFunction } from 'ajv';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { boundedCheck, schemaOptions } from '../core/jsonSchema.ts';
import { jsonText, parseJson, toPlainNumbers } from '../core/conversion/json.ts';

/** What says whether a document fits, and why not. */
interface Judge {
  readonly fits: (document: unknown) => boolean;
  readonly validate: ValidateFunction;
}

const fails = (type: string, message: string): ExchangeError => new ExchangeError(type, message);

/** The validator of a schema, by the draft that it names; 2019-09, as in Camel, where it names none. */
async function compile(text: string): Promise<ValidateFunction> {
  const schema = JSON.parse(text) as AnySchemaObject;
  const named = typeof schema['$schema'] === 'string' ? schema['$schema'] : '';
  const options = { allErrors: true, strict: false, validateFormats: false, ...schemaOptions };
  const draft = /draft-0?(\d)/.exec(named)?.[1];
  if (draft === undefined) {
    if (!named.includes('2020-12')) {
      const { Ajv2019 } = await import('ajv/dist/2019.js');
      return new Ajv2019(options).compile(schema);
    }
    const { Ajv2020 } = await import('ajv/dist/2020.js');
    return new Ajv2020(options).compile(schema);
  }
  // Up to draft 7 a format is a rule, later it is a note.
  const { default: formats } = await import('ajv-formats');
  const older = { ...options, validateFormats: true };
  if (draft === '4') {
    const { default: ajv4 } = await import('ajv-draft-04');
    const ajv = new ajv4.default(older);
    formats.default(ajv as never);
    return ajv.compile(schema);
  }
  const { Ajv } = await import('ajv');
  const ajv = new Ajv(older);
  formats.default(ajv);
  // Draft 7 reads schemas of draft 6 as they are meant.
  const { $schema: _draft, ...rules } = schema;
  return ajv.compile(rules);
}

/** `/items/0/a` as `$.items[0].a`. */
const pathOf = ({ instancePath }: ErrorObject): string =>
  `$${instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')}`;

const shown = (error: ErrorObject): string => `${pathOf(error)}: ${error.keyword === 'required' ? `required property '${(error.params as { missingProperty: string }).missingProperty}' not found` : (error.message ?? error.keyword)}`;

async function judgeOf(schema: string): Promise<Judge> {
  const validate = await compile(schema);
  return { validate, fits: boundedCheck(schema, (document) => validate(document)) };
}

class JsonValidator implements Producer {
  private readonly options: Endpoint<typeof jsonValidatorOptions>['options'];
  private readonly text: () => string;
  private readonly warn: (message: string) => void;
  private judge: Promise<Judge> | null = null;

  constructor({ options }: Endpoint<typeof jsonValidatorOptions>, context: ConnectorContext) {
    this.options = options;
    this.text = () => runtimeOf(context).resource(options.resourceUri.replace(/^resource:/, ''));
    this.warn = (message) => context.log('warn', message);
  }

  /** A schema that is none shows at the start. As in Camel one that is missing fails the messages; the log says so. */
  async start(): Promise<void> {
    if (!this.options.contentCache) return;
    let text: string;
    try {
      text = this.text();
    } catch (thrown) {
      this.warn(`messages will fail, there is no schema ${this.options.resourceUri}: ${(thrown as Error).message}`);
      return;
    }
    await (this.judge = judgeOf(text));
  }

  /** Made once where the schema is kept: at the start, or when it has come to be there. */
  private load(): Promise<Judge> {
    if (!this.options.contentCache) return judgeOf(this.text());
    return (this.judge ??= judgeOf(this.text()).catch((thrown: unknown) => {
      this.judge = null;
      throw thrown;
    }));
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
      document = await documentOf(exchange, value, headerName === undefined);
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

async function documentOf(exchange: Exchange, value: unknown, isBody: boolean): Promise<unknown> {
  if (typeof value === 'string') return toPlainNumbers(parseJson(value));
  if (value instanceof Uint8Array) return toPlainNumbers(parseJson(jsonText(value)));
  if (isByteSource(value)) {
    const bytes = await readBytes(value);
    // What was read must be there for the steps behind.
    if (isBody) exchange.body = bytes;
    return toPlainNumbers(parseJson(jsonText(bytes)));
  }
  if (typeof value === 'object' && value !== null && typeof (value as { text?: unknown }).text === 'function') return toPlainNumbers(parseJson(toText(value)!));
  return toPlainNumbers(value);
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

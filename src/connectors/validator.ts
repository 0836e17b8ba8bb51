import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { Thread } from '../core/thread.ts';
import type { DocumentSet } from './xmlDocuments.ts';
import { readDocumentSet, withoutDeclaredEncoding, xmlTextOf } from './xmlDocuments.ts';

const longestMillis = 30_000;
const w3cSchema = 'http://www.w3.org/2001/XMLSchema';

/** Schemas stay compiled in the thread, by a number of ours; the texts come with the first request only. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { pathToFileURL } = require('node:url');
let texts = {};
const open = new Map();
let lastOpen = 0;
const library = import(pathToFileURL(workerData.library)).then((xml) => {
  xml.xmlRegisterInputProvider({
    match: () => true,
    open: (name) => {
      if (!(name in texts)) return undefined;
      open.set(++lastOpen, Buffer.from(texts[name]));
      return lastOpen;
    },
    read: (id, buffer) => {
      const left = open.get(id);
      const part = left.subarray(0, buffer.byteLength);
      buffer.set(part);
      open.set(id, left.subarray(part.length));
      return part.length;
    },
    close: (id) => open.delete(id),
  });
  return xml;
});
const validators = new Map();
const shown = (error) => (error.details ?? []).length === 0 ? [{ message: String(error.message).trim(), line: 0, col: 0 }] : error.details.map(({ message, line, col }) => ({ message: message.trim(), line, col }));
parentPort.on('message', async ({ id, url, documents, document }) => {
  try {
    const { ParseOption, XmlDocument, XsdValidator } = await library;
    const option = ParseOption.XML_PARSE_NONET | ParseOption.XML_PARSE_NO_XXE;
    let validator = validators.get(id);
    if (documents !== undefined) {
      validator?.dispose();
      texts = documents;
      const schema = XmlDocument.fromString(documents[url], { url, option });
      try {
        validators.set(id, (validator = XsdValidator.fromDoc(schema)));
      } finally {
        schema.dispose();
        texts = {};
      }
    }
    if (validator === undefined) return parentPort.postMessage({ output: { unknown: true } });
    if (document === undefined) return parentPort.postMessage({ output: { problems: [] } });
    let parsed;
    try {
      parsed = XmlDocument.fromString(document, { option: option | ParseOption.XML_PARSE_NOENT });
    } catch (error) {
      return parentPort.postMessage({ output: { problems: shown(error) } });
    }
    try {
      validator.validate(parsed);
      parentPort.postMessage({ output: { problems: [] } });
    } catch (error) {
      parentPort.postMessage({ output: { problems: shown(error) } });
    } finally {
      parsed.dispose();
    }
  } catch (error) {
    parentPort.postMessage({ error: shown(error).map(({ message, line }) => line > 0 ? message + ' (line ' + line + ')' : message).join('; ') });
  }
});
`;

interface Problem {
  readonly message: string;
  readonly line: number;
  readonly col: number;
}

interface Request {
  readonly id: number;
  readonly url: string;
  readonly documents?: Readonly<Record<string, string>>;
  readonly document?: string;
}

interface Verdict {
  /** The thread is a new one and does not have the schema yet. */
  readonly unknown?: true;
  readonly problems?: readonly Problem[];
}

const thread = new Thread<Request, Verdict>(program, 'libxml2-wasm', longestMillis, (message) => new ExchangeError('org.apache.camel.RuntimeCamelException', `validator: ${message}`));
let lastId = 0;

/** What a schema refers to. */
const schemaLocations = /<(?:[\w.-]+:)?(?:include|import|redefine)\b[^>]*?\bschemaLocation\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

class Validator implements Producer {
  private readonly options: Endpoint<typeof validatorOptions>['options'];
  private readonly context: ConnectorContext;
  private readonly id = ++lastId;
  private schema: DocumentSet | null = null;

  constructor({ options }: Endpoint<typeof validatorOptions>, context: ConnectorContext) {
    if (options.schemaLanguage !== w3cSchema) throw new Error(`\`schemaLanguage=${options.schemaLanguage}\` is not there: schemas are XML Schema (${w3cSchema})`);
    this.options = options;
    this.context = context;
  }

  /** A schema that is not there, or is none, shows at the start. */
  async start(): Promise<void> {
    await this.judge(undefined);
  }

  private async judge(document: string | undefined): Promise<readonly Problem[]> {
    const { id } = this;
    const asked = { id, ...(document === undefined ? {} : { document: withoutDeclaredEncoding(document) }) };
    if (this.schema !== null) {
      const verdict = await thread.run({ ...asked, url: this.schema.url });
      if (verdict.problems !== undefined) return verdict.problems;
    }
    const schema = readDocumentSet(this.options.resourceUri, schemaLocations, (uri) => runtimeOf(this.context).resource(uri));
    const documents = Object.fromEntries(Object.entries(schema.texts).map(([url, text]) => [url, withoutDeclaredEncoding(text)]));
    const { problems } = await thread.run({ ...asked, url: schema.url, documents });
    this.schema = schema;
    return problems!;
  }

  async send(exchange: Exchange): Promise<void> {
    const { headerName, failOnNullBody, failOnNullHeader, resourceUri } = this.options;
    const value = headerName === undefined ? exchange.body : exchange.headers.get(headerName);
    const document = await xmlTextOf(exchange, value, headerName === undefined);
    if (document === null) {
      if (headerName === undefined && failOnNullBody) throw new ExchangeError('org.apache.camel.support.processor.validation.NoXmlBodyValidationException', 'No XML body could be found on the input message');
      if (headerName !== undefined && failOnNullHeader)
        throw new ExchangeError('org.apache.camel.support.processor.validation.NoXmlHeaderValidationException', `XML header "${headerName}" could not be found on the input message`);
      return;
    }
    const problems = namesOutside(document) ? [{ message: 'DTDs and entities from outside of the document are never read', line: 0, col: 0 }] : await this.judge(document);
    if (problems.length === 0) return;
    const shown = problems.map(({ message, line, col }) => `${message}${line > 0 ? `, Line : ${line}` : ''}${col > 0 ? `, Column : ${col}` : ''}`);
    throw new ExchangeError('org.apache.camel.support.processor.validation.SchemaValidationException', `Validation failed for: ${resourceUri}\nerrors: [\n${shown.join('\n')}\n]`, {
      details: { errors: problems },
    });
  }
}

/** Its document type names something outside of it, for which an empty text would stand. */
function namesOutside(document: string): boolean {
  const at = document.indexOf('<!DOCTYPE');
  if (at < 0 || /<[\p{L}_]/u.test(document.slice(0, at))) return false;
  const declared = document.slice(at, at + longestDoctype).replace(/"[^"]*"|'[^']*'/g, '""');
  return /\b(?:SYSTEM|PUBLIC)\b/.test(/^[^[>]*(?:\[[^\]]*\])?/.exec(declared)![0]);
}

const longestDoctype = 100_000;

const validatorOptions = {
  resourceUri: field.string('The schema: `order.xsd`, `file:order.xsd`. What it includes and imports is read from beside it.').required().inPath(),
  failOnNullBody: field.boolean('Fails where there is no body.').default(true),
  failOnNullHeader: field.boolean('Fails where there is no header of that name.').default(true),
  headerName: field.string('Header that is checked instead of the body.'),
  schemaLanguage: field.string('What the schema is written in: XML Schema.').default(w3cSchema),
  useSharedSchema: field.boolean('Compiles the schema once.').default(true).ignored('it is compiled once'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('a schema that is wrong shows at the start'),
  errorHandler: field.string('Bean that is told errors.').ignored('what is wrong fails the exchange, with SchemaValidationException'),
  resourceResolver: field.string('Bean that finds what schemas import.').ignored('it is read from beside the schema'),
  resourceResolverFactory: field.string('Bean that makes a resource resolver.').ignored('what schemas import is read from beside the schema'),
  schemaFactory: field.string('Bean that is the SchemaFactory.').ignored('there is no Java here'),
};

export const validator = defineConnector({
  scheme: 'validator',
  syntax: 'validator:resourceUri',
  summary: 'Checks an XML body against an XML Schema (XSD), and fails with SchemaValidationException where it does not hold.',
  options: validatorOptions,
  check: ({ options: { resourceUri } }, context) => void runtimeOf(context).resource(resourceUri),
  producer: (endpoint, context) => new Validator(endpoint, context),
});

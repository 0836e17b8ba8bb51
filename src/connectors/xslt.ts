import { rm, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { decodeText, encodeText } from '../core/conversion/charset.ts';
import { FileBody } from '../core/conversion/file-body.ts';
import { pathBelow } from '../core/folder.ts';
import { sourceReader } from '../core/exchange/source.ts';
import { Thread } from '../core/thread.ts';
import { parseXmlInTurns, XmlNodeList } from '../core/conversion/xml.ts';
import type { DocumentSet } from './xmlDocuments.ts';
import { readDocumentSet, withoutDeclaredEncoding, xmlTextOf } from './xmlDocuments.ts';
import { charsetOf, unknownFunction, withNodeSets } from './xsltStylesheet.ts';

const longestMillis = 30_000;
const mostMessages = 100;

/**
 * The library waits for what it fetches by JSPI, which Node 20 does not have. Nothing is fetched here: the only import that would wait is
 * replaced by one that answers at once from the documents at hand, so that all calls are plain ones. Standard error is where the engine
 * says what is wrong.
 */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const { dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const fs = require('node:fs');
let texts = {};
let said = '';
let missing = null;
fs.writeSync = (_, text) => {
  if (said.length < 100000) said += text;
  return text.length;
};
require('node:module').syncBuiltinESMExports();
let engine = null;
function fetchBytes(url, buffer, count, error) {
  const text = texts[engine.UTF8ToString(url)];
  if (text === undefined) {
    missing ??= engine.UTF8ToString(url);
    engine.setValue(buffer, 0, '*');
    engine.setValue(count, 0, 'i32');
    engine.setValue(error, 404, 'i32');
    return;
  }
  const bytes = Buffer.from(text);
  const memory = engine._malloc(bytes.length);
  engine.HEAPU8.set(bytes, memory);
  engine.setValue(buffer, memory, '*');
  engine.setValue(count, bytes.length, 'i32');
  engine.setValue(error, 0, 'i32');
}
WebAssembly.Suspending = function (original) {
  return original.name === '__asyncjs__fetchBytes' ? fetchBytes : original;
};
WebAssembly.promising = (original) => original;
const library = (async () => {
  const at = (name) => import(pathToFileURL(join(dirname(workerData.library), name)));
  const [{ libxslt }, { XmlDocument, XsltStylesheet }, { registerAll }] = [await at('internal/module.js'), await at('index.js'), await at('exslt.js')];
  engine = libxslt;
  registerAll();
  return { XmlDocument, XsltStylesheet };
})();
const read = { noNet: true, noXxe: true };
const stylesheets = new Map();
const problem = () => said.replace(/\\n\\s*\\^?\\s*$/, '').trim();
parentPort.on('message', async ({ id, url, documents, document, parameters, forget }) => {
  said = '';
  let parsed, result;
  try {
    const { XmlDocument, XsltStylesheet } = await library;
    if (documents !== undefined) {
      stylesheets.get(id)?.stylesheet.delete();
      texts = documents;
      // The stylesheet owns its document.
      const source = await XmlDocument.fromString(documents[url], { url, options: read });
      stylesheets.set(id, { stylesheet: await XsltStylesheet.fromXmlDocument(source), documents });
    }
    const known = stylesheets.get(id);
    if (known === undefined) return parentPort.postMessage({ output: { unknown: true } });
    const { stylesheet } = known;
    texts = known.documents;
    if (document === undefined) return parentPort.postMessage({ output: { text: '' } });
    try {
      parsed = await XmlDocument.fromString(document, { options: read });
    } catch {
      return parentPort.postMessage({ output: { failure: 'no XML: ' + problem() } });
    }
    said = '';
    missing = null;
    try {
      result = await stylesheet.apply(parsed, parameters);
    } catch (error) {
      // A stack that overflowed leaves the engine as it is.
      const isBroken = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
      if (isBroken) parsed = undefined;
      return parentPort.postMessage({ output: { failure: isBroken ? 'templates call each other too deeply' : problem() || String(error.message) }, isBroken });
    }
    missing ??= /^(\\S*?):\\d+: I\\/O (?:warning|error) : /m.exec(said)?.[1] ?? /^I\\/O (?:warning|error) : .*?"([^"]*)"/m.exec(said)?.[1] ?? null;
    if (missing !== null) return parentPort.postMessage({ output: { failure: 'document(): ' + missing.replace(/^http:\\/\\/mecha\\.invalid\\//, '') + ' is not read: only what the stylesheet names by a fixed address beside it is' } });
    parentPort.postMessage({ output: { text: stylesheet.applyToString(result), said: said.trim() } });
  } catch (error) {
    const isBroken = error instanceof WebAssembly.RuntimeError;
    if (isBroken) parsed = result = undefined;
    parentPort.postMessage({ error: problem() || String(error.message), isBroken });
  } finally {
    result?.delete();
    parsed?.delete();
    if (forget) {
      stylesheets.get(id)?.stylesheet.delete();
      stylesheets.delete(id);
    }
    texts = {};
  }
});
`;

interface Request {
  readonly id: number;
  readonly url: string;
  readonly documents?: Readonly<Record<string, string>>;
  readonly document?: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Do not keep the stylesheet. */
  readonly forget?: boolean;
}

interface Outcome {
  /** The thread is a new one and does not have the stylesheet yet. */
  readonly unknown?: true;
  readonly failure?: string;
  readonly text?: string;
  /** What `xsl:message` said. */
  readonly said?: string;
}

const failed = (message: string): ExchangeError => new ExchangeError('javax.xml.transform.TransformerException', message);

const thread = new Thread<Request, Outcome>(program, 'libxslt-wasm', longestMillis, (message) => failed(`xslt: ${message}`));
let lastId = 0;

/** What a stylesheet includes, and documents that it names. */
const references = /<(?:[\w.-]+:)?(?:include|import)\b[^>]*?\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')|\bdocument\(\s*(?:'([^']+)'|"([^"]+)")/g;

/** A text as an XPath literal, which can't hold both kinds of quotes. */
function literal(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  if (!text.includes('"')) return `"${text}"`;
  return `concat(${text.split("'").map((part) => `'${part}'`).join(`, "'", `)})`;
}

const isName = (name: string): boolean => /^[\p{L}_][\p{L}\p{N}._-]*$/u.test(name);

function parametersOf(exchange: Exchange): Record<string, string> {
  const parameters: Record<string, string> = {};
  const add = (name: string, value: unknown): void => {
    if (!isName(name) || value === null || value === undefined) return;
    if (typeof value === 'number') parameters[name] = Number.isFinite(value) ? String(value) : 'number("NaN")';
    else if (typeof value === 'boolean') parameters[name] = `${value}()`;
    else {
      const text = toText(value);
      if (text !== null) parameters[name] = literal(text);
    }
  };
  if (exchange.hasProperties) exchange.properties.forEach((name, value) => add(name, value));
  for (const [name, value] of Object.entries(exchange.headers.toObject())) add(name, value);
  return parameters;
}

/** What stands in the documents, and the charset that the result is wanted in. */
interface Stylesheet extends DocumentSet {
  readonly charset: string | null;
}

class Xslt implements Producer {
  private readonly options: Endpoint<typeof xsltOptions>['options'];
  private readonly context: ConnectorContext;
  private readonly source: (exchange: Exchange) => unknown;
  private readonly id = ++lastId;
  private stylesheet: Stylesheet | null = null;

  constructor({ options }: Endpoint<typeof xsltOptions>, context: ConnectorContext) {
    this.options = options;
    this.context = context;
    this.source = sourceReader(options.source);
  }

  /** A stylesheet that is not there, or is none, shows at the start. */
  async start(): Promise<void> {
    if (this.options.contentCache) await this.transform(undefined, undefined);
  }

  private read(uri: string): string {
    return runtimeOf(this.context).resource(uri.replace(/^resource:/, ''));
  }

  private async transform(document: string | undefined, parameters: Readonly<Record<string, string>> | undefined): Promise<Outcome> {
    const asked = { id: this.id, ...(document === undefined ? {} : { document: withoutDeclaredEncoding(document), parameters }) } as const;
    if (this.stylesheet !== null && this.options.contentCache) {
      const outcome = await thread.run({ ...asked, url: this.stylesheet.url } as Request);
      if (outcome.unknown === undefined) return outcome;
    }
    this.stylesheet = this.readStylesheet(this.options.resourceUri);
    return this.with(this.stylesheet, asked);
  }

  private readStylesheet(resourceUri: string): Stylesheet {
    return checked(readDocumentSet(resourceUri, references, (uri) => this.read(uri)));
  }

  private with({ url, texts }: DocumentSet, asked: object): Promise<Outcome> {
    const documents = Object.fromEntries(Object.entries(texts).map(([address, text]) => [address, withNodeSets(withoutDeclaredEncoding(text))]));
    return thread.run({ ...asked, url, documents } as Request);
  }

  /** The stylesheet that headers name, where they may; it is not kept. */
  private given(exchange: Exchange): Stylesheet | null {
    if (!this.options.allowTemplateFromHeader) return null;
    const template = toText(exchange.headers.remove('CamelXsltStylesheet') ?? null);
    if (template !== null) {
      const url = 'http://mecha.invalid/header.xsl';
      return checked({ url, texts: { [url]: template } });
    }
    const uri = toText(exchange.headers.remove('CamelXsltResourceUri') ?? null);
    return uri === null ? null : this.readStylesheet(uri);
  }

  async send(exchange: Exchange): Promise<void> {
    const value = this.source(exchange);
    // As in Camel a list of nodes is no source.
    let document = value instanceof XmlNodeList ? null : await xmlTextOf(exchange, value, value === exchange.body);
    if (document === null) {
      if (this.options.failOnNullBody)
        throw new ExchangeError('org.apache.camel.ExpectedBodyTypeException', `Could not extract IN message body as type: interface javax.xml.transform.Source body is: ${toText(value) ?? 'null'}`);
      // What Java takes for an empty source: an empty document.
      document = '<?xml version="1.0"?><empty/>';
    }
    const parameters = parametersOf(exchange);
    const given = this.given(exchange);
    const outcome =
      given === null ? await this.transform(document, parameters) : await this.with(given, { id: -1, document: withoutDeclaredEncoding(document), parameters, forget: true });
    if (outcome.failure !== undefined) throw failed(outcome.failure);
    if (outcome.said !== undefined && outcome.said !== '') for (const line of outcome.said.split('\n').slice(0, mostMessages)) this.context.log('info', line);
    const { charset } = given ?? this.stylesheet!;
    const text = declared(outcome.text!);
    await this.put(exchange, charset === null ? text : withReferences(text, charset), charset);
  }

  private async put(exchange: Exchange, text: string, charset: string | null): Promise<void> {
    const { output, deleteOutputFile } = this.options;
    switch (output) {
      case 'bytes':
        exchange.body = encodeText(text, charset);
        return;
      case 'DOM':
        exchange.body = await parseXmlInTurns(text);
        return;
      case 'file': {
        const name = toText(exchange.headers.get('CamelXsltFileName') ?? null);
        if (name === null) throw new ExchangeError('org.apache.camel.NoSuchHeaderException', '`output=file` needs the header CamelXsltFileName');
        const path = pathBelow(this.context.baseDir, name);
        await writeFile(path, encodeText(text, charset));
        const { size, mtimeMs } = await stat(path);
        exchange.body = new FileBody({ path, name: basename(path), length: size, lastModified: mtimeMs });
        if (deleteOutputFile) exchange.unitOfWork?.onCompletion(() => rm(path, { force: true }));
        return;
      }
      default:
        exchange.body = text;
    }
  }
}

/** @throws ExchangeError where it needs another version of XSLT, which shows at the start then */
function checked(stylesheet: DocumentSet): Stylesheet {
  for (const text of Object.values(stylesheet.texts)) {
    const name = unknownFunction(text);
    if (name !== null) throw failed(`there is no function \`${name}\` in XSLT 1.0`);
  }
  return { ...stylesheet, charset: charsetOf(Object.values(stylesheet.texts)) };
}

/** Letters that the charset of the document has not, as references to them. */
function withReferences(text: string, charset: string): string {
  const isIn = (part: string): boolean => decodeText(encodeText(part, charset), charset) === part;
  return isIn(text) ? text : text.replace(/[^\x00-\x7f]/gu, (letter) => (isIn(letter) ? letter : `&#${letter.codePointAt(0)!};`));
}

/** The declaration as Java writes it: with the encoding, and without line breaks around the document. */
const declared = (text: string): string => (text.startsWith('<?xml version="1.0"') ? text.replace(/^<\?xml version="1\.0"(?: encoding="([^"]+)")?([^?]*)\?>\n/, (_, encoding: string | undefined, rest: string) => `<?xml version="1.0" encoding="${encoding ?? 'UTF-8'}"${rest}?>`).replace(/\n$/, '') : text.startsWith('<') ? text.replace(/\n$/, '') : text);

const xsltOptions = {
  resourceUri: field.string('The stylesheet (XSLT 1.0 with EXSLT): `order.xsl`, `file:order.xsl`. What it includes is read from beside it.').required().inPath(),
  allowTemplateFromHeader: field.boolean('Takes the stylesheet from a header where there is one. Only for messages whose sender is trusted.').default(false),
  contentCache: field.boolean('Compiles the stylesheet once.').default(true),
  deleteOutputFile: field.boolean('Deletes the file that `output=file` made when the exchange is done.').default(false),
  failOnNullBody: field.boolean('Fails where there is no body.').default(true),
  output: field.enum('What the body becomes.', ['string', 'bytes', 'DOM', 'file']).default('string'),
  source: field.string('Where the document is instead of the body: `header:name`, `property:name`, `variable:name`.'),
  transformerCacheSize: field.count('Transformers kept for use again.').default(0).ignored('a stylesheet is compiled once'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('a stylesheet that is wrong shows at the start'),
  entityResolver: field.string('Bean that resolves entities.').ignored('external entities are never read'),
  errorListener: field.string('Bean that is told errors.').ignored('what is wrong fails the exchange, with TransformerException'),
  resultHandlerFactory: field.string('Bean that makes result handlers.').ignored('`output` says what the body becomes'),
  transformerFactory: field.string('Bean that makes transformers.').ignored('there is one engine'),
  transformerFactoryClass: field.string('Class that makes transformers.').ignored('there is one engine'),
  transformerFactoryConfigurationStrategy: field.string('Bean that configures transformers.').ignored('there is one engine'),
  uriResolver: field.string('Bean that finds what stylesheets include.').ignored('it is read from beside the stylesheet'),
  xpathTotalOpLimit: field.count('Operators that a stylesheet may have.').default(10000).ignored('a transformation is given up after 30 seconds'),
  xsltMessageLogger: field.string('Bean that is told what `xsl:message` says.').ignored('it is logged'),
};

export const xslt = defineConnector({
  scheme: 'xslt',
  syntax: 'xslt:resourceUri',
  summary: 'Transforms an XML body with an XSLT 1.0 stylesheet. Headers and exchange properties are its parameters.',
  options: xsltOptions,
  headers: {
    CamelXsltFileName: 'The file that `output=file` writes.',
    CamelXsltResourceUri: 'Another stylesheet, where allowTemplateFromHeader is on.',
    CamelXsltStylesheet: 'The stylesheet itself, where allowTemplateFromHeader is on.',
  },
  check: ({ options: { contentCache, resourceUri } }, context) => void (contentCache && runtimeOf(context).resource(resourceUri.replace(/^resource:/, ''))),
  producer: (endpoint, context) => new Xslt(endpoint, context),
});

import { isByteSource, isContent, toText } from '../../core/conversion/convert.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { FAILED, HANDLED } from '../../core/exchange/exchange.ts';
import type { DataFormat } from '../../core/definition.ts';
import { ExchangeError } from '../../core/errors.ts';
import { isPlainMap } from '../../core/conversion/plainValue.ts';
import { isNumeric } from '../../core/conversion/exactNumber.ts';
import { jsonText, parseJson, toPlainNumbers, writeJson } from '../../core/conversion/json.ts';
import { areCompatible, isAccepted, mediaTypeOf, mediaTypes } from '../../core/conversion/media-type.ts';
import { Slices } from '../../core/conversion/slices.ts';
import { ofRoot, readXmlData, readXmlDataInTurns, writeXmlDataInTurns } from '../../core/conversion/xmlData.ts';
import { xmlDocumentInTurns } from '../../core/conversion/xmlFragment.ts';
import type { BindingMode, RestOperation } from '../../core/http/rest-operation.ts';
import { forStatus } from '../../core/http/rest-operation.ts';
import type { RequestBinding } from '../platform-http/consumer.ts';
import type { BodyCheck, ParameterCheck } from './bodySchema.ts';

/** JSON schemas of an OpenAPI document. */
export interface SchemaChecks {
  readonly body: BodyCheck | null;
  readonly parameters: readonly ParameterCheck[];
  /** By status, class of statuses or `default`. */
  readonly replies: Readonly<Record<string, BodyCheck>>;
}

/** How JSON is read and written; null: as it is. */
export interface JsonFormats {
  readonly in: DataFormat | null;
  readonly out: DataFormat | null;
}

/**
 * What `rest` does around a route: checks of the request, JSON to objects and back, CORS. It has the meaning of Camel's rest binding: what it
 * refuses never enters the route, what it can't read comes to the route's error handler as a failure.
 */
export class RestBinding implements RequestBinding {
  private readonly operation: RestOperation;
  private readonly consumes: readonly string[] | null;
  private readonly produces: readonly string[] | null;

  private readonly checks: SchemaChecks;

  /** Requests that did not say that they are XML, and are: so is what answers them, unless that says something else. */
  private readonly foundXml = new WeakSet<Exchange>();

  /** They are made where the operation says more of JSON than is built in. */
  private readonly formats: JsonFormats;

  /** What answers where there is no route: it binds nothing. */
  private readonly standIn: ((exchange: Exchange) => void) | null;
  readonly tellsMethods: boolean;

  constructor(operation: RestOperation, checks: SchemaChecks = { body: null, parameters: [], replies: {} }, formats: JsonFormats = { in: null, out: null }, standIn: ((exchange: Exchange) => void) | null = null) {
    this.operation = operation;
    this.standIn = standIn;
    this.tellsMethods = operation.isOfContract;
    this.checks = checks;
    this.formats = formats;
    this.consumes = mediaTypes(operation.consumes ?? undefined);
    this.produces = mediaTypes(operation.produces ?? undefined);
  }

  before(exchange: Exchange): boolean | Promise<boolean> {
    const { operation } = this;
    const { headers } = exchange;
    if (operation.answersOptions && headers.lookup('camelhttpmethod') === 'OPTIONS') {
      this.answer(exchange, 200, null);
      if (operation.corsHeaders !== null) this.addCorsHeaders(exchange);
      return false;
    }
    if ((operation.corsHeaders !== null && !operation.isOfContract) || operation.clientRequestValidation) {
      const status = this.mismatch(exchange);
      if (status !== 0) {
        headers.remove('Content-Type');
        this.answer(exchange, status, null);
        return false;
      }
    }
    for (const [name, value] of Object.entries(operation.defaults)) if (!headers.has(name)) headers.set(name, value);
    const { clientRequestValidation } = operation;
    const hasBody = clientRequestValidation && !isEmpty(exchange.body);
    const refusal = (clientRequestValidation ? this.refusal(exchange, hasBody) : null) ?? (this.standIn === null ? this.unmarshal(exchange) : null);
    return refusal instanceof Promise ? refusal.then((found) => this.enters(exchange, found, hasBody)) : this.enters(exchange, refusal, hasBody);
  }

  /** @param isChecked whether there was a body to check */
  private enters(exchange: Exchange, refused: string | null, isChecked: boolean): boolean {
    const { corsHeaders } = this.operation;
    const refusal = refused ?? (isChecked && !exchange.isFailed && this.checks.body !== null ? this.misfit(exchange, this.checks.body) : null);
    if (refusal === null) return true;
    this.answer(exchange, 400, refusal);
    if (corsHeaders !== null) this.addCorsHeaders(exchange);
    return false;
  }

  after(exchange: Exchange, accept: string | undefined): void | Promise<void> {
    if (this.operation.corsHeaders !== null) this.addCorsHeaders(exchange);
    if ((exchange.halt & (FAILED | HANDLED)) === FAILED) return;
    if (this.standIn !== null) {
      this.standIn(exchange);
      const problem = this.operation.clientResponseValidation ? this.replyProblem(exchange) : null;
      return problem === null ? undefined : this.answer(exchange, 500, problem);
    }
    return this.marshal(exchange, accept ?? '');
  }

  /** 415, 406, or 0 when the types fit. What is not said fits. */
  private mismatch(exchange: Exchange): number {
    const { consumes, produces } = this;
    const contentType = textHeader(exchange, 'content-type');
    const accept = textHeader(exchange, 'accept');
    if (consumes !== null && contentType !== '' && !consumes.some((type) => areCompatible(type, mediaTypeOf(contentType)))) return 415;
    return produces !== null && !isAccepted(accept, produces) ? 406 : 0;
  }

  /** JSON bytes become an object, XML a map. Gives why the request is refused; fails the exchange when the body is wrong and nothing is validated. */
  private unmarshal(exchange: Exchange): string | null | Promise<string | null> {
    const { bindingMode: mode, consumes } = this.operation;
    if (mode === 'off') return null;
    const { body } = exchange;
    if (isFilled(body) && binds(mode, 'json') && isForm(mediaTypeOf(textHeader(exchange, 'content-type')))) {
      if (this.operation.clientRequestValidation) return 'Invalid JSon payload.';
      exchange.headers.set('CamelHttpResponseCode', 400);
      exchange.fail(new ExchangeError('com.fasterxml.jackson.core.JsonParseException', 'the body is a form, and this verb binds JSON: it takes forms with `bindingMode: "off"`'));
      return null;
    }
    const text = typeof body === 'string' ? body : body instanceof Uint8Array ? body : null;
    if (text === null || isBlank(text)) return null;
    const told = kindsOf(textHeader(exchange, 'content-type')) ?? kindsOf(consumes ?? '');
    // Where several are possible, the text itself decides.
    const [kind] = told?.filter((one) => binds(mode, one)) ?? [];
    const isXml = kind === undefined ? binds(mode, 'xml') && (!binds(mode, 'json') || beginsAsXml(text)) : kind === 'xml';
    if (isXml && !this.operation.bindsXml) {
      exchange.body = toText(text, exchange);
      return null;
    }
    if (isXml && kind === undefined) this.foundXml.add(exchange);
    const unreadable = (thrown: unknown): string | null => {
      if (this.operation.clientRequestValidation) return isXml ? 'Invalid XML payload.' : 'Invalid JSon payload.';
      exchange.headers.set('CamelHttpResponseCode', 400);
      exchange.body = toText(text, exchange);
      exchange.fail(thrown);
      return null;
    };
    try {
      const read = isXml ? readXml(text) : this.readJson(exchange, text);
      if (read instanceof Promise) {
        return read.then((data: unknown) => {
          exchange.body = data;
          return null;
        }, unreadable);
      }
      exchange.body = read;
      return null;
    } catch (thrown) {
      return unreadable(thrown);
    }
  }

  private readJson(exchange: Exchange, text: string | Uint8Array): unknown {
    if (this.formats.in !== null) return this.formats.in.unmarshal(exchange, text);
    return parseJson(typeof text === 'string' ? text : jsonText(text));
  }

  /** As in Camel these are checks of what came, before it is bound. */
  private refusal(exchange: Exchange, hasBody: boolean): string | null {
    const { requiresBody, requiredQuery, requiredHeaders, allowed, lists, bindingMode } = this.operation;
    const { headers, body } = exchange;
    if (requiresBody && !hasBody) return 'The request body is missing.';
    if (!requiredQuery.every((name) => headers.has(name))) return 'Some of the required query parameters are missing.';
    if (!requiredHeaders.every((name) => headers.has(name))) return 'Some of the required HTTP headers are missing.';
    for (const [name, values] of Object.entries(allowed)) {
      const value = headers.get(name);
      if (value === undefined || value === null) continue;
      const given = Array.isArray(value) && lists.includes(name) ? (value as unknown[]) : [value];
      if (!given.every((item) => values.includes(toText(item) ?? ''))) return 'Some of the query parameters or HTTP headers has a not-allowed value.';
    }
    for (const { folded, check } of this.checks.parameters) {
      const value = headers.lookup(folded);
      const problem = value === undefined || value === null ? null : check(value);
      if (problem !== null) return problem;
    }
    // What is bound as JSON is read anyway.
    if (!hasBody || binds(bindingMode, 'json') || mediaTypeOf(textHeader(exchange, 'content-type')) !== 'application/json') return null;
    try {
      if (typeof body === 'string' || body instanceof Uint8Array) parseJson(typeof body === 'string' ? body : jsonText(body));
      return null;
    } catch {
      return 'Invalid JSon payload.';
    }
  }

  /** A body of another type than JSON has no schema to fit. */
  private misfit(exchange: Exchange, check: BodyCheck): string | null {
    const type = textHeader(exchange, 'content-type');
    if (type !== '' && kindsOf(type)?.[0] !== 'json') return null;
    const { body } = exchange;
    try {
      return check(toPlainNumbers(typeof body === 'string' ? parseJson(body) : body instanceof Uint8Array ? parseJson(jsonText(body)) : body));
    } catch {
      return 'Invalid JSon payload.';
    }
  }

  private marshal(exchange: Exchange, accept: string): void | Promise<void> {
    const { operation } = this;
    const { headers, body } = exchange;
    const { bindingMode: mode, produces } = operation;
    if (operation.skipBindingOnErrorCode && Number(toText(headers.lookup('camelhttpresponsecode')) ?? 200) >= 300) return;
    const given = textHeader(exchange, 'content-type');
    // What nobody promised to produce is not made because it is asked for.
    const wanted = this.produces === null || isAccepted(accept, this.produces) ? accept : '';
    const told = (kindsOf(wanted) ?? kindsOf(given) ?? kindsOf(produces ?? ''))?.filter((one) => mode === 'off' || binds(mode, one)) ?? [];
    const kind = told.includes('json') ? 'json' : (told[0] ?? (mode === 'off' ? null : binds(mode, 'json') && !this.foundXml.has(exchange) ? 'json' : 'xml'));
    if (given === '' && body !== null) {
      const type = kind === null ? produces : `application/${kind}`;
      if (type !== null) headers.set('Content-Type', type);
    }
    if (mode === 'off') return;
    const problem = operation.clientResponseValidation ? this.replyProblem(exchange) : null;
    if (problem !== null) return this.answer(exchange, 500, problem);
    if (body === null || body === undefined || kind === null || !(kindsOf(textHeader(exchange, 'content-type')) ?? []).includes(kind)) return;
    // Bytes, and what will be some, are taken for what they hold.
    if (body instanceof Uint8Array || isUnread(body)) return;
    if (kind === 'xml' && !operation.bindsXml) return;
    const written = kind === 'xml' ? writeXmlDataInTurns(body, { isPretty: operation.isXmlPretty, leavesNulls: operation.jsonStyle.skipsNull === true }) : this.formats.out === null ? writeJson(body, operation.jsonStyle) : this.formats.out.marshal(exchange, body);
    const wrote = (text: unknown): void => {
      exchange.body = text;
      headers.set('Content-Type', `application/${kind}`);
      if (operation.enableNoContentResponse && typeof body === 'object' && !isNumeric(body) && Object.keys(body).length === 0) {
        exchange.body = null;
        headers.set('CamelHttpResponseCode', 204);
      }
    };
    if (written instanceof Promise) return written.then(wrote);
    wrote(written);
  }

  private replyProblem(exchange: Exchange): string | null {
    const { operation } = this;
    const { headers, body } = exchange;
    const isNone = body === null || body === undefined || body === '';
    const code = toText(headers.lookup('camelhttpresponsecode')) ?? (isNone ? '204' : '200');
    const type = textHeader(exchange, 'content-type');
    const wanted = forStatus(operation.replyTypes, code) ?? '';
    if (wanted !== '' && type !== '' && !mediaTypes(wanted)?.some((one) => areCompatible(one, mediaTypeOf(type)))) return `Invalid content-type: ${type} for response code: ${code}`;
    if (![...operation.replyHeaders, ...(forStatus(operation.headersOfReplies, code) ?? [])].every((name) => headers.has(name))) return 'Some of the response HTTP headers are missing.';
    if (isNone || kindsOf(type)?.[0] !== 'json' || isUnread(body)) return null;
    let value: unknown = body;
    if (typeof body === 'string' || body instanceof Uint8Array) {
      try {
        value = parseJson(typeof body === 'string' ? body : jsonText(body));
      } catch {
        return 'Invalid response JSon payload.';
      }
    }
    return forStatus(this.checks.replies, code)?.(toPlainNumbers(value)) ?? null;
  }

  private answer(exchange: Exchange, status: number, text: string | null): void {
    exchange.body = text;
    exchange.headers.set('CamelHttpResponseCode', status);
  }

  private addCorsHeaders(exchange: Exchange): void {
    const lines = this.operation.corsHeaders!;
    for (let i = 0; i < lines.length; i += 2) exchange.headers.set(lines[i]!, lines[i + 1]!);
  }
}

/** A promise while a large document is read in slices. */
function readXml(text: string | Uint8Array): unknown {
  const document = xmlDocumentInTurns(text);
  return document instanceof Promise ? document.then(async ({ root }) => ofRoot(await readXmlDataInTurns(root, new Slices()))) : ofRoot(readXmlData(document.root));
}

/** A stream or a file: what it holds is read while it is sent. */
const isUnread = (body: unknown): boolean => typeof body === 'object' && body !== null && (isByteSource(body) || isContent(body));

const isForm = (type: string): boolean => type === 'application/x-www-form-urlencoded' || type === 'multipart/form-data';

const isFilled = (body: unknown): boolean => isPlainMap(body) && Object.keys(body).length > 0;

const textHeader = (exchange: Exchange, folded: string): string => {
  const value = exchange.headers.lookup(folded);
  return typeof value === 'string' ? value : (toText(value) ?? '');
};

type Kind = 'json' | 'xml';

const kindsOf = (types: string): Kind[] | null => {
  const folded = types.toLowerCase();
  const found: Kind[] = [...(folded.includes('json') ? ['json' as const] : []), ...(folded.includes('xml') ? ['xml' as const] : [])];
  return found.length === 0 ? null : found;
};

const binds = (mode: BindingMode, kind: Kind): boolean => mode === 'auto' || mode.includes(kind);

const isBlank = (text: string | Uint8Array): boolean => (typeof text === 'string' ? text.trim() === '' : text.length === 0 || (text.length < 64 && Buffer.from(text).toString('latin1').trim() === ''));

const beginsAsXml = (text: string | Uint8Array): boolean => (typeof text === 'string' ? text : Buffer.from(text.subarray(0, 256)).toString('utf8')).replace(/^\uFEFF/, '').trimStart().startsWith('<');

const isEmpty = (body: unknown): boolean => body === null || body === undefined || ((typeof body === 'string' || body instanceof Uint8Array) && isBlank(body));

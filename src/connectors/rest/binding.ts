import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { FAILED, HANDLED } from '../../core/exchange/exchange.ts';
import { jsonText, parseJson, toPlainNumbers, writeJson } from '../../core/conversion/json.ts';
import { areCompatible, isAccepted, mediaTypeOf, mediaTypes } from '../../core/conversion/media-type.ts';
import type { RestOperation } from '../../core/http/rest-operation.ts';
import type { RequestBinding } from '../platform-http/consumer.ts';
import type { BodyCheck } from './bodySchema.ts';

/**
 * What `rest` does around a route: checks of the request, JSON to objects and back, CORS. It has the meaning of Camel's rest binding, which
 * stands before the route's error handler: what it refuses never enters the route.
 */
export class RestBinding implements RequestBinding {
  private readonly operation: RestOperation;
  private readonly consumes: readonly string[] | null;
  private readonly produces: readonly string[] | null;

  private readonly checkBody: BodyCheck | null;

  constructor(operation: RestOperation, checkBody: BodyCheck | null = null) {
    this.operation = operation;
    this.checkBody = checkBody;
    this.consumes = mediaTypes(operation.consumes ?? undefined);
    this.produces = mediaTypes(operation.produces ?? undefined);
  }

  before(exchange: Exchange): boolean {
    const { operation } = this;
    const { headers } = exchange;
    if (operation.corsHeaders !== null && headers.lookup('camelhttpmethod') === 'OPTIONS') {
      this.answer(exchange, 200, null);
      this.addCorsHeaders(exchange);
      return false;
    }
    if (operation.clientRequestValidation) {
      const status = this.mismatch(textHeader(exchange, 'content-type'), textHeader(exchange, 'accept'));
      if (status !== 0) {
        headers.remove('Content-Type');
        this.answer(exchange, status, null);
        return false;
      }
    }
    for (const [name, value] of Object.entries(operation.defaults)) if (!headers.has(name)) headers.set(name, value);
    const refusal = this.unmarshal(exchange) ?? (operation.clientRequestValidation ? this.refusal(exchange) : null);
    if (refusal === null && !exchange.isFailed) return true;
    if (refusal !== null) this.answer(exchange, 400, refusal);
    if (operation.corsHeaders !== null) this.addCorsHeaders(exchange);
    return false;
  }

  after(exchange: Exchange, accept: string | undefined): void {
    if (this.operation.corsHeaders !== null) this.addCorsHeaders(exchange);
    if ((exchange.halt & (FAILED | HANDLED)) === FAILED) return;
    const { mockReply } = this.operation;
    if (mockReply !== null) {
      this.answer(exchange, mockReply.status, mockReply.body);
      if (mockReply.type === null) exchange.headers.remove('Content-Type');
      else exchange.headers.set('Content-Type', mockReply.type);
    }
    this.marshal(exchange, accept ?? '');
    if (!this.operation.clientResponseValidation) return;
    const problem = this.replyProblem(exchange);
    if (problem === null) return;
    exchange.headers.remove('Content-Type');
    this.answer(exchange, 500, problem);
  }

  /** 415, 406, or 0 when the types fit; what is not said fits. */
  private mismatch(contentType: string, accept: string): number {
    const { consumes, produces } = this;
    if (consumes !== null && contentType !== '' && !consumes.some((type) => areCompatible(type, mediaTypeOf(contentType)))) return 415;
    return produces !== null && !isAccepted(accept, produces) ? 406 : 0;
  }

  /** JSON bytes become an object. Gives why the request is refused; fails the exchange when the body is wrong and nothing is validated. */
  private unmarshal(exchange: Exchange): string | null {
    const { bindingMode, consumes } = this.operation;
    const bindsJson = bindingMode === 'auto' || bindingMode.includes('json');
    if (!bindsJson) return null;
    const type = textHeader(exchange, 'content-type').toLowerCase();
    const told = kindOf(type) ?? kindOf(consumes ?? '');
    if (told === 'xml' && (bindingMode === 'auto' || bindingMode.includes('xml'))) return null;
    const { body } = exchange;
    const text = typeof body === 'string' ? body : body instanceof Uint8Array ? jsonText(body) : '';
    if (text.trim() === '') return null;
    if (told === null && bindingMode !== 'json' && text.trimStart().startsWith('<')) return null;
    try {
      exchange.body = parseJson(text);
    } catch (thrown) {
      if (this.operation.clientRequestValidation) return 'Invalid JSon payload.';
      exchange.headers.set('CamelHttpResponseCode', 400);
      exchange.fail(thrown);
    }
    return null;
  }

  private refusal(exchange: Exchange): string | null {
    const { requiresBody, requiredQuery, requiredHeaders, allowed } = this.operation;
    const { headers, body } = exchange;
    const isEmpty = body === null || body === undefined || (body instanceof Uint8Array && body.length === 0) || body === '';
    if (requiresBody && isEmpty) return 'The request body is missing.';
    if (!requiredQuery.every((name) => headers.has(name))) return 'Some of the required query parameters are missing.';
    if (!requiredHeaders.every((name) => headers.has(name))) return 'Some of the required HTTP headers are missing.';
    for (const [name, values] of Object.entries(allowed)) {
      const value = headers.get(name);
      if (value !== undefined && value !== null && ![value].flat().every((item) => values.includes(toText(item) ?? ''))) {
        return 'Some of the query parameters or HTTP headers has a not-allowed value.';
      }
    }
    return this.checkBody === null || isEmpty ? null : this.misfit(exchange, this.checkBody);
  }

  /** A body of another type than JSON has no schema to fit. */
  private misfit(exchange: Exchange, check: BodyCheck): string | null {
    const type = textHeader(exchange, 'content-type').toLowerCase();
    if (type !== '' && kindOf(type) !== 'json') return null;
    const { body } = exchange;
    try {
      return check(toPlainNumbers(typeof body === 'string' ? parseJson(body) : body instanceof Uint8Array ? parseJson(jsonText(body)) : body));
    } catch {
      return 'Invalid JSon payload.';
    }
  }

  private marshal(exchange: Exchange, accept: string): void {
    const { operation } = this;
    const { headers } = exchange;
    const code = Number(toText(headers.lookup('camelhttpresponsecode')) ?? 200);
    if (operation.skipBindingOnErrorCode && code >= 300) return;
    const mode = operation.bindingMode;
    const given = textHeader(exchange, 'content-type').toLowerCase();
    const allows = (kind: 'json' | 'xml' | null): 'json' | 'xml' | null => (kind !== null && (mode === 'off' || mode === 'auto' || mode.includes(kind)) ? kind : null);
    let kind = allows(kindOf(given) ?? kindOf(accept) ?? kindOf(operation.produces ?? ''));
    if (kind === null && mode !== 'off') kind = mode === 'xml' ? 'xml' : 'json';
    if (given === '' && (exchange.body !== null || mode === 'off')) {
      const type = kind === 'json' ? 'application/json' : kind === 'xml' ? 'application/xml' : operation.produces;
      if (type !== null && exchange.body !== null) headers.set('Content-Type', type);
    }
    if (mode === 'off' || kind !== 'json' || exchange.body === null || exchange.body === undefined) return;
    if (!textHeader(exchange, 'content-type').toLowerCase().includes('json')) return;
    // Bytes are taken for the JSON that they will be.
    if (!(exchange.body instanceof Uint8Array)) exchange.body = writeJson(exchange.body);
    if (operation.enableNoContentResponse && (exchange.body === '{}' || exchange.body === '[]')) {
      exchange.body = null;
      headers.set('CamelHttpResponseCode', 204);
    }
  }

  private replyProblem(exchange: Exchange): string | null {
    const { operation } = this;
    const { headers, body } = exchange;
    const code = toText(headers.lookup('camelhttpresponsecode')) ?? (body === null || body === '' ? '204' : '200');
    if (operation.replyCodes.length > 0 && !operation.replyCodes.includes(code) && !operation.replyCodes.includes('default')) return `Invalid response status code: ${code}`;
    const type = textHeader(exchange, 'content-type');
    if (this.produces !== null && type !== '' && !this.produces.some((produced) => areCompatible(produced, mediaTypeOf(type)))) return `Invalid content-type: ${mediaTypeOf(type)}`;
    if (!operation.replyHeaders.every((name) => headers.has(name))) return 'Some of the response HTTP headers are missing.';
    if (kindOf(type) === 'json' && (typeof body === 'string' || body instanceof Uint8Array)) {
      try {
        parseJson(typeof body === 'string' ? body : jsonText(body));
      } catch {
        return 'Invalid response JSon payload.';
      }
    }
    return null;
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

const textHeader = (exchange: Exchange, folded: string): string => {
  const value = exchange.headers.lookup(folded);
  return typeof value === 'string' ? value : (toText(value) ?? '');
};

const kindOf = (types: string): 'json' | 'xml' | null => (types.includes('json') ? 'json' : types.includes('xml') ? 'xml' : null);

/** @throws ExchangeError for an operation that this runtime can't bind */
export function checkBinding({ bindingMode }: RestOperation): void {
  if (bindingMode === 'xml') throw new ExchangeError('java.lang.IllegalArgumentException', 'bindingMode xml: there are no Java classes to bind XML to; use `off` and unmarshal in the route');
}

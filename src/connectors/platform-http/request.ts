import type { HeaderSource } from '../../core/exchange/headers.ts';
import { fold } from '../../core/exchange/headers.ts';
import type { Attachment } from '../../core/exchange/attachments.ts';
import type { Form } from '../../core/http/form.ts';
import type { HeaderFilter } from '../../core/http/headers.ts';
import { isCamelHeader, parseQuery } from '../../core/http/headers.ts';
import type { HttpRequest } from '../../core/http/listener.ts';
import { writtenCharsetOf } from '../../core/conversion/media-type.ts';

/**
 * The headers that a route sees of a request: its own, the query's parameters, the path's, and Camel's. Nothing is put together before
 * somebody asks; a name that comes more than once has a list.
 */
export class RequestHeaders implements HeaderSource {
  readonly request: HttpRequest;
  private readonly filter: HeaderFilter | null;
  private queryPairs: readonly string[] | null = null;
  /** That was sent as the body. */
  form: Form | null = null;
  /** The file that the body is. */
  upload: Attachment | null = null;
  private all: unknown[] | null = null;

  constructor(request: HttpRequest, filter: HeaderFilter | null) {
    this.request = request;
    this.filter = filter;
  }

  get(folded: string): unknown {
    const { request } = this;
    if (folded.startsWith('camel')) return this.camel(folded);
    if (this.filter !== null) return this.lookup(folded);
    // Node's own object is there already; what it has joined or left out is found among the raw ones.
    const value: unknown = request.headers[folded];
    if (request.query === null && request.params === null && this.form === null) {
      if (typeof value === 'string') return value.includes(',') ? this.lookup(folded) : value;
      return Array.isArray(value) ? this.lookup(folded) : undefined;
    }
    return this.lookup(folded);
  }

  /** Names and values in the order in which Camel puts them on the message. */
  forEach(visit: (name: string, value: unknown) => void): void {
    const all = this.entries();
    for (let i = 0; i < all.length; i += 3) visit(all[i + 1] as string, all[i + 2]);
  }

  private lookup(folded: string): unknown {
    const { request } = this;
    let value: unknown = undefined;
    const { rawHeaders } = request;
    for (let i = 0; i < rawHeaders.length; i += 2) {
      const name = rawHeaders[i]!;
      if (name.length === folded.length && fold(name) === folded) value = this.joined(value, name, rawHeaders[i + 1]!);
    }
    value = this.among(this.query(), folded, value);
    if (request.params !== null) value = this.among(request.params, folded, value);
    if (this.form !== null) value = this.among(this.form.fields, folded, value);
    return value;
  }

  private among(pairs: readonly string[], folded: string, value: unknown): unknown {
    let found = value;
    for (let i = 0; i < pairs.length; i += 2) if (fold(pairs[i]!) === folded) found = this.joined(found, pairs[i]!, pairs[i + 1]!);
    return found;
  }

  private joined(value: unknown, name: string, next: string): unknown {
    if (this.filter?.applyFilterToExternalHeaders?.(name, next) === true) return value;
    if (value === undefined) return next;
    if (Array.isArray(value)) return [...(value as unknown[]), next];
    return [value, next];
  }

  private query(): readonly string[] {
    const { query } = this.request;
    // As in Camel's server, a semicolon stands between parameters, too.
    return (this.queryPairs ??= query === null ? [] : parseQuery(query.includes(';') ? query.replaceAll(';', '&') : query));
  }

  private camel(folded: string): unknown {
    const { request } = this;
    switch (folded) {
      case 'camelhttpmethod':
        return request.method;
      case 'camelhttppath':
        return request.path;
      case 'camelhttpuri':
        return request.url;
      case 'camelhttpurl':
        return `http://${request.headers.host ?? ''}${request.url ?? ''}`;
      case 'camelhttpquery':
      case 'camelhttprawquery':
        return request.query;
      case 'camelhttpcharacterencoding': {
        const type = request.headers['content-type'];
        return type === undefined ? undefined : (writtenCharsetOf(type) ?? undefined);
      }
      case 'camelattachmentssize':
        return this.form?.files?.size;
      case 'camelfilename':
        return this.upload?.name ?? undefined;
      case 'camelfilelength':
        return this.upload?.content.length;
      case 'camelfilecontenttype':
        return this.upload?.contentType ?? undefined;
      default:
        return undefined;
    }
  }

  private entries(): unknown[] {
    if (this.all !== null) return this.all;
    const all: unknown[] = [];
    const { request } = this;
    this.collect(all, request.rawHeaders);
    this.collect(all, this.query());
    if (request.params !== null) this.collect(all, request.params);
    if (this.form !== null) this.collect(all, this.form.fields);
    for (const { name, folded } of camelNames) {
      const value = this.camel(folded);
      if (value !== undefined) all.push(folded, name, value);
    }
    return (this.all = all);
  }

  private collect(all: unknown[], pairs: readonly string[]): void {
    for (let i = 0; i < pairs.length; i += 2) {
      const name = pairs[i]!;
      if (isCamelHeader(name)) continue;
      const folded = fold(name);
      let at = 0;
      while (at < all.length && all[at] !== folded) at += 3;
      const value = this.joined(at < all.length ? all[at + 2] : undefined, name, pairs[i + 1]!);
      if (at < all.length) all[at + 2] = value;
      else if (value !== undefined) all.push(folded, name, value);
    }
  }
}

const camelNames = ['CamelHttpMethod', 'CamelHttpPath', 'CamelHttpQuery', 'CamelHttpRawQuery', 'CamelHttpUri', 'CamelHttpUrl', 'CamelHttpCharacterEncoding', 'CamelAttachmentsSize', 'CamelFileName', 'CamelFileLength', 'CamelFileContentType'].map((name) => ({ name, folded: fold(name) }));

import { stringify } from 'yaml';
import type { ConnectorContext, Endpoint } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { joinPaths } from '../../core/http/rest-operation.ts';
import type { RequestBinding } from '../platform-http/consumer.ts';
import { PlatformHttpConsumer } from '../platform-http/consumer.ts';
import { platformHttpOptions } from '../platform-http/options.ts';
import { withDefaults } from '../rest/consumer.ts';
import type { restApiOptions } from './options.ts';

interface Document {
  readonly servers?: readonly { readonly url: string }[];
}

/** Puts the document into the exchange; the route behind it may change it, or do nothing. */
class DocumentBinding implements RequestBinding {
  private readonly document: Document;
  private readonly usesForwardedHeaders: boolean;
  private readonly cors: readonly string[];

  constructor(document: Document, usesForwardedHeaders: boolean, cors: readonly string[]) {
    this.document = document;
    this.usesForwardedHeaders = usesForwardedHeaders;
    this.cors = cors;
  }

  before(exchange: Exchange): boolean {
    const { headers } = exchange;
    const path = toText(headers.lookup('camelhttppath')) ?? '';
    const accept = toText(headers.lookup('accept')) ?? '';
    const isYaml = path.endsWith('.yaml') || path.endsWith('.yml') || (!path.endsWith('.json') && accept.includes('yaml') && !accept.includes('json'));
    const document = this.usesForwardedHeaders ? this.forwarded(exchange) : this.document;
    exchange.body = isYaml ? stringify(document) : JSON.stringify(document, null, 2);
    headers.set('Content-Type', isYaml ? 'text/yaml' : 'application/json');
    for (let i = 0; i < this.cors.length; i += 2) headers.set(this.cors[i]!, this.cors[i + 1]!);
    return true;
  }

  after(): void {}

  private forwarded(exchange: Exchange): Document {
    const first = (name: string): string | null => toText(exchange.headers.get(name))?.split(',')[0]?.trim() ?? null;
    const host = first('X-Forwarded-Host');
    const prefix = first('X-Forwarded-Prefix') ?? '';
    if (host === null) return this.document;
    const scheme = first('X-Forwarded-Proto') ?? 'http';
    const [server] = this.document.servers ?? [];
    const path = server === undefined ? '' : server.url.replace(/^[a-z]+:\/\/[^/]*/i, '');
    return { ...this.document, servers: [{ url: `${scheme}://${host}${prefix}${path}` }] };
  }
}

/** A document as it stands. */
class TextBinding implements RequestBinding {
  private readonly text: string;
  private readonly contentType: string | undefined;

  constructor(text: string, contentType: string | undefined) {
    this.text = text;
    this.contentType = contentType;
  }

  before(exchange: Exchange): boolean {
    exchange.body = this.text;
    if (this.contentType === undefined) exchange.headers.remove('Content-Type');
    else exchange.headers.set('Content-Type', this.contentType);
    return true;
  }

  after(): void {}
}

export function openRestApiConsumer(endpoint: Endpoint<typeof restApiOptions>, context: ConnectorContext): PlatformHttpConsumer {
  const { options, rest } = endpoint;
  const path = joinPaths(options.path);
  const isText = options.text !== undefined;
  const binding = isText ? new TextBinding(options.text!, options.contentType) : new DocumentBinding(JSON.parse(options.document) as Document, options.usesForwardedHeaders, options.cors === undefined ? [] : (JSON.parse(options.cors) as string[]));
  const port = rest['port'] === undefined ? {} : { port: Number(rest['port']) };
  const platform = withDefaults(platformHttpOptions, { ...port, path, ...(isText ? {} : { httpMethodRestrict: 'GET', matchOnUriPrefix: true }) });
  return new PlatformHttpConsumer({ ...endpoint, path, options: platform, rest: {} }, context, binding);
}

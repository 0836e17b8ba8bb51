import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** As it came, without decoding. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/**
 * A server that speaks as much of S3 as a test needs, with whatever keys the test likes, and keeps what it was asked: for what the real server of the
 * tests does not have (encryption keys, archives) or does not take (keys that its file system has no name for).
 */
export class FakeServer {
  readonly asked: Asked[] = [];
  readonly objects = new Map<string, string>();
  /** Answers by itself what the test wants answered otherwise; null leaves it. */
  answer: (asked: Asked) => { status?: number; headers?: Readonly<Record<string, string>>; body?: string } | null = () => null;
  private readonly server: Server;

  static async open(make: (listener: (request: IncomingMessage, response: ServerResponse) => void) => Server = createServer): Promise<FakeServer> {
    const fake = new FakeServer(make);
    await new Promise<void>((resolve) => fake.server.listen(0, 'localhost', resolve));
    return fake;
  }

  private constructor(make: (listener: (request: IncomingMessage, response: ServerResponse) => void) => Server) {
    this.server = make((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => this.handle({ method: request.method!, url: request.url!, headers: request.headers, body: Buffer.concat(pieces).toString() }, response));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get last(): Asked {
    return this.asked.at(-1)!;
  }

  /** Options of an endpoint on it. */
  connection(more = '', scheme = 'http'): string {
    return `overrideEndpoint=true&uriEndpointOverride=${scheme}://localhost:${this.port}&forcePathStyle=true&region=eu-west-3${more === '' ? '' : `&${more}`}`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  private handle(asked: Asked, response: ServerResponse): void {
    this.asked.push(asked);
    const { status = 200, headers = {}, body = '' } = this.answer(asked) ?? this.usual(asked);
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers });
    response.end(asked.method === 'HEAD' ? undefined : body);
  }

  private usual({ method, url, headers, body }: Asked): { status?: number; headers?: Readonly<Record<string, string>>; body?: string } {
    const [path, query = ''] = url.replace(/^http:\/\/[^/]*/, '').split('?');
    const key = decodeURIComponent(path!.split('/').slice(2).join('/'));
    const described = { etag: '"e"', 'last-modified': 'Sat, 28 Nov 2026 10:00:00 GMT' };
    if (query.includes('list-type=2')) {
      const found = [...this.objects].map(([name, text]) => `<Contents><Key>${escaped(encodeURIComponent(name))}</Key><ETag>"e"</ETag><Size>${text.length}</Size><LastModified>2026-11-28T10:00:00Z</LastModified></Contents>`);
      return { headers: { 'content-type': 'application/xml' }, body: `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${found.join('')}</ListBucketResult>` };
    }
    if (headers['x-amz-copy-source'] !== undefined) return { headers: { 'content-type': 'application/xml' }, body: '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>' };
    if (method === 'PUT' && query.startsWith('x-id=PutObject')) this.objects.set(key, body);
    if (method === 'DELETE') this.objects.delete(key);
    if (method === 'GET' && query.startsWith('x-id=GetObject')) {
      const text = this.objects.get(key);
      return text === undefined ? { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' } : { headers: described, body: text };
    }
    return { headers: described };
  }
}

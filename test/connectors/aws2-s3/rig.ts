import { randomUUID } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { CopyObjectCommand, CreateBucketCommand, DeleteBucketCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

const { S3_ENDPOINT = '', S3_ACCESS_KEY = '', S3_SECRET_KEY = '', S3_REGION = 'us-east-1' } = process.env;
export const serverUrl = S3_ENDPOINT;
export const credentials = { accessKey: S3_ACCESS_KEY, secretKey: S3_SECRET_KEY };

/** Tests against the real server: pending where there is none, but a failure where there must be one. */
export function describeWithServer(title: string, define: () => void): void {
  if (S3_ENDPOINT !== '') {
    describe(title, define);
    return;
  }
  const isNeeded = process.env['CI'] === 'true' && process.env['MECHA_SERVICES'] === '1';
  describe(title, () => {
    it('needs an S3 server: S3_ENDPOINT is not set', isNeeded ? () => { throw new Error('S3_ENDPOINT must be set here'); } : undefined);
  });
}

/** The connection as options of a URI. */
export const connection = (endpoint = serverUrl, more = ''): string =>
  `overrideEndpoint=true&uriEndpointOverride=${encodeURIComponent(endpoint)}&forcePathStyle=true&accessKey=${credentials.accessKey}&secretKey=${credentials.secretKey}&region=${S3_REGION}${more === '' ? '' : `&${more}`}`;

/** A client of its own, apart from the connector, with buckets of its own that it takes away again. */
export class Storage {
  readonly client: S3Client;
  private readonly buckets: string[] = [];

  constructor(endpoint = serverUrl) {
    this.client = new S3Client({ endpoint, region: S3_REGION, forcePathStyle: true, credentials: { accessKeyId: S3_ACCESS_KEY, secretAccessKey: S3_SECRET_KEY } });
  }

  name(): string {
    const name = `mecha-test-${randomUUID().slice(0, 13)}`;
    this.buckets.push(name);
    return name;
  }

  async bucket(): Promise<string> {
    const name = this.name();
    await this.client.send(new CreateBucketCommand({ Bucket: name }));
    return name;
  }

  put(bucket: string, key: string, body: string | Buffer, more: Partial<ConstructorParameters<typeof PutObjectCommand>[0]> = {}): Promise<unknown> {
    return this.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: typeof body === 'string' ? Buffer.from(body) : body, ...more }));
  }

  async text(bucket: string, key: string): Promise<string> {
    return (await this.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).Body!.transformToString();
  }

  head(bucket: string, key: string) {
    return this.client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
  }

  copy(bucket: string, from: string, to: string): Promise<unknown> {
    return this.client.send(new CopyObjectCommand({ Bucket: bucket, Key: to, CopySource: `${bucket}/${from}` }));
  }

  async keys(bucket: string): Promise<string[]> {
    const keys: string[] = [];
    let next: string | undefined;
    do {
      const page = await this.client.send(new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: next }));
      keys.push(...(page.Contents ?? []).map(({ Key }) => Key!));
      next = page.NextContinuationToken;
    } while (next !== undefined && next !== '');
    return keys;
  }

  async close(): Promise<void> {
    for (const bucket of this.buckets) {
      const keys = await this.keys(bucket).catch(() => null);
      if (keys === null) continue;
      for (let at = 0; at < keys.length; at += 1000) await this.client.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: keys.slice(at, at + 1000).map((Key) => ({ Key })) } }));
      await this.client.send(new DeleteBucketCommand({ Bucket: bucket })).catch(() => undefined);
    }
    this.client.destroy();
  }
}

/** A way to the server that a test can cut, stall and mend; it counts the connections that are open. */
export class Gate {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  /** Connections that were ever opened. */
  opened = 0;
  private isCut = false;
  private isStalled = false;
  /** Connections are reset after so many bytes from the server. */
  cutAfterBytes = Infinity;

  static async open(target = serverUrl): Promise<Gate> {
    const gate = new Gate(new URL(target));
    await new Promise<void>((resolve) => gate.server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  private constructor(target: URL) {
    this.server = createServer((socket) => {
      if (this.isCut) {
        socket.destroy();
        return;
      }
      const upstream = connect(Number(target.port), target.hostname);
      this.sockets.add(socket);
      this.opened++;
      let bytes = 0;
      upstream.on('data', (piece) => {
        bytes += piece.length;
        if (bytes > this.cutAfterBytes) {
          this.cutAfterBytes = Infinity;
          socket.destroy();
        } else if (!this.isStalled && !socket.destroyed && !socket.write(piece)) upstream.pause();
      });
      socket.on('drain', () => upstream.resume());
      socket.on('data', (piece) => {
        if (!this.isStalled && !upstream.destroyed && !upstream.write(piece)) socket.pause();
      });
      upstream.on('drain', () => socket.resume());
      for (const [one, other] of [[socket, upstream], [upstream, socket]] as const) {
        one.on('error', () => undefined);
        one.on('close', () => {
          other.destroy();
          this.sockets.delete(socket);
        });
      }
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.sockets.size;
  }

  cut(): void {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend(): void {
    this.isCut = this.isStalled = false;
  }

  stall(): void {
    this.isStalled = true;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

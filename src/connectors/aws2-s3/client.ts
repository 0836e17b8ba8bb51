import { setMaxListeners } from 'node:events';
import type { Agent as HttpAgent } from 'node:http';
import type { Socket } from 'node:net';
import type * as Sdk from '@aws-sdk/client-s3';
import type { ConnectorContext } from '../../core/connector.ts';
import { ExchangeError } from '../../core/errors.ts';
import { maskUri } from '../../core/mask.ts';
import type { S3Endpoint } from './options.ts';
import type { Part } from './parts.ts';
import { both, Parts } from './parts.ts';

/** Input and output of each request that we send. */
export interface Requests {
  AbortMultipartUpload: [Sdk.AbortMultipartUploadCommandInput, Sdk.AbortMultipartUploadCommandOutput];
  CompleteMultipartUpload: [Sdk.CompleteMultipartUploadCommandInput, Sdk.CompleteMultipartUploadCommandOutput];
  CopyObject: [Sdk.CopyObjectCommandInput, Sdk.CopyObjectCommandOutput];
  CreateBucket: [Sdk.CreateBucketCommandInput, Sdk.CreateBucketCommandOutput];
  CreateMultipartUpload: [Sdk.CreateMultipartUploadCommandInput, Sdk.CreateMultipartUploadCommandOutput];
  DeleteBucket: [Sdk.DeleteBucketCommandInput, Sdk.DeleteBucketCommandOutput];
  DeleteBucketPolicy: [Sdk.DeleteBucketPolicyCommandInput, Sdk.DeleteBucketPolicyCommandOutput];
  DeleteBucketTagging: [Sdk.DeleteBucketTaggingCommandInput, Sdk.DeleteBucketTaggingCommandOutput];
  DeleteObject: [Sdk.DeleteObjectCommandInput, Sdk.DeleteObjectCommandOutput];
  DeleteObjects: [Sdk.DeleteObjectsCommandInput, Sdk.DeleteObjectsCommandOutput];
  DeleteObjectTagging: [Sdk.DeleteObjectTaggingCommandInput, Sdk.DeleteObjectTaggingCommandOutput];
  GetBucketPolicy: [Sdk.GetBucketPolicyCommandInput, Sdk.GetBucketPolicyCommandOutput];
  GetBucketTagging: [Sdk.GetBucketTaggingCommandInput, Sdk.GetBucketTaggingCommandOutput];
  GetBucketVersioning: [Sdk.GetBucketVersioningCommandInput, Sdk.GetBucketVersioningCommandOutput];
  GetObject: [Sdk.GetObjectCommandInput, Sdk.GetObjectCommandOutput];
  GetObjectAcl: [Sdk.GetObjectAclCommandInput, Sdk.GetObjectAclCommandOutput];
  GetObjectTagging: [Sdk.GetObjectTaggingCommandInput, Sdk.GetObjectTaggingCommandOutput];
  HeadBucket: [Sdk.HeadBucketCommandInput, Sdk.HeadBucketCommandOutput];
  HeadObject: [Sdk.HeadObjectCommandInput, Sdk.HeadObjectCommandOutput];
  ListBuckets: [Sdk.ListBucketsCommandInput, Sdk.ListBucketsCommandOutput];
  ListObjectsV2: [Sdk.ListObjectsV2CommandInput, Sdk.ListObjectsV2CommandOutput];
  PutBucketPolicy: [Sdk.PutBucketPolicyCommandInput, Sdk.PutBucketPolicyCommandOutput];
  PutBucketTagging: [Sdk.PutBucketTaggingCommandInput, Sdk.PutBucketTaggingCommandOutput];
  PutBucketVersioning: [Sdk.PutBucketVersioningCommandInput, Sdk.PutBucketVersioningCommandOutput];
  PutObject: [Sdk.PutObjectCommandInput, Sdk.PutObjectCommandOutput];
  PutObjectAcl: [Sdk.PutObjectAclCommandInput, Sdk.PutObjectAclCommandOutput];
  PutObjectTagging: [Sdk.PutObjectTaggingCommandInput, Sdk.PutObjectTaggingCommandOutput];
  RestoreObject: [Sdk.RestoreObjectCommandInput, Sdk.RestoreObjectCommandOutput];
  UploadPart: [Sdk.UploadPartCommandInput, Sdk.UploadPartCommandOutput];
  UploadPartCopy: [Sdk.UploadPartCopyCommandInput, Sdk.UploadPartCopyCommandOutput];
}

export type ObjectFields = Requests['GetObject'][1];
/** What a written object is like, besides its content. */
export type WriteInput = Omit<Requests['PutObject'][0], 'Body'>;

export interface PartOptions {
  readonly partSize: number;
  readonly signal?: AbortSignal;
}

/** All that the consumer and the producer know of the server. Every failure is an ExchangeError that names the endpoint and its route. */
export interface ObjectStore {
  call<N extends keyof Requests>(name: N, input: Requests[N][0], signal?: AbortSignal): Promise<Requests[N][1]>;
  /** Writes content of unknown length, part by part: few parts are in memory at once. What is smaller than a part is written in one request. */
  upload(input: WriteInput, content: AsyncIterable<Uint8Array | string>, options: PartOptions): Promise<{ ETag?: string; VersionId?: string }>;
  /** A link for a request that needs no credentials. */
  link(name: 'GetObject' | 'PutObject', input: Requests['GetObject'][0] | Requests['PutObject'][0], seconds: number): Promise<string>;
  readonly region: () => Promise<string>;
  /** Ends its connections, once everybody who shares it has let go. */
  close(): void;
}

const silent = { trace: () => {}, debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

// ------------------------------------------------------------------------------------------------ settings

function settingsOf({ options, shownUri }: S3Endpoint) {
  const fail = (what: string): never => {
    throw new Error(`${shownUri}: ${what}`);
  };

  const endpoint = options.overrideEndpoint === true ? (options.uriEndpointOverride ?? fail('`overrideEndpoint` needs `uriEndpointOverride`, the URL of the server')) : null;
  if (endpoint === null && options.uriEndpointOverride !== undefined) fail('`uriEndpointOverride` only counts with `overrideEndpoint=true`');
  if (endpoint !== null && (!URL.canParse(endpoint) || !/^https?:$/.test(new URL(endpoint).protocol))) fail(`\`uriEndpointOverride\` must be a URL such as http://localhost:9000, not \`${maskUri(endpoint)}\``);
  const [accessKey, secretKey, sessionToken] = [options.accessKey, options.secretKey, options.sessionToken];
  if ((accessKey === undefined) !== (secretKey === undefined)) fail('`accessKey` and `secretKey` belong together: one of them is missing');
  const usesDefault = options.useDefaultCredentialsProvider === true;
  const profileName = options.profileCredentialsName;
  const usesProfile = options.useProfileCredentialsProvider === true || profileName !== undefined;
  const isSession = options.useSessionCredentials === true;
  if (usesDefault && usesProfile) fail('`useDefaultCredentialsProvider` and `useProfileCredentialsProvider` exclude each other');
  if (isSession && (accessKey === undefined || sessionToken === undefined)) fail('`useSessionCredentials` needs `accessKey`, `secretKey` and `sessionToken`');
  const proxyHost = options.proxyHost;
  const proxyPort = options.proxyPort;
  if (proxyHost !== undefined && proxyPort === undefined) fail('`proxyHost` needs `proxyPort`');
  const proxyProtocol = (options.proxyProtocol ?? 'HTTPS').toLowerCase();
  return {
    endpoint,
    region: options.region ?? null,
    pathStyle: options.forcePathStyle === true,
    credentials: accessKey === undefined || usesDefault || usesProfile ? null : { accessKeyId: accessKey, secretAccessKey: secretKey!, ...(sessionToken === undefined ? {} : { sessionToken }) },
    profile: usesProfile ? (profileName ?? 'default') : null,
    trustsAll: options.trustAllCertificates === true,
    proxy: proxyHost === undefined ? null : `${proxyProtocol}://${proxyHost}:${proxyPort}`,
    attempts: options.maxAttempts,
    connectionTimeout: options.connectionTimeout,
    socketTimeout: options.socketTimeout,
    sockets: Math.max(options.maxConnections, options.maxInFlight * 2 + 4),
  };
}

type Settings = ReturnType<typeof settingsOf>;

// ------------------------------------------------------------------------------------------------ clients

/** A client of the SDK, shared by all endpoints that reach the same server in the same way. */
interface SharedClient {
  readonly client: Sdk.S3Client;
  holders: number;
  end(): void;
}

async function agentsOf({ proxy, trustsAll, sockets }: Settings): Promise<{ httpAgent: HttpAgent; httpsAgent: HttpAgent }> {
  const common = { keepAlive: true, maxSockets: sockets };
  const secure = { ...common, ...(trustsAll ? { rejectUnauthorized: false } : {}) };
  if (proxy !== null) {
    const [{ HttpProxyAgent }, { HttpsProxyAgent }] = await Promise.all([import('http-proxy-agent'), import('https-proxy-agent')]);
    return { httpAgent: new HttpProxyAgent(proxy, common), httpsAgent: new HttpsProxyAgent(proxy, secure) };
  }
  const [http, https] = await Promise.all([import('node:http'), import('node:https')]);
  return { httpAgent: readingIntoOneBuffer(new http.Agent(common)), httpsAgent: readingIntoOneBuffer(new https.Agent(secure)) };
}

const readBytesAtOnce = 64 * 1024;

/**
 * Each connection reads into a buffer of its own instead of a new one for each read. The HTTP parser copies content out of it anyway, and
 * garbage collection, which does not see how much memory buffers hold, would let many of them gather.
 */
function readingIntoOneBuffer<A extends HttpAgent>(agent: A): A {
  type Connecting = { createConnection(options: object, made?: unknown): Socket };
  const connecting = agent as unknown as Connecting;
  const connect = connecting.createConnection.bind(agent);
  connecting.createConnection = (options, made) =>
    connect(
      {
        ...options,
        onread: {
          buffer: Buffer.allocUnsafeSlow(readBytesAtOnce),
          callback(this: Socket, length: number, buffer: Buffer): boolean {
            this.emit('data', buffer.subarray(0, length));
            return true;
          },
        },
      },
      made,
    );
  return agent;
}

async function makeClient(settings: Settings): Promise<SharedClient> {
  const { S3Client } = await import('@aws-sdk/client-s3');
  const { endpoint, region, credentials, profile, pathStyle, attempts, connectionTimeout, socketTimeout } = settings;
  const { httpAgent, httpsAgent } = await agentsOf(settings);
  const client = new S3Client({
    ...(endpoint === null ? {} : { endpoint }),
    // Servers other than AWS mostly don't look at it, but a signature has one.
    ...(region !== null ? { region } : endpoint !== null ? { region: 'us-east-1' } : {}),
    ...(credentials === null ? {} : { credentials }),
    ...(profile === null ? {} : { profile }),
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    followRegionRedirects: endpoint === null,
    requestHandler: { httpAgent: httpAgent as never, httpsAgent: httpsAgent as never, connectionTimeout, socketTimeout },
    logger: silent,
  });
  return {
    client,
    holders: 0,
    end: () => {
      client.destroy();
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** @throws Error naming the option that can't work */
export async function openObjectStore(endpoint: S3Endpoint, context: ConnectorContext): Promise<ObjectStore> {
  const { amazonS3Client } = endpoint.options;
  if (amazonS3Client !== undefined) return new AwsObjectStore(endpoint, context, context.bean<Sdk.S3Client>(amazonS3Client), null, () => {});
  const settings = settingsOf(endpoint);
  const clients = context.shared('aws2-s3:clients', () => new Map<string, Promise<SharedClient>>());
  const key = JSON.stringify(settings);
  let making = clients.get(key);
  if (making === undefined) clients.set(key, (making = makeClient(settings)));
  const shared = await making;
  shared.holders++;
  return new AwsObjectStore(endpoint, context, shared.client, settings.endpoint, () => {
    if (--shared.holders > 0) return;
    clients.delete(key);
    shared.end();
  });
}

class AwsObjectStore implements ObjectStore {
  private readonly endpoint: S3Endpoint;
  private readonly context: ConnectorContext;
  private readonly client: Sdk.S3Client;
  private readonly server: string | null;
  private release: (() => void) | null;
  private sdk: typeof Sdk | null = null;

  constructor(endpoint: S3Endpoint, context: ConnectorContext, client: Sdk.S3Client, server: string | null, release: () => void) {
    this.endpoint = endpoint;
    this.context = context;
    this.client = client;
    this.server = server;
    this.release = release;
  }

  async call<N extends keyof Requests>(name: N, input: Requests[N][0], signal?: AbortSignal): Promise<Requests[N][1]> {
    try {
      const sdk = (this.sdk ??= await import('@aws-sdk/client-s3'));
      const Command = sdk[`${name}Command`] as unknown as new (input: Requests[N][0]) => Sdk.ListBucketsCommand;
      return (await this.client.send(new Command(input), signal === undefined ? {} : { abortSignal: signal })) as unknown as Requests[N][1];
    } catch (thrown) {
      throw this.explained(thrown, name, input as { Bucket?: string; Key?: string });
    }
  }

  async upload(input: WriteInput, content: AsyncIterable<Uint8Array | string>, { partSize, signal }: PartOptions): Promise<{ ETag?: string; VersionId?: string }> {
    const parts = new Parts(content, partSize);
    try {
      const first = await parts.next();
      if (first.isLast) return await this.call('PutObject', { ...input, Body: first.bytes }, signal);
      return await this.uploadParts(input, first.bytes, parts, signal);
    } finally {
      await parts.close();
    }
  }

  /** One part is sent while the next one is read. What fails on the way leaves no parts behind. */
  private async uploadParts(input: WriteInput, first: Buffer, parts: Parts, signal: AbortSignal | undefined): Promise<{ ETag?: string; VersionId?: string }> {
    const isChecked = (await this.client.config.requestChecksumCalculation()) === 'WHEN_SUPPORTED';
    const ChecksumAlgorithm = input.ChecksumAlgorithm ?? (isChecked ? 'CRC32' : undefined);
    const { UploadId } = await this.call('CreateMultipartUpload', { ...input, ...(ChecksumAlgorithm === undefined ? {} : { ChecksumAlgorithm }) }, signal);
    const done: Sdk.CompletedPart[] = [];
    const send = async (bytes: Buffer): Promise<void> => {
      const PartNumber = done.length + 1;
      const { $metadata: _metadata, ...part } = await this.call('UploadPart', { ...input, UploadId, PartNumber, Body: bytes, ...(ChecksumAlgorithm === undefined ? {} : { ChecksumAlgorithm }) }, signal);
      done.push({ PartNumber, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32, ChecksumCRC32C: part.ChecksumCRC32C, ChecksumSHA1: part.ChecksumSHA1, ChecksumSHA256: part.ChecksumSHA256 });
    };
    try {
      for (let bytes: Buffer | null = first; bytes !== null; ) {
        const [next]: [Part | null, void] = await both(parts.isOver ? null : parts.next(), send(bytes));
        bytes = next === null || next.bytes.length === 0 ? null : next.bytes;
      }
      return await this.call('CompleteMultipartUpload', { ...input, UploadId, MultipartUpload: { Parts: done } }, signal);
    } catch (thrown) {
      await this.call('AbortMultipartUpload', { Bucket: input.Bucket, Key: input.Key, UploadId }).catch(() => undefined);
      throw thrown;
    }
  }

  async link(name: 'GetObject' | 'PutObject', input: Requests['GetObject'][0] | Requests['PutObject'][0], seconds: number): Promise<string> {
    const [sdk, { getSignedUrl }] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/s3-request-presigner')]);
    try {
      return await getSignedUrl(this.client as never, new (sdk[`${name}Command`] as unknown as new (input: unknown) => never)(input), { expiresIn: seconds });
    } catch (thrown) {
      throw this.explained(thrown, name, input);
    }
  }

  readonly region = (): Promise<string> => this.client.config.region();

  close(): void {
    this.release?.();
    this.release = null;
  }

  /** The same failure in words that say where it happened, and what to look at. Secrets are in none of them. */
  private explained(thrown: unknown, name: string, { Bucket: bucket, Key: key }: { Bucket?: string | undefined; Key?: string | undefined }): ExchangeError {
    const error = thrown as Error & { code?: string; $metadata?: { httpStatusCode?: number; attempts?: number }; errors?: Error[] };
    const server = this.server === null ? 'AWS' : maskUri(this.server);
    const where = `aws2-s3://${this.endpoint.options.bucketNameOrArn} (${server}${this.context.routeId === null ? '' : `, route ${this.context.routeId}`})`;
    const status = error.$metadata?.httpStatusCode;
    const told = (type: string, what: string, isPlain = false): ExchangeError =>
      new ExchangeError(type, `${where}: ${what}`, { ...(isPlain ? {} : { cause: thrown }), details: { statusCode: status, errorCode: error.name, operation: name } });
    const model = (type: string): string => `software.amazon.awssdk.services.s3.model.${type}`;
    const code = error.code ?? error.errors?.map((inner) => (inner as { code?: string }).code).find((inner) => inner !== undefined);
    switch (error.name) {
      case 'NoSuchBucket':
        return told(model('NoSuchBucketException'), `there is no bucket \`${bucket}\`: make it, or set autoCreateBucket=true`);
      case 'NoSuchKey':
        return told(model('NoSuchKeyException'), `there is no object \`${key}\` in the bucket \`${bucket}\``);
      case 'NotFound':
        return key === undefined
          ? told(model('NoSuchBucketException'), `there is no bucket \`${bucket}\`: make it, or set autoCreateBucket=true`)
          : told(model('NoSuchKeyException'), `there is no object \`${key}\` in the bucket \`${bucket}\`, or no such bucket`);
      case 'InvalidAccessKeyId':
      case 'SignatureDoesNotMatch':
      case 'InvalidClientTokenId':
      case 'ExpiredToken':
      case 'AccessDenied':
      case 'Forbidden':
        return told(model('S3Exception'), `the server refuses ${name}${bucket === undefined ? '' : ` on the bucket \`${bucket}\``} (${error.name}, ${status}): check the credentials, and what they are allowed to`);
      case 'CredentialsProviderError':
        return told('software.amazon.awssdk.core.exception.SdkClientException', 'there are no credentials: set accessKey and secretKey, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile');
      case 'AbortError':
        return told('mecha.ShutdownException', `${name} was aborted`);
      case 'PreconditionFailed':
        return told(model('S3Exception'), `${name} of \`${key}\` was refused: the object is not (or no more) as its condition says (412)`);
    }
    if (/^Region is missing/.test(error.message)) return told('software.amazon.awssdk.core.exception.SdkClientException', 'there is no region: set region, or AWS_REGION', true);
    if (status !== undefined && error.$metadata?.httpStatusCode !== undefined) return told(model('S3Exception'), `${name}${key === undefined ? '' : ` of \`${key}\``} failed: ${error.message === 'UnknownError' ? error.name : error.message} (${status})`);
    if (code !== undefined || error.name === 'TimeoutError') return told(code === 'ENOTFOUND' ? 'java.net.UnknownHostException' : code === 'ECONNREFUSED' ? 'java.net.ConnectException' : 'java.io.IOException', `the server can't be reached: ${error.message === '' ? String(code) : error.message}`);
    return told(error instanceof ExchangeError ? error.type : 'software.amazon.awssdk.core.exception.SdkClientException', error.message);
  }
}

export const isMissingKey = (thrown: unknown): boolean => thrown instanceof ExchangeError && thrown.type.endsWith('.NoSuchKeyException');
export const isMissingBucket = (thrown: unknown): boolean => thrown instanceof ExchangeError && thrown.type.endsWith('.NoSuchBucketException');
export const isChanged = (thrown: unknown): boolean => thrown instanceof ExchangeError && thrown.details['statusCode'] === 412;

/** Ends any number of requests at once. */
export function unlimitedAborter(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

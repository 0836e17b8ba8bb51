import { rm } from 'node:fs/promises';
import type { ConnectorContext, Producer } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import { StreamCache } from '../../core/conversion/stream.ts';
import type { ListedObject } from './bucket.ts';
import { bucketName, copyObject, createBucket, customerKey, listPage, prepareBucket } from './bucket.ts';
import type { ObjectStore, Requests, WriteInput } from './client.ts';
import { isMissingBucket, openObjectStore, unlimitedAborter } from './client.ts';
import type { Content } from './content.ts';
import { contentOf, describe, fetchObject, traceHeaders, wholeContent } from './content.ts';
import { Gatherer } from './gatherer.ts';
import type { Operation, S3Endpoint } from './options.ts';
import { header, operations } from './options.ts';

/** Streams are written in parts of this size, where nothing else is said; objects have 10,000 parts at most. */
const streamPart = 5 * 1024 * 1024;
const mostParts = 10_000;
const deletedAtOnce = 1000;
const usualLinkSeconds = 3600;
const longestLinkSeconds = 7 * 24 * 3600;

const illegal = (message: string): ExchangeError => new ExchangeError('java.lang.IllegalArgumentException', message);

type Work = (exchange: Exchange, bucket: string) => Promise<void>;

/** Works on objects and buckets. Keys are taken as they are, never as paths. */
export class S3Producer implements Producer {
  private readonly endpoint: S3Endpoint;
  private readonly context: ConnectorContext;
  private readonly store: ObjectStore;
  private readonly keyName: ((exchange: Exchange) => unknown) | null;
  private readonly gatherer: Gatherer | null;
  private readonly closing = unlimitedAborter();
  private preparing: Promise<void> | null = null;

  constructor(endpoint: S3Endpoint, context: ConnectorContext, store: ObjectStore) {
    const { options } = endpoint;
    this.endpoint = endpoint;
    this.context = context;
    this.store = store;
    const { keyName } = options;
    this.keyName = keyName === undefined ? null : keyName.includes('${') || keyName.includes('$simple{') ? context.simple(keyName) : () => keyName;
    this.gatherer = options.streamingUploadMode
      ? new Gatherer(options, {
          clock: context.clock,
          keyOf: (exchange) => this.key(exchange),
          write: (key, bytes, first) => this.writeBatch(key, bytes, first),
          keys: (prefix) => this.keysOf(prefix),
        })
      : null;
  }

  async send(exchange: Exchange): Promise<void> {
    const operation = this.operation(exchange);
    const bucket = this.bucket(exchange);
    await (this.preparing ??= this.prepare());
    await this.works[operation](exchange, bucket);
  }

  async close(): Promise<void> {
    await this.gatherer?.close();
    this.closing.abort();
    this.store.close();
  }

  // ------------------------------------------------------------------------------------------------ what to do, and on what

  private operation(exchange: Exchange): Operation {
    const asked = toText(exchange.headers.get(header.operation));
    if (asked === null || asked === '') return this.endpoint.options.operation ?? 'putObject';
    const operation = operations.find((known) => known === asked);
    if (operation === undefined) throw illegal(`${this.endpoint.shownUri}: there is no operation \`${asked}\``);
    return operation;
  }

  private bucket(exchange: Exchange): string {
    const asked = toText(exchange.headers.get(header.overrideBucket));
    return bucketName(asked === null || asked === '' ? this.endpoint.options.bucketNameOrArn : asked);
  }

  private key(exchange: Exchange): string {
    const asked = toText(exchange.headers.get(header.key));
    const key = asked !== null && asked !== '' ? asked : toText(this.keyName?.(exchange) ?? null);
    if (key === null || key === '') throw illegal(`${this.endpoint.shownUri}: AWS S3 Key header is missing: set the header ${header.key}, or keyName`);
    if (Buffer.byteLength(key) > 1024) throw illegal(`${this.endpoint.shownUri}: the key has more than 1024 bytes: \`${key.slice(0, 60)}...\``);
    return key;
  }

  private async prepare(): Promise<void> {
    try {
      await prepareBucket(this.store, bucketName(this.endpoint.options.bucketNameOrArn), this.endpoint.options);
    } catch (thrown) {
      // The next message tries again.
      this.preparing = null;
      throw thrown;
    }
  }

  private text(exchange: Exchange, name: string): string | undefined {
    const text = toText(exchange.headers.get(name));
    return text === null || text === '' ? undefined : text;
  }

  private needed(exchange: Exchange, name: string, operation: Operation): unknown {
    const value = exchange.headers.get(name);
    if (value === undefined || value === null || value === '') throw illegal(`${this.endpoint.shownUri}: ${operation} needs the header ${name}`);
    return value;
  }

  // ------------------------------------------------------------------------------------------------ operations

  private readonly works: Readonly<Record<Operation, Work>> = {
    putObject: (exchange, bucket) => (this.gatherer === null ? this.put(exchange, bucket) : this.gatherer.add(exchange, contentOf(exchange))),
    getObject: (exchange, bucket) => this.get(exchange, bucket, {}),
    getObjectRange: (exchange, bucket) => {
      const [start, end] = [header.rangeStart, header.rangeEnd].map((name) => Number(this.needed(exchange, name, 'getObjectRange')));
      if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start! < 0 || end! < start!) throw illegal(`${this.endpoint.shownUri}: there are no bytes ${start} to ${end}`);
      return this.get(exchange, bucket, { Range: `bytes=${start}-${end}` });
    },
    listObjects: async (exchange, bucket) => {
      const prefix = this.text(exchange, header.prefix) ?? this.endpoint.options.prefix;
      const delimiter = this.text(exchange, header.delimiter) ?? this.endpoint.options.delimiter;
      const all: Record<string, unknown>[] = [];
      for await (const { key, etag, size, lastModified, storageClass } of this.listAll(bucket, prefix, delimiter)) {
        all.push({ key, eTag: etag.replace(/"/g, ''), size, lastModified, storageClass, bucket });
      }
      exchange.body = all;
    },
    copyObject: async (exchange, bucket) => {
      const key = this.key(exchange);
      const to = bucketName(toText(this.needed(exchange, header.destinationBucket, 'copyObject'))!);
      const target = toText(this.needed(exchange, header.destinationKey, 'copyObject'))!;
      const conditions = this.conditions(exchange);
      const own = customerKey(this.endpoint.options);
      const copy = (size: number | null): ReturnType<typeof copyObject> =>
        copyObject(this.store, {
          from: { bucket, key, size },
          to: { bucket: to, key: target },
          input: {
            ...Object.fromEntries(Object.entries(conditions).map(([name, value]) => [`CopySource${name}`, value])),
            ...this.placing(exchange),
            ...('SSECustomerKey' in own ? { CopySourceSSECustomerKey: own.SSECustomerKey, CopySourceSSECustomerAlgorithm: own.SSECustomerAlgorithm, CopySourceSSECustomerKeyMD5: own.SSECustomerKeyMD5 } : {}),
          },
        });
      const { ETag, VersionId } = await copy(null).catch(async (thrown: unknown) => {
        // More than 5 GB go part by part, which needs the size.
        if (!(thrown instanceof ExchangeError) || thrown.details['errorCode'] !== 'InvalidRequest') throw thrown;
        const { ContentLength } = await this.store.call('HeadObject', { Bucket: bucket, Key: key, ...own });
        return copy(ContentLength ?? null);
      });
      this.written(exchange, to, target, { ETag, VersionId });
    },
    deleteObject: async (exchange, bucket) => {
      const key = this.key(exchange);
      await this.store.call('DeleteObject', { Bucket: bucket, Key: key });
      this.produced(exchange, bucket, key);
      exchange.body = true;
    },
    deleteObjects: async (exchange, bucket) => {
      const keys = this.needed(exchange, header.keysToDelete, 'deleteObjects');
      const list = (Array.isArray(keys) ? keys : [...((keys as { [Symbol.iterator]?: unknown })[Symbol.iterator] !== undefined && typeof keys !== 'string' ? (keys as Iterable<unknown>) : [keys])]).map((key) => toText(key) ?? '');
      const deleted: string[] = [];
      const failed: { key: string | undefined; code: string | undefined; message: string | undefined }[] = [];
      for (let at = 0; at < list.length; at += deletedAtOnce) {
        const { Deleted = [], Errors = [] } = await this.store.call('DeleteObjects', { Bucket: bucket, Delete: { Objects: list.slice(at, at + deletedAtOnce).map((Key) => ({ Key })) } });
        deleted.push(...Deleted.map(({ Key }) => Key ?? ''));
        failed.push(...Errors.map(({ Key, Code, Message }) => ({ key: Key, code: Code, message: Message })));
      }
      if (failed.length > 0) {
        throw new ExchangeError('software.amazon.awssdk.services.s3.model.S3Exception', `${this.endpoint.shownUri}: ${failed.length} of ${list.length} objects could not be deleted, such as \`${failed[0]!.key}\`: ${failed[0]!.message ?? failed[0]!.code}`, { details: { deleted, failed } });
      }
      exchange.body = { deleted: deleted.map((key) => ({ key })), errors: [] };
    },
    listBuckets: async (exchange) => {
      const all: unknown[] = [];
      let next: string | undefined;
      do {
        const { Buckets = [], ContinuationToken } = await this.store.call('ListBuckets', next === undefined ? {} : { ContinuationToken: next });
        for (const { Name, CreationDate } of Buckets) all.push({ name: Name, creationDate: CreationDate });
        next = ContinuationToken === '' ? undefined : ContinuationToken;
      } while (next !== undefined);
      exchange.body = all;
    },
    createBucket: async (exchange, bucket) => {
      await createBucket(this.store, bucket);
      exchange.headers.set(header.producedBucket, bucket);
    },
    deleteBucket: async (exchange, bucket) => {
      await this.store.call('DeleteBucket', { Bucket: bucket });
      exchange.headers.set(header.producedBucket, bucket);
    },
    headBucket: async (exchange, bucket) => {
      try {
        exchange.body = plain(await this.store.call('HeadBucket', { Bucket: bucket }));
        exchange.headers.set(header.bucketExists, true);
      } catch (thrown) {
        if (!isMissingBucket(thrown)) throw thrown;
        exchange.headers.set(header.bucketExists, false);
      }
    },
    headObject: async (exchange, bucket) => {
      const key = this.key(exchange);
      const fields = await this.store.call('HeadObject', { Bucket: bucket, Key: key, ...this.conditions(exchange), ...customerKey(this.endpoint.options) });
      describe(exchange.headers, bucket, key, fields as never);
      this.produced(exchange, bucket, key);
      exchange.body = plain(fields);
    },
    createDownloadLink: (exchange, bucket) => this.link(exchange, 'GetObject', { Bucket: bucket, Key: this.key(exchange), ...customerKey(this.endpoint.options) }),
    createUploadLink: (exchange, bucket) => {
      const type = this.text(exchange, header.contentType);
      return this.link(exchange, 'PutObject', { Bucket: bucket, Key: this.key(exchange), ...(type === undefined ? {} : { ContentType: type }), ...customerKey(this.endpoint.options) });
    },
    restoreObject: async (exchange, bucket) => {
      const key = this.key(exchange);
      const days = Number(exchange.headers.get(header.restoreDays) ?? 1);
      const tier = this.text(exchange, header.restoreTier);
      await this.store.call('RestoreObject', { Bucket: bucket, Key: key, RestoreRequest: { Days: days, ...(tier === undefined ? {} : { GlacierJobParameters: { Tier: tier as never } }) } });
      this.produced(exchange, bucket, key);
    },
    getObjectTagging: async (exchange, bucket) => {
      const { TagSet = [] } = await this.store.call('GetObjectTagging', { Bucket: bucket, Key: this.key(exchange) });
      exchange.body = TagSet.map(({ Key, Value }) => ({ key: Key, value: Value }));
    },
    putObjectTagging: async (exchange, bucket) => {
      await this.store.call('PutObjectTagging', { Bucket: bucket, Key: this.key(exchange), Tagging: { TagSet: tagsOf(this.needed(exchange, header.objectTags, 'putObjectTagging')) } });
    },
    deleteObjectTagging: async (exchange, bucket) => {
      await this.store.call('DeleteObjectTagging', { Bucket: bucket, Key: this.key(exchange) });
    },
    getObjectAcl: async (exchange, bucket) => {
      exchange.body = plain(await this.store.call('GetObjectAcl', { Bucket: bucket, Key: this.key(exchange) }));
    },
    putObjectAcl: async (exchange, bucket) => {
      const acl = this.cannedAcl(exchange);
      if (acl === undefined) throw illegal(`${this.endpoint.shownUri}: putObjectAcl needs the header ${header.cannedAcl}`);
      await this.store.call('PutObjectAcl', { Bucket: bucket, Key: this.key(exchange), ACL: acl as never });
    },
    getBucketTagging: async (exchange, bucket) => {
      const { TagSet = [] } = await this.store.call('GetBucketTagging', { Bucket: bucket });
      exchange.body = TagSet.map(({ Key, Value }) => ({ key: Key, value: Value }));
    },
    putBucketTagging: async (exchange, bucket) => {
      await this.store.call('PutBucketTagging', { Bucket: bucket, Tagging: { TagSet: tagsOf(this.needed(exchange, header.bucketTags, 'putBucketTagging')) } });
    },
    deleteBucketTagging: async (_exchange, bucket) => {
      await this.store.call('DeleteBucketTagging', { Bucket: bucket });
    },
    getBucketVersioning: async (exchange, bucket) => {
      exchange.body = plain(await this.store.call('GetBucketVersioning', { Bucket: bucket }));
    },
    putBucketVersioning: async (exchange, bucket) => {
      const status = toText(this.needed(exchange, header.versioningStatus, 'putBucketVersioning'))!;
      const secondFactor = this.text(exchange, header.mfaDelete);
      await this.store.call('PutBucketVersioning', { Bucket: bucket, VersioningConfiguration: { Status: status as never, ...(secondFactor === undefined ? {} : { MFADelete: secondFactor as never }) } });
    },
    getBucketPolicy: async (exchange, bucket) => {
      exchange.body = (await this.store.call('GetBucketPolicy', { Bucket: bucket })).Policy ?? null;
    },
    putBucketPolicy: async (exchange, bucket) => {
      await this.store.call('PutBucketPolicy', { Bucket: bucket, Policy: toText(this.needed(exchange, header.bucketPolicy, 'putBucketPolicy'))! });
    },
    deleteBucketPolicy: async (_exchange, bucket) => {
      await this.store.call('DeleteBucketPolicy', { Bucket: bucket });
    },
  };

  // ------------------------------------------------------------------------------------------------ reading

  private async get(exchange: Exchange, bucket: string, range: { Range?: string }): Promise<void> {
    const key = this.key(exchange);
    const { ignoreBody, includeBody } = this.endpoint.options;
    const input: Requests['GetObject'][0] = { Bucket: bucket, Key: key, ...range, ...this.conditions(exchange), ...customerKey(this.endpoint.options) };
    const { fields, content } = await fetchObject(this.store, input, this.context, exchange.signal ?? undefined);
    describe(exchange.headers, bucket, key, fields);
    this.produced(exchange, bucket, key);
    if (ignoreBody) {
      content.close();
      return;
    }
    if (!includeBody) {
      exchange.unitOfWork?.onCompletion(() => content.close());
      exchange.body = content;
      return;
    }
    const body = await wholeContent(content);
    if (body instanceof StreamCache) exchange.unitOfWork?.onCompletion(() => body.dispose());
    exchange.body = body;
  }

  private async *listAll(bucket: string, prefix: string | undefined, delimiter: string | undefined): AsyncGenerator<ListedObject> {
    let next: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof listPage>> = await listPage(this.store, {
        Bucket: bucket,
        ...(prefix === undefined ? {} : { Prefix: prefix }),
        ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
        ...(next === null ? {} : { ContinuationToken: next }),
      });
      yield* page.objects;
      next = page.next;
    } while (next !== null);
  }

  private conditions(exchange: Exchange): { IfMatch?: string; IfNoneMatch?: string; IfModifiedSince?: Date; IfUnmodifiedSince?: Date } {
    const [match, none] = [this.text(exchange, header.ifMatch), this.text(exchange, header.ifNoneMatch)];
    const date = (name: string): Date | undefined => {
      const value = exchange.headers.get(name);
      if (value === undefined || value === null || value === '') return undefined;
      const time = value instanceof Date ? value : new Date(typeof value === 'number' ? value : (toText(value) ?? ''));
      if (Number.isNaN(time.getTime())) throw illegal(`${this.endpoint.shownUri}: the header ${name} is no time`);
      return time;
    };
    const [modified, unmodified] = [date(header.ifModifiedSince), date(header.ifUnmodifiedSince)];
    return {
      ...(match === undefined ? {} : { IfMatch: match }),
      ...(none === undefined ? {} : { IfNoneMatch: none }),
      ...(modified === undefined ? {} : { IfModifiedSince: modified }),
      ...(unmodified === undefined ? {} : { IfUnmodifiedSince: unmodified }),
    };
  }

  private async link(exchange: Exchange, name: 'GetObject' | 'PutObject', input: Requests['GetObject'][0]): Promise<void> {
    const isDownload = name === 'GetObject';
    const millis = exchange.headers.get(isDownload ? header.downloadExpiration : header.uploadExpiration);
    const seconds = millis === undefined || millis === null ? usualLinkSeconds : Math.ceil(Number(toText(millis)) / 1000);
    if (!(seconds > 0 && seconds <= longestLinkSeconds)) throw illegal(`${this.endpoint.shownUri}: a link is good for at least a millisecond and at most seven days`);
    exchange.body = await this.store.link(name, input, seconds);
    const own = 'SSECustomerKey' in input && input.SSECustomerKey !== undefined;
    exchange.headers.set(isDownload ? header.downloadCompatible : header.uploadCompatible, isDownload && !own);
    const url = new URL(exchange.body as string);
    const headers: Record<string, string[]> = { host: [url.host] };
    const type = (input as { ContentType?: string }).ContentType;
    if (type !== undefined) headers['content-type'] = [type];
    exchange.headers.set(isDownload ? header.downloadHeaders : header.uploadHeaders, headers);
    this.produced(exchange, input.Bucket!, input.Key!);
  }

  // ------------------------------------------------------------------------------------------------ writing

  private async put(exchange: Exchange, bucket: string): Promise<void> {
    const key = this.key(exchange);
    const { options } = this.endpoint;
    const result = await this.write({ ...this.description(exchange), Bucket: bucket, Key: key }, contentOf(exchange), exchange.signal);
    this.written(exchange, bucket, key, result);
    if (options.deleteAfterWrite && exchange.body instanceof FileBody) await rm(exchange.body.path, { force: true });
  }

  private async write(input: WriteInput, content: Content, signal: AbortSignal | null): Promise<{ ETag?: string | undefined; VersionId?: string | undefined }> {
    const { multiPartUpload, partSize } = this.endpoint.options;
    const until = signal === null ? this.closing.signal : AbortSignal.any([signal, this.closing.signal]);
    if ('bytes' in content) {
      const { bytes } = content;
      if (!multiPartUpload || bytes.length <= partSize) return this.store.call('PutObject', { ...input, Body: bytes }, until);
      return this.store.upload(input, slices(bytes), { partSize, signal: until });
    }
    const smallest = multiPartUpload ? partSize : streamPart;
    const size = Math.max(smallest, Math.ceil((content.length ?? 0) / mostParts));
    // The server would check the digest of the whole against each part.
    const { ContentMD5: _md5, ...rest } = input;
    return this.store.upload(rest, content.open(), { partSize: size, signal: until });
  }

  /** How an object is kept and who may read it. */
  private placing(exchange: Exchange): Partial<WriteInput> {
    const { options } = this.endpoint;
    const input: Partial<WriteInput> = { ...customerKey(options) };
    const storageClass = this.text(exchange, header.storageClass) ?? options.storageClass;
    if (storageClass !== undefined) input.StorageClass = storageClass as never;
    const acl = this.cannedAcl(exchange);
    if (acl !== undefined) input.ACL = acl as never;
    const encryption = this.text(exchange, header.encryption);
    if (options.useAwsKMS) {
      input.ServerSideEncryption = 'aws:kms';
      if (options.awsKMSKeyId !== undefined) input.SSEKMSKeyId = options.awsKMSKeyId;
    } else if (options.useSSES3) input.ServerSideEncryption = 'AES256';
    else if (encryption !== undefined && !options.useCustomerKey) input.ServerSideEncryption = encryption as never;
    return input;
  }

  private description(exchange: Exchange): Partial<WriteInput> {
    const input = this.placing(exchange);
    const { options } = this.endpoint;
    const set = <K extends 'ContentType' | 'ContentEncoding' | 'ContentDisposition' | 'CacheControl' | 'ContentMD5'>(field: K, name: string): void => {
      const value = this.text(exchange, name);
      if (value !== undefined) input[field] = value;
    };
    set('ContentType', header.contentType);
    set('ContentEncoding', header.contentEncoding);
    set('ContentDisposition', header.contentDisposition);
    set('CacheControl', header.cacheControl);
    set('ContentMD5', header.contentMd5);
    const metadata = this.metadata(exchange);
    if (metadata !== null) input.Metadata = metadata;
    const tags = exchange.headers.get(header.objectTags);
    if (tags !== undefined && tags !== null) input.Tagging = tagsOf(tags).map(({ Key, Value }) => `${encodeURIComponent(Key)}=${encodeURIComponent(Value)}`).join('&');
    if (options.conditionalWritesEnabled) input.IfNoneMatch = '*';
    return input;
  }

  /** The metadata that the message asks for, and its trace context. Names that steer endpoints stay here. */
  private metadata(exchange: Exchange): Record<string, string> | null {
    let metadata: Record<string, string> | null = null;
    const given = exchange.headers.get(header.metadata);
    if (typeof given === 'object' && given !== null) {
      const entries = given instanceof Map ? (given as Map<unknown, unknown>) : Object.entries(given);
      for (const [name, value] of entries) {
        const plainName = toText(name) ?? '';
        if (plainName === '' || /^camel/i.test(plainName) || value === null || value === undefined) continue;
        if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(plainName)) throw illegal(`${this.endpoint.shownUri}: metadata can't be named \`${plainName}\``);
        (metadata ??= {})[plainName] = headerSafe(toText(value) ?? '');
      }
    }
    for (const name of traceHeaders) {
      const value = this.text(exchange, name);
      if (value !== undefined) (metadata ??= {})[name] = headerSafe(value);
    }
    return metadata;
  }

  private cannedAcl(exchange: Exchange): string | undefined {
    const acl = this.text(exchange, header.cannedAcl) ?? this.text(exchange, header.acl);
    // Java's names have capitals in place of hyphens, or underscores.
    return acl === undefined ? undefined : acl.includes('_') ? acl.toLowerCase().replaceAll('_', '-') : acl.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  }

  private written(exchange: Exchange, bucket: string, key: string, { ETag, VersionId }: { ETag?: string | undefined; VersionId?: string | undefined }): void {
    if (ETag !== undefined) exchange.headers.set(header.eTag, ETag.replace(/^"|"$/g, ''));
    if (VersionId !== undefined && VersionId !== '') exchange.headers.set(header.versionId, VersionId);
    else exchange.headers.remove(header.versionId);
    this.produced(exchange, bucket, key);
  }

  private produced(exchange: Exchange, bucket: string, key: string): void {
    exchange.headers.set(header.producedKey, key);
    exchange.headers.set(header.producedBucket, bucket);
  }

  // ------------------------------------------------------------------------------------------------ many messages to one object

  private async writeBatch(key: string, bytes: Buffer, first: Exchange): Promise<void> {
    await (this.preparing ??= this.prepare());
    const { ContentMD5: _md5, ...description } = this.description(first);
    await this.write({ ...description, Bucket: this.bucket(first), Key: key }, { bytes }, null);
  }

  private async keysOf(prefix: string): Promise<string[]> {
    await (this.preparing ??= this.prepare());
    const keys: string[] = [];
    for await (const { key } of this.listAll(bucketName(this.endpoint.options.bucketNameOrArn), prefix, undefined)) keys.push(key);
    return keys;
  }
}

/** HTTP headers hold ASCII; the rest goes as an encoded word, which S3 understands. */
const headerSafe = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`);

function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1024 * 1024) yield bytes.subarray(at, at + 1024 * 1024);
}

async function* slices(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* slicesOf(bytes);
}

function tagsOf(value: unknown): { Key: string; Value: string }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw illegal('tags must be a map of names and texts');
  const entries = value instanceof Map ? [...(value as Map<unknown, unknown>)] : Object.entries(value);
  return entries.map(([name, text]) => ({ Key: toText(name) ?? '', Value: toText(text) ?? '' }));
}

/** An answer with names as Camel's beans have them, without what belongs to the request itself. */
function plain(answer: object): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(answer)) if (name !== '$metadata' && value !== undefined && name !== 'Body') map[beanName(name)] = nested(value);
  return map;
}

const nested = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(nested) : typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype ? plain(value) : typeof value === 'string' ? value.replace(/^"(.*)"$/, '$1') : value;

const beanName = (name: string): string => (/^[A-Z]{2,}$/.test(name) ? name.toLowerCase() : name.charAt(0).toLowerCase() + name.slice(1));

/** @throws Error when options don't fit together */
export async function openS3Producer(endpoint: S3Endpoint, context: ConnectorContext): Promise<Producer> {
  const { options, shownUri } = endpoint;
  if (options.useAwsKMS && options.useSSES3) throw new Error(`${shownUri}: \`useAwsKMS\` and \`useSSES3\` exclude each other`);
  if (options.useCustomerKey && options.customerKeyId === undefined) throw new Error(`${shownUri}: \`useCustomerKey\` needs \`customerKeyId\``);
  if (options.streamingUploadMode && options.operation !== undefined && options.operation !== 'putObject') throw new Error(`${shownUri}: \`streamingUploadMode\` writes objects: it has no operation`);
  const store = await openObjectStore(endpoint, context);
  try {
    return new S3Producer(endpoint, context, store);
  } catch (thrown) {
    store.close();
    throw thrown;
  }
}

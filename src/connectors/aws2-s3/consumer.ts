import type { ConnectorContext, Consumer, Delivery, PolledMessage, Sink } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import type { Schedule } from '../../core/schedule/cron.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { Exchange as Message, isUnhandled } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import { bridgePollFailure, Poller, pollSchedule } from '../../core/schedule/polling.ts';
import type { IdempotentRepository } from '../../core/state/repositories.ts';
import { MemoryKeys, StoredKeys } from '../../core/state/repositories.ts';
import { prefixed } from '../../core/state/store.ts';
import { StreamCache } from '../../core/conversion/stream.ts';
import type { ListedObject } from './bucket.ts';
import { bucketName, copyObject, customerKey, listPage, prepareBucket } from './bucket.ts';
import type { ObjectFields, ObjectStore } from './client.ts';
import { isChanged, isMissingKey, openObjectStore, unlimitedAborter } from './client.ts';
import type { Fetched } from './content.ts';
import { describe, fetchObject, wholeContent } from './content.ts';
import type { S3Endpoint } from './options.ts';

/** Failing deliveries of an unchanged object after which it is left alone. */
const mostAttempts = 5;
/** Objects that have left the route and are not settled yet (members of an open group), over which no more are taken. */
const mostUnsettled = 10_000;
/** Versions known to have been handled before, without asking the store. */
const rememberedVersions = 100_000;
const longestReceivePause = 500;
const longestRetryPause = 60_000;

/** An object on its way through the route. */
interface Taken {
  readonly listed: ListedObject;
  /** Of what was read, which may be newer than what was listed. */
  readonly version: string;
  readonly etag: string;
  readonly size: number;
  readonly id: string;
  readonly body: unknown;
  readonly headers: Headers;
  release(): void;
}

interface Failure {
  readonly version: string;
  readonly count: number;
  readonly notBefore: number;
}

/** What is still to be done for an object that was handled. */
interface Leftover {
  readonly taken: Taken;
  readonly isFailed: boolean;
}

const versionOf = (etag: string, lastModified: Date | null | undefined): string => `${etag.replace(/"/g, '')}@${lastModified?.getTime() ?? 0}`;

/**
 * Takes the objects of a bucket in the order of their keys, several at a time. An object is in progress until its message has settled: then it
 * is deleted, moved or left and remembered. What was written meanwhile under the same key stays, and is taken next. When the message failed,
 * the object goes where `moveFailed...` says, or stays: an unchanged object is then tried a few times, and not for ever.
 */
class S3Consumer implements Consumer {
  private readonly endpoint: S3Endpoint;
  private readonly context: ConnectorContext;
  private readonly store: ObjectStore;
  private readonly bucket: string;
  private readonly poller: Poller;
  private readonly seen: IdempotentRepository | null;
  private readonly known: MemoryKeys;
  private readonly inProgress: IdempotentRepository;
  private readonly isDynamicDone: boolean;
  private readonly failures = new Map<string, Failure>();
  private readonly leftovers = new Map<string, Leftover>();
  /** Listed, and not looked at yet. */
  private listed: ListedObject[] = [];
  private nextPage: string | null = null;
  private sink: Sink | null = null;
  private isOn = false;
  private isPrepared = false;
  private waitsFor: string | null = null;
  private credit: number;
  private underWay = 0;
  private unsettled = 0;
  /** Being moved or deleted. */
  private settling = 0;
  private fetching = unlimitedAborter();
  private listeners: (() => void)[] = [];

  constructor(endpoint: S3Endpoint, context: ConnectorContext, store: ObjectStore, schedule: Schedule | null) {
    const { options } = endpoint;
    this.endpoint = endpoint;
    this.context = context;
    this.store = store;
    this.bucket = bucketName(options.bucketNameOrArn);
    this.credit = options.maxInFlight;
    this.isDynamicDone = options.doneFileName?.includes('${') ?? false;
    const owner = `${context.routeId ?? ''}/${this.bucket}`;
    const repository = options.idempotentRepository === undefined ? null : context.bean<IdempotentRepository>(options.idempotentRepository);
    const isIdempotent = options.idempotent ?? (repository !== null || !options.deleteAfterRead);
    this.seen = isIdempotent ? (repository ?? context.shared(`aws2-s3:seen:${owner}`, () => new StoredKeys(prefixed(context.store, `seen/${owner}/`), context.clock))) : null;
    this.known = new MemoryKeys(rememberedVersions);
    this.inProgress =
      options.inProgressRepository === undefined
        ? context.shared(`aws2-s3:inProgress:${owner}`, () => new MemoryKeys(Infinity))
        : context.bean<IdempotentRepository>(options.inProgressRepository);
    this.poller = new Poller(
      options,
      { clock: context.clock, poll: () => this.poll(), failed: (error) => this.pollFailed(error), log: (level, message) => context.log(level, message) },
      schedule,
    );
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.isOn = true;
    this.poller.start();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.isOn = false;
    this.fetching.abort();
    this.wake();
    await this.poller.stop();
  }

  close(): Promise<void> {
    this.store.close();
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    return this.stop();
  }

  resume(): Promise<void> {
    this.isOn = true;
    this.fetching = unlimitedAborter();
    this.poller.resume();
    return Promise.resolve();
  }

  setCredit(credit: number): void {
    this.credit = Math.max(1, credit);
    this.wake();
  }

  async receive(timeoutMillis: number): Promise<PolledMessage | null> {
    const { clock } = this.context;
    const deadline = timeoutMillis < 0 ? Infinity : clock.now() + timeoutMillis;
    for (;;) {
      await this.prepare();
      for (const listed of await this.find(1, () => true)) {
        const taken = await this.take(listed);
        if (taken === null) continue;
        return { body: taken.body, headers: taken.headers, properties: batch(0, 1), settle: (exchange) => this.settle(taken, exchange) };
      }
      const left = deadline - clock.now();
      if (left <= 0) return null;
      await new Promise<void>((resolve) => void clock.schedule(Math.min(left, this.endpoint.options.delay, longestReceivePause), resolve));
    }
  }

  // ------------------------------------------------------------------------------------------------ polls

  private async poll(): Promise<number> {
    const { maxMessagesPerPoll, sendEmptyMessageWhenIdle } = this.endpoint.options;
    await this.prepare();
    await this.retryLeftovers();
    const found = await this.find(maxMessagesPerPoll > 0 ? maxMessagesPerPoll : Infinity, () => this.isOn);
    this.reached();
    if (!this.isOn) return 0;
    if (found.length > 0) return this.deliverAll(found);
    if (sendEmptyMessageWhenIdle) await this.sendEmpty();
    return 0;
  }

  private async prepare(): Promise<void> {
    if (this.isPrepared) return;
    const { options } = this.endpoint;
    await prepareBucket(this.store, this.bucket, options);
    if (options.autoCreateBucket) {
      for (const other of [options.moveAfterRead ? options.destinationBucket : undefined, options.moveFailedBucket]) {
        if (other !== undefined) await prepareBucket(this.store, bucketName(other), { ...options, policy: undefined });
      }
    }
    this.isPrepared = true;
  }

  /** At most so many objects that can be taken now, in the order of their keys; they are ours from here on. */
  private async find(most: number, goesOn: () => boolean): Promise<ListedObject[]> {
    const { doneFileName, fileName } = this.endpoint.options;
    if (doneFileName !== undefined && !this.isDynamicDone && !(await this.exists(doneFileName))) return [];
    const found: ListedObject[] = [];
    let isLast = false;
    while (found.length < most && goesOn()) {
      if (this.listed.length === 0) {
        if (isLast) break;
        this.listed = fileName === undefined ? await this.list() : await this.listOne(fileName);
        isLast = this.nextPage === null;
        if (this.listed.length === 0) continue;
        this.listed.reverse();
      }
      const object = this.listed.pop()!;
      if (await this.isFree(object)) found.push(object);
    }
    return found;
  }

  private async list(): Promise<ListedObject[]> {
    const { prefix, delimiter } = this.endpoint.options;
    const { objects, next } = await listPage(
      this.store,
      {
        Bucket: this.bucket,
        ...(prefix === undefined ? {} : { Prefix: prefix }),
        ...(delimiter === undefined ? {} : { Delimiter: delimiter }),
        ...(this.nextPage === null ? {} : { ContinuationToken: this.nextPage }),
      },
      this.fetching.signal,
    );
    this.nextPage = next;
    return objects;
  }

  private async listOne(key: string): Promise<ListedObject[]> {
    try {
      const { ETag = '', ContentLength = 0, LastModified = null, StorageClass = null } = await this.store.call('HeadObject', { Bucket: this.bucket, Key: key, ...customerKey(this.endpoint.options) }, this.fetching.signal);
      return [{ key, etag: ETag, size: ContentLength, lastModified: LastModified, storageClass: StorageClass }];
    } catch (thrown) {
      if (isMissingKey(thrown)) return [];
      throw thrown;
    }
  }

  /** Makes the object ours, when nobody has it, it was not handled before, and has not failed too often. */
  private async isFree({ key, etag, lastModified }: ListedObject): Promise<boolean> {
    const { includeFolders, doneFileName } = this.endpoint.options;
    if (!includeFolders && key.endsWith('/')) return false;
    if (this.isDoneName(key) || this.isMoved(key) || this.leftovers.has(key)) return false;
    const version = versionOf(etag, lastModified);
    const failure = this.failures.get(key);
    if (failure !== undefined) {
      if (failure.version !== version) this.failures.delete(key);
      else if (failure.count >= mostAttempts || failure.notBefore > this.context.clock.now()) return false;
    }
    if (this.seen !== null) {
      const name = `${key}/${version}`;
      if (this.known.contains(name)) return false;
      if (await this.seen.contains(name)) {
        this.known.add(name);
        return false;
      }
    }
    const adding = this.inProgress.add(key);
    if (!(typeof adding === 'boolean' ? adding : await adding)) return false;
    if (!this.isDynamicDone) return true;
    const isReady = await this.exists(doneNameOf(doneFileName!, key)).catch(async (thrown: unknown) => {
      await this.inProgress.remove(key);
      throw thrown;
    });
    if (!isReady) await this.inProgress.remove(key);
    return isReady;
  }

  private isDoneName(key: string): boolean {
    const { doneFileName } = this.endpoint.options;
    if (doneFileName === undefined) return false;
    if (!this.isDynamicDone) return key === doneFileName;
    const [before, after] = doneFileName.split(/\$\{file:name(?:\.noext)?\}/);
    const [, name] = split(key);
    return name.startsWith(before ?? '') && name.endsWith(after ?? '') && name.length > (before ?? '').length + (after ?? '').length;
  }

  /** Objects that were moved within the bucket are not taken again. */
  private isMoved(key: string): boolean {
    const { moveAfterRead, destinationBucket, destinationBucketPrefix, destinationBucketSuffix, moveFailedBucket, moveFailedPrefix } = this.endpoint.options;
    const isHere = (bucket: string | undefined): boolean => bucket === undefined || bucketName(bucket) === this.bucket;
    const stands = (prefix: string | undefined, suffix: string | undefined): boolean => {
      // What an expression gives can't be told from a key: its fixed beginning can.
      const start = prefix?.split('${')[0] ?? '';
      const end = suffix?.slice((suffix.lastIndexOf('}') + 1)) ?? '';
      return (start !== '' || end !== '') && key.startsWith(start) && key.endsWith(end);
    };
    if (moveAfterRead && isHere(destinationBucket) && stands(destinationBucketPrefix, destinationBucketSuffix)) return true;
    return moveFailedPrefix !== undefined && isHere(moveFailedBucket) && stands(moveFailedPrefix, undefined);
  }

  private async exists(key: string): Promise<boolean> {
    try {
      await this.store.call('HeadObject', { Bucket: this.bucket, Key: key }, this.fetching.signal);
      return true;
    } catch (thrown) {
      if (isMissingKey(thrown)) return false;
      throw thrown;
    }
  }

  private reached(): void {
    if (this.waitsFor === null) return;
    this.waitsFor = null;
    this.context.ready();
  }

  private pollFailed(error: unknown): void {
    if (!this.isOn) return;
    this.listed = [];
    this.nextPage = null;
    const reason = error instanceof ExchangeError ? error.type : String(error);
    // Said once: a server that is away fails in several ways.
    if (this.waitsFor === null || (this.waitsFor !== reason && !isNetwork(reason))) this.context.waiting(error instanceof Error ? error.message : String(error));
    this.waitsFor = reason;
    if (this.endpoint.options.bridgeErrorHandler) bridgePollFailure(this.sink!, error);
  }

  private sendEmpty(): Promise<void> {
    const exchange = this.sink!.exchange(null, undefined, this.isInOut);
    setAll(exchange, batch(0, 1));
    return new Promise((left) => this.sink!.push(exchange, { left: () => left(), settle: () => {} }));
  }

  /** Reads several at once, and delivers them in their order. Does not wait until they have left: the credit bounds them. */
  private async deliverAll(found: readonly ListedObject[]): Promise<number> {
    let delivered = 0;
    let failed: unknown = null;
    let last: Promise<void> = Promise.resolve();
    let next = 0;
    for (; next < found.length; next++) {
      await this.until(() => !this.isOn || failed !== null || (this.underWay < this.credit && this.settling < this.credit && this.unsettled < mostUnsettled));
      if (!this.isOn || failed !== null) break;
      const index = next;
      const listed = found[index]!;
      this.underWay++;
      this.unsettled++;
      const taking = this.take(listed).catch((thrown: unknown) => {
        failed ??= thrown;
        return null;
      });
      last = last.then(async () => {
        const taken = await taking;
        if (taken !== null && this.isOn) {
          delivered++;
          this.deliver(taken, index, found.length);
          return;
        }
        if (taken !== null) await this.giveBack(taken);
        this.underWay--;
        this.unsettled--;
        this.wake();
      });
    }
    await last;
    for (; next < found.length; next++) await this.inProgress.remove(found[next]!.key);
    if (failed !== null && this.isOn) throw failed as Error;
    return delivered;
  }

  private deliver(taken: Taken, index: number, size: number): void {
    const { moveFailedBucket, moveFailedPrefix } = this.endpoint.options;
    const exchange = this.sink!.exchange(taken.body, taken.headers, this.isInOut);
    setAll(exchange, batch(index, size));
    const delivery: Delivery = {
      id: taken.id,
      wouldLose: moveFailedBucket === undefined && moveFailedPrefix === undefined,
      left: () => {
        this.underWay--;
        this.wake();
      },
      settle: async (settled) => {
        this.settling++;
        await this.settle(taken, settled);
        this.settling--;
        this.unsettled--;
        this.wake();
      },
    };
    this.sink!.push(exchange, delivery);
  }

  private get isInOut(): boolean {
    return this.endpoint.options.exchangePattern === 'InOut';
  }

  // ------------------------------------------------------------------------------------------------ one object

  /** Reads the object, which is in progress already. Null: it is gone. */
  private async take(listed: ListedObject): Promise<Taken | null> {
    try {
      const taken = await this.read(listed);
      if (taken !== null) return taken;
    } catch (thrown) {
      await this.inProgress.remove(listed.key);
      if (isMissingKey(thrown)) return null;
      // An object that can't be read (an archive, a lost key) must not hold up the others.
      if (thrown instanceof ExchangeError && typeof thrown.details['statusCode'] === 'number' && thrown.details['statusCode'] < 500 && listed.etag !== '') {
        this.countFailure(listed.key, versionOf(listed.etag, listed.lastModified), thrown.message);
        return null;
      }
      throw thrown;
    }
    await this.inProgress.remove(listed.key);
    return null;
  }

  private async read(listed: ListedObject): Promise<Taken | null> {
    const { ignoreBody, includeBody, includeFolders, autocloseBody } = this.endpoint.options;
    const input = { Bucket: this.bucket, Key: listed.key, ...customerKey(this.endpoint.options) };
    const { signal } = this.fetching;
    if (ignoreBody) return this.taken(listed, (await this.store.call('HeadObject', input, signal)) as ObjectFields, null, () => {});
    const fetched = await fetchObject(this.store, input, this.context, includeBody ? signal : undefined);
    if (!includeFolders && fetched.fields.ContentType?.startsWith('application/x-directory') === true) {
      fetched.content.close();
      return null;
    }
    return this.withBody(listed, fetched, includeBody, autocloseBody);
  }

  private async withBody(listed: ListedObject, { fields, content }: Fetched, isWhole: boolean, closes: boolean): Promise<Taken> {
    if (!isWhole) return this.taken(listed, fields, content, closes ? () => content.close() : () => {});
    const body = await wholeContent(content);
    return this.taken(listed, fields, body, () => {
      if (body instanceof StreamCache) body.dispose();
    });
  }

  private taken(listed: ListedObject, fields: ObjectFields, body: unknown, release: () => void): Taken {
    const etag = fields.ETag ?? listed.etag;
    const version = versionOf(etag, fields.LastModified ?? listed.lastModified);
    return {
      listed,
      version,
      etag,
      size: fields.ContentLength ?? listed.size,
      id: `${this.bucket}/${listed.key}/${version}`,
      body,
      headers: describe(new Headers(), this.bucket, listed.key, fields),
      release,
    };
  }

  /** An object that was read and is not delivered after all. */
  private async giveBack(taken: Taken): Promise<void> {
    taken.release();
    await this.inProgress.remove(taken.listed.key);
  }

  private async settle(taken: Taken, exchange: Exchange): Promise<void> {
    const { key } = taken.listed;
    taken.release();
    try {
      if (!isUnhandled(exchange)) await this.commit(taken);
      else await this.rollBack(taken, exchange);
    } finally {
      await this.inProgress.remove(key);
    }
  }

  private async commit(taken: Taken): Promise<void> {
    const { key } = taken.listed;
    this.failures.delete(key);
    if (this.seen !== null) {
      const name = `${key}/${taken.version}`;
      try {
        if (this.seen.isStored !== true) await this.seen.add(name);
        await this.seen.confirm(name);
      } catch (thrown) {
        this.context.log('error', `the object \`${key}\` was handled, but that can't be remembered: ${(thrown as Error).message}`);
      }
      this.known.add(name);
    }
    await this.clearAway(taken, false);
  }

  private async rollBack(taken: Taken, exchange: Exchange): Promise<void> {
    const { moveFailedBucket, moveFailedPrefix } = this.endpoint.options;
    if (moveFailedBucket !== undefined || moveFailedPrefix !== undefined) {
      await this.clearAway(taken, true);
      return;
    }
    this.countFailure(taken.listed.key, taken.version, exchange.exception?.message ?? 'rolled back');
  }

  private countFailure(key: string, version: string, reason: string): void {
    const before = this.failures.get(key);
    const count = before?.version === version ? before.count + 1 : 1;
    const pause = Math.min(longestRetryPause, this.endpoint.options.delay * 2 ** (count - 1));
    this.failures.set(key, { version, count, notBefore: this.context.clock.now() + pause });
    if (count >= mostAttempts) this.context.log('error', `the object \`${key}\` of the bucket \`${this.bucket}\` failed ${count} times: it is left alone until it changes (moveFailedPrefix would move it): ${reason}`);
  }

  /** Moves and deletes. What does not work now is tried again by the next polls; until then nobody takes the object. */
  private async clearAway(taken: Taken, isFailed: boolean): Promise<void> {
    const { key } = taken.listed;
    try {
      await this.moveAndDelete(taken, isFailed);
      this.leftovers.delete(key);
    } catch (thrown) {
      if (!this.leftovers.has(key)) this.context.log('error', `the object \`${key}\` was handled, but can't be moved or deleted: ${(thrown as Error).message}; it will be tried again`);
      this.leftovers.set(key, { taken, isFailed });
    }
  }

  private async moveAndDelete({ listed: { key }, etag, size, headers }: Taken, isFailed: boolean): Promise<void> {
    const { options } = this.endpoint;
    try {
      if (isFailed || options.moveAfterRead) {
        const to = isFailed ? options.moveFailedBucket : options.destinationBucket;
        const message = new Message(this.context.scope, null, headers.copy());
        const text = (source: string | undefined): string => (source === undefined ? '' : source.includes('${') ? (toText(this.context.simple(source)(message)) ?? '') : source);
        const { prefix = '' } = options;
        const name = options.removePrefixOnMove && key.startsWith(prefix) ? key.slice(prefix.length) : key;
        const target = isFailed ? `${text(options.moveFailedPrefix)}${name}` : `${text(options.destinationBucketPrefix)}${name}${text(options.destinationBucketSuffix)}`;
        const own = customerKey(options);
        await copyObject(this.store, {
          from: { bucket: this.bucket, key, size },
          to: { bucket: to === undefined ? this.bucket : bucketName(to), key: target },
          input: {
            ...(etag === '' ? {} : { CopySourceIfMatch: etag }),
            ...own,
            ...('SSECustomerKey' in own ? { CopySourceSSECustomerKey: own.SSECustomerKey, CopySourceSSECustomerAlgorithm: own.SSECustomerAlgorithm, CopySourceSSECustomerKeyMD5: own.SSECustomerKeyMD5 } : {}),
          },
        });
      }
      if (isFailed || options.deleteAfterRead) {
        // What was written meanwhile under this key is another object: it stays.
        await this.store.call('DeleteObject', { Bucket: this.bucket, Key: key, ...(etag === '' ? {} : { IfMatch: etag }) });
        if (this.isDynamicDone) await this.store.call('DeleteObject', { Bucket: this.bucket, Key: doneNameOf(options.doneFileName!, key) });
      }
    } catch (thrown) {
      if (isChanged(thrown) || isMissingKey(thrown)) return;
      if (thrown instanceof ExchangeError && thrown.details['statusCode'] === 501) {
        await this.store.call('DeleteObject', { Bucket: this.bucket, Key: key });
        return;
      }
      throw thrown;
    }
  }

  private async retryLeftovers(): Promise<void> {
    for (const { taken, isFailed } of [...this.leftovers.values()]) await this.clearAway(taken, isFailed);
  }

  // ------------------------------------------------------------------------------------------------ waiting

  private until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (isMet()) resolve();
        else this.listeners.push(check);
      };
      this.listeners.push(check);
    });
  }

  private wake(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }
}

const isNetwork = (type: string): boolean => type.startsWith('java.') || type.endsWith('.SdkClientException');

const batch = (index: number, size: number): Readonly<Record<string, unknown>> => ({ CamelBatchSize: size, CamelBatchIndex: index, CamelBatchComplete: index === size - 1 });

function setAll(exchange: Exchange, properties: Readonly<Record<string, unknown>>): void {
  const bag = exchange.properties;
  for (const name in properties) bag.set(name, properties[name]);
}

/** A key as folder (with its slash) and name. */
const split = (key: string): [folder: string, name: string] => {
  const slash = key.lastIndexOf('/') + 1;
  return [key.slice(0, slash), key.slice(slash)];
};

/** The done file beside an object. */
function doneNameOf(pattern: string, key: string): string {
  const [folder, name] = split(key);
  return folder + pattern.replaceAll('${file:name.noext}', name.replace(/\.[^.]*$/, '')).replaceAll('${file:name}', name);
}

/** @throws Error when options don't fit together */
export async function openS3Consumer(endpoint: S3Endpoint, context: ConnectorContext): Promise<Consumer> {
  const { options, shownUri } = endpoint;
  const isSameBucket = options.destinationBucket === undefined || bucketName(options.destinationBucket) === bucketName(options.bucketNameOrArn);
  if (options.moveAfterRead && isSameBucket && (options.destinationBucketPrefix ?? '') === '' && (options.destinationBucketSuffix ?? '') === '') {
    throw new Error(`${shownUri}: \`moveAfterRead\` needs \`destinationBucket\`, or a \`destinationBucketPrefix\` or \`destinationBucketSuffix\` within the bucket`);
  }
  if (!options.moveAfterRead && options.destinationBucket !== undefined) throw new Error(`${shownUri}: \`destinationBucket\` only counts with \`moveAfterRead=true\``);
  if (options.moveFailedBucket !== undefined && options.moveFailedPrefix === undefined && bucketName(options.moveFailedBucket) === bucketName(options.bucketNameOrArn)) {
    throw new Error(`${shownUri}: \`moveFailedBucket\` is the bucket itself: set \`moveFailedPrefix\``);
  }
  if (options.doneFileName !== undefined && /\$\{(?!file:name(\.noext)?\})/.test(options.doneFileName)) throw new Error(`${shownUri}: \`doneFileName\` may hold \${file:name} and \${file:name.noext} only`);
  const schedule = await pollSchedule(options, context.clock.now());
  const store = await openObjectStore(endpoint, context);
  try {
    return new S3Consumer(endpoint, context, store, schedule);
  } catch (thrown) {
    store.close();
    throw thrown;
  }
}

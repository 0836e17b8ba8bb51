import { createHash, randomUUID } from 'node:crypto';
import type { AggregateController } from './aggregateController.ts';
import { DefaultAggregateController } from './aggregateController.ts';
import type { Clock, Timer } from '../clock.ts';
import { toText } from '../conversion/convert.ts';
import { simpleClassName } from '../errors.ts';
import type { StateStore } from './store.ts';
import { prefixed } from './store.ts';

/**
 * Remembers which messages were handled. A key is claimed, then confirmed when its message is done, or removed when it failed; what is
 * claimed and not confirmed may lapse (a crash), what is confirmed is a duplicate.
 */
export interface IdempotentRepository {
  /** Claims a key. False: it is claimed or confirmed already. */
  add(key: string): boolean | Promise<boolean>;
  contains(key: string): boolean | Promise<boolean>;
  /** The message of a claimed key is done. */
  confirm(key: string): boolean | Promise<boolean>;
  /** Gives whether the key was there. */
  remove(key: string): boolean | Promise<boolean>;
  clear(): void | Promise<void>;
  /** All that it holds, as far as it can tell: of a key that is too long for the store only a digest. */
  ids?(): Iterable<string> | AsyncIterable<string>;
  /** Keys are kept outside of this process's memory: confirming one is a write. */
  readonly isStored?: boolean;
}

/** Keys in memory, the oldest forgotten over `cacheSize` (as in Camel, seeing a key again does not make it younger). */
export class MemoryKeys implements IdempotentRepository {
  private readonly keys = new Set<string>();
  /** Camel's name. */
  cacheSize: number;

  constructor(cacheSize = 1000) {
    this.cacheSize = cacheSize;
  }

  add(key: string): boolean {
    if (this.keys.has(key)) return false;
    this.keys.add(key);
    if (this.keys.size > Math.max(1, this.cacheSize)) for (const oldest of this.keys) return this.keys.delete(oldest);
    return true;
  }

  contains(key: string): boolean {
    return this.keys.has(key);
  }

  confirm(key: string): boolean {
    return this.keys.has(key);
  }

  remove(key: string): boolean {
    return this.keys.delete(key);
  }

  clear(): void {
    this.keys.clear();
  }

  ids(): Iterable<string> {
    return this.keys;
  }
}

export interface StoredKeysOptions {
  /**
   * Other processes write to the same store. Claims are stored then, with their owner and a lease, and another owner's claim is waited
   * for. Else claims are kept in memory: what a process that is no more had claimed has lapsed anyway.
   */
  readonly isShared?: boolean;
  /** Milliseconds for which a stored claim stands without being renewed. */
  readonly leaseMillis?: number;
  /** Milliseconds after which a confirmed key is forgotten; none = never. */
  readonly ttlMillis?: number;
}

interface Claim {
  readonly owner: string;
  readonly until: number;
}

const done = Buffer.from('done');
const lookAgainMillis = 250;
const longestPlainKeyBytes = 1000;

const storedKey = (key: string): string => (key === '' || Buffer.byteLength(key) > longestPlainKeyBytes ? `sha256:${createHash('sha256').update(key).digest('hex')}` : `key:${key}`);

/** Keys in a state store: what is confirmed stays, over crashes too where the store is durable. */
export class StoredKeys implements IdempotentRepository {
  readonly isStored = true;
  private readonly store: StateStore;
  private readonly clock: Clock;
  private readonly isShared: boolean;
  private readonly leaseMillis: number;
  private readonly ttlMillis: number | undefined;
  private readonly owner = randomUUID();
  /** Claimed by this process and neither confirmed nor removed. */
  private readonly held = new Set<string>();
  private renewal: Timer | null = null;

  constructor(store: StateStore, clock: Clock, { isShared = false, leaseMillis = 60_000, ttlMillis }: StoredKeysOptions = {}) {
    this.store = store;
    this.clock = clock;
    this.isShared = isShared;
    this.leaseMillis = leaseMillis;
    this.ttlMillis = ttlMillis;
  }

  async add(key: string): Promise<boolean> {
    if (this.held.has(key)) return false;
    this.held.add(key);
    let isNew = false;
    try {
      isNew = this.isShared ? await this.claim(key) : (await this.store.get(storedKey(key))) === undefined;
    } finally {
      if (!isNew) this.held.delete(key);
    }
    if (isNew && this.isShared) this.renewLater();
    return isNew;
  }

  async contains(key: string): Promise<boolean> {
    if (this.held.has(key)) return true;
    const stored = await this.store.get(storedKey(key));
    return stored !== undefined && this.claimIn(stored.value) === null;
  }

  async confirm(key: string): Promise<boolean> {
    await this.store.put(storedKey(key), done, this.ttlMillis === undefined ? {} : { ttlMillis: this.ttlMillis });
    return this.held.delete(key);
  }

  async remove(key: string): Promise<boolean> {
    const wasHeld = this.held.has(key);
    const wasStored = !wasHeld || this.isShared ? await this.store.delete(storedKey(key)) : false;
    this.held.delete(key);
    return wasHeld || wasStored;
  }

  async clear(): Promise<void> {
    this.held.clear();
    for await (const [key] of this.store.range('')) await this.store.delete(key);
  }

  async *ids(): AsyncIterable<string> {
    yield* this.held;
    for await (const [key, { value }] of this.store.range('')) if (this.claimIn(value) === null) yield key.replace(/^key:/, '');
  }

  /** Takes the key, once nobody else has a claim that stands: waits until another owner's is confirmed, removed or lapsed. */
  private async claim(key: string): Promise<boolean> {
    for (;;) {
      const stored = await this.store.get(storedKey(key));
      const claim = stored === undefined ? undefined : this.claimIn(stored.value);
      if (claim === null) return false;
      if (claim !== undefined && claim.owner !== this.owner && claim.until > this.clock.now()) {
        await new Promise<void>((resolve) => void this.clock.schedule(Math.min(lookAgainMillis, claim.until - this.clock.now()), resolve));
        continue;
      }
      if (await this.store.compareAndSet(storedKey(key), stored?.version ?? null, this.claimBytes())) return true;
    }
  }

  private claimBytes(): Buffer {
    return Buffer.from(JSON.stringify({ owner: this.owner, until: this.clock.now() + this.leaseMillis } satisfies Claim));
  }

  /** Null: the key is confirmed. */
  private claimIn(value: Buffer): Claim | null {
    return value.equals(done) ? null : (JSON.parse(value.toString()) as Claim);
  }

  private renewLater(): void {
    this.renewal ??= this.clock.schedule(this.leaseMillis / 2, () => {
      this.renewal = null;
      void this.renew();
    });
  }

  private async renew(): Promise<void> {
    for (const key of [...this.held]) {
      try {
        const stored = await this.store.get(storedKey(key));
        if (stored !== undefined && this.held.has(key) && this.claimIn(stored.value)?.owner === this.owner) await this.store.compareAndSet(storedKey(key), stored.version, this.claimBytes());
      } catch {
        // The claim lapses if the store stays away; the next write to it says what is wrong.
      }
    }
    if (this.held.size > 0) this.renewLater();
  }
}

// ------------------------------------------------------------------------------------------------ by class name

/** What an `aggregationRepository` bean says about where open groups are kept. */
export interface AggregationRepository {
  /** Null: in memory only. */
  readonly store: StateStore | null;
}

type Properties = Readonly<Record<string, unknown>>;

const supportPackage = 'org.apache.camel.support.processor.idempotent.';

/** Camel's repositories, by class name; those of databases and caches stand for the state store here. */
const idempotentClasses: readonly string[] = [
  `${supportPackage}MemoryIdempotentRepository`,
  `${supportPackage}FileIdempotentRepository`,
  'org.apache.camel.component.caffeine.processor.idempotent.CaffeineIdempotentRepository',
  'org.apache.camel.processor.idempotent.cassandra.CassandraIdempotentRepository',
  'org.apache.camel.component.ehcache.processor.idempotent.EhcacheIdempotentRepository',
  'org.apache.camel.processor.idempotent.hazelcast.HazelcastIdempotentRepository',
  'org.apache.camel.component.infinispan.embedded.InfinispanEmbeddedIdempotentRepository',
  'org.apache.camel.component.infinispan.remote.InfinispanRemoteIdempotentRepository',
  'org.apache.camel.component.jcache.processor.idempotent.JCacheIdempotentRepository',
  'org.apache.camel.processor.idempotent.jdbc.JdbcMessageIdRepository',
  'org.apache.camel.processor.idempotent.jpa.JpaMessageIdRepository',
  'org.apache.camel.processor.idempotent.kafka.KafkaIdempotentRepository',
  'org.apache.camel.component.mongodb.processor.idempotent.MongoDbIdempotentRepository',
  'org.apache.camel.spring.processor.idempotent.SpringCacheIdempotentRepository',
  'org.apache.camel.component.redis.processor.idempotent.SpringRedisIdempotentRepository',
];

const aggregationClasses: readonly string[] = [
  'org.apache.camel.processor.aggregate.MemoryAggregationRepository',
  'org.apache.camel.component.caffeine.processor.aggregate.CaffeineAggregationRepository',
  'org.apache.camel.processor.aggregate.cassandra.CassandraAggregationRepository',
  'org.apache.camel.component.ehcache.processor.aggregate.EhcacheAggregationRepository',
  'org.apache.camel.processor.aggregate.hazelcast.HazelcastAggregationRepository',
  'org.apache.camel.component.infinispan.embedded.InfinispanEmbeddedAggregationRepository',
  'org.apache.camel.component.infinispan.remote.InfinispanRemoteAggregationRepository',
  'org.apache.camel.component.jcache.processor.aggregate.JCacheAggregationRepository',
  'org.apache.camel.processor.aggregate.jdbc.JdbcAggregationRepository',
  'org.apache.camel.component.leveldb.LevelDBAggregationRepository',
  'org.apache.camel.component.redis.processor.aggregate.RedisAggregationRepository',
];

const controllerClass = 'org.apache.camel.processor.aggregate.DefaultAggregateController';

/** Full class names that `makeRepository` knows. */
export const repositoryClasses: readonly string[] = [...idempotentClasses, ...aggregationClasses, controllerClass];

const classOf = (className: string, classes: readonly string[]): string | undefined =>
  // Older routes have the memory and file repositories in another package.
  classes.includes(className) ? className : classes.find((known) => simpleClassName(known) === simpleClassName(className) && (!className.includes('.') || className.startsWith('org.apache.camel.')));

/**
 * What does here what Camel's repository of this class does; undefined when the class is none.
 * @param args of the constructor, `properties` of the bean
 * @param store the runtime's; a repository keeps its keys under its own name (`fileStore`, `processorName`, ... where it has one)
 */
export function makeRepository(className: string, args: readonly unknown[], properties: Properties, store: StateStore, clock: Clock): IdempotentRepository | AggregationRepository | AggregateController | undefined {
  if (className === controllerClass) return new DefaultAggregateController();
  const idempotent = classOf(className, idempotentClasses);
  if (idempotent !== undefined) {
    const name = simpleClassName(idempotent);
    if (name === 'MemoryIdempotentRepository') return new MemoryKeys(Number(properties['cacheSize'] ?? 1000) || 1000);
    const own = ['fileStore', 'processorName', 'repositoryName', 'cacheName', 'topic', 'collectionName', 'key', 'table'].map((key) => toText(properties[key])).find((text) => text !== null) ?? args.map((arg) => toText(arg)).find((text) => text !== null) ?? name;
    const keys = new StoredKeys(prefixed(store, `idempotent/${createHash('sha256').update(own).digest('hex').slice(0, 16)}/`), clock);
    return withProperties(keys, properties);
  }
  const aggregation = classOf(className, aggregationClasses);
  if (aggregation === undefined) return undefined;
  return withProperties({ store: simpleClassName(aggregation) === 'MemoryAggregationRepository' ? null : store }, properties);
}

/** Camel's options that mean nothing here (file sizes, tables) are taken: a bean has them. */
function withProperties<T extends object>(bean: T, properties: Properties): T {
  for (const [name, value] of Object.entries(properties)) if (!(name in bean)) Object.assign(bean, { [name]: value });
  return bean;
}

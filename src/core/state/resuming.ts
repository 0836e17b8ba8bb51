import { createHash } from 'node:crypto';
import { toText } from '../conversion/convert.ts';
import { simpleClassName } from '../errors.ts';
import type { StateStore } from './store.ts';
import { prefixed } from './store.ts';

/** How far a source has been read: of what, and the last that is done. It is the value of the header CamelOffset. */
export interface Resumable {
  readonly offsetKey: unknown;
  readonly lastOffset: unknown;
}

/** Keeps offsets, for who reads a source to go on there. */
export interface ResumeStrategy {
  updateLastOffset(resumable: Resumable): unknown;
  /** Before the first message. */
  start?(): unknown;
  /** When the route stops for good. */
  stop?(): unknown;
}

/** What a header says about an offset; null when it says nothing. */
export const resumableOf = (value: unknown): Resumable | null => (typeof value === 'object' && value !== null && 'offsetKey' in value && 'lastOffset' in value ? (value as Resumable) : null);

/** Offsets that are known as long as the process lives. */
export class MemoryOffsets extends Map<string, unknown> implements ResumeStrategy {
  updateLastOffset({ offsetKey, lastOffset }: Resumable): void {
    this.set(toText(offsetKey) ?? '', lastOffset);
  }

  lastOffset(key: unknown): unknown {
    return this.get(toText(key) ?? '') ?? null;
  }
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Offsets in the state store. */
export class StoredOffsets implements ResumeStrategy {
  private readonly store: StateStore;

  constructor(store: StateStore) {
    this.store = store;
  }

  async updateLastOffset({ offsetKey, lastOffset }: Resumable): Promise<void> {
    await this.store.put(digest(toText(offsetKey) ?? ''), Buffer.from(JSON.stringify(lastOffset ?? null)));
  }

  async lastOffset(key: unknown): Promise<unknown> {
    const stored = await this.store.get(digest(toText(key) ?? ''));
    return stored === undefined ? null : (JSON.parse(stored.value.toString()) as unknown);
  }
}

const transient = 'org.apache.camel.processor.resume.TransientResumeStrategy';
const stored = ['org.apache.camel.processor.resume.kafka.SingleNodeKafkaResumeStrategy', 'org.apache.camel.processor.resume.kafka.MultiNodeKafkaResumeStrategy'];

/** Full class names that `makeResumeStrategy` knows. */
export const resumeClasses: readonly string[] = [transient, ...stored];

/** What does here what Camel's strategy of this class does; undefined when the class is none. Those of Kafka keep their offsets in the state store, under their topic. */
export function makeResumeStrategy(className: string, args: readonly unknown[], properties: Readonly<Record<string, unknown>>, store: StateStore): ResumeStrategy | undefined {
  if (className === transient) return new MemoryOffsets();
  if (!stored.includes(className)) return undefined;
  const own = toText(properties['topic'] ?? null) ?? args.map((arg) => toText(arg)).find((text) => text !== null) ?? simpleClassName(className);
  // Camel's options that mean nothing here (servers, caches) are taken: a bean has them.
  return Object.assign(new StoredOffsets(prefixed(store, `resume/${digest(own).slice(0, 16)}/`)), properties);
}

import type { Bag } from '../../core/exchange/bag.ts';
import type { Exchange, UnitOfWork } from '../../core/exchange/exchange.ts';
import type { Headers } from '../../core/exchange/headers.ts';
import type { Due } from './dueQueue.ts';

/** A message that was added to a group, as it came: what the journal writes, and what a restart adds again. */
export class Member {
  /** The exchange that it came with, which has gone on since. */
  readonly source: Exchange;
  readonly body: unknown;
  readonly headers: Headers;
  readonly properties: Bag | null;
  readonly variables: Bag | null;
  /** When it was added; 0 = where time does not matter: when it is written. */
  readonly time: number;
  /** The which-th member (from 1) of its delivery; 0 where the source has no names for its deliveries. */
  ordinal = 0;

  constructor(source: Exchange, time: number) {
    this.source = source;
    this.body = source.body;
    this.headers = source.headers.copy();
    this.properties = source.hasProperties ? source.properties.copy() : null;
    this.variables = source.hasVariables ? source.variables.copy() : null;
    this.time = time;
  }
}

/** Why a group is complete, as Camel names it. */
export type CompletedBy = 'size' | 'predicate' | 'timeout' | 'interval' | 'consumer' | 'strategy' | 'force';

/** Exchanges with one correlation key, from the first until the exchange that they became has settled. */
export class Group implements Due {
  readonly key: string;
  /** What the strategy has made of the members so far. */
  aggregate: Exchange | null = null;
  size = 0;
  due = 0;
  queuedFor = 0;
  completedBy: CompletedBy | null = null;
  isSettled = false;
  /** Members that are not stored yet, in their order. Empty where nothing is stored. */
  members: Member[] = [];
  /** Its name in the store; null: nothing of it is there. */
  id: string | null = null;
  /** Members in the store. */
  stored = 0;
  /** The store knows that the group is complete. */
  isStoredComplete = false;
  /** The group could be neither finished nor given away: what is stored stays, for the next start. */
  isKept = false;
  /** The delivery that added the last member, and those under way whose members are to be stored. */
  lastUnit: UnitOfWork | null = null;
  readonly units = new Set<UnitOfWork>();
  /** Its deliveries that have a name, each with how many members it has given so far. */
  deliveries: Map<string, number> | null = null;

  constructor(key: string) {
    this.key = key;
  }
}

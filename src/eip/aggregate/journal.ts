import { Exchange } from '../../core/exchange/exchange.ts';
import type { ExchangeScope, UnitOfWork } from '../../core/exchange/exchange.ts';
import { bagFrom, deserialise, headersFrom, serialise, storablePairs } from '../../core/conversion/serialise.ts';
import type { StateStore, StoreOperation } from '../../core/state/store.ts';
import { StoreError } from '../../core/state/store.ts';
import type { CompletedBy, Group, Member } from './group.ts';

const groupPrefix = 'group/';
const memberPrefix = 'member/';
const finishedPrefix = 'finished/';
/** Groups whose deliveries are remembered after they are gone: what comes again soon after a crash is known. */
const mostFinished = 1000;

const sortable = (number: number, digits: number): string => number.toString(36).padStart(digits, '0');

type Pairs = readonly (readonly [string, unknown])[];

interface StoredMember {
  readonly time: number;
  readonly delivery: string | null;
  readonly ordinal: number;
  readonly id: string;
  readonly body: unknown;
  readonly headers: Pairs;
  readonly properties: Pairs;
  readonly variables: Pairs;
  readonly isInOut: boolean;
  readonly routeId: string | null;
  readonly fromRouteId: string | null;
  readonly fromEndpoint: string | null;
  readonly created: number;
}

export interface LoadedGroup {
  readonly id: string;
  readonly key: string;
  readonly completedBy: CompletedBy | null;
  readonly members: readonly LoadedMember[];
}

export interface LoadedMember {
  readonly exchange: Exchange;
  readonly time: number;
  /** The source's name for its delivery, and the which-th member of it this is. */
  readonly delivery: string | null;
  readonly ordinal: number;
}

interface Request {
  readonly groups: readonly Group[];
  readonly unit: UnitOfWork | null;
  /** The groups are to be removed. */
  readonly isOver: boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** A group as it was before a batch. */
interface Before {
  readonly group: Group;
  readonly members: Member[];
  readonly stored: number;
  readonly id: string | null;
  readonly isStoredComplete: boolean;
}

/**
 * Writes groups that outlive the deliveries of their members: a record for each group, one for each member, each written once. Nothing of
 * a group is there when its exchange has settled, but for the names of its deliveries, for a while.
 */
export class Journal {
  private readonly store: StateStore;
  private readonly scope: ExchangeScope;
  private lastId = 0;
  private finished = 0;
  /** Finished groups in the store, oldest first. */
  private finishedKeys: string[] = [];
  private requests: Request[] = [];
  private running: Promise<void> | null = null;

  constructor(store: StateStore, scope: ExchangeScope) {
    this.store = store;
    this.scope = scope;
  }

  /** Resolves when all that was begun is written. */
  async idle(): Promise<void> {
    while (this.running !== null) await this.running;
  }

  /**
   * Writes what is new of these groups, all or nothing. A member whose body can't be stored is left out, and fails `unit` if it belongs
   * to it.
   * @throws StoreError
   */
  write(groups: readonly Group[], unit: UnitOfWork | null): Promise<void> {
    return this.request({ groups, unit, isOver: false });
  }

  /** Removes a group whose exchange has settled, and keeps the names of its deliveries for a while. */
  forget(group: Group): Promise<void> {
    return this.request({ groups: [group], unit: null, isOver: true });
  }

  private request(wanted: Pick<Request, 'groups' | 'unit' | 'isOver'>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.requests.push({ ...wanted, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** One batch at a time, so that a batch that fails leaves no gap; what is asked for meanwhile goes into the next one together. */
  private async run(): Promise<void> {
    await Promise.resolve();
    while (this.requests.length > 0) await this.runAll(this.requests.splice(0));
    this.running = null;
  }

  private async runAll(requests: readonly Request[]): Promise<void> {
    const operations: StoreOperation[] = [];
    const before: Before[] = [];
    const unstorable = new Map<UnitOfWork | null, unknown>();
    for (const { groups, isOver } of requests) {
      for (const group of groups) {
        if (isOver) this.remove(group, operations);
        else if (!group.isSettled) this.append(group, operations, before, unstorable);
      }
    }
    try {
      if (operations.length > 0) await this.store.batch(operations);
    } catch (thrown) {
      for (const { group, members, stored, id, isStoredComplete } of before.reverse()) {
        group.members = members.concat(group.members);
        Object.assign(group, { stored, id, isStoredComplete });
      }
      for (const { reject } of requests) reject(thrown);
      return;
    }
    for (const { unit, resolve, reject } of requests) {
      if (unit !== null && unstorable.has(unit)) reject(unstorable.get(unit));
      else resolve();
    }
  }

  private append(group: Group, operations: StoreOperation[], before: Before[], unstorable: Map<UnitOfWork | null, unknown>): void {
    const { members, stored: from, id, isStoredComplete } = group;
    const isNewlyComplete = group.completedBy !== null && !isStoredComplete;
    if (members.length === 0 && !isNewlyComplete) return;
    before.push({ group, members, stored: from, id, isStoredComplete });
    group.id ??= this.nextId();
    if (id === null || isNewlyComplete) {
      operations.push({ type: 'put', key: groupPrefix + group.id, value: serialise({ key: group.key, completedBy: group.completedBy }) });
      group.isStoredComplete = group.completedBy !== null;
    }
    group.members = [];
    for (const member of members) {
      try {
        operations.push({ type: 'put', key: `${memberPrefix}${group.id}/${sortable(group.stored, 8)}`, value: serialise(stored(member, this.scope.clock.now())) });
        group.stored++;
      } catch (thrown) {
        unstorable.set(member.source.unitOfWork?.whole ?? null, thrown);
      }
    }
  }

  private remove(group: Group, operations: StoreOperation[]): void {
    const { id } = group;
    if (id === null) return;
    group.id = null;
    operations.push({ type: 'delete', key: groupPrefix + id });
    for (let i = 0; i < group.stored; i++) operations.push({ type: 'delete', key: `${memberPrefix}${id}/${sortable(i, 8)}` });
    if (group.deliveries === null) return;
    const key = `${finishedPrefix}${sortable(++this.finished, 10)}`;
    operations.push({ type: 'put', key, value: serialise([...group.deliveries]) });
    this.finishedKeys.push(key);
    if (this.finishedKeys.length > mostFinished) operations.push({ type: 'delete', key: this.finishedKeys.shift()! });
  }

  /** What an earlier process has left, in the order in which groups were stored, and the deliveries that it knew. */
  async load(): Promise<{ groups: LoadedGroup[]; finished: [string, number][] }> {
    const finished: [string, number][] = [];
    for await (const [key, { value }] of this.store.range(finishedPrefix)) {
      this.finishedKeys.push(key);
      this.finished = Math.max(this.finished, parseInt(key.slice(finishedPrefix.length), 36));
      finished.push(...(deserialise(value) as [string, number][]));
    }
    const groups: LoadedGroup[] = [];
    for await (const [key, { value }] of this.store.range(groupPrefix)) {
      const id = key.slice(groupPrefix.length);
      const record = deserialise(value) as { key: string; completedBy: CompletedBy | null };
      const members: LoadedMember[] = [];
      for await (const [, member] of this.store.range(`${memberPrefix}${id}/`)) members.push(this.restored(deserialise(member.value, this.scope) as StoredMember));
      groups.push({ id, key: record.key, completedBy: record.completedBy, members });
    }
    return { groups, finished };
  }

  private restored(member: StoredMember): LoadedMember {
    if (typeof member !== 'object' || member === null || !Array.isArray(member.headers)) throw new StoreError('a stored group is damaged');
    const exchange = new Exchange(this.scope, member.body, headersFrom(member.headers), member.isInOut);
    if (member.properties.length > 0) exchange.replaceProperties(bagFrom(member.properties));
    if (member.variables.length > 0) exchange.replaceVariables(bagFrom(member.variables));
    exchange.id = member.id;
    exchange.routeId = member.routeId;
    exchange.fromRouteId = member.fromRouteId;
    exchange.fromEndpoint = member.fromEndpoint;
    exchange.created = member.created;
    return { exchange, time: member.time, delivery: member.delivery, ordinal: member.ordinal };
  }

  /** Sorts by time, over restarts too. */
  private nextId(): string {
    this.lastId = Math.max(this.lastId + 1, this.scope.clock.now() * 1000);
    return sortable(this.lastId, 11);
  }
}

function stored({ source, body, headers, properties, variables, time, ordinal }: Member, now: number): StoredMember {
  return {
    time: time || now,
    delivery: source.unitOfWork?.deliveryId ?? null,
    ordinal,
    id: source.id,
    body,
    headers: storablePairs(headers),
    properties: properties === null ? [] : storablePairs(properties),
    variables: variables === null ? [] : storablePairs(variables),
    isInOut: source.isInOut,
    routeId: source.routeId,
    fromRouteId: source.fromRouteId,
    fromEndpoint: source.fromEndpoint,
    created: source.created,
  };
}

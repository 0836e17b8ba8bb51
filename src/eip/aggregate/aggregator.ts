import { keepHandled } from '../../core/exchange/detached.ts';
import { leaveTransaction } from '../../core/exchange/transaction.ts';
import type { Timer } from '../../core/clock.ts';
import { convertTo, isByteSource, toText, toTruth } from '../../core/conversion/convert.ts';
import type { AggregationStrategy, StepContext } from '../../core/definition.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange, Way } from '../../core/exchange/exchange.ts';
import { FAILED, isUnhandled, UnitOfWork } from '../../core/exchange/exchange.ts';
import type { Expression, Predicate } from '../../core/expression.ts';
import { isPromise } from '../../core/graph/flow.ts';
import { offThread } from '../../core/exchange/poolThread.ts';
import { storableBody } from '../../core/conversion/serialise.ts';
import { DueQueue } from './dueQueue.ts';
import type { CompletedBy } from './group.ts';
import { Group, Member } from './group.ts';
import type { LoadedGroup } from './journal.ts';
import type { Journal } from './journal.ts';

/** How groups are made and when they are complete. 0: no such limit. */
export interface Rules {
  readonly correlation: Expression;
  readonly strategy: AggregationStrategy;
  readonly predicate: Predicate | null;
  readonly size: number;
  readonly sizeExpression: Expression | null;
  readonly timeoutMillis: number;
  readonly timeoutExpression: Expression | null;
  readonly hasTimeout: boolean;
  readonly intervalMillis: number;
  readonly fromBatchConsumer: boolean;
  readonly onNewGroup: boolean;
  readonly isEager: boolean;
  /** The strategy may get the exchange itself, not a copy, once there is a group. */
  readonly onlyReadsNew: boolean;
  /** An expression is evaluated on the aggregate while the group is open. */
  readonly looksAtAggregate: boolean;
  readonly ignoresInvalidKeys: boolean;
  /** Closed keys remembered; 0 = all, null = keys are not closed. */
  readonly closedKeys: number | null;
  readonly discardsOnTimeout: boolean;
  readonly discardsOnFailure: boolean;
  /** Completed groups in the inner steps at once. */
  readonly limit: number;
}

/** One graph's step: where exchanges come from and completed groups go to. */
export interface Outlet {
  readonly rules: Rules;
  readonly context: StepContext;
  /** Sends an exchange on that came in by this step. */
  goOn(exchange: Exchange): void;
  /** Sends the exchange of a completed group into the inner steps. */
  enter(exchange: Exchange): void;
}

const completeAll = 'CamelAggregationCompleteAllGroups';
const completeAllInclusive = 'CamelAggregationCompleteAllGroupsInclusive';
const completeCurrent = 'CamelAggregationCompleteCurrentGroup';
const foldedCompleteAll = completeAll.toLowerCase();
const foldedInclusive = completeAllInclusive.toLowerCase();
const foldedCurrent = completeCurrent.toLowerCase();
const aggregatedSize = 'CamelAggregatedSize';
const correlationKey = 'CamelAggregatedCorrelationKey';

/** Completed groups that have not settled: beyond so many, senders wait. */
const mostUnsettled = 1000;
/** Deliveries whose groups are gone and that are still known by name. */
const mostRecent = 10_000;
const sliceMillis = 8;

/** The exchange of a completed group comes back. */
class GroupEnd implements Way {
  readonly outer = null;
  private readonly aggregator: Aggregator;
  private readonly group: Group;
  private readonly outlet: Outlet;

  constructor(aggregator: Aggregator, group: Group, outlet: Outlet) {
    this.aggregator = aggregator;
    this.group = group;
    this.outlet = outlet;
  }

  back(exchange: Exchange): void {
    this.aggregator.left(exchange, this.group, this.outlet);
  }
}

/**
 * The groups of one aggregate step. It outlives graphs: after a reload the newest graph gets what completes. Members are kept in memory,
 * as the strategy has aggregated them; where the store is durable they are also written, when a delivery ends and has members in groups
 * that are not finished yet.
 */
export class Aggregator {
  private readonly outlets: Outlet[] = [];
  private readonly open = new Map<string, Group>();
  private readonly timeouts = new DueQueue<Group>();
  private timer: { timer: Timer; due: number } | null = null;
  private interval: Timer | null = null;
  /** Complete, and waiting for their turn in the inner steps. */
  private readonly complete: Group[] = [];
  private underWay = 0;
  private unsettled = 0;
  private isDraining = false;
  private willDrain = false;
  /** The delivery that drains when it ends. */
  private drainsWith: UnitOfWork | null = null;
  /** Exchanges that wait to be let in: while the store is read, while an expression is awaited, while too many groups are under way. */
  private readonly lobby: { exchange: Exchange; outlet: Outlet }[] = [];
  private isBusy = false;
  private isAdmitting = false;
  private readonly journal: Journal | null;
  private loading: 'not yet' | 'now' | 'done';
  private reading: Promise<void> | null = null;
  /** The outlet that was detached last. */
  private last: Outlet | null = null;
  /** Deliveries that are under way, with the groups that they have added to. */
  private readonly touched = new Map<UnitOfWork, Set<Group>>();
  /** Groups with members of deliveries that are over already, or that could not be written. */
  private readonly unwritten = new Set<Group>();
  /** By the source's name: the delivery under way, if it is in this process, and how many members were added in its name. */
  private readonly deliveries = new Map<string, { unit: UnitOfWork | null; count: number; passed: number }>();
  private recent: string[] = [];
  private readonly units = new WeakSet<UnitOfWork>();
  private readonly closed = new Set<string>();
  private batchCount = 0;
  private readonly batchKeys = new Set<string>();
  private idleListeners: (() => void)[] = [];

  constructor(journal: Journal | null) {
    this.journal = journal;
    this.loading = journal === null ? 'done' : 'not yet';
  }

  // ---------------------------------------------------------------------------------------------- graphs

  /** Completed groups go to this outlet from now on. */
  attach(outlet: Outlet): void {
    this.outlets.push(outlet);
    this.interval?.cancel();
    this.startInterval(outlet);
    if (this.loading === 'not yet') this.load();
    this.arm();
    this.drainSoon();
  }

  detach(outlet: Outlet): void {
    const wasNewest = this.outlet === outlet;
    const at = this.outlets.indexOf(outlet);
    if (at >= 0) this.outlets.splice(at, 1);
    if (!wasNewest) return;
    this.interval?.cancel();
    this.interval = null;
    if (this.outlet !== null) {
      // The reload that brought it was taken back.
      this.startInterval(this.outlet);
      return;
    }
    this.last = outlet;
    this.timer?.timer.cancel();
    this.timer = null;
    if (this.journal === null && this.open.size > 0 && outlet.context.stopping.aborted) this.log(outlet, 'warn', `${this.open.size} incomplete groups end with the route`);
  }

  /** No route has the step any more: the groups that are not finished go to the dead letters. What can't be kept there stays stored. */
  async abandon(): Promise<void> {
    const outlet = this.last;
    if (outlet === null || this.outlets.length > 0) return;
    await this.reading;
    const { info } = outlet.context;
    const groups = [...this.open.values(), ...this.complete.splice(0)];
    this.open.clear();
    for (const group of groups) {
      const exchange = group.aggregate!;
      try {
        if (group.completedBy === null) outlet.rules.strategy.onCompletion?.(exchange);
        exchange.fail(new ExchangeError('mecha.StepRemovedException', `the step ${info.stepId} was taken away before its group "${group.key}" of ${group.size} was finished`), info);
        await outlet.context.keepFailed?.(exchange);
      } catch (thrown) {
        group.isKept = true;
        this.log(outlet, 'error', `the group "${group.key}" of a step that was taken away can't be kept: ${String(thrown)}`, exchange);
      }
      this.forget(group);
    }
    if (groups.length > 0) this.log(outlet, 'warn', `${groups.length} unfinished groups went to the dead letters: their step was taken away`);
    await this.journal?.idle();
  }

  private get outlet(): Outlet | null {
    return this.outlets.length === 0 ? null : this.outlets[this.outlets.length - 1]!;
  }

  /** Resolves when no group is open (if so wanted), none is under way, and all is written; or when the time for stopping is over. */
  async whenIdle(waitsForOpen: boolean, stopping: AbortSignal): Promise<void> {
    const isIdle = (): boolean => this.unsettled === 0 && (!waitsForOpen || this.open.size === 0);
    while (!isIdle() && !stopping.aborted) {
      await new Promise<void>((resolve) => {
        this.idleListeners.push(resolve);
        stopping.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    await this.journal?.idle();
  }

  // ---------------------------------------------------------------------------------------------- exchanges

  /** Takes an exchange; true: it goes on now, false: the outlet gets it later. Throws what fails it. */
  take(exchange: Exchange, outlet: Outlet): boolean {
    if (this.lobby.length > 0 || !this.mayEnter(exchange)) {
      this.lobby.push({ exchange, outlet });
      if (this.loading === 'not yet') this.load();
      return false;
    }
    const taken = this.add(exchange, outlet);
    if (!isPromise(taken)) return true;
    this.wait(taken, exchange, outlet);
    return false;
  }

  private mayEnter(exchange: Exchange): boolean {
    if (this.isBusy || this.loading !== 'done') return false;
    // What the exchange of a completed group adds must not wait for that very group.
    return this.unsettled < mostUnsettled || (exchange.unitOfWork !== null && this.units.has(exchange.unitOfWork.whole));
  }

  private wait(taken: Promise<void>, exchange: Exchange, outlet: Outlet): void {
    this.isBusy = true;
    const over = (): void => {
      this.isBusy = false;
      outlet.goOn(exchange);
      this.admit();
    };
    taken.then(over, (thrown: unknown) => {
      exchange.fail(thrown, outlet.context.info);
      over();
    });
  }

  /** Lets in those who wait, in their order, as far as possible. */
  private admit(): void {
    if (this.isAdmitting) return;
    this.isAdmitting = true;
    while (this.lobby.length > 0 && this.mayEnter(this.lobby[0]!.exchange)) {
      const { exchange, outlet } = this.lobby.shift()!;
      try {
        const taken = this.add(exchange, outlet);
        if (isPromise(taken)) {
          this.wait(taken, exchange, outlet);
          break;
        }
      } catch (thrown) {
        exchange.fail(thrown, outlet.context.info);
      }
      outlet.goOn(exchange);
    }
    this.isAdmitting = false;
  }

  private add(exchange: Exchange, outlet: Outlet): void | Promise<void> {
    const { headers } = exchange;
    if (toTruth(headers.lookup(foldedCompleteAll)) || toTruth(exchange.property(completeAll))) {
      headers.remove(completeAll);
      exchange.properties.remove(completeAll);
      this.completeOpen('force');
      return;
    }
    const value = outlet.rules.correlation(exchange);
    if (isPromise(value)) return value.then((awaited) => this.addTo(toKey(awaited), exchange, outlet));
    return this.addTo(toKey(value), exchange, outlet);
  }

  private addTo(key: string | null, exchange: Exchange, outlet: Outlet): void | Promise<void> {
    const { rules } = outlet;
    if (key === null) {
      if (rules.ignoresInvalidKeys) return;
      throw new ExchangeError('org.apache.camel.CamelExchangeException', 'Invalid correlation key. Exchange[]');
    }
    if (this.closed.size > 0 && this.closed.has(key)) {
      throw new ExchangeError('org.apache.camel.processor.aggregate.ClosedCorrelationKeyException', `The correlation key [${key}] has been closed. Exchange[]`);
    }
    const { unitOfWork: unit, headers } = exchange;
    if (unit !== null && unit.deliveryId !== null && this.isKnown(unit.whole, unit.deliveryId)) return;
    if (this.journal !== null && isByteSource(exchange.body)) {
      // It can be read once: by us, and then by all others.
      return (storableBody(exchange.body) as Promise<unknown>).then((bytes) => {
        exchange.body = bytes;
        return this.addTo(key, exchange, outlet);
      });
    }
    const isInclusive = toTruth(headers.lookup(foldedInclusive)) || toTruth(exchange.property(completeAllInclusive));
    const group = this.open.get(key);
    const added = group !== undefined && rules.onlyReadsNew ? this.join(group, exchange, exchange, rules) : this.addCopy(key, group, exchange, rules);
    if (!isInclusive) return added;
    const finish = (): void => {
      headers.remove(completeAllInclusive);
      this.completeOpen('force');
    };
    return isPromise(added) ? added.then(finish) : finish();
  }

  // ---------------------------------------------------------------------------------------------- groups

  private addCopy(key: string, group: Group | undefined, source: Exchange, rules: Rules): void | Promise<void> {
    const copy = source.copy();
    copy.unitOfWork = null;
    leaveTransaction(copy);
    offThread(copy);
    const { headers } = copy;
    if (headers.lookup(foldedCurrent) !== undefined) headers.remove(completeCurrent);
    if (headers.lookup(foldedInclusive) !== undefined) headers.remove(completeAllInclusive);
    if (copy.property(completeCurrent) !== undefined) copy.properties.remove(completeCurrent);
    if (rules.strategy.preComplete !== undefined) return this.addPreCompleting(key, group, source, copy, rules);
    if (rules.isEager) return this.addEagerly(key, group, source, copy, rules);
    return this.join(group ?? new Group(key), source, copy, rules);
  }

  /** The strategy says, before the exchange is added, whether the group is complete without it. */
  private addPreCompleting(key: string, group: Group | undefined, source: Exchange, copy: Exchange, rules: Rules): void | Promise<void> {
    copy.properties.set(aggregatedSize, (group?.size ?? 0) + 1);
    copy.properties.set(correlationKey, key);
    let isComplete: boolean;
    try {
      isComplete = rules.strategy.preComplete!(group?.aggregate ?? null, copy);
    } catch (thrown) {
      throw new ExchangeError('org.apache.camel.CamelExchangeException', 'Error occurred during preComplete. Exchange[]', { cause: thrown });
    }
    copy.properties.remove(aggregatedSize);
    if (isComplete && group !== undefined) this.finish(group, 'strategy', rules);
    return this.track(this.merge(this.open.get(key) ?? new Group(key), source, copy, rules), copy, rules);
  }

  /** Whether the group is complete is asked about the exchange, before it is added. */
  private addEagerly(key: string, group: Group | undefined, source: Exchange, copy: Exchange, rules: Rules): void | Promise<void> {
    const size = (group?.size ?? 0) + 1;
    copy.properties.set(aggregatedSize, size);
    const checked = this.check(copy, key, size, rules, null);
    if (isPromise(checked)) return checked.then((by) => this.mergeChecked(key, source, copy, by, rules));
    return this.mergeChecked(key, source, copy, checked, rules);
  }

  private mergeChecked(key: string, source: Exchange, copy: Exchange, by: CompletedBy | null, rules: Rules): void | Promise<void> {
    copy.properties.remove(aggregatedSize);
    return this.conclude(this.merge(this.open.get(key) ?? new Group(key), source, copy, rules), copy, by, rules);
  }

  /** Adds the exchange, and then looks whether the group is complete. `copy` is the source itself where the strategy only reads it. */
  private join(group: Group, source: Exchange, copy: Exchange, rules: Rules): void | Promise<void> {
    const isNew = group.size === 0;
    const merged = this.merge(group, source, copy, rules);
    if (merged === null) return;
    let checked: CompletedBy | null | Promise<CompletedBy | null>;
    try {
      checked = this.check(group.aggregate!, group.key, group.size, rules, isNew ? group : null);
    } catch (thrown) {
      if (isNew) this.undo(group);
      throw thrown;
    }
    if (!isPromise(checked)) return this.conclude(group, copy, checked, rules);
    return this.concludeLater(group, copy, checked, isNew, rules);
  }

  private async concludeLater(group: Group, copy: Exchange, checked: Promise<CompletedBy | null>, isNew: boolean, rules: Rules): Promise<void> {
    let by: CompletedBy | null;
    try {
      by = await checked;
    } catch (thrown) {
      if (isNew) this.undo(group);
      throw thrown;
    }
    return this.conclude(group, copy, by, rules);
  }

  /** Lets the strategy add the exchange to the group. Null: it failed, and the group is gone. */
  private merge(group: Group, source: Exchange, copy: Exchange, rules: Rules): Group | null {
    // As it came: the strategy may change the copy.
    const member = this.journal === null ? null : new Member(source, rules.hasTimeout ? source.scope.clock.now() : 0);
    let answer: Exchange | null;
    try {
      answer = rules.strategy.aggregate(group.aggregate, copy) ?? null;
    } catch (thrown) {
      if (!rules.discardsOnFailure) throw new ExchangeError('org.apache.camel.CamelExchangeException', 'Error occurred during aggregation. Exchange[]', { cause: thrown });
      if (group.size > 0) this.discard(group, rules);
      return null;
    }
    if (answer === null) throw new ExchangeError('org.apache.camel.CamelExchangeException', 'AggregationStrategy returned null which is not allowed. Exchange[]');
    group.aggregate = answer;
    if (++group.size === 1) this.open.set(group.key, group);
    if (!rules.onlyReadsNew || rules.looksAtAggregate) answer.properties.set(aggregatedSize, group.size);
    if (answer === copy) answer.properties.set('CamelCorrelationId', source.id);
    this.note(group, source, member);
    if (!rules.onlyReadsNew && toTruth(answer.property(completeAll))) {
      answer.properties.remove(completeAll);
      this.completeOpen('force', group);
    }
    return group;
  }

  /** Takes back the first member of a group, which fails. */
  private undo(group: Group): void {
    if (group.completedBy !== null) return;
    this.open.delete(group.key);
    group.due = 0;
    if (group.deliveries !== null) {
      for (const name of group.deliveries.keys()) {
        const delivery = this.deliveries.get(name)!;
        delivery.count = --delivery.passed;
      }
      group.deliveries = null;
    }
    this.drop(group);
  }

  private conclude(group: Group | null, copy: Exchange, complete: CompletedBy | null, rules: Rules): void | Promise<void> {
    if (complete === null) return rules.hasTimeout ? this.track(group, copy, rules) : undefined;
    if (complete === 'consumer') this.finishBatch(rules);
    else if (group !== null) this.finish(group, complete, rules);
  }

  /** Why the group is complete, or null. `created` is the group if this member has opened it. */
  private check(exchange: Exchange, key: string, size: number, rules: Rules, created: Group | null): CompletedBy | null | Promise<CompletedBy | null> {
    if (rules.fromBatchConsumer) {
      this.batchKeys.add(key);
      this.batchCount++;
      const batchSize = Number(exchange.property('CamelBatchSize') ?? 0);
      if (batchSize > 0 && this.batchCount >= batchSize) {
        this.batchCount = 0;
        return 'consumer';
      }
    }
    if (rules.onNewGroup && size === 1) this.completeOpen('force', created);
    const { predicate } = rules;
    if (predicate !== null) {
      const isComplete = predicate(exchange) as boolean | Promise<boolean>;
      if (isPromise(isComplete)) return isComplete.then((isTrue) => (isTrue === true ? 'predicate' : this.checkSize(exchange, size, rules)));
      if (isComplete) return 'predicate';
    }
    return this.checkSize(exchange, size, rules);
  }

  private checkSize(exchange: Exchange, size: number, rules: Rules): CompletedBy | null | Promise<CompletedBy | null> {
    if (rules.sizeExpression === null) return this.hasSize(exchange, size, rules.size, rules);
    const wanted = rules.sizeExpression(exchange);
    if (isPromise(wanted)) return wanted.then((value) => this.hasSize(exchange, size, toCount(value) || rules.size, rules));
    return this.hasSize(exchange, size, toCount(wanted) || rules.size, rules);
  }

  private hasSize(exchange: Exchange, size: number, wanted: number, rules: Rules): CompletedBy | null {
    if (wanted > 0 && size >= wanted) return 'size';
    return !rules.onlyReadsNew && toTruth(exchange.property(completeCurrent)) ? 'strategy' : null;
  }

  /** Starts the group's time anew. */
  private track(group: Group | null, copy: Exchange, rules: Rules, since?: number): void | Promise<void> {
    if (group === null || !rules.hasTimeout) return;
    const wanted = rules.timeoutExpression === null ? null : rules.timeoutExpression(copy);
    if (isPromise(wanted)) return wanted.then((value) => this.trackFor(group, copy, toCount(value) || rules.timeoutMillis, since));
    this.trackFor(group, copy, toCount(wanted) || rules.timeoutMillis, since);
  }

  private trackFor(group: Group, copy: Exchange, timeoutMillis: number, since?: number): void {
    const { outlet } = this;
    if (timeoutMillis <= 0 || outlet === null || group.completedBy !== null) return;
    if (copy === group.aggregate) copy.properties.set('CamelAggregatedTimeout', timeoutMillis);
    this.timeouts.set(group, (since ?? outlet.context.clock.now()) + timeoutMillis);
    if (this.timer === null || this.timeouts.next < this.timer.due) this.arm();
  }

  // ---------------------------------------------------------------------------------------------- completion

  private finishBatch(rules: Rules): void {
    for (const key of this.batchKeys) {
      const group = this.open.get(key);
      if (group !== undefined) this.finish(group, 'consumer', rules);
    }
    this.batchKeys.clear();
  }

  /** Completes an open group: its exchange waits for its turn. */
  private finish(group: Group, by: CompletedBy, rules: Rules): void {
    if (group.completedBy !== null) return;
    const answer = group.aggregate!;
    this.close(group, rules);
    group.completedBy = by;
    answer.properties.set(aggregatedSize, group.size);
    answer.properties.set('CamelAggregatedCompletedBy', by);
    answer.properties.set(correlationKey, group.key);
    keepHandled(answer);
    try {
      if (by === 'timeout') rules.strategy.timeout?.(answer, -1, -1, rules.timeoutMillis > 0 ? rules.timeoutMillis : -1);
      if (by === 'timeout' && rules.discardsOnTimeout) {
        this.drop(group);
        return;
      }
      rules.strategy.onCompletion?.(answer);
    } catch (thrown) {
      answer.fail(thrown, this.outlet?.context.info);
    }
    this.complete.push(group);
    this.unsettled++;
    this.drainWith(group);
  }

  private close(group: Group, rules: Rules): void {
    this.open.delete(group.key);
    group.due = 0;
    if (rules.closedKeys === null) return;
    this.closed.add(group.key);
    if (rules.closedKeys > 0 && this.closed.size > rules.closedKeys) {
      for (const oldest of this.closed) {
        this.closed.delete(oldest);
        break;
      }
    }
  }

  private discard(group: Group, rules: Rules): void {
    this.close(group, rules);
    this.drop(group);
  }

  private drop(group: Group): void {
    this.forget(group);
    this.notifyIdle();
  }

  private completeOpen(by: CompletedBy, except: Group | null = null): number {
    const { outlet } = this;
    if (outlet === null) return 0;
    const groups = [...this.open.values()].filter((group) => group !== except);
    for (const group of groups) this.finish(group, by, outlet.rules);
    return groups.length;
  }

  /** For the controller: completes (or drops) the group of a key, or all; gives how many. */
  force(key: string | null, isDiscarded: boolean): number {
    const { outlet } = this;
    if (outlet === null) return 0;
    const groups = key === null ? [...this.open.values()] : [this.open.get(key)].filter((group) => group !== undefined);
    for (const group of groups) {
      if (isDiscarded) this.discard(group, outlet.rules);
      else this.finish(group, 'force', outlet.rules);
    }
    return groups.length;
  }

  get openGroups(): number {
    return this.open.size;
  }

  private arm(): void {
    const { outlet } = this;
    this.timer?.timer.cancel();
    this.timer = null;
    const due = this.timeouts.next;
    if (due === Infinity || outlet === null) return;
    const { clock } = outlet.context;
    this.timer = { due, timer: clock.schedule(Math.max(0, due - clock.now()), () => this.expire()) };
  }

  private expire(): void {
    this.timer = null;
    const { outlet } = this;
    if (outlet === null) return;
    const now = outlet.context.clock.now();
    for (let group = this.timeouts.take(now); group !== null; group = this.timeouts.take(now)) this.finish(group, 'timeout', outlet.rules);
    this.arm();
  }

  private startInterval(outlet: Outlet): void {
    const { intervalMillis } = outlet.rules;
    this.interval = null;
    if (intervalMillis <= 0) return;
    this.interval = outlet.context.clock.schedule(intervalMillis, () => {
      if (this.outlet !== outlet) return;
      this.completeOpen('interval');
      this.startInterval(outlet);
    });
  }

  // ---------------------------------------------------------------------------------------------- completed groups

  /** The group's turn comes when the delivery that completed it has ended, or when the event loop comes round. */
  private drainWith(group: Group): void {
    const { lastUnit } = group;
    if (this.journal === null && lastUnit !== null && lastUnit !== this.drainsWith && !lastUnit.isDone) {
      this.drainsWith = lastUnit;
      lastUnit.beforeSettling(() => {
        if (this.drainsWith === lastUnit) this.drainsWith = null;
        this.drain();
      });
    }
    this.drainSoon();
  }

  private drainSoon(): void {
    const { outlet } = this;
    if (this.willDrain || outlet === null || this.complete.length === 0) return;
    this.willDrain = true;
    outlet.context.clock.yield(() => {
      this.willDrain = false;
      this.drain();
    });
  }

  /** Groups wait for their turn. */
  get hasComplete(): boolean {
    return this.complete.length > 0;
  }

  /** Sends completed groups into the inner steps: in constant stack, so many at a time, with pauses for the event loop. */
  drain(): void {
    if (this.isDraining) return;
    this.isDraining = true;
    const end = performance.now() + sliceMillis;
    for (let count = 1; this.complete.length > 0; count++) {
      const { outlet } = this;
      if (outlet === null || this.underWay >= outlet.rules.limit) break;
      if ((count & 31) === 0 && performance.now() > end) {
        this.drainSoon();
        break;
      }
      this.send(this.complete.shift()!, outlet);
    }
    this.isDraining = false;
  }

  private send(group: Group, outlet: Outlet): void {
    const exchange = group.aggregate!;
    const unit = new UnitOfWork(exchange, () => this.settled(group, outlet));
    unit.originalBody = exchange.body;
    unit.originalHeaders = exchange.headers.copy();
    this.units.add(unit);
    exchange.unitOfWork = unit;
    exchange.way = new GroupEnd(this, group, outlet);
    exchange.signal = null;
    exchange.lane = null;
    exchange.routeId = outlet.context.info.routeId;
    exchange.created = outlet.context.clock.now();
    this.underWay++;
    outlet.context.begin();
    outlet.enter(exchange);
  }

  /** The exchange of a group has left the inner steps. */
  left(exchange: Exchange, group: Group, outlet: Outlet): void {
    this.underWay--;
    if (isUnhandled(exchange) && (exchange.halt & FAILED) !== 0) void this.keep(exchange, group, outlet);
    else exchange.unitOfWork!.release();
    this.drain();
  }

  /** Nobody waits for a group that failed: it is told, and goes to the dead letters. If it can't, it stays stored. */
  private async keep(exchange: Exchange, group: Group, outlet: Outlet): Promise<void> {
    const { type, message } = exchange.exception!;
    this.log(outlet, 'error', `the group "${group.key}" failed: ${type}: ${message}`, exchange);
    try {
      await outlet.context.keepFailed?.(exchange);
    } catch (thrown) {
      this.log(outlet, 'error', `the failed group "${group.key}" can't be kept: ${String(thrown)}`, exchange);
      await this.keepStored(group, outlet);
    }
    exchange.unitOfWork!.release();
  }

  private async keepStored(group: Group, outlet: Outlet): Promise<void> {
    if (this.journal === null) return;
    group.isKept = true;
    await this.journal.write([group], null).catch((thrown: unknown) => this.log(outlet, 'error', `the group "${group.key}" can't be stored: ${String(thrown)}`));
  }

  private settled(group: Group, outlet: Outlet): void {
    this.forget(group);
    this.unsettled--;
    outlet.context.end();
    if (this.lobby.length > 0) this.admit();
    if (this.unsettled === 0) this.notifyIdle();
  }

  /** Lets go of a group: nothing of it needs to be kept. */
  private forget(group: Group): void {
    group.isSettled = true;
    group.members = [];
    for (const unit of group.units) this.touched.get(unit)?.delete(group);
    group.units.clear();
    this.unwritten.delete(group);
    if (group.deliveries !== null) for (const name of group.deliveries.keys()) this.remember(name);
    if (this.journal === null || group.id === null || group.isKept) return;
    this.journal.forget(group).catch((thrown: unknown) => {
      if (this.outlet !== null) this.log(this.outlet, 'error', `a finished group can't be removed from the store, and will be completed again at the next start: ${String(thrown)}`);
    });
  }

  private notifyIdle(): void {
    const listeners = this.idleListeners;
    this.idleListeners = [];
    for (const listener of listeners) listener();
  }

  // ---------------------------------------------------------------------------------------------- deliveries

  /** Whether a delivery that comes again gives a member that it has given before. */
  private isKnown(unit: UnitOfWork, name: string): boolean {
    const delivery = this.deliveries.get(name);
    if (delivery === undefined) return false;
    if (delivery.unit !== unit) {
      delivery.unit = unit;
      delivery.passed = 0;
    }
    if (delivery.passed >= delivery.count) return false;
    delivery.passed++;
    // What could not be written the first time must be, before the delivery settles.
    for (const group of this.unwritten) if (group.deliveries?.has(name) === true) this.touch(group, unit);
    return true;
  }

  private remember(name: string): void {
    this.recent.push(name);
    if (this.recent.length < 2 * mostRecent) return;
    const kept = new Set(this.recent.slice(mostRecent));
    for (const old of this.recent.slice(0, mostRecent)) if (!kept.has(old)) this.deliveries.delete(old);
    this.recent = this.recent.slice(mostRecent);
  }

  /** Notes that a member was added. */
  private note(group: Group, source: Exchange, member: Member | null): void {
    const unit = source.unitOfWork === null ? null : source.unitOfWork.whole;
    const ordinal = unit === null || unit.deliveryId === null ? 0 : this.count(group, unit, unit.deliveryId);
    if (member === null) {
      group.lastUnit = unit;
      return;
    }
    member.ordinal = ordinal;
    group.members.push(member);
    if (unit !== group.lastUnit || unit === null) this.touch(group, unit);
  }

  private count(group: Group, unit: UnitOfWork, name: string): number {
    let delivery = this.deliveries.get(name);
    if (delivery === undefined) this.deliveries.set(name, (delivery = { unit, count: 0, passed: 0 }));
    delivery.count = Math.max(delivery.count, ++delivery.passed);
    (group.deliveries ??= new Map()).set(name, delivery.passed);
    return delivery.passed;
  }

  private touch(group: Group, unit: UnitOfWork | null): void {
    group.lastUnit = unit;
    if (this.journal === null) return;
    if (unit === null || unit.isDone) {
      this.writeSoon(group);
      return;
    }
    let groups = this.touched.get(unit);
    if (groups === undefined) {
      this.touched.set(unit, (groups = new Set()));
      unit.beforeSettling(() => this.beforeSettling(unit));
    }
    groups.add(group);
    group.units.add(unit);
  }

  /** A delivery ends: what it has completed runs first, and what is not finished then is written. */
  private beforeSettling(unit: UnitOfWork): void | Promise<void> {
    this.drain();
    const touched = this.touched.get(unit);
    this.touched.delete(unit);
    const groups = [...this.unwritten];
    if (touched !== undefined) for (const group of touched) if (!group.isSettled && !this.unwritten.has(group)) groups.push(group);
    if (groups.length === 0) return;
    return this.write(groups, unit);
  }

  private async write(groups: readonly Group[], unit: UnitOfWork | null): Promise<void> {
    try {
      await this.journal!.write(groups, unit);
    } finally {
      for (const group of groups) {
        if (group.isSettled || group.members.length === 0) this.unwritten.delete(group);
        else this.unwritten.add(group);
        if (unit === null) continue;
        group.units.delete(unit);
        // A later member of the same delivery must be noted again.
        if (group.lastUnit === unit) group.lastUnit = null;
      }
    }
  }

  /** For members without a delivery, or whose delivery is over. */
  private writeSoon(group: Group): void {
    const { outlet } = this;
    if (this.unwritten.has(group) || outlet === null) return;
    this.unwritten.add(group);
    outlet.context.clock.yield(() => {
      if (group.isSettled) return;
      this.write([group], null).catch((thrown: unknown) => this.log(outlet, 'error', `a group can't be stored: ${(thrown as Error).message}`));
    });
  }

  // ---------------------------------------------------------------------------------------------- restart

  private load(): void {
    this.loading = 'now';
    this.reading = this.journal!.load().then(
      ({ groups, finished }) => {
        for (const [name, count] of finished) {
          this.deliveries.set(name, { unit: null, count, passed: 0 });
          this.remember(name);
        }
        for (const group of groups) this.restore(group);
        this.loading = 'done';
        this.arm();
        this.drainSoon();
        this.admit();
      },
      (thrown: unknown) => {
        // The next exchange tries again.
        this.loading = 'not yet';
        for (const { exchange, outlet } of this.lobby.splice(0)) {
          exchange.fail(thrown, outlet.context.info);
          outlet.goOn(exchange);
        }
        if (this.outlet !== null) this.log(this.outlet, 'error', `stored groups can't be read: ${(thrown as Error).message}`);
      },
    );
  }

  private restore(loaded: LoadedGroup): void {
    const outlet = this.outlet;
    if (outlet === null) return;
    const { rules } = outlet;
    const group = new Group(loaded.key);
    group.id = loaded.id;
    group.stored = loaded.members.length;
    let last: { exchange: Exchange; time: number } | null = null;
    for (const { exchange, time, delivery: name, ordinal } of loaded.members) {
      if (name !== null) {
        const count = Math.max(ordinal, this.deliveries.get(name)?.count ?? 0);
        this.deliveries.set(name, { unit: null, count, passed: 0 });
        (group.deliveries ??= new Map()).set(name, count);
      }
      try {
        group.aggregate = rules.strategy.aggregate(group.aggregate, exchange);
        group.aggregate.properties.set(aggregatedSize, ++group.size);
        last = { exchange, time };
      } catch (thrown) {
        exchange.fail(thrown, outlet.context.info);
        this.log(outlet, 'error', `a stored member of the group "${group.key}" can't be aggregated: ${String(thrown)}`, exchange);
        void (async () => outlet.context.keepFailed?.(exchange))().catch(() => (group.isKept = true));
      }
    }
    if (last === null) {
      this.forget(group);
      return;
    }
    group.isStoredComplete = loaded.completedBy !== null;
    // The older one was complete, and the process died before that was written.
    const older = this.open.get(group.key);
    if (older !== undefined) this.finish(older, 'force', rules);
    this.open.set(group.key, group);
    if (loaded.completedBy !== null) return this.finish(group, loaded.completedBy, rules);
    const { exchange, time } = last;
    void this.track(group, exchange, rules, time);
  }

  private log(outlet: Outlet, level: 'warn' | 'error', message: string, exchange: Exchange | null = null): void {
    const { events, info } = outlet.context;
    events.emit('log', { level, logger: 'mecha.aggregate', message, routeId: info.routeId, stepId: info.stepId, exchangeId: exchange === null ? null : exchange.id });
  }
}

/** Null for a key that is none: as in Camel, null and blank text. */
function toKey(value: unknown): string | null {
  // Most begin with a letter or a digit.
  const text = typeof value === 'string' ? value : toText(value);
  return text === null || text.charCodeAt(0) > 32 || text.trim() !== '' ? text : null;
}

/** A positive whole number, or 0; as in Camel, what can't become a number at all is none. */
function toCount(value: unknown): number {
  if (value === null || value === undefined) return 0;
  try {
    const number = typeof value === 'number' ? value : Number(convertTo(value, 'java.lang.Long'));
    return number > 0 ? Math.trunc(number) : 0;
  } catch (thrown) {
    if (thrown instanceof ExchangeError && thrown.type === 'org.apache.camel.NoTypeConversionAvailableException') return 0;
    throw thrown;
  }
}

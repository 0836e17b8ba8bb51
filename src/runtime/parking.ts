import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../core/clock.ts';
import type { Delivery } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { ExchangeScope, UnitOfWork } from '../core/exchange/exchange.ts';
import { Exchange, isUnhandled, PARKED } from '../core/exchange/exchange.ts';
import type { Bag } from '../core/exchange/bag.ts';
import type { Headers } from '../core/exchange/headers.ts';
import { bagFrom, deserialise, headersFrom, serialise, storableBody, storablePairs } from '../core/conversion/serialise.ts';
import type { StateStore, StoredValue } from '../core/state/store.ts';
import { StoreError } from '../core/state/store.ts';
import type { Route } from './route.ts';

type Pairs = readonly (readonly [string, unknown])[];

/** A series of attempts of one step, with the message as it was before the first. */
export interface AttemptsState {
  body: unknown;
  readonly headers: Headers;
  readonly count: number;
  readonly previousDelay: number;
  /** Which onException took the last failure; -1: none. */
  readonly clauseAt: number;
  /** Where the step stands. */
  readonly routeId: string;
  readonly place: string;
  /** The next one of the series is that of the step which called this one's route. */
  readonly isCalled: boolean;
}

/** A step that can be tried again with a message that comes out of the store. */
export interface Resumable {
  /** Puts a series of attempts on the exchange's way, as if the step were under way. */
  take(exchange: Exchange, attempts: AttemptsState): void;
  /** Puts a return on the exchange's way: what comes back goes on as if it came out of the step. */
  expect(exchange: Exchange): void;
  /** Tries the step again: its series is the last one that was put on the exchange's way. */
  resume(exchange: Exchange, attempts: AttemptsState): void;
}

/** Where, in a route, a message may wait for another attempt. */
export class Place {
  target: Resumable | null = null;
  private readonly places: Places;
  readonly label: () => string;

  constructor(places: Places, label: () => string) {
    this.places = places;
    this.label = label;
  }

  /** Never a running number: it is the same when other steps come and go. Only steps that are alike are told apart by their order. */
  get key(): string {
    return this.places.keyOf(this);
  }
}

/** The places of one compiled route. Keys are made when the first is asked for. */
export class Places {
  private readonly all: Place[] = [];
  private keys: Map<string, Place> | null = null;

  /** @param label the step's explicit id, or the hash of its definition */
  add(label: () => string): Place {
    const place = new Place(this, label);
    this.all.push(place);
    return place;
  }

  find(key: string): Place | null {
    return this.byKey().get(key) ?? null;
  }

  keyOf(place: Place): string {
    for (const [key, candidate] of this.byKey()) if (candidate === place) return key;
    throw new Error('a place of another route');
  }

  private byKey(): Map<string, Place> {
    if (this.keys !== null) return this.keys;
    this.keys = new Map();
    for (const place of this.all) {
      const label = place.label();
      let key = label;
      for (let count = 2; this.keys.has(key); count++) key = `${label}/${count}`;
      this.keys.set(key, place);
    }
    return this.keys;
  }
}

/** What is stored of a message. */
interface Parked {
  readonly routeId: string;
  readonly fromEndpoint: string | null;
  readonly exchangeId: string;
  readonly created: number;
  readonly isInOut: boolean;
  readonly deliveryId: string | null;
  /** The step itself first, then the steps around it, and those that called its route. */
  readonly series: readonly (Omit<AttemptsState, 'headers'> & { readonly headers: Pairs })[];
  /** Headers when it failed: they say how often it was tried. */
  readonly headers: Pairs;
  readonly properties: Pairs;
  readonly variables: Pairs;
  readonly original: { readonly body: unknown; readonly headers: Pairs } | null;
  readonly exception: { readonly type: string; readonly message: string } | null;
}

/** That many come out of the store and are under way at once. */
const mostAtOnce = 64;
/** What can't go on now (its route is stopped, nobody took its failure) is looked at again after this. */
const againMillis = 60_000;
/** Less than this is no jump of the system's clock. */
const jumpMillis = 1000;

interface SetBack {
  readonly millis: number;
  /** Keys that were stored since: their times are of the new clock. */
  readonly since: Set<string>;
}

export interface ParkingContext {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly scope: ExchangeScope;
  routes(): Iterable<Route>;
  keepFailed(exchange: Exchange, routeId: string): boolean | Promise<boolean>;
  log(level: 'info' | 'warn' | 'error', message: string, routeId: string): void;
  /** Whether another process takes up what is put aside, and has been told. */
  elsewhere(routeId: string, due: number): boolean;
}

/**
 * Messages whose next attempt is further away than their source can wait. They are kept in the state store, so that the source is settled;
 * at their time they go on at the step that failed, also after a restart. An entry is deleted when its message is done, or stored anew: what a
 * crash interrupts comes again.
 */
export class Parking {
  private readonly context: ParkingContext;
  /** Entries whose messages are under way again. */
  private readonly underWay = new Set<string>();
  private readonly keys = new WeakMap<UnitOfWork, string>();
  private timer: Timer | null = null;
  private timerDue = Infinity;
  /** What the clock said when it was last looked at, and how long this process had run then. */
  private seen: { readonly now: number; readonly elapsed: number };
  /** The clock was set back, and what waits does not know of it yet. */
  private setBack: SetBack | null = null;
  /** The same, while what waits is brought forward. */
  private bringing: SetBack | null = null;
  /** Other processes put messages aside, too. */
  private isShared = false;
  /** What waits has not been compared with the clock since this one began, or since the clock was set back. */
  private isUnchecked = true;
  /** Keys that were stored while the earlier ones are counted. */
  private own: Set<string> | null = new Set();
  private isOpen = false;
  private isLooking = false;
  private mustLookAgain = false;
  /** Up to here the waits are over that ended while it looked. */
  private reached = -Infinity;

  constructor(context: ParkingContext) {
    this.context = context;
    this.seen = { now: context.clock.now(), elapsed: context.clock.elapsed() };
  }

  /** A store that forgets must not take what a source has safe. */
  get isPossible(): boolean {
    return this.context.store.isDurable;
  }

  /** From now on messages go on when they are due. */
  start(): void {
    this.isOpen = true;
    this.isUnchecked = true;
    void this.countStored();
    void this.look();
  }

  stop(): void {
    this.isOpen = false;
    this.timer?.cancel();
    this.timer = null;
    this.timerDue = Infinity;
  }

  /**
   * Keeps a message until `due`. Resolves when it is safe: its source may be settled then.
   * @throws StoreError when it can't be stored
   */
  async park(exchange: Exchange, series: readonly AttemptsState[], due: number): Promise<void> {
    const { store } = this.context;
    const unitOfWork = exchange.unitOfWork!;
    this.noticeSetBack();
    const routeId = exchange.fromRouteId ?? exchange.routeId ?? '';
    const delay = due - this.context.clock.now();
    for (const attempts of series) attempts.body = await storableBody(attempts.body);
    const { originalHeaders, originalBody } = unitOfWork;
    const { exception } = exchange;
    const parked: Parked = {
      routeId,
      fromEndpoint: exchange.fromEndpoint,
      exchangeId: exchange.id,
      created: exchange.created,
      isInOut: exchange.isInOut,
      deliveryId: unitOfWork.deliveryId,
      series: series.map(({ headers, ...attempts }) => ({ ...attempts, headers: allPairs(headers) })),
      headers: allPairs(exchange.headers),
      properties: exchange.hasProperties ? allPairs(exchange.properties) : [],
      variables: exchange.hasVariables ? allPairs(exchange.variables) : [],
      original: originalHeaders === null ? null : { body: await storableBody(originalBody), headers: allPairs(originalHeaders) },
      exception: exception === null ? null : { type: exception.type, message: exception.message },
    };
    const key = keyFor(due, routeId, delay);
    const before = this.keys.get(unitOfWork);
    this.own?.add(key);
    this.setBack?.since.add(key);
    this.bringing?.since.add(key);
    await store.batch([{ type: 'put', key, value: serialise(parked) }, ...(before === undefined ? [] : [{ type: 'delete', key: before } as const])]);
    if (this.context.elsewhere(routeId, due)) return;
    this.count(routeId, 1);
    if (before !== undefined) this.count(routeOf(before), -1);
    this.lookAt(due);
    // The others would wait for a timer that this one may have taken the place of.
    if (this.setBack !== null && this.isOpen) void this.look();
  }

  /** Another process has put a message of a route aside. */
  expect(routeId: string, due: number): void {
    this.isShared = true;
    this.noticeSetBack();
    this.count(routeId, 1);
    this.lookAt(due);
  }

  private lookAt(due: number): void {
    if (!this.isOpen || due >= this.timerDue) return;
    this.timer?.cancel();
    this.timerDue = due;
    const { clock } = this.context;
    this.timer = clock.schedule(Math.max(0, due - clock.now()), () => {
      this.timer = null;
      this.timerDue = Infinity;
      // The wait is over, though the clock may have been set back meanwhile.
      void this.look(due);
    });
  }

  private async look(reached = -Infinity): Promise<void> {
    if (this.isLooking) {
      this.mustLookAgain = true;
      this.reached = Math.max(this.reached, reached);
      return;
    }
    this.isLooking = true;
    const end = this.context.clock.pending();
    try {
      do {
        this.mustLookAgain = false;
        await this.resumeDue(Math.max(reached, this.reached));
        this.reached = -Infinity;
      } while (this.mustLookAgain && this.isOpen);
    } catch (thrown) {
      this.context.log('error', `messages that wait for another attempt can't be read: ${(thrown as Error).message}`, '');
      this.lookAt(this.context.clock.now() + againMillis);
    } finally {
      this.isLooking = false;
      end();
    }
  }

  /** @param reached what was due by then has waited for its time, whatever the clock says */
  private async resumeDue(reached: number): Promise<void> {
    const { store, clock } = this.context;
    await this.bringForward(reached);
    for await (const [key, stored] of store.range('')) {
      if (!this.isOpen) return;
      const due = dueOf(key);
      if (due > Math.max(clock.now(), reached)) return this.lookAt(due);
      if (this.underWay.has(key)) continue;
      // Who is done looks again.
      if (this.underWay.size >= mostAtOnce) return;
      await this.resume(key, stored);
    }
  }

  private noticeSetBack(): void {
    const { clock } = this.context;
    const now = clock.now();
    const elapsed = clock.elapsed();
    const millis = this.seen.now + (elapsed - this.seen.elapsed) - now;
    this.seen = { now, elapsed };
    if (millis <= jumpMillis) return;
    this.isUnchecked = true;
    this.setBack = { millis: millis + (this.setBack?.millis ?? 0), since: this.setBack?.since ?? new Set() };
  }

  /** Nothing waits longer because the clock was set back while this process runs, and no longer than its delay if that was before it began. */
  private async bringForward(reached: number): Promise<void> {
    const { store, clock, log } = this.context;
    this.noticeSetBack();
    if (!this.isUnchecked) return;
    this.isUnchecked = false;
    const setBack = (this.bringing = this.setBack);
    this.setBack = null;
    const now = clock.now();
    try {
      for await (const [key, { value }] of store.range('')) {
        const due = dueOf(key);
        const delay = delayOf(key);
        if (due <= reached || this.underWay.has(key)) continue;
        const isTooFar = due - now > delay + jumpMillis;
        // What another process puts aside may be of after the jump, when it does not wait for too long.
        const isOfBefore = setBack !== null && !setBack.since.has(key) && (isTooFar || !this.isShared);
        const right = Math.min(isOfBefore ? due - setBack.millis : due, isTooFar ? now + delay : Infinity);
        if (right >= due) continue;
        log('warn', `a message waits until ${new Date(due).toISOString()}, and the clock has been set back: it waits until ${new Date(right).toISOString()}`, routeOf(key));
        const brought = keyFor(right, routeOf(key), delay);
        setBack?.since.add(brought);
        await store.batch([
          { type: 'delete', key },
          { type: 'put', key: brought, value },
        ]);
      }
    } catch (thrown) {
      // The next look does the rest.
      this.isUnchecked = true;
      this.setBack ??= setBack;
      throw thrown;
    } finally {
      this.bringing = null;
    }
  }

  private async resume(key: string, stored: StoredValue): Promise<void> {
    const { clock, scope, log } = this.context;
    let parked: Parked;
    try {
      parked = deserialise(stored.value, scope) as Parked;
    } catch (thrown) {
      log('error', `a message that waits for another attempt can't be read: ${(thrown as Error).message}`, routeOf(key));
      return this.lookAt(clock.now() + againMillis);
    }
    const found = this.find(parked);
    const exchange = exchangeOf(parked, scope);
    if (found === null) return this.giveUp(key, parked, exchange);
    const { route, places } = found;
    // Of a route that is stopped nothing is under way.
    if (route.state !== 'Started') return this.lookAt(clock.now() + againMillis);
    exchange.fromRouteId = route.routeId;
    this.underWay.add(key);
    const delivery: Delivery = {
      ...(parked.deliveryId === null ? {} : { id: parked.deliveryId }),
      wouldLose: true,
      comesAgain: true,
      settle: (settled) => this.settled(key, settled, stored.value),
    };
    route.takeUp(exchange, delivery, () => {
      const unitOfWork = exchange.unitOfWork!;
      this.keys.set(unitOfWork, key);
      if (parked.original !== null) {
        unitOfWork.originalBody = parked.original.body;
        unitOfWork.originalHeaders = headersFrom(parked.original.headers);
      }
      const series = parked.series.map(({ headers, ...attempts }): AttemptsState => ({ ...attempts, headers: headersFrom(headers) }));
      for (let i = places.length - 1; i >= 0; i--) {
        const { called, step } = places[i]!;
        if (called !== null) {
          places[i + 1]!.step.expect(exchange);
          called.current.graph.revisit(exchange, exchange.routeId);
        }
        step.take(exchange, series[i]!);
      }
      places[0]!.step.resume(exchange, series[0]!);
    });
  }

  /** The route by its id, or one that the same endpoint feeds: it may have got another id. And the steps of the series. */
  private find(parked: Parked): { route: Route; places: { readonly called: Route | null; readonly step: Resumable }[] } | null {
    const routes = [...this.context.routes()];
    const byId = (id: string): Route | undefined => routes.find(({ routeId }) => routeId === id);
    for (const route of [byId(parked.routeId), ...routes.filter(({ fromUri }) => fromUri === parked.fromEndpoint)]) {
      if (route === undefined) continue;
      const places = parked.series.map(({ routeId, place, isCalled }) => {
        const of = routeId === parked.routeId ? route : byId(routeId);
        return { called: isCalled && of !== undefined ? of : null, step: of?.current.places.find(place)?.target ?? null };
      });
      if (places.every((place): place is typeof place & { step: Resumable } => place.step !== null)) return { route, places };
    }
    return null;
  }

  /** What belonged to a step that is no more goes to the dead letters. */
  private async giveUp(key: string, parked: Parked, exchange: Exchange): Promise<void> {
    const { clock, keepFailed, log, store } = this.context;
    const { exception, routeId } = parked;
    exchange.body = parked.series[0]?.body ?? null;
    const cause = exception === null ? undefined : new ExchangeError(exception.type, exception.message);
    exchange.fail(new ExchangeError('mecha.StepRemovedException', `the step at which it waited for another attempt is no more${cause === undefined ? '' : `; it had failed with ${cause.message}`}`, { cause }));
    if (await keepFailed(exchange, routeId)) {
      await store.delete(key);
      this.count(routeId, -1);
      return log('warn', 'a message waited for another attempt of a step that is no more: it is in the dead letters', routeId);
    }
    log('warn', 'a message waits for another attempt of a step that is no more, and can not be kept in the dead letters', routeId);
    this.lookAt(clock.now() + againMillis);
  }

  private async settled(key: string, exchange: Exchange, value: Buffer): Promise<void> {
    const { clock, log, store } = this.context;
    const end = clock.pending();
    try {
      if ((exchange.halt & PARKED) !== 0) return;
      if (!isUnhandled(exchange)) {
        await store.delete(key);
        this.count(routeOf(key), -1);
      } else if (exchange.exception?.type !== 'mecha.ShutdownException') {
        // Nothing else has it: it is tried again rather than lost.
        await store.batch([
          { type: 'delete', key },
          { type: 'put', key: keyFor(clock.now() + againMillis, routeOf(key), againMillis), value },
        ]);
      }
    } catch (thrown) {
      log('error', `a message that is done may be tried again after a restart: ${(thrown as Error).message}`, routeOf(key));
      // Not while this process lives.
      return;
    } finally {
      end();
    }
    this.underWay.delete(key);
    if (this.isOpen) void this.look();
  }

  private count(routeId: string, change: number): void {
    for (const route of this.context.routes()) if (route.routeId === routeId) route.statistics.parked = Math.max(0, route.statistics.parked + change);
  }

  /** Counts what was stored before this process began. */
  private async countStored(): Promise<void> {
    try {
      for await (const [key] of this.context.store.range('')) if (this.own?.has(key) !== true) this.count(routeOf(key), 1);
    } catch {
      // Whoever looks for what is due says so.
    }
    this.own = null;
  }
}

/** All of them, or none: a message must not come back with less than it had. */
function allPairs(named: Headers | Bag): Pairs {
  const pairs = storablePairs(named);
  if (pairs.length < named.size) throw new StoreError('a header, property or variable can not be stored');
  return pairs;
}

const keyFor = (due: number, routeId: string, delay: number): string =>
  `${String(Math.ceil(due)).padStart(15, '0')}/${encodeURIComponent(routeId).slice(0, 1000)}/${randomBytes(9).toString('base64url')}.${Math.max(0, Math.ceil(delay))}`;
/** Infinity for what an earlier version stored. */
const delayOf = (key: string): number => (/\.(\d+)$/.test(key.slice(key.lastIndexOf('/'))) ? Number(key.slice(key.lastIndexOf('.') + 1)) : Infinity);
const dueOf = (key: string): number => Number(key.slice(0, 15));
const routeOf = (key: string): string => decodeURIComponent(key.slice(16, key.lastIndexOf('/')));

function exchangeOf(parked: Parked, scope: ExchangeScope): Exchange {
  const exchange = new Exchange(scope, null, headersFrom(parked.headers), parked.isInOut);
  exchange.id = parked.exchangeId;
  exchange.created = parked.created;
  exchange.fromRouteId = parked.routeId;
  exchange.fromEndpoint = parked.fromEndpoint;
  if (parked.properties.length > 0) exchange.replaceProperties(bagFrom(parked.properties));
  if (parked.variables.length > 0) exchange.replaceVariables(bagFrom(parked.variables));
  return exchange;
}

import type { Clock, Timer } from '../clock.ts';
import { toText } from '../conversion/convert.ts';
import { ExchangeError, toExchangeError } from '../errors.ts';
import type { Events, LogLevel } from '../events.ts';
import type { ExchangeScope } from '../exchange/exchange.ts';
import { Exchange, UnitOfWork, isUnhandled } from '../exchange/exchange.ts';
import type { Call } from '../graph/flow.ts';
import { Headers } from '../exchange/headers.ts';
import { deserialise, serialise } from '../conversion/serialise.ts';
import type { StateStore, StoreOperation } from './store.ts';

/** The header that names the saga in which a message is. */
export const sagaHeader = 'Long-Running-Action';

export const sagaServiceClass = 'org.apache.camel.saga.InMemorySagaService';

/** What the bean of Camel's saga service says: how a completion or compensation that fails is tried again. */
export class SagaService {
  maxRetryAttempts = 5;
  retryDelayInMilliseconds = 5000;

  start(): void {}

  stop(): void {}
}

/** The saga service of this class; undefined when the class is none. */
export const makeSagaService = (className: string): SagaService | undefined => (className === sagaServiceClass ? new SagaService() : undefined);

/** Whoever takes part in a saga, with where to send to when it ends, and the headers of those messages. */
export interface Participant {
  readonly completion: string | null;
  readonly compensation: string | null;
  readonly headers: readonly (readonly [string, unknown])[];
}

type Ending = 'completion' | 'compensation';

interface Words {
  readonly verb: 'complete' | 'compensate';
  readonly under: Status;
  readonly over: Status;
}

const words: Readonly<Record<Ending, Words>> = {
  completion: { verb: 'complete', under: 'COMPLETING', over: 'COMPLETED' },
  compensation: { verb: 'compensate', under: 'COMPENSATING', over: 'COMPENSATED' },
};

type Status = 'RUNNING' | 'COMPLETING' | 'COMPLETED' | 'COMPENSATING' | 'COMPENSATED';

interface Head {
  readonly status: Status;
  readonly isManual: boolean;
  /** When it compensates itself; null: never. */
  readonly until: number | null;
}

const headKey = (id: string): string => `head/${id}`;
const participantKey = (id: string, number: number): string => `participant/${id}/${String(number).padStart(6, '0')}`;

/** One saga: who takes part, and how it ends. */
export class Saga {
  readonly id: string;
  readonly isManual: boolean;
  readonly service: SagaService;
  private readonly sagas: Sagas;
  private status: Status = 'RUNNING';
  private readonly participants: { readonly number: number; readonly participant: Participant }[] = [];
  private count = 0;
  private until: number | null = null;
  private timer: Timer | null = null;
  private isStored = false;
  private ending: Promise<void> | null = null;

  constructor(sagas: Sagas, id: string, service: SagaService, isManual: boolean) {
    this.sagas = sagas;
    this.id = id;
    this.service = service;
    this.isManual = isManual;
  }

  /** As it was stored. */
  static restored(sagas: Sagas, id: string, service: SagaService, { status, isManual, until }: Head, participants: readonly (readonly [number, Participant])[]): Saga {
    const saga = new Saga(sagas, id, service, isManual);
    saga.status = status;
    saga.until = until;
    saga.isStored = true;
    for (const [number, participant] of participants) {
      saga.participants.push({ number, participant });
      saga.count = number + 1;
    }
    return saga;
  }

  /** Whoever has something to undo or to finish is stored before it begins. */
  async join(participant: Participant, timeoutMillis: number | null): Promise<void> {
    if (this.status !== 'RUNNING') throw new ExchangeError('java.lang.IllegalStateException', `Cannot begin: status is ${this.status}`);
    const number = this.count++;
    this.participants.push({ number, participant });
    let isNews = false;
    if (timeoutMillis !== null) {
      const until = this.sagas.clock.now() + timeoutMillis;
      if (this.until === null || until < this.until) {
        this.until = until;
        isNews = true;
      }
    }
    const matters = participant.completion !== null || participant.compensation !== null;
    const writes: StoreOperation[] = [];
    if (matters && !this.isStored) isNews = true;
    if (isNews && (matters || this.isStored)) writes.push(this.headWrite());
    if (matters) writes.push({ type: 'put', key: participantKey(this.id, number), value: serialise(participant) });
    if (writes.length > 0) {
      this.isStored = true;
      await this.sagas.store.batch(writes);
    }
    if (timeoutMillis !== null) this.watch();
  }

  complete(): Promise<void> {
    return this.end('completion');
  }

  compensate(): Promise<void> {
    return this.end('compensation');
  }

  /** What has to happen after a restart: nothing goes on for a saga whose exchange is gone, so it is undone. */
  resume(): Promise<void> {
    if (this.status === 'COMPLETING') return this.run('completion');
    if (this.status === 'COMPENSATING') return this.run('compensation');
    if (!this.isManual) return this.compensate();
    this.watch();
    return Promise.resolve();
  }

  private headWrite(): StoreOperation {
    const head: Head = { status: this.status, isManual: this.isManual, until: this.until };
    return { type: 'put', key: headKey(this.id), value: serialise(head) };
  }

  private watch(): void {
    this.timer?.cancel();
    if (this.until === null || this.status !== 'RUNNING') return;
    this.timer = this.sagas.clock.schedule(Math.max(0, this.until - this.sagas.clock.now()), () => {
      if (this.status === 'RUNNING') this.sagas.inBackground(this.compensate());
    });
  }

  private end(ending: Ending): Promise<void> {
    const { verb, under, over } = words[ending];
    if (this.status === under || this.status === over) return this.ending ?? Promise.resolve();
    if (this.status !== 'RUNNING') return Promise.reject(new ExchangeError('java.lang.IllegalStateException', `Cannot ${verb}: status is ${this.status}`));
    this.status = under;
    return (this.ending = this.run(ending));
  }

  private async run(ending: Ending): Promise<void> {
    const { verb, over } = words[ending];
    this.timer?.cancel();
    if (this.isStored) await this.sagas.store.batch([this.headWrite()]);
    let isDone = true;
    for (const { number, participant } of [...this.participants].reverse()) {
      const uri = participant[ending];
      if (uri === null) continue;
      if (await this.sagas.tell(uri, ending, this, participant)) await this.sagas.store.delete(participantKey(this.id, number));
      else isDone = false;
    }
    this.status = over;
    this.sagas.forget(this.id);
    // What could not be told stays stored, for the next start or reload.
    if (!isDone) throw new ExchangeError('java.util.concurrent.CompletionException', `org.apache.camel.RuntimeCamelException: Unable to ${verb} all required steps of the saga ${this.id}`);
    if (!this.isStored) return;
    await this.sagas.store.batch([{ type: 'delete', key: headKey(this.id) }, ...this.participants.map(({ number }): StoreOperation => ({ type: 'delete', key: participantKey(this.id, number) }))]);
  }
}

interface Surroundings {
  readonly store: StateStore;
  readonly clock: Clock;
  readonly events: Events;
  readonly scope: ExchangeScope;
  /** Aborted when the time for stopping is over. */
  readonly stopping: AbortSignal;
}

/** The sagas of one runtime, stored as long as something of them is outstanding. */
export class Sagas {
  readonly store: StateStore;
  readonly clock: Clock;
  private readonly events: Events;
  private readonly scope: ExchangeScope;
  private readonly stopping: AbortSignal;
  private readonly open = new Map<string, Saga>();
  private readonly entered = new WeakMap<Exchange, Saga>();
  private readonly calls = new Map<string, Call>();
  private readonly busy = new Set<Promise<unknown>>();
  private service = new SagaService();
  private restoring: Promise<void> | null = null;

  constructor({ store, clock, events, scope, stopping }: Surroundings) {
    this.store = store;
    this.clock = clock;
    this.events = events;
    this.scope = scope;
    this.stopping = stopping;
    // The routes that compensate are there by then.
    events.on('reloaded', ({ result }) => {
      if (result === 'applied') this.inBackground(this.restore());
    });
  }

  /** Where a step's completion or compensation is sent to: endpoints of the newest generation count. */
  register(uri: string, call: Call): void {
    this.calls.set(uri, call);
  }

  /** How sagas that were begun before the start are ended. */
  serve(service: SagaService): void {
    this.service = service;
  }

  begin(service: SagaService, isManual: boolean): Saga {
    const saga = new Saga(this, this.scope.nextExchangeId(), service, isManual);
    this.open.set(saga.id, saga);
    return saga;
  }

  /** The saga that an exchange is in: the one that it went into itself, else the one that its header names, unless it is over. */
  async of(exchange: Exchange): Promise<Saga | null> {
    if (this.restoring !== null) await this.restoring;
    const entered = this.entered.get(exchange);
    if (entered !== undefined) return this.open.get(entered.id) ?? null;
    const id = toText(exchange.headers.get(sagaHeader));
    return id === null ? null : (this.open.get(id) ?? null);
  }

  /** From now on the exchange is in that saga, or in none. Copies of it know only what their header says. */
  enter(exchange: Exchange, saga: Saga | null): void {
    if (saga === null) this.entered.delete(exchange);
    else this.entered.set(exchange, saga);
  }

  forget(id: string): void {
    this.open.delete(id);
  }

  /** Work that no exchange waits for: what fails is in the log. */
  inBackground(work: Promise<unknown>): void {
    const guarded = work.catch((thrown: unknown) => this.log('error', toExchangeError(thrown).message)).finally(() => this.busy.delete(guarded));
    this.busy.add(guarded);
  }

  /** Waits for what is being sent now. */
  async settle(): Promise<void> {
    await Promise.all(this.busy);
  }

  /** Sends to where a participant completes or compensates, as often as the service says. Gives whether it was done. */
  async tell(uri: string, ending: Ending, { id, service }: Saga, { headers }: Participant): Promise<boolean> {
    const call = this.calls.get(uri);
    if (call === undefined) {
      this.log('error', `the saga ${id} has an outstanding ${ending} at ${uri}, and no saga step names that endpoint any more: it waits until one does`);
      return false;
    }
    for (let attempt = 1; ; attempt++) {
      if (this.stopping.aborted) return false;
      const failure = await this.send(call, id, headers);
      if (failure === null) return true;
      this.log('warn', `exception thrown during ${ending} at ${uri}, attempt ${attempt} of ${service.maxRetryAttempts}: ${failure}`);
      if (attempt >= Number(service.maxRetryAttempts)) return false;
      await this.pause(Number(service.retryDelayInMilliseconds));
    }
  }

  private send(call: Call, id: string, headers: Participant['headers']): Promise<string | null> {
    return new Promise((resolve) => {
      const exchange = new Exchange(this.scope, null, Headers.from([[sagaHeader, id], ...headers]), false);
      exchange.created = this.clock.now();
      const unitOfWork = new UnitOfWork(exchange, () => undefined);
      exchange.unitOfWork = unitOfWork;
      exchange.way = {
        outer: null,
        back: (returned) => {
          unitOfWork.release();
          resolve(isUnhandled(returned) ? `${returned.exception?.type ?? 'rolled back'}: ${returned.exception?.message ?? ''}` : null);
        },
      };
      call(exchange);
    });
  }

  private pause(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.clock.schedule(millis, () => {
        this.stopping.removeEventListener('abort', wake);
        resolve();
      });
      const wake = (): void => {
        timer.cancel();
        resolve();
      };
      this.stopping.addEventListener('abort', wake, { once: true });
    });
  }

  /** Takes up what is stored and not under way: sagas of a process that is no more, and endings that failed. */
  private async restore(): Promise<void> {
    const restored: Saga[] = [];
    this.restoring = this.load(restored);
    await this.restoring;
    this.restoring = null;
    for (const saga of restored) this.inBackground(saga.resume());
  }

  private async load(restored: Saga[]): Promise<void> {
    for await (const [key, { value }] of this.store.range('head/')) {
      const id = key.slice('head/'.length);
      if (this.open.has(id)) continue;
      const participants: (readonly [number, Participant])[] = [];
      const prefix = `participant/${id}/`;
      for await (const [name, stored] of this.store.range(prefix)) participants.push([Number(name.slice(prefix.length)), deserialise(stored.value) as Participant]);
      const saga = Saga.restored(this, id, this.service, deserialise(value) as Head, participants);
      this.open.set(id, saga);
      restored.push(saga);
    }
  }

  private log(level: LogLevel, message: string): void {
    this.events.emit('log', { level, logger: 'mecha.saga', message, routeId: null, stepId: null, exchangeId: null });
  }
}

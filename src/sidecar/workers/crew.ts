import type { Worker } from 'node:cluster';
import cluster from 'node:cluster';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBirpc } from 'birpc';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Diagnostics } from '../../core/diagnostics.ts';
import type { StateStore } from '../../core/state/store.ts';
import type { RuntimeSnapshot } from '../../observe/snapshot.ts';
import { ready } from '../../observe/health.ts';
import type { Configuration } from '../../runtime/configuration.ts';
import type { GivenSources } from '../../runtime/mecha.ts';
import type { Whole } from '../../runtime/sharing.ts';
import { storeCalls } from '../../stores/remote.ts';
import type { AdminProgram, AdminRequest, AdminTarget, Answer, LineSink } from '../admin.ts';
import { ApiError, boundedLines, decoded, reloadView, routeView, stepView } from '../admin.ts';
import { mergeSnapshots } from './merge.ts';
import type { Prepared, PrimaryCalls, Printer, WorkerCalls } from './protocol.ts';

/** A worker that dies is started again after this, which doubles while it goes on dying. */
const firstPauseMillis = 100;
const longestPauseMillis = 10_000;
/** One that ran so long has recovered. */
const recoveredMillis = 60_000;

type Remote = ReturnType<typeof connectWorker>;

interface Member {
  readonly worker: Worker;
  readonly remote: Remote;
  readonly begun: number;
  isFirst: boolean;
  isRunning: boolean;
}

export interface CrewOptions {
  readonly count: number;
  readonly clock: Clock;
  readonly store: StateStore;
  readonly configuration: Configuration;
  readonly folder: string;
  readonly program: AdminProgram;
  /** Variables by which a process knows that it is a worker. */
  readonly environment: Readonly<Record<string, string>>;
  /** What the processes read, as it is now; `routes` stands for the files'. */
  read(problems: Diagnostics, routes?: string): GivenSources;
  print: Printer;
  newDiagnostics(): Diagnostics;
  log(level: 'info' | 'warn' | 'error', message: string): void;
}

/** What is wrong, of a reload as the admin API shows it. */
function firstProblem(view: unknown): string {
  const { problems = [] } = view as { problems?: readonly { problems: readonly { severity: string; code: string; message: string }[] }[] };
  const first = problems.flatMap((file) => file.problems).find(({ severity }) => severity === 'error');
  return first === undefined ? 'a worker could not take it' : `${first.code}: ${first.message}`;
}

/** What a reload came to. */
export interface CrewReload {
  readonly isTaken: boolean;
  readonly view: unknown;
  readonly printed: string;
}

/**
 * Several processes that share the work of one Mecha: HTTP listeners and the consumer groups of brokers. This process has what must be single: the state
 * folder, the admin API, the decision about a reload. The first worker runs what only one may run; when it dies, another becomes the first.
 */
export class Crew implements AdminTarget {
  readonly configuration: Configuration;
  readonly folder: string;
  private readonly options: CrewOptions;
  private readonly sockets = mkdtempSync(join(tmpdir(), 'mecha-'));
  private members: Member[] = [];
  private given: GivenSources;
  private generation = 1;
  private pause = firstPauseMillis;
  private readonly pauses = new Set<Timer>();
  private isStopping = false;
  /** All have run: from now on one that ends is replaced. */
  private isUp = false;
  private lastReload: unknown = {};
  private changing: Promise<unknown> = Promise.resolve();
  private traceCount = 0;
  private readonly traces = new Map<number, { readonly url: string; readonly write: (line: string) => void }>();
  /** What was done to routes: a worker that comes later does it, too. */
  private readonly steered = new Map<string, AdminRequest>();
  private modules: readonly string[] = [];
  private moduleTexts = '';

  constructor(options: CrewOptions, given: GivenSources) {
    this.options = options;
    this.configuration = options.configuration;
    this.folder = options.folder;
    this.given = given;
    // Workers accept connections themselves, from one queue of the system. Were they handed out from here, those on their way to a worker that dies would hang.
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    // What is kept in memory goes from process to process as it is: bytes stay bytes.
    cluster.setupPrimary({ serialization: 'advanced' });
  }

  /** Starts the first worker, and when it runs, the others. Gives what the first one says when it can't. */
  async start(): Promise<string | null> {
    const fork = (isFirst: boolean): Promise<string | null> => this.fork(isFirst).catch((thrown: unknown) => `no process for a worker: ${(thrown as Error).message}`);
    const problem = await fork(true);
    if (problem !== null) return problem;
    const others = await Promise.all(Array.from({ length: this.options.count - 1 }, () => fork(false)));
    this.moduleTexts = this.readModules();
    const other = others.find((said) => said !== null) ?? null;
    this.isUp = other === null;
    if (other === null) this.lastReload = (await this.ofFirst({ method: 'GET', url: '/reload', body: '' })).body;
    return other;
  }

  /** Where the first worker listens, and what it says of itself. */
  async info(): Promise<{ readonly port: number | null }> {
    return (await this.ofFirst({ method: 'GET', url: '/info', body: '' })).body as { port: number | null };
  }

  get pids(): readonly number[] {
    return this.members.map(({ worker }) => worker.process.pid ?? 0);
  }

  get modulePaths(): readonly string[] {
    return this.modules;
  }

  /** Whether files are not any more what the workers have been given. */
  get isStale(): boolean {
    const problems = this.options.newDiagnostics();
    return JSON.stringify(this.options.read(problems)) !== JSON.stringify(this.given) || this.readModules() !== this.moduleTexts;
  }

  private readModules(): string {
    return JSON.stringify(
      this.modules.map((path) => {
        try {
          return readFileSync(path, 'utf8');
        } catch {
          return null;
        }
      }),
    );
  }

  // ---------------------------------------------------------------------------------------------- processes

  /** Resolves when the worker's routes run (null), or with what it says when they can't; rejects when there is no process for it. */
  private fork(isFirst: boolean): Promise<string | null> {
    const { clock, store, log } = this.options;
    return new Promise((resolve, reject) => {
      // What it throws rejects, too.
      const worker = cluster.fork(this.options.environment);
      let said: string | null = null;
      const remote: Remote = connectWorker(worker, {
        ...storeCalls(store),
        hello: () => ({ isFirst: member.isFirst, isDurable: store.isDurable, generation: this.generation, given: this.given, folder: this.sockets }),
        started: (modules) => {
          member.isRunning = true;
          this.modules = modules;
          void this.catchUp(member);
          resolve(null);
        },
        failed: (printed) => void (said = printed),
        parked: (routeId, due) => void this.first?.remote.expectParked.asEvent(routeId, due),
        whole: () => this.whole(),
        traced: (id, line) => void this.traces.get(id)?.write(line),
      });
      const member: Member = { worker, remote, begun: clock.now(), isFirst, isRunning: false };
      this.members.push(member);
      const drop = (): void => {
        remote.$close();
        this.members = this.members.filter((other) => other !== member);
      };
      worker.on('exit', (code, signal) => {
        drop();
        const how = signal === null ? `ended with ${code}` : `was ended by ${signal}`;
        if (!member.isRunning) resolve(said ?? `worker ${worker.process.pid} ${how} before its routes ran`);
        if (this.isStopping || !this.isUp) return;
        log('error', `worker ${worker.process.pid} ${how}; what it had under way is not acknowledged${said === null ? '' : `: ${said}`}`);
        this.replace(member);
      });
      worker.on('error', (error) => {
        // What has a process ends by its exit.
        if (worker.process.pid !== undefined) return log('warn', `worker ${worker.process.pid}: ${error.message}`);
        drop();
        reject(error);
      });
    });
  }

  private get first(): Member | undefined {
    return this.members.find(({ isFirst, isRunning }) => isFirst && isRunning);
  }

  private get running(): Member[] {
    return this.members.filter(({ isRunning }) => isRunning).sort((a, b) => Number(b.isFirst) - Number(a.isFirst));
  }

  private replace(gone: Member): void {
    if (gone.isFirst) void this.promote();
    if (this.options.clock.now() - gone.begun > recoveredMillis) this.pause = firstPauseMillis;
    this.forkLater(gone.worker.process.pid);
  }

  private forkLater(inPlaceOf: number | undefined): void {
    const { clock, log } = this.options;
    const timer = clock.schedule(this.pause, () => {
      this.pauses.delete(timer);
      // Not while a reload is decided upon: it begins with what was decided.
      this.changing = this.changing.then(async () => {
        if (this.isStopping) return;
        // Nobody else could take its place.
        const isFirst = !this.members.some((member) => member.isFirst);
        try {
          const problem = await this.fork(isFirst);
          if (problem === null) log('info', `a worker has taken the place of ${inPlaceOf}`);
        } catch (thrown) {
          log('error', `no process for a worker in the place of ${inPlaceOf}: ${(thrown as Error).message}; tried again`);
          if (!this.isStopping) this.forkLater(inPlaceOf);
        }
      });
    });
    this.pauses.add(timer);
    this.pause = Math.min(longestPauseMillis, this.pause * 2);
  }

  /** Another worker takes over what only one may run. */
  private promote(): Promise<void> {
    const turn = this.changing.then(async () => {
      const next = this.isStopping || this.first !== undefined ? undefined : this.running[0];
      if (next === undefined) return;
      next.isFirst = true;
      try {
        await next.remote.becomeFirst();
        this.options.log('info', `worker ${next.worker.process.pid} is the first now`);
      } catch (thrown) {
        // It is in an unknown state: whoever comes after it begins anew.
        this.options.log('error', `worker ${next.worker.process.pid} can't take over: ${(thrown as Error).message}`);
        next.worker.process.kill('SIGKILL');
      }
    });
    this.changing = turn.catch(() => undefined);
    return turn;
  }

  private async catchUp({ remote }: Member): Promise<void> {
    for (const request of this.steered.values()) await remote.admin(request).catch(() => undefined);
    for (const [id, { url }] of this.traces) await remote.trace(id, url).catch(() => undefined);
  }

  /** Stops all of them; gives whether everything in flight finished. */
  async stop(): Promise<boolean> {
    this.isStopping = true;
    for (const timer of this.pauses) timer.cancel();
    await this.changing;
    const drained = await Promise.all(
      this.members.map(async ({ worker, remote }) => {
        const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
        // One that dies instead has not finished.
        const isDrained = await Promise.race([remote.stop(), gone.then(() => false)]).catch(() => false);
        void remote.end.asEvent().catch(() => undefined);
        await gone;
        return isDrained;
      }),
    );
    rmSync(this.sockets, { recursive: true, force: true });
    return drained.every((isDrained) => isDrained);
  }

  /** Ends all of them at once. */
  kill(): void {
    this.isStopping = true;
    for (const { worker } of this.members) worker.process.kill('SIGKILL');
    rmSync(this.sockets, { recursive: true, force: true });
  }

  // ---------------------------------------------------------------------------------------------- together

  /** The snapshots of all, as one. */
  async snapshot(): Promise<RuntimeSnapshot> {
    const snapshots = await this.ofAll((remote) => remote.snapshot());
    return mergeSnapshots(snapshots, { name: String(this.configuration.get('name')), generation: this.generation, isStopping: this.isStopping, stateProblem: this.options.store.problem ?? null });
  }

  private async whole(): Promise<Whole> {
    const [snapshot, processMetrics] = await Promise.all([this.snapshot(), this.ofAll((remote) => remote.processMetrics())]);
    return { snapshot, processMetrics };
  }

  /** What those answer that live; the first worker's comes first. */
  private async ofAll<T>(ask: (remote: Remote) => Promise<T>): Promise<T[]> {
    const answers = await Promise.allSettled(this.running.map(({ remote }) => ask(remote)));
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  /** All take the new routes, or none does. */
  reload(reason: string, routes?: string): Promise<CrewReload> {
    const turn = this.changing.then(() => this.attempt(reason, routes));
    this.changing = turn.catch(() => undefined);
    return turn;
  }

  private async attempt(reason: string, routes: string | undefined): Promise<CrewReload> {
    const problems = this.options.newDiagnostics();
    const given = this.options.read(problems, routes);
    const finish = (isTaken: boolean, view: unknown, printed: string): CrewReload => {
      this.lastReload = { ...(view as object), generation: this.generation };
      const isChanged = (view as { result?: string }).result === 'applied';
      if (!isTaken) this.options.log('error', `reload (${reason}) rejected, generation ${this.generation} goes on: ${firstProblem(view)}`);
      else this.options.log('info', isChanged ? `reload (${reason}): generation ${this.generation}, in all workers` : `reload (${reason}): nothing has changed, generation ${this.generation}`);
      return { isTaken, view: this.lastReload, printed };
    };
    if (problems.hasErrors) {
      const list = problems.sorted();
      return finish(false, reloadView({ generation: this.generation, reason, millis: 0, result: 'rejected', changed: [], added: [], removed: [], problems: list }), this.options.print(list));
    }
    const members = this.running;
    const prepared = await Promise.allSettled(members.map(({ remote }) => remote.prepare(given, reason)));
    const refusal = prepared.find((answer): answer is PromiseFulfilledResult<Prepared> => answer.status === 'fulfilled' && !answer.value.isReady);
    const isAgreed = refusal === undefined;
    // What no longer lives has no say: whoever comes after it begins with what is decided here.
    const concluded = await Promise.allSettled(
      members.flatMap(({ remote }, at) => {
        const answer = prepared[at]!;
        return answer.status === 'fulfilled' && answer.value.isReady ? [remote.conclude(isAgreed)] : [];
      }),
    );
    if (refusal !== undefined) return finish(false, refusal.value.view, refusal.value.printed);
    this.given = given;
    const views = concluded.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const applied = views.find(({ view }) => (view as { result: string }).result === 'applied') ?? views[0];
    if ((applied?.view as { result?: string } | undefined)?.result === 'applied') this.generation++;
    this.modules = (await this.ofAll((remote) => remote.modules()))[0] ?? [];
    this.moduleTexts = this.readModules();
    return finish(true, applied?.view ?? {}, applied?.printed ?? '');
  }

  // ---------------------------------------------------------------------------------------------- the admin API

  log(level: 'warn', _logger: string, message: string): void {
    this.options.log(level, message);
  }

  async answer(request: AdminRequest, response: LineSink): Promise<Answer | null> {
    const { pathname, search } = new URL(request.url, 'http://admin');
    const parts = pathname.split('/').filter((part) => part !== '');
    const key = `${request.method} ${parts[0] ?? ''}`;
    if (key === 'GET info') {
      const { status, body } = await this.ofFirst(request);
      const workers = this.members.map(({ worker, isFirst, isRunning }) => ({ pid: worker.process.pid ?? 0, isFirst, isRunning }));
      return { status, body: { ...(body as object), pid: this.options.program.pid, generation: this.generation, store: String(this.configuration.get('state.store')), workers } };
    }
    if (key === 'GET health') {
      const health = ready(await this.snapshot());
      return { status: health.status === 'UP' ? 200 : 503, body: health };
    }
    if (key === 'GET inflight') {
      const { routes } = await this.snapshot();
      return { status: 200, body: { total: routes.reduce((sum, { inFlight }) => sum + inFlight, 0), routes: Object.fromEntries(routes.map(({ routeId, inFlight }) => [routeId, inFlight])) } };
    }
    if (key === 'GET routes' && parts.length <= 2) return this.routes(parts[1] === undefined ? null : decoded(parts[1]));
    if (key === 'POST routes' && parts.length === 3) return this.steer(decoded(parts[1]!), parts[2]!, request);
    if (key === 'POST reload' && parts.length === 1) {
      const { isTaken, view } = await this.reload('admin API', request.body.trim() === '' ? undefined : request.body);
      return { status: isTaken ? 200 : 422, body: view };
    }
    if (key === 'GET reload' && parts.length === 1) return { status: 200, body: this.lastReload };
    if (key === 'GET trace' && parts.length === 1) return this.trace(`/trace${search}`, response);
    return this.ofFirst(request);
  }

  private async ofFirst(request: AdminRequest): Promise<Answer> {
    const member = this.running[0];
    if (member === undefined) throw new ApiError(503, 'no worker runs just now');
    return member.remote.admin(request);
  }

  private async routes(id: string | null): Promise<Answer> {
    const snapshot = await this.snapshot();
    if (id === null) return { status: 200, body: { generation: snapshot.generation, routes: snapshot.routes.map(routeView) } };
    const one = snapshot.routes.find(({ routeId }) => routeId === id);
    if (one === undefined) throw new ApiError(404, `there is no route \`${id}\``);
    return { status: 200, body: { ...routeView(one), steps: one.steps.map(stepView) } };
  }

  private async steer(id: string, what: string, request: AdminRequest): Promise<Answer> {
    const answers = await this.ofAll((remote) => remote.admin(request));
    const bad = answers.find(({ status }) => status !== 200);
    const answer = bad ?? answers[0];
    if (answer === undefined) throw new ApiError(503, 'no worker runs just now');
    if (bad === undefined) {
      if (what === 'suspend' || what === 'stop') this.steered.set(id, request);
      else this.steered.delete(id);
    }
    return answer;
  }

  private async trace(url: string, response: LineSink): Promise<Answer | null> {
    const id = ++this.traceCount;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.traces.delete(id);
      for (const { remote } of this.running) void remote.untrace.asEvent(id);
    };
    // The client may go while the workers begin.
    response.on('close', end);
    const refusals = await this.ofAll((remote) => remote.trace(id, url));
    const refusal = refusals.find((answer) => answer !== null);
    if (refusal !== undefined && refusal !== null) {
      end();
      return refusal;
    }
    if (isOver) return null;
    this.traces.set(id, { url, write: boundedLines(response) });
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
    response.flushHeaders();
    return null;
  }
}

/** Calls over the channel to a worker. */
function connectWorker(worker: Worker, calls: PrimaryCalls) {
  return createBirpc<WorkerCalls, PrimaryCalls>(calls, {
    post: (data) => {
      if (worker.isConnected()) worker.send(data as object);
      else throw new Error('the worker has gone');
    },
    on: (receive) => void worker.on('message', receive),
    timeout: -1,
    bind: 'functions',
  });
}

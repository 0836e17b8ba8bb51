import cluster from 'node:cluster';
import { createHash } from 'node:crypto';
import { chmodSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createBirpc } from 'birpc';
import type { RuntimeSnapshot, StepSnapshot } from '../../observe/snapshot.ts';
import type { GivenSources, Mecha, SeatedSources } from '../../runtime/mecha.ts';
import type { ReloadResult } from '../../runtime/runtime.ts';
import type { Whole } from '../../runtime/sharing.ts';
import { RemoteStore } from '../../stores/remote.ts';
import type { AdminProgram, AdminRequest, Answer, LineSink } from '../admin.ts';
import { answerAdmin, ApiError, reloadView } from '../admin.ts';
import type { Assignment, Prepared, PrimaryCalls, Printer, WorkerCalls } from './protocol.ts';

/** Where the first worker takes the requests of an address; in a folder that only its owner may open. */
export const handoverSocket = (folder: string, host: string, port: number): string => join(folder, createHash('sha256').update(`${host}:${port}`).digest('hex').slice(0, 12));

/** A snapshot as plain values, which go from process to process. */
function plain(snapshot: RuntimeSnapshot): RuntimeSnapshot {
  const step = ({ info, statistics: { total, failed }, children }: StepSnapshot): StepSnapshot => ({ info: { stepId: info.stepId, kind: info.kind, label: info.label, at: info.at }, statistics: { total, failed, probe: null }, children: children.map(step), branch: null });
  return { ...snapshot, routes: snapshot.routes.map((route) => ({ ...route, statistics: { ...route.statistics } as typeof route.statistics, steps: route.steps.map(step) })) };
}

/** A reload under way: prepared, and not yet agreed upon. */
interface Preparing {
  readonly before: GivenSources;
  readonly ready: () => void;
  readonly verdict: Promise<boolean>;
  readonly decide: (isAgreed: boolean) => void;
  readonly result: Promise<ReloadResult>;
}

/** This process's place among the workers: what the primary asks of it, and what it asks of the primary. */
export class WorkerSeat implements SeatedSources {
  given: GivenSources;
  isFirst: boolean;
  readonly store: RemoteStore;
  private readonly primary: ReturnType<typeof connectPrimary>;
  private readonly folder: string;
  private readonly print: Printer;
  private readonly program: AdminProgram;
  private mecha: Mecha | null = null;
  private preparing: Preparing | null = null;
  private readonly handovers = new Map<string, Server>();
  private readonly traces = new Map<number, () => void>();
  private isDrained = true;
  private onStopped: (isDrained: boolean) => void = () => undefined;
  /** Resolves when the primary has stopped this worker. */
  readonly stopped: Promise<boolean>;

  private constructor(primary: ReturnType<typeof connectPrimary>, { isFirst, isDurable, given, folder }: Assignment, print: Printer, program: AdminProgram) {
    this.primary = primary;
    this.isFirst = isFirst;
    this.given = given;
    this.folder = folder;
    this.print = print;
    this.program = program;
    this.store = new RemoteStore(primary, isDurable);
    this.stopped = new Promise((resolve) => (this.onStopped = resolve));
  }

  static async take(print: Printer, program: AdminProgram): Promise<WorkerSeat> {
    let seat: WorkerSeat | null = null;
    const primary = connectPrimary(() => seat!.calls());
    seat = new WorkerSeat(primary, await primary.hello(), print, program);
    return seat;
  }

  /** Its routes run. */
  async started(mecha: Mecha): Promise<void> {
    this.mecha = mecha;
    await this.handOver();
    await this.primary.started(mecha.runtime.modulePaths);
  }

  async failed(printed: string): Promise<void> {
    await this.primary.failed(printed);
  }

  async agree(): Promise<boolean> {
    const { preparing } = this;
    if (preparing === null) return true;
    preparing.ready();
    return preparing.verdict;
  }

  parked(routeId: string, due: number): void {
    void this.primary.parked(routeId, due);
  }

  socketOf(host: string, port: number): string {
    return handoverSocket(this.folder, host, port);
  }

  whole(): Promise<Whole> {
    return this.primary.whole();
  }

  private calls(): WorkerCalls {
    const running = (): Mecha => {
      if (this.mecha === null) throw new ApiError(503, 'the worker is starting');
      return this.mecha;
    };
    return {
      prepare: (given, reason) => this.prepare(running(), given, reason),
      conclude: (isAgreed) => this.conclude(isAgreed),
      becomeFirst: async () => {
        this.isFirst = true;
        const { result, problems } = await running().reload(undefined, 'the first worker has gone');
        if (result === 'rejected') throw new Error(this.print(problems));
        running().runtime.takeUpParked();
        await this.handOver();
      },
      expectParked: (routeId, due) => this.mecha?.runtime.expectParked(routeId, due),
      snapshot: () => plain(running().snapshot),
      processMetrics: () => running().metrics.ofProcess(),
      modules: () => running().runtime.modulePaths,
      admin: (request) => this.admin(running(), request, none),
      trace: async (id, url) => {
        const lines: LineSink = {
          ...none,
          write: (line) => void this.primary.traced.asEvent(id, line),
          on: (_event, end) => this.traces.set(id, end),
        };
        const answer = await this.admin(running(), { method: 'GET', url, body: '' }, lines);
        return answer.status === 0 ? null : answer;
      },
      untrace: (id) => {
        this.traces.get(id)?.();
        this.traces.delete(id);
      },
      stop: async () => {
        const isDrained = (await this.mecha?.stop()) ?? true;
        for (const server of this.handovers.values()) server.close();
        this.isDrained = isDrained;
        return isDrained;
      },
      end: () => this.onStopped(this.isDrained),
    };
  }

  private async admin(mecha: Mecha, request: AdminRequest, lines: LineSink): Promise<Answer> {
    try {
      return (await answerAdmin(mecha, this.program, request, lines)) ?? { status: 0, body: null };
    } catch (thrown) {
      return { status: thrown instanceof ApiError ? thrown.status : 500, body: { error: (thrown as Error).message } };
    }
  }

  private async prepare(mecha: Mecha, given: GivenSources, reason: string): Promise<Prepared> {
    let ready = (): void => undefined;
    let decide: (isAgreed: boolean) => void = () => undefined;
    const isPrepared = new Promise<void>((resolve) => (ready = resolve));
    const verdict = new Promise<boolean>((resolve) => (decide = resolve));
    const before = this.given;
    this.given = given;
    // Known before the reload begins, which asks for it.
    const preparing = { before, ready, verdict, decide, result: null as unknown as Promise<ReloadResult> };
    this.preparing = preparing;
    preparing.result = mecha.reload(undefined, reason);
    const early = await Promise.race([isPrepared.then(() => null), preparing.result]);
    if (early === null) return { isReady: true, view: null, printed: '' };
    return this.finished(preparing, early);
  }

  private async conclude(isAgreed: boolean): Promise<Prepared> {
    const { preparing } = this;
    if (preparing === null) throw new Error('no reload is under way');
    preparing.decide(isAgreed);
    const finished = this.finished(preparing, await preparing.result);
    await this.handOver();
    return finished;
  }

  private finished(preparing: Preparing, result: ReloadResult): Prepared {
    if (this.preparing === preparing) this.preparing = null;
    const isReady = result.result !== 'rejected';
    if (!isReady) this.given = preparing.before;
    return { isReady, view: reloadView(result), printed: this.print(result.problems) };
  }

  /** The first takes, beside its own connections, those of the requests that the others hand on. */
  private async handOver(): Promise<void> {
    if (!this.isFirst || this.mecha === null) return;
    const { mecha } = this;
    for (const { host, wantedPort } of mecha.listeners.all()) {
      const path = this.socketOf(host, wantedPort);
      if (this.handovers.has(path)) continue;
      rmSync(path, { force: true });
      const server = createServer((connection) => mecha.listeners.at(host, wantedPort).accept(connection));
      this.handovers.set(path, server);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        // `exclusive`: the primary must not keep it for a worker that comes after this one.
        server.listen({ path, exclusive: true }, resolve);
      });
      chmodSync(path, 0o600);
    }
  }
}

const none: LineSink = {
  writableLength: 0,
  writeHead: (() => undefined) as unknown as LineSink['writeHead'],
  flushHeaders: () => undefined,
  write: () => undefined,
  on: () => undefined,
};

/** Calls over the channel that a worker has to its primary. */
function connectPrimary(calls: () => WorkerCalls) {
  const worker = cluster.worker!;
  const lazily = new Proxy({} as WorkerCalls, { get: (_, name) => (calls() as unknown as Record<string | symbol, unknown>)[name] });
  return createBirpc<PrimaryCalls, WorkerCalls>(lazily, {
    post: (data) => void worker.send(data as object),
    on: (receive) => void worker.on('message', receive),
    timeout: -1,
    bind: 'functions',
  });
}

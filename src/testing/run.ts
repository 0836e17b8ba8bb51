import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { getActiveResourcesInfo } from 'node:process';
import { pathToFileURL } from 'node:url';
import { systemClock, VirtualClock } from '../core/clock.ts';
import type { Diagnostic, Span } from '../core/diagnostics.ts';
import { Diagnostics, LoadError } from '../core/diagnostics.ts';
import { Events } from '../core/events.ts';
import { ExchangeError } from '../core/errors.ts';
import { Exchange, isUnhandled } from '../core/exchange/exchange.ts';
import { isPromise } from '../core/graph/flow.ts';
import { Headers } from '../core/exchange/headers.ts';
import { HttpListeners } from '../core/http/listener.ts';
import { writeJson } from '../core/conversion/json.ts';
import type { ExpressionModel } from '../dsl/model.ts';
import type { StepSnapshot } from '../observe/snapshot.ts';
import { Mecha } from '../runtime/mecha.ts';
import { standardParts } from '../runtime/standard.ts';
import { MemoryStore } from '../stores/memory.ts';
import type { TestFolders } from './folders.ts';
import type { Entries, ExpectSaid, MockExpectation, MockSaid, RequestSaid, SendSaid, StateExpectation, StepSaid, SurroundingSaid, TestFileSaid, TestSaid } from './format.ts';
import { actions, stepsOf } from './format.ts';
import { sendTo } from './http.ts';
import type { CompilePredicate, Mismatch } from './match.ts';
import { bodyIs, checkException, checkMessage, containing, differs, plainValue, shown } from './match.ts';
import type { TestMock } from './mocks.ts';
import { TestMocks } from './mocks.ts';
import type { Snapshots } from './snapshots.ts';
import { aggregatesOf, entriesOf, groupsOf, idsIn } from './state.ts';

/** How much virtual time may pass until a reply is there, and how long a test may really take. */
const usualTimeoutMillis = 60_000;
const usualLimitMillis = 10_000;
/** Nothing at all is under way for so long: nothing will be. */
const quietMillis = 250;

export interface RunOptions {
  /** Folder of the project: modules and resources of routes are found from here. */
  readonly folder: string;
  /** The test file's path. */
  readonly path: string;
  /** What it tests: paths. */
  readonly routes: readonly string[];
  readonly configuration?: string | null;
  readonly properties?: Readonly<Record<string, string>>;
  readonly snapshots: Snapshots;
  readonly folders: TestFolders;
  /** How long the test may really take. */
  readonly limitMillis: number;
  /** Is told what the test is about to do. */
  readonly onStep?: (doing: string) => void;
}

/** How long a test may really take: what it says, its file, the caller. */
export const limitOf = (file: TestFileSaid, test: TestSaid, given?: number): number => test.limit ?? file.limit ?? given ?? usualLimitMillis;

export interface Failure extends Mismatch {
  /** What failed in the routes during the step: `file:line:column: message`. */
  readonly meanwhile?: readonly string[];
  readonly problems?: readonly Diagnostic[];
}

/** What ran how often, by where it stands. */
export interface StepCount {
  readonly routeId: string;
  readonly stepId: string;
  readonly label: string;
  readonly at: string;
  count: number;
}

export interface TestResult {
  readonly name: string;
  readonly at: Span;
  readonly failures: readonly Failure[];
  readonly millis: number;
  readonly steps: readonly StepCount[];
  /** The files of routes that could not even be loaded. */
  readonly isBroken: boolean;
  /** It was cut: something of it may still be at work in its thread. */
  readonly wasCut: boolean;
}

/** Thrown where a test can't go on. */
class Ended extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Operations of the system that no clock counts; threads and processes may be there before a test begins. */
const operations = /^(FSReq|CloseReq|GetAddrInfo|TCPConnect|PipeConnect|WriteWrap|ShutdownWrap|Immediate|Zlib)/;
const companions = /^(MessagePort|Worker|ProcessWrap)/;

const countOf = (kind: RegExp): number => {
  let count = 0;
  for (const name of getActiveResourcesInfo()) if (kind.test(name)) count++;
  return count;
};

/** Runs one test from nothing to nothing: its own routes, mocks, files and state. */
export async function runTest(file: TestFileSaid, test: TestSaid, options: RunOptions): Promise<TestResult> {
  const started = performance.now();
  const limit = options.limitMillis;
  const run = new TestRun(file, test, options);
  let timer: { cancel(): void } | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = systemClock.schedule(limit, () => resolve('late'));
  });
  const work = run.run();
  const ended = await Promise.race([work, late]);
  if (ended === 'late') {
    run.cut(limit);
    // It ends by itself now, or never.
    await Promise.race([work, new Promise((resolve) => systemClock.schedule(500, () => resolve(undefined)))]);
  }
  timer?.cancel();
  return { name: test.name, at: test.places['name'] ?? test.at, failures: run.failures, millis: performance.now() - started, steps: run.steps, isBroken: run.isBroken, wasCut: ended === 'late' };
}

/** Keeps what is in it when the routes start again, as the store that they usually have. */
class KeptStore extends MemoryStore {
  override readonly isDurable = true;

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

interface Sent {
  readonly what: string;
  exchange: Exchange | null;
  isDone: boolean;
  outcome: 'acknowledged' | 'deadLettered' | 'rejected' | null;
  /** It failed and no error handler took it, whatever became of it then. */
  hasFailed: boolean;
  error: Error | null;
}

class TestRun {
  readonly failures: Failure[] = [];
  steps: StepCount[] = [];
  isBroken = false;
  private readonly file: TestFileSaid;
  private readonly test: TestSaid;
  private readonly options: RunOptions;
  private readonly clock: VirtualClock;
  private readonly mocks: TestMocks;
  private readonly folder: string;
  private readonly companionsBefore = countOf(companions);
  private readonly logs: string[] = [];
  private readonly store: KeptStore;
  private readonly sent = new Map<string, Sent>();
  private readonly timeout: number;
  private mecha: Mecha | null = null;
  private doing = 'starting the routes';
  private isCut = false;
  private snapshotCount = 0;
  /** Where messages failed during the step, and why. */
  private meanwhile: string[] = [];

  constructor(file: TestFileSaid, test: TestSaid, options: RunOptions) {
    this.file = file;
    this.test = test;
    this.options = options;
    const start = test.clock ?? file.clock;
    this.clock = new VirtualClock(start === undefined ? undefined : Date.parse(start), () => this.isBusy);
    const mocks = this.merged((said) => said.mocks);
    const said = [mocks, ...stepsOf(test).map(({ change }) => change?.of ?? new Map<string, MockSaid>())];
    this.mocks = new TestMocks(this.clock, standardParts.connectors, mocks, new Set(said.flatMap((entries) => [...entries].flatMap(([name, { real }]) => (real ? [name] : [])))));
    this.folder = options.folders.take();
    this.store = new KeptStore(this.clock);
    this.timeout = test.timeout ?? file.timeout ?? usualTimeoutMillis;
  }

  private get isBusy(): boolean {
    return !this.isCut && (countOf(operations) > 0 || countOf(companions) > this.companionsBefore);
  }

  /** What the file says, and the test over it. */
  private merged<T>(entries: (said: SurroundingSaid) => Entries<T> | undefined): Map<string, T> {
    return new Map([...(entries(this.file)?.of ?? []), ...(entries(this.test)?.of ?? [])]);
  }

  cut(limitMillis: number): void {
    this.isCut = true;
    const inFlight = this.mecha?.runtime.inFlight ?? 0;
    this.failures.push({
      message: `the test did not end within ${limitMillis} ms and was cut: it was ${this.doing}; ${this.clock.waiting} timer${this.clock.waiting === 1 ? '' : 's'} and ${inFlight} message${inFlight === 1 ? '' : 's'} were under way, and the routes' clock stood at ${new Date(this.clock.now()).toISOString()}`,
      at: this.test.places['name'] ?? this.test.at,
    });
    this.clock.end();
    this.mocks.release();
  }

  async run(): Promise<void> {
    try {
      await this.start();
      this.checkExpressions();
      if (this.failures.length === 0) for (const step of stepsOf(this.test)) await this.step(step);
      this.checkUnmocked();
    } catch (thrown) {
      if (thrown instanceof Ended) this.failures.push(thrown.failure);
      else if (thrown instanceof LoadError) {
        this.isBroken = true;
        this.failures.push({ message: 'the routes can not be loaded', at: this.test.places['name'] ?? this.test.at, problems: thrown.diagnostics });
      } else if (!this.isCut) this.failures.push({ message: `the test broke while it was ${this.doing}: ${(thrown as Error).stack ?? String(thrown)}`, at: this.test.at });
    } finally {
      await this.stop();
      this.clock.end();
      this.options.folders.giveBack(this.folder, this.isCut);
    }
  }

  // ---------------------------------------------------------------------------------------------- life

  private async start(): Promise<void> {
    const events = new Events();
    events.on('log', ({ message }) => void this.logs.push(message));
    events.on('exchangeFailed', ({ routeId, step, error }) => {
      const place = `${step?.at ?? routeId}: ${error.message.replace(/\s+/g, ' ').slice(0, 300)}`;
      if (!this.meanwhile.includes(place)) this.meanwhile.push(place);
    });
    const listeners = new HttpListeners(this.clock, { binds: false });
    const beans: Record<string, unknown> = {};
    for (const path of [...(this.file.beans ?? []), ...(this.test.beans ?? [])]) Object.assign(beans, await import(pathToFileURL(this.beside(path)).href));
    const properties = this.merged((said) => said.properties);
    this.mecha = await Mecha.start({
      routes: this.options.routes,
      folder: this.options.folder,
      ...(this.options.configuration === undefined ? {} : { configuration: this.options.configuration }),
      properties: { ...this.options.properties, ...Object.fromEntries(properties), 'test.folder': this.folder },
      settings: { watch: false, ...Object.fromEntries([...this.merged((said) => said.settings)].map(([key, value]) => [key, value])), 'state.store': 'memory', 'management.enabled': false, 'admin.enabled': false, 'http.port': 0 },
      environment: Object.fromEntries(this.merged((said) => said.environment)),
      beans,
      clock: this.clock,
      events,
      store: this.store,
      standIns: this.mocks,
      filesDir: this.folder,
      shared: { 'http-listeners': listeners },
    });
    const { languages } = this.mecha.runtime;
    this.mocks.compile = (model) => languages.compile(model, new Diagnostics());
    await this.clock.settle();
  }

  private async stop(): Promise<void> {
    const { mecha } = this;
    if (mecha === null) return;
    this.steps.push(...countsOf(mecha));
    this.mecha = null;
    this.mocks.release();
    let isStopped = false;
    const stopping = mecha.stop(0).then(
      () => (isStopped = true),
      () => (isStopped = true),
    );
    await Promise.race([stopping, new Promise<void>((resolve) => setImmediate(resolve))]);
    for (let turns = 0; !isStopped && turns < 1000; turns++) {
      await this.clock.settle();
      if (!isStopped && !(await this.clock.advanceToNext()) && (turns > 50 || this.isCut)) return;
    }
  }

  private beside(path: string): string {
    return resolve(dirname(this.options.path), this.fill(path));
  }

  /** Placeholders in names of endpoints and files. */
  private fill(text: string): string {
    return text.replace(/\{\{([\w.-]+)\}\}/g, (whole, key: string) => (key === 'test.folder' ? this.folder : (this.mecha?.runtime.property(key) ?? whole)));
  }

  // ---------------------------------------------------------------------------------------------- checks before it begins

  /** Expressions of the test itself are wrong or right before anything is sent. */
  private checkExpressions(): void {
    const problems = new Diagnostics();
    const { languages } = this.mecha!.runtime;
    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      if ((value as { type?: unknown }).type === 'expression') languages.compile(value as ExpressionModel, problems);
      else if (value instanceof Map) value.forEach(visit);
      else if (Array.isArray(value)) value.forEach(visit);
      else for (const [key, item] of Object.entries(value)) if (key !== 'at' && key !== 'places' && key !== 'body') visit(item);
    };
    for (const step of stepsOf(this.test)) visit(step);
    visit(this.test.mocks);
    visit(this.file.mocks);
    if (problems.hasErrors) this.failures.push({ message: 'an expression of the test is wrong', at: this.test.at, problems: problems.sorted() });
  }

  /** A message that reached out where no mock stands may have been lost in an error handler. */
  private checkUnmocked(): void {
    const expected = new Set(stepsOf(this.test).flatMap(({ expect }) => [...(expect?.mocks?.of.keys() ?? [])]));
    for (const name of new Set(this.mocks.unmocked)) {
      if (expected.has(name)) continue;
      this.failures.push({
        message: `a message went to \`${name}\`, which is outside of the program, and the test has no mock for it: add \`${name}: {}\` under \`mocks\``,
        at: this.test.places['name'] ?? this.test.at,
        route: [...(this.mocks.get(name)?.senders ?? [])],
      });
    }
  }

  // ---------------------------------------------------------------------------------------------- steps

  private async step(step: StepSaid): Promise<void> {
    if (this.isCut) return;
    const action = actions.find((key) => step.places[key] !== undefined);
    if (action !== undefined) {
      this.doing = `at \`${action}\` in line ${step.places[action]!.source.position(step.places[action]!.start).line}`;
      this.options.onStep?.(this.doing);
    }
    const before = this.failures.length;
    this.meanwhile = [];
    let sent: Sent | null = null;
    let isWaiting = true;
    if (step.send !== undefined) {
      sent = await this.send(step.send);
      isWaiting = step.send.as === undefined;
    } else if (step.request !== undefined) {
      sent = this.request(step.request);
      isWaiting = step.request.as === undefined;
    } else if (step.await !== undefined) sent = this.sent.get(step.await)!;
    else if (step.file !== undefined) this.putFile(step.file);
    else if (step.advance !== undefined) await this.clock.advance(step.advance);
    else if (step.change !== undefined) this.change(step.change);
    else if (step.suspend !== undefined) await this.route(step.suspend, step.places['suspend']!).suspend();
    else if (step.resume !== undefined) await this.route(step.resume, step.places['resume']!).resume();
    else if (step.restart) await this.restart();
    if (sent !== null && isWaiting) await this.replied(sent, step);
    await this.clock.settle();
    if (this.isCut) return;
    if (step.expect !== undefined) await this.expect(step.expect);
    // What comes after a step that went wrong would only be its echo.
    if (this.failures.length > before) throw new Ended(this.explained(this.failures.pop()!));
  }

  /** With what failed in the routes meanwhile, unless the failure tells it already. */
  private explained(failure: Failure): Failure {
    const more = this.meanwhile.filter((place) => !failure.message.includes(place.slice(place.indexOf(': ') + 2)));
    return more.length === 0 ? failure : { ...failure, meanwhile: more.slice(0, 3) };
  }

  private async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  private route(id: string, at: Span) {
    const route = this.mecha!.runtime.routes.get(id);
    if (route === undefined) throw new Ended({ message: `there is no route \`${id}\`; the routes are ${[...this.mecha!.runtime.routes.keys()].map((one) => `\`${one}\``).join(', ')}`, at });
    return route;
  }

  private change(said: Entries<Parameters<TestMock['change']>[0]>): void {
    for (const [name, behaviour] of said.of) {
      const mock = this.mocks.get(name);
      if (mock === undefined || mock.isAutomatic) throw new Ended({ message: `\`${name}\` can't change: it does not stand under \`mocks\``, at: said.places[name] ?? said.at });
      mock.change(behaviour);
    }
  }

  private putFile({ path, text, from, remove }: NonNullable<StepSaid['file']>): void {
    const target = resolve(this.folder, this.fill(path));
    if (remove) return rmSync(target, { recursive: true, force: true });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, from === undefined ? bytesOf(text) : readFileSync(this.beside(from)));
    // Its age counts by the routes' clock, too.
    utimesSync(target, this.clock.now() / 1000, this.clock.now() / 1000);
  }

  private async bodyOf(said: { readonly body?: unknown; readonly file?: string; readonly expression?: ExpressionModel; readonly places: Readonly<Record<string, Span>> }): Promise<unknown> {
    if (said.file !== undefined) {
      try {
        return readFileSync(this.beside(said.file));
      } catch (thrown) {
        throw new Ended({ message: `the file can't be read: ${(thrown as Error).message}`, at: said.places['file'] ?? null });
      }
    }
    if (said.expression !== undefined) {
      const value = this.mecha!.runtime.languages.compile(said.expression, new Diagnostics())(new Exchange(this.mecha!.runtime));
      return isPromise(value) ? await value : value;
    }
    return said.body ?? null;
  }

  private async send(said: SendSaid): Promise<Sent> {
    const { runtime } = this.mecha!;
    const sent: Sent = { what: 'the reply', exchange: null, isDone: false, outcome: null, hasFailed: false, error: null };
    if (said.as !== undefined) this.sent.set(said.as, sent);
    const body = await this.bodyOf(said);
    const headers = Object.fromEntries(said.headers?.of ?? []);
    const properties = Object.fromEntries(said.properties?.of ?? []);
    const variables = Object.fromEntries(said.variables?.of ?? []);
    if (said.to !== undefined) {
      void runtime.send(this.fill(said.to), body, { headers, properties, variables, isInOut: said.pattern !== 'InOnly' }).then((exchange) => {
        sent.exchange = exchange;
        sent.hasFailed = isUnhandled(exchange);
        sent.isDone = true;
      });
      return sent;
    }
    const route = this.route(said.route!, said.places['route']!);
    const exchange = route.exchange(body, Headers.from(headers), said.pattern === 'InOut');
    for (const [name, value] of Object.entries(properties)) exchange.properties.set(name, value);
    for (const [name, value] of Object.entries(variables)) exchange.setVariable(name, value);
    route.push(exchange, {
      // As timers, queues and topics: what nobody handles goes to the dead letters.
      wouldLose: said.pattern !== 'InOut',
      left: (leaving) => {
        sent.hasFailed = isUnhandled(leaving);
      },
      settle: (settled) => {
        sent.exchange = settled;
        sent.hasFailed ||= isUnhandled(settled);
        sent.outcome = isUnhandled(settled) ? 'rejected' : sent.hasFailed ? 'deadLettered' : 'acknowledged';
        sent.isDone = true;
      },
    });
    return sent;
  }

  private request(said: RequestSaid): Sent {
    const sent: Sent = { what: 'the reply', exchange: null, isDone: false, outcome: null, hasFailed: false, error: null };
    if (said.as !== undefined) this.sent.set(said.as, sent);
    const all = this.mecha!.listeners.all();
    const listener = said.port === undefined ? all[0] : all.find(({ port }) => port === said.port);
    if (listener === undefined) throw new Ended({ message: said.port === undefined ? 'no route listens for HTTP requests' : `no route listens on port ${said.port}`, at: said.at });
    let body: Buffer | null = null;
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of said.headers?.of ?? []) headers[name] = Array.isArray(value) ? value.map(String) : String(value);
    if (said.file !== undefined) body = readFileSync(this.beside(said.file));
    else if (said.body !== undefined && said.body !== null) {
      body = bytesOf(said.body);
      if (typeof said.body === 'object' && !Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')) headers['Content-Type'] = 'application/json';
    }
    void sendTo(listener, (said.method ?? (body === null ? 'GET' : 'POST')).toUpperCase(), this.fill(said.path), headers, body).then(
      (reply) => {
        const exchange = new Exchange(this.mecha?.runtime, reply.body.toString('utf8'), new Headers());
        for (const [name, value] of reply.headers) exchange.headers.set(name, value);
        exchange.headers.set('CamelHttpResponseCode', reply.status);
        sent.exchange = exchange;
        sent.isDone = true;
      },
      (thrown: Error) => {
        sent.error = thrown;
        sent.isDone = true;
      },
    );
    return sent;
  }

  /** Lets time pass until the reply is there, and looks at it. */
  private async replied(sent: Sent, step: StepSaid): Promise<void> {
    const at = step.places['send'] ?? step.places['request'] ?? step.places['await'] ?? step.at;
    if (!(await this.until(() => sent.isDone))) {
      if (this.isCut) return;
      throw new Ended({ message: `no reply came ${this.lastReason}`, at });
    }
    const { reply } = step;
    if (sent.error !== null) throw new Ended({ message: `the request failed: ${sent.error.message}`, at });
    const exchange = sent.exchange!;
    const failed = checkException(sent.outcome === null ? 'the exchange' : 'the delivery', reply?.exception, exchange, at, sent.hasFailed);
    // A delivery that is said to end so may fail with anything.
    const maySo = reply?.outcome !== undefined && reply.outcome !== 'acknowledged' && reply.exception === undefined;
    if (failed !== null && !maySo) this.failures.push(failed);
    const status = exchange.headers.get('CamelHttpResponseCode');
    if (step.send === undefined && reply?.status === undefined && Number(status) >= 500) {
      this.failures.push({ message: `the request was answered with ${String(status)}: ${shown(exchange.body)}`, at, actual: status });
      return;
    }
    if (reply === undefined) return;
    if (reply.status !== undefined && Number(status) !== reply.status) {
      this.failures.push({ message: `the status is ${String(status ?? 'not there')}, not ${reply.status}; the body is ${shown(exchange.body)}`, at: reply.places['status']!, expected: reply.status, actual: status ?? null });
    }
    if (reply.outcome !== undefined && sent.outcome !== reply.outcome) {
      this.failures.push({ message: sent.outcome === null ? '`outcome` is only known where `send` names a `route`' : `the delivery was ${sent.outcome}, not ${reply.outcome}${exchange.exception === null ? '' : `: ${exchange.exception.message}`}`, at: reply.places['outcome']!, expected: reply.outcome, actual: sent.outcome });
    }
    this.failures.push(...(await checkMessage(sent.what, reply, exchange, this.compile)));
    if (reply.snapshot) this.snapshot('reply', reply.places['snapshot']!, messageOf(exchange));
  }

  private lastReason = '';

  private async until(isDone: () => boolean): Promise<boolean> {
    const end = this.clock.now() + this.timeout;
    await this.clock.settle();
    let quiet: number | null = null;
    while (!isDone()) {
      if (this.isCut) return false;
      if (await this.clock.advanceToNext(end)) {
        quiet = null;
        continue;
      }
      if (this.clock.now() >= end || this.clock.waiting > 0) {
        this.lastReason = `within ${this.timeout} ms of the routes' time; set \`timeout\` if that is too little`;
        return isDone();
      }
      // Nothing waits for time: what is under way is under way in reality.
      quiet ??= performance.now();
      if (performance.now() - quiet > quietMillis) {
        this.lastReason = 'and nothing is under way that could bring one';
        return false;
      }
      await new Promise<void>((resolve) => void systemClock.schedule(1, resolve));
      await this.clock.settle();
    }
    return true;
  }

  private readonly compile: CompilePredicate = (model) => this.mecha!.runtime.languages.compilePredicate(model, new Diagnostics());

  // ---------------------------------------------------------------------------------------------- expectations

  private async expect(said: ExpectSaid): Promise<void> {
    for (const [name, expected] of said.mocks?.of ?? []) await this.expectMock(name, expected, said.mocks!.places[name] ?? said.at);
    if (said.order !== undefined) this.expectOrder(said.order, said.places['order']!);
    for (const [name, wanted] of said.variables?.of ?? []) {
      const value = new Exchange(this.mecha!.runtime).variable(name.includes(':') ? name : `global:${name}`);
      if (!bodyIs(value, wanted)) this.failures.push(differs(`the variable \`${name}\``, said.variables!.places[name] ?? said.at, wanted, value));
    }
    for (const [prefix, wanted] of said.state?.of ?? []) await this.expectState(prefix, wanted, said.state!.places[prefix] ?? said.at);
    for (const [id, wanted] of said.groups?.of ?? []) await this.expectGroups(id, wanted, said.groups!.places[id] ?? said.at);
    for (const [name, wanted] of said.seen?.of ?? []) await this.expectSeen(name, wanted, said.seen!.places[name] ?? said.at);
    for (const [path, wanted] of said.files?.of ?? []) this.expectFile(path, wanted, said.files!.places[path] ?? said.at);
    for (const text of said.logs ?? []) {
      if (!this.logs.some((line) => line.includes(text))) this.failures.push({ message: `no log line contains ${shown(text)}; the last ones are ${shown(this.logs.slice(-3))}`, at: said.places['logs']!, expected: text, actual: this.logs.slice(-10) });
    }
    for (const [id, wanted] of said.routes?.of ?? []) {
      const { state } = this.route(id, said.routes!.places[id] ?? said.at);
      if (state !== wanted) this.failures.push({ message: `the route \`${id}\` is ${state}, not ${wanted}`, at: said.routes!.places[id] ?? said.at, expected: wanted, actual: state });
    }
    if (said.deadLetters !== undefined) await this.expectDeadLetters(said.deadLetters);
  }

  private async expectState(prefix: string, { count, keys, entries, places }: StateExpectation, at: Span): Promise<void> {
    const scope = this.mecha!.runtime;
    const found = await entriesOf(this.store, prefix, scope);
    const there = [...found.keys()];
    if (count !== undefined && there.length !== count) {
      this.failures.push({ message: `the state store has ${there.length === 1 ? '1 entry' : `${there.length} entries`} that begin with \`${prefix}\`, not ${count}${there.length === 0 ? '' : `: ${there.slice(0, 5).map((key) => prefix + key).join(', ')}`}`, at: places['count'] ?? at, expected: count, actual: there.length });
    }
    if (keys !== undefined && keys.join('\n') !== there.join('\n')) this.failures.push({ message: `the keys in the state store that begin with \`${prefix}\` are not as expected`, at: places['keys'] ?? at, expected: keys, actual: there, hasDiff: true });
    for (const [key, wanted] of entries?.of ?? []) {
      if (!found.has(key)) this.failures.push({ message: `the state store has no entry \`${prefix}${key}\`${there.length === 0 ? '' : `; those that begin with \`${prefix}\` go on with ${shown(there.slice(0, 5))}`}`, at: entries!.places[key] ?? at });
      else this.failures.push(...(await checkMessage(`the entry \`${prefix}${key}\``, wanted, new Exchange(scope, found.get(key)), this.compile)));
    }
  }

  private async expectGroups(id: string, wanted: Entries<MockExpectation>, at: Span): Promise<void> {
    const aggregates = aggregatesOf(this.mecha!);
    const prefix = aggregates.get(id);
    if (prefix === undefined) {
      this.failures.push({ message: `no aggregate has the id \`${id}\`${aggregates.size === 0 ? '' : `; the ids are ${[...aggregates.keys()].map((one) => `\`${one}\``).join(', ')}`}`, at });
      return;
    }
    const groups = await groupsOf(this.store, prefix, this.mecha!.runtime);
    for (const [key, expected] of wanted.of) await this.checkMessages(`the group \`${key}\` of \`${id}\``, 'has', expected, groups.get(key) ?? [], wanted.places[key] ?? at, []);
    const others = [...groups.keys()].filter((key) => !wanted.of.has(key));
    if (others.length > 0) this.failures.push({ message: `\`${id}\` has other open groups: ${others.slice(0, 5).map((key) => `\`${key}\` with ${messages(groups.get(key)!.length)}`).join(', ')}`, at, actual: others });
  }

  private async expectSeen(name: string, wanted: readonly string[], at: Span): Promise<void> {
    const repository = this.mecha!.runtime.bean(name.replace(/^#/, ''));
    const ids = repository === undefined ? null : await idsIn(repository);
    if (ids === null) this.failures.push({ message: repository === undefined ? `there is no bean \`${name}\`` : `\`${name}\` is no idempotent repository that tells what it holds`, at });
    else if (!isPermutation(wanted, ids, bodyIs)) this.failures.push({ message: `the ids in \`${name}\` are not as expected`, at, expected: [...wanted].sort(), actual: ids.sort(), hasDiff: true });
  }

  private async expectDeadLetters({ count, messages, at, places }: NonNullable<ExpectSaid['deadLetters']>): Promise<void> {
    const store = this.mecha!.deadLetters;
    const entries = store === null ? [] : (await store.list({ limit: 100_000 })).entries;
    const causes = entries.map(({ routeId, exception }) => `${routeId}: ${exception?.message ?? ''}`);
    const wanted = count ?? messages?.length;
    if (wanted !== undefined && entries.length !== wanted) {
      this.failures.push({ message: `there are ${entries.length} dead letters, not ${wanted}${causes.length === 0 ? '' : ` (${causes.slice(0, 3).join('; ')})`}`, at: places['count'] ?? at, expected: wanted, actual: entries.length });
      return;
    }
    for (const [index, message] of (messages ?? []).entries()) {
      const entry = await store!.get(entries[index]!.id);
      const exchange = new Exchange(this.mecha!.runtime, entry!.body, Headers.from(entry!.headers));
      for (const [name, value] of entry!.properties) exchange.properties.set(name, value);
      const what = `dead letter ${index + 1}`;
      this.failures.push(...(await checkMessage(what, message, exchange, this.compile)));
      if (message.route !== undefined && entry!.routeId !== message.route) this.failures.push(differs(`the route of ${what}`, message.places['route'] ?? message.at, message.route, entry!.routeId));
      if (message.exception === undefined) continue;
      if (entry!.exception !== null) exchange.fail(new ExchangeError(entry!.exception.type, entry!.exception.message));
      const other = checkException(what, message.exception, exchange, message.at);
      if (other !== null) this.failures.push({ ...other, ...(entry!.at === null ? {} : { route: [entry!.at] }) });
    }
  }

  private expectOrder(names: readonly string[], at: Span): void {
    const watched = new Set(names);
    const arrived = this.mocks.arrivals.filter((name) => watched.has(name));
    if (arrived.join('\n') !== names.join('\n')) this.failures.push({ message: 'messages came in another order', at, expected: names, actual: arrived, hasDiff: true });
  }

  private expectFile(path: string, said: { readonly text?: unknown; readonly contains?: unknown; readonly absent: boolean; readonly places: Readonly<Record<string, Span>> }, at: Span): void {
    let text: string | null = null;
    try {
      text = readFileSync(resolve(this.folder, this.fill(path)), 'utf8');
    } catch {
      // It is not there.
    }
    if (said.absent) {
      if (text !== null) this.failures.push({ message: `there is a file \`${path}\``, at, actual: text });
      return;
    }
    if (text === null) {
      this.failures.push({ message: `there is no file \`${path}\` in the folder of the test`, at });
      return;
    }
    if (said.text !== undefined && !bodyIs(text, said.text)) this.failures.push(differs(`the file \`${path}\``, said.places['text'] ?? at, said.text, text));
    if (said.contains === undefined) return;
    const missing = containing(`the file \`${path}\``, said.places['contains'] ?? at, said.contains, text);
    if (missing !== null) this.failures.push(missing);
  }

  private async expectMock(name: string, said: MockExpectation, at: Span): Promise<void> {
    const mock = this.mocks.get(name);
    if (mock === undefined) {
      const names = this.mocks.names;
      this.failures.push({ message: `\`${name}\` is no mock of this test${names.length === 0 ? '' : `; the mocks are ${names.map((one) => `\`${one}\``).join(', ')}`}: add it under \`mocks\``, at });
      return;
    }
    const { received } = mock.received;
    await this.checkMessages(`\`${name}\``, 'got', said, received, at, [...mock.senders]);
    if (said.snapshot) this.snapshot(name, said.places['snapshot'] ?? at, received.map(messageOf));
  }

  /** @param what got (has) the messages, as a failure names it */
  private async checkMessages(what: string, got: 'got' | 'has', said: MockExpectation, exchanges: readonly Exchange[], at: Span, route: readonly string[]): Promise<void> {
    const bodies = exchanges.map(({ body }) => plainValue(body));
    const place = (key: string): Span => said.places[key] ?? at;
    const list = said.bodies ?? said.messages;
    if (said.count !== undefined && exchanges.length !== said.count) {
      this.failures.push({ message: `${what} ${got} ${messages(exchanges.length)}, not ${said.count}${exchanges.length === 0 ? '' : `: ${shown(bodies)}`}`, at: place('count'), expected: said.count, actual: exchanges.length, route });
    }
    if (said.atLeast !== undefined && exchanges.length < said.atLeast) {
      this.failures.push({ message: `${what} ${got} ${messages(exchanges.length)}, fewer than ${said.atLeast}`, at: place('atLeast'), expected: said.atLeast, actual: exchanges.length, route });
    }
    if (said.bodies !== undefined) {
      const wanted = said.bodies.map(plainValue);
      const isSame = said.order === 'same' ? bodies.length === wanted.length && wanted.every((body, index) => bodyIs(exchanges[index]!.body, body)) : isPermutation(wanted, exchanges.map(({ body }) => body), bodyIs);
      if (!isSame) {
        const like = bodies.map((body, index) => (typeof wanted[index] === 'object' ? parsed(body) : body));
        this.failures.push({ message: exchanges.length === wanted.length ? `the bodies that ${what} ${got} are not as expected` : `${what} ${got} ${messages(exchanges.length)}, not ${wanted.length}`, at: place('bodies'), expected: wanted, actual: like, hasDiff: true, route });
      }
    }
    if (said.messages !== undefined) {
      if (exchanges.length !== said.messages.length) {
        this.failures.push({ message: `${what} ${got} ${messages(exchanges.length)}, not ${list!.length}${exchanges.length === 0 ? '' : `: ${shown(bodies)}`}`, at: place('messages'), expected: list!.length, actual: exchanges.length, route });
      } else {
        const left = [...exchanges];
        for (const [index, message] of said.messages.entries()) {
          if (said.order === 'same') {
            for (const mismatch of await checkMessage(`message ${index + 1} of ${what}`, message, exchanges[index]!, this.compile)) this.failures.push({ ...mismatch, route });
            continue;
          }
          let found = -1;
          for (let i = 0; i < left.length && found < 0; i++) if ((await checkMessage('', message, left[i]!, this.compile)).length === 0) found = i;
          if (found >= 0) left.splice(found, 1);
          else this.failures.push({ message: `no message of ${what} is like this; the others are ${shown(left.map(({ body }) => body))}`, at: message.at, actual: left.map(({ body }) => plainValue(body)), route });
        }
      }
    }
    if (said.every !== undefined) {
      for (const [index, exchange] of exchanges.entries()) {
        for (const mismatch of await checkMessage(`message ${index + 1} of ${what}`, said.every, exchange, this.compile)) this.failures.push({ ...mismatch, route });
      }
    }
  }

  private snapshot(what: string, at: Span, value: unknown): void {
    const key = `${this.test.name} > ${what}${++this.snapshotCount === 1 ? '' : ` ${this.snapshotCount}`}`;
    const before = this.options.snapshots.compare(key, value);
    if (before === undefined) this.failures.push({ message: `there is no snapshot of \`${what}\` yet: run with --update to take it`, at, actual: value });
    else if (before !== null) this.failures.push({ message: `\`${what}\` is not as in the snapshot; run with --update if it is right as it is`, at, expected: before.value, actual: value, hasDiff: true });
  }
}

const messages = (count: number): string => (count === 0 ? 'no messages' : count === 1 ? '1 message' : `${count} messages`);

const bytesOf = (value: unknown): Buffer => Buffer.from(typeof value === 'object' && value !== null ? writeJson(value) : String(value ?? ''));

function parsed(body: unknown): unknown {
  if (typeof body !== 'string') return body;
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return body;
  }
}

function isPermutation(wanted: readonly unknown[], actual: readonly unknown[], matches: (actual: unknown, wanted: unknown) => boolean): boolean {
  const left = [...actual];
  for (const one of wanted) {
    const at = left.findIndex((candidate) => matches(candidate, one));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return left.length === 0;
}

/** Headers whose values are another one at every run. */
const volatile = /^(Date|breadcrumbId|Connection|Keep-Alive|Transfer-Encoding|CamelMessageTimestamp)$/i;

function messageOf(exchange: Exchange): unknown {
  const headers: Record<string, unknown> = {};
  exchange.headers.forEach((name, value) => {
    if (!volatile.test(name)) headers[name] = plainValue(value);
  });
  return { body: parsed(plainValue(exchange.body)), headers };
}

function countsOf(mecha: Mecha): StepCount[] {
  const counts: StepCount[] = [];
  for (const { routeId, steps } of mecha.snapshot.routes) {
    const visit = (list: readonly StepSnapshot[]): void => {
      for (const { info, statistics, children } of list) {
        if (info.at !== null) counts.push({ routeId, stepId: info.stepId, label: info.label, at: info.at, count: statistics.total });
        visit(children);
      }
    };
    visit(steps);
  }
  return counts;
}


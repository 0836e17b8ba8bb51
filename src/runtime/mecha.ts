import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import type { Diagnostic } from '../core/diagnostics.ts';
import { Diagnostics, LoadError, Source } from '../core/diagnostics.ts';
import type { EventName, EventMap } from '../core/events.ts';
import type { ConnectorDefinition } from '../core/connector.ts';
import type { AggregationStrategy, DataFormatDefinition, EipDefinition, LanguageDefinition } from '../core/definition.ts';
import { Events } from '../core/events.ts';
import { ExchangeError } from '../core/errors.ts';
import { makeFolder } from '../core/folder.ts';
import { Exchange, FAILED, HANDLED } from '../core/exchange/exchange.ts';
import { Headers } from '../core/exchange/headers.ts';
import type { HttpListeners } from '../core/http/listener.ts';
import { httpListeners } from '../core/http/listener.ts';
import type { StateStore } from '../core/state/store.ts';
import { NewerStoreError } from '../core/state/store.ts';
import { Mocks } from '../connectors/mock.ts';
import type { MockEndpoint } from '../connectors/mock.ts';
import type { PropertyLookup } from '../dsl/placeholders.ts';
import { fillPlaceholders, propertyLookup } from '../dsl/placeholders.ts';
import type { Parts } from '../dsl/read.ts';
import { Metrics } from '../observe/metrics.ts';
import type { RuntimeSnapshot } from '../observe/snapshot.ts';
import { live, ready } from '../observe/health.ts';
import { DeadLetterStore } from '../stores/deadletters.ts';
import { DeferredStore } from '../stores/deferred.ts';
import { MemoryStore } from '../stores/memory.ts';
import type { Configuration } from './configuration.ts';
import { javaProperties } from './javaProperties.ts';
import { catalogueIn } from './kameletCatalogue.ts';
import { configurationFiles, liveConfiguration, readConfiguration } from './configuration.ts';
import { readSources, routeFiles } from './files.ts';
import type { Progress } from './documents.ts';
import { openManagement } from './management.ts';
import type { ReloadResult, RouteDescription, SendOptions } from './runtime.ts';
import { Runtime } from './runtime.ts';
import { partsWith } from './standard.ts';
import type { Seat } from './sharing.ts';
import type { StandIns } from './standIns.ts';
import { Resources } from './resources.ts';
import { snapshotOf } from './snapshots.ts';

/** How long what came while the routes started goes before what is done behind it. */
const doorMillis = 10;

/** A definition with options of its own, whatever they are: its code is only called with what its options have been checked for. */
export type AnyDefinition<D> = { readonly [K in keyof D]: WithAnyArguments<D[K]> };

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type WithAnyArguments<T> = T extends (...args: any[]) => infer R ? (...args: any[]) => R : T;

export interface MechaOptions {
  /**
   * Routes: YAML text (anything with a line break, or that begins as a list or map does: `- from: ...`), or paths of files, folders and globs. Absent: what `mecha.yaml` names, or nothing.
   */
  readonly routes?: string | readonly string[];
  /** Values of property placeholders; they win over those of files and the environment. */
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  /** Beans by name: objects, functions, instances of classes. */
  readonly beans?: Readonly<Record<string, unknown>>;
  /** Settings by dotted key (`http.port`), over those of `mecha.yaml`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Folder in which `mecha.yaml` is looked for and at which relative paths start; the process's own when absent. */
  readonly folder?: string;
  /** A configuration file in place of `mecha.yaml`; null: none is read. */
  readonly configuration?: string | null;
  /** Environment for `{{env:X}}` and `MECHA_*`; empty when absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly clock?: Clock;
  readonly events?: Events;
  /** One's own connectors, beside the built-in ones or in their place: what `defineConnector` gives. */
  readonly connectors?: readonly AnyDefinition<ConnectorDefinition>[];
  /** One's own steps: what `defineEip` gives. */
  readonly eips?: readonly AnyDefinition<EipDefinition>[];
  /** One's own expression languages: what `defineLanguage` gives. */
  readonly languages?: readonly AnyDefinition<LanguageDefinition>[];
  /** One's own data formats: what `defineDataFormat` gives. */
  readonly dataFormats?: readonly AnyDefinition<DataFormatDefinition>[];
  /** Aggregation strategies by the name that routes say (`aggregationStrategy: name`): of exchanges, or functions of the body so far (null at first) and the next one. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly aggregationStrategies?: Readonly<Record<string, AggregationStrategy | ((body: any, next: any) => unknown)>>;
  /** Parts by the keys of YAML, beside or in place of the built-in ones. */
  readonly parts?: Partial<Parts>;
  /** Where state lives, in place of what the settings say. */
  readonly store?: StateStore;
  /** What stands for endpoints and steps in their place: tests of routes. */
  readonly standIns?: StandIns;
  /** Where relative paths of `file:` endpoints start, in place of `folder`. */
  readonly filesDir?: string;
  /** Things that endpoints share, made before. */
  readonly shared?: Readonly<Record<string, unknown>>;
  /** Present: this is one of several processes that share the work; routes and configuration are those that all of them have been given. */
  readonly seat?: SeatedSources;
}

/** A seat, with what the processes read in place of the disk. */
export interface SeatedSources extends Seat {
  readonly given: GivenSources;
}

export interface GivenSources {
  readonly sources: readonly { readonly file: string; readonly text: string }[];
  /** Texts of the configuration's files; one that is missing is not there. */
  readonly configuration: Readonly<Record<string, string>>;
}

/** A message for an expression. */
export interface EvaluateOptions extends MechaOptions {
  readonly language?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly exchangeProperties?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** Reads it as a condition. */
  readonly isPredicate?: boolean;
  /** Converts the value, such as `Integer`. */
  readonly resultType?: string;
}

/** Everything that a running Mecha is made of; the command line and embedders use the same. */
export class Mecha {
  readonly runtime: Runtime;
  readonly events: Events;
  readonly clock: Clock;
  readonly folder: string;
  readonly deadLetters: DeadLetterStore | null;
  private readonly store: StateStore;
  private readonly seat: SeatedSources | null;
  private readonly resources: Resources;
  private readonly given: string | null;
  /** Paths of routes, where they do not come from the configuration. */
  private readonly named: readonly string[] | null;
  private readonly configured: Configured;
  private closeManagement: (() => Promise<void>) | null = null;
  private stopped: Promise<boolean> | null = null;
  /** What was read last. */
  private read = '';
  /** Files in the folders of the routes that Camel might find routes in, too. */
  private others: string[] = [];
  /** What the routes that run were read from. */
  private loaded = '[]';
  private readConfiguration: string;

  private constructor(parts: {
    runtime: Runtime;
    events: Events;
    clock: Clock;
    configured: Configured;
    folder: string;
    named: readonly string[] | null;
    given: string | null;
    store: StateStore;
    deadLetters: DeadLetterStore | null;
    seat: SeatedSources | null;
    resources: Resources;
  }) {
    this.resources = parts.resources;
    this.seat = parts.seat;
    this.runtime = parts.runtime;
    this.events = parts.events;
    this.clock = parts.clock;
    this.configured = parts.configured;
    this.readConfiguration = parts.configured.current.text;
    this.folder = parts.folder;
    this.named = parts.named;
    this.given = parts.given;
    this.store = parts.store;
    this.deadLetters = parts.deadLetters;
  }

  /** As it is in effect: what a reload can't take is as it was at the start. */
  get configuration(): Configuration {
    return this.configured.current;
  }

  /** What the routes are read from: paths, or null for given text. */
  get paths(): readonly string[] | null {
    return this.pathsOf(this.configuration);
  }

  private pathsOf(configuration: Configuration): readonly string[] | null {
    if (this.given !== null) return null;
    return this.named ?? (configuration.get('routes') as readonly string[] | undefined) ?? [];
  }

  /**
   * Reads, checks and starts. Resolves when all routes have been started.
   * @throws LoadError with every problem; then nothing runs
   */
  static async start(options: MechaOptions = {}): Promise<Mecha> {
    const mecha = await Mecha.prepare(options);
    const problems = new Diagnostics();
    const sources = mecha.sources(problems);
    try {
      if (problems.hasErrors) throw new LoadError(problems.sorted());
      await mecha.runtime.start(sources);
      await mecha.sayForeign(problems);
      mecha.runtime.warn(problems.sorted());
      mecha.loaded = mecha.textRead(sources);
      mecha.closeManagement = await openManagement(mecha, mecha.seat);
      await mecha.openStore();
      mecha.runtime.takeUpParked();
    } catch (thrown) {
      await mecha.runtime.stop(0);
      await mecha.store.close();
      const { code, message } = thrown as { code?: string; message: string };
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw thrown;
      problems.report('M0610', `health and metrics can't be served: ${message}`, null, { help: 'choose another port with `management.port`' });
      throw new LoadError(problems.sorted());
    }
    return mecha;
  }

  /** Who waits at the door is served before the store is opened, when nothing has needed it yet. @throws LoadError when it can't be opened */
  private async openStore(): Promise<void> {
    if (!(this.store instanceof DeferredStore)) return;
    await new Promise<void>((done) => systemClock.schedule(doorMillis, done));
    await openNow(this.store, this.configuration, this.folder);
  }

  /** All that is wrong with routes and configuration, and with `lints` what is right but hardly meant. `sources` stand for what the paths hold. Nothing is started, nothing is written. */
  static async check(options: MechaOptions & { readonly lints?: boolean; readonly sources?: readonly Source[]; readonly progress?: Progress } = {}): Promise<readonly Diagnostic[]> {
    let mecha: Mecha;
    try {
      mecha = await Mecha.prepare({ ...options, store: options.store ?? new MemoryStore(options.clock ?? systemClock) });
    } catch (thrown) {
      if (thrown instanceof LoadError) return thrown.diagnostics;
      throw thrown;
    }
    const problems = new Diagnostics();
    const sources = options.sources === undefined ? mecha.sources(problems) : mecha.withResources(options.sources);
    await mecha.sayForeign(problems);
    return [...problems.sorted(), ...(await mecha.runtime.check(sources, { lints: options.lints === true && !problems.hasErrors, ...(options.progress === undefined ? {} : { progress: options.progress }) }))];
  }

  /** The routes as they are compiled. Nothing is started. @throws LoadError with every problem */
  static async describe(options: MechaOptions = {}): Promise<readonly RouteDescription[]> {
    const mecha = await Mecha.prepare({ ...options, store: options.store ?? new MemoryStore(options.clock ?? systemClock) });
    const problems = new Diagnostics();
    const sources = mecha.sources(problems);
    if (problems.hasErrors) throw new LoadError(problems.sorted());
    return mecha.runtime.describe(sources);
  }

  /**
   * An expression's value for a message; nothing is started.
   * @throws LoadError when the expression is wrong, else what it fails with
   */
  static async evaluate(expression: string, options: EvaluateOptions = {}): Promise<unknown> {
    const { language = 'simple', body = null, headers = {}, exchangeProperties = {}, variables = {}, isPredicate = false, resultType, ...more } = options;
    const { runtime } = await Mecha.prepare({ ...more, store: more.store ?? new MemoryStore(more.clock ?? systemClock) });
    const source = new Source('expression', expression);
    const at = { source, start: 0, end: Math.max(1, expression.length) };
    const problems = new Diagnostics();
    let text: string | null = null;
    try {
      text = fillPlaceholders(expression, { get: (key) => runtime.property(key), names: () => Object.keys(more.properties ?? {}), functions: {} });
    } catch (thrown) {
      problems.report('M0118', (thrown as Error).message, at, { help: 'give the property a value (`--property key=value`)' });
      throw new LoadError(problems.sorted());
    }
    const model = { type: 'expression' as const, language, source: text ?? '', options: resultType === undefined ? {} : { resultType }, at, sourceAt: text === expression ? at : null };
    const compiled = isPredicate ? runtime.languages.compilePredicate(model, problems) : runtime.languages.compile(model, problems);
    if (problems.hasErrors) throw new LoadError(problems.sorted());
    const exchange = new Exchange(runtime, body, Headers.from(headers));
    exchange.created = runtime.clock.now();
    for (const [name, value] of Object.entries(exchangeProperties)) exchange.properties.set(name, value);
    for (const [name, value] of Object.entries(variables)) exchange.setVariable(name, value);
    return await compiled(exchange);
  }

  private static async prepare(options: MechaOptions): Promise<Mecha> {
    const clock = options.clock ?? systemClock;
    const events = options.events ?? new Events();
    const folder = resolve(options.folder ?? '.');
    const problems = new Diagnostics();
    const environment = options.environment ?? {};
    const texts = Object.fromEntries(Object.entries(options.properties ?? {}).map(([key, value]) => [key, String(value)]));
    const given = typeof options.routes === 'string' && isYamlText(options.routes) ? options.routes : null;
    const named = given !== null || options.routes === undefined ? null : typeof options.routes === 'string' ? [options.routes] : options.routes;
    const { seat } = options;
    const read = seat === undefined ? {} : { readFile: (path: string) => seat.given.configuration[path] ?? null };
    const readAgain = (into: Diagnostics): Configuration =>
      options.configuration === null
        ? readConfiguration({ folder: join(folder, '.none'), properties: texts, overrides: options.settings ?? {} }, into)
        : readConfiguration({ folder, file: options.configuration ?? null, paths: named, environment, properties: texts, overrides: options.settings ?? {}, ...read }, into);
    const configuration = readAgain(problems);
    if (problems.hasErrors) throw new LoadError(problems.sorted());
    const store = options.store ?? (await openState(configuration, folder, clock));
    const isKeeping = configuration.get('deadLetters.enabled') === true;
    const ttl = configuration.get('deadLetters.ttl') as number | undefined;
    const deadLetters = isKeeping ? new DeadLetterStore(store, clock, ttl) : null;
    const visible = (configuration.get('expressions.environment') as readonly string[] | undefined) ?? [];
    const shownEnvironment: Record<string, string> = {};
    for (const name of visible) if (environment[name] !== undefined) shownEnvironment[name] = environment[name];
    const readText = (path: string): string => readFileSync(isAbsolute(path) ? path : join(folder, path), 'utf8');
    const properties = (of: Configuration): PropertyLookup =>
      propertyLookup({
        properties: of.properties,
        fixed: of.fixed,
        places: of.propertyPlaces,
        environment,
        system: javaProperties(folder),
        condition: (source) => runtime.meets(source),
        readFile: (path) => {
          try {
            return readText(path);
          } catch {
            return undefined;
          }
        },
        bean: (name) => beans[name],
      });
    const configured: Configured = {
      current: configuration,
      readAgain,
      properties,
      files: options.configuration === null ? [] : configurationFiles(folder, options.configuration, configuration.profile, named ?? (configuration.get('routes') as readonly string[] | undefined) ?? []),
    };
    const resources = new Resources(folder);
    const beans = { ...options.beans, ...options.aggregationStrategies };
    const runtime = new Runtime({
      name: String(configuration.get('name')),
      parts: partsWith(ownParts(options)),
      clock,
      events,
      store,
      baseDir: folder,
      properties: properties(configuration),
      beans,
      settings: (key) => configuration.get(key),
      environment: shownEnvironment,
      resource: (uri, encoding) => resources.text(uri, encoding),
      pathOf: (name) => resources.path(name),
      kamelets: () => catalogueIn((configured.current.get('kamelets') as readonly string[] | undefined) ?? [], folder),
      ...(deadLetters === null ? {} : { keepFailed: keeper(deadLetters, events, () => configured.current.get('deadLetters.limit') as number) }),
      ...(options.standIns === undefined ? {} : { standIns: options.standIns }),
      ...(options.filesDir === undefined ? {} : { filesDir: options.filesDir }),
      ...(options.shared === undefined ? {} : { shared: options.shared }),
      ...(seat === undefined ? {} : { seat }),
    });
    return new Mecha({ runtime, events, clock, configured, folder, named, given, store, deadLetters, seat: seat ?? null, resources });
  }

  private sources(problems: Diagnostics, configuration = this.configuration): readonly Source[] {
    if (this.seat !== null) return this.withResources(this.seat.given.sources.map(({ file, text }) => new Source(file, text)));
    if (this.given !== null) return [new Source('routes', this.given)];
    const sources = this.readFiles(this.pathsOf(configuration)!, problems, configuration);
    this.read = textOf(sources);
    return this.withResources(sources);
  }

  /** From now on resources are those of these files. */
  private withResources(sources: readonly Source[]): readonly Source[] {
    this.resources.lieBeside(this.paths ?? [], sources.map(({ file }) => file));
    return sources;
  }

  /** The text of what `sources` gave. */
  private textRead(sources: readonly Source[]): string {
    return this.seat === null && this.given === null ? this.read : textOf(sources);
  }

  /** What stood in a file of routes when those that run were read from it; null for another file. */
  loadedText(file: string): string | null {
    return (JSON.parse(this.loaded) as [file: string, text: string][]).find(([name]) => name === file)?.[1] ?? null;
  }

  /** Says which files beside the routes hold routes that nothing runs. */
  private async sayForeign(problems: Diagnostics): Promise<void> {
    if (this.others.length > 0) (await import('./foreignRoutes.ts')).sayForeign(this.others, this.folder, problems);
  }

  private readFiles(paths: readonly string[], problems: Diagnostics, configuration = this.configuration): Source[] {
    this.others = [];
    return readSources(routeFiles(paths, this.folder, problems, this.others), this.folder, problems, configuration.get('routeFiles.maxBytes') as number, paths);
  }

  /** Files that hold the configuration, where there are any. */
  get configurationFiles(): readonly string[] {
    return [...new Set([...this.configured.files, ...this.configuration.files])];
  }

  /** Whether files or modules are not any more what they were when they were read. */
  get isStale(): boolean {
    const problems = new Diagnostics();
    if (this.configured.readAgain(problems).text !== this.readConfiguration) return true;
    if (this.given !== null) return false;
    return textOf(this.readFiles(this.paths!, problems)) !== this.read || this.runtime.hasChangedModules;
  }

  /** Sends a request and gives the reply's body. @throws what the routes failed with */
  async request(uri: string, body: unknown = null, options: SendOptions = {}): Promise<unknown> {
    return unwrap(await this.runtime.send(uri, body, { ...options, isInOut: true })).body;
  }

  /** Sends one way. Resolves when the message has been handled. @throws what the routes failed with */
  async send(uri: string, body: unknown = null, options: SendOptions = {}): Promise<void> {
    unwrap(await this.runtime.send(uri, body, { ...options, isInOut: false }));
  }

  /** What `mock:name` has received. */
  mock(name: string): MockEndpoint {
    return this.runtime.shared('mocks', () => new Mocks(this.clock)).get(name);
  }

  on<N extends EventName>(name: N, listener: (event: EventMap[N]) => void): () => void {
    return this.events.on(name, listener);
  }

  /**
   * Reads configuration and routes again (or takes `routes` as YAML text) and swaps what has changed. What is wrong leaves everything as it is
   * and is in the result's problems; so are settings that only a start can take.
   */
  async reload(routes?: string, reason = 'asked for'): Promise<ReloadResult> {
    const problems = new Diagnostics();
    const { configured } = this;
    const read = configured.readAgain(problems);
    this.readConfiguration = read.text;
    const configuration = liveConfiguration(this.configuration, read, problems);
    const sources = routes === undefined ? this.sources(problems, configuration) : [new Source('routes', routes)];
    if (problems.hasErrors) return this.runtime.reject(problems, reason);
    const text = routes === undefined ? this.textRead(sources) : textOf(sources);
    const result = await this.runtime.reload(sources, reason, {
      properties: configured.properties(configuration),
      settings: (key) => configuration.get(key),
      problems,
      taken: () => void (configured.current = configuration),
    });
    if (result.result !== 'rejected') this.loaded = text;
    return result;
  }

  /** Port of the HTTP listener that routes and management share; null while nothing listens. */
  get port(): number | null {
    return this.listeners.all()[0]?.port ?? null;
  }

  /** The addresses on which routes serve HTTP. */
  get listeners(): HttpListeners {
    return httpListeners({ clock: this.clock, events: this.events, shared: (name, make) => this.runtime.shared(name, make), setting: (key) => this.configuration.get(key) });
  }

  get snapshot(): RuntimeSnapshot {
    return snapshotOf(this.runtime);
  }

  readonly health = { live: () => live(this.snapshot), ready: () => ready(this.snapshot) };
  readonly metrics = new Metrics(() => this.snapshot);

  /** Sends a dead letter through its route again; it is marked when that works. @throws what it failed with */
  async replay(id: string): Promise<void> {
    if (this.deadLetters === null) throw new Error('there are no dead letters: `deadLetters.enabled` is false');
    const entry = await this.deadLetters.get(id);
    if (entry === null) throw new Error(`no dead letter \`${id}\``);
    unwrap(await this.runtime.inject(entry.routeId, entry.body, entry.headers, entry.properties, entry.isInOut));
    await this.deadLetters.markReplayed(id);
  }

  /** Stops gracefully; gives whether everything in flight finished within `timeoutMillis` (default: `shutdownTimeout`). */
  stop(timeoutMillis = Number(this.configuration.get('shutdownTimeout'))): Promise<boolean> {
    return (this.stopped ??= this.end(timeoutMillis));
  }

  private async end(timeoutMillis: number): Promise<boolean> {
    this.listeners.drain();
    const isDrained = await this.runtime.stop(timeoutMillis);
    await this.closeManagement?.();
    this.closeManagement = null;
    await this.store.close();
    return isDrained;
  }
}

/** The configuration, and how it is read again. */
interface Configured {
  current: Configuration;
  readAgain(problems: Diagnostics): Configuration;
  properties(of: Configuration): PropertyLookup;
  readonly files: readonly string[];
}

/** The embedder's own parts by the keys of YAML. */
function ownParts({ parts = {}, connectors, eips, languages, dataFormats }: MechaOptions): Partial<Parts> {
  const named = <D>(list: readonly AnyDefinition<D>[] | undefined, by: Readonly<Record<string, D>> | undefined, nameOf: (definition: D) => string): Readonly<Record<string, D>> | undefined =>
    list === undefined ? by : { ...by, ...Object.fromEntries((list as unknown as readonly D[]).map((definition) => [nameOf(definition), definition])) };
  const all: { -readonly [K in keyof Parts]?: Parts[K] | undefined } = {
    connectors: named(connectors, parts.connectors, ({ scheme }) => scheme),
    eips: named(eips, parts.eips, ({ name }) => name),
    languages: named(languages, parts.languages, ({ name }) => name),
    dataformats: named(dataFormats, parts.dataformats, ({ name }) => name),
  };
  return all as Partial<Parts>;
}

/** A line break, or what no path begins with: an item of a list, a list of maps, a map, a key with its value. A path in a list is always a path. */
const isYamlText = (routes: string): boolean => routes.includes('\n') || /^\s*(?:-\s|\[\s*\{|\{\s*["']?[\w-]+["']?\s*:|["']?[\w-]+["']?:\s)/.test(routes);

const textOf = (sources: readonly Source[]): string => JSON.stringify(sources.map(({ file, text }) => [file, text]));

function unwrap(exchange: Exchange): Exchange {
  if ((exchange.halt & (FAILED | HANDLED)) === FAILED) throw exchange.exception ?? new ExchangeError('org.apache.camel.CamelExecutionException', 'the exchange failed');
  return exchange;
}

/** The store that a configuration names. @throws LoadError when it can't be used */
export async function openState(configuration: Configuration, folder: string, clock: Clock): Promise<StateStore> {
  if (configuration.get('state.store') === 'memory') return new MemoryStore(clock);
  const path = resolve(folder, String(configuration.get('state.path')));
  try {
    makeFolder(path);
    const { reserveLmdb } = await import('../stores/lmdb.ts');
    return new DeferredStore(reserveLmdb(join(path, 'state'), clock), true);
  } catch (thrown) {
    throw unusable(path, thrown);
  }
}

/** Opens a store that `openState` has put off. @throws LoadError when it can't be used */
export async function openNow(store: StateStore, configuration: Configuration, folder: string): Promise<void> {
  try {
    if (store instanceof DeferredStore) await store.open();
  } catch (thrown) {
    throw unusable(resolve(folder, String(configuration.get('state.path'))), thrown);
  }
}

function unusable(path: string, thrown: unknown): LoadError {
  const problems = new Diagnostics();
  if (thrown instanceof NewerStoreError) {
    problems.report('M0712', `the state folder ${path} was written by a later version of Mecha: ${thrown.message}`, null, { help: 'start that version or a later one, or name another folder with `state.path`; nothing was changed there', values: { format: thrown.format, known: thrown.known } });
    return new LoadError(problems.sorted());
  }
  problems.report('M0710', `the state folder can't be used: ${(thrown as Error).message}`, null, { help: 'name another folder with `state.path`, or use `state.store: memory`', values: { path } });
  return new LoadError(problems.sorted());
}

/** The dead letters of a configuration while no Mecha runs; null when there is no store yet. */
export async function openDeadLetters(configuration: Configuration, folder: string): Promise<{ deadLetters: DeadLetterStore; close(): Promise<void> } | null> {
  if (configuration.get('state.store') === 'memory' || !existsSync(join(resolve(folder, String(configuration.get('state.path'))), 'state'))) return null;
  const store = await openState(configuration, folder, systemClock);
  return { deadLetters: new DeadLetterStore(store, systemClock), close: () => store.close() };
}

/** Keeps failed one-way messages, while there is room. */
function keeper(deadLetters: DeadLetterStore, events: Events, limit: () => number): (exchange: Exchange, routeId: string) => Promise<boolean> {
  let kept: number | null = null;
  return async (exchange, routeId) => {
    try {
      kept ??= await deadLetters.count();
      if (kept >= limit()) {
        events.emit('log', { level: 'error', logger: 'mecha.deadletters', message: `no room for another dead letter: there are ${kept}, and deadLetters.limit is ${limit()}`, routeId, stepId: null, exchangeId: exchange.id });
        kept = null;
        return false;
      }
      await deadLetters.put(exchange);
      kept++;
      if (exchange.exception !== null) events.emit('exchangeDeadLettered', { exchange, routeId, step: exchange.failedStep, error: exchange.exception, to: 'the dead-letter store' });
      return true;
    } catch (thrown) {
      events.emit('log', { level: 'error', logger: 'mecha.deadletters', message: `a dead letter can't be kept: ${(thrown as Error).message}`, routeId, stepId: null, exchangeId: exchange.id });
      return false;
    }
  };
}

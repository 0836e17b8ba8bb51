import { join, posix } from 'node:path';
import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock.ts';
import { systemClock } from '../core/clock.ts';
import type { ConnectorContext, Consumer, ResourceEncoding, RuntimeAccess } from '../core/connector.ts';
import type { Diagnostic, Span, Source } from '../core/diagnostics.ts';
import { Diagnostics, LoadError, showSpan } from '../core/diagnostics.ts';
import { ExchangeError } from '../core/errors.ts';
import { Events } from '../core/events.ts';
import { Bag } from '../core/exchange/bag.ts';
import type { ExchangeScope, Way } from '../core/exchange/exchange.ts';
import { Exchange, UnitOfWork } from '../core/exchange/exchange.ts';
import { Headers } from '../core/exchange/headers.ts';
import { forwardingContext } from '../core/http/forward.ts';
import { maskUri } from '../core/mask.ts';
import type { StateStore } from '../core/state/store.ts';
import { prefixed } from '../core/state/store.ts';
import { camelUri } from '../core/uri.ts';
import type { DeclaredByProperties } from '../dsl/declaredProperties.ts';
import type { Fields } from '../core/field.ts';
import { componentDefaults } from '../dsl/componentProperties.ts';
import type { DocumentModel, ElementModel, ModelValue } from '../dsl/model.ts';
import type { PropertyLookup } from '../dsl/placeholders.ts';
import { propertyLookup, withFileSettings } from '../dsl/placeholders.ts';
import type { Parts } from '../dsl/read.ts';
import { restConfigurations } from '../dsl/restProperties.ts';
import type { ResolvedEndpoint } from '../dsl/uri.ts';
import { endpointReader } from '../dsl/uri.ts';
import { RefusalCounts } from '../observe/refusals.ts';
import { runtimeAccess } from './access.ts';
import { Beans, inOrder } from './beans.ts';
import type { CompiledStep, SendIntercept } from './compiler.ts';
import { parseProperties } from './configuration.ts';
import type { Progress } from './documents.ts';
import { Documents } from './documents.ts';
import type { EndpointReader } from './endpoints.ts';
import { Endpoints } from './endpoints.ts';
import type { KameletCatalogue } from './kameletCatalogue.ts';
import { Languages } from './languages.ts';
import { matchRoutes, RouteIds } from './matching.ts';
import { moduleReferences } from './moduleReferences.ts';
import { Parking } from './parking.ts';
import type { RoutePlan } from './plan.ts';
import { isElement, isFromContract, planRoutes, textField } from './plan.ts';
import type { CompiledRoute } from './route.ts';
import { retire, Route } from './route.ts';
import { RouteCompiler, shownUri } from './routeCompiler.ts';
import type { Seat } from './sharing.ts';
import { seatedPlans } from './sharing.ts';
import { standardBeans } from './standardBeans.ts';
import type { StandIns } from './standIns.ts';
import { withStandIns } from './standIns.ts';
import { expandTemplates } from './templates.ts';
import { endpointComplaint } from './unfit.ts';

export interface RuntimeOptions {
  readonly name?: string;
  readonly parts: Parts;
  readonly clock?: Clock;
  readonly events?: Events;
  readonly store: StateStore;
  /** Relative paths of routes, modules and file endpoints start here. */
  readonly baseDir: string;
  readonly properties?: PropertyLookup;
  readonly beans?: Readonly<Record<string, unknown>>;
  /** Configuration by dotted key (`micrologic.url`). */
  readonly settings?: (key: string) => unknown;
  /** What expressions may see of the process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The text behind `resource:` URIs. */
  readonly resource?: (uri: string, encoding?: ResourceEncoding) => string;
  /** The path of a file that is named without one, such as a module; absent: below `baseDir`. */
  readonly pathOf?: (name: string) => string;
  /** What stands for endpoints and steps in their place. */
  readonly standIns?: StandIns;
  /** Where relative paths of `file:` endpoints start, in place of `baseDir`. */
  readonly filesDir?: string;
  /** Things that endpoints share, made before (`shared`). */
  readonly shared?: Readonly<Record<string, unknown>>;
  /** Kamelets that the routes' own folders do not have. */
  readonly kamelets?: () => KameletCatalogue;
  /** Keeps a failed one-way message: true when it is safe. */
  readonly keepFailed?: (exchange: Exchange, routeId: string) => boolean | Promise<boolean>;
  /** Present: several processes share the work, and this is one of them. */
  readonly seat?: Seat;
}

export interface ReloadResult {
  readonly generation: number;
  readonly reason: string;
  /** Time that it took. */
  readonly millis: number;
  readonly result: 'applied' | 'unchanged' | 'rejected';
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly problems: readonly Diagnostic[];
}

/** A configuration that comes with a reload. */
export interface NewConfiguration {
  readonly properties: PropertyLookup;
  readonly settings: (key: string) => unknown;
  /** What is to be said about it. */
  readonly problems: Diagnostics;
  /** Told when the reload takes it, before anybody hears of the reload. */
  taken(): void;
}

/** A route as it is compiled. */
export interface RouteDescription {
  readonly id: string;
  readonly from: string;
  /** `file:line:column` */
  readonly at: string;
  readonly steps: readonly CompiledStep[];
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly isInOut?: boolean;
}

/** A place in the new generation: the live route is null until its consumer has been made. */
interface Slot {
  route: Route | null;
  readonly id: string;
  readonly compiled: CompiledRoute;
}

/** Gives the exchange to who waits for it outside of all routes. */
class Reply implements Way {
  readonly outer = null;
  private readonly resolve: (exchange: Exchange) => void;

  constructor(resolve: (exchange: Exchange) => void) {
    this.resolve = resolve;
  }

  back(exchange: Exchange): void {
    this.resolve(exchange);
  }
}

/**
 * One integration runtime: reads documents, compiles their routes, runs them, and replaces them while they run.
 */
export class Runtime implements ExchangeScope {
  readonly name: string;
  readonly clock: Clock;
  readonly events: Events;
  readonly globalVariables = new Bag();
  readonly routes = new Map<string, Route>();
  readonly endpoints: Endpoints;
  readonly languages: Languages;
  readonly refusals: RefusalCounts;
  generation = 0;
  lastReload: ReloadResult | null = null;
  settings: (key: string) => unknown;
  /** What calls of REST services take from `restConfiguration`. */
  private policies: typeof import('./routePolicies.ts') | null = null;
  private callSettings: ReadonlyMap<string, string> = new Map();
  private readonly parking: Parking;
  private readonly access: RuntimeAccess;
  private readonly compiler: RouteCompiler;
  private beans: Beans;
  private readonly options: RuntimeOptions;
  private properties: PropertyLookup;
  /** What the route files themselves set. */
  private fileProperties: ReadonlyMap<string, string> = new Map();
  /** Options that properties say for a group (`camel.resilience4j.*`, `camel.dataformat.csv.*`); null: there are none. */
  private groupOptions: ((group: string, fields: Fields) => Readonly<Record<string, unknown>>) | null = null;
  private readonly documents: Documents;
  private readonly routeBags = new Map<string, Bag>();
  private readonly sharedThings: Map<string, unknown>;
  private readonly reader: EndpointReader;
  /** What intercepts messages that are sent from outside of all routes. */
  private sendIntercepts: readonly SendIntercept[] = [];
  private readonly stopHooks = new Set<{ readonly routeId: string; readonly run: () => void | Promise<void> }>();
  private readonly stopper = new AbortController();
  private readonly ender = new AbortController();
  private readonly idPrefix: string;
  private idCount = 0;
  private readonly routeNumbers = new RouteIds();
  private changing: Promise<unknown> = Promise.resolve();
  /** What runs now. */
  private sources: readonly Source[] = [];
  /** Kamelets that only messages have named, by URI: the key of the route that stands for each, or why there is none. */
  private readonly namedKamelets = new Map<string, string | Error | null>();
  /** Routes of earlier generations whose last exchanges are under way. */
  private readonly retiring = new Set<Route>();
  private stopped: Promise<boolean> | null = null;
  private state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  /** Ids of explicit steps, of the generation that runs. */
  private stepIds = new Map<string, Span>();

  constructor(options: RuntimeOptions) {
    this.options = options;
    this.sharedThings = new Map(Object.entries(options.shared ?? {}));
    this.reader = withStandIns(endpointReader(options.parts.connectors, componentDefaults(() => this.allProperties)), options.standIns);
    this.name = options.name ?? 'mecha';
    this.clock = options.clock ?? systemClock;
    this.events = options.events ?? new Events();
    this.refusals = new RefusalCounts(this.events);
    this.settings = options.settings ?? (() => undefined);
    this.properties = options.properties ?? propertyLookup({});
    this.documents = new Documents(options.parts, (file, name) => this.propertiesBeside(file, name));
    // Every step that may wait listens.
    this.events.on('exchangeRedelivered', ({ routeId }) => this.count(routeId, 'redelivered'));
    this.events.on('exchangeDeadLettered', ({ routeId }) => this.count(routeId, 'deadLettered'));
    setMaxListeners(0, this.stopper.signal, this.ender.signal);
    this.idPrefix = `${this.clock.now().toString(36).toUpperCase()}-${Math.floor(Math.random() * 36 ** 4).toString(36).toUpperCase()}-`;
    this.languages = new Languages(options.parts.languages, {
      property: (key) => this.property(key),
      bean: (name) => this.bean(name),
      beanNames: () => this.beans.names(),
      resource: (uri) => this.resource(uri),
      environment: options.environment ?? {},
      log: (level, message) => this.log(level, 'mecha.language', message),
      optionsOf: (language, fields) => this.groupOptions?.(`language.${language}`, fields) ?? {},
    });
    this.beans = this.newBeans();
    const list = (key: string): readonly string[] | null => {
      const value = this.settings(key);
      return Array.isArray(value) ? value.map(String) : typeof value === 'string' ? value.split(',').map((item) => item.trim()) : null;
    };
    this.endpoints = new Endpoints(this.reader, (resolved, routeId, isElsewhere) => this.surroundings(this.connectorContext(resolved, routeId), isElsewhere === true), {
      schemes: list('dynamicEndpoints.schemes'),
      hosts: list('dynamicEndpoints.hosts'),
    });
    this.parking = new Parking({
      store: prefixed(options.store, 'parked/'),
      clock: this.clock,
      scope: this,
      routes: () => this.routes.values(),
      keepFailed: (exchange, routeId) => this.keepFailed(exchange, routeId),
      log: (level, message, routeId) => this.log(level, 'mecha.redelivery', message, routeId),
      elsewhere: (routeId, due) => {
        const { seat } = options;
        if (seat === undefined || seat.isFirst) return false;
        seat.parked(routeId, due);
        return true;
      },
    });
    this.access = runtimeAccess({
      clock: this.clock,
      routes: this.routes,
      languages: this.languages,
      endpoints: this.endpoints,
      dataformats: options.parts.dataformats,
      resource: (uri) => this.resource(uri),
      dataFormat: (name, given) => this.compiler.dataFormat(name, given),
      consumer: async (uri) => this.consumer(this.reader.fromText(uri), ''),
      kamelet: (uri) => this.kamelet(uri),
      stopped: (routeId) => this.runStopHooks(routeId, true),
    });
    this.compiler = new RouteCompiler({
      clock: this.clock,
      events: this.events,
      scope: this,
      parts: options.parts,
      store: options.store,
      standIns: options.standIns,
      policies: () => this.policies,
      languages: this.languages,
      endpoints: this.endpoints,
      parking: this.parking,
      routes: this.access.routes,
      stopping: this.stopper.signal,
      ending: this.ender.signal,
      beans: () => this.beans,
      setting: (key) => this.settings(key),
      optionsOf: (group, fields) => this.groupOptions?.(group, fields) ?? {},
      resource: (uri) => this.resource(uri),
      shared: (name, make) => this.shared(name, make),
      connectorContext: (resolved) => this.connectorContext(resolved, null),
      onStop: (routeId, run) => {
        const hook = { routeId, run };
        this.stopHooks.add(hook);
        return () => void this.stopHooks.delete(hook);
      },
      keepFailed: (exchange, routeId) => this.keepFailed(exchange, routeId),
    });
  }

  get stateProblem(): string | null {
    return this.options.store.problem ?? null;
  }

  routeIds(): string[] {
    return [...this.routes.keys()];
  }

  // ---------------------------------------------------------------------------------------------- the exchange's scope

  nextExchangeId(): string {
    return this.idPrefix + (this.idCount++).toString(16).toUpperCase().padStart(16, '0');
  }

  private get allProperties(): PropertyLookup {
    return this.fileProperties.size === 0 ? this.properties : withFileSettings(this.properties, { properties: this.fileProperties, environment: new Map() });
  }

  property(key: string): string | undefined {
    return this.properties.get(key) ?? this.fileProperties.get(key);
  }

  bean(name: string): unknown {
    return this.beans.get(name);
  }

  routeVariables(routeId: string): Bag {
    let bag = this.routeBags.get(routeId);
    if (bag === undefined) this.routeBags.set(routeId, (bag = new Bag()));
    return bag;
  }

  /** A file of properties, named from where a file of routes is, or from where the program runs. */
  private propertiesBeside(file: string, name: string): Iterable<readonly [string, string]> | null {
    for (const path of new Set([posix.join(posix.dirname(file), name), name])) {
      try {
        return [...parseProperties(this.resource(`file:${path}`))];
      } catch {
        // It may be at the other place.
      }
    }
    return null;
  }

  private resource(uri: string, encoding?: ResourceEncoding): string {
    if (this.options.resource === undefined) throw new Error(`resources can't be read here: ${uri}`);
    return this.options.resource(uri, encoding);
  }

  private keepFailed(exchange: Exchange, routeId: string): boolean | Promise<boolean> {
    return this.options.keepFailed?.(exchange, routeId) ?? false;
  }

  log(level: 'trace' | 'debug' | 'info' | 'warn' | 'error', logger: string, message: string, routeId: string | null = null): void {
    if (this.events.logs(level)) this.events.emit('log', { level, logger, message, routeId, stepId: null, exchangeId: null });
  }

  private newBeans(previous: Beans | null = null): Beans {
    const { store, baseDir, beans, pathOf = (name: string) => join(baseDir, name) } = this.options;
    return new Beans(standardBeans({ store, clock: this.clock, baseDir, languages: this.languages.context, scope: this }), pathOf, beans, previous);
  }

  /** Something that all endpoints share, made once. */
  shared<T>(name: string, make: () => T): T {
    let thing = this.sharedThings.get(name) as T | undefined;
    if (thing === undefined) this.sharedThings.set(name, (thing = make()));
    return thing;
  }

  private connectorContext(resolved: ResolvedEndpoint, routeId: string | null, route: () => Route | null = () => null): ConnectorContext {
    const { scheme, shownUri } = resolved.endpoint;
    return {
      routeId,
      clock: this.clock,
      events: this.events,
      scope: this,
      stopping: this.stopper.signal,
      store: prefixed(this.options.store, `${scheme}/`),
      baseDir: this.options.filesDir ?? this.options.baseDir,
      shared: (name, make) => this.shared(name, make),
      bean: <T>(reference: string) => this.beans.resolve(reference) as T,
      onlyBean: (isOne) => {
        const [name, second] = this.beans.names().filter((one) => isOne(this.beans.resolve(one)));
        return name === undefined || second !== undefined ? null : name;
      },
      waiting: (reason) => {
        const waiting = route();
        if (waiting !== null) waiting.waitingFor = reason;
        this.events.emit('connectorWaiting', { uri: shownUri, routeId: waiting?.routeId ?? routeId ?? '', reason });
      },
      ready: () => {
        const ready = route();
        if (ready !== null) ready.waitingFor = null;
        this.events.emit('connectorReady', { uri: shownUri, routeId: ready?.routeId ?? routeId ?? '' });
      },
      log: (level, message) => this.log(level, `mecha.${scheme}`, message, routeId),
      setting: (key) => this.settings(key) ?? this.callSettings.get(key),
      property: (key) => this.property(key),
      simple: (source) => this.languages.context.expression('simple', source),
      predicate: (source) => this.languages.context.predicate('simple', source),
      runtime: this.access,
    };
  }

  /** Reads and checks documents; nothing is started. */
  private async read(sources: readonly Source[], problems: Diagnostics, progress?: Progress): Promise<{ plans: RoutePlan[]; beans: Beans; documents: readonly DocumentModel[]; written: readonly DocumentModel[] }> {
    const { parts } = this.options;
    let documents: readonly DocumentModel[] = this.documents.read(sources, this.properties, problems, progress);
    const written = documents;
    const given = await this.declaredByProperties(problems);
    if (given !== null && given.document !== null) documents = [given.document, ...documents];
    this.fileProperties = new Map(documents.flatMap((document) => [...(document.properties ?? [])]));
    const properties = this.allProperties;
    if ([...properties.names()].some((key) => key.startsWith('camel.component.'))) (await import('./mainOptions.ts')).checkComponentProperties(parts.connectors, properties, problems);
    documents = expandTemplates(documents, properties, problems);
    const ofRest = restConfigurations(documents, properties, problems);
    this.callSettings = new Map();
    if (ofRest.length > 0 || documents.some(({ elements }) => elements.some((element) => element.name === 'rest' || isFromContract(element)))) {
      const { callSettings, expandRest } = await import('./rest.ts');
      this.callSettings = callSettings(ofRest);
      documents = expandRest(documents, ofRest, problems, (uri) => this.resource(uri), (endpoint) => this.reader.fromModel(endpoint, problems)?.endpoint ?? null);
    }
    // Only what says so has kamelets, or what a placeholder stands for.
    if (given?.document != null || this.namedKamelets.size > 0 || sources.some(({ text }) => /kamelet|\{\{/i.test(text))) documents = (await import('./kamelets.ts')).expandKamelets(documents, { parts, properties, resource: (uri) => this.resource(uri), catalogue: this.options.kamelets?.(), problems, isReplaced: (uri) => this.options.standIns?.replaces(uri) === true, named: [...this.namedKamelets.keys()], onNamed: (uri, key, of) => this.takeNamed(uri, key, of) });
    // As in Camel, a bean of the properties stands in the place of one of that name in a file.
    const declared = documents.flatMap(({ elements }) => elements.filter(({ name }) => name === 'beans')).flatMap((element) => beanElements(element)).filter((bean) => given?.replaces(bean) !== true);
    const beans = this.newBeans(this.beans);
    for (const [name, value] of given?.values ?? []) beans.set(name, value);
    await beans.loadModules(moduleReferences(documents), problems);
    const isPolicy = (element: ElementModel): boolean => textField(element, 'routePolicyRef') !== null || textField(element, 'type')?.startsWith('org.apache.camel.throttling.') === true;
    if (declared.some(isPolicy) || documents.some(({ elements }) => elements.some(isPolicy))) {
      this.policies = await import('./routePolicies.ts');
      beans.addClasses(this.policies.routePolicyClasses);
    }
    const previous = this.beans;
    this.beans = beans;
    for (const { elements } of documents) for (const element of elements) if (element.name === 'sslContextParameters') await beans.declareTls(element, problems);
    for (const element of inOrder(declared)) await beans.declare(element, problems);
    for (const { name, other, at } of given?.aliases ?? []) beans.alias(name, other, at, problems);
    this.beans = previous;
    if (this.state === 'new') for (const [name, value] of given?.variables ?? []) this.globalVariables.set(name, value);
    const isWanted = (route: ElementModel): boolean => this.meetsPrecondition(route, problems);
    const salt = { declared, modules: beans.moduleVersions, longestWait: this.settings('redelivery.longestWait'), ...(this.callSettings.size === 0 ? {} : { calls: [...this.callSettings] }), ...this.optionProperties() };
    const planned = planRoutes(documents, salt, problems, isWanted);
    const plans = given === null ? planned : (await import('./mainOptions.ts')).asPropertiesSay(planned, this.properties);
    return { plans, beans, documents, written };
  }

  /** Whether a condition in the Simple language holds before there is any message. */
  meets(source: string): boolean {
    return this.languages.context.predicate('simple', source)(new Exchange(this));
  }

  /** What properties of Camel's main program declare, and what is wrong with them; null where there are none. */
  private async declaredByProperties(problems: Diagnostics): Promise<DeclaredByProperties | null> {
    this.groupOptions = null;
    const lookup = this.properties;
    if (![...lookup.names()].some((key) => /^%?(?:camel|quarkus|spring|server|management|logging|micronaut)\./.test(key))) return null;
    const { checkMainProperties, declaredByProperties, groupOptions } = await import('./mainOptions.ts');
    this.groupOptions = (group, fields) => groupOptions(lookup, group, fields);
    checkMainProperties(lookup, problems);
    return declaredByProperties(lookup, this.options.parts, problems);
  }

  /** Properties that change what routes are compiled to: with them the routes are others. */
  private optionProperties(): { readonly options?: readonly (readonly [string, string | undefined])[] } {
    const names = [...new Set(this.properties.names())].filter((key) => /^camel\.(?:main|springboot|resilience4j|fault-?tolerance|dataformat|language)\./i.test(key)).sort();
    return names.length === 0 ? {} : { options: names.map((key) => [key, this.properties.get(key)]) };
  }

  private meetsPrecondition(route: ElementModel, problems: Diagnostics): boolean {
    const source = textField(route, 'precondition');
    if (source === null) return true;
    if (source.trim() === '') return false;
    try {
      return this.meets(source);
    } catch (thrown) {
      problems.report('M0301', `precondition: ${(thrown as Error).message}`, route.fieldsAt['precondition'] ?? route.at);
      return false;
    }
  }

  /** All that is wrong with the sources, as a start would find it; with `lints` also what is right but hardly meant. Nothing is started. */
  async check(sources: readonly Source[], { lints = false, progress }: { lints?: boolean; progress?: Progress } = {}): Promise<readonly Diagnostic[]> {
    const problems = new Diagnostics();
    const { documents, written, plans } = await this.dryRun(sources, problems, progress);
    if (lints && !problems.hasErrors) (await import('./lints.ts')).lint({ sources, documents, written, plans, parts: this.options.parts }, problems);
    return problems.sorted();
  }

  /** The routes as they are compiled; nothing is started. @throws LoadError */
  async describe(sources: readonly Source[]): Promise<readonly RouteDescription[]> {
    const problems = new Diagnostics();
    const { routes } = await this.dryRun(sources, problems);
    if (problems.hasErrors) throw new LoadError(problems.sorted());
    return routes;
  }

  private async dryRun(sources: readonly Source[], problems: Diagnostics, progress?: Progress): Promise<{ routes: RouteDescription[]; plans: readonly RoutePlan[]; documents: readonly DocumentModel[]; written: readonly DocumentModel[] }> {
    const { plans, beans, documents, written } = await this.read(sources, problems, progress);
    this.beans = beans;
    this.stepIds = new Map();
    let count = 0;
    const routes = plans.flatMap((plan, at) => {
      progress?.('compiling', at, plans.length);
      const id = plan.id ?? `route${(count += (plan.unusedIds ?? 0) + 1)}`;
      const compiled = this.compiler.compile(plan, { routeId: id, generation: 0, owner: () => undefined as never, stepIds: this.stepIds }, problems);
      if (compiled === null) return [];
      retire(compiled);
      return [{ id, from: shownUri(compiled.resolved), at: showSpan(plan.at), steps: compiled.steps }];
    });
    return { routes, plans, documents, written };
  }

  // ---------------------------------------------------------------------------------------------- life

  /** @throws LoadError when anything is wrong: then nothing has been started */
  async start(sources: readonly Source[]): Promise<void> {
    const result = await this.change(sources, 'start');
    if (result.result === 'rejected') {
      await this.stop(0);
      throw new LoadError(result.problems);
    }
  }

  /** From now on messages that were put aside go on when they are due: reads the state store. */
  takeUpParked(): void {
    if (this.parking.isPossible && !this.isStopping && this.options.seat?.isFirst !== false) this.parking.start();
  }

  /** Another process has put a message aside, which this one takes up. */
  expectParked(routeId: string, due: number): void {
    this.parking.expect(routeId, due);
  }

  /** Replaces the routes by those of `sources`. What is wrong with them leaves everything as it is. */
  async reload(sources: readonly Source[], reason = 'asked for', configuration: NewConfiguration | null = null): Promise<ReloadResult> {
    return this.change(sources, reason, configuration);
  }

  /** Records a reload whose files could not even be read. */
  reject(problems: Diagnostics, reason: string): ReloadResult {
    return this.finish({ result: 'rejected', problems: problems.sorted() }, reason, this.clock.now());
  }

  /** The key of the route that stands for a kamelet which a message names: it is made of what runs now, as a reload makes it. @throws ExchangeError */
  private async kamelet(uri: string): Promise<string> {
    const known = this.namedKamelets.get(uri);
    if (typeof known === 'string') {
      // The one that was named longest ago makes room.
      this.namedKamelets.delete(uri);
      this.namedKamelets.set(uri, known);
      return known;
    }
    const turn = this.changing.then(async () => {
      if (typeof this.namedKamelets.get(uri) === 'string') return;
      const [oldest] = this.namedKamelets.keys();
      if (this.namedKamelets.size >= mostNamedKamelets && oldest !== undefined) this.dropNamed(oldest);
      this.namedKamelets.set(uri, null);
      const { result, problems } = await this.attempt(this.sources, ofMessage, null);
      if (result === 'rejected') this.namedKamelets.set(uri, new Error(problems.find(({ severity }) => severity === 'error')?.message ?? 'it can not be started'));
    });
    this.changing = turn.catch(() => undefined);
    await turn;
    const found = this.namedKamelets.get(uri);
    if (typeof found === 'string') return found;
    this.namedKamelets.delete(uri);
    throw new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `Failed to resolve endpoint: ${camelUri(maskUri(uri))} due to: ${found?.message ?? 'it is no kamelet'}`);
  }

  private takeNamed(uri: string, key: string | null, problems: Diagnostics): void {
    if (key !== null) this.namedKamelets.set(uri, key);
    else if (typeof this.namedKamelets.get(uri) === 'string') this.dropNamed(uri);
    else this.namedKamelets.set(uri, new Error(problems.sorted()[0]?.message ?? 'it is no kamelet'));
  }

  private dropNamed(uri: string): void {
    this.namedKamelets.delete(uri);
    this.endpoints.forget(uri);
  }

  private change(sources: readonly Source[], reason: string, configuration: NewConfiguration | null = null): Promise<ReloadResult> {
    const turn = this.changing.then(() => this.attempt(sources, reason, configuration));
    this.changing = turn.catch(() => undefined);
    return turn;
  }

  private async attempt(sources: readonly Source[], reason: string, configuration: NewConfiguration | null): Promise<ReloadResult> {
    const problems = configuration?.problems ?? new Diagnostics();
    if (this.isStopping) {
      problems.report('M0612', 'the runtime is stopping', null, { help: 'start it again with the new routes' });
      return this.reject(problems, reason);
    }
    const { beans, stepIds, properties, fileProperties, settings, callSettings } = this;
    if (configuration !== null) ({ properties: this.properties, settings: this.settings } = configuration);
    try {
      const result = await this.apply(sources, reason, problems, configuration?.taken ?? null);
      if (result.result === 'rejected') Object.assign(this, { properties, fileProperties, settings, callSettings });
      return result;
    } catch (thrown) {
      Object.assign(this, { beans, stepIds, properties, fileProperties, settings, callSettings });
      problems.report('M0611', `the routes can't be put together: ${(thrown as Error).message}`, null);
      return this.reject(problems, reason);
    }
  }

  private async apply(sources: readonly Source[], reason: string, problems: Diagnostics, taken: (() => void) | null): Promise<ReloadResult> {
    const started = this.clock.now();
    const generation = this.generation + 1;
    const previousBeans = this.beans;
    const previousIds = this.stepIds;
    const { plans: planned, beans } = await this.read(sources, problems);
    const { seat, parts } = this.options;
    const plans = seat === undefined ? planned : seatedPlans(planned, seat.isFirst, parts, this.reader);
    const next = matchRoutes(plans, this.routes, this.routeNumbers);
    this.beans = beans;
    this.stepIds = new Map(next.kept.flatMap(({ route }) => [...route.current.stepIds]));
    const compiled: Slot[] = [];
    if (!problems.hasErrors) {
      for (const { plan, route, id } of next.compile) {
        const slot: { route: Route | null; id: string; compiled: CompiledRoute | null } = { route, id, compiled: null };
        slot.compiled = this.compiler.compile(plan, { routeId: id, generation, owner: () => slot.route!, stepIds: this.stepIds }, problems);
        if (slot.compiled !== null) compiled.push(slot as Slot);
      }
    }
    const rejected = async (): Promise<ReloadResult> => {
      for (const entry of compiled) retire(entry.compiled);
      this.beans = previousBeans;
      this.stepIds = previousIds;
      await beans.destroy(previousBeans);
      await this.sweep();
      return this.finish({ result: 'rejected', problems: problems.sorted() }, reason, started);
    };
    if (problems.hasErrors) return rejected();
    if (compiled.length === 0 && next.removed.length === 0 && this.state === 'running') {
      if (reason !== ofMessage && (await seat?.agree()) === false) return rejected();
      for (const { route, plan } of next.kept) route.current = { ...route.current, plan };
      taken?.();
      return this.finish({ result: 'unchanged', problems: problems.sorted() }, reason, started);
    }

    // New endpoints first: when one can't be had, nothing has changed yet.
    const startedRoutes: Route[] = [];
    try {
      await this.endpoints.open(problems);
      if (problems.hasErrors) throw new Error('an endpoint can not be used');
      const fresh: { route: Route; plan: RoutePlan }[] = [];
      for (const entry of compiled) {
        if (entry.route !== null) continue;
        const { plan } = entry.compiled;
        const consumer = await this.consumer(entry.compiled.resolved, entry.id, () => entry.route, plan.isElsewhere === true).catch((thrown: unknown) => {
          const { at, help } = endpointComplaint(thrown, plan.from);
          problems.report('M0611', `route \`${entry.id}\` can't start: ${(thrown as Error).message}`, at, { label: 'does not start', help });
          throw thrown;
        });
        const route = new Route(entry.id, entry.compiled, consumer, this, this.events, (exchange, routeId) => this.keepFailed(exchange, routeId));
        route.onRetired = () => this.sweepLater();
        entry.route = route;
        fresh.push({ route, plan: entry.compiled.plan });
      }
      fresh.sort((a, b) => order(a.plan) - order(b.plan));
      for (const { route, plan } of fresh) {
        if (!plan.autoStartup) continue;
        startedRoutes.push(route);
        await this.startRoute(route, plan, problems);
        if (problems.hasErrors) throw new Error('a route did not start');
      }
      if (reason !== ofMessage && (await seat?.agree()) === false) {
        problems.report('M0611', 'another worker can not take it', null, { help: 'what it says stands before this' });
        throw new Error('another worker can not take it');
      }
    } catch (thrown) {
      if (!problems.hasErrors) problems.report('M0611', (thrown as Error).message, null);
      for (const route of startedRoutes.reverse()) await route.stop().catch(() => undefined);
      for (const entry of compiled) {
        const { route } = entry;
        if (route !== null && route.current === entry.compiled) await route.close().catch(() => undefined);
      }
      return rejected();
    }

    const changed: string[] = [];
    for (const { route, id, compiled: made } of compiled) {
      if (route === null || route.current === made) continue;
      route.swap(made, id);
      changed.push(id);
    }
    for (const { route, plan } of next.kept) route.current = { ...route.current, plan };
    const added = compiled.filter(({ route, compiled: made }) => route !== null && route.current === made && !changed.includes(route.routeId)).map(({ id }) => id);
    taken?.();
    this.sources = sources;
    this.generation = generation;
    this.state = 'running';
    // In the order of the files: ids may have gone from one route to another.
    const byPlan = new Map([...compiled.map((entry) => [entry.compiled.plan, entry.route!] as const), ...next.kept.map(({ plan, route }) => [plan, route] as const)]);
    this.routes.clear();
    for (const plan of plans) {
      const route = byPlan.get(plan);
      if (route !== undefined) this.routes.set(route.routeId, route);
    }
    this.sendIntercepts = [...this.routes.values()].find(({ current }) => current.sendIntercepts.length > 0)?.current.sendIntercepts ?? [];
    void this.retireAll(next.removed, previousBeans);
    return this.finish({ result: 'applied', changed, added, removed: next.removed.map(({ routeId }) => routeId), problems: problems.sorted() }, reason, started);
  }

  private async startRoute(route: Route, plan: RoutePlan, problems: Diagnostics): Promise<void> {
    try {
      await route.start();
    } catch (thrown) {
      const error = thrown as Error & { code?: string };
      const code = error.code === 'EADDRINUSE' ? 'M0610' : 'M0611';
      const { at, help } = endpointComplaint(thrown, plan.from);
      problems.report(code, `route \`${route.routeId}\` can't start: ${error.message}`, at, {
        label: error.code === 'EADDRINUSE' ? 'this port is in use' : 'does not start',
        help: help ?? (error.code === 'EADDRINUSE' ? 'stop what listens there, or choose another port with --port' : null),
      });
    }
  }

  private async consumer(resolved: ResolvedEndpoint, routeId: string, route: () => Route | null = () => null, isElsewhere = false): Promise<Consumer> {
    return resolved.definition.consumer!(resolved.endpoint, this.surroundings(this.connectorContext(resolved, routeId, route), isElsewhere));
  }

  private surroundings(context: ConnectorContext, isElsewhere: boolean): ConnectorContext {
    const { seat } = this.options;
    return isElsewhere && seat !== undefined ? forwardingContext(context, (host, port) => seat.socketOf(host, port)) : context;
  }

  /** Closes and gives up what no generation uses in which something may still be under way. */
  private async sweep(): Promise<void> {
    const generations = [...this.routes.values(), ...this.retiring].flatMap((route) => [...route.generations()]);
    await this.endpoints.sweep((uri) => generations.some(({ producerUris }) => producerUris.has(uri)));
    await this.compiler.abandon((key) => generations.some(({ carriedKeys }) => carriedKeys.has(key)));
  }

  /** Not while a reload compiles: what it is about to use would be taken away. */
  private sweepLater(): void {
    if (this.isStopping) return;
    this.changing = this.changing.then(() => (this.isStopping ? undefined : this.sweep())).catch((thrown: unknown) => this.log('warn', 'mecha.runtime', `clearing up after a reload: ${String(thrown)}`));
  }

  /** Takes routes away that the new generation does not have: their sources stop now, what is in flight finishes. */
  private async retireAll(routes: readonly Route[], previousBeans: Beans): Promise<void> {
    const { beans } = this;
    const swapped = [...this.routes.values()].map((route) => route.whenRetired());
    await Promise.all(
      routes.map(async (route) => {
        this.retiring.add(route);
        await route.stop().catch((thrown: unknown) => this.log('warn', 'mecha.runtime', `route ${route.routeId} did not stop: ${String(thrown)}`));
        await route.whenIdle();
        await this.runStopHooks(route.routeId);
        await route.close().catch(() => undefined);
        this.retiring.delete(route);
      }),
    );
    this.sweepLater();
    await Promise.all(swapped);
    if (previousBeans !== beans) await previousBeans.destroy(beans);
  }

  private async runStopHooks(routeId: string | null, mayStartAgain = false): Promise<void> {
    for (const hook of [...this.stopHooks]) {
      if (routeId !== null && hook.routeId !== routeId) continue;
      if (!mayStartAgain) this.stopHooks.delete(hook);
      try {
        await hook.run();
      } catch (thrown) {
        this.log('warn', 'mecha.runtime', `stopping ${hook.routeId}: ${String(thrown)}`);
      }
    }
  }

  private finish(given: Pick<ReloadResult, 'result' | 'problems'> & Partial<ReloadResult>, reason: string, started: number): ReloadResult {
    const result: ReloadResult = { generation: this.generation, changed: [], added: [], removed: [], ...given, reason, millis: this.clock.now() - started };
    if (reason === ofMessage) return result;
    this.lastReload = result;
    if (result.result !== 'rejected') this.warn(result.problems);
    this.events.emit('reloaded', {
      generation: result.generation,
      reason,
      result: result.result,
      changed: [...result.changed],
      added: [...result.added],
      removed: [...result.removed],
      millis: result.millis,
      problem: result.problems.find(({ severity }) => severity === 'error')?.message ?? null,
    });
    return result;
  }

  /** Logs what was found, and keeps nothing from running. */
  warn(problems: readonly Diagnostic[]): void {
    for (const { at, code, message } of problems) this.log('warn', 'mecha.runtime', `${at === null ? '' : `${showSpan(at)}: `}${code}: ${message}`);
  }

  private count(routeId: string, what: 'redelivered' | 'deadLettered'): void {
    const route = this.routes.get(routeId);
    if (route !== undefined) route.statistics[what]++;
  }

  /** Files of the modules that routes name. */
  get modulePaths(): readonly string[] {
    return this.beans.moduleVersions.map(([path]) => path);
  }

  get hasChangedModules(): boolean {
    return this.beans.hasChangedModules;
  }

  get isRunning(): boolean {
    return this.state === 'running';
  }

  get isStopping(): boolean {
    return this.state === 'stopping' || this.state === 'stopped';
  }

  get inFlight(): number {
    let count = 0;
    for (const route of this.routes.values()) count += route.inFlight;
    for (const route of this.retiring) count += route.inFlight;
    return count;
  }

  /**
   * Stops: sources take no more, what is in flight finishes (for at most `timeoutMillis`, then it fails unsettled), stores are flushed.
   * Gives whether everything finished in time.
   */
  stop(timeoutMillis = 30_000): Promise<boolean> {
    return (this.stopped ??= this.end(timeoutMillis));
  }

  private async end(timeoutMillis: number): Promise<boolean> {
    this.state = 'stopping';
    await this.changing;
    const byStart = [...this.routes.values()].sort((a, b) => order(a.current.plan) - order(b.current.plan));
    const all = [...this.retiring, ...byStart.reverse()];
    const isInternal = (route: Route): boolean => route.current.resolved.definition.isInternal === true;
    const outer = all.filter((route) => !isInternal(route));
    const inner = all.filter(isInternal);
    const deadline = this.clock.now() + timeoutMillis;
    const sources = Promise.all(outer.map((route) => route.stop().catch(() => undefined)));
    this.parking.stop();
    this.ender.abort(deadline);
    await this.within(deadline, sources);
    let isIdle = await this.within(deadline, this.whenIdle(all));
    await this.within(deadline, Promise.all(inner.map((route) => route.stop().catch(() => undefined))));
    await this.within(deadline, this.runStopHooks(null));
    isIdle = (await this.within(deadline, this.whenIdle(all))) && isIdle;
    this.stopper.abort();
    if (!isIdle) await this.within(this.clock.now() + 1000, this.whenIdle(all));
    await Promise.all(all.map((route) => route.close().catch(() => undefined)));
    await this.endpoints.close();
    for (const thing of this.sharedThings.values()) {
      const { close } = thing as { close?: () => unknown };
      if (typeof close === 'function') await close.call(thing);
    }
    await this.beans.destroy();
    this.routes.clear();
    this.state = 'stopped';
    return isIdle;
  }

  private async whenIdle(routes: readonly Route[]): Promise<void> {
    // One route's last exchange may start another's: until none is under way.
    do await Promise.all(routes.map((route) => route.whenIdle()));
    while (routes.some((route) => route.inFlight > 0));
  }

  private async within(deadline: number, work: Promise<unknown>): Promise<boolean> {
    let timer: { cancel(): void } | undefined;
    const late = new Promise<false>((resolve) => {
      timer = this.clock.schedule(Math.max(0, deadline - this.clock.now()), () => resolve(false));
    });
    const result = await Promise.race([work.then(() => true), late]);
    timer?.cancel();
    return result;
  }

  // ---------------------------------------------------------------------------------------------- for embedders

  /** Feeds a route as its source would; resolves with the exchange when its unit of work is done. */
  inject(routeId: string, body: unknown, headers: Iterable<readonly [string, unknown]>, properties: Iterable<readonly [string, unknown]>, isInOut: boolean): Promise<Exchange> {
    const route = this.routes.get(routeId);
    if (route === undefined) return Promise.reject(new Error(`there is no route \`${routeId}\``));
    return new Promise((resolve) => {
      const exchange = route.exchange(body, Headers.from(headers), isInOut);
      for (const [name, value] of properties) exchange.properties.set(name, value);
      route.push(exchange, { settle: resolve });
    });
  }

  /** Sends to an endpoint from outside of all routes; resolves with the exchange when it comes back. */
  send(uri: string, body: unknown, { headers = {}, properties = {}, variables = {}, isInOut = true }: SendOptions = {}): Promise<Exchange> {
    return new Promise((resolve) => {
      const exchange = new Exchange(this, body, Headers.from(headers), isInOut);
      exchange.created = this.clock.now();
      for (const [name, value] of Object.entries(properties)) exchange.properties.set(name, value);
      for (const [name, value] of Object.entries(variables)) exchange.setVariable(name, value);
      // As in Camel, who sends goes on when the exchange is back; what it left under way (seda, wire taps) goes on by itself.
      const unitOfWork = new UnitOfWork(exchange, () => undefined);
      exchange.unitOfWork = unitOfWork;
      exchange.way = new Reply((returned) => {
        const left = (): void => {
          unitOfWork.release();
          resolve(returned);
        };
        const ending = unitOfWork.leaving();
        if (ending === null) left();
        else void ending.then(left);
      });
      this.endpoints.trustedCall(uri, exchange, this.sendIntercepts, { routeId: '', stepId: 'send', kind: 'send', label: 'send', at: null });
    });
  }
}

/** Why the routes change when a message names a kamelet: nobody has asked for it, so nobody is told. */
const ofMessage = 'a kamelet that a message names';
/** Each is a route, which every change of the routes looks at. */
const mostNamedKamelets = 100;

const order = (plan: RoutePlan): number => (plan.startupOrder > 0 ? plan.startupOrder : 1_000_000);

/** The single beans of a `beans:` element. */
function beanElements(element: ElementModel): ElementModel[] {
  const list = element.fields['beans'];
  if (Array.isArray(list)) return (list as readonly ModelValue[]).filter(isElement);
  return [element];
}

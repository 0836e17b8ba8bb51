import { createHash } from 'node:crypto';
import { Subscription } from 'rxjs';
import type { Clock } from '../core/clock.ts';
import type { PolledMessage, RouteControl } from '../core/connector.ts';
import type { AggregationStrategy, DataFormat, StepContext } from '../core/definition.ts';
import type { Diagnostics, Span } from '../core/diagnostics.ts';
import { showSpan } from '../core/diagnostics.ts';
import type { Events } from '../core/events.ts';
import type { Exchange, ExchangeScope, StepInfo } from '../core/exchange/exchange.ts';
import type { LanguageContext, Preparation } from '../core/expression.ts';
import type { EndpointReference, Field, Fields } from '../core/field.ts';
import { noteStep, noteStepDone } from '../core/exchange/history.ts';
import type { Call, Pipe } from '../core/graph/flow.ts';
import { callStep, counted, detour, Exit, Inlet, perform, replaceableStep, sequence } from '../core/graph/flow.ts';
import { inOrder } from '../core/exchange/order.ts';
import type { StateStore } from '../core/state/store.ts';
import { poolOptions, threadPoolProblem } from '../core/threadPool.ts';
import type { DataFormatModel, ElementModel, EndpointModel, ExpressionModel, MapModel, ModelValue, StepModel } from '../dsl/model.ts';
import type { Parking } from './parking.ts';
import type { Place } from './parking.ts';
import { Places } from './parking.ts';
import type { ErrorHandling } from './redelivery.ts';
import type { ErrorHandlingContext } from './redelivery.ts';
import { elsewhere, errorHandled, failedArrivals, isPlain, markExhausted, markFailureRoute, mayFailItself, returnsTo } from './redelivery.ts';
import type { StandInStep } from './standIns.ts';
import type { StepStatistics } from '../observe/statistics.ts';
import { StepStatistics as Statistics } from '../observe/statistics.ts';
import { reportUnfit } from './unfit.ts';

/** What the compiler asks the runtime for. */
export interface CompilerServices {
  readonly clock: Clock;
  readonly events: Events;
  readonly scope: ExchangeScope;
  readonly languages: LanguageContext;
  readonly stopping: AbortSignal;
  /** Aborted when stopping begins, with the time until which it waits as its reason. */
  readonly ending: AbortSignal;
  readonly beans: { get(name: string): unknown; names(): string[] };
  /** State whose keys begin with `prefix`. */
  store(prefix: string): StateStore;
  expression(model: ExpressionModel, problems: Diagnostics): ReturnType<LanguageContext['expression']>;
  predicate(model: ExpressionModel, problems: Diagnostics): ReturnType<LanguageContext['predicate']>;
  /** Gives, besides what is compiled, what its expressions want done before they are evaluated. */
  preparing<T>(compile: () => T): { readonly compiled: T; readonly preparations: readonly Preparation[] };
  bean(reference: string, kind: string): unknown;
  producer(model: EndpointModel, problems: Diagnostics, intercepts: readonly SendIntercept[]): Call;
  dynamicCall(uri: string, exchange: Exchange, intercepts: readonly SendIntercept[], step: StepInfo): void;
  checkEndpoint(uri: string): void;
  /** What a step gets of an endpoint: what stands in its path is in its URI. */
  reference(model: EndpointModel): EndpointReference;
  receive(uri: string, timeoutMillis: number, exchange: Exchange): Promise<PolledMessage | null>;
  dataFormat(name: string, options: Readonly<Record<string, unknown>>): DataFormat;
  optionsOf?(group: string, fields: Fields): Readonly<Record<string, unknown>>;
  aggregationStrategy(reference: string, options?: { methodName?: string; methodAllowNull?: boolean }): AggregationStrategy;
  shared<T>(name: string, make: () => T): T;
  /** What outlives a graph, by the step's state key. */
  carry<T>(key: string, make: () => T): T;
  /** Gives what takes the hook away again. */
  onStop(routeId: string, run: () => void | Promise<void>): () => void;
  keepFailed(exchange: Exchange, routeId: string): boolean | Promise<boolean>;
  /** What takes part in a transaction when something is sent to the endpoint; null: nothing, or it can't be told. */
  resource(model: EndpointModel): { readonly url: string; readonly shown: string } | null;
  readonly routes: RouteControl;
  readonly parking: Parking;
  /** Whether messages are kept as they were when they came, because of any route. */
  readonly originals: { readonly isKept: boolean };
  /** What stands for a step of this id; null: the step itself. */
  standIn(info: StepInfo): StandInStep | null;
  /** Camel's automatic id, such as `setBody3`; the same for the same model, which routes may have in common. */
  automaticId(kind: string, model: StepModel | ElementModel): string;
}

/** An `interceptSendToEndpoint`, compiled for one route. */
export interface SendIntercept {
  matches(uri: string): boolean;
  readonly skips: boolean;
  readonly onWhen: ReturnType<LanguageContext['predicate']> | null;
  /** Puts down on the exchange what is intercepted, and where. */
  note(exchange: Exchange): void;
  readonly before: Call;
  readonly after: Call | null;
}

/** A step as `describe`, metrics and coverage see it. */
export interface CompiledStep {
  readonly info: StepInfo;
  readonly statistics: StepStatistics;
  readonly children: CompiledStep[];
  /** Which list of steps of its parent it stands in; null on the top level of a route. */
  readonly branch: Branch | null;
}

/** What the steps of one graph share: sub-pipelines that several call, work that goes on, what ends with the graph. */
export class Wiring {
  readonly subscription = new Subscription();
  /** Set when the graph exists, before its first exchange. */
  graph: { begin(): void; end(): void } | null = null;

  /** Subscribes a pipeline now and gives the call that feeds it; exchanges come back along their way. */
  wire(pipe: Pipe): Call {
    const inlet = new Inlet();
    this.subscription.add(inlet.pipe(pipe).subscribe(new Exit((exchange) => exchange.leave())));
    return (exchange) => inlet.next(exchange);
  }
}

/** Parts of steps that stand in the history of a message, as in Camel. */
const notedBranches: ReadonlySet<string> = new Set(['doCatch', 'doFinally']);

/** What decides about the steps of a list. */
export interface Surroundings {
  /** Null: no error handler applies (inside doTry, in handler steps, noErrorHandler). */
  readonly handling: ErrorHandling | null;
  /** The error handler around a doTry and its like, which what is sent on its own from there still has. */
  readonly outerHandling?: ErrorHandling | null;
  /** The one step is a branch of a multicast. */
  readonly isBranch?: boolean;
  /** A step around looks at how these end (doTry): what is put aside would look as if it had ended. */
  readonly isWatched?: boolean;
  /** Runs before every step. */
  readonly intercepts: readonly Call[];
  readonly sendIntercepts: readonly SendIntercept[];
  /** Of endpoints that are known when the route is compiled; the same where absent. */
  readonly fixedSendIntercepts?: readonly SendIntercept[];
  /** The route's exchanges have lanes: each step lets those of one lane leave in their order. */
  readonly isOrdered?: boolean;
  /** Keeps values that look secret out of the route's own log lines. */
  readonly masksLogs?: boolean;
}

/** One list of steps of a step that has several: `when[simple{...}]`, `otherwise`; an empty label where there is nothing to tell apart. */
export interface Branch {
  readonly label: string;
}

/** Compiles the steps of one route into operators. */
export class StepCompiler {
  readonly routeId: string;
  readonly services: CompilerServices;
  readonly problems: Diagnostics;
  readonly wiring: Wiring;
  /** Explicit step ids of the whole runtime, to find duplicates. */
  private readonly seenIds: Map<string, Span>;
  private siblings: CompiledStep[];
  private branch: Branch | null = null;
  /** What the list of steps that is being compiled belongs to. */
  private owner: ElementModel | null = null;
  /** Stands before the ids of all steps. */
  idPrefix = '';
  /** Messages keep the list of steps that they went through. */
  keepsHistory = false;
  /** The endpoint that the route starts from, as it is shown. */
  fromUri = '';
  /** Some error handler or completion of this route restores the original message. */
  keepsOriginal = false;
  /** Where messages of this route may wait for another attempt. */
  readonly places = new Places();
  /** Explicit ids of this route's steps. */
  readonly ownIds = new Map<string, Span>();

  constructor(routeId: string, services: CompilerServices, problems: Diagnostics, wiring: Wiring, seenIds: Map<string, Span>, into: CompiledStep[]) {
    this.routeId = routeId;
    this.services = services;
    this.problems = problems;
    this.wiring = wiring;
    this.seenIds = seenIds;
    this.siblings = into;
  }

  /** Steps on the top level of the route: only there may one wrap it. */
  private readonly wrappers = new WeakSet<StepModel>();

  /** Steps whose bean was complained about. */
  readonly lacksBean = new WeakSet<StepModel>();
  /** The steps of the route itself. */
  private readonly topLevel = new WeakSet<StepModel>();
  /** The step behind the source. */
  private firstOfRoute: StepModel | null = null;

  /** The steps of the route itself. One that wraps the route takes in the others, before its own. */
  routeSteps(models: readonly StepModel[], around: Surroundings): Pipe {
    // As in Camel: what it has taken in goes with it.
    if (models.some(({ isDisabled, definition }) => isDisabled && definition.wrapsRoute === true)) return sequence([]);
    const enabled = models.filter(({ isDisabled }) => !isDisabled);
    const wrappers = enabled.filter(({ definition }) => definition.wrapsRoute === true);
    const wrapper = wrappers[0];
    this.firstOfRoute = enabled[0] ?? null;
    for (const model of enabled) this.topLevel.add(model);
    if (wrapper === undefined) return this.steps(models, around);
    for (const other of wrappers.slice(1)) {
      if (other.kind === wrapper.kind) this.problems.report('M0226', `a route can have only one \`${other.kind}\``, other.at, { label: 'the second one', help: `the first one stands at ${showSpan(wrapper.at)}, and the whole route belongs to it` });
    }
    const { element } = wrapper;
    const steps = [...enabled.filter((model) => model !== wrapper), ...((element.fields['steps'] ?? []) as readonly StepModel[])];
    const whole: StepModel = { ...wrapper, element: { ...element, fields: { ...element.fields, steps } } };
    this.wrappers.add(whole);
    for (const model of enabled) this.topLevel.delete(model);
    this.topLevel.add(whole);
    this.firstOfRoute = whole;
    for (const other of wrappers.slice(1)) this.wrappers.add(other);
    return this.steps([whole], around);
  }

  /** A list of steps as one operator. */
  steps(models: readonly StepModel[], around: Surroundings): Pipe {
    const enabled = models.filter(({ isDisabled }) => !isDisabled);
    if (around.handling === null || !isPlain(around.handling)) return sequence(enabled.map((model) => this.step(model, around)));
    // What fails in a step without an error handler of its own goes past the marks of the others.
    const parts: Pipe[] = [];
    let segment: Pipe[] = [];
    const close = (): void => {
      if (segment.length === 0) return;
      const marked = sequence([...segment, markExhausted(this.routeId, around.isBranch)]);
      parts.push(parts.length === 0 ? marked : detour(marked, () => true));
      segment = [];
    };
    for (const model of enabled) {
      const pipe = this.step(model, around);
      if (this.ownHandling(model) !== 'none') segment.push(pipe);
      else {
        close();
        parts.push(pipe);
      }
    }
    close();
    return sequence(parts);
  }

  /** As in Camel, a step that has no error handler of its own in the list of a route, or of a multicast, has one in the steps of others. */
  private ownHandling(model: StepModel): 'inherit' | 'again' | 'none' {
    const { own = 'inherit', ownInheritsWith } = model.definition.errorHandling ?? {};
    if (own !== 'none') return own;
    if (ownInheritsWith !== undefined && model.element.fields[ownInheritsWith] === true) return 'inherit';
    return this.topLevel.has(model) || this.owner?.name === 'multicast' ? 'none' : 'inherit';
  }

  private step(model: StepModel, around: Surroundings): Pipe {
    const { compiled, preparations } = this.services.preparing(() => this.unordered(model, around));
    const whole = preparations.length === 0 ? compiled : sequence([prepared(preparations), compiled]);
    const pipe = this.keepsHistory ? this.noted(whole, this.siblings.at(-1)!.info) : whole;
    const ordered = around.isOrdered === true ? inOrder(pipe) : pipe;
    const { handling } = around;
    return model !== this.firstOfRoute || handling === null || isPlain(handling) || this.takesArrivals(model) ? ordered : failedArrivals(ordered, handling, this.errorContext);
  }

  /** Of a part of a step that Camel counts as one: a `doCatch`. */
  private infoOf(element: ElementModel): StepInfo {
    const id = element.fields['id'];
    const stepId = this.idPrefix + (typeof id === 'string' ? id : this.services.automaticId(element.name, element));
    return { routeId: this.routeId, stepId, kind: element.name, label: element.name, at: showSpan(element.at), stateKey: null };
  }

  private noted(pipe: Pipe, info: StepInfo): Pipe {
    const { clock } = this.services;
    return sequence([perform((exchange) => noteStep(exchange, info, clock.now())), pipe, perform((exchange) => noteStepDone(exchange, info, clock.now()))]);
  }

  takesArrivals(model: StepModel): boolean {
    return model === this.firstOfRoute && model.definition.errorHandling?.takesArrivals === true;
  }

  private unordered(model: StepModel, { isBranch, ...around }: Surroundings): Pipe {
    const info = this.info(model);
    const { branch } = this;
    const compiled: CompiledStep = { info, statistics: info.statistics, children: [], branch };
    this.siblings.push(compiled);
    const { definition } = model;
    if (definition.wrapsRoute === true && !this.wrappers.has(model)) {
      this.problems.report('M0226', `\`${model.kind}\` stands inside another step`, model.at, { label: 'only on the top level of a route', help: 'move it to the steps of the route itself, or into a route of its own that is called by `direct:`' });
    }
    const outer = this.owner?.name;
    if (outer !== undefined && definition.notDirectlyIn?.includes(outer) === true) {
      this.problems.report('M0227', `\`${model.kind}\` stands directly in \`${outer}\``, model.at, { label: 'not by itself', help: 'put it into a `pipeline`, as in Camel: `pipeline: { steps: [ ... ] }`' });
    }
    const own = this.ownHandling(model);
    const children = definition.errorHandling?.children ?? 'inherit';
    const inner: Surroundings = children === 'none' ? { ...around, handling: null, outerHandling: around.handling ?? around.outerHandling ?? null, isWatched: true } : children === 'called' ? { ...around, handling: elsewhere(around.handling) } : around;
    this.checkThreadPools(model.element);
    const { siblings } = this;
    this.siblings = compiled.children;
    const options = this.fields(definition.options, model.element, inner, children === 'unit' ? info : null);
    this.siblings = siblings;
    this.branch = branch;
    // What an option lacks has been complained about already.
    if (this.problems.hasErrors && Object.entries(definition.options).some(([name, { shape }]) => shape.isRequired && (options as Readonly<Record<string, unknown>>)[name] === undefined)) return sequence([]);
    let pipe: Pipe;
    const standIn = this.services.standIn(info);
    try {
      if (standIn === null || definition.sends === true) pipe = definition.operator(options, new Context(this, info, model, around, standIn));
      else if (!standIn.needsItself) pipe = callStep(standIn.call(null, null), info);
      else pipe = replaceableStep(definition.operator(options, new Context(this, info, model, around, null)), (itself) => standIn.call(null, itself), info);
    } catch (thrown) {
      // A part of an option that could not be read shows only in that the code falls over it.
      const isIncomplete = this.lacksBean.has(model) || (this.problems.hasErrors && thrown instanceof TypeError);
      if (!isIncomplete) reportUnfit(thrown, model, this.problems);
      return sequence([]);
    }
    pipe = counted(pipe, compiled.statistics);
    const { handling } = around;
    const place = (): Place => this.places.add(() => `${model.kind}/${model.id ?? hashOf(model.element)}`);
    const isWrapped = handling !== null && own !== 'none' && !isPlain(handling);
    if (!isWrapped && model.kind === 'to' && around.isWatched !== true) pipe = returnsTo(pipe, place(), this.routeId);
    if (around.intercepts.length > 0) {
      for (let left = this.interceptions(model); left > 0; left--) pipe = sequence([perform((exchange) => this.noteIntercepted(exchange, info.stepId)), ...around.intercepts.map((call) => callStep(call, info)), pipe]);
    }
    if (isWrapped) return errorHandled(pipe, handling, this.errorContext, info, place(), own === 'again', isBranch);
    return own === 'again' && handling !== null ? detour(sequence([pipe, markFailureRoute(this.routeId)]), () => true) : pipe;
  }

  /** As in Camel, a thread pool that is named must be there. */
  checkThreadPools({ fields, fieldsAt, at }: ElementModel): void {
    const { beans, languages } = this.services;
    for (const name of poolOptions) {
      const reference = fields[name];
      const problem = typeof reference === 'string' ? threadPoolProblem(reference, (bean) => beans.get(bean), (key) => languages.property(key)) : null;
      if (problem !== null) this.problems.report('M0501', problem, fieldsAt[name] ?? at, { help: 'declare it as a bean of `java.util.concurrent.Executors`, or say its sizes: `camel.threadpool.config[NAME].pool-size`' });
    }
  }

  private interceptions(model: StepModel): number {
    const { interceptions } = model.definition;
    if (interceptions === undefined) return 1;
    const steps = model.element.fields['steps'];
    return interceptions(!this.topLevel.has(model), Array.isArray(steps) ? steps.filter((inner) => !(inner as StepModel).isDisabled).length : 0);
  }

  /** What steps of `intercept` and its like are told of the place that they stand in. */
  noteIntercepted({ properties }: Exchange, nodeId: string | null): void {
    if (nodeId !== null) properties.set('CamelInterceptedNodeId', nodeId);
    properties.set('CamelInterceptedRouteId', this.routeId);
    properties.set('CamelInterceptedParentEndpointUri', this.fromUri);
  }

  /** A list of steps whose error handler also takes, as one, what its steps leave alone: a part of a split (`unitOf`), a branch of a multicast. */
  private unit(models: readonly StepModel[], around: Surroundings, unitOf: StepInfo | null): Pipe {
    const pipe = this.steps(models, around);
    const { handling } = around;
    const leavesFailures = (model: StepModel): boolean => !model.isDisabled && this.ownHandling(model) === 'none';
    if (unitOf === null || handling === null || !(models.some(leavesFailures) || mayFailItself(handling))) return pipe;
    if (isPlain(handling)) return sequence([pipe, markExhausted(this.routeId)]);
    return errorHandled(pipe, handling, this.errorContext, unitOf);
  }

  guard(pipe: Pipe, around: Surroundings, info: StepInfo, leavesTried: boolean): Pipe | null {
    const handling = around.handling ?? (leavesTried ? null : (around.outerHandling ?? null));
    return handling === null || isPlain(handling) ? null : errorHandled(pipe, handling, this.errorContext, info, null, false, leavesTried);
  }

  private get errorContext(): ErrorHandlingContext {
    return { clock: this.services.clock, events: this.services.events, stopping: this.services.stopping, ending: this.services.ending, routeId: this.routeId, parking: this.services.parking, originals: this.services.originals };
  }

  private info(model: StepModel): StepInfo & { readonly statistics: StepStatistics } {
    if (model.id !== null) {
      const id = this.idPrefix + model.id;
      const before = this.seenIds.get(id);
      if (before !== undefined && (before.start !== model.at.start || before.source !== model.at.source)) {
        this.problems.report('M0602', `duplicate step id \`${id}\``, model.element.fieldsAt['id'] ?? model.at, {
          label: 'this id is taken',
          help: `ids are unique in all routes; \`${id}\` stands at ${showSpan(before)} already`,
        });
      }
      this.seenIds.set(id, model.at);
      this.ownIds.set(id, model.at);
    }
    return {
      routeId: this.routeId,
      stepId: this.idPrefix + (model.id ?? this.services.automaticId(model.kind, model)),
      kind: model.kind,
      label: model.description ?? label(model),
      at: showSpan(model.at),
      stateKey: null,
      statistics: new Statistics(),
    };
  }

  /** The options of an element, as its code gets them. */
  fields(fields: Fields, element: ElementModel, around: Surroundings, unitOf: StepInfo | null = null): Record<string, unknown> {
    const options: Record<string, unknown> = {};
    const { owner } = this;
    for (const [name, definition] of Object.entries(fields)) {
      const value = element.fields[name];
      this.owner = element;
      options[name] = value === undefined ? definition.shape.default : this.value(definition, value, around, unitOf);
    }
    this.owner = owner;
    return options;
  }

  private value(definition: Field, value: ModelValue, around: Surroundings, unitOf: StepInfo | null): unknown {
    const { shape } = definition;
    switch (shape.kind) {
      case 'expression':
        return isModel<ExpressionModel>(value, 'expression') ? this.services.expression(value, this.problems) : value;
      case 'predicate':
        return isModel<ExpressionModel>(value, 'expression') ? this.services.predicate(value, this.problems) : value;
      case 'steps':
        if (shape.isFork) return (value as readonly StepModel[]).filter(({ isDisabled }) => !isDisabled).map((step) => this.branchOf([step], '', { ...around, isBranch: unitOf !== null }, unitOf));
        return this.branchOf(value as readonly StepModel[], this.owner === null ? '' : branchLabel(this.owner), around, unitOf);
      case 'endpoint': {
        const model = value as EndpointModel;
        const reference = this.services.reference(model);
        this.endpoints.set(reference, model);
        return reference;
      }
      case 'element':
        if (isModel<DataFormatModel>(value, 'dataFormat')) return { name: value.name, options: value.options };
        return isModel<ElementModel>(value, 'element') ? this.fields(shape.fields, value, around, unitOf) : value;
      case 'list':
        return (value as readonly ModelValue[]).map((item) => this.value(shape.item!, item, around, unitOf));
      case 'map': {
        const map: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
        for (const [key, item] of Object.entries((value as MapModel).entries)) map[key] = this.value(shape.item!, item, around, unitOf);
        return map;
      }
      case 'any':
        return isModel<{ type: 'any'; value: unknown }>(value, 'any') ? value.value : value;
      default:
        return value;
    }
  }

  private branchOf(steps: readonly StepModel[], label: string, around: Surroundings, unitOf: StepInfo | null): Pipe {
    const { branch } = this;
    this.branch = { label };
    const pipe = this.unit(steps, around, unitOf);
    this.branch = branch;
    return this.keepsHistory && this.owner !== null && notedBranches.has(this.owner.name) ? this.noted(pipe, this.infoOf(this.owner)) : pipe;
  }

  private readonly stateKeys = new Map<string, number>();

  /** A key that no other step of this route has. */
  stateKey(key: string): string {
    const count = (this.stateKeys.get(key) ?? 0) + 1;
    this.stateKeys.set(key, count);
    return count === 1 ? key : `${key}${count}/`;
  }

  /** Models of endpoints by the reference that a step gets: the same object. */
  private readonly endpoints = new Map<EndpointReference, EndpointModel>();

  endpointModel(reference: EndpointReference, at: Span): EndpointModel {
    return this.endpoints.get(reference) ?? { type: 'endpoint', uri: reference.uri, parameters: reference.parameters ?? {}, at, parametersAt: {} };
  }
}

const isModel = <M extends { type: string }>(value: ModelValue | { type: string }, type: M['type']): value is M & ModelValue =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && (value as { type?: unknown }).type === type;

/** What Camel's history shows, such as `setBody[simple{${body}}]`. */
function label(model: StepModel): string {
  const { fields } = model.element;
  const expression = fields['expression'];
  if (expression !== undefined && isModel<ExpressionModel>(expression, 'expression')) return `${model.kind}[${expression.language}{${expression.source}}]`;
  const uri = fields['uri'];
  if (uri !== undefined && isModel<EndpointModel>(uri, 'endpoint')) return `${model.kind}[${uri.uri.replace(/\?.*/s, '')}]`;
  return model.kind;
}

/** All steps within an element, but those within a transaction of their own. */
function stepsWithin(value: ModelValue | { type: string }, visit: (step: StepModel) => void): void {
  if (Array.isArray(value)) for (const item of value as readonly ModelValue[]) stepsWithin(item, visit);
  else if (isModel<StepModel>(value, 'step')) {
    if (value.isDisabled) return;
    visit(value);
    if (value.definition.bindsTransaction !== true) stepsWithin(value.element, visit);
  } else if (isModel<ElementModel>(value, 'element')) for (const field of Object.values(value.fields)) stepsWithin(field, visit);
}

/** What stands before a step whose expressions want something done before they are evaluated. */
const prepared = (preparations: readonly Preparation[]): Pipe => {
  const [only, ...others] = preparations;
  if (others.length === 0) return perform(only!);
  return perform((exchange) => {
    for (let i = 0; i < preparations.length; i++) {
      const waiting = preparations[i]!(exchange);
      if (waiting !== undefined) return waiting.then(() => allPrepared(exchange, preparations, i + 1));
    }
  });
};

async function allPrepared(exchange: Exchange, preparations: readonly Preparation[], from: number): Promise<void> {
  for (const prepare of preparations.slice(from)) await prepare(exchange);
}

/** Tells a list of steps from the others of its step: `when[simple{...}]`, `doCatch[java.io.IOException]`, `otherwise`. */
function branchLabel({ name, fields }: ElementModel): string {
  const expression = fields['expression'];
  if (name === 'when' && expression !== undefined && isModel<ExpressionModel>(expression, 'expression')) return `when[${expression.language}{${expression.source}}]`;
  if (name === 'doCatch' && Array.isArray(fields['exception'])) return `doCatch[${fields['exception'].join(', ')}]`;
  return ['otherwise', 'doCatch', 'doFinally', 'onFallback', 'when'].includes(name) ? name : '';
}

/** Positions say where a model stands, not what it is. */
const positions: ReadonlySet<string> = new Set(['at', 'fieldsAt', 'entriesAt', 'parametersAt', 'parameterNamesAt', 'sourceAt', 'definition']);

/** Equal for models that mean the same, wherever they stand. */
export const hashOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(value, (key, item: unknown) => (positions.has(key) ? undefined : item)) ?? 'null')
    .digest('hex')
    .slice(0, 16);

/** What one step sees of the runtime. */
class Context implements StepContext {
  readonly info: StepInfo;
  readonly at: Span;
  private readonly compiler: StepCompiler;
  private readonly model: StepModel;
  private readonly around: Surroundings;
  private readonly standIn: StandInStep | null;

  constructor(compiler: StepCompiler, info: StepInfo, model: StepModel, around: Surroundings, standIn: StandInStep | null) {
    this.compiler = compiler;
    this.info = info;
    this.at = model.at;
    this.model = model;
    this.around = around;
    this.standIn = standIn;
  }

  get clock(): Clock {
    return this.compiler.services.clock;
  }

  get events(): Events {
    return this.compiler.services.events;
  }

  get scope(): ExchangeScope {
    return this.compiler.services.scope;
  }

  get problems(): Diagnostics {
    return this.compiler.problems;
  }

  get languages(): LanguageContext {
    return this.compiler.services.languages;
  }

  get beans(): { get(name: string): unknown; names(): string[] } {
    return this.compiler.services.beans;
  }

  get stopping(): AbortSignal {
    return this.compiler.services.stopping;
  }

  /** Never a running number: a step keeps its state when others come and go around it. Only steps that are alike are told apart by their order. */
  private get stateKey(): string {
    return (this.info.stateKey ??= this.compiler.stateKey(`${this.info.kind}/${this.info.routeId}/${this.model.id ?? hashOf(this.model.element)}/`));
  }

  guard(pipe: Pipe, leavesTried: boolean): Pipe | null {
    return this.compiler.guard(pipe, this.around, this.info, leavesTried);
  }

  get takesArrivals(): boolean {
    return this.compiler.takesArrivals(this.model);
  }

  get masksLogs(): boolean {
    return this.around.masksLogs === true;
  }

  get store(): StateStore {
    return this.compiler.services.store(this.stateKey);
  }

  sharedStore(prefix: string): StateStore {
    return this.compiler.services.store(prefix);
  }

  carry<T>(make: () => T): T {
    return this.compiler.services.carry(this.stateKey, make);
  }

  readonly shared = <T>(name: string, make: () => T): T => this.compiler.services.shared(name, make);

  resourcesWithin(): { url: string; shown: string; at: Span }[] {
    const found: { url: string; shown: string; at: Span }[] = [];
    stepsWithin(this.model.element, ({ kind, element }) => {
      const { uri } = element.fields;
      if (kind !== 'to' || uri === undefined || !isModel<EndpointModel>(uri, 'endpoint')) return;
      const resource = this.compiler.services.resource(uri);
      if (resource !== null) found.push({ ...resource, at: uri.at });
    });
    return found;
  }

  policiesWithin(): { ref: string; at: Span }[] {
    const found: { ref: string; at: Span }[] = [];
    stepsWithin(this.model.element, ({ definition, element, at }) => {
      if (definition.bindsTransaction !== true) return;
      const { ref } = element.fields;
      if (typeof ref === 'string') found.push({ ref, at: element.fieldsAt['ref'] ?? at });
    });
    return found;
  }

  get routes(): RouteControl {
    return this.compiler.services.routes;
  }

  onStop(run: () => void | Promise<void>): void {
    this.onDispose(this.compiler.services.onStop(this.info.routeId, run));
  }

  async keepFailed(exchange: Exchange): Promise<void> {
    if (!(await this.compiler.services.keepFailed(exchange, this.info.routeId))) throw exchange.exception ?? new Error('the failed exchange can not be kept');
  }

  bean<T>(reference: string, kind: string): T {
    try {
      return this.compiler.services.bean(reference, kind) as T;
    } catch (thrown) {
      this.problems.report('M0501', (thrown as Error).message, this.at);
      this.compiler.lacksBean.add(this.model);
      return {} as T;
    }
  }

  producer(endpoint: EndpointReference): Call {
    const { services } = this.compiler;
    const producer = (): Call => services.producer(this.compiler.endpointModel(endpoint, this.at), this.problems, this.around.fixedSendIntercepts ?? this.around.sendIntercepts);
    if (this.standIn === null) return producer();
    return this.standIn.call(endpoint.uri, this.standIn.needsItself ? this.standIn.outside(producer) : null);
  }

  dynamicCall(uri: string, exchange: Exchange): void {
    const call: Call = (called) => this.compiler.services.dynamicCall(uri, called, this.around.sendIntercepts, this.info);
    const { standIn } = this;
    if (standIn === null) return call(exchange);
    standIn.call(uri, standIn.needsItself ? (called) => standIn.outside(() => call(called)) : null)(exchange);
  }

  checkEndpoint(uri: string): void {
    if (this.standIn === null) this.compiler.services.checkEndpoint(uri);
  }

  receive(uri: string, timeoutMillis: number, exchange: Exchange): Promise<PolledMessage | null> {
    const receive = (): Promise<PolledMessage | null> => this.compiler.services.receive(uri, timeoutMillis, exchange);
    const { standIn } = this;
    return standIn === null ? receive() : standIn.receive(uri, standIn.needsItself ? () => standIn.outside(receive) : null);
  }

  dataFormat(name: string, options: Readonly<Record<string, unknown>>): DataFormat {
    return this.compiler.services.dataFormat(name, options);
  }

  optionsOf(group: string, fields: Fields): Readonly<Record<string, unknown>> {
    return this.compiler.services.optionsOf?.(group, fields) ?? {};
  }

  aggregationStrategy(reference: string, options?: { methodName?: string; methodAllowNull?: boolean }): AggregationStrategy {
    try {
      return this.compiler.services.aggregationStrategy(reference, options);
    } catch (thrown) {
      this.problems.report('M0501', (thrown as Error).message, this.model.element.fieldsAt['aggregationStrategy'] ?? this.at);
      return { aggregate: (_, exchange) => exchange };
    }
  }

  begin(): void {
    this.compiler.wiring.graph?.begin();
  }

  end(): void {
    this.compiler.wiring.graph?.end();
  }

  onDispose(dispose: () => void): void {
    this.compiler.wiring.subscription.add(dispose);
  }
}

import type { Clock } from '../core/clock.ts';
import type { ConnectorContext, RouteControl } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import type { AggregationStrategy, DataFormat } from '../core/definition.ts';
import type { Span } from '../core/diagnostics.ts';
import { Diagnostics } from '../core/diagnostics.ts';
import type { Events } from '../core/events.ts';
import type { Fields } from '../core/field.ts';
import type { Exchange, ExchangeScope } from '../core/exchange/exchange.ts';
import type { Pipe } from '../core/graph/flow.ts';
import { callStep, perform, sequence } from '../core/graph/flow.ts';
import { builtInStrategy, strategyFrom } from '../core/graph/strategies.ts';
import type { StateStore } from '../core/state/store.ts';
import { prefixed } from '../core/state/store.ts';
import type { DataFormatModel, ElementModel, ExpressionModel } from '../dsl/model.ts';
import type { Parts } from '../dsl/read.ts';
import type { ResolvedEndpoint } from '../dsl/uri.ts';
import { withPathInUri } from '../dsl/uri.ts';
import type { Beans } from './beans.ts';
import type { CompiledStep, CompilerServices, SendIntercept, Surroundings } from './compiler.ts';
import { StepCompiler, Wiring } from './compiler.ts';
import { completions } from './completions.ts';
import { contractOf } from './dataTypes.ts';
import type { Endpoints } from './endpoints.ts';
import { Graph } from './graph.ts';
import type { Languages } from './languages.ts';
import type { Parking } from './parking.ts';
import type { RoutePlan } from './plan.ts';
import { booleanField, textField } from './plan.ts';
import type { CompiledRoute, Route } from './route.ts';
import { errorHandling, idOf, interceptFrom, intercepts, SendIntercepts } from './scopes.ts';
import type { StandIns } from './standIns.ts';

type RoutePolicies = typeof import('./routePolicies.ts');

/** What compiled routes use of the runtime they run in. */
export interface RouteHost {
  readonly clock: Clock;
  readonly events: Events;
  readonly scope: ExchangeScope;
  readonly parts: Parts;
  readonly store: StateStore;
  readonly standIns: StandIns | undefined;
  readonly languages: Languages;
  readonly endpoints: Endpoints;
  readonly parking: Parking;
  readonly routes: RouteControl;
  readonly stopping: AbortSignal;
  readonly ending: AbortSignal;
  /** Those of the generation that is compiled. */
  beans(): Beans;
  setting(key: string): unknown;
  /** What properties `camel.GROUP.OPTION` say of options, typed. */
  optionsOf(group: string, fields: Fields): Readonly<Record<string, unknown>>;
  resource(uri: string): string;
  /** What makes of `routePolicyRef` what it means; null where no route has one. */
  policies(): Pick<RoutePolicies, 'withPolicies'> | null;
  shared<T>(name: string, make: () => T): T;
  connectorContext(resolved: ResolvedEndpoint): ConnectorContext;
  onStop(routeId: string, run: () => void | Promise<void>): () => void;
  keepFailed(exchange: Exchange, routeId: string): boolean | Promise<boolean>;
}

/** Which place in which generation a plan is compiled for. */
export interface RoutePlace {
  readonly routeId: string;
  readonly generation: number;
  /** The live route; asked when exchanges come. */
  owner(): Route;
  /** Ids of explicit steps of the whole generation, with where each stands. */
  readonly stepIds: Map<string, Span>;
}

/** Compiles plans to graphs, and keeps what outlives a graph: what steps carry over to their next generation, and the numbers of their ids. */
export class RouteCompiler {
  private readonly host: RouteHost;
  private readonly carried = new Map<string, unknown>();
  private readonly originals = { isKept: false };
  private readonly stepCounts = new Map<string, number>();
  private readonly automaticIds = new WeakMap<object, string>();

  constructor(host: RouteHost) {
    this.host = host;
  }

  private services(used: Set<string>, carriedKeys: Set<string>, formats: ReadonlyMap<string, DataFormatModel>): CompilerServices {
    const { host } = this;
    const { endpoints, languages } = host;
    return {
      clock: host.clock,
      events: host.events,
      scope: host.scope,
      languages: languages.context,
      stopping: host.stopping,
      ending: host.ending,
      beans: { get: (name) => host.beans().get(name), names: () => host.beans().names() },
      store: (prefix) => prefixed(host.store, prefix),
      expression: (model, problems) => languages.compile(model, problems),
      predicate: (model, problems) => languages.compilePredicate(model, problems),
      preparing: (compile) => languages.preparing(compile),
      bean: (reference, kind) => host.beans().resolve(reference, kind),
      producer: (model, problems, around) => {
        // What is wrong with it is said below.
        const resolved = endpoints.resolve(model, new Diagnostics());
        if (resolved !== null) used.add(resolved.endpoint.uri);
        return endpoints.producer(model, problems, around);
      },
      dynamicCall: (uri, exchange, around: readonly SendIntercept[], step) => endpoints.dynamicCall(uri, exchange, around, step),
      checkEndpoint: (uri) => void endpoints.check(uri),
      reference: (model) => withPathInUri(model, host.parts.connectors),
      receive: (uri, timeoutMillis) => endpoints.receive(uri, timeoutMillis),
      optionsOf: (group, fields) => host.optionsOf(group, fields),
      dataFormat: (name, options) => (name === 'custom' ? this.namedFormat(String(options['ref'] ?? ''), formats) : this.dataFormat(name, options)),
      aggregationStrategy: (reference, options) => this.aggregationStrategy(reference, options),
      automaticId: (kind, model) => {
        const known = this.automaticIds.get(model);
        if (known !== undefined) return known;
        const count = (this.stepCounts.get(kind) ?? 0) + 1;
        this.stepCounts.set(kind, count);
        this.automaticIds.set(model, `${kind}${count}`);
        return `${kind}${count}`;
      },
      shared: (name, make) => host.shared(name, make),
      carry: (key, make) => {
        carriedKeys.add(key);
        let thing = this.carried.get(key);
        if (thing === undefined) this.carried.set(key, (thing = make()));
        return thing as ReturnType<typeof make>;
      },
      onStop: (routeId, run) => host.onStop(routeId, run),
      keepFailed: (exchange, routeId) => host.keepFailed(exchange, routeId),
      resource: (model) => {
        const resolved = endpoints.resolve(model, new Diagnostics());
        if (resolved?.definition.resource === undefined) return null;
        try {
          return { url: resolved.definition.resource(resolved.endpoint, host.connectorContext(resolved)), shown: shownUri(resolved) };
        } catch {
          // What is wrong with it is said where its producer is made.
          return null;
        }
      },
      routes: host.routes,
      parking: host.parking,
      originals: this.originals,
      standIn: (info) => host.standIns?.step(info) ?? null,
    };
  }

  /** A data format by its id, or a bean that is one. */
  private namedFormat(reference: string, formats: ReadonlyMap<string, DataFormatModel>): DataFormat {
    const model = formats.get(reference.replace(/^#(bean:)?/, ''));
    if (model !== undefined) return this.dataFormat(model.name, model.options);
    const bean = this.host.beans().resolve(reference, 'data format') as Partial<DataFormat>;
    if (typeof bean.marshal !== 'function' || typeof bean.unmarshal !== 'function') throw new Error(`the bean \`${reference}\` is no data format: it needs \`marshal(exchange, body)\` and \`unmarshal(exchange, body)\``);
    return bean as DataFormat;
  }

  dataFormat(name: string, given: Readonly<Record<string, unknown>>): DataFormat {
    const { host } = this;
    const { dataformats } = host.parts;
    const definition = dataformats[name] ?? Object.values(dataformats).find((candidate) => candidate.name === name);
    if (definition === undefined) throw new Error(`unknown data format \`${name}\``);
    const options: Record<string, unknown> = {};
    const said = this.host.optionsOf(`dataformat.${definition.name}`, definition.options);
    for (const [option, { shape }] of Object.entries(definition.options)) options[option] = given[option] ?? said[option] ?? shape.default;
    return definition.create(options as never, { bean: <T>(reference: string) => host.beans().resolve(reference) as T, resource: (uri) => host.resource(uri) });
  }

  private aggregationStrategy(reference: string, options?: { methodName?: string; methodAllowNull?: boolean }): AggregationStrategy {
    const className = reference.replace(/^#class:/, '');
    const builtIn = builtInStrategy(className);
    if (builtIn !== undefined && this.host.beans().get(reference) === undefined) return builtIn;
    return strategyFrom(this.host.beans().resolve(reference, 'aggregation strategy'), options ?? {});
  }

  /** Null where there is no such endpoint to start from; what is wrong is in `problems`. */
  compile(plan: RoutePlan, { routeId, generation, owner, stepIds }: RoutePlace, problems: Diagnostics): CompiledRoute | null {
    const { host } = this;
    const resolved = host.endpoints.resolve(plan.from, problems);
    const fromUri = resolved === null ? plan.from.uri : shownUri(resolved);
    const wiring = new Wiring();
    const steps: CompiledStep[] = [];
    const used = new Set<string>();
    const carriedKeys = new Set<string>();
    const compiler = new StepCompiler(routeId, this.services(used, carriedKeys, plan.dataFormats), problems, wiring, stepIds, steps);
    for (const model of plan.handsOn ?? []) {
      const uri = host.endpoints.handOn(model, problems);
      if (uri !== null) used.add(uri);
    }
    const { scope } = plan;
    compiler.idPrefix = textField(plan.element, 'nodePrefixId') ?? '';
    compiler.keepsHistory = booleanField(plan.element, 'messageHistory', this.mainFlag('messageHistory'));
    compiler.fromUri = fromUri;
    const sends = new SendIntercepts(compiler, scope);
    const handling = errorHandling(compiler, scope, sends);
    const intercepting = intercepts(compiler, scope.intercept, { handling, sendIntercepts: sends.all, fixedSendIntercepts: sends.ofSteps });
    sends.compile(handling);
    const around: Surroundings = {
      handling,
      intercepts: intercepting,
      sendIntercepts: sends.all,
      fixedSendIntercepts: sends.ofSteps,
      masksLogs: booleanField(plan.element, 'logMask', this.mainFlag('logMask')),
      isOrdered: resolved?.definition.isOrdered === true || plan.fromElement.fields['orderBy'] !== undefined,
    };
    const before = interceptFrom(compiler, scope.interceptFrom, fromUri, around);
    // As in Camel, an onCompletion counts as a step where every step is intercepted.
    const counted = around.intercepts.length === 0 ? [] : scope.onCompletion.flatMap((element) => {
      const id = idOf(element, compiler);
      return [perform((exchange) => compiler.noteIntercepted(exchange, id)), ...around.intercepts.map((call) => callStep(call))];
    });
    let graph: Graph | null = null;
    const done = completions(compiler, scope.onCompletion, around, () => graph!);
    const work = this.host.policies()?.withPolicies(done, compiler, plan.element, owner) ?? done;
    const pipe = sequence([
      ...contractOf(plan.element, 'inputType'),
      ...before,
      ...counted,
      ...(work.enter === undefined ? [] : [perform(work.enter)]),
      compiler.routeSteps(plan.steps, around),
      ...sinkOf(plan.element),
      ...contractOf(plan.element, 'outputType'),
    ]);
    if (resolved === null) {
      wiring.subscription.unsubscribe();
      return null;
    }
    if (resolved.definition.consumer === undefined) {
      problems.report('M0404', `\`${resolved.definition.scheme}:\` can only be sent to`, plan.from.at, { label: 'no consumer', help: 'start the route from another endpoint, and use this one in a `to` step' });
    }
    const proxy = {
      get routeId() {
        return owner().routeId;
      },
      get statistics() {
        return owner().statistics;
      },
      now: () => host.clock.now(),
      left: (exchange: Exchange, of: Graph, millis: number) => owner().left(exchange, of, millis),
      keep: (exchange: Exchange) => owner().keep(exchange),
    };
    const variable = textField(plan.fromElement, 'variableReceive');
    if (compiler.keepsOriginal || variable !== null || this.mainFlag('allowUseOriginalMessage')) this.originals.isKept = true;
    graph = new Graph(proxy, generation, steps.length === 0 && before.length === 0 ? perform(() => undefined) : pipe, work, {
      originals: this.originals,
      streams: booleanField(plan.element, 'streamCache', true),
      longestWaitMillis: Number(host.setting('redelivery.longestWait') ?? resolved.definition.longestWaitMillis ?? defaultWaitMillis),
    });
    wiring.graph = graph;
    const group = textField(plan.element, 'group');
    return { plan, graph, steps, resolved, variableReceive: variable, group, laneOf: this.lanes(plan, problems), sendIntercepts: around.sendIntercepts, wires: wiring.subscription, producerUris: used, carriedKeys, stepIds: compiler.ownIds, places: compiler.places };
  }

  /** A switch of `camel.main`, in either spelling. */
  private mainFlag(name: string): boolean {
    const { context } = this.host.languages;
    const dashed = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return (context.property(`camel.main.${name}`) ?? context.property(`camel.main.${dashed}`))?.trim() === 'true';
  }

  /** The lane of each message by `orderBy`: a hash of its value, so that equal values share a lane. */
  private lanes(plan: RoutePlan, problems: Diagnostics): ((exchange: Exchange) => object) | null {
    const model = plan.fromElement.fields['orderBy'];
    if (model === undefined || (model as ExpressionModel).type !== 'expression') return null;
    const key = this.host.languages.compile(model as ExpressionModel, problems);
    if (key.isAsync === true) problems.report('M0303', `\`orderBy\` can't use ${(model as ExpressionModel).language}: it gives its value later`, plan.fromElement.fieldsAt['orderBy'] ?? plan.at, { help: 'use simple, header or jsonpath' });
    const count = Number(plan.fromElement.fields['lanes'] ?? 16);
    const lanes = Array.from({ length: count }, () => ({}));
    return (exchange) => {
      let text: string;
      try {
        text = toText(key(exchange)) ?? '';
      } catch {
        // What has no key keeps the order of its lane; the route's own steps will say what is wrong with it.
        text = '';
      }
      let hash = 0;
      for (let i = 0; i < text.length; i++) hash = (hash * 31 + text.charCodeAt(i)) | 0;
      return lanes[(hash >>> 0) % count]!;
    };
  }

  /** Gives up what no generation uses in which something may still be under way. */
  async abandon(isUsed: (key: string) => boolean): Promise<void> {
    for (const [key, thing] of this.carried) {
      if (isUsed(key)) continue;
      this.carried.delete(key);
      await (thing as { abandon?(): void | Promise<void> }).abandon?.();
    }
  }
}

/** The end of a kamelet, where it is not one of its steps. */
const sinkOf = ({ sink }: ElementModel): Pipe[] => (sink === undefined ? [] : [perform((exchange) => void exchange.properties.set('CamelToEndpoint', sink))]);

/** An endpoint's URI as logs and descriptions show it. */
export const shownUri = ({ endpoint }: ResolvedEndpoint): string => endpoint.shownUri.replace(/^([\w.+-]+):(?!\/\/)/, '$1://');

/** That long a message waits with its source for another attempt, unless the connector says otherwise. */
const defaultWaitMillis = 60_000;

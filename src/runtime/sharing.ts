import { Diagnostics } from '../core/diagnostics.ts';
import type { ConnectorDefinition } from '../core/connector.ts';
import type { EndpointModel, ExpressionModel, StepModel } from '../dsl/model.ts';
import type { Parts } from '../dsl/parts.ts';
import type { EndpointReader } from './endpoints.ts';
import type { RoutePlan } from './plan.ts';
import { emptyScope } from './plan.ts';

/** The place of one process among several that share the work of one Mecha. */
export interface Seat {
  /** Whether this is the process that runs what only one may run. */
  readonly isFirst: boolean;
  /** Resolves when every process has prepared the change (true), or one can't (false: nothing changes). */
  agree(): Promise<boolean>;
  /** A message waits in the store for another attempt: whoever `isFirst` takes it up when it is due. */
  parked(routeId: string, due: number): void;
  /** Where the first process takes the requests of an HTTP address whose routes the others do not run. */
  socketOf(host: string, port: number): string;
  /** The routes of all processes as one, and their processes' own metrics. */
  whole(): Promise<Whole>;
}

/** What all processes of one Mecha are together. */
export interface Whole {
  readonly snapshot: import('../observe/snapshot.ts').RuntimeSnapshot;
  readonly processMetrics: readonly unknown[];
}

interface Looked {
  /** Why only one process may run it; null: nothing of its own says so. */
  own: string | null;
  readonly callsInternal: Set<string>;
  callsAny: boolean;
  /** Endpoints that serve what is sent to them. */
  readonly served: EndpointModel[];
}

interface Alone {
  readonly reason: string;
  readonly served: readonly EndpointModel[];
}

interface Mentions {
  readonly internal: RegExp;
  readonly ofProcess: RegExp;
}

const schemeOf = (uri: string): string => /^[\w.+-]+/.exec(uri.trim())?.[0] ?? '';

/**
 * Which routes may run in one process only, with the reason: those whose source is no shared one, those with a step that remembers earlier messages in
 * its process, and those that call such a route. All others run in every process.
 */
export function aloneRoutes(plans: readonly RoutePlan[], parts: Parts, reader: EndpointReader): Map<RoutePlan, Alone> {
  const schemesOf = (which: (definition: ConnectorDefinition) => boolean): Set<string> => new Set(Object.values(parts.connectors).flatMap((definition) => (which(definition) ? [definition.scheme, ...(definition.aliases ?? [])] : [])));
  const anyOf = (schemes: Set<string>): string => `\\b(${[...schemes].map((scheme) => scheme.replace(/[.+-]/g, '\\$&')).join('|')}):`;
  const internal = schemesOf(({ isInternal }) => isInternal === true);
  const mentions: Mentions = {
    internal: new RegExp(`${anyOf(internal)}(?://)?([^\\s"'?,;(){}\\[\\]$&|]*)(\\$?)`, 'g'),
    ofProcess: new RegExp(anyOf(schemesOf(({ isOfProcess }) => isOfProcess === true))),
  };
  const looked = new Map<RoutePlan, Looked>(plans.map((plan) => [plan, look(plan, parts, mentions, sourceReason(plan, parts, reader))]));
  const sourceKey = (plan: RoutePlan): string => `${schemeOf(plan.from.uri)}:${/^[\w.+-]+:(?:\/\/)?([^?]*)/.exec(plan.from.uri.trim())?.[1] ?? ''}`;
  const isInternal = (plan: RoutePlan): boolean => internal.has(schemeOf(plan.from.uri));
  const called = (plan: RoutePlan): RoutePlan[] => {
    const { callsAny, callsInternal } = looked.get(plan)!;
    // Routes of a scheme whose names are put together, and kamelets, whose routes have names of their own, may be any.
    return plans.filter((other) => isInternal(other) && (callsAny || callsInternal.has(sourceKey(other)) || callsInternal.has(`${schemeOf(other.from.uri)}:`)));
  };
  const alone = new Map<RoutePlan, Alone>();
  for (const [plan, { own, served }] of looked) if (own !== null) alone.set(plan, { reason: own, served });
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const plan of plans) {
      if (alone.has(plan)) continue;
      const reached = called(plan).find((other) => alone.has(other));
      if (reached === undefined) continue;
      alone.set(plan, { reason: `calls ${reached.id ?? sourceKey(reached)}`, served: looked.get(plan)!.served });
      isSettled = false;
    }
  }
  return alone;
}

function sourceReason(plan: RoutePlan, parts: Parts, reader: EndpointReader): string | null {
  const resolved = reader.fromModel(plan.from, new Diagnostics());
  if (resolved === null || resolved.definition.isInternal === true) return null;
  return holds(resolved.definition.isShareable, resolved.endpoint.options) ? null : schemeOf(plan.from.uri);
}

const holds = (answer: ConnectorDefinition['isShareable'], options: unknown): boolean => (typeof answer === 'function' ? answer(options as never) : answer === true);

/** Whether another process may take its requests and hand them on. */
export function isHandedOn(plan: RoutePlan, reader: EndpointReader): boolean {
  const resolved = reader.fromModel(plan.from, new Diagnostics());
  return resolved !== null && holds(resolved.definition.isHttpServer, resolved.endpoint.options);
}

function look(plan: RoutePlan, parts: Parts, { internal, ofProcess }: Mentions, reason: string | null): Looked {
  const found: Looked = { own: reason, callsInternal: new Set(), callsAny: false, served: [] };
  const texts = (text: string): void => {
    // `variable:global:x` and `global:x` are this process's own.
    if (/(^|[^\w])global:\w/.test(text)) found.own ??= 'a global variable';
    // Also where the rest of the address is only known when a message comes.
    found.own ??= ofProcess.exec(text)?.[1] ?? null;
    for (const [, scheme, name, next] of text.matchAll(internal)) found.callsInternal.add(name === '' || next === '$' || scheme === 'kamelet' ? `${scheme}:` : `${scheme}:${name!}`);
  };
  const visit = (value: unknown): void => {
    if (typeof value === 'string') return texts(value);
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) return value.forEach(visit);
    const { type } = value as { type?: string };
    if (type === 'step') return step(value as StepModel);
    if (type === 'endpoint') return endpoint(value as EndpointModel);
    if (type === 'expression') return texts((value as ExpressionModel).source);
    for (const [key, item] of Object.entries(value)) if (!notModel.has(key)) visit(item);
  };
  const endpoint = (model: EndpointModel): void => {
    const { uri, parameters } = model;
    const { isOfProcess, servesProducers } = parts.connectors[schemeOf(uri)] ?? {};
    if (isOfProcess === true) found.own ??= schemeOf(uri);
    if (servesProducers === true && !uri.includes('${')) found.served.push(model);
    texts(uri);
    visit(parameters);
  };
  const step = ({ definition, element, isDisabled }: StepModel): void => {
    if (isDisabled) return;
    const { keepsState } = definition;
    if (keepsState === true || (Array.isArray(keepsState) && keepsState.some((name: string) => element.fields[name] !== undefined))) found.own ??= definition.name;
    if (definition.name === 'kamelet') found.callsInternal.add('kamelet:');
    if (definition.sends === true && Object.values(element.fields).some(isOpen)) found.callsAny = true;
    visit(element.fields);
  };
  visit(plan.steps);
  visit(plan.scope);
  visit(plan.fromElement.fields['orderBy']);
  return found;
}

/** Fields of models that say where they stand, and the definitions behind them. */
const notModel = new Set(['at', 'fieldsAt', 'entriesAt', 'parametersAt', 'parameterNamesAt', 'sourceAt', 'optionsAt', 'definition']);

/** An address that is only known when a message comes, so that it may be any route's. */
function isOpen(field: unknown): boolean {
  const { type } = (typeof field === 'object' && field !== null ? field : {}) as { type?: string };
  const begins = /^\s*[\w.+-]+:/;
  if (type === 'endpoint') return !begins.test((field as EndpointModel).uri);
  if (type !== 'expression') return false;
  const { language, source } = field as ExpressionModel;
  if (language === 'constant') return false;
  return language !== 'simple' || (source.includes('${') && (!begins.test(source) || source.includes(',')));
}

/**
 * The plans as one of several processes runs them. Ids that the files do not give are numbered in the files' order, the same in every process. What only
 * the first may run has no steps in the others: there it is not started, unless its requests can be handed on.
 */
export function seatedPlans(plans: readonly RoutePlan[], isFirst: boolean, parts: Parts, reader: EndpointReader): RoutePlan[] {
  const taken = new Set(plans.flatMap(({ id }) => id ?? []));
  let count = 0;
  const nextId = (): string => {
    for (;;) {
      const id = `route${++count}`;
      if (!taken.has(id)) return id;
    }
  };
  const named = plans.map((plan) => {
    count += plan.unusedIds ?? 0;
    return plan.id === null ? { ...plan, id: nextId() } : plan;
  });
  const alone = aloneRoutes(named, parts, reader);
  return named.map((plan) => {
    const found = alone.get(plan);
    if (found === undefined) return plan;
    const { reason, served } = found;
    if (isFirst) return { ...plan, alone: reason };
    return { ...plan, alone: reason, isElsewhere: true, ...(served.length === 0 ? {} : { handsOn: served }), steps: [], scope: emptyScope, hash: `${plan.hash}/elsewhere`, autoStartup: plan.autoStartup && isHandedOn(plan, reader) };
  });
}

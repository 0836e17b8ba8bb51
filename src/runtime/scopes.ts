import type { Subscriber } from 'rxjs';
import type { Diagnostics } from '../core/diagnostics.ts';
import { checkExceptionClass } from '../core/exceptionClassCheck.ts';
import type { Exchange, Way } from '../core/exchange/exchange.ts';
import { ROLLBACK_ONLY, ROLLBACK_ONLY_LAST, STOPPED } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import type { Call, Pipe } from '../core/graph/flow.ts';
import { detour, isPromise, operator, perform, sequence, settled, StepSubscriber } from '../core/graph/flow.ts';
import type { ElementModel, EndpointModel, ExpressionModel, ModelValue, StepModel } from '../dsl/model.ts';
import type { SendIntercept, StepCompiler, Surroundings } from './compiler.ts';
import { booleanField, isElement, matchesPattern, textField } from './plan.ts';
import type { ExceptionClauses, RouteScope } from './plan.ts';
import type { Clause, DeadLetter, ErrorHandling, RedeliveryPolicy } from './redelivery.ts';
import { defaultRedelivery } from './redelivery.ts';

const none: Surroundings = { handling: null, intercepts: [], sendIntercepts: [] };

const isExpression = (value: ModelValue | undefined): value is ExpressionModel =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && (value as { type?: string }).type === 'expression';

const isEndpoint = (value: ModelValue | undefined): value is EndpointModel =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && (value as { type?: string }).type === 'endpoint';

const stepsOf = (element: ElementModel): readonly StepModel[] => (element.fields['steps'] ?? []) as readonly StepModel[];

/** The predicate of a field: an expression, an element that wraps one (`onWhen: { expression: ... }`), or absent. */
function predicateField(compiler: StepCompiler, element: ElementModel, name: string): Predicate | null {
  const value = element.fields[name];
  if (isExpression(value)) return compiler.services.predicate(value, compiler.problems);
  if (isElement(value)) {
    const inner = value.fields['expression'];
    if (isExpression(inner)) return compiler.services.predicate(inner, compiler.problems);
  }
  if (typeof value === 'boolean') return () => value;
  return null;
}

/** A bean that takes an exchange: a function, or an object with `process`. */
function processor(compiler: StepCompiler, element: ElementModel, name: string): ((exchange: Exchange) => unknown) | null {
  const reference = textField(element, name);
  if (reference === null) return null;
  const at = element.fieldsAt[name] ?? element.at;
  try {
    const bean = compiler.services.bean(reference, 'processor');
    if (typeof bean === 'function') return bean as (exchange: Exchange) => unknown;
    const { process } = bean as { process?: (exchange: Exchange) => unknown };
    if (typeof process === 'function') return (exchange) => process.call(bean, exchange);
    compiler.problems.report('M0505', `the bean \`${reference}\` is no processor`, at, { help: 'export a function `(exchange) => ...` or an object with `process(exchange)`' });
  } catch (thrown) {
    // As in Camel, the route does without.
    compiler.problems.report('M0501', (thrown as Error).message, at, { severity: 'warning', label: 'nothing is called' });
  }
  return null;
}

/** As in Camel, a logger that is named must be there. */
function checkLogger({ services, problems }: StepCompiler, element: ElementModel): void {
  const logger = textField(element, 'loggerRef');
  if (logger === null || services.beans.get(logger.replace(/^#(bean:)?/, '')) !== undefined) return;
  problems.report('M0501', `there is no logger \`${logger}\``, element.fieldsAt['loggerRef'] ?? element.at, { help: 'take the option out: loggers of Java have nothing to do here' });
}

const number = (element: ElementModel, name: string, otherwise: number): number => {
  const value = element.fields[name];
  const parsed = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  return Number.isNaN(parsed) ? otherwise : parsed;
};

function delayPattern(element: ElementModel, problems: Diagnostics, otherwise: RedeliveryPolicy['delayPattern']): RedeliveryPolicy['delayPattern'] {
  const pattern = textField(element, 'delayPattern');
  if (pattern === null || pattern === '') return otherwise;
  const groups: [number, number][] = [];
  for (const group of pattern.split(';')) {
    const match = /^\s*(\d+)\s*:\s*(\d+)\s*$/.exec(group);
    if (match === null) {
      problems.report('M0207', `\`${group}\` is no group of a delay pattern`, element.fieldsAt['delayPattern'] ?? element.at, { help: 'write attempt:millis pairs, such as `1:1000;5:5000`' });
      return otherwise;
    }
    groups.push([Number(match[1]), Number(match[2])]);
  }
  return groups;
}

/** A redelivery policy from its element, over the one that it inherits from. */
export function redeliveryPolicy(element: ElementModel, parent: RedeliveryPolicy, problems: Diagnostics): RedeliveryPolicy {
  return {
    maximumRedeliveries: booleanField(element, 'disableRedelivery', false) ? 0 : number(element, 'maximumRedeliveries', parent.maximumRedeliveries),
    redeliveryDelay: number(element, 'redeliveryDelay', parent.redeliveryDelay),
    maximumRedeliveryDelay: number(element, 'maximumRedeliveryDelay', parent.maximumRedeliveryDelay),
    useExponentialBackOff: booleanField(element, 'useExponentialBackOff', parent.useExponentialBackOff),
    backOffMultiplier: number(element, 'backOffMultiplier', parent.backOffMultiplier),
    useCollisionAvoidance: booleanField(element, 'useCollisionAvoidance', parent.useCollisionAvoidance),
    collisionAvoidanceFactor: number(element, 'collisionAvoidanceFactor', parent.collisionAvoidanceFactor),
    delayPattern: delayPattern(element, problems, parent.delayPattern),
    allowRedeliveryWhileStopping: booleanField(element, 'allowRedeliveryWhileStopping', parent.allowRedeliveryWhileStopping),
    asyncDelayedRedelivery: booleanField(element, 'asyncDelayedRedelivery', parent.asyncDelayedRedelivery),
  };
}

/** A bean that is a policy: texts are taken for what they say. */
function policyFrom(bean: Readonly<Record<string, unknown>>, parent: RedeliveryPolicy): RedeliveryPolicy {
  const policy: Record<string, unknown> = { ...parent };
  for (const [name, value] of Object.entries(bean)) policy[name] = typeof value !== 'string' ? value : value === 'true' || value === 'false' ? value === 'true' : Number.isNaN(Number(value)) ? value : Number(value);
  return policy as unknown as RedeliveryPolicy;
}

function policyField(compiler: StepCompiler, element: ElementModel, parent: RedeliveryPolicy): RedeliveryPolicy | null {
  const inline = element.fields['redeliveryPolicy'];
  if (isElement(inline)) return redeliveryPolicy(inline, parent, compiler.problems);
  const reference = textField(element, 'redeliveryPolicyRef');
  if (reference === null) return null;
  try {
    return policyFrom(compiler.services.bean(reference, 'redelivery policy') as Readonly<Record<string, unknown>>, parent);
  } catch (thrown) {
    compiler.problems.report('M0501', (thrown as Error).message, element.fieldsAt['redeliveryPolicyRef'] ?? element.at);
    return null;
  }
}

/** As in Camel, of several clauses in one place for one class without an `onWhen` the last one counts, in the place of the first. */
function lastOfEach(clauses: readonly Clause[]): readonly Clause[] {
  const last = new Map<string, Clause>();
  const open = clauses.filter(({ onWhen }) => onWhen === null);
  for (const clause of open) for (const name of clause.classes) last.set(name, clause);
  if (open.every((clause) => clause.classes.every((name) => last.get(name) === clause))) return clauses;
  return clauses.flatMap((clause) =>
    clause.classes.flatMap((name) => {
      if (clause.onWhen !== null) return [{ ...clause, classes: [name] }];
      const counts = last.get(name);
      last.delete(name);
      return counts === undefined ? [] : [{ ...counts, classes: [name] }];
    }),
  );
}

const handlerKinds = ['deadLetterChannel', 'defaultErrorHandler', 'noErrorHandler', 'refErrorHandler', 'jtaTransactionErrorHandler', 'springTransactionErrorHandler'];

/** The error handling of a route: its error handler and the onException clauses around it. Null for noErrorHandler. */
export function errorHandling(compiler: StepCompiler, scope: RouteScope, sends: SendIntercepts): ErrorHandling | null {
  let policy = defaultRedelivery;
  let deadLetter: DeadLetter | null = null;
  let retryWhile: Predicate | null = null;
  let onRedelivery: ErrorHandling['onRedelivery'] = null;
  let onPrepareFailure: ErrorHandling['onPrepareFailure'] = null;
  let onOccurred: ErrorHandling['onOccurred'] = null;
  const handler = scope.errorHandler;
  const kind = handler === null ? null : (Object.keys(handler.fields).findLast((name) => handlerKinds.includes(name)) ?? null);
  if (handler !== null && kind === null) compiler.problems.report('M0206', '`errorHandler` does not say which', handler.at, { label: 'names no error handler', help: `name one, such as \`deadLetterChannel: { deadLetterUri: "..." }\` or \`noErrorHandler: {}\``, docs: 'docs/route/errorHandler.md' });
  if (kind === 'noErrorHandler') {
    // They never run, but are as wrong as elsewhere.
    for (const group of scope.onException) for (const element of group.elements) clause(compiler, element, group, policy, sends);
    return null;
  }
  const given = kind === null ? undefined : handler!.fields[kind];
  if (kind === 'refErrorHandler' && isElement(given)) {
    const named = namedHandler(compiler, given, textField(given, 'ref') ?? '');
    if (named.isNone === true) return null;
    policy = { ...policy, ...(named.redeliveryPolicy ?? {}) };
    if (typeof named.deadLetterUri === 'string') deadLetter = deadLetterOf(compiler, { type: 'endpoint', uri: named.deadLetterUri, parameters: {}, at: given.at, parametersAt: {} }, sends.ofSteps, (name) => named[name] === true);
  }
  if (kind !== null && isElement(given)) {
    checkLogger(compiler, given);
    compiler.checkThreadPools(given);
    policy = policyField(compiler, given, policy) ?? policy;
    onRedelivery = processor(compiler, given, 'onRedeliveryRef');
    onPrepareFailure = processor(compiler, given, 'onPrepareFailureRef');
    onOccurred = processor(compiler, given, 'onExceptionOccurredRef');
    retryWhile = predicateField(compiler, given, 'retryWhile') ?? languagePredicate(compiler, given, 'retryWhileRef');
    if (kind === 'deadLetterChannel') {
      const uri = given.fields['deadLetterUri'];
      const model: EndpointModel | null = isEndpoint(uri)
        ? uri
        : typeof uri === 'string'
          ? { type: 'endpoint', uri, parameters: {}, at: given.fieldsAt['deadLetterUri'] ?? given.at, parametersAt: {} }
          : null;
      if (model !== null) deadLetter = deadLetterOf(compiler, model, sends.ofSteps, (name) => booleanField(given, name, false));
    }
  }
  const clauses = scope.onException.flatMap((group) => lastOfEach(group.elements.map((element) => clause(compiler, element, group, policy, sends))));
  return { clauses, policy, retryWhile, deadLetter, onRedelivery, onPrepareFailure, onOccurred };
}

/** As in Camel, the first step of a clause runs for a message that is marked for rollback, too; those after it do not. */
function clauseSteps(compiler: StepCompiler, steps: readonly StepModel[], around: Surroundings): Pipe {
  const enabled = steps.filter(({ isDisabled }) => !isDisabled);
  const marks = new WeakMap<Exchange, number>();
  return sequence([
    operator((out) => new SetMarks(out, (exchange) => {
      const marked = exchange.halt & (ROLLBACK_ONLY | ROLLBACK_ONLY_LAST);
      if (marked === 0) return;
      marks.set(exchange, marked);
      exchange.halt &= ~marked;
    })),
    compiler.steps(enabled.slice(0, 1), around),
    operator((out) => new SetMarks(out, (exchange) => {
      exchange.halt |= marks.get(exchange) ?? 0;
      marks.delete(exchange);
    })),
    compiler.steps(enabled.slice(1), around),
  ]);
}

class SetMarks extends StepSubscriber {
  private readonly set: (exchange: Exchange) => void;

  constructor(out: Subscriber<Exchange>, set: (exchange: Exchange) => void) {
    super(out);
    this.set = set;
  }

  override next(exchange: Exchange): void {
    this.set(exchange);
    this.out.next(exchange);
  }

  protected step(): boolean {
    return true;
  }
}

type HandlerFlag = 'useOriginalMessage' | 'useOriginalBody' | 'deadLetterHandleNewException';

/** What a bean that is an error handler may say. */
type NamedHandler = { readonly isNone?: boolean; readonly deadLetterUri?: unknown; readonly redeliveryPolicy?: Partial<RedeliveryPolicy> } & { readonly [flag in HandlerFlag]?: unknown };

function namedHandler(compiler: StepCompiler, element: ElementModel, reference: string): NamedHandler {
  try {
    return compiler.services.bean(reference, 'error handler') as NamedHandler;
  } catch (thrown) {
    compiler.problems.report('M0501', (thrown as Error).message, element.fieldsAt['ref'] ?? element.at);
    return {};
  }
}

function deadLetterOf(compiler: StepCompiler, model: EndpointModel, sends: readonly SendIntercept[], flag: (name: HandlerFlag) => boolean): DeadLetter {
  const useOriginalMessage = flag('useOriginalMessage');
  const useOriginalBody = flag('useOriginalBody');
  if (useOriginalBody || useOriginalMessage) compiler.keepsOriginal = true;
  return {
    send: compiler.services.producer(model, compiler.problems, sends),
    shownUri: model.uri.replace(/\?.*/s, ''),
    useOriginalMessage,
    useOriginalBody,
    handleNewException: flag('deadLetterHandleNewException'),
  };
}

function languagePredicate(compiler: StepCompiler, element: ElementModel, name: string): Predicate | null {
  const reference = textField(element, name);
  if (reference === null) return null;
  try {
    const bean = compiler.services.bean(reference, 'predicate');
    return typeof bean === 'function' ? (bean as Predicate) : ((exchange: Exchange) => Boolean((bean as { matches(exchange: Exchange): boolean }).matches(exchange)));
  } catch (thrown) {
    compiler.problems.report('M0501', (thrown as Error).message, element.fieldsAt[name] ?? element.at);
    return null;
  }
}

/** Reports two options of an element of which only one can be meant. */
export function exclude(problems: Diagnostics, element: ElementModel, first: string, second: string): void {
  if ([first, second].some((name) => element.fields[name] === undefined || element.fields[name] === false)) return;
  problems.report('M0316', `\`${first}\` and \`${second}\` of \`${element.name}\` exclude each other`, element.fieldsAt[second] ?? element.at, { label: 'the second one', help: 'keep one of them', docs: `docs/route/${element.name}.md` });
}

function clause(compiler: StepCompiler, element: ElementModel, { isRouteScoped, isForAll }: ExceptionClauses, parent: RedeliveryPolicy, sends: SendIntercepts): Clause {
  const names = element.fields['exception'];
  const classes = (Array.isArray(names) ? names : names === undefined ? [] : [names]).map(String);
  if (classes.length === 0 && !compiler.problems.hasErrors) {
    compiler.problems.report('M0604', 'onException names no exception', element.at, { help: 'say which: `exception: [ "java.lang.Exception" ]` takes all' });
  }
  for (const name of classes) checkExceptionClass(name, element.fieldsAt['exception'] ?? element.at, compiler.problems);
  exclude(compiler.problems, element, 'handled', 'continued');
  exclude(compiler.problems, element, 'useOriginalMessage', 'useOriginalBody');
  const steps = stepsOf(element);
  if (steps.length === 0 && !['handled', 'continued', 'retryWhile', 'redeliveryPolicy', 'redeliveryPolicyRef', 'useOriginalMessage', 'useOriginalBody'].some((name) => element.fields[name] !== undefined)) {
    compiler.problems.report('M0615', 'onException does not say what to do', element.at, { label: 'nothing is configured', help: 'add `steps`, `handled`, `continued` or a `redeliveryPolicy`' });
  }
  const own = policyField(compiler, element, parent);
  // As in Camel: a clause with steps does not inherit how often to redeliver.
  const policy = own ?? (steps.length > 0 && parent.maximumRedeliveries !== 0 ? { ...parent, maximumRedeliveries: 0 } : parent);
  const useOriginalMessage = booleanField(element, 'useOriginalMessage', false);
  const useOriginalBody = booleanField(element, 'useOriginalBody', false);
  if (useOriginalMessage) compiler.keepsOriginal = true;
  return {
    classes,
    onWhen: predicateField(compiler, element, 'onWhen'),
    policy,
    retryWhile: predicateField(compiler, element, 'retryWhile'),
    handled: predicateField(compiler, element, 'handled'),
    continued: predicateField(compiler, element, 'continued'),
    useOriginalMessage,
    useOriginalBody,
    steps: steps.length === 0 ? null : compiler.wiring.wire(clauseSteps(compiler, steps, { ...none, sendIntercepts: sends.all, fixedSendIntercepts: sends.ofClauses })),
    onRedelivery: processor(compiler, element, 'onRedeliveryRef'),
    onOccurred: processor(compiler, element, 'onExceptionOccurredRef'),
    isRouteScoped,
    isForAll,
  };
}

/** The steps of an element for those exchanges that its `onWhen` takes. */
function onlyWhen(compiler: StepCompiler, element: ElementModel, steps: Pipe): Pipe {
  const onWhen = predicateField(compiler, element, 'onWhen');
  return onWhen === null ? steps : settled(onWhen, null, (holds) => detour(steps, holds));
}

/** What runs before every step of a route. */
export function intercepts(compiler: StepCompiler, elements: readonly ElementModel[], around: Pick<Surroundings, 'handling' | 'sendIntercepts' | 'fixedSendIntercepts'>): Call[] {
  const calls: Call[] = [];
  // As in Camel, those that are declared last run first, and intercept the steps of the others, too; and the route's error handler
  // takes what fails in them, even where the step that is intercepted stands in a doTry.
  for (const element of [...elements].reverse()) {
    calls.push(compiler.wiring.wire(onlyWhen(compiler, element, compiler.steps(stepsOf(element), { ...none, ...around, intercepts: [...calls] }))));
  }
  return calls;
}

/** As in Camel, a called route tells by which endpoint the message came in at first. */
const setIntercepted = (uri: string) => perform((exchange) => exchange.properties.set('CamelInterceptedEndpoint', exchange.fromEndpoint ?? uri));

/** What runs at the start of a route whose endpoint matches. */
export function interceptFrom(compiler: StepCompiler, elements: readonly ElementModel[], fromUri: string, around: Surroundings): ReturnType<typeof sequence>[] {
  return elements
    .filter((element) => !booleanField(element, 'disabled', false) && matchesEndpoint(fromUri, uriField(element)))
    .map((element) => sequence([perform((exchange) => compiler.noteIntercepted(exchange, null)), onlyWhen(compiler, element, sequence([setIntercepted(fromUri), compiler.steps(stepsOf(element), { ...around, intercepts: [] })]))]));
}

const uriField = (element: ElementModel): string | null => {
  const uri = element.fields['uri'];
  return isEndpoint(uri) ? uri.uri : typeof uri === 'string' ? uri : null;
};

const plainUri = (uri: string): string => uri.replace(/^([\w.+-]+):(?:\/\/)?/, '$1:');

/** With its options in the order of their names. */
const sortedUri = (uri: string): string => {
  const query = uri.indexOf('?');
  return query < 0 ? uri : `${uri.slice(0, query + 1)}${uri.slice(query + 1).split('&').sort().join('&')}`;
};

/** An endpoint URI, with its options, against a pattern, with and without the `//` after the scheme. No pattern takes all. */
export function matchesEndpoint(uri: string, pattern: string | null): boolean {
  if (pattern === null) return true;
  const plain = plainUri(uri);
  const wanted = plainUri(pattern);
  return matchesPattern(plain, wanted) || matchesPattern(uri, pattern) || (pattern.includes('?') && sortedUri(plain) === sortedUri(wanted));
}

/** The same, for who names an endpoint without its options. */
export const matchesAddress = (uri: string, pattern: string): boolean => matchesEndpoint(uri, pattern) || matchesEndpoint(uri.replace(/\?.*/s, ''), pattern);

class SendBackToCaller implements Way {
  readonly outer: Way | null;
  private readonly go: (exchange: Exchange) => void;

  constructor(outer: Way | null, go: (exchange: Exchange) => void) {
    this.outer = outer;
    this.go = go;
  }

  back(exchange: Exchange): void {
    this.go(exchange);
  }
}

/** The id of an element that all routes of its file have in common. */
export const idOf = (element: ElementModel, { services }: StepCompiler): string => textField(element, 'id') ?? services.automaticId(element.name, element);

/** An `interceptSendToEndpoint` whose steps are compiled after those that it stands before. */
class DeclaredIntercept implements SendIntercept {
  readonly matches: (uri: string) => boolean;
  readonly skips: boolean;
  readonly onWhen: Predicate | null;
  readonly element: ElementModel;
  after: Call | null = null;
  private steps: Call | null = null;
  readonly note: (exchange: Exchange) => void;

  constructor(compiler: StepCompiler, element: ElementModel) {
    const id = idOf(element, compiler);
    this.note = (exchange) => compiler.noteIntercepted(exchange, id);
    const pattern = uriField(element);
    this.element = element;
    this.matches = (uri) => matchesEndpoint(uri, pattern);
    this.skips = booleanField(element, 'skipSendToOriginalEndpoint', false);
    this.onWhen = predicateField(compiler, element, 'onWhen');
  }

  readonly before: Call = (exchange) => this.steps!(exchange);

  compile(compiler: StepCompiler, around: Surroundings): void {
    const { element } = this;
    this.steps = compiler.wiring.wire(compiler.steps(stepsOf(element), around));
    const uri = textField(element, 'afterUri');
    if (uri !== null) this.after = compiler.services.producer({ type: 'endpoint', uri, parameters: {}, at: element.fieldsAt['afterUri'] ?? element.at, parametersAt: {} }, compiler.problems, []);
  }
}

/** The `interceptSendToEndpoint` that a route has to do with: what stands in the way of its sends, and then what they do. */
export class SendIntercepts {
  private readonly compiler: StepCompiler;
  /** Of endpoints that are looked up while messages come. */
  readonly all: readonly SendIntercept[];
  /** Of endpoints that the route's steps name. */
  readonly ofSteps: readonly SendIntercept[];
  /** Of those that its onException clauses name: as in Camel they are looked up first. */
  readonly ofClauses: readonly SendIntercept[];
  private readonly groups: readonly (readonly DeclaredIntercept[])[];

  constructor(compiler: StepCompiler, { interceptSendToEndpoint, foreignSends: { earlier, later } }: RouteScope) {
    const declared = (elements: readonly ElementModel[]): DeclaredIntercept[] => elements.map((element) => new DeclaredIntercept(compiler, element));
    this.compiler = compiler;
    this.groups = [declared(earlier), declared(interceptSendToEndpoint), declared(later)];
    this.ofClauses = this.groups[0]!;
    this.ofSteps = [...this.groups[0]!, ...this.groups[1]!];
    this.all = this.groups.flat();
  }

  /** As in Camel, those that are declared later in a route intercept the steps of its earlier ones; those of later routes don't. */
  compile(handling: ErrorHandling | null): void {
    this.groups.forEach((group, at) => {
      const before = this.groups.slice(0, at).flat();
      group.forEach((intercept, i) => intercept.compile(this.compiler, { ...none, handling, sendIntercepts: [...before, ...group.slice(i + 1)] }));
    });
  }
}

/** A call with the first intercept that matches around it: as in Camel there is one at most. Behind its steps the exchange is not told once more where it is sent. */
export function intercepted(call: Call, quietCall: Call, uri: string, intercepts: readonly SendIntercept[]): Call {
  const intercept = intercepts.find(({ matches }) => matches(uri));
  return intercept === undefined ? call : interceptOne(quietCall, uri, intercept);
}

const whenMatched = 'CamelInterceptSendToEndpointWhenMatched';

function interceptOne(call: Call, uri: string, intercept: SendIntercept): Call {
  const { before, skips, onWhen } = intercept;
  const send = (exchange: Exchange, then: Call | null): void => {
    exchange.way = new SendBackToCaller(exchange.way, (returned) => {
      if (then === null || (returned.halt & STOPPED) !== 0) returned.leave();
      else then(returned);
    });
    call(exchange);
  };
  const forget = (exchange: Exchange): void => {
    exchange.properties.remove(whenMatched);
    exchange.leave();
  };
  const failed = (exchange: Exchange, thrown: unknown): void => {
    exchange.fail(thrown);
    exchange.leave();
  };
  return (exchange) => {
    let matches: boolean | Promise<boolean> = true;
    try {
      matches = onWhen === null || (onWhen(exchange) as boolean | Promise<boolean>);
    } catch (thrown) {
      return failed(exchange, thrown);
    }
    if (isPromise(matches)) void matches.then((known) => go(exchange, known), (thrown: unknown) => failed(exchange, thrown));
    else go(exchange, matches);
  };

  function go(exchange: Exchange, matches: boolean): void {
    exchange.properties.set('CamelToEndpoint', uri);
    exchange.properties.set('CamelInterceptedEndpoint', uri);
    intercept.note(exchange);
    if (onWhen !== null) {
      exchange.properties.set(whenMatched, matches);
      if (!matches || !skips) exchange.way = new SendBackToCaller(exchange.way, forget);
    }
    if (!matches) return send(exchange, null);
    exchange.way = new SendBackToCaller(exchange.way, (returned) => {
      if (returned.halt !== 0 || skips) returned.leave();
      else send(returned, intercept.after);
    });
    before(exchange);
  }
}

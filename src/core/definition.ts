import type { Clock } from './clock.ts';
import type { Diagnostics, Span } from './diagnostics.ts';
import type { Events } from './events.ts';
import type { Exchange, ExchangeScope, StepInfo } from './exchange/exchange.ts';
import type { Expression, LanguageContext, Predicate } from './expression.ts';
import type { EndpointReference, Fields, Options } from './field.ts';
import type { Call, Pipe } from './graph/flow.ts';
import type { PolledMessage, RouteControl } from './connector.ts';
import type { StateStore } from './state/store.ts';

/** A route that shows a part at work; printed in the docs and run as a test. */
export interface Example {
  readonly title: string;
  /** YAML of a route list that starts with `from: direct:start`. */
  readonly route: string;
  /** Bodies sent to `direct:start`, one after the other. */
  readonly in: readonly unknown[];
  /** Bodies that each mock endpoint got. */
  readonly out: Readonly<Record<string, readonly unknown[]>>;
}

/** How groups of exchanges become one. As in Camel: `oldExchange` is null for the first. */
export interface AggregationStrategy {
  /** `input`: the exchange that was split or multicast; absent where there is none (`aggregate`). */
  aggregate(oldExchange: Exchange | null, newExchange: Exchange, input?: Exchange): Exchange;
  /** Called once for the finished aggregate (Camel's onCompletion). */
  onCompletion?(exchange: Exchange, input?: Exchange): void;
  /** Only ever reads `newExchange` where there is an `oldExchange`, and sets no property that completes groups: spares a copy of every exchange. */
  readonly onlyReadsNew?: boolean;
  /** Whether the group is complete, asked before `newExchange` is added (Camel's PreCompletionAwareAggregationStrategy). */
  preComplete?(oldExchange: Exchange | null, newExchange: Exchange): boolean;
  /** The group (or the split, the multicast) ran out of time. Aggregators give -1 for index and total. */
  timeout?(exchange: Exchange, index: number, total: number, timeoutMillis: number): void;
  /** Whether the group is complete, where the aggregator has no predicate of its own (a strategy that is a Predicate in Camel). */
  matches?(exchange: Exchange): boolean;
}

/** What a step may ask the runtime for, while it is compiled. */
export interface StepContext {
  readonly info: StepInfo;
  readonly at: Span | null;
  readonly clock: Clock;
  readonly events: Events;
  readonly scope: ExchangeScope;
  /** It stands behind the source, and `takesArrivals`: what comes as a failure already is its matter. */
  readonly takesArrivals?: boolean;
  /** Values that look secret are kept out of log lines (the route's `logMask`). */
  readonly masksLogs?: boolean;
  /** State of this step: keys are prefixed with route id and the step's explicit id or the hash of its definition. */
  readonly store: StateStore;
  /** State that steps and endpoints of one runtime share, under a prefix that they agree on. */
  sharedStore?(prefix: string): StateStore;
  /** Reports what is wrong with the step's options; the route does not start then. */
  readonly problems: Diagnostics;
  readonly languages: LanguageContext;
  /** A bean by reference. Reports a problem and gives a stand-in when there is none. */
  bean<T>(reference: string, kind: string): T;
  /** A call that sends to a fixed endpoint. */
  producer(endpoint: EndpointReference): Call;
  /** Sends to an endpoint that is only known now; bounded cache, allow-list, intercepts. Fails the exchange when it can't. */
  dynamicCall(uri: string, exchange: Exchange): void;
  /** Throws what a dynamic endpoint would fail with, without sending. */
  checkEndpoint(uri: string): void;
  receive(uri: string, timeoutMillis: number, exchange: Exchange): Promise<PolledMessage | null>;
  dataFormat(name: string, options: Readonly<Record<string, unknown>>): DataFormat;
  /** What properties `camel.GROUP.OPTION` say of options, typed. */
  optionsOf?(group: string, fields: Fields): Readonly<Record<string, unknown>>;
  aggregationStrategy(reference: string, options?: { methodName?: string; methodAllowNull?: boolean }): AggregationStrategy;
  /** The registry of beans (for `bean` and `process`). */
  readonly beans: { get(name: string): unknown; names(): string[] };
  /** Counts work that goes on after the exchange has left (wire taps, aggregates): the route is idle only when it is over. */
  begin(): void;
  end(): void;
  /** Ends with the route's graph: timers, subscriptions. */
  onDispose(dispose: () => void): void;
  /**
   * Something that outlives the graph: made once per state key (route id and the step's explicit id or the hash of its definition), the same
   * after a reload that keeps the step. Absent: nothing outlives it.
   */
  carry?<T>(make: () => T): T;
  /** Something that all steps and endpoints of one runtime share. Made once. */
  shared?<T>(name: string, make: () => T): T;
  /** Runs when the route stops for good (not at a reload), after its source and before its graph is taken down; stopping waits for it. */
  onStop?(run: () => void | Promise<void>): void;
  /**
   * Takes an exchange that the step started itself (an aggregate) and that has failed, with nobody waiting for it: it goes to the dead letters.
   * Rejects when it can't be kept.
   */
  keepFailed?(exchange: Exchange): void | Promise<void>;
  /**
   * The route's error handler around work that the step does on exchanges beside the one that entered it (or on a part of its way); null where
   * none stands.
   */
  guard?(pipe: Pipe, leavesTried: boolean): Pipe | null;
  /** Endpoints that stand, fixed, within the step, and whose connectors take part in transactions; not those in another transaction within it. */
  resourcesWithin?(): readonly { readonly url: string; readonly shown: string; readonly at: Span }[];
  /** The outermost transactions of policies within the step. */
  policiesWithin?(): readonly { readonly ref: string; readonly at: Span }[];
  /** Suspends and resumes routes. */
  readonly routes?: RouteControl;
  /** Aborted when the time for stopping is over. */
  readonly stopping: AbortSignal;
}

export interface EipDefinition<F extends Fields = Fields> {
  readonly name: string;
  readonly summary: string;
  readonly options: F;
  /** A plain text stands for the option of this name: `to: direct:x`, `log: text`. */
  readonly shorthand?: keyof F & string;
  /** The step works without options: `stop: {}`. */
  readonly isBare?: boolean;
  /**
   * Whether the route's error handler wraps the step itself (`again`: it also takes what error handlers inside of the step have given up), and its nested steps (`unit`: each of them, and each list of them as a whole);
   * `ownInheritsWith` names a boolean option that lets it wrap the step all the same. `takesArrivals`: as the first step of a route it takes what came as a failure, before the error handler.
   */
  readonly errorHandling?: { readonly own?: 'inherit' | 'again' | 'none'; readonly children?: 'inherit' | 'none' | 'unit' | 'called'; readonly ownInheritsWith?: string; readonly takesArrivals?: boolean };
  /** It reaches endpoints (through `producer`, `dynamicCall`, `receive`): what stands for it in a test stands for the endpoint only. */
  readonly sends?: boolean;
  /** Its address may hold expressions, which are read for each message. */
  readonly readsAddresses?: boolean;
  /** As in Camel, `disabled` does not leave it out. */
  readonly ignoresDisabled?: boolean;
  /** Nothing of its list runs after it: never, or (it fails) only where an error handler lets failed exchanges go on. */
  readonly ends?: 'always' | 'failing';
  /** How often `intercept` runs before it: once, where nothing is said. As in Camel it may depend on whether the step stands in another one, and on how many steps are in it. */
  readonly interceptions?: (isNested: boolean, steps: number) => number;
  /** The step works without anything in its `steps`. */
  readonly mayBeEmpty?: boolean;
  /**
   * What it knows of earlier messages (groups, keys, rates) is this process's own: of several that share the work, one runs the routes with it. A list
   * names the options with which that is so.
   */
  readonly keepsState?: boolean | readonly string[];
  /** Stands on the top level of a route, once, and takes in all of the route's other steps: they run inside it, before its own. */
  readonly wrapsRoute?: boolean;
  /** Steps that can't have it directly among theirs: as in Camel the route would not start. */
  readonly notDirectlyIn?: readonly string[];
  /** Its steps are in a transaction that the policy of its `ref` speaks of. */
  readonly bindsTransaction?: boolean;
  readonly examples?: readonly Example[];
  /** Checks that one option alone can't tell; reports through `context.problems`. */
  readonly operator: (options: Options<F>, context: StepContext) => Pipe;
}

/** Defines a pattern; the type of its options follows from its fields. */
export const defineEip = <F extends Fields>(definition: EipDefinition<F>): EipDefinition<F> => definition;

export interface LanguageDefinition<F extends Fields = Fields> {
  /** The key in YAML: `simple`, `jsonpath`, `method`. */
  readonly name: string;
  readonly summary: string;
  /** Options beside `expression` (the source text), `id`, `trim` and `resultType`, which all languages have. */
  readonly options: F;
  /** The source text may be missing (`method` has `ref` instead). */
  readonly isSourceOptional?: boolean;
  /** The key of the source text, where it is not `expression` (`tokenize` has `token`). */
  readonly sourceKey?: string;
  readonly examples?: readonly { readonly expression: string; readonly body: unknown; readonly gives: unknown }[];
  /** Gives values as they are: it has no `resultType`. */
  readonly keepsType?: boolean;
  /** Blanks around the source text mean something (a token). */
  readonly keepsBlanks?: boolean;
  /** A boolean `resultType` makes a condition of the source text (Simple): the language has the last word about the value then. */
  readonly decidesOnBoolean?: boolean;
  /** What is thrown when the value can't become the `resultType`. Absent: the failure itself. */
  readonly conversionFailed?: (thrown: unknown) => unknown;
  /** Throws ExpressionSyntaxError. `resultType` is among the options, and applied by the caller. */
  readonly expression: (source: string, options: Options<F>, context: LanguageContext) => Expression;
  /** Absent: the expression's value is converted to a boolean as Camel does it. */
  readonly predicate?: (source: string, options: Options<F>, context: LanguageContext) => Predicate;
}

export const defineLanguage = <F extends Fields>(definition: LanguageDefinition<F>): LanguageDefinition<F> => definition;

/** Marshals in place: the body before, the body after. May set headers (`Content-Type`). */
export interface DataFormat {
  marshal(exchange: Exchange, body: unknown): unknown;
  /** The value, or a promise of it. A body that is a stream has been read before, unless the format `takesStreams`. */
  unmarshal(exchange: Exchange, body: unknown): unknown;
  readonly takesStreams?: boolean;
}

export interface DataFormatDefinition<F extends Fields = Fields> {
  /** The key in YAML: `json`, `csv`. */
  readonly name: string;
  readonly summary: string;
  readonly options: F;
  /** A plain text stands for the option of this name. */
  readonly shorthand?: keyof F & string;
  readonly create: (options: Options<F>, context: { bean<T>(reference: string): T; resource(uri: string): string }) => DataFormat;
}

export const defineDataFormat = <F extends Fields>(definition: DataFormatDefinition<F>): DataFormatDefinition<F> => definition;

import type { Clock, Timer } from '../core/clock.ts';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import type { ExchangeError } from '../core/errors.ts';
import { toExchangeError } from '../core/errors.ts';
import type { EventMap } from '../core/events.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { FileBody } from '../core/conversion/file-body.ts';
import { javaClassName } from '../core/conversion/javaClassName.ts';
import { maskSecrets } from '../core/mask.ts';
import { StreamCache } from '../core/conversion/stream.ts';

type LogEndpoint = Endpoint<typeof fields>;
type Level = EventMap['log']['level'];

/** Options that change the line; while all of them have their defaults, Camel shows the pattern, too. */
const formatting = [
  'maxChars',
  'multiline',
  'plain',
  'showAll',
  'showAllProperties',
  'showBody',
  'showBodyType',
  'showCachedStreams',
  'showCaughtException',
  'showException',
  'showExchangeId',
  'showExchangePattern',
  'showFiles',
  'showFuture',
  'showHeaders',
  'showProperties',
  'showRouteGroup',
  'showRouteId',
  'showStackTrace',
  'showStreams',
  'showVariables',
  'skipBodyLineSeparator',
  'style',
] as const;

/** Lines in the form of Camel's DefaultExchangeFormatter. */
class Formatter {
  private readonly options: LogEndpoint['options'];
  private readonly showsPattern: boolean;
  private readonly before: (label: string) => string;
  private readonly gap: string;

  constructor({ options }: LogEndpoint) {
    this.options = options;
    this.showsPattern = options.showAll || options.showExchangePattern || formatting.every((name) => options[name] === fields[name].shape.default);
    this.gap = options.multiline ? '\n' : '';
    if (options.style === 'Fixed') this.before = (label) => `\t${label.padEnd(20)}`;
    else if (options.style === 'Tab') this.before = (label) => `\t${label}: `;
    else if (options.multiline) this.before = (label) => `  ${label}: `;
    else this.before = (label) => `, ${label}: `;
  }

  format(exchange: Exchange): string {
    const { options } = this;
    if (options.plain) return this.body(exchange) ?? 'null';
    const all = options.showAll;
    let text = '';
    if (all || options.showExchangeId) text += this.gap + this.part('Id', exchange.id);
    // Camel starts a line for what is empty, too.
    if (all || options.showRouteGroup) text += this.gap;
    if (all || options.showRouteId) text += this.gap + this.part('RouteId', exchange.routeId ?? exchange.fromRouteId ?? '');
    if (this.showsPattern) text += this.gap + this.part('ExchangePattern', exchange.isInOut ? 'InOut' : 'InOnly');
    if (all || options.showAllProperties) text += this.gap + this.part('Properties', sorted(exchange.properties));
    else if (options.showProperties) text += this.gap + this.part('Properties', sorted(exchange.properties, isCustom));
    if (all || options.showVariables) text += this.gap + (exchange.hasVariables ? this.part('Variables', sorted(exchange.variables)) : '');
    if (all || options.showHeaders) text += this.gap + this.part('Headers', sorted(exchange.headers));
    if (all || options.showBodyType) text += this.gap + this.part('BodyType', javaType(exchange.body));
    if (all || options.showBody) {
      const body = this.body(exchange) ?? 'null';
      text += this.gap + this.part('Body', options.skipBodyLineSeparator ? body.replaceAll('\n', '') : body);
    }
    if (all || options.showException || options.showCaughtException) text += this.failure(exchange);
    return this.frame(text);
  }

  private part(label: string, value: string): string {
    return this.before(label) + value;
  }

  private failure(exchange: Exchange): string {
    const { options } = this;
    let error: ExchangeError | null = exchange.exception;
    let kind = '';
    if (error === null && (options.showAll || options.showCaughtException)) {
      const caught = exchange.property('CamelExceptionCaught');
      if (caught === undefined || caught === null) return '';
      error = toExchangeError(caught);
      kind = 'Caught';
    }
    if (error === null) return '';
    let text = `${this.gap}${this.part(`${kind}ExceptionType`, error.type)}${this.part(`${kind}ExceptionMessage`, error.message)}`;
    if (options.showAll || options.showStackTrace) text += this.part('StackTrace', error.stack ?? '');
    return text;
  }

  private frame(line: string): string {
    const { maxChars, multiline, style } = this.options;
    let text = line;
    if (maxChars > 0) {
      if (multiline) text = text.split('\n').map((part) => clip(part, maxChars)).join('\n');
      else text = clip(text, maxChars);
    }
    if (multiline) return `Exchange[${text}\n]`;
    return `Exchange[${style === 'Default' && text.startsWith(', ') ? text.slice(2) : text}]`;
  }

  private body(exchange: Exchange): string | null {
    const { body } = exchange;
    const { showFiles, showStreams, showCachedStreams, maxChars } = this.options;
    if (body === null || body === undefined) return '[Body is null]';
    if (body instanceof FileBody && !showFiles) return `[Body is file based: ${body.toString()}]`;
    if (body instanceof StreamCache && !showCachedStreams) return '[Body is instance of org.apache.camel.StreamCache]';
    if (isStream(body) && !showStreams) return `[Body is instance of ${javaType(body)}]`;
    const text = toText(body, exchange);
    if (text === null || maxChars <= 0 || text.length <= maxChars) return text;
    return `${text.slice(0, maxChars)}... [Body clipped after ${maxChars} chars, total length is ${text.length}]`;
  }
}

const clip = (text: string, maxChars: number): string => (text.length > maxChars ? `${text.slice(0, maxChars)}...` : text);

const isStream = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && (typeof (body as { pipe?: unknown }).pipe === 'function' || Symbol.asyncIterator in body);

const isCustom = (name: string): boolean => !name.startsWith('Camel');

/** Names and values as Java prints a sorted map. */
function sorted(bag: { forEach(visit: (name: string, value: unknown) => void): void }, isShown: (name: string) => boolean = () => true): string {
  const entries: [string, unknown][] = [];
  bag.forEach((name, value) => {
    if (isShown(name)) entries.push([name, value]);
  });
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([name, value]) => `${name}=${toText(value) ?? 'null'}`).join(', ')}}`;
}

/** The Java class that a body of this kind has in Camel, as its log lines name it. */
function javaType(body: unknown): string {
  if (body === null || body === undefined) return 'null';
  if (body instanceof Error) return toExchangeError(body).type;
  const name = isStream(body) ? 'java.io.InputStream' : javaClassName(body);
  return name === '[B' ? 'byte[]' : name.replace(/^java\.lang\./, '');
}

// Made on first use: it loads much of ICU.
let number: Intl.NumberFormat | null = null;
const shortNumber = (value: number): string => (number ??= new Intl.NumberFormat('en-US', { maximumFractionDigits: 3 })).format(value);

/** Counts exchanges and says how many there were, after every `groupSize` of them or every `groupInterval`. */
class Throughput {
  private readonly clock: Clock;
  private readonly options: LogEndpoint['options'];
  private readonly write: (message: string) => void;
  private count = 0;
  private countBefore = 0;
  private start = 0;
  private groupStart = 0;
  private timer: Timer | null = null;

  constructor(clock: Clock, options: LogEndpoint['options'], write: (message: string) => void) {
    this.clock = clock;
    this.options = options;
    this.write = write;
    if (options.groupInterval !== undefined) this.tickAfter(options.groupDelay, options.groupInterval);
  }

  add(): void {
    const now = this.clock.now();
    if (this.start === 0) this.start = this.groupStart = now;
    this.count++;
    const { groupSize } = this.options;
    if (groupSize !== undefined && this.count % groupSize === 0) this.report(`${this.count} messages so far`, groupSize, now);
  }

  stop(): void {
    this.timer?.cancel();
  }

  private tickAfter(delayMillis: number, intervalMillis: number): void {
    this.timer = this.clock.schedule(delayMillis, () => {
      this.tick();
      this.tickAfter(intervalMillis, intervalMillis);
    });
  }

  private tick(): void {
    const fresh = this.count - this.countBefore;
    if (this.start === 0 || (fresh === 0 && this.options.groupActiveOnly)) return;
    this.countBefore = this.count;
    this.report(`${fresh} new messages, with total ${this.count} so far`, fresh, this.clock.now());
  }

  private report(what: string, inGroup: number, now: number): void {
    const millis = now - this.groupStart;
    const rate = shortNumber(perSecond(inGroup, millis));
    const average = shortNumber(perSecond(this.count, now - this.start));
    this.groupStart = now;
    this.write(`Received: ${what}. Last group took: ${millis} millis which is: ${rate} messages per second. average: ${average}`);
  }
}

const perSecond = (count: number, millis: number): number => (count * 1000) / Math.max(1, millis);

class LogProducer implements Producer {
  private readonly context: ConnectorContext;
  private readonly endpoint: LogEndpoint;
  private readonly formatter: Formatter;
  private readonly level: Level | null;
  private throughput: Throughput | null = null;

  constructor(endpoint: LogEndpoint, context: ConnectorContext) {
    this.context = context;
    this.endpoint = endpoint;
    this.formatter = new Formatter(endpoint);
    this.level = endpoint.options.level === 'OFF' ? null : (endpoint.options.level.toLowerCase() as Level);
    const { groupSize, groupInterval } = endpoint.options;
    if (groupSize !== undefined || groupInterval !== undefined) this.throughput = new Throughput(context.clock, endpoint.options, (message) => this.write(message, null));
  }

  send(exchange: Exchange): void {
    if (this.throughput !== null) this.throughput.add();
    else if (this.level !== null && this.context.events.has('log')) this.write(this.formatter.format(exchange), exchange);
  }

  close(): Promise<void> {
    this.throughput?.stop();
    return Promise.resolve();
  }

  private write(message: string, exchange: Exchange | null): void {
    if (this.level === null) return;
    this.context.events.emit('log', {
      level: this.level,
      logger: this.endpoint.options.loggerName,
      message: this.endpoint.options.logMask ? maskSecrets(message) : message,
      routeId: exchange === null ? this.context.routeId : exchange.routeId,
      stepId: null,
      exchangeId: exchange === null ? null : exchange.id,
    });
  }
}

const fields = {
  loggerName: field.string('Name of the logger.').required().inPath(),
  groupActiveOnly: field.boolean('Says nothing about intervals in which nothing came.').default(true),
  groupDelay: field.millis('Wait before the first interval.').default(0),
  groupInterval: field.millis('Logs the throughput of every such time instead of the exchanges.').atLeast(1),
  groupSize: field.count('Logs the throughput after every so many exchanges instead of the exchanges.').atLeast(1),
  level: field.enum('Level of the lines.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('INFO'),
  logMask: field.boolean('Masks the values of passwords, tokens and the like.').default(false),
  marker: field.string('Marker of the lines.').ignored('log lines have no markers here'),
  plain: field.boolean('Logs the body and nothing else.').default(false),
  sourceLocationLoggerName: field.boolean('Names the logger after the place of the step.').default(false).ignored('each line carries its route and its place'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  exchangeFormatter: field.string('Bean that formats exchanges.').ignored('the options below choose the form; the log step takes any expression'),
  maxChars: field.count('Longest line, and longest body; 0 for no limit.').default(10_000),
  multiline: field.boolean('Writes each part in a line of its own.').default(false),
  showAll: field.boolean('Shows everything.').default(false),
  showAllProperties: field.boolean('Shows all exchange properties, the internal ones too.').default(false),
  showBody: field.boolean('Shows the body.').default(true),
  showBodyType: field.boolean('Shows the type of the body.').default(true),
  showCachedStreams: field.boolean('Shows bodies that are cached streams.').default(true),
  showCaughtException: field.boolean('Shows the exception that was caught last.').default(false),
  showException: field.boolean('Shows the exception of a failed exchange.').default(false),
  showExchangeId: field.boolean('Shows the id of the exchange.').default(false),
  showExchangePattern: field.boolean('Shows whether a reply is expected.').default(false),
  showFiles: field.boolean('Reads bodies that are files, and shows what is in them.').default(false),
  showFuture: field.boolean('Waits for bodies that are futures.').default(false).ignored('bodies are never futures here'),
  showHeaders: field.boolean('Shows the headers.').default(false),
  showProperties: field.boolean('Shows the exchange properties that routes have set.').default(false),
  showRouteGroup: field.boolean('Shows the group of the route.').default(false),
  showRouteId: field.boolean('Shows the id of the route.').default(false),
  showStackTrace: field.boolean('Shows the stack of the exception.').default(false),
  showStreams: field.boolean('Reads bodies that are streams, and shows what is in them.').default(false),
  showVariables: field.boolean('Shows the variables of the exchange.').default(false),
  skipBodyLineSeparator: field.boolean('Leaves the line ends of the body out.').default(true),
  style: field.enum('How the parts are set apart.', ['Default', 'Tab', 'Fixed']).default('Default'),
};

export const log = defineConnector({
  scheme: 'log',
  syntax: 'log:loggerName',
  summary: 'Logs exchanges, or how many there were.',
  options: fields,
  promisesOfOthers: 'none are needed: no message ever comes from it',
  // Nothing ever comes from it; Camel takes such a route, too.
  consumer: (_endpoint, context) => ({
    start: () => Promise.resolve(context.log('warn', `the route ${context.routeId ?? ''} begins with a log endpoint, which never delivers anything`)),
    stop: () => Promise.resolve(),
  }),
  producer: (endpoint, context) => new LogProducer(endpoint, context),
});

import type { Clock, Timer } from '../core/clock.ts';
import type { Consumer, ConnectorContext, Delivery, Endpoint, Sink } from '../core/connector.ts';
import { defineConnector, makesMessages } from '../core/connector.ts';
import { field } from '../core/field.ts';
import { Headers } from '../core/exchange/headers.ts';

type TimerEndpoint = Endpoint<typeof options>;

/** The standard forms of `time`, and the letters of a `pattern`: the parts of a date that they stand for. */
const standardPatterns = ["yyyy-MM-dd'T'HH:mm:ss", 'yyyy-MM-dd HH:mm:ss'];
const parts: Readonly<Record<string, number>> = { y: 0, M: 1, d: 2, H: 3, m: 4, s: 5, S: 6 };

/**
 * Milliseconds of a date, in local time, by a pattern of Java's SimpleDateFormat with number fields.
 * @throws Error when text and pattern don't fit
 */
export function parseTime(text: string, pattern: string): number {
  const order: number[] = [];
  const source = pattern.replace(/'([^']*)'|([yMdHmsS])\2*|[\s\S]/g, (token, quoted: string | undefined, letter: string | undefined) => {
    if (letter !== undefined) {
      order.push(parts[letter]!);
      return letter === 'y' && token.length === 4 ? '(\\d{4})' : '(\\d{1,3})';
    }
    if (quoted === undefined && /[A-Za-z]/.test(token)) throw new Error(`pattern \`${pattern}\`: \`${token}\` is not supported (y M d H m s S and quoted text are)`);
    return (quoted ?? token).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  const match = new RegExp(`^${source}$`).exec(text.trim());
  if (match === null) throw new Error(`Unparseable date: "${text}" (expected ${pattern})`);
  const date = [1970, 1, 1, 0, 0, 0, 0];
  order.forEach((part, i) => (date[part] = Number(match[i + 1])));
  return new Date(date[0]!, date[1]! - 1, date[2], date[3], date[4], date[5], date[6]).getTime();
}

const startTime = (text: string, pattern: string | undefined): number =>
  parseTime(text, pattern ?? (text.includes('T') ? standardPatterns[0]! : standardPatterns[1]!));

/**
 * Fires with Java's Timer rules: one exchange at a time; a tick that falls due meanwhile comes as soon as the one before has left. With
 * `fixedRate` late ticks are caught up with; else the period counts from the start of the one before.
 */
class TimerConsumer implements Consumer {
  private readonly options: TimerEndpoint['options'];
  private readonly clock: Clock;
  private readonly firstTime: number | null;
  private sink: Sink | null = null;
  private timer: Timer | null = null;
  private isOn = false;
  private isBusy = false;
  private isDue = false;
  private due = 0;
  private count = 0;
  private readonly delivery: Delivery = {
    wouldLose: true,
    left: () => this.left(),
    settle: () => {},
  };

  constructor({ options }: TimerEndpoint, context: ConnectorContext) {
    this.options = options;
    this.clock = context.clock;
    this.firstTime = options.time === undefined ? null : startTime(options.time, options.pattern);
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    const now = this.clock.now();
    this.due = this.firstTime === null ? now + Math.max(0, this.options.delay) : Math.max(now, this.firstTime);
    return this.resume();
  }

  stop(): Promise<void> {
    return this.suspend();
  }

  suspend(): Promise<void> {
    this.isOn = false;
    this.timer?.cancel();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    if (this.isOn || this.isOver) return Promise.resolve();
    this.isOn = true;
    this.due = Math.max(this.due, this.clock.now());
    this.arm();
    return Promise.resolve();
  }

  private get isOver(): boolean {
    const { repeatCount, period, delay } = this.options;
    if (repeatCount > 0 && this.count >= repeatCount) return true;
    return this.count > 0 && period <= 0 && delay >= 0;
  }

  private arm(): void {
    this.timer = this.clock.schedule(Math.max(0, this.due - this.clock.now()), () => {
      if (this.isBusy) this.isDue = true;
      else this.fire();
    });
  }

  private fire(): void {
    this.count++;
    this.isDue = false;
    this.isBusy = true;
    const now = this.clock.now();
    const { delay, period, fixedRate } = this.options;
    if (delay < 0) this.due = now;
    else this.due = fixedRate ? this.due + period : now + period;
    const hasMore = !this.isOver;
    const exchange = this.sink!.exchange(null, this.headers(now), this.options.exchangePattern === 'InOut');
    if (this.options.includeMetadata) this.describe(exchange.properties, now);
    this.sink!.push(exchange, this.delivery);
    if (!hasMore) this.isOn = false;
    else if (this.isOn) this.arm();
  }

  private left(): void {
    this.isBusy = false;
    if (!this.isDue || !this.isOn) return;
    this.isDue = false;
    this.clock.yield(() => {
      if (this.isOn && !this.isBusy) this.fire();
    });
  }

  private headers(now: number): Headers | undefined {
    return this.options.includeMetadata ? Headers.from({ CamelTimerFiredTime: new Date(now), CamelMessageTimestamp: now }) : undefined;
  }

  private describe(properties: { set(name: string, value: unknown): void }, now: number): void {
    properties.set('CamelTimerCounter', this.count);
    properties.set('CamelTimerName', this.options.timerName);
    properties.set('CamelTimerTime', this.firstTime === null ? null : new Date(this.firstTime));
    properties.set('CamelTimerPeriod', this.options.period);
    properties.set('CamelTimerFiredTime', new Date(now));
  }
}

const options = {
  timerName: field.string('Name of the timer.').required().inPath(),
  delay: field.millis('Wait before the first message; negative for messages without any pause.').default(1000),
  fixedRate: field.boolean('Keeps the rate: catches up with messages that came late.').default(false),
  includeMetadata: field.boolean('Adds name, counter, period and time to the message.').default(false),
  period: field.millis('Wait from one message to the next; 0 for one message only.').default(1000),
  repeatCount: field.integer('Number of messages; 0 for no end.').default(0),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
  daemon: field.boolean('Runs in a daemon thread.').default(true).ignored('there are no threads here'),
  pattern: field.string('Pattern of `time`, as Java writes date patterns.'),
  synchronous: field.boolean('Works in the thread of the timer.').default(false).ignored('messages never overlap here'),
  time: field.string('When the first message comes, in local time: `2030-01-31T08:00:00`.'),
  timer: field.string('Bean that is the timer.').ignored('the runtime has one clock'),
  runLoggingLevel: field.enum('Level of a line for every message.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('TRACE').ignored('`mecha trace` and the metrics tell of every message'),
};

export const timer = defineConnector({
  scheme: 'timer',
  syntax: 'timer:timerName',
  summary: 'Makes a message again and again, one at a time.',
  insteadOfSending: 'put the steps into a route from `direct:`, which this one and others send to',
  options,
  headers: {
    CamelTimerFiredTime: 'When the timer fired (with includeMetadata).',
    CamelMessageTimestamp: 'The same as milliseconds since 1970 (with includeMetadata).',
  },
  notPromised: makesMessages('a timer'),
  consumer: (endpoint, context) => new TimerConsumer(endpoint, context),
});

import type { Clock, Timer } from '../clock.ts';
import type { Sink } from '../connector.ts';
import type { Schedule } from './cron.ts';
import { field } from '../field.ts';

/** When a polling consumer polls. Times are in `timeUnit`. */
export interface PollOptions {
  readonly initialDelay: number;
  readonly delay: number;
  readonly timeUnit: keyof typeof unitMillis;
  readonly useFixedDelay: boolean;
  readonly greedy: boolean;
  readonly repeatCount: number;
  readonly backoffMultiplier: number;
  readonly backoffIdleThreshold: number;
  readonly backoffErrorThreshold: number;
  readonly startScheduler: boolean;
  readonly runLoggingLevel: string;
}

const unitMillis = { NANOSECONDS: 1e-6, MICROSECONDS: 1e-3, MILLISECONDS: 1, SECONDS: 1000, MINUTES: 60_000, HOURS: 3_600_000, DAYS: 86_400_000 } as const;

const units = ['NANOSECONDS', 'MICROSECONDS', 'MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS'] as const;

/** The options that all polling consumers have. */
export const pollOptions = {
  sendEmptyMessageWhenIdle: field.boolean('Sends a message with an empty body when a poll found nothing.').default(false),
  bridgeErrorHandler: field.boolean('Gives a failing poll to the error handler of the route, as an exchange that has failed.').default(false),
  exceptionHandler: field.string('Bean that is told errors of a poll.').ignored('errors of a poll are logged and show in health; bridgeErrorHandler hands them to the route'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
  pollStrategy: field.string('Bean that decides what to do when a poll fails.').ignored('the next poll tries again, after backoffErrorThreshold with a longer wait'),
  backoffErrorThreshold: field.count('Failing polls in a row after which polls are left out; needs backoffMultiplier.').default(0),
  backoffIdleThreshold: field.count('Idle polls in a row after which polls are left out; needs backoffMultiplier.').default(0),
  backoffMultiplier: field.count('How many polls are left out.').default(0),
  delay: field.millis('Wait between polls; with 0 there is one poll only.').default(500),
  greedy: field.boolean('Polls again at once when a poll found something.').default(false),
  initialDelay: field.millis('Wait before the first poll.').default(1000),
  repeatCount: field.integer('Number of polls; 0 for no end.').default(0),
  runLoggingLevel: field.enum('Level of a line for every poll.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('TRACE'),
  scheduledExecutorService: field.string('Bean that is the thread pool.').ignored('there are no thread pools here'),
  scheduler: field.string('Polls by a cron expression with `quartz` or `spring`: scheduler.cron has it.').default('none'),
  schedulerProperties: field.map('Options of the scheduler: `cron`, `timeZone`.', field.string('Value.')).prefixed('scheduler.'),
  startScheduler: field.boolean('Polls from the start; else once the route has been resumed.').default(true),
  timeUnit: field.enum('Unit of delay and initialDelay where they are plain numbers.', units).default('MILLISECONDS'),
  useFixedDelay: field.boolean('Counts the delay from the end of a poll; else from its start.').default(true),
};

export interface Polling {
  readonly clock: Clock;
  /** Polls once: how many messages came of it. Resolves when all of them have left the route. */
  poll(): number | Promise<number>;
  failed(error: unknown): void;
  /** Takes the lines that runLoggingLevel asks for. */
  log?(level: 'debug' | 'info' | 'warn' | 'error', message: string): void;
}

/** Hands a poll that failed to the route's error handler, as `bridgeErrorHandler` asks for. */
export function bridgePollFailure(sink: Sink, error: unknown): void {
  const exchange = sink.exchange(null);
  exchange.body = `Failed polling endpoint: ${exchange.fromEndpoint ?? ''}. Will try again at next poll`;
  exchange.fail(error);
  sink.push(exchange, { settle: () => undefined });
}

/**
 * Polls again and again, never twice at once: after the initial delay, then after each delay (or by a schedule), with Camel's
 * rules for greedy polls and for leaving polls out after idle or failing ones.
 */
export class Poller {
  private readonly options: PollOptions;
  private readonly polling: Polling;
  private readonly schedule: Schedule | null;
  private readonly delayMillis: number;
  private timer: Timer | null = null;
  private isOn = false;
  private isBusy = false;
  private due = 0;
  private polls = 0;
  private idle = 0;
  private errors = 0;
  private left = 0;
  private idleListeners: (() => void)[] = [];

  constructor(options: PollOptions, polling: Polling, schedule: Schedule | null = null) {
    this.options = options;
    this.polling = polling;
    this.schedule = schedule;
    this.delayMillis = options.delay * unitMillis[options.timeUnit];
  }

  start(): void {
    if (!this.options.startScheduler) return;
    this.resume(this.options.initialDelay * unitMillis[this.options.timeUnit]);
  }

  resume(delayMillis = 0): void {
    if (this.isOn) return;
    this.isOn = true;
    const now = this.polling.clock.now();
    this.due = this.schedule === null ? now + delayMillis : (this.schedule.next(now) ?? Infinity);
    if (!this.isBusy) this.arm();
  }

  suspend(): void {
    this.isOn = false;
    this.timer?.cancel();
  }

  get isPolling(): boolean {
    return this.isBusy;
  }

  /** Polls no more; resolves when a poll that is under way is over. */
  stop(): Promise<void> {
    this.suspend();
    return this.isBusy ? new Promise((resolve) => void this.idleListeners.push(resolve)) : Promise.resolve();
  }

  private arm(): void {
    if (this.due === Infinity) return;
    this.timer = this.polling.clock.schedule(Math.max(0, this.due - this.polling.clock.now()), () => void this.run());
  }

  private async run(): Promise<void> {
    this.isBusy = true;
    const { greedy, repeatCount } = this.options;
    this.logRun('poll begins');
    for (let isAgain = this.isTurn(); isAgain && this.isOn; ) {
      let found = 0;
      try {
        const result = this.polling.poll();
        found = typeof result === 'number' ? result : await result;
        this.errors = 0;
        this.idle = found === 0 ? this.idle + 1 : 0;
      } catch (error) {
        this.errors++;
        this.idle = 0;
        this.polling.failed(error);
      }
      this.polls++;
      // As in Camel, without a delay there is no second poll.
      const isLast = (repeatCount > 0 && this.polls >= repeatCount) || (this.delayMillis <= 0 && this.schedule === null);
      if (isLast && !(greedy && found > 0 && this.delayMillis <= 0)) this.isOn = false;
      isAgain = greedy && found > 0;
      if (isAgain) await new Promise<void>((resolve) => this.polling.clock.yield(resolve));
    }
    this.isBusy = false;
    this.logRun('poll is over');
    for (const listener of this.idleListeners.splice(0)) listener();
    if (this.isOn) this.next();
  }

  private logRun(message: string): void {
    const { runLoggingLevel: level } = this.options;
    if (level !== 'TRACE' && level !== 'OFF') this.polling.log?.(level.toLowerCase() as 'debug' | 'info' | 'warn' | 'error', message);
  }

  private next(): void {
    const now = this.polling.clock.now();
    if (this.schedule !== null) this.due = this.schedule.next(now) ?? Infinity;
    else this.due = this.options.useFixedDelay ? now + this.delayMillis : Math.max(now, this.due + this.delayMillis);
    this.arm();
  }

  /** False when this poll is to be left out. */
  private isTurn(): boolean {
    const { backoffMultiplier, backoffIdleThreshold, backoffErrorThreshold } = this.options;
    if (backoffMultiplier <= 0) return true;
    const isBackedOff = (backoffIdleThreshold > 0 && this.idle >= backoffIdleThreshold) || (backoffErrorThreshold > 0 && this.errors >= backoffErrorThreshold);
    if (!isBackedOff) return true;
    if (this.left++ < backoffMultiplier) return false;
    this.left = 0;
    this.idle = 0;
    this.errors = 0;
    return true;
  }
}

interface ScheduledOptions {
  readonly scheduler: string;
  readonly schedulerProperties?: Readonly<Record<string, string>> | undefined;
  readonly backoffMultiplier: number;
  readonly backoffIdleThreshold: number;
  readonly backoffErrorThreshold: number;
}

/**
 * Checks what belongs together, and gives the cron schedule that the options ask for, or null.
 * @throws Error when they don't fit, or the cron expression is wrong
 */
export async function pollSchedule(options: ScheduledOptions, now: number): Promise<Schedule | null> {
  if (options.backoffMultiplier > 0 && options.backoffIdleThreshold <= 0 && options.backoffErrorThreshold <= 0) {
    throw new Error('backoffIdleThreshold and/or backoffErrorThreshold must be configured to a positive value when using backoffMultiplier');
  }
  if (options.scheduler === 'none' || options.scheduler === '') return null;
  if (options.scheduler !== 'quartz' && options.scheduler !== 'spring') throw new Error(`there is no scheduler \`${options.scheduler}\`: use quartz or spring`);
  const cron = options.schedulerProperties?.['cron'];
  if (cron === undefined) throw new Error('scheduler.cron is missing: the cron expression to poll by');
  const { looseSchedule, quartzSchedule } = await import('./cron.ts');
  const zone = options.schedulerProperties?.['timeZone'] ?? options.schedulerProperties?.['trigger.timeZone'];
  return options.scheduler === 'quartz' ? quartzSchedule(cron, zone, now) : looseSchedule(cron, zone, now);
}

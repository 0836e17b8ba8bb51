import type { Consumer, ConnectorContext, Delivery, Endpoint, Sink } from '../core/connector.ts';
import { defineConnector, makesLikeMessages } from '../core/connector.ts';
import type { Schedule } from '../core/schedule/cron.ts';
import { field } from '../core/field.ts';
import { Headers } from '../core/exchange/headers.ts';
import { Poller, pollOptions, pollSchedule } from '../core/schedule/polling.ts';

/** So many messages may wait in steps while the next ones come. */
const mostAside = 1000;

/** A poll is one empty message, and is over when the message has left the route, or waits without holding it up. */
class SchedulerConsumer implements Consumer {
  private readonly endpoint: Endpoint<typeof options>;
  private readonly context: ConnectorContext;
  private readonly poller: Poller;
  private sink: Sink | null = null;
  private aside = 0;

  constructor(endpoint: Endpoint<typeof options>, context: ConnectorContext, schedule: Schedule | null) {
    this.endpoint = endpoint;
    this.context = context;
    const failed = (error: unknown): void => context.log('error', String(error));
    const log = (level: 'debug' | 'info' | 'warn' | 'error', message: string): void => context.log(level, message);
    this.poller = new Poller(endpoint.options, { clock: context.clock, poll: () => this.poll(), failed, log }, schedule);
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.poller.start();
    return Promise.resolve();
  }

  /** Does not wait for the message that is under way. */
  stop(): Promise<void> {
    return this.suspend();
  }

  suspend(): Promise<void> {
    this.poller.suspend();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.poller.resume(this.endpoint.options.initialDelay);
    return Promise.resolve();
  }

  private poll(): Promise<number> {
    const { name, includeMetadata, exchangePattern } = this.endpoint.options;
    const now = this.context.clock.now();
    const exchange = this.sink!.exchange(null, includeMetadata ? Headers.from({ CamelMessageTimestamp: now }) : undefined, exchangePattern === 'InOut');
    if (includeMetadata) {
      exchange.properties.set('CamelTimerName', name);
      exchange.properties.set('CamelTimerFiredTime', new Date(now));
    }
    return new Promise((resolve) => {
      let isAside = false;
      const delivery: Delivery = {
        wouldLose: true,
        aside: () => {
          if (this.aside >= mostAside) return;
          isAside = true;
          this.aside++;
          resolve(1);
        },
        left: () => {
          if (isAside) this.aside--;
          resolve(1);
        },
        settle: () => {},
      };
      this.sink!.push(exchange, delivery);
    });
  }
}

const options = {
  name: field.string('Name of the scheduler.').required().inPath(),
  includeMetadata: field.boolean('Adds name and time to the message.').default(false),
  ...pollOptions,
  synchronous: field.boolean('Works in the thread of the scheduler.').default(false).ignored('messages never overlap here'),
  poolSize: field.count('Threads of the scheduler.').default(1).ignored('messages never overlap here'),
};

export const scheduler = defineConnector({
  scheme: 'scheduler',
  syntax: 'scheduler:name',
  summary: 'Makes a message again and again, the next one some time after the one before has been handled.',
  insteadOfSending: 'put the steps into a route from `direct:`, which this one and others send to',
  options,
  headers: { CamelMessageTimestamp: 'When the scheduler fired, as milliseconds since 1970 (with includeMetadata).' },
  notPromised: makesLikeMessages('a scheduler'),
  consumer: async (endpoint, context) => new SchedulerConsumer(endpoint, context, await pollSchedule(endpoint.options, context.clock.now())),
});

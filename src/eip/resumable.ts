import { beanInstance } from '../core/beans/bean.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { LogLevel } from '../core/events.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { FAILED, HANDLED } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { isPromise, perform } from '../core/graph/flow.ts';
import type { ResumeStrategy } from '../core/state/resuming.ts';
import { resumableOf } from '../core/state/resuming.ts';

const header = 'CamelOffset';

/** Tells the strategy, when a message is done, how far its source has been read. */
class Offsets {
  private readonly strategy: ResumeStrategy;
  private readonly level: LogLevel | null;
  private readonly isIntermittent: boolean;
  private readonly context: StepContext;
  private isStarted = false;

  constructor(strategy: ResumeStrategy, level: LogLevel | null, isIntermittent: boolean, context: StepContext) {
    this.strategy = strategy;
    this.level = level;
    this.isIntermittent = isIntermittent;
    this.context = context;
    context.onStop?.(async () => void (this.isStarted ? await strategy.stop?.() : undefined));
  }

  readonly step = (exchange: Exchange): void | Promise<void> => {
    if (!this.isStarted) {
      const starting = this.strategy.start?.();
      if (isPromise(starting)) {
        return starting.then(() => {
          this.isStarted = true;
          this.watch(exchange);
        });
      }
      this.isStarted = true;
    }
    this.watch(exchange);
  };

  private watch(exchange: Exchange): void {
    exchange.onEnd(() => {
      const { unitOfWork } = exchange;
      const isWhole = unitOfWork === null || unitOfWork.exchange === exchange;
      // A part or a branch has an end of its own, where it fails.
      const error = this.lack(exchange);
      if (error !== null && !isWhole) return exchange.fail(error, this.context.info);
      if (unitOfWork === null || unitOfWork.isDone) void this.ended(exchange, error);
      else
        unitOfWork.beforeSettling(async (whole) => {
          if (whole.halt === 0 && error !== null) throw error;
          await this.ended(exchange, error, whole);
        });
    });
  }

  /** What is wrong with a good message that says no offset. */
  private lack(exchange: Exchange): ExchangeError | null {
    if (this.isIntermittent || (exchange.halt & (FAILED | HANDLED)) !== 0 || resumableOf(exchange.headers.get(header)) !== null) return null;
    return new ExchangeError('org.apache.camel.processor.resume.NoOffsetException', `There was no CamelOffset header defined on the message exchange: Exchange[${exchange.id}]`);
  }

  private async ended(exchange: Exchange, error: ExchangeError | null, whole: Exchange = exchange): Promise<void> {
    if (((whole.halt | exchange.halt) & HANDLED) !== 0) return;
    if (error !== null) return this.log('warn', error.message, exchange);
    const offset = resumableOf(exchange.headers.get(header));
    if (((whole.halt | exchange.halt) & FAILED) !== 0) {
      const what = offset === null ? 'Skipping offset update' : `Skipping offset update with address '${String(offset.offsetKey)}' and offset value '${String(offset.lastOffset)}'`;
      if (this.level !== null) this.log(this.level, `${what} due to failure in processing: ${(exchange.exception ?? whole.exception)?.message ?? ''}`, exchange);
      return;
    }
    if (offset === null) return;
    try {
      await this.strategy.updateLastOffset(offset);
    } catch (thrown) {
      // The message is done all the same: begun again from the offset before, it comes once more.
      this.log('error', `Unable to update the offset: ${(thrown as Error).message}`, exchange);
    }
  }

  private log(level: LogLevel, message: string, { id }: Exchange): void {
    const { events, info } = this.context;
    if (events.logs(level)) events.emit('log', { level, logger: info.routeId, message, routeId: info.routeId, stepId: info.stepId, exchangeId: id });
  }
}

export const resumable = defineEip({
  name: 'resumable',
  summary: 'Keeps how far a source has been read: when a message is done, before its source is told, the strategy gets what the header CamelOffset says, so that one can go on there after a restart.',
  options: {
    resumeStrategy: field
      .reference<string>(
        'Bean that keeps offsets: `updateLastOffset({ offsetKey, lastOffset })`, perhaps `start()` and `stop()`. Built in are org.apache.camel.processor.resume.TransientResumeStrategy (in memory) and org.apache.camel.processor.resume.kafka.SingleNodeKafkaResumeStrategy (in the state store, under its property `topic`); both have the method `lastOffset(key)`.',
        'ResumeStrategy',
      )
      .required(),
    loggingLevel: field.enum('Level of the line that says that the offset of a failed message is not kept.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('ERROR'),
    intermittent: field.boolean('Lets messages pass without an offset; else they fail when they are done.').default(false),
  },
  examples: [
    {
      title: 'Remember the last order that is done',
      route: `- beans:
    - name: offsets
      type: org.apache.camel.processor.resume.kafka.SingleNodeKafkaResumeStrategy
      properties: { topic: orders }
- from:
    uri: direct:start
    steps:
      - setHeader:
          name: before
          method: { ref: offsets, method: "lastOffset('orders')" }
      - setHeader:
          name: CamelOffset
          jq: '{offsetKey: "orders", lastOffset: .id}'
      - resumable: { resumeStrategy: offsets }
      - setBody: { simple: "\${header.before}" }
      - to: mock:before
`,
      in: [{ id: 7 }, { id: 8 }],
      out: { 'mock:before': [null, 7] },
    },
  ],
  operator: ({ resumeStrategy, loggingLevel, intermittent }, context) => {
    const strategy = beanInstance(context.bean<unknown>(resumeStrategy, 'ResumeStrategy')) as ResumeStrategy;
    if (typeof strategy.updateLastOffset !== 'function' && !context.problems.hasErrors) {
      context.problems.report('M0501', `the bean \`${resumeStrategy}\` keeps no offsets`, context.at, { help: 'give it a method `updateLastOffset({ offsetKey, lastOffset })`' });
    }
    const level = loggingLevel === 'OFF' ? null : (loggingLevel.toLowerCase() as LogLevel);
    return perform(new Offsets(strategy, level, intermittent, context).step, context.info);
  },
});

import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { StepSubscriber, operator } from '../core/graph/flow.ts';
import { OptionError } from '../core/optionError.ts';

/** Lets the event loop have its turn before each batch of exchanges goes on, in their order. */
class HandOver extends StepSubscriber {
  private readonly context: StepContext;
  private readonly threadName: string;
  private queue: Exchange[] = [];
  private isDue = false;

  constructor(out: Subscriber<Exchange>, threadName: string, context: StepContext) {
    super(out, context.info);
    this.context = context;
    this.threadName = threadName;
  }

  protected step(exchange: Exchange): boolean {
    exchange.properties.set('MechaThreadName', this.threadName);
    this.queue.push(exchange);
    if (!this.isDue) {
      this.isDue = true;
      this.context.clock.yield(() => this.goOn());
    }
    return false;
  }

  private goOn(): void {
    this.isDue = false;
    const batch = this.queue;
    this.queue = [];
    for (const exchange of batch) this.out.next(exchange);
  }
}

const noThreads = 'there is one thread: how much is under way at once is the business of the consumer and of `throttle`';

export const threads = defineEip({
  name: 'threads',
  summary: 'Hands the exchange over: the caller has its turn before the later steps run.',
  isBare: true,
  options: {
    threadName: field.string('Name that the Simple function `threadName` shows in the later steps.').default('Threads'),
    poolSize: field.count('Threads of the pool.').ignored(noThreads),
    maxPoolSize: field.integer('Threads of the pool at most.').ignored(noThreads),
    keepAliveTime: field.count('How long an idle thread lives.').atLeast(1).ignored(noThreads),
    timeUnit: field.enum('Unit of that time.', ['NANOSECONDS', 'MICROSECONDS', 'MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS']).ignored(noThreads),
    maxQueueSize: field.integer('Tasks that may wait.').ignored(noThreads),
    allowCoreThreadTimeOut: field.boolean('Idle threads end.').default(false).ignored(noThreads),
    rejectedPolicy: field.enum('What to do with a task too many.', ['Abort', 'CallerRuns', 'Block']).ignored(noThreads),
    callerRunsWhenRejected: field.boolean('The caller does it.').default(true).ignored(noThreads),
    executorService: field.string('Thread pool.').ignored(noThreads),
  },
  examples: [
    {
      title: 'Let the caller go on first',
      route: '- from:\n    uri: direct:start\n    steps:\n      - to: mock:before\n      - threads: {}\n      - to: mock:after\n',
      in: ['a'],
      out: { 'mock:before': ['a'], 'mock:after': ['a'] },
    },
  ],
  operator: ({ threadName, poolSize, maxPoolSize = 20 }, context) => {
    if (poolSize !== undefined && poolSize > maxPoolSize) throw new OptionError(['maxPoolSize', 'poolSize'], `\`maxPoolSize\` must be at least \`poolSize\`: ${maxPoolSize} is less than ${poolSize}`, `write \`maxPoolSize: ${poolSize}\``);
    return operator((out) => new HandOver(out, `${context.scope.name} thread #1 - ${threadName}`, context));
  },
});

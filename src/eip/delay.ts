import type { Subscriber } from 'rxjs';
import { convertTo } from '../core/conversion/convert.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { StepSubscriber, operator, settled } from '../core/graph/flow.ts';
import { stepAside } from '../core/exchange/poolThread.ts';
import type { PlannedWaits } from '../core/graph/pool.ts';
import { plannedWaits } from '../core/graph/pool.ts';
import { Waits } from '../core/exchange/waits.ts';

class Delay extends StepSubscriber {
  private readonly expression: Expression;
  private readonly isAsync: boolean;
  private readonly waits: Waits;
  private readonly pool: PlannedWaits | null;
  private readonly goOn = (exchange: Exchange): void => this.out.next(exchange);
  private readonly resume: (exchange: Exchange) => void;

  constructor(out: Subscriber<Exchange>, expression: Expression, isAsync: boolean, pool: PlannedWaits | null, context: StepContext) {
    super(out, context.info);
    this.pool = isAsync ? pool : null;
    this.resume = this.pool === null ? this.goOn : (exchange) => this.pool!.goOn(exchange, this.goOn);
    this.isAsync = isAsync;
    this.expression = expression;
    this.waits = new Waits(context);
    this.add(() => this.waits.dispose());
  }

  protected step(exchange: Exchange): boolean {
    const millis = Number(convertTo(this.expression(exchange), 'java.lang.Long') ?? 0);
    if (millis <= 0) return true;
    if (this.isAsync && (this.pool === null || this.pool.begin(exchange))) stepAside(exchange);
    this.waits.wait(exchange, millis, this.resume);
    return false;
  }
}

export const delay = defineEip({
  name: 'delay',
  summary: 'Holds each exchange back for some milliseconds; others may overtake it.',
  options: {
    expression: field.expression('Milliseconds to wait; null, 0 and less are no wait.').required(),
    asyncDelayed: field.boolean('The source goes on with the next message meanwhile, where it is a queue (`seda`), a folder or a scheduler.').default(true),
    callerRunsWhenRejected: field.boolean('What to do when the pool is full: the source waits with the exchange; false: the exchange fails.').default(true),
    executorService: field.string('Pool in which exchanges go on: a bean of `java.util.concurrent.Executors` (newScheduledThreadPool), or a profile (`camel.threadpool.config[name]`).'),
  },
  examples: [
    {
      title: 'Wait before the next step',
      route: '- from:\n    uri: direct:start\n    steps:\n      - delay:\n          constant: 20\n      - to: mock:out\n',
      in: ['later'],
      out: { 'mock:out': ['later'] },
    },
  ],
  operator: (given, context) => {
    const pool = plannedWaits(given, context, 'Delay');
    return settled(given.expression, context.info, (millisOf) => operator((out) => new Delay(out, millisOf, given.asyncDelayed, pool, context)));
  },
});

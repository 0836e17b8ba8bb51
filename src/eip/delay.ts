import type { Subscriber } from 'rxjs';
import { convertTo } from '../core/conversion/convert.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { StepSubscriber, operator, settled } from '../core/graph/flow.ts';
import { Waits } from '../core/exchange/waits.ts';

class Delay extends StepSubscriber {
  private readonly expression: Expression;
  private readonly isAsync: boolean;
  private readonly waits: Waits;
  private readonly resume = (exchange: Exchange): void => this.out.next(exchange);

  constructor(out: Subscriber<Exchange>, expression: Expression, isAsync: boolean, context: StepContext) {
    super(out, context.info);
    this.isAsync = isAsync;
    this.expression = expression;
    this.waits = new Waits(context);
    this.add(() => this.waits.dispose());
  }

  protected step(exchange: Exchange): boolean {
    const millis = Number(convertTo(this.expression(exchange), 'java.lang.Long') ?? 0);
    if (millis <= 0) return true;
    if (this.isAsync) exchange.unitOfWork?.whole.stepAside();
    this.waits.wait(exchange, millis, this.resume);
    return false;
  }
}

const noThreads = 'nothing blocks here: there are no threads to run out of';

export const delay = defineEip({
  name: 'delay',
  summary: 'Holds each exchange back for some milliseconds; others may overtake it.',
  options: {
    expression: field.expression('Milliseconds to wait; null, 0 and less are no wait.').required(),
    asyncDelayed: field.boolean('The source goes on with the next message meanwhile, where it is a queue (`seda`), a folder or a scheduler.').default(true),
    callerRunsWhenRejected: field.boolean('What to do when the thread pool is full.').default(true).ignored(noThreads),
    executorService: field.string('Thread pool.').ignored(noThreads),
  },
  examples: [
    {
      title: 'Wait before the next step',
      route: '- from:\n    uri: direct:start\n    steps:\n      - delay:\n          constant: 20\n      - to: mock:out\n',
      in: ['later'],
      out: { 'mock:out': ['later'] },
    },
  ],
  operator: ({ expression, asyncDelayed }, context) => settled(expression, context.info, (millisOf) => operator((out) => new Delay(out, millisOf, asyncDelayed, context))),
});

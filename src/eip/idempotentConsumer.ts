import type { Subscriber } from 'rxjs';
import { toText } from '../core/conversion/convert.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { FAILED, HANDLED, ROLLBACK_ONLY } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { isPromise, operator, StepSubscriber } from '../core/graph/flow.ts';
import { OptionError } from '../core/optionError.ts';
import type { IdempotentRepository } from '../core/state/repositories.ts';
import { StoreError } from '../core/state/store.ts';

interface Rules {
  readonly expression: Expression;
  readonly repository: IdempotentRepository;
  /** Claims the key before the inner steps; else it is only looked for, and added when they are done. */
  readonly eager: boolean;
  readonly completionEager: boolean;
  readonly skipDuplicate: boolean;
  readonly removeOnFailure: boolean;
}

/** What counts as failed for the key, though an error handler may have dealt with it. */
const failure = FAILED | HANDLED | ROLLBACK_ONLY;

/** As in Camel, also one whose failure an error handler has dealt with, though a doCatch has let it go on. */
const isFailure = ({ halt, wasDealtWith }: Exchange): boolean => (halt & failure) !== 0 || wasDealtWith;

class IdempotentConsumer extends StepSubscriber {
  private readonly rules: Rules;
  private readonly inner: Inlet;
  private readonly context: StepContext;
  /** Keys of exchanges in the inner steps; only where their end is the end of the work on the key. */
  private readonly keys = new Map<Exchange, string>();

  constructor(out: Subscriber<Exchange>, steps: Pipe, rules: Rules, context: StepContext) {
    super(out, context.info);
    this.rules = rules;
    this.context = context;
    this.inner = this.branch(steps, rules.completionEager ? (exchange) => this.completed(exchange) : (exchange) => this.out.next(exchange));
  }

  protected step(exchange: Exchange): boolean {
    const value = this.rules.expression(exchange);
    const goesOn = isPromise(value) ? value.then((text) => this.look(exchange, text)) : this.look(exchange, value);
    if (!isPromise(goesOn)) return goesOn;
    goesOn.then(
      (isTrue) => {
        if (isTrue) this.out.next(exchange);
      },
      (thrown: unknown) => {
        exchange.fail(thrown, this.info);
        this.out.next(exchange);
      },
    );
    return false;
  }

  private look(exchange: Exchange, value: unknown): boolean | Promise<boolean> {
    const key = toText(value, exchange);
    const { expression, repository, eager } = this.rules;
    if (key === null) {
      throw new ExchangeError('org.apache.camel.processor.idempotent.NoMessageIdException', `No message ID could be found using expression: ${expression.label ?? ''} on message exchange: Exchange[]`);
    }
    const answer = eager ? repository.add(key) : repository.contains(key);
    return isPromise(answer) ? answer.then((isTrue) => this.enter(exchange, key, isTrue === eager)) : this.enter(exchange, key, answer === eager);
  }

  /** Gives whether the exchange goes past the inner steps. */
  private enter(exchange: Exchange, key: string, isNew: boolean): boolean {
    if (!isNew) {
      exchange.properties.set('CamelDuplicateMessage', true);
      if (this.rules.skipDuplicate) return true;
    }
    if (this.rules.completionEager) this.keys.set(exchange, key);
    else exchange.onEnd(() => this.ended(exchange, key));
    this.inner.next(exchange);
    return false;
  }

  private completed(exchange: Exchange): void {
    const key = this.keys.get(exchange)!;
    this.keys.delete(exchange);
    let settling: unknown;
    try {
      settling = this.settle(key, isFailure(exchange));
    } catch (thrown) {
      exchange.fail(thrown, this.info);
    }
    if (!isPromise(settling)) return this.out.next(exchange);
    settling.then(
      () => this.out.next(exchange),
      (thrown: unknown) => {
        exchange.fail(thrown, this.info);
        this.out.next(exchange);
      },
    );
  }

  /**
   * A key is released as soon as its exchange has failed. It is confirmed at once where that is only memory; else when its delivery is
   * about to settle, after all else that the delivery leaves is stored: what fails then may come again. A part of the delivery that went
   * well stays done though other parts failed, as in Camel.
   */
  private ended(exchange: Exchange, key: string): void {
    const { unitOfWork } = exchange;
    const hasFailed = isFailure(exchange);
    if (!hasFailed && unitOfWork !== null && !unitOfWork.isDone && this.rules.repository.isStored === true) {
      const isPart = exchange !== unitOfWork.exchange;
      unitOfWork.beforeSettling((settled) => this.settle(key, isPart ? settled.exception instanceof StoreError : isFailure(settled)) as Promise<void>);
      return;
    }
    try {
      const settling = this.settle(key, hasFailed);
      if (!isPromise(settling)) return;
      if (unitOfWork === null || unitOfWork.isDone) settling.then(undefined, (thrown: unknown) => this.complain(key, thrown));
      else unitOfWork.beforeSettling(() => settling as Promise<void>);
    } catch (thrown) {
      this.complain(key, thrown);
    }
  }

  private settle(key: string, hasFailed: boolean): unknown {
    const { repository, eager, removeOnFailure } = this.rules;
    if (!hasFailed) {
      if (eager) return repository.confirm(key);
      const added = repository.add(key);
      return isPromise(added) ? added.then(() => repository.confirm(key)) : repository.confirm(key);
    }
    if (removeOnFailure) return repository.remove(key);
    // The claim must not lapse: the key stays.
    return eager ? repository.confirm(key) : undefined;
  }

  private complain(key: string, thrown: unknown): void {
    const { info, events } = this.context;
    const message = `can't settle the message id ${key}: ${(thrown as Error).message}`;
    events.emit('log', { level: 'error', logger: info.routeId, message, routeId: info.routeId, stepId: info.stepId, exchangeId: null });
  }
}

export const idempotentConsumer = defineEip({
  name: 'idempotentConsumer',
  keepsState: true,
  summary: 'Sends only the first exchange with a message id through the inner steps; later ones with the same id go past them.',
  options: {
    expression: field.expression('Gives the message id; null is an error.').required(),
    idempotentRepository: field.reference<string>('Where the ids of handled messages are kept.', 'IdempotentRepository').required(),
    eager: field.boolean('Claims the id before the inner steps, so that a duplicate that comes meanwhile is seen; otherwise the id is added when the exchange is done.').default(true),
    completionEager: field.boolean('The id is done when the inner steps are; otherwise when the whole exchange is.').default(false),
    skipDuplicate: field.boolean('Duplicates go past the inner steps; otherwise they go through, with the property `CamelDuplicateMessage`.').default(true),
    removeOnFailure: field.boolean('Forgets the id when the exchange fails, so that the message may come again.').default(true),
    steps: field.steps('What the first exchange with an id goes through.').required(),
  },
  examples: [
    {
      title: 'Handle each order once',
      route: `- beans:
    - name: seen
      type: org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository
- from:
    uri: direct:start
    steps:
      - idempotentConsumer:
          idempotentRepository: seen
          simple: "\${body}"
          steps:
            - to: mock:once
`,
      in: ['a', 'b', 'a'],
      out: { 'mock:once': ['a', 'b'] },
    },
  ],
  operator: ({ expression, idempotentRepository, eager, completionEager, skipDuplicate, removeOnFailure, steps }, context) => {
    const repository = context.bean<IdempotentRepository>(idempotentRepository, 'IdempotentRepository');
    const isRepository = typeof repository === 'object' && repository !== null && typeof repository.add === 'function' && typeof repository.contains === 'function';
    if (!isRepository && !context.problems.hasErrors) throw new OptionError('idempotentRepository', `\`${idempotentRepository}\` is no idempotent repository`, "name a bean of one of Camel's repository classes, or export `add`, `contains`, `confirm` and `remove` from a module");
    const rules = { expression, repository, eager, completionEager, skipDuplicate, removeOnFailure };
    return operator((out) => new IdempotentConsumer(out, steps, rules, context));
  },
});

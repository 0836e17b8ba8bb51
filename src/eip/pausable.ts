import { beanInstance } from '../core/beans/bean.ts';
import type { Timer } from '../core/clock.ts';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { FAILED, HANDLED } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import type { ConsumerListener, Processed } from '../core/state/pausing.ts';
import { StopsAtFailures } from '../core/state/pausing.ts';

const lookAgainMillis = 1000;

/** The source of one route, which its listener lets go on or not. It stays the same over reloads. */
class Source {
  private listener: ConsumerListener = new StopsAtFailures();
  private context: StepContext | null = null;
  private timer: Timer | null = null;
  private isPaused = false;

  use(listener: ConsumerListener, context: StepContext): void {
    this.listener = listener;
    this.context = context;
  }

  /** Takes a message's outcome. */
  async processed(result: Processed): Promise<void> {
    if ((await this.listener.afterProcess?.(result)) !== false || this.isPaused) return;
    const { routeId } = this.context!.info;
    this.isPaused = true;
    this.log('warn', `the source pauses: ${result.exception === null ? 'its listener says so' : result.exception.message}`);
    this.later();
    // It may wait for what is under way, and this message is.
    void this.context!.routes?.suspend(routeId).catch((thrown: unknown) => this.log('error', `the source can't pause: ${(thrown as Error).message}`));
  }

  forget(): void {
    this.timer?.cancel();
    this.timer = null;
    this.isPaused = false;
  }

  private later(): void {
    this.timer = this.context!.clock.schedule(lookAgainMillis, () => void this.look());
  }

  private async look(): Promise<void> {
    const { routes, info } = this.context!;
    const state = routes?.state(info.routeId);
    // Somebody else has let it go on, or stopped it.
    if (state !== 'Suspended') return this.forget();
    try {
      if ((await this.listener.afterConsume?.(null)) === false) return this.later();
      await routes!.resume(info.routeId);
      this.forget();
      this.log('info', 'the source goes on');
    } catch (thrown) {
      this.log('error', `whether the source may go on can't be told: ${(thrown as Error).message}`);
      this.later();
    }
  }

  private log(level: 'info' | 'warn' | 'error', message: string): void {
    const { events, info } = this.context!;
    if (events.logs(level)) events.emit('log', { level, logger: info.routeId, message, routeId: info.routeId, stepId: info.stepId, exchangeId: null });
  }
}

type Check = () => unknown;

/** A bean that says yes or no: a function, or an object with `test` or `matches`. */
function checkOf(bean: unknown): Check | null {
  const target = beanInstance(bean);
  if (typeof target === 'function') return target as Check;
  if (typeof target !== 'object' || target === null) return null;
  const { test, matches, default: main } = target as { test?: unknown; matches?: unknown; default?: unknown };
  const method = typeof test === 'function' ? test : typeof matches === 'function' ? matches : null;
  return method !== null ? () => (method as Check).call(target) : main === undefined ? null : checkOf(main);
}

const isListener = (bean: unknown): bean is ConsumerListener => typeof bean === 'object' && bean !== null && ('afterProcess' in bean || 'afterConsume' in bean);

export const pausable = defineEip({
  name: 'pausable',
  summary: "Pauses the route's source when a message has failed, and lets it go on when a check says so: as long as another system is away, nothing is taken from the source. What becomes of the message that failed is as without this step: a Kafka record is read again with `breakOnFirstError: true`, and else goes to the dead letters.",
  options: {
    consumerListener: field
      .reference<string>(
        'Bean that decides: `afterProcess({ isFailed, exception, exchange })` after each message, `false`: the source pauses; `afterConsume()` once a second while it does, `false`: it goes on pausing; `setResumableCheck(check)` gets the check. Built in is org.apache.camel.component.kafka.consumer.errorhandler.KafkaConsumerListener, for each source: it pauses at a failure, and goes on when the check says so.',
        'ConsumerListener',
      )
      .required(),
    untilCheck: field.reference<string>('Bean that says whether the source may go on: a function, or an object with `test()`; also of a promise.', 'Predicate').required(),
  },
  // A check of one's own would be `#module:./isUp.mjs`.
  examples: [
    {
      title: 'Pause at a failure, and go on after a second',
      route: `- beans:
    - { name: listener, type: org.apache.camel.component.kafka.consumer.errorhandler.KafkaConsumerListener }
    - { name: isUp, type: org.apache.camel.support.builder.PredicateBuilder, factoryMethod: constant, constructors: { 0: true } }
- from:
    uri: direct:start
    steps:
      - pausable: { consumerListener: listener, untilCheck: isUp }
      - to: mock:out
`,
      in: ['a', 'b'],
      out: { 'mock:out': ['a', 'b'] },
    },
  ],
  operator: ({ consumerListener, untilCheck }, context) => {
    const listener = beanInstance(context.bean<unknown>(consumerListener, 'ConsumerListener'));
    const check = checkOf(context.bean<unknown>(untilCheck, 'Predicate'));
    const { problems, at } = context;
    if (!isListener(listener) || check === null) {
      if (!problems.hasErrors && !isListener(listener)) problems.report('M0501', `the bean \`${consumerListener}\` is no listener of a source`, at, { help: 'give it `afterProcess({ isFailed })` and `afterConsume()`, which say whether the source goes on' });
      if (!problems.hasErrors) problems.report('M0501', `the bean \`${untilCheck}\` says neither yes nor no`, at, { help: 'make it a function, or give it `test()`' });
      return perform(() => {});
    }
    listener.setResumableCheck?.(async () => (await check()) === true);
    const source = context.carry?.(() => new Source()) ?? new Source();
    source.use(listener, context);
    context.onStop?.(() => source.forget());
    return perform((exchange: Exchange) => {
      exchange.unitOfWork?.onCompletion((whole) => source.processed({ isFailed: (whole.halt & (FAILED | HANDLED)) === FAILED, exception: whole.exception, exchange: whole }));
    }, context.info);
  },
});

import type { Subscriber } from 'rxjs';
import { defineEip } from '../core/definition.ts';
import type { StepContext } from '../core/definition.ts';
import { checkForm, dynamicEndpointFields, isInvalidEndpoint, optimisationFields, orNone, schemeCheck, wholeUri } from '../core/graph/dynamicEndpoint.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
import { detach, finishDetached } from '../core/exchange/detached.ts';
import type { UnitOfWork, Way } from '../core/exchange/exchange.ts';
import { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { preparationOf } from '../core/graph/fanOutOptions.ts';
import { dynamicTextOrNull, isDynamicText } from '../core/graph/dynamicText.ts';
import { field } from '../core/field.ts';
import type { Call } from '../core/graph/flow.ts';
import { StepSubscriber, isPromise, operator, settled } from '../core/graph/flow.ts';
import { GuardedSends } from '../core/graph/guardedSends.ts';
import { OptionError } from '../core/optionError.ts';
import type { ThreadPool } from '../core/graph/pool.ts';
import { namedPool } from '../core/graph/pool.ts';
import { PoolThread, putOn, threadOf } from '../core/exchange/poolThread.ts';

/** Copies of one step that may be under way at once; then exchanges wait for one to end. */
const mostTaps = 1000;

interface TapOptions {
  /** Sends a copy; fixed, or to what the exchange's `uri` says. */
  readonly target: (exchange: Exchange) => Call | null;
  readonly copies: boolean;
  readonly variableSend: string | null;
  readonly prepare: ((copy: Exchange) => unknown) | null;
  /** What the copies run in; null: only their number is bounded. */
  readonly pool: ThreadPool | null;
}

class WireTap extends StepSubscriber {
  private readonly context: StepContext;
  private readonly options: TapOptions;
  private underWay = 0;
  private readonly waiting: Exchange[] = [];
  private readonly sends: GuardedSends;

  constructor(out: Subscriber<Exchange>, context: StepContext, options: TapOptions) {
    super(out, context.info);
    this.context = context;
    this.options = options;
    this.sends = new GuardedSends(this, context, false);
  }

  protected step(exchange: Exchange): boolean {
    if (this.underWay < mostTaps) return this.tap(exchange);
    this.waiting.push(exchange);
    return false;
  }

  private tap(exchange: Exchange): boolean {
    // As in Camel, the URI is read for what is sent, be it a new exchange without anything in it.
    const call = this.options.target(this.options.copies ? exchange : this.blank(exchange));
    if (call === null) return true;
    const copy = this.copyOf(exchange);
    this.underWay++;
    this.context.begin();
    const { pool } = this.options;
    if (pool !== null) return this.tapInPool(pool, exchange, copy, call);
    this.context.clock.yield(() => this.send(copy, call));
    return true;
  }

  private tapInPool(pool: ThreadPool, exchange: Exchange, copy: Exchange, call: Call): boolean {
    const task = (thread: PoolThread): void => {
      putOn(thread, copy);
      this.send(copy, call);
    };
    if (pool.offer(task)) return true;
    const goOn = (): void => this.out.next(exchange);
    switch (pool.settings.rejectedPolicy) {
      case 'Block':
        pool.take(task, goOn);
        break;
      case 'CallerRuns':
        this.context.clock.yield(() => task(new PoolThread(threadOf(exchange)?.name ?? 'main', goOn)));
        break;
      default:
        copy.unitOfWork!.release();
        throw new ExchangeError('java.util.concurrent.RejectedExecutionException', `the thread pool of ${this.context.info.stepId} is full`);
    }
    return false;
  }

  /** It is under way on its own: one-way, with a unit of work of its own, which holds the delivery unless somebody waits for its reply. */
  private copyOf(exchange: Exchange): Exchange {
    const { copies, variableSend } = this.options;
    const copy = copies ? exchange.copy() : this.blank(exchange);
    copy.isInOut = false;
    if (variableSend !== null) copy.body = exchange.variable(variableSend) ?? null;
    detach(copy, exchange, () => this.ended());
    return copy;
  }

  private blank(exchange: Exchange): Exchange {
    const blank = new Exchange(exchange.scope);
    blank.routeId = exchange.routeId;
    blank.fromRouteId = exchange.fromRouteId;
    blank.fromEndpoint = exchange.fromEndpoint;
    blank.created = exchange.created;
    return blank;
  }

  private send(copy: Exchange, call: Call): void {
    const { prepare } = this.options;
    copy.way = new TapEnd(this.context, copy.unitOfWork!);
    const failed = (thrown: unknown): void => {
      copy.fail(thrown, this.info);
      copy.leave();
    };
    let prepared: unknown;
    try {
      if (this.context.stopping.aborted) throw new ExchangeError('mecha.ShutdownException', 'the time for stopping is over');
      prepared = prepare?.(copy);
    } catch (thrown) {
      return failed(thrown);
    }
    if (isPromise(prepared)) prepared.then(() => this.sends.send(copy, call), failed);
    else this.sends.send(copy, call);
  }

  private ended(): void {
    this.underWay--;
    this.context.end();
    const next = this.waiting.shift();
    if (next !== undefined) this.next(next);
  }
}

class TapEnd implements Way {
  readonly outer = null;
  private readonly context: StepContext;
  private readonly unitOfWork: UnitOfWork;

  constructor(context: StepContext, unitOfWork: UnitOfWork) {
    this.context = context;
    this.unitOfWork = unitOfWork;
  }

  back(copy: Exchange): void {
    void finishDetached(copy, this.unitOfWork, this.context, 'the tapped copy');
  }
}

export const wireTap = defineEip({
  name: 'wireTap',
  sends: true,
  readsAddresses: true,
  summary: 'Sends a copy of the message elsewhere and goes on without waiting for it.',
  options: {
    uri: field.endpoint('Endpoint that gets the copy; may hold Simple.').required(),
    dynamicUri: field.boolean('Reads the URI as Simple for each message.').default(true),
    copy: field.boolean('Sends a copy of the message; false: a new, empty exchange.').default(true),
    onPrepare: field.reference<string>('Works on the copy before it is sent: a bean with `process(exchange)`, or a function.', 'Processor'),
    variableSend: field.string('Variable whose value is sent instead of the body.'),
    variableReceive: field.string('Camel refuses it, too: a wire tap gets no reply.'),
    executorService: field.string('Pool in which the copies run: a bean of `java.util.concurrent.Executors`, which steps share, or a profile (`camel.threadpool.config[name]`). By default up to 1000 are under way.'),
    ignoreInvalidEndpoint: field.boolean('Sends nothing when the endpoint does not exist.').default(false),
    ...optimisationFields,
    ...dynamicEndpointFields,
  },
  examples: [
    {
      title: 'Keep a copy',
      route: '- from:\n    uri: direct:start\n    steps:\n      - wireTap: { uri: mock:archive }\n      - to: mock:out\n',
      in: ['a'],
      out: { 'mock:archive': ['a'], 'mock:out': ['a'] },
    },
  ],
  operator: (given, context) => {
    if (given.variableReceive !== undefined) throw new OptionError('variableReceive', 'a wire tap gets no reply that `variableReceive` could take', 'leave it out, or use `to`');
    const common = {
      copies: given.copy,
      variableSend: given.variableSend ?? null,
      prepare: preparationOf(given.onPrepare, context),
      pool: given.executorService === undefined ? null : namedPool(given.executorService, context, 'WireTap'),
    };
    const uri = wholeUri(given.uri).trim();
    // As in Camel, an endpoint that is written out is allowed.
    const checkScheme = isDynamicText(uri) ? schemeCheck(given.allowedSchemes, false) : null;
    if (!given.dynamicUri || (!isDynamicText(uri) && !given.ignoreInvalidEndpoint)) {
      const call = context.producer(given.uri);
      return operator((out) => new WireTap(out, context, { ...common, target: () => call }));
    }
    // A failure belongs to the copy, not to the exchange.
    const fail = (thrown: unknown): Call => (copy) => {
      copy.fail(thrown, context.info);
      copy.leave();
    };
    const send = (expression: Expression<string | null>) => (exchange: Exchange): Call | null => {
      let target: string;
      try {
        const text = expression(exchange);
        if (text === null) return null;
        target = text.trim();
      } catch (thrown) {
        return fail(thrown);
      }
      return (copy) => {
        try {
          checkForm(target);
          checkScheme?.(target);
          if (given.ignoreInvalidEndpoint) context.checkEndpoint(target);
        } catch (thrown) {
          if (!given.ignoreInvalidEndpoint || !isInvalidEndpoint(toExchangeError(thrown))) return fail(thrown)(copy);
          return copy.leave();
        }
        context.dynamicCall(target, copy);
      };
    };
    return settled(orNone(dynamicTextOrNull(uri, context), given.ignoreInvalidEndpoint), context.info, (expression) => operator((out) => new WireTap(out, context, { ...common, target: send(expression) })));
  },
});

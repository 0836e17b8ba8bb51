import type { Subscriber } from 'rxjs';
import type { PolledMessage } from '../core/connector.ts';
import type { AggregationStrategy, StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { dynamicEndpointFields, emptyUri, isInvalidEndpoint, optimisationFields, orNone, schemeCheck, shownUri, uriOf } from '../core/graph/dynamicEndpoint.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
import { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { strategyFields, strategyOf } from '../core/graph/fanOutOptions.ts';
import { field } from '../core/field.ts';
import { StepSubscriber, operator, settled } from '../core/graph/flow.ts';
import { receiveInto } from '../core/graph/send.ts';
import { enrichWith, UseReplyStrategy } from '../core/graph/strategies.ts';

interface PollOptions {
  readonly expression: Expression;
  readonly strategy: AggregationStrategy;
  readonly timeoutMillis: number;
  readonly ignoresInvalid: boolean;
  readonly variableReceive: string | null;
  readonly checkScheme: ((uri: string) => void) | null;
}

class PollEnrich extends StepSubscriber {
  private readonly context: StepContext;
  private readonly options: PollOptions;

  constructor(out: Subscriber<Exchange>, context: StepContext, options: PollOptions) {
    super(out, context.info);
    this.context = context;
    this.options = options;
  }

  protected step(exchange: Exchange): boolean {
    const value = this.options.expression(exchange);
    if (value === null || value === undefined) return true;
    void this.poll(exchange, uriOf(value, exchange));
    return false;
  }

  private async poll(exchange: Exchange, uri: string): Promise<void> {
    try {
      const polled = await this.receive(exchange, uri);
      if (polled !== undefined) {
        if (polled !== null && exchange.signal?.aborted === true) this.giveBack(exchange, polled);
        else this.merge(exchange, uri, polled);
      }
    } catch (thrown) {
      exchange.fail(thrown, this.info);
    }
    this.out.next(exchange);
  }

  /** What came in time, null for nothing; undefined: there is no such endpoint, which does not matter. */
  private async receive(exchange: Exchange, uri: string): Promise<PolledMessage | null | undefined> {
    try {
      if (uri === '') throw new ExchangeError('java.lang.IllegalArgumentException', emptyUri);
      this.options.checkScheme?.(uri);
      return await this.context.receive(uri, this.options.timeoutMillis, exchange);
    } catch (thrown) {
      const error = toExchangeError(thrown);
      if (!isInvalidEndpoint(error)) {
        throw new ExchangeError('org.apache.camel.CamelExchangeException', `Error during poll. Exchange[${exchange.id}]. Caused by: [${error.type} - ${error.message}]`, { cause: error });
      }
      if (this.options.ignoresInvalid) return undefined;
      throw error;
    }
  }

  /** Nobody waits for the exchange any more: what it has polled is not acknowledged. */
  private giveBack(exchange: Exchange, polled: PolledMessage): void {
    const late = this.resource(exchange, polled);
    late.fail(new ExchangeError('java.util.concurrent.TimeoutException', 'nobody waits for this exchange any more'));
    exchange.exception = late.exception;
    exchange.halt |= late.halt;
    void (async () => polled.settle(late))().catch(() => {});
  }

  private merge(exchange: Exchange, uri: string, polled: PolledMessage | null): void {
    const { variableReceive } = this.options;
    const { body } = exchange;
    const headers = variableReceive === null ? null : exchange.headers.copy();
    if (polled !== null) this.settleWith(exchange, polled);
    const resource = polled === null ? null : this.resource(exchange, polled);
    enrichWith(this.options.strategy, exchange, resource);
    if (variableReceive !== null && !exchange.isFailed) {
      receiveInto(exchange, variableReceive);
      exchange.body = body;
      exchange.headers = headers!;
    }
    exchange.properties.set('CamelToEndpoint', shownUri(uri));
  }

  /** The source of what was polled settles with the exchange's own delivery. */
  private settleWith(exchange: Exchange, polled: PolledMessage): void {
    const { unitOfWork } = exchange;
    if (unitOfWork !== null && !unitOfWork.isDone) unitOfWork.onCompletion((settled) => polled.settle(settled));
    else exchange.onEnd(() => void (async () => polled.settle(exchange))().catch(() => {}));
  }

  /** An exchange for what was polled. */
  private resource(exchange: Exchange, polled: PolledMessage): Exchange {
    const resource = new Exchange(exchange.scope, polled.body, polled.headers.copy(), exchange.isInOut);
    for (const [name, value] of Object.entries(polled.properties ?? {})) resource.properties.set(name, value);
    resource.unitOfWork = exchange.unitOfWork;
    resource.routeId = exchange.routeId;
    resource.fromRouteId = exchange.fromRouteId;
    resource.created = exchange.created;
    resource.signal = exchange.signal;
    return resource;
  }
}

/** The message of the reply, with the headers that were there before and that it does not have itself; no reply is a null body. */
class TakePolledStrategy extends UseReplyStrategy {
  override aggregate(oldExchange: Exchange | null, newExchange: Exchange | null): Exchange {
    if (newExchange !== null) {
      const { headers } = newExchange;
      oldExchange!.headers.forEach((name, value) => {
        if (!headers.has(name)) headers.set(name, value);
      });
    }
    return super.aggregate(oldExchange, newExchange);
  }
}

export const pollEnrich = defineEip({
  name: 'pollEnrich',
  keepsState: true,
  sends: true,
  summary: 'Takes one message from an endpoint, and puts it together with the message.',
  options: {
    expression: field.expression('The endpoint to take from.').required(),
    variableReceive: field.string('Variable that takes the result; body and headers stay as they were.'),
    ...strategyFields,
    aggregateOnException: field.boolean('Lets the strategy have a failed message too.').default(false).ignored('what is polled here has either come or failed as a poll'),
    timeout: field.millis('How long to wait for a message: negative for ever, 0 not at all. The body is null when none came.').default(-1),
    ignoreInvalidEndpoint: field.boolean('Goes on as it was when the endpoint does not exist.').default(false),
    ...optimisationFields,
    ...dynamicEndpointFields,
  },
  examples: [
    {
      title: 'Go on with what waits in a queue',
      route: '- from:\n    uri: direct:start\n    steps:\n      - to:\n          uri: seda:prices\n          parameters:\n            waitForTaskToComplete: Never\n      - setBody:\n          constant: nothing yet\n      - pollEnrich:\n          constant: seda:prices\n          timeout: 5000\n      - to: mock:out\n',
      in: ['7'],
      out: { 'mock:out': ['7'] },
    },
  ],
  operator: (given, context) => {
    const common = {
      strategy: strategyOf(given, context, new TakePolledStrategy()),
      timeoutMillis: given.timeout,
      ignoresInvalid: given.ignoreInvalidEndpoint,
      variableReceive: given.variableReceive ?? null,
      checkScheme: schemeCheck(given.allowedSchemes, false),
    };
    return settled(orNone(given.expression, given.ignoreInvalidEndpoint), context.info, (expression) => operator((out) => new PollEnrich(out, context, { ...common, expression })));
  },
});

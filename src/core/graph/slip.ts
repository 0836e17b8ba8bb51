import type { Subscriber } from 'rxjs';
import type { Bag } from '../exchange/bag.ts';
import type { StepContext } from '../definition.ts';
import { dynamicEndpointFields, emptyUri, isInvalidEndpoint, schemeCheck, shownUri, uriOf } from './dynamicEndpoint.ts';
import { ExchangeError, toExchangeError } from '../errors.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { failedReplies } from '../exchange/exchange.ts';
import type { Expression } from '../expression.ts';
import type { Options } from '../field.ts';
import { field } from '../field.ts';
import { StepSubscriber, Turns, isPromise } from './flow.ts';
import { GuardedSends } from './guardedSends.ts';
import type { Parts } from './iterate.ts';
import { isAsyncIterable } from './iterate.ts';

/** Options of a step that sends from endpoint to endpoint. */
export const slipFields = {
  uriDelimiter: field.string('What stands between the endpoints of a text.').default(','),
  ignoreInvalidEndpoints: field.boolean('Passes over endpoints that do not exist instead of failing.').default(false),
  ...dynamicEndpointFields,
};

export interface SlipOptions {
  readonly delimiter: string;
  readonly ignoresInvalid: boolean;
  readonly checkScheme: ((uri: string) => void) | null;
}

export const slipOptions = ({ uriDelimiter, ignoreInvalidEndpoints, allowedSchemes }: Options<typeof slipFields>): SlipOptions => ({
  delimiter: uriDelimiter,
  ignoresInvalid: ignoreInvalidEndpoints,
  checkScheme: schemeCheck(allowedSchemes, true),
});

/** Gives the endpoints of one exchange, one after the other. */
export interface Itinerary {
  /** The next endpoint, null when there is none. Throws what fails the exchange. */
  next(exchange: Exchange): unknown | Promise<unknown>;
}

/** Walks through what an expression gave. */
export class PartsItinerary implements Itinerary {
  private readonly iterator: Iterator<unknown> | AsyncIterator<unknown>;

  constructor(parts: Parts) {
    this.iterator = isAsyncIterable(parts) ? parts[Symbol.asyncIterator]() : (parts as Iterable<unknown>)[Symbol.iterator]();
  }

  next(): unknown {
    const next = this.iterator.next();
    return isPromise(next) ? (next).then(valueOf) : valueOf(next);
  }
}

const valueOf = ({ done, value }: IteratorResult<unknown>): unknown => (done === true ? null : value);

/** A step that sends each exchange from endpoint to endpoint, each of them getting what the one before made of it. */
export abstract class SlipStep extends StepSubscriber {
  readonly context: StepContext;
  readonly options: SlipOptions;
  readonly sends: GuardedSends;
  protected readonly expression: Expression;

  constructor(out: Subscriber<Exchange>, context: StepContext, options: SlipOptions, expression: Expression) {
    super(out, context.info);
    this.expression = expression;
    this.context = context;
    this.options = options;
    this.sends = new GuardedSends(this, context);
  }

  protected step(exchange: Exchange): boolean {
    new Slip(this, exchange, this.itinerary(exchange)).begin();
    return false;
  }

  protected abstract itinerary(exchange: Exchange): Itinerary;

  send(exchange: Exchange): void {
    this.out.next(exchange);
  }
}

class Slip extends Turns {
  private readonly step: SlipStep;
  private readonly exchange: Exchange;
  private readonly itinerary: Itinerary;
  private hops = 0;
  private arrived: { readonly value: unknown } | null = null;
  /** Endpoints that it was sent to. */
  private visits = 0;
  /** What the exchange had after the first of them: as in Camel the others get copies, so that what they take away of this is there again at the end. */
  private properties: Bag | null = null;
  private variables: Bag | null = null;

  constructor(step: SlipStep, exchange: Exchange, itinerary: Itinerary) {
    super(step.context.clock, exchange.way);
    this.step = step;
    this.exchange = exchange;
    this.itinerary = itinerary;
  }

  begin(): void {
    // A router asks where the message was last: on this slip, not on one before it.
    if (this.exchange.hasProperties) this.exchange.properties.remove('CamelSlipEndpoint');
    this.go();
  }

  back(exchange: Exchange): void {
    // As in Camel, what comes back from an endpoint goes on as a copy.
    exchange.wasDealtWith = false;
    this.go();
  }

  protected turn(): boolean {
    const { exchange } = this;
    if (exchange.halt !== 0) return false;
    try {
      if ((++this.hops & 31) === 0) this.checkAborted();
      const { arrived } = this;
      this.arrived = null;
      const next = arrived === null ? this.itinerary.next(exchange) : arrived.value;
      if (isPromise(next)) {
        next.then(
          (value: unknown) => this.take(value),
          (thrown: unknown) => {
            this.failed(thrown);
            this.go();
          },
        );
        return true;
      }
      if (next === null || next === undefined) return false;
      this.visit(uriOf(next, exchange));
    } catch (thrown) {
      this.failed(thrown);
      return false;
    }
    return true;
  }

  private failed(thrown: unknown): void {
    const { exchange } = this;
    exchange.fail(thrown, this.step.context.info);
    if (this.visits > 0) failedReplies.add(exchange);
  }

  private take(value: unknown): void {
    this.arrived = { value };
    this.go();
  }

  protected over(): void {
    const { exchange } = this;
    if (this.properties !== null) exchange.properties.regain(this.properties);
    if (this.variables !== null) exchange.variables.regain(this.variables);
    this.step.send(exchange);
  }

  private visit(uri: string): void {
    const { exchange } = this;
    const { context, options } = this.step;
    try {
      if (uri === '') throw new ExchangeError('java.lang.IllegalArgumentException', emptyUri);
      options.checkScheme?.(uri);
      context.checkEndpoint(uri);
    } catch (thrown) {
      if (!options.ignoresInvalid || !isInvalidEndpoint(toExchangeError(thrown))) throw thrown;
      this.go();
      return;
    }
    if (++this.visits === 2) {
      this.properties = exchange.properties.copy();
      if (exchange.hasVariables) this.variables = exchange.variables.copy();
    }
    exchange.properties.set('CamelSlipEndpoint', shownUri(uri));
    exchange.way = this;
    this.step.sends.send(exchange, (sent) => context.dynamicCall(uri, sent));
  }

  private checkAborted(): void {
    if (this.step.context.stopping.aborted) throw new ExchangeError('mecha.ShutdownException', 'the time for stopping is over');
    if (this.exchange.signal?.aborted === true) throw new ExchangeError('java.util.concurrent.TimeoutException', 'nobody waits for this exchange any more');
  }
}

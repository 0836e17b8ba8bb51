import type { Subscriber } from 'rxjs';
import type { AggregationStrategy, StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { checkForm, dynamicEndpointFields, isInvalidEndpoint, optimisationFields, orNone, schemeCheck, uriOf } from '../core/graph/dynamicEndpoint.ts';
import { toExchangeError } from '../core/errors.ts';
import type { Exchange, Way } from '../core/exchange/exchange.ts';
import { depthOf } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { ownOriginal } from '../core/graph/fanOut.ts';
import { strategyFields, strategyOf } from '../core/graph/fanOutOptions.ts';
import { field } from '../core/field.ts';
import { StepSubscriber, operator, pumped, settled } from '../core/graph/flow.ts';
import { receiveInto } from '../core/graph/send.ts';
import { enrichWith, UseReplyStrategy } from '../core/graph/strategies.ts';

interface EnrichOptions {
  readonly expression: Expression;
  readonly strategy: AggregationStrategy;
  readonly aggregatesFailures: boolean;
  readonly ignoresInvalid: boolean;
  readonly sharesUnit: boolean;
  readonly variableSend: string | null;
  readonly variableReceive: string | null;
  readonly checkScheme: ((uri: string) => void) | null;
}

class Enrich extends StepSubscriber {
  private readonly context: StepContext;
  private readonly options: EnrichOptions;
  private readonly goOn = (exchange: Exchange): void => this.out.next(exchange);

  constructor(out: Subscriber<Exchange>, context: StepContext, options: EnrichOptions) {
    super(out, context.info);
    this.context = context;
    this.options = options;
  }

  protected step(exchange: Exchange): boolean {
    const { expression, variableSend } = this.options;
    const value = expression(exchange);
    if (value === null || value === undefined) return true;
    const uri = uriOf(value, exchange);
    if (!this.canSend(uri)) return true;
    const resource = exchange.copy();
    resource.isInOut = true;
    if (variableSend !== null) resource.body = exchange.variable(variableSend) ?? null;
    if (this.options.sharesUnit) resource.lead = exchange.lead ?? exchange;
    else ownOriginal(resource);
    resource.way = new Enriching(this, exchange);
    pumped(resource, (sent) => this.context.dynamicCall(uri, sent));
    return false;
  }

  private canSend(uri: string): boolean {
    const { ignoresInvalid, aggregatesFailures, checkScheme } = this.options;
    try {
      checkForm(uri);
      checkScheme?.(uri);
      // Else the call fails the same way.
      if (ignoresInvalid || aggregatesFailures) this.context.checkEndpoint(uri);
      return true;
    } catch (thrown) {
      if (ignoresInvalid && isInvalidEndpoint(toExchangeError(thrown))) return false;
      throw thrown;
    }
  }

  /** Takes what the resource has answered. */
  merge(exchange: Exchange, resource: Exchange): void {
    try {
      const { variableReceive } = this.options;
      const { body } = exchange;
      const headers = variableReceive === null ? null : exchange.headers.copy();
      this.takeReply(exchange, resource);
      if (variableReceive !== null && !exchange.isFailed) {
        receiveInto(exchange, variableReceive);
        exchange.body = body;
        exchange.headers = headers!;
      }
    } catch (thrown) {
      exchange.fail(thrown, this.info);
    }
    pumped(exchange, this.goOn);
  }

  private takeReply(exchange: Exchange, resource: Exchange): void {
    if (resource.isFailed && !this.options.aggregatesFailures) {
      exchange.takeResult(resource);
      return;
    }
    enrichWith(this.options.strategy, exchange, resource);
  }
}

class Enriching implements Way {
  readonly outer = null;
  private readonly step: Enrich;
  private readonly exchange: Exchange;

  constructor(step: Enrich, exchange: Exchange) {
    this.step = step;
    this.exchange = exchange;
  }

  get depth(): number {
    return depthOf(this.exchange.way);
  }

  back(resource: Exchange): void {
    this.step.merge(this.exchange, resource);
  }
}

export const enrich = defineEip({
  name: 'enrich',
  sends: true,
  summary: 'Asks an endpoint for more, and puts its answer together with the message.',
  options: {
    expression: field.expression('The endpoint to ask.').required(),
    variableSend: field.string('Variable whose value is sent instead of the body.'),
    variableReceive: field.string('Variable that takes the result; body and headers stay as they were.'),
    ...strategyFields,
    aggregateOnException: field.boolean('Lets the strategy have a failed answer too, instead of failing.').default(false),
    shareUnitOfWork: field.boolean('Error handlers of the route that is asked restore the original message of this one, not what it was asked with.').default(false),
    ignoreInvalidEndpoint: field.boolean('Goes on without an answer when the endpoint does not exist.').default(false),
    ...optimisationFields,
    ...dynamicEndpointFields,
  },
  examples: [
    {
      title: 'Look something up',
      route: '- from:\n    uri: direct:start\n    steps:\n      - enrich: { constant: "direct:name" }\n      - to: mock:out\n- from: { uri: "direct:name", steps: [ { setBody: { simple: "name of ${body}" } } ] }\n',
      in: ['x'],
      out: { 'mock:out': ['name of x'] },
    },
  ],
  operator: (given, context) => {
    const common = {
      // As in Camel the strategy alone decides what a failed answer means.
      strategy: strategyOf({ ...given, shareUnitOfWork: false }, context, new UseReplyStrategy()),
      aggregatesFailures: given.aggregateOnException,
      ignoresInvalid: given.ignoreInvalidEndpoint,
      sharesUnit: given.shareUnitOfWork,
      variableSend: given.variableSend ?? null,
      variableReceive: given.variableReceive ?? null,
      checkScheme: schemeCheck(given.allowedSchemes, false),
    };
    return settled(orNone(given.expression, given.ignoreInvalidEndpoint), context.info, (expression) => operator((out) => new Enrich(out, context, { ...common, expression })));
  },
});

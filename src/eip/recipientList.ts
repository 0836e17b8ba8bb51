import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { dynamicEndpointFields, emptyUri, schemeCheck, shownUri, uriOf } from '../core/graph/dynamicEndpoint.ts';
import { Slices } from '../core/conversion/slices.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import type { FanOutOptions } from '../core/graph/fanOut.ts';
import { ChildBag, FanOut, Round, childModel, ownOriginal } from '../core/graph/fanOut.ts';
import { fanOutFields, fanOutOptions } from '../core/graph/fanOutOptions.ts';
import { field } from '../core/field.ts';
import { isPromise, operator, settled } from '../core/graph/flow.ts';
import { GuardedSends } from '../core/graph/guardedSends.ts';
import { allParts, toIterable } from '../core/graph/iterate.ts';
import { UseLatestAggregationStrategy } from '../core/graph/strategies.ts';

interface RecipientOptions extends FanOutOptions {
  readonly expression: Expression;
  readonly delimiter: string;
  readonly ignoresInvalid: boolean;
  readonly sharesUnitOfWork: boolean;
  readonly checkScheme: ((uri: string) => void) | null;
}

class Recipients extends FanOut {
  declare readonly options: RecipientOptions;
  readonly sends: GuardedSends;

  constructor(out: Subscriber<Exchange>, context: StepContext, options: RecipientOptions) {
    super(out, context, options);
    this.sends = new GuardedSends(this, context);
  }

  protected override step(exchange: Exchange): boolean {
    this.refuseLate();
    const values = allParts(toIterable(this.options.expression(exchange), this.options.delimiter));
    if (!isPromise(values) && values.length <= checkedAtOnce) {
      const uris: string[] = [];
      for (const value of values) this.take(exchange, value, uris);
      new RecipientRound(this, exchange, uris).begin();
      return false;
    }
    Promise.resolve(values)
      .then((found) => this.urisInTurns(exchange, found))
      .then(
        (uris) => new RecipientRound(this, exchange, uris).begin(),
        (thrown: unknown) => {
          exchange.fail(thrown, this.info);
          this.send(exchange);
        },
      );
    return false;
  }

  /** All of them are checked before anything is sent to the first. */
  private async urisInTurns(exchange: Exchange, values: readonly unknown[]): Promise<string[]> {
    const slices = new Slices();
    const uris: string[] = [];
    for (const value of values) {
      this.take(exchange, value, uris);
      if (slices.isOver) await slices.next();
    }
    return uris;
  }

  private take(exchange: Exchange, value: unknown, uris: string[]): void {
    const uri = uriOf(value, exchange);
    try {
      if (uri === '') throw new ExchangeError('java.lang.IllegalArgumentException', emptyUri);
      this.options.checkScheme?.(uri);
      this.context.checkEndpoint(uri);
    } catch (thrown) {
      if (this.options.ignoresInvalid) return;
      throw thrown;
    }
    uris.push(uri);
  }
}

const checkedAtOnce = 200;

class RecipientRound extends Round {
  protected declare readonly step: Recipients;
  private readonly model: Exchange;
  private readonly properties: ChildBag;
  private readonly uris: readonly string[];

  constructor(step: Recipients, parent: Exchange, uris: readonly string[]) {
    super(step, parent);
    this.step = step;
    this.uris = uris;
    const { model, properties } = childModel(parent, this.signal);
    this.model = model;
    this.properties = new ChildBag(properties, ['CamelMulticastIndex', 'CamelMulticastComplete', 'CamelRecipientListEndpoint']);
  }

  protected produce(): Exchange | null {
    const { index, uris } = this;
    if (index >= uris.length) return null;
    const child = this.model.copy();
    child.replaceProperties(this.properties.child(index, index === uris.length - 1, shownUri(uris[index]!)));
    if (this.step.options.sharesUnitOfWork) child.lead = this.parent.lead ?? this.parent;
    else if (child.unitOfWork !== null) ownOriginal(child);
    return child;
  }

  protected dispatch(child: Exchange, index: number): void {
    // What the preparation did not survive is not sent.
    if (child.halt !== 0) return child.leave();
    const uri = this.uris[index]!;
    this.step.sends.send(child, (sent) => this.step.context.dynamicCall(uri, sent));
  }
}

export const recipientList = defineEip({
  name: 'recipientList',
  ignoresDisabled: true,
  sends: true,
  summary: 'Sends a copy of the message to each of the endpoints that an expression names.',
  options: {
    expression: field.expression('The endpoints: a text, or a list of texts.').required(),
    delimiter: field.string('What stands between the endpoints of a text; `false`: the text is one endpoint.').default(','),
    ...fanOutFields,
    ignoreInvalidEndpoints: field.boolean('Leaves out endpoints that do not exist instead of failing.').default(false),
    ...dynamicEndpointFields,
  },
  examples: [
    {
      title: 'Send to where the message says',
      route: '- from:\n    uri: direct:start\n    steps:\n      - recipientList:\n          simple: "mock:${body},mock:all"\n',
      in: ['a', 'b'],
      out: { 'mock:a': ['a'], 'mock:b': ['b'], 'mock:all': ['a', 'b'] },
    },
  ],
  operator: (given, context) => {
    if (given.delimiter === '') context.problems.report('M0315', '`delimiter` must not be empty', context.at, { help: 'to leave a text whole, write `delimiter: "false"`' });
    const common = fanOutOptions(given, context, new UseLatestAggregationStrategy());
    return settled(given.expression, context.info, (expression) => {
      const options: RecipientOptions = {
        ...common,
        expression,
        delimiter: given.delimiter,
        ignoresInvalid: given.ignoreInvalidEndpoints,
        sharesUnitOfWork: given.shareUnitOfWork,
        checkScheme: schemeCheck(given.allowedSchemes, true),
      };
      return operator((out) => new Recipients(out, context, options));
    });
  },
});

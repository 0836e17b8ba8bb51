import type { Timer } from '../core/clock.ts';
import type { ConnectorContext, Consumer, Endpoint, Sink } from '../core/connector.ts';
import { defineConnector, makesLikeMessages, runtimeOf } from '../core/connector.ts';
import { field } from '../core/field.ts';
import { Headers } from '../core/exchange/headers.ts';

/** Sends one message when its route has started, and no other. */
class OnceConsumer implements Consumer {
  private readonly options: Endpoint<typeof onceOptions>['options'];
  private readonly context: ConnectorContext;
  private sink: Sink | null = null;
  private timer: Timer | null = null;
  private isDone = false;

  constructor({ options }: Endpoint<typeof onceOptions>, context: ConnectorContext) {
    this.options = options;
    this.context = context;
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    return this.resume();
  }

  stop(): Promise<void> {
    this.timer?.cancel();
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    return this.stop();
  }

  resume(): Promise<void> {
    if (!this.isDone) this.timer = this.context.clock.schedule(Math.max(0, this.options.delay), () => this.fire());
    return Promise.resolve();
  }

  /** A value itself, or the text of the resource that it names. */
  private data(value: string): string {
    return /^(?:resource:)?(?:file|classpath):/.test(value) ? runtimeOf(this.context).resource(value.replace(/^resource:/, '')) : value;
  }

  private fire(): void {
    this.isDone = true;
    const { body, headers, exchangeProperties, variables, exchangePattern } = this.options;
    const exchange = this.sink!.exchange(body === undefined ? null : this.data(body), Headers.from(Object.entries(headers ?? {}).map(([name, value]): [string, unknown] => [name, this.data(value)])), exchangePattern === 'InOut');
    for (const [name, value] of Object.entries(exchangeProperties ?? {})) exchange.properties.set(name, this.data(value));
    for (const [name, value] of Object.entries(variables ?? {})) exchange.variables.set(name, this.data(value));
    this.sink!.push(exchange, { wouldLose: true, settle: () => undefined });
  }
}

const onceOptions = {
  name: field.string('Name of the endpoint.').required().inPath(),
  body: field.string('Body of the message, or the resource that holds it (`file:order.json`).'),
  headers: field.map('Its headers: `header.a=1`.', field.string('Value, or a resource.')).prefixed('header.'),
  exchangeProperties: field.map('Its exchange properties: `exchangeProperty.a=1`.', field.string('Value, or a resource.')).prefixed('exchangeProperty.'),
  variables: field.map('Its variables: `variable.a=1`.', field.string('Value, or a resource.')).prefixed('variable.'),
  delay: field.millis('Wait before it is sent.').default(1000),
  exchangePattern: field.enum('Pattern of the exchange.', ['InOnly', 'InOut']),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
};

export const once = defineConnector({
  scheme: 'once',
  syntax: 'once:name',
  summary: 'Sends one message when its route has started.',
  insteadOfSending: 'put the steps into a route from `direct:`, which this one and others send to',
  options: onceOptions,
  notPromised: {
    ...makesLikeMessages('it'),
    'goes on with the next message when one has failed': 'there is one message',
    'pauses when it is suspended, and goes on when it is resumed': 'there is one message',
  },
  consumer: (endpoint, context) => new OnceConsumer(endpoint, context),
});

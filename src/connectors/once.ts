import type { Timer } from '../core/clock.ts';
import type { ConnectorContext, Consumer, Endpoint, Sink } from '../core/connector.ts';
import { defineConnector, makesLikeMessages, runtimeOf } from '../core/connector.ts';
import { field } from '../core/field.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { bridgePollFailure } from '../core/schedule/polling.ts';

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

  /** What a value stands for: what an expression gives (`language:simple:${...}`), the text of the resource that it names, or itself; a boolean or a whole number is one. */
  private async data(value: string, exchange: Exchange): Promise<unknown> {
    const { resource, expression } = runtimeOf(this.context);
    const read = (text: string): string => (/^(?:resource:)?(?:file|classpath):/.test(text) ? resource(text.replace(/^resource:/, '')) : text);
    const [, language, script] = (this.options.languages ? /^language:([^:]+):(.*)$/s.exec(value) : null) ?? [];
    const found = language === undefined ? read(value) : await expression(language, read(script!))(exchange);
    return typeof found === 'string' ? typed(found) : found;
  }

  private fire(): void {
    this.isDone = true;
    const exchange = this.sink!.exchange(null, undefined, this.options.exchangePattern === 'InOut');
    const end = this.context.clock.pending();
    void this.fill(exchange)
      .then(
        () => this.sink!.push(exchange, { wouldLose: true, settle: () => undefined }),
        (thrown: unknown) => this.failed(thrown),
      )
      .finally(end);
  }

  /** In this order, so that the body may be made of the others. */
  private async fill(exchange: Exchange): Promise<void> {
    const { body, headers, exchangeProperties, variables } = this.options;
    for (const [name, value] of Object.entries(variables ?? {})) exchange.variables.set(name, await this.data(value, exchange));
    for (const [name, value] of Object.entries(exchangeProperties ?? {})) exchange.properties.set(name, await this.data(value, exchange));
    for (const [name, value] of Object.entries(headers ?? {})) exchange.headers.set(name, await this.data(value, exchange));
    if (body !== undefined) exchange.body = await this.data(body, exchange);
  }

  private failed(thrown: unknown): void {
    if (this.options.bridgeErrorHandler) bridgePollFailure(this.sink!, thrown);
    else this.context.log('error', `once:${this.options.name} could not make its message, and makes no other: ${(thrown as Error).message}`);
  }
}

const typed = (text: string): string | number | boolean => (/^(?:true|false)$/i.test(text) ? text.toLowerCase() === 'true' : /^-?\d{1,18}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : text);

const onceOptions = {
  name: field.string('Name of the endpoint.').required().inPath(),
  body: field.string('Body of the message, the resource that holds it (`file:order.json`), or an expression (`language:simple:${header.a}`).'),
  headers: field.map('Its headers: `header.a=1`.', field.string('Value, a resource, or an expression.')).prefixed('header.'),
  exchangeProperties: field.map('Its exchange properties: `exchangeProperty.a=1`.', field.string('Value, a resource, or an expression.')).prefixed('exchangeProperty.'),
  variables: field.map('Its variables: `variable.a=1`.', field.string('Value, a resource, or an expression.')).prefixed('variable.'),
  delay: field.millis('Wait before it is sent.').default(1000),
  exchangePattern: field.enum('Pattern of the exchange.', ['InOnly', 'InOut']),
  languages: field.boolean('Values that begin with `language:` are expressions: `language:simple:${variable.a}`.').default(true),
  bridgeErrorHandler: field.boolean('Gives a message that could not be made to the error handler of the route, as an exchange that has failed.').default(false),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('they are logged, or `bridgeErrorHandler` gives them to the route'),
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

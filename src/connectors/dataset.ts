import type { Timer } from '../core/clock.ts';
import type { ConnectorContext, Consumer, Endpoint, Producer, Sink } from '../core/connector.ts';
import { defineConnector, makesMessages } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import type { DataSet } from '../core/beans/dataSets.ts';
import { asDataSet, unexpected } from '../core/beans/dataSets.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { Headers } from '../core/exchange/headers.ts';
import { mock } from './mock.ts';

const indexHeader = 'CamelDataSetIndex';

type DataSetEndpoint = Endpoint<typeof options>;

/** Sends the messages of the set once, one after the other, each `produceDelay` after the one before. */
class DataSetConsumer implements Consumer {
  private readonly set: DataSet;
  private readonly options: DataSetEndpoint['options'];
  private readonly context: ConnectorContext;
  private sink: Sink | null = null;
  private timer: Timer | null = null;
  private next = 0;
  private isOn = false;

  constructor({ options }: DataSetEndpoint, context: ConnectorContext) {
    this.options = options;
    this.context = context;
    this.set = asDataSet(context.bean(options.name), options.name);
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.next = 0;
    this.isOn = true;
    const { preloadSize, initialDelay } = this.options;
    while (this.next < Math.min(preloadSize, this.set.size)) await this.push();
    this.arm(initialDelay);
  }

  private arm(millis: number): void {
    if (this.isOn && this.next < this.set.size) this.timer = this.context.clock.schedule(Math.max(0, millis), () => void this.push().then(() => this.arm(this.options.produceDelay)));
  }

  private push(): Promise<void> {
    const { sink, set } = this;
    const index = this.next++;
    const headers = Headers.from(Object.entries(set.headers ?? {}));
    if (this.options.dataSetIndex !== 'off') headers.set(indexHeader, index);
    const exchange = sink!.exchange(set.body(index), headers, this.options.exchangePattern === 'InOut');
    if ((set.reportCount ?? -1) > 0 && this.next % set.reportCount! === 0) this.context.log('info', `dataset ${this.options.name}: sent ${this.next}`);
    return new Promise((resolve) => sink!.push(exchange, { wouldLose: true, left: () => resolve(), settle: () => undefined }));
  }

  stop(): Promise<void> {
    this.isOn = false;
    this.timer?.cancel();
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    return this.stop();
  }

  resume(): Promise<void> {
    this.isOn = true;
    this.arm(this.options.produceDelay);
    return Promise.resolve();
  }
}

/** Keeps what comes, as a mock does, and fails what is not the next message of the set. */
class DataSetProducer implements Producer {
  private readonly set: DataSet;
  private readonly options: DataSetEndpoint['options'];
  private readonly inner: Producer;
  private readonly context: ConnectorContext;
  private received = 0;

  constructor(endpoint: DataSetEndpoint, context: ConnectorContext) {
    const { options } = endpoint;
    this.options = options;
    this.context = context;
    this.set = asDataSet(context.bean(options.name), options.name);
    const name = `dataset:${options.name}`;
    const expectedCount = options.expectedCount < 0 ? this.set.size : options.expectedCount;
    this.inner = mock.producer!({ ...endpoint, uri: name, options: { ...options, name, expectedCount } } as never, context) as Producer;
  }

  send(exchange: Exchange): void | Promise<void> {
    const { consumeDelay } = this.options;
    if (consumeDelay <= 0) return this.take(exchange);
    return new Promise<void>((resolve) => void this.context.clock.schedule(consumeDelay, resolve)).then(() => this.take(exchange));
  }

  private take(exchange: Exchange): void {
    const expected = this.received++;
    void this.inner.send!(exchange);
    const { dataSetIndex } = this.options;
    const given = exchange.headers.get(indexHeader);
    if (dataSetIndex === 'strict' && (given === undefined || given === null)) throw unexpected(`message ${expected} of ${this.options.name} has no header ${indexHeader}`);
    if (dataSetIndex === 'lenient' && (given === undefined || given === null)) exchange.headers.set(indexHeader, expected);
    else if (dataSetIndex !== 'off' && Number(given) !== expected) throw unexpected(`Header: ${indexHeader}. Expected: ${expected} but was: ${toText(given)}`);
    const body = this.set.body(expected);
    if (toText(body) !== toText(exchange.body)) throw unexpected(`message ${expected} of ${this.options.name}: expected ${toText(body)}, got ${toText(exchange.body)}`);
  }
}

const { name: _name, ...mockOptions } = mock.options;

const options = {
  ...mockOptions,
  name: field.string('The bean that is the data set.').required().inPath(),
  dataSetIndex: field
    .enum(`The header ${indexHeader}. Consumer: off does not set it. Producer: strict needs it, lenient checks it where it is there and sets it else, off lets it be.`, ['strict', 'lenient', 'off'])
    .default('lenient'),
  initialDelay: field.millis('Wait before the first message.').default(1000),
  minRate: field.count('Messages that the set must have before the first is sent.').default(0).ignored('the set is whole from the start'),
  preloadSize: field.count('Messages sent before the route counts as started.').default(0),
  produceDelay: field.millis('Wait between two messages.').default(3),
  consumeDelay: field.millis('Wait before a message is taken.').default(0),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
};

export const dataset = defineConnector({
  scheme: 'dataset',
  syntax: 'dataset:name',
  summary: 'Sends a set of test messages, or checks that just these arrive.',
  options,
  headers: { [indexHeader]: 'Number of the message in its set, from 0.' },
  notPromised: makesMessages('a data set'),
  consumer: (endpoint, context) => new DataSetConsumer(endpoint, context),
  producer: (endpoint, context) => new DataSetProducer(endpoint, context),
});

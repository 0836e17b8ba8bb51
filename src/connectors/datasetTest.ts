import { RE2JS } from 're2js';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { unexpected } from '../core/beans/dataSets.ts';
import { toText } from '../core/conversion/convert.ts';
import { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { mock, mocksOf } from './mock.ts';

type DataSetTestEndpoint = Endpoint<typeof options>;

/** Keeps what comes, as a mock does, and fails what the other endpoint did not have. */
class DataSetTestProducer implements Producer {
  private readonly endpoint: DataSetTestEndpoint;
  private readonly context: ConnectorContext;
  private inner: Producer | null = null;
  /** Bodies that have not come yet. */
  private expected: string[] = [];
  private received = 0;

  constructor(endpoint: DataSetTestEndpoint, context: ConnectorContext) {
    this.endpoint = endpoint;
    this.context = context;
  }

  async start(): Promise<void> {
    const { options, path, rest } = this.endpoint;
    // What are no options of its own are the other endpoint's.
    const query = new URLSearchParams(rest).toString();
    this.expected = (await this.bodies(query === '' ? options.name : `${options.name}?${query}`)).flatMap((body) => (options.split ? parts(body, options.delimiter) : [body]));
    const uri = `dataset-test:${path}`;
    const expectedCount = options.expectedCount < 0 ? this.expected.length : options.expectedCount;
    this.inner = (await mock.producer!({ ...this.endpoint, uri, options: { ...options, expectedCount } } as never, this.context)) as Producer;
    this.context.log('info', `${mocksOf(this.context).get(uri).uri} expects ${this.expected.length} messages`);
  }

  /** What is there now, and what comes while it is waited for. */
  private async bodies(uri: string): Promise<string[]> {
    const consumer = await runtimeOf(this.context).consumer(uri);
    if (consumer.receive === undefined) throw new Error(`\`dataset-test:\` polls the endpoint that it names, and ${uri.replace(/\?.*/s, '')} can't be polled`);
    const found: string[] = [];
    try {
      for (;;) {
        const message = await consumer.receive(this.endpoint.options.timeout);
        if (message === null) return found;
        found.push(toText(message.body) ?? '');
        await message.settle(new Exchange(this.context.scope, message.body, message.headers));
      }
    } finally {
      await consumer.close?.();
    }
  }

  send(exchange: Exchange): void | Promise<void> {
    void this.inner!.send!(exchange);
    const text = toText(exchange.body) ?? '';
    const number = this.received++;
    const { anyOrder, name } = this.endpoint.options;
    const at = anyOrder ? this.expected.indexOf(text) : this.expected[0] === text ? 0 : -1;
    if (at < 0) throw unexpected(`message ${number} is ${short(text)}, ${this.expected.length === 0 ? `and ${name} had no more` : anyOrder ? `which ${name} did not have` : `expected ${short(this.expected[0]!)}`}`);
    this.expected.splice(at, 1);
  }
}

const short = (text: string): string => JSON.stringify(text.length > 200 ? `${text.slice(0, 197)}...` : text);

function parts(body: string, delimiter: string): string[] {
  const found = delimiter === '' ? body.split(/\r\n|\n|\r/) : [...RE2JS.compile(delimiter).split(body)];
  while (found.at(-1) === '') found.pop();
  return found;
}

const { name: _name, ...mockOptions } = mock.options;

const options = {
  ...mockOptions,
  name: field.string('The endpoint whose messages are expected: `dataset-test:file:expected?noop=true`. It is polled once, before the route starts.').required().inPath(),
  anyOrder: field.boolean('The messages may come in any order.').default(false),
  split: field.boolean('Each part of a polled message is an expected one.').default(false),
  delimiter: field.string('Regular expression that parts; the ends of lines without it.').default(''),
  timeout: field.millis('How long a poll waits for a message: the first that waits in vain is the last.').default(2000),
};

export const datasetTest = defineConnector({
  scheme: 'dataset-test',
  syntax: 'dataset-test:name',
  summary: 'Checks that just the messages arrive that another endpoint had when the route started.',
  isLenient: true,
  options,
  producer: (endpoint, context) => new DataSetTestProducer(endpoint, context),
});

import type { ConnectorContext, Consumer, Endpoint, Producer, Sink } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';

/** Without a limit of its own an endpoint keeps so many: the oldest go first. */
const usualLimit = 10_000;

/** What one `browse:` endpoint has received, and the routes that it feeds. */
export class BrowseBox {
  readonly received: Exchange[] = [];
  readonly sinks: Sink[] = [];
}

export function browseBox(context: Pick<ConnectorContext, 'shared'>, name: string): BrowseBox {
  const boxes = context.shared('browse', () => new Map<string, BrowseBox>());
  let box = boxes.get(name);
  if (box === undefined) boxes.set(name, (box = new BrowseBox()));
  return box;
}

class BrowseConsumer implements Consumer {
  private readonly box: BrowseBox;
  private sink: Sink | null = null;

  constructor({ options: { name } }: Endpoint<typeof options>, context: ConnectorContext) {
    this.box = browseBox(context, name);
  }

  start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.box.sinks.push(sink);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    const at = this.sink === null ? -1 : this.box.sinks.indexOf(this.sink);
    if (at >= 0) this.box.sinks.splice(at, 1);
    return Promise.resolve();
  }
}

/** Keeps a copy, and hands the exchange to the routes that begin here. */
function producer({ options: { name, browseLimit } }: Endpoint<typeof options>, context: ConnectorContext): Producer {
  const box = browseBox(context, name);
  const limit = browseLimit === undefined || browseLimit <= 0 ? usualLimit : browseLimit;
  return {
    call: (exchange) => {
      const copy = exchange.copy();
      copy.unitOfWork = null;
      box.received.push(copy);
      if (box.received.length > limit) box.received.shift();
      const [sink] = box.sinks;
      if (sink === undefined) exchange.leave();
      else sink.call(exchange);
    },
  };
}

const options = {
  name: field.string('Name of the endpoint.').required().inPath(),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']).ignored('the exchange comes from the caller with its own pattern'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  browseLimit: field.integer(`Messages kept, the oldest go first; ${usualLimit} without it.`),
  filter: field.string('Bean that decides what is kept.').ignored('filter before: with a `filter` step'),
};

export const browse = defineConnector({
  scheme: 'browse',
  syntax: 'browse:name',
  summary: 'Keeps what goes through, to be looked at.',
  isInternal: true,
  options,
  promisesOfOthers: 'those of the source whose exchange is sent to it',
  consumer: (endpoint, context) => new BrowseConsumer(endpoint, context),
  producer,
});

import type { ConnectorContext, Consumer, Endpoint, Producer, Sink } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { field } from '../core/field.ts';
import type { Call } from '../core/flow.ts';
import type { KameletCell } from '../core/kamelets.ts';
import { kameletCell, kameletUse } from '../core/kamelets.ts';
import { camelUri } from '../core/uri.ts';
import { RouteTarget } from './direct.ts';

type KameletEndpoint = Endpoint<typeof options>;

/** `source` and `sink` are the ends of a template's own route; any other name is a kamelet that is used. */
const isEnd = (name: string): boolean => name === 'source' || name === 'sink';

/** The route behind one end: `inside` begins with `kamelet:source`, `outside` is the one that a source kamelet feeds. */
function target(context: ConnectorContext, end: 'inside' | 'outside', key: string): RouteTarget {
  const targets = context.shared('kamelets', () => new Map<string, RouteTarget>());
  const name = `${end} ${key}`;
  let found = targets.get(name);
  if (found === undefined) targets.set(name, (found = new RouteTarget()));
  return found;
}

class KameletConsumer implements Consumer {
  private readonly name: string;
  private readonly target: RouteTarget;
  private sink: Sink | null = null;

  constructor({ options: { templateId, routeId } }: KameletEndpoint, context: ConnectorContext) {
    if (kameletUse(routeId) === null) throw new Error(`\`kamelet:${templateId}\` can only begin a route template`);
    this.name = `kamelet://${templateId}`;
    this.target = target(context, templateId === 'source' ? 'inside' : 'outside', routeId!);
  }

  start(sink: Sink): Promise<void> {
    try {
      this.target.take(sink, this.name);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
    this.sink = sink;
    return Promise.resolve();
  }

  stop(): Promise<void> {
    if (this.sink !== null) this.target.release(this.sink);
    return Promise.resolve();
  }

  suspend(): Promise<void> {
    return this.stop();
  }

  resume(): Promise<void> {
    return this.sink === null ? Promise.resolve() : this.start(this.sink);
  }
}

/** Sends into a kamelet's route, or, as the sink of a source kamelet, out of it. */
class KameletProducer implements Producer {
  readonly call: Call;
  private readonly endpoint: KameletEndpoint;
  private readonly target: RouteTarget;

  constructor(endpoint: KameletEndpoint, context: ConnectorContext, end: 'inside' | 'outside', key: string) {
    this.endpoint = endpoint;
    const cell = target(context, end, key);
    this.target = cell;
    const { block, timeout } = endpoint.options;
    this.call = (exchange) => {
      const { sink } = cell;
      if (sink !== null) {
        // As in Camel, what a source kamelet makes comes from the route that it feeds.
        if (end === 'outside') exchange.fromRouteId = sink.routeId;
        sink.call(exchange);
      } else if (block && timeout > 0) cell.wait(exchange, this, context.clock, timeout);
      else this.giveUp(exchange);
    };
  }

  giveUp(exchange: Exchange): void {
    if (this.endpoint.options.failIfNoConsumers) {
      exchange.fail(new ExchangeError('org.apache.camel.component.kamelet.KameletConsumerNotAvailableException', `No consumers available on endpoint: ${camelUri(this.endpoint.shownUri)}. Exchange[]`));
    }
    exchange.leave();
  }

  close(): Promise<void> {
    this.target.abandon(this);
    return Promise.resolve();
  }
}

/** `kamelet:sink` of a kamelet that a step goes through: its nested steps, or nothing where it has none. */
const nestedSteps = ({ nested }: KameletCell): Producer => ({
  call: (exchange) => {
    const steps = nested.at(-1);
    if (steps === undefined) exchange.leave();
    else steps(exchange);
  },
});

function producer(endpoint: KameletEndpoint, context: ConnectorContext): Producer {
  const { templateId, routeId } = endpoint.options;
  const use = kameletUse(routeId);
  if (use === null) {
    throw new ExchangeError(
      'org.apache.camel.ResolveEndpointFailedException',
      isEnd(templateId) ? `\`kamelet:${templateId}\` can only stand in a route template` : `the kamelet \`${templateId}\` is only named while the route runs: name it in a \`to\` or \`kamelet\` step`,
    );
  }
  if (templateId !== 'sink') return new KameletProducer(endpoint, context, 'inside', routeId!);
  return use === 'from' ? new KameletProducer(endpoint, context, 'outside', routeId!) : nestedSteps(kameletCell(context, routeId!));
}

const options = {
  templateId: field.string('The kamelet; in a template `source` and `sink` are where messages come from and go to.').required().inPath(),
  routeId: field.string('Id of the route that is made from the template.').inPath(),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']).ignored('the exchange comes from the caller with its own pattern'),
  block: field.boolean("Waits while the kamelet's route is not started.").default(true),
  failIfNoConsumers: field.boolean("Fails the exchange when the kamelet's route is still not started; else it goes on as if it had gone through.").default(true),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  timeout: field.millis("How long to wait for the kamelet's route.").default(30_000),
  location: field.string('Folders to look for the kamelet in, such as `file:kamelets`; commas between them.'),
  noErrorHandler: field.boolean("Leaves errors in the kamelet to the route that uses it, whatever `camel.component.kamelet.noErrorHandler` says.").default(false),
};

export const kamelet = defineConnector({
  scheme: 'kamelet',
  syntax: 'kamelet:templateId/routeId',
  summary: 'A route template as an endpoint: the query gives its parameters.',
  isLenient: true,
  isInternal: true,
  options,
  consumer: (endpoint, context) => new KameletConsumer(endpoint, context),
  producer,
});

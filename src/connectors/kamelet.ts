import type { ConnectorContext, Consumer, Endpoint, Producer, Sink } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import type { KameletCell } from '../core/graph/kamelets.ts';
import { kameletCell, kameletUse } from '../core/graph/kamelets.ts';
import type { RouteTarget } from '../core/graph/routeTarget.ts';
import { routeTarget, TargetConsumer, TargetProducer } from '../core/graph/routeTarget.ts';
import { camelUri } from '../core/uri.ts';

type KameletEndpoint = Endpoint<typeof options>;

/** `source` and `sink` are the ends of a template's own route; any other name is a kamelet that is used. */
const isEnd = (name: string): boolean => name === 'source' || name === 'sink';

/** The route behind one end: `inside` begins with `kamelet:source`, `outside` is the one that a source kamelet feeds. */
const target = (context: ConnectorContext, end: 'inside' | 'outside', key: string): RouteTarget => routeTarget(context, 'kamelets', `${end} ${key}`);

function consumer({ options: { templateId, routeId } }: KameletEndpoint, context: ConnectorContext): Consumer {
  if (kameletUse(routeId) === null) throw new Error(`\`kamelet:${templateId}\` can only begin a route template`);
  return new TargetConsumer(`kamelet://${templateId}`, target(context, templateId === 'source' ? 'inside' : 'outside', routeId!));
}

/** Sends into a kamelet's route, or, as the sink of a source kamelet, out of it. */
function kameletProducer({ options: { block, timeout, failIfNoConsumers }, shownUri }: KameletEndpoint, context: ConnectorContext, end: 'inside' | 'outside', key: string): Producer {
  const missing = (): Error => new ExchangeError('org.apache.camel.component.kamelet.KameletConsumerNotAvailableException', `No consumers available on endpoint: ${camelUri(shownUri)}. Exchange[]`);
  // As in Camel, what a source kamelet makes comes from the route that it feeds.
  const before = (exchange: Exchange, sink: Sink): void => void (exchange.fromRouteId = sink.routeId);
  return new TargetProducer(target(context, end, key), { block, timeout, missing: failIfNoConsumers ? missing : null, ...(end === 'outside' ? { before } : {}) }, context.clock);
}

/** `kamelet:sink` of a kamelet that a step goes through: its nested steps, or nothing where it has none. */
const nestedSteps = ({ nested }: KameletCell): Producer => ({
  call: (exchange) => {
    const steps = nested.at(-1);
    if (steps === undefined) exchange.leave();
    else steps(exchange);
  },
});

function producer(endpoint: KameletEndpoint, context: ConnectorContext): Producer | Promise<Producer> {
  const { templateId, routeId } = endpoint.options;
  const use = kameletUse(routeId);
  if (use === null) {
    if (isEnd(templateId)) throw new ExchangeError('org.apache.camel.ResolveEndpointFailedException', `\`kamelet:${templateId}\` can only stand in a route template`);
    return runtimeOf(context)
      .kamelet(endpoint.uri)
      .then((key) => kameletProducer(endpoint, context, 'inside', key));
  }
  if (templateId !== 'sink') return kameletProducer(endpoint, context, 'inside', routeId!);
  return use === 'from' ? kameletProducer(endpoint, context, 'outside', routeId!) : nestedSteps(kameletCell(context, routeId!));
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
  noErrorHandler: field.boolean('Leaves errors in the kamelet to the route that uses it. Otherwise the kamelet has the error handler of that route for itself, but not the `onException` of its file. `camel.component.kamelet.noErrorHandler: true` says so for all.').default(false),
};

export const kamelet = defineConnector({
  scheme: 'kamelet',
  syntax: 'kamelet:templateId/routeId',
  summary: 'A route template as an endpoint: the query gives its parameters.',
  isLenient: true,
  isInternal: true,
  options,
  promisesOfOthers: "those of the source in the kamelet, or of the caller's own",
  consumer,
  producer,
});

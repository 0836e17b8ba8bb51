import { defineConnector } from '../core/connector.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { enterCall } from '../core/graph/send.ts';
import { routeTarget, TargetConsumer, TargetProducer } from '../core/graph/routeTarget.ts';
import { camelUri } from '../core/uri.ts';

const options = {
  name: field.string('Name by which producers and the one consumer find each other.').required().inPath(),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('nothing can fail before the route has the exchange'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('nothing can fail before the route has the exchange'),
  exchangePattern: field.enum('Pattern of calls, in place of that of the caller’s exchange, which has its own again afterwards.', ['InOnly', 'InOut']),
  block: field.boolean('Waits for a consumer when there is none yet.').default(true),
  failIfNoConsumers: field.boolean('Fails the exchange when there is still no consumer; else it goes on as if it had been called.').default(true),
  timeout: field.millis('How long to wait for a consumer.').default(30_000),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
  synchronous: field.boolean('Works in the thread of the caller.').default(false).ignored('calls are always made in place'),
};

export const direct = defineConnector({
  scheme: 'direct',
  syntax: 'direct:name',
  summary: 'Calls another route of this runtime, in place and with the same exchange.',
  isInternal: true,
  needsRoute: true,
  options,
  promisesOfOthers: 'those of the source whose exchange the caller hands over, as it is',
  consumer: ({ options: { name } }, context) => new TargetConsumer(`direct://${name}`, routeTarget(context, 'direct', name)),
  producer: ({ options: { name, block, timeout, failIfNoConsumers, exchangePattern }, shownUri }, context) => {
    const missing = (): Error => new ExchangeError('org.apache.camel.component.direct.DirectConsumerNotAvailableException', `No consumers available on endpoint: ${camelUri(shownUri)}. Exchange[]`);
    const enter = enterCall({ pattern: exchangePattern });
    return new TargetProducer(routeTarget(context, 'direct', name), { block, timeout, missing: failIfNoConsumers ? missing : null, ...(enter === null ? {} : { before: enter }) }, context.clock);
  },
});

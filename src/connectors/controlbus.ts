import type { ConnectorContext, Endpoint, Producer, RouteControl } from '../core/connector.ts';
import { defineConnector, runtimeOf } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { isPromise } from '../core/graph/flow.ts';

const options = {
  command: field.enum('`route`: an action on a route. `language`: evaluates the body as an expression.', ['route', 'language']).required().inPath(),
  language: field.string('The language of `controlbus:language:simple`.').inPath(),
  routeId: field.string('The route; `current` for the one that sends here.'),
  action: field.enum('What to do with the route. `status` and `stats` make their answer the body.', ['start', 'stop', 'fail', 'suspend', 'resume', 'restart', 'status', 'stats']),
  async: field.boolean('Goes on at once; the answer is only logged.').default(false),
  loggingLevel: field.enum('Level of the line that tells what was done.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('INFO'),
  restartDelay: field.millis('Pause between the stop and the start of `restart`.').default(1000),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

const attribute = ([name, value]: readonly [string, string | number]): string => `${name}="${String(value).replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;')}"`;

class ControlBusProducer implements Producer {
  private readonly endpoint: Endpoint<typeof options>;
  private readonly context: ConnectorContext;

  constructor(endpoint: Endpoint<typeof options>, context: ConnectorContext) {
    const { command, action, language } = endpoint.options;
    if (command === 'route' && action === undefined) throw new Error('controlbus:route needs an `action`');
    if (command === 'language' && language === undefined) throw new Error('controlbus:language needs a language, such as `controlbus:language:simple`');
    this.endpoint = endpoint;
    this.context = context;
  }

  send(exchange: Exchange): void | Promise<void> {
    const { async: isAsync } = this.endpoint.options;
    // As in Camel, a command that fails is told in the log and nowhere else.
    const done = this.run(exchange).then(
      (result) => this.finish(exchange, result, isAsync),
      (thrown: unknown) => this.context.log('warn', `${this.what} failed: ${String((thrown as Error).message)}`),
    );
    return isAsync ? undefined : done;
  }

  private get what(): string {
    const { command, action, routeId, language } = this.endpoint.options;
    return command === 'language' ? `language ${language}` : `${action} of route ${routeId ?? 'all'}`;
  }

  private finish(exchange: Exchange, result: unknown, isAsync: boolean): void {
    const { loggingLevel } = this.endpoint.options;
    if (loggingLevel !== 'OFF' && loggingLevel !== 'TRACE') {
      this.context.log(loggingLevel.toLowerCase() as 'info', `${this.what} is done${result === null || result === undefined ? '' : `: ${toText(result)}`}`);
    }
    if (result !== null && result !== undefined && !isAsync) exchange.body = result;
  }

  private async run(exchange: Exchange): Promise<unknown> {
    const { command, language, action, routeId, restartDelay } = this.endpoint.options;
    const { routes, expression } = runtimeOf(this.context);
    if (command === 'language') {
      const value = expression(language!, toText(exchange.body) ?? '')(exchange);
      return isPromise(value) ? await value : value;
    }
    const id = routeId === 'current' ? (exchange.routeId ?? exchange.fromRouteId ?? '') : routeId;
    if (action === 'stats') return stats(routes, id ?? null);
    if (id === undefined) throw new Error('no `routeId` is given');
    switch (action) {
      case 'start':
        return routes.start(id);
      case 'resume':
        return routes.resume(id);
      case 'suspend':
        return routes.suspend(id);
      case 'stop':
      case 'fail':
        return routes.stop(id, exchange);
      case 'restart':
        await routes.stop(id, exchange);
        if (restartDelay > 0) await new Promise<void>((resolve) => void this.context.clock.schedule(restartDelay, resolve));
        return routes.start(id);
      default:
        return routes.state(id);
    }
  }
}

function stats(routes: RouteControl, id: string | null): string | null {
  const figures = routes.statistics(id);
  if (figures === null) return null;
  return `<${id === null ? 'camelContextStat' : 'routeStat'} ${Object.entries(figures).map(attribute).join(' ')}/>`;
}

export const controlbus = defineConnector({
  scheme: 'controlbus',
  isOfProcess: true,
  syntax: 'controlbus:command:language',
  summary: 'Starts, stops, suspends and resumes routes, and tells how they are.',
  options,
  producer: (endpoint, context) => new ControlBusProducer(endpoint, context),
});

import type { PolledMessage } from '../core/connector.ts';
import { defineEip } from '../core/definition.ts';
import { dynamicTextOrNull } from '../core/graph/dynamicText.ts';
import { emptyUri, shownUri, wholeUri } from '../core/graph/dynamicEndpoint.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { perform, settled } from '../core/graph/flow.ts';
import { receiveInto } from '../core/graph/send.ts';
import { shutdownError } from '../core/exchange/waits.ts';
import { OptionError } from '../core/optionError.ts';

/** The polled message has the fate of the exchange that took it. */
function settleWith(exchange: Exchange, polled: PolledMessage): void {
  const { unitOfWork } = exchange;
  if (unitOfWork === null) exchange.onEnd(() => void polled.settle(exchange));
  else unitOfWork.onCompletion(() => polled.settle(exchange));
}

export const poll = defineEip({
  name: 'poll',
  keepsState: true,
  sends: true,
  summary: 'Takes one message from an endpoint and goes on with it; with null when there is none in time.',
  shorthand: 'uri',
  options: {
    uri: field.endpoint('Endpoint to take from; may hold Simple.').required(),
    variableReceive: field.string('Variable that takes the message; body and headers stay as they were.'),
    timeout: field.millis('How long to wait; 0 takes only what is there, a negative time waits without end.').default(20_000),
  },
  examples: [
    {
      title: 'Take a message that waits in a queue',
      route: '- from:\n    uri: direct:start\n    steps:\n      - to:\n          uri: seda:waiting\n          parameters:\n            waitForTaskToComplete: Never\n      - setBody:\n          constant: nothing\n      - poll:\n          uri: seda:waiting\n          timeout: 5s\n      - to: mock:out\n',
      in: ['first'],
      out: { 'mock:out': ['first'] },
    },
  ],
  operator: ({ uri, variableReceive, timeout }, context) => {
    if (uri.uri.trim() === '') throw new OptionError('uri', '`uri` is empty', 'name the endpoint to take from, such as `file:inbox`');
    return settled(dynamicTextOrNull(wholeUri(uri), context), context.info, (uriOf) =>
      perform(async (exchange) => {
        const named = uriOf(exchange);
        if (named === null) return;
        const target = named.trim();
        if (target === '') throw new ExchangeError('java.lang.IllegalArgumentException', emptyUri);
        const polled = await context.receive(target, timeout, exchange);
        exchange.properties.set('CamelToEndpoint', shownUri(target));
        if (polled === null) {
          if (variableReceive === undefined) exchange.body = null;
          else exchange.setVariable(variableReceive, null);
          return;
        }
        if (exchange.signal?.aborted === true) {
          exchange.fail(shutdownError());
          await polled.settle(exchange);
          return;
        }
        settleWith(exchange, polled);
        for (const [name, value] of Object.entries(polled.properties ?? {})) exchange.properties.set(name, value);
        if (variableReceive === undefined) {
          exchange.body = polled.body;
          polled.headers.forEach((name, value) => exchange.headers.set(name, value));
          return;
        }
        receiveInto(exchange, variableReceive, polled);
      }, context.info),
    );
  },
});

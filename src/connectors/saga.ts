import type { ConnectorContext, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { OptionError } from '../core/optionError.ts';
import { SagaService, Sagas, sagaHeader, sagaServiceClass } from '../core/state/sagas.ts';

class SagaProducer implements Producer {
  private readonly verb: 'complete' | 'compensate';
  private readonly sagas: Sagas;

  constructor(verb: 'complete' | 'compensate', { shared, store, clock, events, scope, stopping }: ConnectorContext) {
    this.verb = verb;
    this.sagas = shared('sagas', () => new Sagas({ store, clock, events, scope, stopping: stopping ?? new AbortController().signal }));
  }

  async send(exchange: Exchange): Promise<void> {
    const saga = await this.sagas.of(exchange);
    const id = toText(exchange.headers.get(sagaHeader));
    if (saga === null && id === null) throw new ExchangeError('java.lang.IllegalStateException', `Current exchange is not bound to a saga context: cannot ${this.verb}`);
    if (saga === null) throw new ExchangeError('java.util.concurrent.CompletionException', `java.lang.IllegalStateException: No coordinator found for saga id ${id}`);
    await (this.verb === 'complete' ? saga.complete() : saga.compensate());
  }
}

const options = {
  action: field.enum('How the saga of the message ends.', ['complete', 'compensate']).required().inPath(),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

export const saga = defineConnector({
  scheme: 'saga',
  syntax: 'saga:action',
  summary: 'Completes or compensates the saga that a message is in, for sagas with the completion mode MANUAL.',
  options,
  headers: { [sagaHeader]: 'The saga.' },
  check: (_endpoint, { onlyBean }) => {
    if (onlyBean?.((bean) => bean instanceof SagaService) === null) throw new OptionError('action', 'there is no saga service', `declare one: \`- beans: [ { name: sagaService, type: ${sagaServiceClass} } ]\``);
  },
  producer: ({ options: { action } }, context) => new SagaProducer(action, context),
});

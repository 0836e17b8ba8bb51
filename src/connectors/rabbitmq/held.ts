import { ExchangeError } from '../../core/errors.ts';
import type { TransactionalResource } from '../../core/exchange/transaction.ts';
import type { Outgoing, Publisher } from './publisher.ts';

/** Held in memory at most; then the transaction is too large. */
const mostHeldBytes = 64 * 1024 * 1024;

export type HeldMessage = Omit<Outgoing, 'done'>;

/**
 * What a `transacted` or `policy` step sends: held until it has gone well, then published in order, each with the broker's confirm. Nothing leaves
 * before. The broker has no commit over several queues: when it refuses one of them then, or goes, those before may be out already.
 */
export class HeldMessages implements TransactionalResource {
  private messages: { readonly message: HeldMessage; readonly publisher: Publisher }[] = [];
  private bytes = 0;
  private readonly outer: HeldMessages | null;

  constructor(outer: HeldMessages | null = null) {
    this.outer = outer;
  }

  /** @throws ExchangeError when it is too much */
  hold(message: HeldMessage, publisher: Publisher): void {
    this.bytes += message.content.length;
    if (this.bytes > mostHeldBytes) {
      throw new ExchangeError('org.springframework.amqp.AmqpResourceNotAvailableException', `${message.shownUri}: the transaction holds more than ${mostHeldBytes} bytes of messages, which wait in memory for its end: send less in one, or outside of the block`);
    }
    this.messages.push({ message, publisher });
  }

  savepoint(): HeldMessages {
    return new HeldMessages(this);
  }

  rollback(): void {
    this.messages = [];
  }

  commit(): void | Promise<void> {
    const { messages, outer } = this;
    this.messages = [];
    if (outer !== null) for (const { message, publisher } of messages) outer.hold(message, publisher);
    else if (messages.length > 0) return publishAll(messages);
  }
}

async function publishAll(messages: readonly { readonly message: HeldMessage; readonly publisher: Publisher }[]): Promise<void> {
  const errors = await Promise.all(messages.map(({ message, publisher }) => new Promise<ExchangeError | null>((resolve) => publisher.publish({ ...message, isConfirmed: true, done: resolve }))));
  const first = errors.find((error) => error !== null);
  if (first === undefined || first === null) return;
  const out = errors.filter((error) => error === null).length;
  throw new ExchangeError(first.type, `${first.message}${messages.length === 1 ? '' : ` (${out} of the ${messages.length} messages of the transaction are out)`}`, { cause: first });
}

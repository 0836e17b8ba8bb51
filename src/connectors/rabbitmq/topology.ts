import type { RabbitEndpoint } from './address.ts';
import type { BrokerChannel } from './client.ts';

/** Arguments that the broker wants as numbers or truth values, though a URI only has text. */
const numeric: ReadonlySet<string> = new Set([
  'x-message-ttl',
  'x-expires',
  'x-max-length',
  'x-max-length-bytes',
  'x-max-in-memory-length',
  'x-max-in-memory-bytes',
  'x-max-priority',
  'x-delivery-limit',
  'x-priority',
  'x-quorum-initial-group-size',
  'x-stream-max-segment-size-bytes',
]);
const truths: ReadonlySet<string> = new Set(['x-single-active-consumer', 'x-cancel-on-ha-failover']);

/** How long the broker keeps a queue that a consumer has made for itself, when nobody consumes from it. */
const ownQueueMillis = 30 * 60_000;

export const isDefaultExchange = (name: string): boolean => name === '' || name === 'default';

/** Whether it goes straight to whoever asked, past all queues. The broker hands such a message over, and returns it as unroutable when it is mandatory all the same. */
export const isDirectReply = (exchange: string, routingKey: string): boolean => exchange === '' && routingKey.startsWith('amq.rabbitmq.reply-to.');

/** The exchange's name on the wire. */
export const exchangeNameOf = (name: string): string => (isDefaultExchange(name) ? '' : name);

export const queuesOf = ({ options }: RabbitEndpoint): string[] => (options.queues ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');

/** The arguments of one kind (`queue.`, `dlq.exchange.`), as the broker wants them. @throws Error naming one that is no number */
export function argumentsOf({ options }: RabbitEndpoint, prefix: string): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options.args ?? {})) {
    if (!name.startsWith(prefix)) continue;
    const key = name.slice(prefix.length);
    if (numeric.has(key)) {
      if (!/^-?\d+$/.test(value)) throw new Error(`\`arg.${name}\` must be a number`);
      found[key] = Number(value);
    } else found[key] = truths.has(key) || key === 'durable' || key === 'autoDelete' || key === 'exclusive' ? isTrue(name, value) : value;
  }
  return found;
}

function isTrue(name: string, value: string): boolean {
  if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw new Error(`\`arg.${name}\` must be true or false`);
}

/** @throws Error for an argument that is for nothing */
export function checkArguments({ options }: RabbitEndpoint): void {
  const kinds = ['consumer.', 'exchange.', 'queue.', 'binding.', 'dlq.exchange.', 'dlq.queue.', 'dlq.binding.'];
  for (const name of Object.keys(options.args ?? {})) {
    if (!kinds.some((kind) => name.startsWith(kind))) throw new Error(`\`arg.${name}\` is for nothing: arguments begin with ${kinds.map((kind) => `\`arg.${kind}\``).join(', ')}`);
  }
}

const taken = (args: Record<string, unknown>, name: string, usual: boolean): boolean => {
  const value = args[name];
  delete args[name];
  return value === undefined ? usual : value === true;
};

/** Where messages that keep failing go, as far as the options say. */
export interface DeadLetters {
  readonly exchange: string;
  /** Null: the message's own. */
  readonly routingKey: string | null;
}

export function deadLettersOf(endpoint: RabbitEndpoint): DeadLetters | null {
  const { deadLetterExchange, deadLetterRoutingKey } = endpoint.options;
  const args = argumentsOf(endpoint, 'queue.');
  const exchange = deadLetterExchange ?? (args['x-dead-letter-exchange'] as string | undefined);
  if (exchange === undefined) return null;
  const routingKey = deadLetterRoutingKey ?? (args['x-dead-letter-routing-key'] as string | undefined) ?? null;
  return { exchange: exchangeNameOf(exchange), routingKey };
}

async function declareExchange(channel: BrokerChannel, endpoint: RabbitEndpoint): Promise<void> {
  const { exchangeName, exchangeType } = endpoint.options;
  if (isDefaultExchange(exchangeName)) return;
  const args = argumentsOf(endpoint, 'exchange.');
  await channel.declareExchange(exchangeName, exchangeType, { durable: taken(args, 'durable', true), autoDelete: taken(args, 'autoDelete', false), arguments: args });
}

async function declareQueue(channel: BrokerChannel, endpoint: RabbitEndpoint, queue: string, isOwn: boolean): Promise<void> {
  const { deadLetterExchange, deadLetterRoutingKey } = endpoint.options;
  const args = argumentsOf(endpoint, 'queue.');
  if (deadLetterExchange !== undefined) {
    args['x-dead-letter-exchange'] ??= exchangeNameOf(deadLetterExchange);
    if (deadLetterRoutingKey !== undefined) args['x-dead-letter-routing-key'] ??= deadLetterRoutingKey;
  }
  const isReplicated = args['x-queue-type'] === 'quorum' || args['x-queue-type'] === 'stream';
  const settings = { durable: taken(args, 'durable', isReplicated), autoDelete: taken(args, 'autoDelete', false), exclusive: taken(args, 'exclusive', false) };
  if (isOwn) args['x-expires'] ??= ownQueueMillis;
  await channel.declareQueue(queue, { ...settings, arguments: args });
}

async function bind(channel: BrokerChannel, endpoint: RabbitEndpoint, queue: string): Promise<void> {
  const { exchangeName, routingKey } = endpoint.options;
  // The default exchange has a binding to each queue, and takes no others.
  if (isDefaultExchange(exchangeName)) return;
  await channel.bindQueue(queue, exchangeName, routingKey ?? '', argumentsOf(endpoint, 'binding.'));
}

/**
 * Declares what the consumer's options name, or looks whether it is there. What the broker refuses closes the channel.
 * @param own the queue that the consumer has made up for itself, null when its options name some
 */
export async function prepareConsumer(channel: BrokerChannel, endpoint: RabbitEndpoint, queues: readonly string[], own: string | null): Promise<void> {
  const { options } = endpoint;
  if (!options.autoDeclare) {
    for (const queue of queues) await channel.checkQueue(queue);
    return;
  }
  if (options.deadLetterExchange !== undefined) await declareDeadLetters(channel, endpoint, options.deadLetterExchange);
  await declareExchange(channel, endpoint);
  for (const queue of queues) {
    await declareQueue(channel, endpoint, queue, queue === own);
    await bind(channel, endpoint, queue);
  }
}

async function declareDeadLetters(channel: BrokerChannel, endpoint: RabbitEndpoint, exchange: string): Promise<void> {
  const { deadLetterExchangeType, deadLetterQueue, deadLetterRoutingKey } = endpoint.options;
  if (!isDefaultExchange(exchange)) {
    const args = argumentsOf(endpoint, 'dlq.exchange.');
    await channel.declareExchange(exchange, deadLetterExchangeType, { durable: taken(args, 'durable', true), autoDelete: taken(args, 'autoDelete', false), arguments: args });
  }
  if (deadLetterQueue === undefined) return;
  const args = argumentsOf(endpoint, 'dlq.queue.');
  await channel.declareQueue(deadLetterQueue, { durable: taken(args, 'durable', true), autoDelete: taken(args, 'autoDelete', false), exclusive: taken(args, 'exclusive', false), arguments: args });
  if (isDefaultExchange(exchange)) return;
  const binding = argumentsOf(endpoint, 'dlq.binding.');
  await channel.bindQueue(deadLetterQueue, exchange, deadLetterRoutingKey ?? '', binding);
  // Without a key of their own the messages keep theirs.
  const { routingKey } = endpoint.options;
  if (deadLetterRoutingKey === undefined && routingKey !== undefined) await channel.bindQueue(deadLetterQueue, exchange, routingKey, binding);
}

/** Declares what a producer's options name, with `autoDeclareProducer`. */
export async function prepareProducer(channel: BrokerChannel, endpoint: RabbitEndpoint): Promise<void> {
  const { skipDeclareExchange, skipDeclareQueue, skipBindQueue } = endpoint.options;
  if (!skipDeclareExchange) await declareExchange(channel, endpoint);
  if (skipDeclareQueue) return;
  for (const queue of queuesOf(endpoint)) {
    await declareQueue(channel, endpoint, queue, false);
    if (!skipBindQueue) await bind(channel, endpoint, queue);
  }
}

/** The queue in which a message waits before it comes back to its own. */
export const retryQueueOf = (queue: string, delayMillis: number): string => `${queue}.retry.${delayMillis}`;

/** The broker drops a retry queue that has not been declared again for a minute longer than any message stays in it. */
export async function declareRetryQueue(channel: BrokerChannel, queue: string, delayMillis: number): Promise<void> {
  await channel.declareQueue(retryQueueOf(queue, delayMillis), {
    durable: true,
    autoDelete: false,
    exclusive: false,
    arguments: { 'x-message-ttl': delayMillis, 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue, 'x-expires': delayMillis + 60_000 },
  });
}

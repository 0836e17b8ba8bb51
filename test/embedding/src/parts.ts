/** Parts of one's own, made by the same definitions as the built-in ones. */
import type { AggregationStrategy, Exchange } from 'mecha-runtime';
import { defineConnector, defineDataFormat, defineEip, defineLanguage, ExpressionSyntaxError, field, perform } from 'mecha-runtime';

/** What went to `memory:` endpoints, by name. */
export const boxes = new Map<string, unknown[]>();
/** Feeds the routes that consume from `memory:`, by name. */
export const feeds = new Map<string, (body: unknown) => Promise<string>>();

export const memory = defineConnector({
  scheme: 'memory',
  syntax: 'memory:box',
  summary: 'Boxes in this process.',
  options: {
    box: field.string('Name of the box.').required().inPath(),
    limit: field.count('Messages that it keeps.').default(10),
  },
  consumer: ({ options }) => ({
    start: (sink) => {
      feeds.set(
        options.box,
        (body) => new Promise((resolve) => sink.push(sink.exchange(body), { settle: (exchange) => resolve(exchange.isFailed ? 'rejected' : 'acknowledged') })),
      );
      return Promise.resolve();
    },
    stop: () => {
      feeds.delete(options.box);
      return Promise.resolve();
    },
  }),
  producer: ({ options }) => ({
    send: (exchange) => {
      const box = boxes.get(options.box) ?? [];
      if (box.length >= options.limit) throw new Error(`the box ${options.box} is full`);
      boxes.set(options.box, [...box, exchange.body]);
    },
  }),
});

export const shout = defineEip({
  name: 'shout',
  summary: 'Makes the body loud.',
  options: { times: field.count('How loud.').default(1), voice: field.enum('Whose voice.', ['high', 'low']) },
  operator: ({ times, voice }) => {
    const mark: string = voice === 'low' ? '?' : '!';
    return perform((exchange) => {
      exchange.body = `${String(exchange.body)}${mark.repeat(times)}`;
    });
  },
});

export const reversed = defineLanguage({
  name: 'reversed',
  summary: 'The text read from its end, with the body in place of B.',
  options: { upper: field.boolean('In capitals.').default(false) },
  expression: (source, { upper }) => {
    if (source === '') throw new ExpressionSyntaxError('there is nothing to reverse');
    return (exchange: Exchange) => {
      const text = [...source].reverse().join('').replace('B', String(exchange.body));
      return upper ? text.toUpperCase() : text;
    };
  },
});

export const pipes = defineDataFormat({
  name: 'pipes',
  summary: 'Lists as a|b|c.',
  options: { mark: field.string('Stands between.').default('|') },
  create: ({ mark }) => ({
    marshal: (_exchange, body) => (body as unknown[]).join(mark),
    unmarshal: (_exchange, body) => String(body).split(mark),
  }),
});

export const longest: AggregationStrategy = {
  aggregate: (old, next) => (old === null || String(next.body).length > String(old.body).length ? next : old),
};

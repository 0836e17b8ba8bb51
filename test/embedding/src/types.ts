/** What the compiler must refuse; nothing here runs. */
import type { MechaOptions } from 'mecha-runtime';
import { defineConnector, defineEip, field, Mecha, perform } from 'mecha-runtime';

export const options: MechaOptions = {
  // @ts-expect-error properties are texts, numbers and booleans
  properties: { a: {} },
};

export const step = defineEip({
  name: 'step',
  summary: 'A step.',
  options: { needed: field.string('Needed.').required(), maybe: field.integer('Maybe.'), kind: field.enum('Kind.', ['a', 'b']).default('a') },
  operator: ({ needed, maybe, kind }) => {
    const text: string = needed;
    const kindOf: 'a' | 'b' = kind;
    // @ts-expect-error it may be missing
    const count: number = maybe;
    // @ts-expect-error there is no such value
    const isC = kind === 'c';
    return perform(() => void [text, kindOf, count, isC]);
  },
});

export const connector = defineConnector({
  scheme: 'x',
  syntax: 'x:name',
  summary: 'X.',
  options: { name: field.string('Name.').required().inPath() },
  // @ts-expect-error there is no such option
  producer: ({ options: { nam } }) => ({ send: () => void nam }),
});

export const start = async (): Promise<void> => {
  const mecha: Mecha = await Mecha.start({ connectors: [connector], eips: [step] });
  // @ts-expect-error there is no such event
  mecha.on('exchangeVanished', () => undefined);
  mecha.on('exchangeFailed', ({ error, routeId }) => {
    const message: string = error.message;
    // @ts-expect-error it is a text
    const id: number = routeId;
    void [message, id];
  });
  // @ts-expect-error a route is named by its URI
  await mecha.request({ uri: 'direct:x' });
};

import type { DataFormat, DataFormatDefinition } from '../../src/core/definition.ts';
import type { ExchangeError } from '../../src/core/errors.ts';
import { exchangeWith } from '../languages/languageContext.ts';

export const formatOf = (definition: { readonly create: unknown; readonly options: DataFormatDefinition['options'] }, given: object = {}, beans: Readonly<Record<string, unknown>> = {}, resources: Readonly<Record<string, string>> = {}): DataFormat => {
  const defaults = Object.fromEntries(Object.entries(definition.options).flatMap(([name, { shape }]) => (shape.default === undefined ? [] : [[name, shape.default]])));
  return (definition.create as DataFormatDefinition['create'])({ ...defaults, ...given } as never, { bean: (name) => beans[name] as never, resource: (uri) => resources[uri] ?? '' });
};

type Part = Parameters<typeof formatOf>[0];

export const marshalled = (definition: Part, body: unknown, options: object = {}): string => String(formatOf(definition, options).marshal(exchangeWith(body), body));

export const unmarshalled = (definition: Part, body: unknown, options: object = {}): unknown => formatOf(definition, options).unmarshal(exchangeWith(body), body);

export const failureOf = (run: () => unknown): string => {
  try {
    run();
  } catch (thrown) {
    return (thrown as ExchangeError).name;
  }
  return 'none';
};

/** As failureOf, for formats that answer with a promise. */
export const rejection = async (run: () => unknown): Promise<string> => {
  try {
    await run();
  } catch (thrown) {
    return (thrown as ExchangeError).name;
  }
  return 'none';
};

/** What a call complains about, with what to write instead in parentheses. */
export function messageOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    const { message, help } = thrown as { readonly message: string; readonly help?: string | null };
    return typeof help === 'string' ? `${message} (${help})` : message;
  }
  return 'nothing was thrown';
}

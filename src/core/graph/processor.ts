import { beanInstance } from '../beans/bean.ts';
import type { Exchange } from '../exchange/exchange.ts';

export type Process = (exchange: Exchange) => void | Promise<void>;

/**
 * What a processor's bean does with an exchange: a function, an object (or class) with `process`, a module whose default is one of these.
 * @throws Error when the bean is none of them
 */
export function processorOf(bean: unknown, reference: string): Process {
  const target = beanInstance(bean);
  if (typeof target === 'function') return target as Process;
  if (typeof target === 'object' && target !== null) {
    const { process, default: main } = target as { process?: unknown; default?: unknown };
    if (typeof process === 'function') return (exchange) => (process as Process).call(target, exchange);
    if (main !== undefined && main !== bean) return processorOf(main, reference);
  }
  throw new Error(`\`${reference}\` is no processor: it needs to be a function of the exchange, or to have \`process\``);
}

import { Script } from 'node:vm';
import { convertTo, isByteSource, toText } from '../../core/conversion/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { STOPPED } from '../../core/exchange/exchange.ts';
import type { LanguageContext } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { ExchangeError } from '../../core/errors.ts';
import { readStream } from '../../core/conversion/stream.ts';
import type { Host } from './engine.ts';
import { evaluateScript } from './engine.ts';
import { fromSandbox, toSandbox } from './values.ts';

export const js = defineLanguage({
  name: 'js',
  summary:
    'JavaScript, in a sandbox that sees the message and nothing else: `exchange`, `message`, `body`, `headers`, `properties`, `variables`, `exchangeId`, `context`. Its value is that of its last statement.',
  options: {},
  examples: [{ expression: 'body.items.reduce((sum, item) => sum + item.price, 0)', body: { items: [{ price: 1 }, { price: 2 }] }, gives: 3 }],
  expression: (source, _options, context) => {
    checkSyntax(source);
    const script = {};
    const readsBody = /body/i.test(source);
    const evaluate = async (exchange: Exchange): Promise<unknown> => {
      const body: unknown = readsBody && isByteSource(exchange.body) ? toText(await readStream(exchange.body)) : exchange.body;
      return fromSandbox(await evaluateScript(script, source, hostOf(exchange, body, context)));
    };
    return Object.assign(evaluate, { isAsync: true });
  },
});

/** Parses without running: what is no JavaScript is found when the route is loaded. */
function checkSyntax(source: string): void {
  try {
    new Script(source, { filename: 'script' });
  } catch (thrown) {
    const { message, stack = '' } = thrown as Error;
    const place = /^script:(\d+)\n.*\n( *)(\^*)/.exec(stack);
    if (place === null) throw new ExpressionSyntaxError(message);
    const before = source.split('\n').slice(0, Number(place[1]) - 1);
    throw new ExpressionSyntaxError(message, before.reduce((sum, line) => sum + line.length + 1, 0) + place[2]!.length, Math.max(1, place[3]!.length));
  }
}

/** What a script may ask of its exchange. */
function hostOf(exchange: Exchange, body: unknown, context: LanguageContext): Host {
  let current = body;
  const values = (kind: string) => (kind === 'h' ? exchange.headers : kind === 'p' ? exchange.properties : exchange.variables);
  const get = (kind: string, name: string): unknown => (kind === 'v' ? exchange.variable(name) : values(kind).get(name));
  const operations: Readonly<Record<string, (name: string, value: string) => unknown>> = {
    body: () => current,
    bodyAs: (type) => convertTo(current, type),
    setBody: (_name, value) => {
      current = fromSandbox(value);
      exchange.body = current;
    },
    get: (name) => get(name[0]!, name.slice(1)),
    has: (name) => get(name[0]!, name.slice(1)) !== undefined,
    names: (name) => values(name[0]!).names(),
    set: (name, value) => {
      const key = name.slice(1);
      if (name.startsWith('v')) exchange.setVariable(key, fromSandbox(value));
      else values(name[0]!).set(key, fromSandbox(value));
    },
    remove: (name) => {
      const key = name.slice(1);
      return name.startsWith('v') ? exchange.removeVariable(key) : values(name[0]!).remove(key);
    },
    id: () => exchange.id,
    pattern: () => (exchange.isInOut ? 'InOut' : 'InOnly'),
    fromRouteId: () => exchange.fromRouteId,
    name: () => exchange.scope.name,
    routeStop: (_name, value) => void (exchange.halt = value === 'true' ? exchange.halt | STOPPED : exchange.halt & ~STOPPED),
    isRouteStop: () => (exchange.halt & STOPPED) !== 0,
    placeholders: (_name, value) =>
      String(fromSandbox(value)).replace(/\{\{([^{}]+)\}\}/g, (_all, key: string) => {
        const [name, fallback] = key.split(/:(.*)/s) as [string, string | undefined];
        const found = exchange.scope.property(name.trim()) ?? fallback;
        if (found === undefined) throw new ExchangeError('java.lang.IllegalArgumentException', `Property with key [${name.trim()}] not found in properties from text: ${String(fromSandbox(value))}`);
        return found;
      }),
    log: (level, value) => context.log(level as 'info', value),
  };
  return (operation, name, value) => toSandbox(operations[operation]!(name, value));
}

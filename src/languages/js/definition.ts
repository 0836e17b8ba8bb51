import { Script } from 'node:vm';
import { convertTo, isByteSource, toText } from '../../core/conversion/convert.ts';
import { defineLanguage } from '../../core/definition.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { STOPPED } from '../../core/exchange/exchange.ts';
import type { LanguageContext } from '../../core/expression.ts';
import { ExpressionSyntaxError } from '../../core/expression.ts';
import { ExchangeError } from '../../core/errors.ts';
import { readStream } from '../../core/conversion/stream.ts';
import type { Script as EngineScript, Host } from './engine.ts';
import { evaluateScript } from './engine.ts';
import { functionBody } from './completion.ts';
import { names } from './prelude.ts';
import { fromSandbox, toSandbox } from './values.ts';

export const js = defineLanguage({
  name: 'js',
  summary:
    'JavaScript, in a sandbox that sees the message and nothing else: `exchange`, `message`, `body`, `headers`, `properties`, `variables`, `exchangeId`, `context`. Its value is that of its last statement.',
  options: {},
  examples: [{ expression: 'body.items.reduce((sum, item) => sum + item.price, 0)', body: { items: [{ price: 1 }, { price: 2 }] }, gives: 3 }],
  expression: (source, _options, context) => {
    checkSyntax(source);
    const script = scriptOf(source);
    const readsBody = /body/i.test(source);
    const wantsBody = /\bbody\b/.test(source);
    const run = (exchange: Exchange, body: unknown): unknown => {
      const result = evaluateScript(script, new ScriptHost(exchange, body, context), wantsBody ? toSandbox(body) : null);
      return typeof result === 'string' ? fromSandbox(result) : result.then(fromSandbox);
    };
    const evaluate = async (exchange: Exchange): Promise<unknown> => run(exchange, readsBody && isByteSource(exchange.body) ? toText(await readStream(exchange.body)) : exchange.body);
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

const parses = (source: string): boolean => {
  try {
    new Script(source);
    return true;
  } catch {
    return false;
  }
};

/** The script as the body of a function that is compiled once; null where it can only be evaluated, each time anew. */
function compiledOnce(source: string): string | null {
  const body = functionBody(source, names);
  return body !== null && parses(`(function (${names.join()}) {${body}\n})`) ? body : null;
}

/** Assignments (a loop over a variable that it does not declare is one), and ways to the global object. */
const leaks = /\bfor\b(?!\s*\(\s*(?:let|const|var)\b)|(?<![=!<>])=(?![=>])|globalThis|\bthis\b|Function|eval|constructor|import|console/;
const changesBuiltIns =
  /[pP]rototype|__proto__|__define|definePropert|\bReflect\b|Object\s*\.\s*assign|globalThis|\bthis\b|Function|eval|constructor|\b(?:Math|JSON|Object|Array|String|Number|Boolean|Date|Map|Set|Promise|RegExp|Symbol|console|print|Error)\s*(?:\.\s*\w+|\[[^\]]*\])?\s*(?:(?:\*\*|<<|>>>?|&&|\|\||\?\?|[-+*/%&|^])?=(?![=>])|\+\+|--)/;

/** Integers as large as one likes: one operation, or their text, may take seconds. */
const hasIntegers = /\b\d[\da-fxob_]*n\b|BigInt/i;

const scriptOf = (source: string): EngineScript => ({ source, compiled: compiledOnce(source), mayLeak: leaks.test(source), mayBlock: hasIntegers.test(source), mayChangeBuiltIns: changesBuiltIns.test(source) });

/** What a script may ask of its exchange. A class and no closures: one is made for each evaluation. */
class ScriptHost implements Host {
  private readonly exchange: Exchange;
  private readonly context: LanguageContext;
  private body: unknown;

  constructor(exchange: Exchange, body: unknown, context: LanguageContext) {
    this.exchange = exchange;
    this.body = body;
    this.context = context;
  }

  answer(operation: string, name: string, value: string): string | undefined {
    const answer = this.ask(operation, name, value);
    return answer === undefined && operation === 'peek' ? undefined : toSandbox(answer);
  }

  private values(kind: string): Exchange['headers'] | Exchange['properties'] {
    return kind === 'h' ? this.exchange.headers : kind === 'p' ? this.exchange.properties : this.exchange.variables;
  }

  private get(name: string): unknown {
    return name.startsWith('v') ? this.exchange.variable(name.slice(1)) : this.values(name[0]!).get(name.slice(1));
  }

  private ask(operation: string, name: string, value: string): unknown {
    const { exchange } = this;
    switch (operation) {
      case 'body':
        return this.body;
      case 'bodyAs':
        return convertTo(this.body, name);
      case 'setBody':
        return (exchange.body = this.body = fromSandbox(value));
      case 'peek':
      case 'get':
        return this.get(name);
      case 'has':
        return this.get(name) !== undefined;
      case 'names':
        return this.values(name).names();
      case 'set':
        if (name.startsWith('v')) exchange.setVariable(name.slice(1), fromSandbox(value));
        else this.values(name[0]!).set(name.slice(1), fromSandbox(value));
        return undefined;
      case 'remove':
        return name.startsWith('v') ? exchange.removeVariable(name.slice(1)) : this.values(name[0]!).remove(name.slice(1));
      case 'id':
        return exchange.id;
      case 'pattern':
        return exchange.isInOut ? 'InOut' : 'InOnly';
      case 'fromRouteId':
        return exchange.fromRouteId;
      case 'name':
        return exchange.scope.name;
      case 'routeStop':
        exchange.halt = value === 'true' ? exchange.halt | STOPPED : exchange.halt & ~STOPPED;
        return undefined;
      case 'isRouteStop':
        return (exchange.halt & STOPPED) !== 0;
      case 'placeholders':
        return this.resolved(String(fromSandbox(value)));
      default:
        this.context.log(name as 'info', value);
        return undefined;
    }
  }

  private resolved(text: string): string {
    return text.replace(/\{\{([^{}]+)\}\}/g, (_all, key: string) => {
      const [name, fallback] = key.split(/:(.*)/s) as [string, string | undefined];
      const found = this.exchange.scope.property(name.trim()) ?? fallback;
      if (found === undefined) throw new ExchangeError('java.lang.IllegalArgumentException', `Property with key [${name.trim()}] not found in properties from text: ${text}`);
      return found;
    });
  }
}

import { defineLanguage } from '../core/definition.ts';
import { namedText } from '../core/graph/namedText.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';

/** What a bean must be to stand for an expression. */
type Evaluator = ((exchange: Exchange) => unknown) & { readonly isAsync?: boolean };

export const ref = defineLanguage({
  name: 'ref',
  summary: 'An expression that is a bean: a function of the exchange, or an object with `evaluate` or `matches`.',
  options: {},
  expression: (source, _options, context) => {
    const name = namedText(source, context);
    if (typeof name === 'function') return (exchange) => evaluator(context.bean(name(exchange)), name(exchange))(exchange);
    const bean = context.bean(name);
    if (bean === undefined) throw new ExpressionSyntaxError(`there is no bean \`${name}\``, 0, Math.max(1, name.length), 'declare it under `beans:`');
    const evaluate = evaluator(bean, name);
    return isAsyncFunction(evaluate) ? Object.assign((exchange: Exchange) => evaluate(exchange), { isAsync: true }) : evaluate;
  },
});

const isAsyncFunction = (evaluate: Evaluator): boolean => evaluate.isAsync === true || evaluate.constructor.name === 'AsyncFunction';

function evaluator(bean: unknown, name: string): Evaluator {
  if (typeof bean === 'function') return bean as Expression;
  const { evaluate, matches } = (bean ?? {}) as { evaluate?: unknown; matches?: unknown };
  const run = typeof evaluate === 'function' ? evaluate : matches;
  if (typeof run !== 'function') {
    throw new ExchangeError('java.lang.IllegalArgumentException', `Cannot find expression or predicate in registry with ref: ${name}`);
  }
  return run.bind(bean) as Evaluator;
}

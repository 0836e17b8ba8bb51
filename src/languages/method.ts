import type { BeanMethod } from '../core/beans/bean.ts';
import { argumentsOf, beanInstance, beanMethod, beanOfType, callBeanMethod, isAsyncCallable, methodMissing, newBeanInstance, parseBeanMethod } from '../core/beans/bean.ts';
import { defineLanguage } from '../core/definition.ts';
import { nearest } from '../core/diagnostics.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression, LanguageContext } from '../core/expression.ts';
import { ExpressionSyntaxError } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { isPromise } from '../core/graph/flow.ts';
import { toPlainNumbers } from '../core/conversion/json.ts';

export const method = defineLanguage({
  name: 'method',
  summary: 'Calls a method of a bean: a JavaScript object, function or class of the registry.',
  isSourceOptional: true,
  options: {
    ref: field.string('Name of the bean.'),
    method: field.string('Method to call, with arguments if it needs any: `price`, `price(${body}, true)`. May be left out when there is only one.'),
    beanType: field.string('Class to call instead of a bean: a registered class, or a well-known Java class.'),
    scope: field.enum('Whether one instance of a class serves all calls, or each call gets its own.', ['Singleton', 'Request', 'Prototype']).default('Singleton'),
    validate: field.boolean('Looks for the method when the route is compiled, not at the first call.').default(true),
  },
  expression: (source, options, context) => {
    const [beanName, methodSource] = target(source, options);
    const call = parseBeanMethod(methodSource, context);
    const find = (): unknown => lookup(beanName, options, context);
    if (options.scope !== 'Singleton') return perCall(find(), call);
    const bean = beanInstance(find());
    const run = beanMethod(bean, call.name);
    if (run !== null) return compiled(run, call);
    if (options.validate) throw new ExpressionSyntaxError(methodMissing(bean, call.name).message);
    return (exchange) => {
      const late = beanMethod(bean, call.name);
      if (late === null) throw methodMissing(bean, call.name);
      return guarded(callBeanMethod(late, exchange, values(late, call, exchange)), call);
    };
  },
});

/** `method: name` or `method: name?method=m` (Camel's short text), else the options. */
function target(source: string, options: { readonly ref: string | undefined; readonly method: string | undefined; readonly beanType: string | undefined }): [string | undefined, string | undefined] {
  if (options.ref !== undefined || options.beanType !== undefined || source === '') return [options.ref, options.method];
  const query = /^([^?]+)\?method=(.+)$/s.exec(source);
  if (query !== null) return [query[1], options.method ?? query[2]];
  return [source, options.method];
}

function lookup(name: string | undefined, options: { readonly beanType: string | undefined }, context: LanguageContext): unknown {
  if (name !== undefined) {
    const plain = name.replace(/^#?bean:/, '').replace(/^#/, '');
    const bean = context.bean(plain) ?? context.bean(name);
    if (bean !== undefined) return bean;
    const near = nearest(plain, context.beanNames());
    throw new ExpressionSyntaxError(`No bean could be found in the registry for: ${name}`, 0, 1, near === null ? null : `did you mean \`${near}\`?`);
  }
  const { beanType } = options;
  if (beanType === undefined) throw new ExpressionSyntaxError('`method` needs `ref` or `beanType`');
  const bean = context.bean(beanType) ?? beanOfType(beanType);
  if (bean === undefined) throw new ExpressionSyntaxError(`no class ${beanType} here`, 0, 1, 'register a JavaScript class under this name in `beans:`');
  return bean;
}

const values = (run: (...args: unknown[]) => unknown, call: BeanMethod, exchange: Exchange): unknown[] | null => (call.args === null ? null : argumentsOf(run, call.args, exchange));

function compiled(run: (...args: unknown[]) => unknown, call: BeanMethod): Expression {
  const isAsync = isAsyncCallable(run);
  const { args } = call;
  const value: Expression = isAsync
    ? async (exchange) => (await callBeanMethod(run, exchange, values(run, call, exchange))) ?? null
    : args !== null && args.length === 1
      ? (exchange) => guarded(run(toPlainNumbers(argumentsOf(run, args, exchange)[0])), call)
      : (exchange) => guarded(callBeanMethod(run, exchange, values(run, call, exchange)), call);
  return Object.assign(value, { isAsync });
}

function perCall(bean: unknown, call: BeanMethod): Expression {
  const first = beanMethod(newBeanInstance(bean), call.name);
  const isAsync = isAsyncCallable(first);
  const invoke = (exchange: Exchange): unknown => {
    const instance = newBeanInstance(bean);
    const run = beanMethod(instance, call.name);
    if (run === null) throw methodMissing(instance, call.name);
    return callBeanMethod(run, exchange, values(run, call, exchange));
  };
  const value: Expression = isAsync ? async (exchange) => (await invoke(exchange)) ?? null : (exchange) => guarded(invoke(exchange), call);
  return Object.assign(value, { isAsync });
}

/** What compiled as synchronous must not give a promise. */
function guarded(result: unknown, call: BeanMethod): unknown {
  if (result === undefined) return null;
  if (!isPromise(result)) return result;
  result.then(undefined, () => undefined);
  throw new ExchangeError('java.lang.IllegalStateException', `${call.name ?? 'the bean'} gives a promise: declare it \`async\``);
}

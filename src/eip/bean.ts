import { defineEip } from '../core/definition.ts';
import { beanMethod, beanOfType, callBeanMethod, methodMissing, newBeanInstance, parseBeanMethod } from '../core/bean.ts';
import type { Exchange } from '../core/exchange.ts';
import { field } from '../core/field.ts';
import { isPromise, perform } from '../core/flow.ts';

const take = (exchange: Exchange, result: unknown): void => {
  if (result !== undefined) exchange.body = result;
};

export const bean = defineEip({
  name: 'bean',
  summary: 'Calls a method of a JavaScript bean; what it returns becomes the body.',
  shorthand: 'ref',
  options: {
    ref: field.string('The bean; `#module:./file.mjs` names a module.'),
    method: field.string('The method, with arguments if it needs others than the message: `price(${body}, 2)`.'),
    beanType: field.string('Class to call instead of a bean.'),
    scope: field.enum('Singleton: one instance. Request and Prototype: a new one each time.', ['Singleton', 'Request', 'Prototype']).default('Singleton'),
  },
  operator: ({ ref, method, beanType, scope }, context) => {
    const { info } = context;
    if (ref === undefined && beanType === undefined) throw new Error('`bean` needs `ref` or `beanType`');
    const target = ref !== undefined ? context.bean<unknown>(ref, 'Object') : (beanOfType(beanType!) ?? context.bean<unknown>(`#class:${beanType!}`, 'Object'));
    const { name, args } = parseBeanMethod(method, context.languages);
    const found = beanMethod(target, name);
    if (found === null) throw methodMissing(target, name);
    const methodOf = scope === 'Singleton' ? () => found : () => beanMethod(newBeanInstance(target), name) ?? found;
    const isAsync = args !== null && args.some((argument) => argument.isAsync === true);
    return perform((exchange) => {
      if (isAsync) {
        return Promise.all(args.map((argument) => argument(exchange))).then((values) => Promise.resolve(callBeanMethod(methodOf(), exchange, values)).then((result) => take(exchange, result)));
      }
      const result = callBeanMethod(methodOf(), exchange, args === null ? null : args.map((argument) => argument(exchange)));
      return isPromise(result) ? result.then((value) => take(exchange, value)) : take(exchange, result);
    }, info);
  },
});

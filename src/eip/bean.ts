import { defineEip } from '../core/definition.ts';
import { beanCall, beanInstance, beanMethod, beanOfType, methodMissing, newBeanInstance, parseBeanMethod } from '../core/bean.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/flow.ts';

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
  examples: [
    {
      title: 'Call a method of a module',
      route: '- from:\n    uri: direct:start\n    steps:\n      - bean:\n          ref: "#module:./examples/modules/tax.mjs"\n          method: gross(${body})\n      - to: mock:out\n',
      in: [10, 2.5],
      out: { 'mock:out': [12, 3] },
    },
  ],
  operator: ({ ref, method, beanType, scope }, context) => {
    const { info } = context;
    if (ref === undefined && beanType === undefined) throw new Error('`bean` needs `ref` or `beanType`');
    const target = ref !== undefined ? context.bean<unknown>(ref, 'Object') : (beanOfType(beanType!) ?? context.bean<unknown>(`#class:${beanType!}`, 'Object'));
    const { name, args } = parseBeanMethod(method, context.languages);
    const found = beanMethod(target, name);
    if (found === null) throw methodMissing(target, name);
    const singleton = beanInstance(target);
    return perform(beanCall(scope === 'Singleton' ? () => singleton : () => newBeanInstance(target), { name, args }), info);
  },
});

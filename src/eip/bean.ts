import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { javaType } from '../core/beans/javaTypes.ts';
import { beanCall, beanInstance, beanMethod, beanOfType, methodMissing, newBeanInstance, parseBeanMethod } from '../core/beans/bean.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { missingOption } from '../core/optionError.ts';

/** Beans of the scope Request, by the delivery that they belong to. */
const requests = (shared: StepContext['shared']): WeakMap<object, Map<string, unknown>> => shared?.('beans of requests', () => new WeakMap()) ?? new WeakMap();

export const bean = defineEip({
  name: 'bean',
  ignoresDisabled: true,
  summary: 'Calls a method of a JavaScript bean; what it returns becomes the body.',
  shorthand: 'ref',
  options: {
    ref: field.string('The bean; `#module:./file.mjs` names a module.'),
    method: field.string('The method, with arguments if it needs others than the message: `price(${body}, 2)`.'),
    beanType: field.string('Class to call instead of a bean.'),
    scope: field.enum('Singleton: one instance. Request: one for each message, for all steps that it meets. Prototype: a new one each time.', ['Singleton', 'Request', 'Prototype']).default('Singleton'),
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
    if (ref === undefined && beanType === undefined) throw missingOption('`bean` says not which bean', 'add `ref` with a name that stands under `beans:`, or `beanType` with a class');
    const target = ref !== undefined ? context.bean<unknown>(ref, 'Object') : (beanOfType(beanType!) ?? context.bean<unknown>(`#class:${beanType!}`, 'Object'));
    const { name, args } = parseBeanMethod(method, context.languages);
    // A stand-in for a Java class whose method is no static one: an instance of it.
    const construct = ref === undefined && beanMethod(target, name) === null ? javaType(beanType!)?.construct : undefined;
    const make = construct === undefined ? () => newBeanInstance(target) : () => construct();
    const singleton = construct === undefined ? beanInstance(target) : construct();
    if (beanMethod(singleton, name) === null && beanMethod(target, name) === null) throw methodMissing(singleton, name);
    if (scope === 'Singleton') return perform(beanCall(() => singleton, { name, args }), info);
    if (scope === 'Prototype') return perform(beanCall(make, { name, args }), info);
    const ofRequests = requests(context.shared);
    const key = ref ?? beanType!;
    const find = (exchange: Exchange): unknown => {
      const unit = exchange.unitOfWork?.whole ?? exchange;
      let beans = ofRequests.get(unit);
      if (beans === undefined) ofRequests.set(unit, (beans = new Map()));
      if (!beans.has(key)) beans.set(key, make());
      return beans.get(key);
    };
    return perform(beanCall(find, { name, args }), info);
  },
});

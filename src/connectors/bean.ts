import { beanCall, beanInstance, beanMethod, beanOfType, newBeanInstance, parseBeanMethod } from '../core/beans/bean.ts';
import type { ConnectorContext, Endpoint, Producer } from '../core/connector.ts';
import { defineConnector } from '../core/connector.ts';
import { field } from '../core/field.ts';

type BeanEndpoint = Endpoint<typeof beanOptions>;

const beanOptions = {
  beanName: field.string('Name of the bean.').required().inPath(),
  method: field.string('Method to call, with arguments if it needs others than the message: `price(${body}, 2)`. May be left out when there is only one.'),
  scope: field.enum('Singleton: one instance. Request and Prototype: a new one for each call.', ['Singleton', 'Request', 'Prototype']).default('Singleton'),
  parameters: field.map('Properties to set on the bean.', field.string('Value.')).prefixed('bean.'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('there is nothing to start'),
};

const beanNamed = (reference: string, context: ConnectorContext): unknown => (reference.startsWith('#class:') ? beanOfType(reference.slice('#class:'.length)) : undefined) ?? context.bean<unknown>(reference);

const referenceOf = (beanName: string, isClass = false): string => (beanName.startsWith('module:') ? `#${beanName}` : isClass ? `#class:${beanName}` : beanName);

/** Calls a method of what `reference` names; the method is looked up when the first message comes, as in Camel. */
export function beanProducer(reference: string, { options: { method, scope, parameters } }: BeanEndpoint, context: ConnectorContext): Producer {
  const bean = beanNamed(reference, context);
  const call = parseBeanMethod(method, { expression: (_language, source) => context.simple(source) });
  const configured = (instance: unknown): unknown => {
    for (const [name, value] of Object.entries(parameters ?? {})) setProperty(instance, name, value);
    return instance;
  };
  const singleton = scope === 'Singleton' ? configured(beanInstance(bean)) : null;
  const find = scope === 'Singleton' ? () => singleton : () => configured(newBeanInstance(bean));
  return { send: beanCall(find, call) };
}

function setProperty(bean: unknown, name: string, value: string): void {
  const given = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value === 'true' || value === 'false' ? value === 'true' : value;
  const setter = beanMethod(bean, `set${name.charAt(0).toUpperCase()}${name.slice(1)}`);
  if (setter === null) throw new Error(`the bean has no property \`${name}\``);
  setter(given);
}

export const bean = defineConnector({
  scheme: 'bean',
  syntax: 'bean:beanName',
  summary: 'Calls a method of a JavaScript bean; what it returns becomes the body.',
  options: beanOptions,
  check: ({ options: { beanName } }, context) => void beanNamed(referenceOf(beanName), context),
  producer: (endpoint, context) => beanProducer(referenceOf(endpoint.options.beanName), endpoint, context),
});

export const classConnector = defineConnector({
  scheme: 'class',
  syntax: 'class:beanName',
  summary: 'Calls a method of a class: a well-known Java class, or one of a module (`class:module:./pricing.mjs`).',
  options: { ...beanOptions, beanName: field.string('Name of the class.').required().inPath() },
  check: ({ options: { beanName } }, context) => void beanNamed(referenceOf(beanName, true), context),
  producer: (endpoint, context) => beanProducer(referenceOf(endpoint.options.beanName, true), endpoint, context),
});

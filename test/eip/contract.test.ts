import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { jsonFormat } from '../contract/operator.ts';
import type { EipDefinition } from '../../src/core/definition.ts';
import type { Kit, OperatorLaw } from '../contract/operator.ts';
import { keepsOperatorContract, subjectOf } from '../contract/operator.ts';

/** What a definition needs beyond what its fields say. */
const chosen: Record<string, (kit: Kit) => Readonly<Record<string, unknown>>> = {
  aggregate: ({ context }) => {
    Object.assign(context, { aggregationStrategy: () => ({ aggregate: (_: unknown, exchange: unknown) => exchange }) });
    return { aggregationStrategy: 'any', completionSize: 2 };
  },
  bean: ({ context }) => {
    Object.assign(context, { bean: () => ({ work: () => 'done' }) });
    return { ref: 'any', method: 'work' };
  },
  choice: (kit) => ({
    when: [{ expression: kit.expression(false), steps: kit.steps(), disabled: false }, { expression: kit.expression(true), steps: kit.steps(), disabled: false }],
    otherwise: { steps: kit.steps(), disabled: false },
  }),
  circuitBreaker: (kit) => ({ onFallback: { steps: kit.steps() }, resilience4jConfiguration: { timeoutEnabled: true, timeoutDuration: 500, bulkheadEnabled: true, bulkheadMaxWaitDuration: 100 } }),
  claimCheck: () => ({ key: 'k' }),
  convertBodyTo: () => ({ type: 'String' }),
  convertHeaderTo: () => ({ type: 'String' }),
  convertVariableTo: () => ({ type: 'String' }),
  doTry: (kit) => ({
    doCatch: [{ exception: ['java.lang.Exception'], onWhen: { expression: kit.expression(true) }, steps: kit.steps(), disabled: false }],
    doFinally: { steps: kit.steps(), disabled: false },
  }),
  dynamicRouter: (kit) => {
    let turn = 0;
    const target = kit.expression('mock:any');
    return { expression: Object.assign((exchange: Parameters<typeof target>[0]) => (turn++ % 2 === 0 ? target(exchange) : null), {}) };
  },
  loadBalance: (kit) => ({ failoverLoadBalancer: { roundRobin: true, sticky: false, maximumFailoverAttempts: 3 }, steps: [kit.steps(), kit.steps()] }),
  loop: (kit) => ({ expression: kit.expression(3) }),
  multicast: (kit) => ({ steps: [kit.steps(), kit.steps()] }),
  pausable: ({ context }) => {
    Object.assign(context, { bean: (_: string, kind: string) => (kind === 'Predicate' ? () => true : { afterProcess: () => true }) });
    return {};
  },
  process: ({ context }) => {
    Object.assign(context, { bean: () => () => {} });
    return {};
  },
  recipientList: (kit) => ({ expression: kit.expression('mock:a,mock:b') }),
  resumable: ({ context }) => {
    Object.assign(context, { bean: () => ({ updateLastOffset: () => {} }) });
    return { intermittent: true };
  },
  routingSlip: (kit) => ({ expression: kit.expression('mock:a,mock:b') }),
  sort: (kit) => ({ expression: kit.expression([2, 1]) }),
  split: (kit) => ({ expression: kit.expression([1, 2, 3]) }),
  throttle: (kit) => ({ expression: kit.expression(2) }),
  throwException: () => ({ exceptionType: 'java.lang.Exception' }),
  tokenizer: () => ({ langChain4jWordTokenizer: { tokenizerType: 'OPEN_AI', maxTokens: 10, maxOverlap: 0 } }),
  transformDataType: () => ({ toType: 'text-plain' }),
};

const withFormats = new Set(['marshal', 'unmarshal']);

/** Laws that an operator can't keep, and why. */
const exceptions: Record<string, Partial<Record<OperatorLaw, string>>> = {};

const folder = new URL('../../src/eip/', import.meta.url);
const modules = await Promise.all(
  readdirSync(fileURLToPath(folder))
    .filter((file) => file.endsWith('.ts') && file !== 'index.ts')
    .map((file) => import(new URL(file, folder).href) as Promise<Record<string, unknown>>),
);
const definitions = modules
  .flatMap((module) => Object.values(module))
  .filter((value): value is EipDefinition => typeof value === 'object' && value !== null && 'operator' in value && 'name' in value);

for (const definition of definitions) {
  const { name } = definition;
  const choose = (kit: Kit): Readonly<Record<string, unknown>> => {
    if (withFormats.has(name)) Object.assign(kit.context, { dataFormat: () => jsonFormat });
    return chosen[name]?.(kit) ?? {};
  };
  keepsOperatorContract(name, subjectOf(definition, choose), exceptions[name] ?? {});
}

describe('every pattern', () => {
  it('says in one sentence what it does', () => {
    for (const { name, summary } of definitions) expect(summary, name).to.match(/^[A-Z].*[.]$/);
  });

  it('describes each of its options', () => {
    for (const { name, options } of definitions) {
      for (const [option, { shape }] of Object.entries(options)) expect(shape.description, `${name}.${option}`).to.not.equal('');
    }
  });
});

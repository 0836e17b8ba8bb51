import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/flow.ts';

export const setExchangePattern = defineEip({
  name: 'setExchangePattern',
  summary: 'Changes the pattern of the exchange from here on: InOnly sends without waiting, InOut asks for a reply.',
  shorthand: 'pattern',
  options: { pattern: field.enum('The new pattern.', ['InOnly', 'InOut']).required() },
  operator: ({ pattern }, { info }) => {
    const isInOut = pattern === 'InOut';
    return perform((exchange) => void (exchange.isInOut = isInOut), info);
  },
});

import { convertFields, convertStep } from '../core/graph/convertStep.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';

const values: Parameters<typeof convertStep>[1] = {
  missing: (name) => new ExchangeError('org.apache.camel.NoSuchVariableException', `No '${name}' variable available`),
  get: (exchange, name) => exchange.variable(name),
  set: (exchange, name, value) => exchange.setVariable(name, value),
};

export const convertVariableTo = defineEip({
  name: 'convertVariableTo',
  summary: 'Converts the value of a variable to another type; one that is not there fails the exchange, unless `mandatory` is false.',
  options: convertFields('variable'),
  examples: [
    {
      title: 'Keep a number beside the message',
      route: '- from:\n    uri: direct:start\n    steps:\n      - setVariable:\n          name: amount\n          simple: "${body}"\n      - convertVariableTo:\n          name: amount\n          type: int\n      - setBody:\n          variable: amount\n      - to: mock:out\n',
      in: ['12'],
      out: { 'mock:out': [12] },
    },
  ],
  operator: (options, context) => convertStep(options, values, context),
});

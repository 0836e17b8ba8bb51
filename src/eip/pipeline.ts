import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';

export const pipeline = defineEip({
  name: 'pipeline',
  ignoresDisabled: true,
  summary: 'Several steps in a row, as one step: inside `multicast` and `loadBalance` one branch.',
  interceptions: (isNested, steps) => (isNested || steps !== 1 ? 1 : 0),
  options: { steps: field.steps('The steps.').required() },
  examples: [
    {
      title: 'Group steps one after the other inside a multicast',
      route: '- from:\n    uri: direct:start\n    steps:\n      - multicast:\n          steps:\n            - pipeline:\n                steps:\n                  - setBody:\n                      simple: "${body}${body}"\n                  - to: mock:twice\n            - to: mock:once\n',
      in: ['a'],
      out: { 'mock:twice': ['aa'], 'mock:once': ['a'] },
    },
  ],
  operator: ({ steps }) => steps,
});

import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { detour, settled } from '../core/graph/flow.ts';

export const filter = defineEip({
  name: 'filter',
  summary: 'Sends only the exchanges that match a predicate through the inner steps; all go on after them.',
  options: {
    expression: field.predicate('Decides whether an exchange enters the inner steps.').required(),
    statusPropertyName: field.string('Exchange property that keeps the decision, as a boolean.'),
    steps: field.steps('What a matching exchange goes through.').required(),
  },
  examples: [
    {
      title: 'Keep large orders',
      route: '- from:\n    uri: direct:start\n    steps:\n      - filter:\n          simple: "${body} > 10"\n          steps:\n            - to: mock:large\n      - to: mock:all\n',
      in: [5, 50],
      out: { 'mock:large': [50], 'mock:all': [5, 50] },
    },
  ],
  operator: ({ expression, statusPropertyName, steps }, { info }) =>
    settled(expression, info, (matches) => {
      if (statusPropertyName === undefined) return detour(steps, matches, info);
      return detour(
        steps,
        (exchange) => {
          const isMatch = matches(exchange);
          exchange.properties.set(statusPropertyName, isMatch);
          return isMatch;
        },
        info,
      );
    }),
});

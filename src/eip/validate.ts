import { defineEip } from '../core/definition.ts';
import { ExchangeError, toExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Predicate } from '../core/expression.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/graph/flow.ts';

/** Makes the exception of a message that does not match, as Camel's PredicateExceptionFactory does. */
type ExceptionFactory =
  | ((exchange: Exchange, predicate: Predicate, stepId: string) => unknown)
  | { newPredicateException(exchange: Exchange, predicate: Predicate, stepId: string): unknown };

export const validate = defineEip({
  name: 'validate',
  summary: 'Fails the exchanges that do not match a predicate.',
  options: {
    expression: field.predicate('What must hold.').required(),
    predicateExceptionFactory: field.string('Bean that makes the exception: a function of exchange, predicate and step id, or an object with `newPredicateException`.'),
  },
  examples: [
    {
      title: 'Refuse what does not fit',
      route: '- from:\n    uri: direct:start\n    steps:\n      - doTry:\n          steps:\n            - validate:\n                simple: "${body} > 0"\n            - to: mock:valid\n          doCatch:\n            - exception:\n                - org.apache.camel.support.processor.PredicateValidationException\n              steps:\n                - to: mock:invalid\n',
      in: [5, -1],
      out: { 'mock:valid': [5], 'mock:invalid': [-1] },
    },
  ],
  operator: ({ expression, predicateExceptionFactory }, context) => {
    const { info } = context;
    const factory = predicateExceptionFactory === undefined ? null : context.bean<ExceptionFactory>(predicateExceptionFactory, 'PredicateExceptionFactory');
    const failure = (exchange: Exchange): unknown => {
      const made =
        factory === null ? null : typeof factory === 'function' ? factory(exchange, expression, info.stepId) : factory.newPredicateException(exchange, expression, info.stepId);
      if (made !== null && made !== undefined) return toExchangeError(made);
      return new ExchangeError(
        'org.apache.camel.support.processor.PredicateValidationException',
        `Validation failed for Predicate[${expression.label ?? 'predicate'}]. Exchange[${exchange.id}]`,
      );
    };
    return performWith(
      expression,
      (exchange, isValid) => {
        if (!isValid) throw failure(exchange);
      },
      info,
    );
  },
});

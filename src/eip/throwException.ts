import { defineEip } from '../core/definition.ts';
import { dynamicTextOrNull } from '../core/graph/dynamicText.ts';
import { classDistance, ExchangeError, toExchangeError } from '../core/errors.ts';
import { exceptionClasses } from '../core/exceptionClasses.ts';
import { checkExceptionClass } from '../core/exceptionClassCheck.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';
import { missingOption } from '../core/optionError.ts';

/** Why Camel can't make an exception of a class: it has no constructor with a text (or without one), or is no Exception. Null where it can. */
function refusalToMake(type: string, hasText: boolean): ExchangeError | null {
  const known = exceptionClasses().get(type);
  if (known === undefined) return null;
  if (!(hasText ? known.takesText : known.takesNothing)) return new ExchangeError('java.lang.NoSuchMethodException', `${type}.<init>(${hasText ? 'java.lang.String' : ''})`);
  if (classDistance(type, 'java.lang.Exception') >= 0) return null;
  return new ExchangeError('java.lang.ClassCastException', `class ${type} cannot be cast to class java.lang.Exception (${type} and java.lang.Exception are in module java.base of loader 'bootstrap')`);
}

const notMade = (type: string, cause: ExchangeError): ExchangeError =>
  new ExchangeError('org.apache.camel.CamelExchangeException', `Error creating new instance of class ${type}. Exchange[]. Caused by: [${cause.type} - ${cause.message}]`, { cause });

export const throwException = defineEip({
  name: 'throwException',
  summary: 'Fails the exchange with an exception.',
  ends: 'failing',
  options: {
    exceptionType: field.string('Class of the exception, such as `java.lang.IllegalStateException`, or a plain name of your own by which `onException` and `doCatch` find it.'),
    message: field.string('Text of the exception; may hold Simple.'),
    ref: field.string('Bean that is the exception itself.'),
  },
  examples: [
    {
      title: 'Refuse what is too large',
      route: `- from:
    uri: direct:start
    steps:
      - doTry:
          steps:
            - filter:
                simple: "\${body} > 10"
                steps:
                  - throwException: { exceptionType: java.lang.IllegalArgumentException, message: "\${body} is too large" }
          doCatch:
            - exception: [ java.lang.IllegalArgumentException ]
              steps:
                - setBody: { simple: "\${exception.message}" }
      - to: mock:out
`,
      in: [5, 50],
      out: { 'mock:out': [5, '50 is too large'] },
    },
  ],
  operator: ({ exceptionType, message, ref }, context) => {
    const { info } = context;
    if (ref !== undefined) {
      const bean = context.bean<unknown>(ref, 'Exception');
      return perform(() => {
        throw toExchangeError(bean);
      }, info);
    }
    if (exceptionType === undefined) throw missingOption('`throwException` says not what to throw', 'add `exceptionType: java.lang.IllegalStateException`, or `ref` with the name of a bean');
    checkExceptionClass(exceptionType, context.at, context.problems);
    const refusal = refusalToMake(exceptionType, message !== undefined);
    if (refusal !== null) {
      return perform(() => {
        throw notMade(exceptionType, refusal);
      }, info);
    }
    if (message === undefined) {
      return perform(() => {
        throw new ExchangeError(exceptionType, null);
      }, info);
    }
    const text = dynamicTextOrNull(message, context);
    const made = (saying: string | null): never => {
      throw new ExchangeError(exceptionType, saying);
    };
    const unmade = (thrown: unknown): never => {
      throw notMade(exceptionType, toExchangeError(thrown));
    };
    if (text.isAsync === true) return perform(async (exchange) => made(await (text(exchange) as unknown as Promise<string | null>).catch(unmade)), info);
    return perform((exchange) => {
      let saying: string | null;
      try {
        saying = text(exchange);
      } catch (thrown) {
        return unmade(thrown);
      }
      made(saying);
    }, info);
  },
});

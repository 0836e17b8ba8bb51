import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { ExchangeError } from '../../../src/core/errors.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { functionNames } from '../../../src/languages/simple/functions.ts';
import { evaluate, exchangeWith, simpleContext } from './simpleContext.ts';

const pieces = ['${', '}', '$simple{', '(', ')', '[', ']', "'", '"', ',', '.', '?', ':', '~>', '?~>', '?:', '++', '--', '==', '&&', '||', ' ', '\\', '\n', '$', '$init{', '}init$', ':=', 'true', 'null', '5', '-1.5', 'ä', '😀', '\0'];
const words = ['body', 'header.a', 'header', 'contains', 'in', 'range', 'date:now', 'x', ...functionNames()];

const source = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.array(fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...words), fc.string({ maxLength: 3 })), { maxLength: 25 }).map((parts) => parts.join('')),
  fc.tuple(fc.constantFrom(...functionNames()), fc.array(fc.oneof(fc.constantFrom(...pieces), fc.constantFrom(...words)), { maxLength: 6 })).map(([name, inner]) => `\${${name}(${inner.join('')})}`),
);

/** What happens to be an error when it runs is one that a route can catch, or one of the syntax. */
function survives(run: () => void): void {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof ExpressionSyntaxError) expect(thrown.offset).to.be.at.least(0);
    else if (!(thrown instanceof ExchangeError)) throw thrown;
  }
}

describe('laws of simple', () => {
  it('no source makes the compiler throw anything but ExpressionSyntaxError', () =>
    fc.assert(
      fc.property(source, (text) => {
        const context = simpleContext({ languages: { jsonpath: { name: 'jsonpath', summary: '', options: {}, expression: () => () => null } } });
        for (const kind of ['expression', 'predicate'] as const) {
          try {
            context[kind]('simple', text);
          } catch (thrown) {
            expect(thrown, `${kind} ${JSON.stringify(text)}`).to.be.instanceOf(ExpressionSyntaxError);
            const { offset, length } = thrown as ExpressionSyntaxError;
            expect(offset, 'offset').to.be.within(0, text.length);
            expect(length, 'length').to.be.at.least(0);
          }
        }
      }),
      { numRuns: 1500 },
    ));

  it('whatever compiles fails only with errors that a route can catch', () =>
    fc.assert(
      fc.property(source, fc.oneof(fc.jsonValue(), fc.string()), (text, body) => {
        const message = { body, headers: { a: body, b: 'text' } };
        const context = simpleContext();
        survives(() => void context.expression('simple', text)(exchangeWith(message)));
        survives(() => void context.predicate('simple', text)(exchangeWith(message)));
      }),
      { numRuns: 1500 },
    ));

  it('a text without $, \\, ~> and ?: stands for itself', () =>
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fc.pre(!/[$\\]|~>|\?:/.test(text)) === undefined && evaluate(text) === text)));

  it('text around a function stays as it is', () =>
    fc.assert(
      fc.property(fc.stringMatching(/^[\w äö.,{}()'"]*$/), fc.stringMatching(/^[\w äö.,{()'"]*$/), fc.string(), (before, after, body) => {
        expect(evaluate(`${before}\${body}${after}`, { body })).to.equal(before === '' && after === '' ? body : before + body + after);
      }),
    ));

  it('knows every function of Camel’s catalogue, if only to say that it is not there', () => {
    const listed = JSON.parse(readFileSync(new URL('functions.json', import.meta.url), 'utf8')) as string[];
    const known = functionNames();
    const missing = listed.filter((name) => !known.includes(name));
    expect(missing).to.deep.equal([]);
  });
});

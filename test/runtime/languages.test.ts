import { expect } from 'chai';
import { defineLanguage } from '../../src/core/definition.ts';
import { Diagnostics, showSpan, Source } from '../../src/core/diagnostics.ts';
import { Exchange } from '../../src/core/exchange/exchange.ts';
import { field } from '../../src/core/field.ts';
import type { Expression } from '../../src/core/expression.ts';
import type { ExpressionModel } from '../../src/dsl/model.ts';
import { Languages } from '../../src/runtime/languages.ts';
import { standardParts } from '../../src/runtime/standard.ts';

describe('the languages of a runtime', () => {
  const logged: string[] = [];
  const later = defineLanguage({
    name: 'later',
    summary: 'For tests: gives its source, later.',
    options: { suffix: field.string('Stands behind it.').default('!') },
    expression: (source, { suffix }) => Object.assign(async () => `${source}${String(suffix)}`, { isAsync: true }) as unknown as Expression,
  });
  const languages = new Languages(
    { ...standardParts.languages, later: later as never },
    {
      property: (key) => ({ known: 'value' })[key],
      bean: () => undefined,
      beanNames: () => [],
      resource: (uri) => {
        if (uri !== 'resource:file.txt') throw new Error(`no resource ${uri}`);
        return '  ${body} from a file ';
      },
      environment: {},
      log: (_level, message) => void logged.push(message),
    },
  );
  const exchange = new Exchange(undefined, 'b');
  const value = (language: string, source: string, options = {}): unknown => languages.expression(language, source, options)(exchange);
  const holds = (language: string, source: string, options = {}): unknown => languages.predicate(language, source, options)(exchange);

  it('convert what an expression gives to its resultType, whatever the language', async () => {
    expect(value('constant', '42', { resultType: 'java.lang.Integer' })).to.equal(42);
    expect(value('simple', '${body}1', { resultType: 'java.lang.String' })).to.equal('b1');
    expect(value('header', 'x', { resultType: 'java.lang.String' })).to.equal(null);
    expect(await value('later', '7', { suffix: '', resultType: 'int' })).to.equal(7);
  });

  it('take blanks off a source, unless they are told not to', () => {
    expect(value('constant', '  x ')).to.equal('x');
    expect(value('constant', '  x ', { trim: false })).to.equal('  x ');
  });

  it('read a source from a resource, and take no blanks off it', () => {
    expect(value('simple', ' resource:file.txt ')).to.equal('  b from a file ');
  });

  it('decide by what an expression gives where a language has no predicates of its own', async () => {
    expect([holds('constant', 'true'), holds('constant', 'false'), holds('header', 'none')]).to.deep.equal([true, false, false]);
    expect(await holds('later', 'true', { suffix: '' })).to.equal(true);
    expect(languages.predicate('later', 'x', {}).isAsync).to.equal(true);
    expect([holds('simple', "${body} == 'b'"), holds('simple', "${body} == 'c'")]).to.deep.equal([true, false]);
  });

  it('fill in defaults of options, and label what they compile for histories', async () => {
    expect(await value('later', 'x')).to.equal('x!');
    expect(languages.expression('constant', 'x', {}).label).to.equal('constant{x}');
  });

  it('say which language is near one that there is not', () => {
    expect(() => value('simpel', 'x')).to.throw('unknown language `simpel`').with.property('help', 'did you mean `simple`?');
  });

  describe('compiled from a file', () => {
    const text = '- setBody:\n    simple: "  ${body.}"\n';
    const source = new Source('a.yaml', text);
    const start = text.indexOf('  ${body.}');
    const model = (language: string, written: string, at: { start: number; end: number } | null): ExpressionModel => ({
      type: 'expression',
      language,
      source: written,
      options: {},
      at: { source, start: 2, end: 9 },
      sourceAt: at === null ? null : { source, ...at },
    });

    it('point into the source, blanks before it counted, and go on with an expression that gives nothing', () => {
      const problems = new Diagnostics();
      const compiled = languages.compile(model('simple', '  ${foo(}', { start, end: start + 10 }), problems);
      const [problem] = problems.sorted();
      expect(problem!.code).to.equal('M0301');
      expect(problem!.at!.start).to.be.at.least(start + 2);
      expect(showSpan(problem!.at!)).to.match(/^a\.yaml:2:/);
      expect(problem!.docs).to.equal('docs/languages/simple.md');
      expect(compiled(exchange)).to.equal(null);
      const more = new Diagnostics();
      expect(languages.compilePredicate(model('simple', '${foo(}', null), more)(exchange)).to.equal(false);
      expect(more.sorted().map(({ at }) => at!.start)).to.deep.equal([2]);
    });

    it('tell what else is wrong as a problem, too', () => {
      const problems = new Diagnostics();
      languages.compile(model('simple', 'resource:missing.txt', null), problems);
      expect(problems.sorted().map(({ code, message }) => `${code} ${message}`)).to.deep.equal(['M0302 simple: no resource resource:missing.txt']);
    });
  });
});

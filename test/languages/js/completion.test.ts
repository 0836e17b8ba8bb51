import { Script } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import type { QuickJSContext, QuickJSRuntime, QuickJSSyncVariant } from 'quickjs-emscripten-core';
import { newQuickJSWASMModuleFromVariant } from 'quickjs-emscripten-core';
import { functionBody } from '../../../src/languages/js/completion.ts';

describe('the value of a script as a function', () => {
  let runtime: QuickJSRuntime;
  let context: QuickJSContext;
  let end = 0;

  before(async () => {
    const { default: variant } = await import('@jitl/quickjs-wasmfile-release-sync');
    const module = await newQuickJSWASMModuleFromVariant('default' in variant ? (variant as unknown as { default: QuickJSSyncVariant }).default : (variant as QuickJSSyncVariant));
    runtime = module.newRuntime();
    runtime.setInterruptHandler(() => performance.now() > end);
    context = runtime.newContext();
  });
  after(() => {
    context.dispose();
    runtime.dispose();
  });

  const show = '((value) => (typeof value === "function" ? "a function" : String(JSON.stringify(value))))';
  /** What a program of QuickJS gives; null where it does not end. */
  const run = (code: string): string | null => {
    end = performance.now() + 200;
    const result = context.evalCode(code);
    const handle = result.error ?? result.value;
    const given = context.dump(handle) as unknown;
    handle.dispose();
    if (result.error === undefined) return given as string;
    const { name, message } = (typeof given === 'object' && given !== null ? given : { message: String(given) }) as { name?: string; message: string };
    return message === 'interrupted' ? null : `throws ${name ?? message}`;
  };
  const evaluated = (source: string): string | null => run(`${show}((function (source) { return eval(source); })(${JSON.stringify(source)}))`);
  const compiled = (body: string): string | null => run(`${show}(new Function(${JSON.stringify(body)})())`);
  const isScript = (source: string): boolean => {
    try {
      return new Script(source) instanceof Script;
    } catch {
      return false;
    }
  };

  const expression = fc.constantFrom(
    ...['1', '2', 'x', 'y', 'x + y', 'x++', 'y = 3', '"s;//"', '(x, y)', '(x)', '/a;b/.test("a;b")', 'x / y / 2', '[x].map((v) => { v; return v; })[0]', '`t${x}`'],
    ...['(function () { 7; })()', '({ a: x }).a', 'void 0', 'x\n++\ny', '"use strict"', 'x /* ; */', 'x // ;\n', 'x ? y : 0', 'async () => 1', 'new (class { a = 1; })().a'],
  );
  const { statement } = fc.letrec<{ statement: string }>((tie) => {
    const one = tie('statement');
    const list = fc.array(one, { maxLength: 3 }).map((statements) => statements.join(''));
    // Behind an empty `catch` QuickJS and V8 have what a `finally` before kept, ECMAScript and we have nothing.
    const handlers = list.map((statements) => `'caught';${statements}`);
    return {
      statement: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        fc.tuple(expression, fc.constantFrom(';', '\n', ' ;\n', ' /* } */;', '; // }\n')).map(([text, ending]) => text + ending),
        fc.constantFrom(';', 'let z = 4;', 'var w = 5\n', 'function f() { 1; }', 'class K {}\n', 'break;', 'continue;', 'break a;', 'continue l;', 'throw 0;', 'const q = () => { 3; }\n', '{}'),
        list.map((inner) => `{${inner}}`),
        fc.tuple(expression, one, fc.option(one)).map(([condition, then, other]) => `if (${condition}) ${then}${other === null ? '' : ` else ${other}`}`),
        fc.tuple(list, handlers).map(([inner, handler]) => `try {${inner}} catch (e) {${handler}}`),
        fc.tuple(list, list).map(([inner, last]) => `try {${inner}} finally {${last}}`),
        fc.tuple(list, handlers, list).map(([inner, handler, last]) => `try {${inner}} catch {${handler}} finally {${last}}`),
        one.map((inner) => `for (let i = 0; i < 2; i++) ${inner}`),
        one.map((inner) => `for (const k of [1, 2]) ${inner}`),
        one.map((inner) => `for (var k in { p: 1, q: 2 }) ${inner}`),
        one.map((inner) => `var m = 0; while (m++ < 2) ${inner}`),
        one.map((inner) => `do ${inner} while (false)`),
        fc.tuple(list, list, list).map(([first, second, other]) => `switch (x) { case 1: ${first} case 2: ${second} default: ${other} }`),
        one.map((inner) => `a: ${inner}`),
        one.map((inner) => `l: for (const r of [1, 2]) ${inner}`),
        list.map((inner) => `a: {${inner}}`),
      ),
    };
  });

  it('is what `eval` gives, whatever statements the script has', () => {
    let compared = 0;
    const programs = fc.tuple(fc.boolean(), fc.array(statement, { minLength: 1, maxLength: 5 })).map(([isStrict, statements]) => `${isStrict ? "'use strict';\n" : ''}var x = 1, y = 2;${statements.join('')}`);
    fc.assert(
      fc.property(programs.filter(isScript), (source) => {
        const body = functionBody(source, []);
        // A parser that is stricter than an engine leaves the script to `eval`.
        if (body === null) return;
        const [wanted, given] = [evaluated(source), compiled(body)];
        if (wanted === null || given === null) return;
        expect(given, `${source}\n---\n${body}`).to.equal(wanted);
        compared++;
      }),
      { numRuns: 300 },
    );
    expect(compared).to.be.above(200);
  }).timeout(60_000);

  it('is left to `eval` where a function is something else', () => {
    for (const source of ['arguments.length', 'eval("1")', 'with ({ a: 1 }) a', 'var a = 1; delete a', "'use strict'; this", 'let body = 1; body', 'const { a: { headers } } = { a: {} }; headers', 'function body() {} body', 'class body {}']) {
      expect(functionBody(source, ['body', 'headers']), source).to.equal(null);
    }
    // In texts, comments and as names of something else they are nothing special.
    for (const source of ['// with arguments\n1', '"eval"', 'let o = { a: 1 }; delete o.a; o', 'var body; body', '/* delete x */ 1', 'this']) expect(functionBody(source, ['body']), source).to.be.a('string');
  });
});

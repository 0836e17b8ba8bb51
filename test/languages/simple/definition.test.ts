import { expect } from 'chai';
import { ExchangeError } from '../../../src/core/errors.ts';
import { simple } from '../../../src/languages/simple/definition.ts';
import { complaint, evaluate, exchangeWith, holds, simpleContext } from './simpleContext.ts';

const body = (value: unknown): { body: unknown } => ({ body: value });

describe('simple', () => {
  for (const { expression, body: given, gives } of simple.examples!) {
    it(`gives ${JSON.stringify(gives)} for ${expression}`, () => expect(evaluate(expression, body(given))).to.deep.equal(gives));
  }

  describe('as a text', () => {
    it('keeps the type of one function alone, and makes text of everything else', () => {
      expect(evaluate('${body}', body([1, 2]))).to.deep.equal([1, 2]);
      expect(evaluate('${body}!', body([1, 2]))).to.equal('[1, 2]!');
      expect(evaluate('${header.none}')).to.equal(null);
      expect(evaluate('[${header.none}]')).to.equal('[]');
    });

    it('finds headers by any spelling of their name', () => {
      expect(evaluate('${header.content-TYPE}', { headers: { 'Content-Type': 'text/plain' } })).to.equal('text/plain');
      expect(evaluate('${header.${header.which}}', { headers: { which: 'A', a: 1 } })).to.equal(1);
    });

    it('does not evaluate comparisons', () => expect(evaluate('${body} > 3', body(5))).to.equal('5 > 3'));

    it('evaluates a comparison when the result is to be a boolean', () => {
      expect(evaluate('${body} > 3', body(5), { options: { resultType: 'boolean' } })).to.equal(true);
    });

    it('hands a value on with ~> and leaves the body as it was', () => {
      const exchange = exchangeWith(body(' a '));
      const expression = simpleContext().expression('simple', "${trim()} ~> ${uppercase()} ~> ${concat($param,'!')}");
      expect(expression(exchange)).to.equal('A!');
      expect(exchange.body).to.equal(' a ');
    });

    it('puts the body back when a function behind ~> fails', () => {
      const exchange = exchangeWith(body('abc'));
      const expression = simpleContext().expression('simple', "${uppercase()} ~> ${throwException('no')}");
      expect(() => expression(exchange)).to.throw(ExchangeError, 'no');
      expect(exchange.body).to.equal('abc');
    });

    it('evaluates a nested expression that comes with the message', () => {
      expect(evaluate('${header.e}', { headers: { e: '${uppercase()}' }, body: 'a' }, { options: { nested: true } })).to.equal('A');
    });

    it('trims and lays out a result', () => {
      expect(evaluate(' ${body} ', body('a'), { options: { trimResult: true } })).to.equal('a');
      expect(evaluate('{"a":1}', {}, { options: { pretty: true } })).to.equal('{\n\t"a": 1\n}\n');
    });

    it('reads its source from a resource', () => {
      expect(evaluate('resource:classpath:hello.txt', body('x'), { resources: { 'resource:classpath:hello.txt': 'Hello ${body}' } })).to.equal('Hello x');
    });
  });

  describe('as a condition', () => {
    it('evaluates && and || from the left, without precedence', () => {
      expect(holds("${body} == 'a' || ${body} == 'a' && ${body} == 'b'", body('a'))).to.equal(false);
    });

    it('compares numbers in texts as numbers', () => {
      expect(holds("${body} > '9'", body('10'))).to.equal(true);
      expect(holds('${body} == 5', body('5'))).to.equal(true);
      expect(holds('${body[amount]} >= 1000', body({ amount: 1000 }))).to.equal(true);
    });

    it('takes no order between what has none', () => expect(() => holds('${body} > 5', body(true)) || holds('${body} < 5.5', body(false))).to.throw(ExchangeError, 'no order'));

    it('matches patterns in linear time, those that look around too when the route has them', () => {
      expect(holds("${body} regex '(a+)+b'", body('a'.repeat(5000)))).to.equal(false);
      expect(holds("${body} regex '(?=a).*c'", body('abc'))).to.equal(true);
      expect(() => holds('${body} regex ${header.p}', { body: 'abc', headers: { p: '(?=a).*' } })).to.throw(ExchangeError, 'bad regular expression');
    });
  });

  describe('paths', () => {
    const order = { lines: [{ name: 'pen' }, { name: 'ink' }], 'a b': 1 };
    it('read maps, lists and the ends of lists', () => {
      expect(evaluate('${body[lines][0][name]}', body(order))).to.equal('pen');
      expect(evaluate('${body[lines][last][name].toUpperCase()}', body(order))).to.equal('INK');
      expect(evaluate("${body['a b']}", body(order))).to.equal(1);
      expect(evaluate('${body[lines].size}', body(order))).to.equal(2);
    });

    it('never reach what every object inherits', () => {
      for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) expect(evaluate(`\${body[${name}]}`, body({}))).to.equal(null);
      expect(() => evaluate('${body.constructor}', body({}))).to.throw(ExchangeError, 'Method with name: constructor not found');
      expect(() => evaluate('${body.__proto__}', body({}))).to.throw(ExchangeError);
    });

    it('fail with the class that Camel throws', () => {
      const failure = (source: string, value: unknown): string[] => {
        try {
          evaluate(source, body(value));
        } catch (thrown) {
          return [(thrown as ExchangeError).name, ((thrown as Error).cause as ExchangeError | undefined)?.name ?? ''];
        }
        return [];
      };
      expect(failure('${body.nope}', {})).to.deep.equal(['RuntimeBeanExpressionException', 'MethodNotFoundException']);
      expect(failure('${body[9]}', [])).to.deep.equal(['RuntimeBeanExpressionException', 'IndexOutOfBoundsException']);
      expect(failure('${convertTo(Integer)}', 'x')).to.deep.equal(['TypeConversionException', 'NumberFormatException']);
    });
  });

  describe('init blocks', () => {
    it('set variables and define functions', () => {
      const source = "$init{\n  $who := ${uppercase()};\n  $loud ~:= ${trim()} ~> ${concat(${body},'!')};\n}init$\nHello $who, ${loud(' hi ')}";
      expect(evaluate(source, body('ann'))).to.equal('Hello ANN, hi!');
    });

    it('must be closed and made of statements', () => {
      expect(complaint('$init{ $a := 1;').message).to.equal('`$init{` is not closed');
      expect(complaint('$init{\n nonsense\n}init$').offset).to.equal(8);
    });
  });

  describe('around the exchange', () => {
    it('calls beans, also with arguments', () => {
      const beans = { prices: { net: (value: number) => value * 2, vat: () => 19 } };
      expect(evaluate('${bean:prices.net}', body(4), { beans })).to.equal(8);
      expect(evaluate('${bean:prices?method=vat}', {}, { beans })).to.equal(19);
      expect(evaluate('${bean:prices.net(${header.n})}', { headers: { n: 5 } }, { beans })).to.equal(10);
    });

    it('waits for a bean that gives a promise, alone or within text', async () => {
      const beans = { slow: { get: async () => Promise.resolve('late') } };
      const context = simpleContext({ beans });
      const alone = context.expression('simple', '${bean:slow.get}');
      const text = context.expression('simple', 'too ${bean:slow.get}!');
      expect([alone.isAsync, text.isAsync]).to.deep.equal([true, true]);
      expect(await alone(exchangeWith())).to.equal('late');
      expect(await text(exchangeWith())).to.equal('too late!');
    });

    it('shows of the environment only what it was given', () => {
      expect(evaluate('${env.HOME}')).to.equal(null);
      expect(evaluate('${env.HOME}', {}, { environment: { HOME: '/home/a' } })).to.equal('/home/a');
    });

    it('reads properties with defaults', () => {
      expect(evaluate('${properties:a.b:x}', {}, { properties: { 'a.b': 'ab' } })).to.equal('ab');
      expect(evaluate('${properties:nope:x:y}')).to.equal('x:y');
      expect(() => evaluate('${properties:nope}')).to.throw(ExchangeError, 'nope');
    });

    it('formats dates in any zone, by the exchange’s clock', () => {
      const now = Date.UTC(2024, 1, 29, 23, 5, 9, 7);
      expect(evaluate("${date-with-timezone:now:UTC:yyyy-MM-dd'T'HH:mm:ss.SSSXXX}", { now })).to.equal('2024-02-29T23:05:09.007Z');
      expect(evaluate('${date-with-timezone:now+1d:Europe/Paris:EEE d MMM yy h:mm a z}', { now })).to.equal('Sat 2 Mar 24 12:05 AM CET');
      expect(evaluate('${date-with-timezone:now-1h30m:GMT-5:HH:mm Z}', { now })).to.equal('16:35 -0500');
      expect(evaluate('${date:millis}', { now })).to.equal(now);
    });
  });

  describe('complaints', () => {
    const cases: readonly [source: string, kind: 'expression' | 'predicate', message: string, marked: string, help: string | null][] = [
      ['Hello ${headr.x}', 'expression', 'unknown function `headr`', 'headr', 'did you mean `header`?'],
      ['a ${uppercas()} b', 'expression', 'unknown function `uppercas`', 'uppercas', 'did you mean `uppercase`?'],
      ['abc ${body', 'expression', '`${` is not closed', '${', 'add `}`'],
      ['${body} = 5', 'predicate', 'unknown operator `=`', '=', 'did you mean `==`?'],
      ["${body} == 'a' and ${body} == 'b'", 'predicate', 'unknown operator `and`', 'and', 'did you mean `&&`?'],
      ["${body} contans 'a'", 'predicate', 'unknown operator `contans`', 'contans', 'did you mean `contains`?'],
      ['${body} == abc', 'predicate', "`==` can't take `abc`", 'abc', "write a function `${...}` or a text in quotes: `'abc'`"],
      ["${body} == 'abc", 'predicate', "`'` is not closed", "'", "add `'`"],
      ["== 'x'", 'predicate', '`==` needs a blank on both sides and a value on its right', '==', 'write ` == `'],
      ['${header.t} && ${header.b}', 'predicate', '`&&` needs a comparison on both sides', '${header.t}', 'write `${header.t} == true`'],
      ['${replace(a)}', 'expression', '`${replace(a)}` is not how `replace` is called', 'replace(a)', 'write `${replace(from,to)}` or `${replace(from,to,exp)}`'],
      ['${uppercase}', 'expression', '`${uppercase}` is not how `uppercase` is called', 'uppercase', 'write `${uppercase(...)}`, or a text without braces'],
      ['${bean:pricez}', 'expression', 'no bean `pricez`', 'pricez', 'did you mean `prices`?'],
      ['${file:nam}', 'expression', 'unknown file property `nam`', 'nam', 'did you mean `file:name`?'],
      ['${a2a:text}', 'expression', '`a2a:text` is not available: there is no agent-to-agent component here', 'a2a:text', 'over HTTP an A2A message is JSON: read its parts with `jsonata: parts[kind="text"].text`, or with `jsonpath`'],
    ];
    for (const [source, kind, message, marked, help] of cases) {
      it(`${message}: ${source}`, () => {
        const error = complaint(source, kind, { beans: { prices: {} } });
        expect(error.message).to.equal(message);
        expect(source.slice(error.offset, error.offset + error.length)).to.equal(marked);
        expect(error.help).to.equal(help);
      });
    }

    it('about a function within a function comes at the start as a warning, and fails the exchange as in Camel', () => {
      const logged: string[] = [];
      const expression = simpleContext({ logged }).expression('simple', '${uppercase(${bdy})}');
      expect(logged).to.have.length(1);
      expect(logged[0]).to.contain('unknown function `bdy`').and.contain('did you mean `body`?');
      expect(() => expression(exchangeWith())).to.throw(ExchangeError, 'unknown function `bdy`');
    });
  });
});

import { expect } from 'chai';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { Headers } from '../../../src/core/exchange/headers.ts';
import { ExactNumber } from '../../../src/core/conversion/exactNumber.ts';
import { nodeJson } from '../../../src/core/conversion/jsonNode.ts';
import { jq } from '../../../src/languages/jq/definition.ts';
import { languageContext } from '../languageContext.ts';

const double = (text: string): ExactNumber => new ExactNumber(text, 'double');

const evaluate = (source: string, body: unknown, change: (exchange: Exchange) => void = () => undefined, options: Record<string, unknown> = {}): unknown => {
  const exchange = new Exchange(undefined, body, Headers.from([['H', 'hv']]));
  change(exchange);
  return jq.expression(source, options as never, languageContext())(exchange);
};

describe('jq', function () {
  this.timeout(10_000);

  /** The class of what lies behind the RuntimeCamelException that all failures but those of a deep stack are. */
  const failure = async (source: string, body: unknown): Promise<string> => {
    try {
      await evaluate(source, body);
    } catch (thrown) {
      const { type, cause } = thrown as { type: string; cause?: { type: string } };
      expect(type).to.be.oneOf(['org.apache.camel.RuntimeCamelException', 'java.lang.StackOverflowError']);
      return type === 'org.apache.camel.RuntimeCamelException' ? cause!.type : type;
    }
    return 'none';
  };

  it('gives the one result, a list of many, nothing for none', async () => {
    expect(await evaluate('.foo', '{"foo":"bar"}')).to.equal('bar');
    expect(await evaluate('.items[]', { items: [1, 'two', { x: 3 }] })).to.deep.equal([1, 'two', { x: 3 }]);
    expect(await evaluate('empty', '{}')).to.equal(null);
    expect(await evaluate('{a: .foo, n: (.items | length)}', Buffer.from('{"foo":"é","items":[1,2]}'))).to.deep.equal({ a: 'é', n: 2 });
  });

  it('takes Maps, Sets and dates anywhere in a map as what they are in JSON, and leaves the map as it is', async () => {
    const date = new Date(0);
    const body = { a: new Map([['x', { y: 1 }]]), s: new Set([1]), d: date, l: [new Map([['z', 2]])], n: undefined };
    expect(await evaluate('.a.x.y, .s[0], (.d | type), .l[0].z, .n', body)).to.deep.equal([1, 1, 'string', 2, null]);
    expect(body).to.deep.equal({ a: new Map([['x', { y: 1 }]]), s: new Set([1]), d: date, l: [new Map([['z', 2]])], n: undefined });
  });

  it('gives copies of what is in a map, never what somebody else holds', async () => {
    const body = { a: { b: [1] } };
    const results = [await evaluate('.a', body), (await evaluate('.a, 1', body) as unknown[])[0], (await evaluate('.a, 1', body, undefined, { resultType: 'java.lang.Object' }) as unknown[])[0]];
    for (const result of results) {
      expect(result).to.deep.equal({ b: [1] });
      (result as { b: number[] }).b.push(2);
    }
    expect(body).to.deep.equal({ a: { b: [1] } });
    expect(nodeJson(body.a)).to.equal(null);
  });

  it('refuses a map that holds itself, or is nested too deep', async () => {
    const body: Record<string, unknown> = {};
    body['a'] = body;
    expect(await failure('.a', body)).to.equal('com.fasterxml.jackson.core.exc.StreamConstraintsException');
    expect(await failure('1', `${'['.repeat(1001)}${']'.repeat(1001)}`)).to.equal('org.apache.camel.TypeConversionException');
  });

  it('finds one thing in a large map in less time than it takes to write it', () => {
    const document = { n: 1, items: Array.from({ length: 9000 }, (_none, i) => ({ id: i, name: `item ${i}`, tags: ['a', 'b'], address: { street: 'Long street', no: i } })) };
    const fastest = (run: () => unknown): number => Math.min(...Array.from({ length: 9 }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }));
    const filter = jq.expression('.n', {} as never, languageContext());
    const exchange = new Exchange(undefined, document);
    expect(filter(exchange)).to.equal(1);
    expect(fastest(() => filter(exchange)) / fastest(() => JSON.stringify(document))).to.be.below(5);
  });

  it('reaches headers, properties, variables, the body and constants', async () => {
    const filter = '.a = header("h") | .b = property("p") | .c = variable("v") | .d = constant(k) | .e = body | .f = header("none")';
    const result = await evaluate(filter, '{}', (exchange) => {
      exchange.properties.set('p', 'pv');
      exchange.setVariable('v', ['vv']);
    });
    expect(result).to.deep.equal({ a: 'hv', b: 'pv', c: '[vv]', d: 'k', e: '{}', f: null });
  });

  it('reads another source than the body', async () => {
    expect(await evaluate('.x', 'y', ({ headers }) => headers.set('doc', '{"x":1}'), { source: 'header:doc' })).to.equal(1);
  });

  it('fails for what is no JSON, for no body, and with what the filter throws', async () => {
    expect(await failure('.foo', 'nope')).to.equal('org.apache.camel.TypeConversionException');
    expect(await failure('.foo', null)).to.equal('org.apache.camel.InvalidPayloadException');
    expect(await failure('error("boom")', '{}')).to.equal('net.thisptr.jackson.jq.exception.JsonQueryUserException');
  });

  it('gives up a filter that runs for ever, nests too deep or grows too much', async () => {
    // A list is given up when it has grown too long, which a fast machine sees before the time is over.
    for (const endless of ['last(range(infinite))', '[recurse(.)]', 'until(false; .)', 'last(repeat(1))', 'def f: (1, f); [f]', 'first(repeat(empty), range(infinite) | select(. < 0))', '[limit(infinite; repeat(1))]']) {
      expect(await failure(endless, '{}'), endless).to.be.oneOf(['java.util.concurrent.TimeoutException', 'java.lang.StackOverflowError', ...(endless.startsWith('[') ? ['net.thisptr.jackson.jq.exception.JsonQueryException'] : [])]);
    }
    expect(await failure('def f: f; f', '{}')).to.equal('java.lang.StackOverflowError');
    expect(await failure('"x" * 1e12', '{}')).to.equal('net.thisptr.jackson.jq.exception.JsonQueryException');
    expect(await failure('"a" * 40 + "!" | test("^(a+)+$")', '{}')).to.equal('none');
  }).timeout(30_000);

  it('changes and deletes many things of a long list or map in the time that it has', async () => {
    const changes = { '.[] += 1 | .[19999]': 20000, 'del(.[]) | length': 0, 'del(.[range(10; 20000)]) | length': 10, '(.[] | select(. > 5)) |= empty | length': 6, '[.[] | {x: .}] | .[].x |= -. | .[19999].x': -19999 };
    for (const [change, result] of Object.entries(changes)) expect(await evaluate(`[range(20000)] | ${change}`, '{}'), change).to.equal(result);
    expect(await evaluate('[range(3000) | {key: "k\\(.)", value: .}] | from_entries | .[] |= . + 1 | [length, .k2999] + [fromstream(tostream) | length]', '{}')).to.deep.equal([3000, 3000, 3000]);
    expect(await failure('reduce range(1000000) as $i ([range(100000)]; [$i] + .)', '{}')).to.equal('java.util.concurrent.TimeoutException');
  });

  it('builds up lists and maps in `reduce` without a copy at each step, and changes nothing that stands elsewhere', async () => {
    const built = { '.["k\\($i)"] = $i | .k9999': 9999, '.n += 1 | .n': 10000, '.l += [$i] | .l[9999]': 9999, 'if $i % 2 == 0 then .e[$i] = {i: $i} else . end | .e[9998].i': 9998, '. + {"k\\($i)": $i} | .k9999': 9999 };
    for (const [steps, result] of Object.entries(built)) {
      const [step, last] = steps.split(/ \| (?=[^|]*$)/) as [string, string];
      expect(await evaluate(`reduce range(10000) as $i ({}; ${step}) | ${last}`, '{}'), step).to.equal(result);
    }
    expect(await evaluate('reduce (1, 2) as $x ({a: {n: 0}}; .a.n += $x | .b = .a)', '{}')).to.deep.equal({ a: { n: 3 }, b: { n: 3 } });
    expect(await evaluate('reduce (1, 2) as $x ({}; .a += ($x, 10) | .self = .)', '{}')).to.deep.equal({ a: 20, self: { a: 20, self: { a: 10 } } });
    expect(await evaluate('{l: [0]} as $o | reduce (1, 2) as $x ({a: $o, b: $o}; .a.l += [$x] | .c = $o | .c.l[0] = $x) | [., $o]', '{}')).to.deep.equal([{ a: { l: [0, 1, 2] }, b: { l: [0] }, c: { l: [2] } }, { l: [0] }]);
  });

  it('changes no value that it has already given, whatever overlaps', async () => {
    expect(await evaluate('(.a.x, .a, .a.p.x) |= if type == "number" then . + 1 else {p: ., q: .} end', '{"a":{"x":1}}')).to.deep.equal({ a: { p: { x: 3 }, q: { x: 2 } } });
    expect(await evaluate('(.l[0].x, .l[0:1], .l[0].p.x) |= if type == "number" then . + 1 else [{p: .[0], q: .[0]}] end', '{"l":[{"x":1}]}')).to.deep.equal({ l: [{ p: { x: 3 }, q: { x: 2 } }] });
    expect(await evaluate('. as $x | (.a, .b) |= (.c = 1) | [., $x]', '{"a":{},"b":{}}')).to.deep.equal([{ a: { c: 1 }, b: { c: 1 } }, { a: {}, b: {} }]);
  });

  it('goes on from value to value without growing the stack', async () => {
    expect(await evaluate('0 | until(. >= 200000; . + 1)', '{}')).to.equal(200000);
    expect(await evaluate('last(0 | while(. < 200000; . + 1))', '{}')).to.equal(199999);
    expect(await evaluate('reduce range(200000) as $i (0; . + 1)', '{}')).to.equal(200000);
    expect(await evaluate('[limit(5; repeat(1))] | length', '{}')).to.equal(5);
    expect(await evaluate('last(limit(200000; 0 | recurse(. + 1)))', '{}')).to.equal(199999);
  });

  const table: readonly (readonly [string, unknown, unknown[]])[] = [
    ['.a.b."c d"[0]?', { a: { b: { 'c d': [7] } } }, [7]],
    ['.[1:3], .[-2:], .[:1]', [1, 2, 3, 4], [[2, 3], [3, 4], [1]]],
    ['.a, .b | . + 1', { a: 1, b: 2 }, [2, 3]],
    ['1 + 2 * 3 - 4 / 2 % 3', null, [5]],
    ['[.[] | if . > 2 then "big" elif . == 2 then "two" else "small" end]', [1, 2, 3], [['small', 'two', 'big']]],
    ['if .a then 1 end', { a: false }, [{ a: false }]],
    ['.a // "d", (.b // "d")', { a: null, b: false }, ['d', 'd']],
    ['(empty, null, 1, false, 2) // 3', null, [1, 2]],
    ['try error("x") catch ., try error({a: 1}) catch .a', null, ['x', 1]],
    ['[.[] | tonumber?]', ['1', 'x', '2'], [[1, 2]]],
    ['.[] as [$a, {b: $c}] | $a + $c', [[1, { b: 2 }], [3, { b: 4 }]], [3, 7]],
    ['. as {a: $x, $b, "c": [$d]} | [$x, $b, $d]', { a: 1, b: 2, c: [3] }, [[1, 2, 3]]],
    ['.[] as [$a] ?// $a | $a', [[1], 2], [1, 2]],
    ['def f(g; $n): [g] | map(. * $n); f(.[]; 10)', [1, 2], [[10, 20]]],
    ['def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; fac', 10, [3628800]],
    ['def f: def g: 3; g + 1; f, (2 as $x | def h($y): $x * $y; h(5))', null, [4, 10]],
    ['reduce .[] as $x (0; . + $x), [foreach .[] as $x (0; . + $x; [$x, .])]', [1, 2, 3], [6, [[1, 1], [2, 3], [3, 6]]]],
    ['[label $out | .[] | if . > 2 then break $out else . end]', [1, 2, 3, 1], [[1, 2]]],
    ['"a\\(1 + 1)b\\("x" | ascii_upcase)", @base64 "v=\\(.)", @csv', ['q', 1, null], ['a2bX', 'v=WyJxIiwxLG51bGxd', '"q",1,']],
    ['@html, @uri, @sh, @json, @text, @base32', "<a b='1'>", ['&lt;a b=&apos;1&apos;&gt;', '%3Ca%20b%3D%271%27%3E', "'<a b='\\''1'\\''>'", '"<a b=\'1\'>"', "<a b='1'>", 'HRQSAYR5E4YSOPQ=']],
    ['{a, "b": 2, (.c): 3, $__loc__, "x\\(1)": 4, @base64 "\\(.c)": 5}', { a: 1, c: 'k' }, [{ a: 1, b: 2, k: 3, __loc__: { file: '<top-level>', line: 1 }, x1: 4, 'aw==': 5 }]],
    ['{a: (1, 2), b: (3, 4)} | [.a, .b]', null, [[1, 3], [1, 4], [2, 3], [2, 4]]],
    ['.a |= . + 1 | .b += 2 | .c //= 9 | .d = 5 | .e[2] = 1', { a: 1, b: 1 }, [{ a: 2, b: 3, c: 9, d: 5, e: [null, null, 1] }]],
    ['(.[] | select(. > 1)) |= empty', [1, 2, 3], [[1]]],
    ['.[1:] = ["x"] | .[0] -= 1', [1, 2, 3], [[0, 'x']]],
    ['del(.a, .b[0]), delpaths([["a"]]), to_entries, with_entries(.value |= tostring)', { a: 1, b: [1, 2] }, [{ b: [2] }, { b: [1, 2] }, [{ key: 'a', value: 1 }, { key: 'b', value: [1, 2] }], { a: '1', b: '[1,2]' }]],
    ['[paths], [paths(type == "number")], [leaf_paths], [path(..)]', { a: [1] }, [[['a'], ['a', 0]], [['a', 0]], [['a', 0]], [[], ['a'], ['a', 0]]]],
    ['path(.a | select(.b)), [path(first(.a, .b))], path(.a // .c), path(getpath(["a", "b"]))', { a: { b: 1 } }, [['a'], [['a']], ['a'], ['a', 'b']]],
    ['sort, sort_by(-.), unique, group_by(. % 2), min, max, min_by(-.), add', [3, 1, 2, 3], [[1, 2, 3, 3], [3, 3, 2, 1], [1, 2, 3], [[2], [3, 1, 3]], 1, 3, 3, 9]],
    ['sort', [{ a: 1 }, [1], 'x', 1, true, false, null], [[null, false, true, 1, 'x', [1], { a: 1 }]]],
    ['[.[] | length], map(type)', ['é😀', [1], { a: 1 }, null, -5], [[2, 1, 1, 0, 5], ['string', 'array', 'object', 'null', 'number']]],
    ['flatten, flatten(1), reverse, transpose?', [[1, [2]], [3]], [[1, 2, 3], [1, [2], 3], [[3], [1, [2]]], [[1, 3], [[2], null]]]],
    ['test("B"; "i"), [match("(?<x>b)(z)?"; "g") | .captures[0].name], sub("b"; "X"), gsub("(?<l>[ab])"; "<\\(.l)>"), [scan("[ab]")], capture("(?<y>c)"), split("b"), splits("b, *"; null), ascii_downcase', 'abcab', [true, ['x', 'x'], 'aXcab', '<a><b>c<a><b>', ['a', 'b', 'a', 'b'], { y: 'c' }, ['a', 'ca', ''], 'abcab', 'abcab']],
    ['indices(1), index(1), rindex(1), (tostring | indices("1")), contains([2]), inside([1, 2, 1, 9]), has(2), any, all(. > 0), IN([1, 2, 1])', [1, 2, 1], [[0, 2], 0, 2, [1, 5], true, true, true, true, true, true]],
    ['[limit(2; .[])], first, last, nth(1), [range(3)], [range(0; 10; 4)], first(empty) // 0, isempty(empty), [.[] | skip(1; .)]', [5, 6, 7], [[5, 6], 5, 7, 6, [0, 1, 2], [0, 4, 8], 0, true, []]],
    ['walk(if type == "number" then . + 1 else . end), [..] , tojson, (tojson | fromjson), [splits("x")?]', { a: [1] }, [{ a: [2] }, [{ a: [1] }, [1], 1], '{"a":[1]}', { a: [1] }, []]],
    ['[combinations], map(add), INDEX(.[0])', [[1, 2], [3]], [[[1, 3], [2, 3]], [3, 3], { 1: [1, 2], 3: [3] }]],
    ['todate, (todate | fromdate), (gmtime | mktime), strftime("%Y-%m-%d %H:%M %j %A"), ("2015-03-05T23:51:47Z" | strptime("%Y-%m-%dT%H:%M:%SZ") | mktime)', 1425599621, ['2015-03-05T23:53:41Z', 1425599621, 1425599621, '2015-03-05 23:53 064 Thursday', 1425599507]],
    ['ltrimstr("a"), rtrimstr("c"), trim, explode, (explode | implode), startswith("a"), endswith("c"), join("-")?, utf8bytelength', 'abc', ['bc', 'ab', 'abc', [97, 98, 99], 'abc', true, true, 3]],
    ['floor, sqrt, pow(.; 2), (. / 0 | isnan)?, -., infinite, ([nan] | sort | length)', 4, [double('4.0'), double('2.0'), double('16.0'), -4, Infinity, 1]],
    ['[tostream], fromstream(tostream), [1 | truncate_stream([[0], 1], [[1, 0], 2])]', { a: [1, 2] }, [[[['a', 0], 1], [['a', 1], 2], [['a', 1]], [['a']]], { a: [1, 2] }, [[[0], 2]]]],
    ['$ENV, env, ([1] - [1]), ("x" * 0), ("ab" * 2), ({a: {b: 1}} * {a: {c: 2}}), ("a,b" / ",")', null, [{}, {}, [], null, 'abab', { a: { b: 1, c: 2 } }, ['a', 'b']]],
    ['# a comment\n.a # another\n', { a: 1 }, [1]],
    ['.and, .if.then, {if: 1}.if', { and: 1, if: { then: 2 } }, [1, 2, 1]],
    ['try (1, error("x"), 3) catch "c"', null, [1, 'c']],
    ['[.[] | try (if . == 2 then error("no") else . end) catch "c"]', [1, 2, 3], [[1, 'c', 3]]],
    ['try ((try error("in") catch error("out")) | .) catch .', null, ['out']],
    ['[(1, 2) | try (., error("e")) catch . | if . == 2 then "two" else . end]', null, [[1, 'e', 'two', 'e']]],
    ['getpath(["a", 0, "b"]), setpath(["a", 1]; 5), pick(.a[0])', { a: [null] }, [null, { a: [null, 5] }, { a: [null] }]],
  ];
  for (const [filter, body, results] of table) {
    it(`evaluates ${filter.replace(/\n/g, ' ')}`, async () => {
      const result = await evaluate(`[${filter}\n]`, JSON.stringify(body));
      expect(result).to.deep.equal(results);
    });
  }

  it('keeps numbers exactly that JavaScript would round', async () => {
    expect(String(await evaluate('.n', '{"n":12345678901234567890}'))).to.equal('12345678901234567890');
    expect(String(await evaluate('.n', '{"n":5.0}'))).to.equal('5.0');
  });

  it('warns of names that there are not, and fails where it comes to them', async () => {
    const unknown: readonly (readonly [string, string])[] = [
      ['.a | lenght', 'letter 6: Function lenght/0 does not exist (did you mean `length`?)'],
      ['.a + $x', 'letter 6: there is no variable `$x`'],
      ['@nosuch', 'letter 1: there is no format `@nosuch`'],
    ];
    for (const [source, warning] of unknown) {
      const warnings: string[] = [];
      const context = { ...languageContext(), log: (_level: string, message: string) => void warnings.push(message) };
      const filter = jq.expression(`if .b then 1 else (${source}) end`, {} as never, context);
      expect(warnings.length, source).to.equal(1);
      expect(await filter(new Exchange(undefined, '{"b":true}')), source).to.equal(1);
      expect(() => filter(new Exchange(undefined, '{"a":1}')), source).to.throw(/JsonQueryException/);
      jq.expression(source, {} as never, context);
      expect(warnings[1]).to.contain(warning);
    }
  });

  it('says where a filter is wrong when the route is loaded', () => {
    const wrong: readonly (readonly [string, number, string])[] = [
      ['.a | bar(', 9, 'the expression ends too early'],
      ['{a: 1', 5, '`,` is missing before `end of the expression`'],
      ['.a[', 3, 'the expression ends too early'],
      ['"abc', 0, 'the text does not end'],
      ['. as [$a | 1', 9, '`]` is missing before `|`'],
      ['break $x', 0, '`$x` is no label around this place'],
      ['if . then 1', 11, '`end` is missing before `end of the expression`'],
      ['include "x"; .', 0, 'modules can not be loaded here'],
      ['"a\\q"', 2, '`\\q` stands for nothing in a text'],
      ['.a )', 3, 'unexpected `)`'],
    ];
    for (const [source, offset, message] of wrong) {
      let thrown: unknown = null;
      try {
        jq.expression(source, {} as never, languageContext());
      } catch (error) {
        thrown = error;
      }
      expect(thrown, source).to.be.instanceOf(ExpressionSyntaxError);
      expect([(thrown as ExpressionSyntaxError).offset, (thrown as Error).message], source).to.deep.equal([offset, message]);
    }
  });

  it('sees nothing of the process: no environment', async () => {
    expect(await evaluate('$ENV.PATH', '{}')).to.not.equal(process.env['PATH']);
  });

  it('refuses an empty filter', () => expect(() => jq.expression(' ', {} as never, languageContext())).to.throw(ExpressionSyntaxError));
});

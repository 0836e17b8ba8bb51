import { expect } from 'chai';
import fc from 'fast-check';
import library from 'jsonata';
import type { Node } from '../../../src/languages/jsonata/compile.ts';
import { compileQuery } from '../../../src/languages/jsonata/compile.ts';

const names = ['a', 'b', 'c', 'items', 'price', 'name'];
const texts = ['', 'x', 'abc', 'b', '10', 'a b', 'Äpfel', 'x,y,x'];
const numbers = [0, 1, 2, -1, 3.5, 10, 30, 0.1];

/** Documents in which the names of the queries are, as maps, lists, lists of lists, texts, numbers, null. */
const documents: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<unknown>(...texts, ...numbers, true, false, null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.constantFrom(...numbers), { minLength: 1, maxLength: 4 }),
    fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 4 }),
    tie('map'),
    fc.array(tie('map'), { minLength: 1, maxLength: 4 }),
  ),
  map: fc.dictionary(fc.constantFrom(...names), tie('value'), { minKeys: 1, maxKeys: 5 }),
  whole: fc.oneof({ weight: 5, arbitrary: tie('map') }, { weight: 1, arbitrary: tie('value') }),
})).whole;

const ofValue = ['string', 'boolean', 'not', 'exists', 'count', 'type', 'keys', 'spread', 'reverse', 'distinct', 'sum', 'max', 'min', 'average', 'number', 'merge', 'sort', 'clone'];
const ofText = ['uppercase', 'lowercase', 'length', 'trim', 'base64encode', 'encodeUrlComponent', 'encodeUrl'];
const ofNumber = ['abs', 'floor', 'ceil', 'round', 'sqrt'];
const operators = ['+', '-', '*', '/', '%', '=', '!=', '<', '<=', '>', '>=', '&', 'and', 'or', 'in', '?:', '??'];

/** Queries of what is compiled, in the mixtures in which people write them. */
const queries: fc.Arbitrary<string> = fc.letrec<Record<'any' | 'path' | 'step' | 'condition' | 'number' | 'text' | 'call' | 'list' | 'map' | 'key' | 'lambda' | 'variable' | 'chain', string>>((tie) => {
  const format = (form: string, ...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> => fc.tuple(...parts).map((all) => form.replace(/\u00a4/g, () => all.shift()!));
  const [any, path, step, condition, number, text, list, key, lambda, call] = (['any', 'path', 'step', 'condition', 'number', 'text', 'list', 'key', 'lambda', 'call'] as const).map((name) => tie(name)) as [fc.Arbitrary<string>, ...fc.Arbitrary<string>[]] as fc.Arbitrary<string>[] & { length: 10 };
  const name = fc.constantFrom(...names);
  const literal = fc.oneof(fc.constantFrom(...texts).map((it) => JSON.stringify(it)), fc.constantFrom(...numbers).map(String), fc.constantFrom('true', 'false', 'null'));
  return {
    any: fc.oneof({ maxDepth: 5, depthSize: 'small' }, literal, path!, path!, call!, condition!, number!, text!, list!, tie('map'), tie('variable'), tie('chain'), format('(\u00a4 ? \u00a4 : \u00a4)', condition!, any!, any!), format('(\u00a4 ? \u00a4)', condition!, any!), format('(\u00a4)', any!)),
    path: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      name,
      name,
      format('\u00a4.\u00a4', path!, step!),
      format('\u00a4.\u00a4', path!, step!),
      format('\u00a4[\u00a4]', path!, fc.constantFrom('0', '1', '-1', '0.9', '[0,1]', '[0..1]', '')),
      format('\u00a4[\u00a4]', path!, condition!),
      format('\u00a4[\u00a4]', path!, any!),
      format('\u00a4^(\u00a4\u00a4)', path!, fc.constantFrom('', '>', '<'), name),
      format('\u00a4^(\u00a4, >\u00a4)', path!, name, name),
      fc.constantFrom('$', '$$', '$.a', '$$.items', '*', '**', '**.price', '$[0]', '$$[0].items'),
      format('(\u00a4).\u00a4', any!, step!),
      format('[\u00a4].\u00a4', any!, step!),
      format('\u00a4{\u00a4: \u00a4}', path!, key!, any!),
      format('\u00a4[]', path!),
    ),
    step: fc.oneof({ maxDepth: 4, depthSize: 'small' }, name, name, fc.constantFrom('*', '$', '`a`', '"b"', '**'), call!, tie('map'), list!, format('(\u00a4)', any!), format('$string(\u00a4)', any!), format('\u00a4[\u00a4]', name, any!)),
    condition: fc.oneof({ maxDepth: 4, depthSize: 'small' }, format('(\u00a4 \u00a4 \u00a4)', any!, fc.constantFrom(...operators), any!), format('\u00a4 > \u00a4', name, number!), format('\u00a4 = \u00a4', name, text!), format('\u00a4 in \u00a4', any!, list!), format('$contains(\u00a4, \u00a4)', text!, fc.constantFrom('"x"', '/b/', '/[a-c]+/i')), fc.constantFrom('true', 'false')),
    number: fc.oneof({ maxDepth: 4, depthSize: 'small' }, fc.constantFrom(...numbers).map(String), name, format('$\u00a4(\u00a4)', fc.constantFrom(...ofNumber), number!), format('(\u00a4 \u00a4 \u00a4)', number!, fc.constantFrom('+', '-', '*', '/', '%'), number!), format('-(\u00a4)', number!), format('$\u00a4(\u00a4)', fc.constantFrom('sum', 'count', 'max', 'min', 'average'), path!), format('$round(\u00a4, 1)', number!), format('$power(\u00a4, 2)', number!)),
    text: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom(...texts).map((it) => JSON.stringify(it)),
      name,
      format('$\u00a4(\u00a4)', fc.constantFrom(...ofText), text!),
      format('(\u00a4 & \u00a4)', any!, any!),
      format('$substring(\u00a4, \u00a4)', text!, fc.constantFrom('0', '1', '-1', '1, 2', '-2, 1')),
      format('$substring\u00a4(\u00a4, \u00a4)', fc.constantFrom('Before', 'After'), text!, text!),
      format('$join(\u00a4\u00a4)', path!, fc.constantFrom('', ', "-"')),
      format('$replace(\u00a4, \u00a4, \u00a4)', text!, fc.constantFrom('"x"', '/x/', '/([a-c])(.)?/', '/b|x/i'), fc.constantFrom('"-"', '"[$1$2$0$$]"', 'function($m) { $uppercase($m.match) }', '"-", 1')),
      format('$pad(\u00a4, \u00a4)', text!, fc.constantFrom('5', '-5', '4, "ab"')),
      format('$formatNumber(\u00a4, "#,##0.00")', number!),
      format('$formatBase(\u00a4, 2)', number!),
    ),
    call: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      format('$\u00a4(\u00a4)', fc.constantFrom(...ofValue), any!),
      format('$\u00a4()', fc.constantFrom(...ofValue, ...ofText, ...ofNumber)),
      format('$split(\u00a4, \u00a4)', text!, fc.constantFrom('","', '""', '/,/', '/[ ,]/', '",", 1', '/,/, 2')),
      format('$match(\u00a4, \u00a4)', text!, fc.constantFrom('/x/', '/([a-z])(.)/', '/x/, 1')),
      format('$append(\u00a4, \u00a4)', any!, any!),
      format('$lookup(\u00a4, \u00a4)', any!, text!),
      format('$zip(\u00a4, \u00a4)', list!, path!),
      format('$map(\u00a4, \u00a4)', path!, lambda!),
      format('$filter(\u00a4, \u00a4)', path!, lambda!),
      format('$single(\u00a4, \u00a4)', path!, lambda!),
      format('$each(\u00a4, \u00a4)', path!, lambda!),
      format('$sift(\u00a4, \u00a4)', path!, lambda!),
      format('$reduce(\u00a4, function($p, $q) { \u00a4 }\u00a4)', path!, any!, fc.constantFrom('', ', 0', ', ""')),
      format('$sort(\u00a4, function($p, $q) { $p.\u00a4 > $q.\u00a4 })', path!, name, name),
      format('$map(\u00a4, $\u00a4)', path!, fc.constantFrom(...ofValue, ...ofText, ...ofNumber)),
    ),
    list: fc.oneof({ maxDepth: 4, depthSize: 'small' }, format('[\u00a4]', any!), format('[\u00a4, \u00a4]', any!, any!), fc.constantFrom('[]', '[1..3]', '[[1],[2]]', '[3..1]', '["x", 1]'), format('[1..\u00a4]', number!)),
    map: fc.oneof({ maxDepth: 4, depthSize: 'small' }, format('{\u00a4: \u00a4}', key!, any!), format('{"x": \u00a4, \u00a4: \u00a4}', any!, key!, any!), fc.constantFrom('{}', '{"a": 1, "b": [1, 2]}')),
    key: fc.oneof({ maxDepth: 3, depthSize: 'small' }, fc.constantFrom('"k"', '"1"', '"a"'), name, format('$string(\u00a4)', any!)),
    lambda: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      format('function($p) { \u00a4 }', any!),
      format('function($p) { $p.\u00a4 }', step!),
      format('function($p, $q) { $q = 1 ? $p : \u00a4 }', any!),
      format('function($p, $q, $r) { $count($r) - $q & \u00a4 }', any!),
      format('function($p) { ($v := \u00a4; $v.\u00a4) }', any!, step!),
      format('function($p) { $\u00a4($p) }', fc.constantFrom(...ofValue, ...ofText, ...ofNumber)),
      format('function($p) { $\u00a4() }', fc.constantFrom(...ofText)),
      format('function($p) { $map($p.\u00a4, function($q) { $q & $string($p) }) }', name),
      format('function($p) { $p.\u00a4 ? $string($p) : $v }', name),
    ),
    variable: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.constantFrom('$p', '$q', '$v', '$nothing', '$p.a', '$v[0]'),
      format('($v := \u00a4; \u00a4)', any!, any!),
      format('($v := \u00a4; $v.\u00a4)', any!, step!),
      format('($p := \u00a4; $q := \u00a4; [$p, $q, \u00a4])', any!, any!, any!),
      format('($v := 1; ($v := \u00a4; $v); $v)', any!),
      format('(\u00a4 ? $v := 1; $v)', condition!),
      format('($f := function($n) { $n <= 1 ? 1 : $n * $f($n - 1) }; $f(\u00a4))', fc.constantFrom('1', '4', '6')),
      format('($f := function($n, $t) { $n = 0 ? $t : $f($n - 1, $t & "x") }; $f(\u00a4, \u00a4))', fc.constantFrom('0', '3', '50'), text!),
      format('($f := \u00a4; $map(\u00a4, $f))', lambda!, path!),
      format('($f := \u00a4; $f(\u00a4))', lambda!, any!),
      format('($f := $\u00a4; $f(\u00a4))', fc.constantFrom(...ofValue), any!),
    ),
    chain: fc.oneof({ maxDepth: 4, depthSize: 'small' }, format('(\u00a4 ~> $\u00a4)', any!, fc.constantFrom(...ofValue, ...ofText)), format('(\u00a4 ~> $\u00a4())', any!, fc.constantFrom(...ofValue, ...ofText)), format('(\u00a4 ~> $map(\u00a4))', path!, lambda!), format('(\u00a4 ~> \u00a4)', text!, fc.constantFrom('/x/', '/b/i')), format('(\u00a4 ~> $join("+"))', path!), format('(\u00a4 ~> \u00a4)', any!, lambda!)),
  };
}).any;

/** What a value is, without the library's marks on lists. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(shown).join(',')}]`;
  if (typeof value === 'object' && value !== null) return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${shown(item)}`).join(',')}}`;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  return typeof value === 'function' ? 'function' : (JSON.stringify(value) ?? 'undefined');
}

/** Longer queries are the same mixtures again, and take the library long. */
const longest = 300;

/** Null for the few that the grammar above makes and JSONata has not: a number as a step of a path. */
function parsed(source: string): ReturnType<typeof library> | null {
  try {
    return library(source);
  } catch {
    return null;
  }
}

const copy = (document: unknown): unknown => structuredClone(document);
const bound = { headers: { a: 'h' }, properties: {}, variables: { b: [1, 2] } };

describe('a compiled jsonata query', () => {
  it('gives what the library gives, or leaves it to the library, for queries and documents of all kinds', async () => {
    const count = { all: 0, alike: 0, failed: 0, left: 0, beyond: 0 };
    const differing: string[] = [];
    const pairs = fc.tuple(queries, fc.array(documents, { minLength: 4, maxLength: 4 }));
    const samples = fc.sample(pairs, { seed: 7, numRuns: 6500 });
    for (const [source, inputs] of samples) {
      const compiled = source.length > longest ? null : parsed(source);
      if (compiled === null) continue;
      const query = compileQuery(compiled.ast() as unknown as Node, RegExp);
      for (const input of inputs) {
        count.all++;
        const before = shown(input);
        let theirs: string | null = null;
        try {
          theirs = shown(await compiled.evaluate(copy(input), bound));
        } catch {
          count.failed++;
        }
        if (query === null) {
          count.beyond++;
          continue;
        }
        let ours: string;
        try {
          ours = shown(query(input, bound, false));
        } catch {
          if (theirs !== null) {
            count.left++;
          }
          continue;
        }
        if (ours === theirs && shown(input) === before) count.alike++;
        else differing.push(`${source}\n  of ${before}\n  gives ${ours}\n  not   ${theirs ?? 'an error'}`);
      }
    }
    expect(differing.sort((one, other) => one.length - other.length).slice(0, 5).join('\n')).to.equal('');
    expect(count.all).to.be.above(20_000);
    // What is given for nothing (`??`) is copied by the library, and then its patterns are none.
    expect(count.beyond).to.be.below(count.all / 100);
    expect(count.left).to.be.below(count.alike / 20);
  }).timeout(300_000);
});

import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

const backtracking = `${'a'.repeat(5000)}!`;
const items = '<a id="1"><b>some text</b></a>';

const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });

const schemas: Readonly<Record<string, unknown>> = {
  'multiplies.json': { $ref: '#/definitions/t', definitions: { t: { anyOf: [{ type: 'object', properties: { a: { $ref: '#/definitions/t' } } }, { type: 'object', properties: { a: { $ref: '#/definitions/t' } } }] } } },
  'unique.json': { type: 'array', uniqueItems: true },
  'pattern.json': { properties: { x: { pattern: '^(a+)+$' } } },
  'any.xsd': '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="r"/></xs:schema>',
  'any.xsl': '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:template match="/"/></xsl:stylesheet>',
  'names.json': { patternProperties: { '^(a+)+$': {} } },
};

interface Bad {
  /** What stands beside the route. */
  readonly beside?: readonly unknown[];
  readonly steps: readonly unknown[];
  readonly body?: () => string | Buffer;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly says: RegExp;
  /** How fast Node's clock goes meanwhile. What is bounded by time and by number meets the bound that is named then, on any machine. */
  readonly pace?: number;
  readonly mostMillis?: number;
  /** Of memory that may come on top: more for what keeps a lot until its bound of number or time is met. */
  readonly mostMegabytes?: number;
}

/** A bound of time is met after twenty times as long, so any other before it. */
const slow = 1 / 20;
const fast = 20;

/**
 * Lets `performance.now`, by which work that can't be interrupted is bounded, go faster or slower than the processor's time: what else the machine
 * does, and how long this has to wait for it, makes no difference.
 */
async function atPace<T>(pace: number, run: () => Promise<T>): Promise<T> {
  if (pace === 1) return run();
  const { now } = performance;
  const begun = now.call(performance);
  const spent = process.cpuUsage();
  performance.now = () => {
    const { user, system } = process.cpuUsage(spent);
    return begun + ((user + system) / 1000) * pace;
  };
  try {
    return await run();
  } finally {
    performance.now = now;
  }
}

const deepJson = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
const yamlBomb = ['a0: &a0 [x, x, x]', ...Array.from({ length: 20 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`)].join('\n');
const manyAttributes = Array.from({ length: 50_000 }, (_, i) => `a${i}="1"`).join(' ');

/** A tar archive with one entry of that name. */
function tarOf(name: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  for (const [text, at] of [['0000644\0', 100], ['0000000\0', 108], ['0000000\0', 116], ['00000000001\0', 124], ['00000000000\0', 136], ['        ', 148], ['0', 156], ['ustar\u000000', 257]] as const) header.write(text, at);
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, Buffer.from('x'.padEnd(512, '\0')), Buffer.alloc(1024)]);
}

/** A zip archive of so many empty entries; the directory's end can only say how many of them there are up to 65,535. */
function zipOf(entries: number): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < entries; i++) {
    const name = Buffer.from(`e${i}`);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(at, 42);
    parts.push(local, name);
    directory.push(central, name);
    at += local.length + name.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(Math.min(entries, 65_535), 8);
  end.writeUInt16LE(Math.min(entries, 65_535), 10);
  end.writeUInt32LE(directory.reduce((sum, { length }) => sum + length, 0), 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** Chunks of LZF that stand for 65,000 zeros each. */
function lzfOf(chunks: number): Buffer {
  const repetitions = Buffer.concat([Buffer.of(0, 0), ...Array<Buffer>(248).fill(Buffer.of(7 << 5, 255, 0))]);
  const head = Buffer.from('ZV\u0001....', 'latin1');
  head.writeUInt16BE(repetitions.length, 3);
  head.writeUInt16BE(1 + 248 * 264, 5);
  return Buffer.concat(Array<Buffer>(chunks).fill(Buffer.concat([head, repetitions])));
}

const deepXml = `${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}`;

/** A text that is in one piece. */
const flat = (letter: string, length: number): string => Buffer.alloc(length, letter).toString('latin1');

const deepObject = (depth: number): object => (depth === 0 ? {} : { next: deepObject(depth - 1) });

/** What only the time bounds. */
const inTime = /not done after 1000 ms/;

/** What comes to a route and would run for ever, or take all the memory. */
const bad: Readonly<Record<string, Bad>> = {
  'a script that loops for ever': { steps: [{ setBody: { js: 'while (true) {}' } }], says: /js: not done after 1000 ms/ },
  'a jq query that repeats for ever': { steps: [{ setBody: { jq: 'last(repeat(1))' } }], body: () => '{}', says: /jq: not done after 1000 ms/ },
  'a jsonata function that calls itself for ever': { steps: [{ setBody: { jsonata: '($f := function($n) { $f($n + 1) }; $f(1))' } }], body: () => '{}', says: /jsonata: not done after 1000 ms/ },
  'a jsonata function that calls itself before it goes on': { steps: [{ setBody: { jsonata: '($f := function($n) { 1 + $f($n + 1) }; $f(1))' } }], body: () => '{}', says: /jsonata: nested deeper than \d+/, pace: slow },
  'a pattern of tokenize that backtracks': { steps: [{ split: { tokenize: { token: '(a+)+$', regex: true }, steps: [{ to: 'mock:part' }] } }], body: () => backtracking, says: /backtracks: not done after/ },
  'a pattern of jsonpath that backtracks': { steps: [{ setBody: { jsonpath: '$[?(@.x =~ /(a+)+$/)]' } }], body: () => JSON.stringify([{ x: backtracking }]), says: /backtracks: not done after/ },
  'a pattern of a method that backtracks': { steps: [{ setBody: { simple: "${body.matches('(a+)+')}" } }], body: () => backtracking, says: /backtracks: not done after/ },
  'a pattern out of the message that backtracks': { steps: [{ setBody: { simple: "${body.replaceAll(${header.p},'x')}" } }], body: () => backtracking, headers: { p: '(a+)+$' }, says: /backtracks: not done after/ },
  'a pattern of a condition that looks around and backtracks': { steps: [{ filter: { simple: "${body} regex '(?=a)(a+)+'", steps: [{ to: 'mock:part' }] } }], body: () => backtracking, says: /backtracks: not done after/ },
  'a pattern of header names that backtracks': { steps: [{ removeHeaders: { pattern: '(x+)+y' } }], headers: { ['x'.repeat(5000)]: 1 }, says: /backtracks: not done after/ },
  'an address that the pattern of an intercept backtracks on': { beside: [{ interceptSendToEndpoint: { uri: 'mock:(a+)+$', steps: [{ to: 'mock:part' }] } }], steps: [{ toD: 'mock:${body}' }], body: () => backtracking, says: /backtracks: not done after/ },
  'a schema whose alternatives multiply': { steps: [{ to: 'json-validator:multiplies.json' }], body: () => JSON.stringify(nested(60)), says: /has not judged the document after 1000 ms/, mostMegabytes: 1000 },
  'a schema that compares all items': { steps: [{ to: 'json-validator:unique.json' }], body: () => JSON.stringify(Array.from({ length: 30_000 }, (_, i) => ({ i }))), says: /has not judged the document after 1000 ms/ },
  'a pattern of a schema that backtracks': { steps: [{ to: 'json-validator:pattern.json' }], body: () => JSON.stringify({ x: backtracking }), says: /backtracks: not done after/ },
  'a pattern of names in a schema that backtracks': { steps: [{ to: 'json-validator:names.json' }], body: () => JSON.stringify({ [backtracking]: 1 }), says: /backtracks: not done after/ },
  'gzip of 300 MB': { steps: [{ unmarshal: { gzipDeflater: {} } }], body: () => gzipSync(Buffer.alloc(300_000_000)), says: /exceeds the maximum allowed size/ },
  'an xpath expression that looks at all for each': { steps: [{ setBody: { xpath: 'count(//*[count(//*) > 1])' } }], body: () => `<r>${items.repeat(30_000)}</r>`, says: /looks at more than \d+ nodes/, pace: slow },
  'an xpath expression that puts all texts together for each': { steps: [{ setBody: { xpath: 'count(//*[string-length(string(/)) > 1])' } }], body: () => `<r>${items.repeat(30_000)}</r>`, says: /xpath: not done after 1\d{3} ms/, pace: fast },
  'a jq difference of long arrays': { steps: [{ setBody: { jq: '[range(100000)|[.]] - [range(100000)|[.]]' } }], body: () => '{}', says: /not done after 1000 ms/ },
  'a jq text that is found at every letter': { steps: [{ setBody: { jq: '("a" * 1000000) | indices("a" * 500000)' } }], body: () => '{}', says: /jq: not done after/ },
  'a document of 100 MB for xpath': { steps: [{ setBody: { xpath: 'count(/r/a)' } }], body: () => `<r>${items.repeat(3_400_000)}</r>`, says: /more than 67108864 characters/ },
  'a document of 100 MB for jacksonXml': { steps: [{ unmarshal: { jacksonXml: {} } }], body: () => `<r>${items.repeat(3_400_000)}</r>`, says: /more than 67108864 characters/ },
  'an element of 100 MB for xtokenize': { steps: [{ split: { xtokenize: '/r', streaming: true, steps: [{ to: 'mock:part' }] } }], body: () => `<r>${items.repeat(3_400_000)}</r>`, says: /more than 67108864 characters/ },
  'a document of millions of elements': { steps: [{ setBody: { xpath: 'count(/r/a)' } }], body: () => `<r>${items.repeat(2_100_000)}</r>`, says: /more than 2000000 nodes/ },
  'XML of 100,000 elements in each other': { steps: [{ setBody: { xpath: 'count(//a)' } }], body: () => deepXml, says: /more than 1000 elements stand in one another/ },
  'JSON of 100,000 lists in each other': { steps: [{ setBody: { jsonpath: '$..x' } }], body: () => deepJson, says: /nested too deeply for a scan/ },
  'JSON of 100,000 lists for jq': { steps: [{ setBody: { jq: '[..]' } }], body: () => deepJson, says: /nested deeper than 1000/ },
  'a jq query that counts for ever': { steps: [{ setBody: { jq: '[range(infinite)]' } }], body: () => '{}', says: /more than 10000000 results/, pace: slow },
  'a jq query that goes down for ever': { steps: [{ setBody: { jq: '[recurse(. + 1)]' } }], body: () => '1', says: /more than 10000000 results/, pace: slow },
  'a jq query that goes down for ever, and is given less time': { steps: [{ setBody: { jq: '[recurse(. + 1)]' } }], body: () => '1', says: /jq: not done after 1000 ms/, pace: fast },
  'a jq function that calls itself for ever': { steps: [{ setBody: { jq: 'def f: 1 + f; f' } }], body: () => '1', says: /nested too deep/ },
  'a jq query that makes a text of gigabytes': { steps: [{ setBody: { jq: 'reduce range(60) as $i ("x"; . + .)' } }], body: () => '1', says: /a text would be longer than/ },
  'a jsonata range of ten million that is gone through': { steps: [{ setBody: { jsonata: '[1..9999999].$string()' } }], body: () => '{}', says: /jsonata: not done after/ },
  'a jsonata range of a million millions': { steps: [{ setBody: { jsonata: '[1..1000000000000]' } }], body: () => '{}', says: /must not exceed 1e7/ },
  'a jsonata text of gigabytes': { steps: [{ setBody: { jsonata: '$pad("x", 2000000000)' } }], body: () => '{}', says: /longer than a text can be/ },
  'a pattern of jsonata that backtracks': { steps: [{ setBody: { jsonata: '$contains(x, /(a+)+$/)' } }], body: () => JSON.stringify({ x: backtracking }), says: /backtracks: not done after/ },
  'a pattern of a script that backtracks': { steps: [{ setBody: { js: '/(a+)+$/.test(body)' } }], body: () => backtracking, says: /js: not done after/ },
  'a script that fills the memory': { steps: [{ setBody: { js: "'x'.repeat(500000000)" } }], says: /out of memory/ },
  'a Simple text that is padded to gigabytes': { steps: [{ setBody: { simple: "${pad('x',2000000000)}" } }], says: /string length/ },
  'a Simple text that is repeated to gigabytes': { steps: [{ setBody: { simple: '${body.repeat(2000000000)}' } }], body: () => 'xx', says: /can't repeat a text/ },
  'a Simple range of a million millions': { steps: [{ setBody: { simple: '${range(0,1000000000000)}' } }], says: /1000000000000/ },
  'a body that doubles in a loop': { steps: [{ loop: { constant: '60', steps: [{ setBody: { simple: '${body}${body}' } }] } }], body: () => 'xxxxxxxx', says: /string length/ },
  'XML with tens of thousands of attributes, one of them twice': { steps: [{ setBody: { xpath: 'count(//a)' } }], body: () => `<a ${manyAttributes} a7="2"/>`, says: /"a7" was already specified/ },
  'XML whose entities stand for gigabytes': { steps: [{ setBody: { xpath: 'string(/a)' } }], body: () => `<!DOCTYPE a [<!ENTITY e "${'x'.repeat(100_000)}">]><a>${'&e;'.repeat(100_000)}</a>`, says: /entities of the document stand for more than/ },
  'YAML whose aliases multiply': { steps: [{ unmarshal: { yaml: {} } }], body: () => yamlBomb, says: /aliases/ },
  'YAML of 100,000 lists in each other': { steps: [{ unmarshal: { yaml: {} } }], body: () => deepJson, says: /[Nn]esting/ },
  'YAML of many megabytes': { steps: [{ unmarshal: { yaml: {} } }], body: () => '- a: 1\n'.repeat(1_500_000), says: /exceeds the limit/ },
  'CSV with a line of fifty million values': { steps: [{ unmarshal: { csv: {} } }], body: () => 'x,'.repeat(50_000_000), says: /more than 1000000 values/ },
  'CSV with a value of 100 MB whose quotes do not end': { steps: [{ unmarshal: { csv: {} } }], body: () => `"${'x'.repeat(100_000_000)}`, says: /EOF reached before/ },
  'CSV of more values than can be read at once': { steps: [{ unmarshal: { csv: {} } }], body: () => `${'x,'.repeat(999)}x\n`.repeat(30_000), says: /use `lazyLoad`/ },
  'CBOR of a million lists in each other': { steps: [{ unmarshal: { cbor: {} } }], body: () => Buffer.alloc(1_000_000, 0x81), says: /nested deeper/ },
  'CBOR with a number of 20 MB': { steps: [{ unmarshal: { cbor: {} } }], body: () => Buffer.concat([Buffer.from('c25a01312d00', 'hex'), Buffer.alloc(20_000_000, 0xff)]), says: /a number has more than 10000 bytes/ },
  'CBOR that announces more than it has': { steps: [{ unmarshal: { cbor: {} } }], body: () => Buffer.from('9bffffffffffffff', 'hex'), says: /not CBOR/ },
  'MessagePack that announces more than it has': { steps: [{ unmarshal: { msgpack: {} } }], body: () => Buffer.from('ddffffffff', 'hex'), says: /not MessagePack/ },
  ...Object.fromEntries(
    Object.entries({
      'a mustache template whose sections multiply': ['mustache', 'MustacheTemplate', `${'{{#body.list}}'.repeat(6)}x${'{{/body.list}}'.repeat(6)}`, /repeats more than 1000000 sections/],
      'a mustache template that makes a long text': ['mustache', 'MustacheTemplate', '{{#body.list}}{{#body.list}}{{{body.text}}}{{/body.list}}{{/body.list}}', /makes more than 67108864 characters/],
      'a handlebars template whose loops multiply': ['handlebars', 'CamelHandlebarsTemplate', `${'{{#each @root.body.list}}'.repeat(6)}${'{{/each}}'.repeat(6)}`, /repeats more than 1000000 sections/],
      'a handlebars template whose sections multiply': ['handlebars', 'CamelHandlebarsTemplate', `${'{{#@root.body.list}}'.repeat(6)}x${'{{/@root.body.list}}'.repeat(6)}`, /repeats more than 1000000 sections/],
      'a handlebars template that makes a long text': ['handlebars', 'CamelHandlebarsTemplate', '{{#each @root.body.list}}{{#each @root.body.list}}{{@root.body.text}}{{/each}}{{/each}}', /makes more than 67108864 characters/],
      'a handlebars template that calls itself for ever': ['handlebars', 'CamelHandlebarsTemplate', '{{#*inline "p"}}{{> p}}{{/inline}}{{> p}}', /stand in each other more than 300 deep/],
      'a handlebars template that calls itself twice': ['handlebars', 'CamelHandlebarsTemplate', '{{#*inline "p"}}{{#if next}}{{> p next}}{{> p next}}{{/if}}{{/inline}}{{> p body.deep}}', /repeats more than 1000000 sections/],
      'a velocity template whose loops multiply': ['velocity', 'CamelVelocityTemplate', `${'#foreach($x in $body.list)'.repeat(6)}${'#end'.repeat(6)}`, /repeats more than 1000000 sections/],
      'a velocity template that makes a long text': ['velocity', 'CamelVelocityTemplate', '#foreach($x in $body.list)#foreach($y in $body.list)$body.text#end#end', /makes more than 67108864 characters/],
      'a velocity template whose texts multiply': ['velocity', 'CamelVelocityTemplate', '#set($s = "xxxxxxxx")#foreach($x in $body.list)#set($s = "$s$s")#end', /makes more than 67108864 characters/],
      'a velocity template whose lists multiply': ['velocity', 'CamelVelocityTemplate', '#set($s = [1])#foreach($x in $body.list)#set($s = [$s, $s])#end$s', /repeats more than 1000000 sections/],
      'a velocity template with a long range': ['velocity', 'CamelVelocityTemplate', '#foreach($x in [1..1000000000])x#end', /repeats more than 1000000 sections/],
      'a velocity macro that calls itself for ever': ['velocity', 'CamelVelocityTemplate', '#macro(m)#m()#end#m()', /stand in each other more than 300 deep/],
      'a velocity macro that calls itself twice': ['velocity', 'CamelVelocityTemplate', '#macro(m $n)#if($n.next)#m($n.next)#m($n.next)#end#end#m($body.deep)', /repeats more than 1000000 sections/],
      'a velocity definition that shows itself': ['velocity', 'CamelVelocityTemplate', '#define($d)$d#end$d', /stand in each other more than 300 deep/],
      'a freemarker template whose loops multiply': ['freemarker', 'CamelFreemarkerTemplate', `${'<#list body.list as x>'.repeat(6)}${'</#list>'.repeat(6)}`, /more than 1000000 turns of loops/],
      'a freemarker template that makes a long text': ['freemarker', 'CamelFreemarkerTemplate', '<#list body.list as x><#list body.list as y>${body.text}</#list></#list>', /text is too long/],
      'a freemarker macro that calls itself twice': ['freemarker', 'CamelFreemarkerTemplate', '<#macro m n><#if n gt 0><@m n - 1/><@m n - 1/></#if></#macro><@m 100/>', /more than 1000000 turns of loops and calls/],
      'a freemarker function that calls itself twice': ['freemarker', 'CamelFreemarkerTemplate', '<#function f n><#if n lte 0><#return 1></#if><#return f(n - 1) + f(n - 1)></#function>${f(100)}', /more than 1000000 turns of loops and calls/],
      'a freemarker template whose lists multiply': ['freemarker', 'CamelFreemarkerTemplate', '<#assign l = [1]><#list body.list as x><#assign l = l + l></#list>', /lists and hashes of more than 20000000 items/],
      'a freemarker template whose texts multiply': ['freemarker', 'CamelFreemarkerTemplate', '<#assign s = "xxxxxxxx"><#list body.list as x><#assign s = s + s></#list>', /text is too long/],
      'a string template whose loops multiply': ['string-template', 'CamelStringTemplateTemplate', `${Array.from('abcdef', (name) => `<body.list:{${name}|`).join('')}${'}>'.repeat(6)}`, /repeats more than 1000000 sections/],
      'a string template that makes a long text': ['string-template', 'CamelStringTemplateTemplate', '<body.list:{a|<body.list:{b|<body.text>}>}>', /makes more than 67108864 characters/],
      'a freemarker template that puts a long list together again and again': ['freemarker', 'CamelFreemarkerTemplate', '<#assign l = 1..1000000><#list 1..900000 as x><#assign s = l?join(",")></#list>', inTime],
      'a freemarker template whose replaced texts multiply': ['freemarker', 'CamelFreemarkerTemplate', '<#assign s = "a"><#list 1..60 as x><#assign s = s?replace("a", body.text?substring(0, 100)?replace("x", "a"))></#list>', /text is too long/],
      'a freemarker template that replaces again and again in a long text': ['freemarker', 'CamelFreemarkerTemplate', '<#assign s = body.text><#list 1..900000 as x><#assign t = s?replace("x", "y")></#list>', inTime],
      'a freemarker template that catches its failures': ['freemarker', 'CamelFreemarkerTemplate', '<#list 1..900000 as x><#attempt><#assign s = body.text?upper_case?html><#recover>x</#attempt></#list>', inTime],
      'a velocity template that works on a long text again and again': ['velocity', 'CamelVelocityTemplate', "#foreach($x in [1..900000])#set($s = $body.text.split(''))#end", inTime],
      'a mustache template that makes a long text, and is given less time': ['mustache', 'MustacheTemplate', '{{#body.list}}{{#body.list}}{{#body.list}}x{{/body.list}}{{/body.list}}{{/body.list}}', inTime, fast],
      'a handlebars template whose loops multiply, and is given less time': ['handlebars', 'CamelHandlebarsTemplate', `${'{{#each @root.body.list}}'.repeat(6)}${'{{/each}}'.repeat(6)}`, inTime, fast],
      'a string template whose loops multiply, and is given less time': ['string-template', 'CamelStringTemplateTemplate', `${Array.from('abcdef', (name) => `<body.list:{${name}|`).join('')}${'}>'.repeat(6)}`, inTime, fast],
      'a jslt expression whose loops multiply, and is given less time': ['jslt', 'CamelJsltString', `def all(l) ${'[for ($l) '.repeat(6)}1${']'.repeat(6)} all(.list)`, inTime, fast],
      'a jslt expression whose loops multiply': ['jslt', 'CamelJsltString', `def all(l) ${'[for ($l) '.repeat(6)}1${']'.repeat(6)} all(.list)`, /more than 10000000 turns of loops and calls of functions/],
      'a jslt function that calls itself twice': ['jslt', 'CamelJsltString', 'def f(n) if ($n > 0) f($n - 1) + f($n - 1) else 1 f(100)', inTime],
      'a jslt function whose arrays multiply': ['jslt', 'CamelJsltString', 'def f(n, a) if ($n > 0) f($n - 1, $a + $a) else 1 f(100, [1])', /items are made/],
      'a jslt function whose texts multiply': ['jslt', 'CamelJsltString', 'def f(n, a) if ($n > 0) f($n - 1, $a + $a) else 1 f(100, "xxxxxxxx")', /a text of more than 67108864 characters/],
      'a jslt function whose result holds itself twice': ['jslt', 'CamelJsltString', 'def f(n, a) if ($n > 0) f($n - 1, [$a, $a]) else $a f(100, [1])', /the result has more than 20000000 items/],
    } as Record<string, readonly [scheme: string, header: string, template: string, says: RegExp, pace?: number]>).map(([what, [scheme, header, template, says, pace]]): [string, Bad] => [
      what,
      {
        steps: [...(scheme === 'jslt' ? [] : [{ unmarshal: { json: {} } }]), { to: `${scheme}:dummy?allowTemplateFromHeader=true` }],
        body: () => JSON.stringify({ list: Array(100).fill(1), text: 'x'.repeat(100_000), deep: deepObject(60) }),
        headers: { [header]: template },
        says,
        pace: pace ?? (says === inTime ? 1 : slow),
      },
    ]),
  ),
  'a zip archive of 200,000 entries where one is expected': { steps: [{ unmarshal: { zipFile: {} } }], body: () => zipOf(200_000), says: /more than 1 entry/ },
  'a tar archive that leads out of the folder': { steps: [{ unmarshal: { tarFile: {} } }, { to: 'file:target-of-bad-input' }], body: () => tarOf('../../escaped.txt'), says: /jailed to the starting directory/ },
  'an iCalendar of 100,000 components in each other': { steps: [{ unmarshal: { ical: {} } }], body: () => `BEGIN:VCALENDAR\n${'BEGIN:VEVENT\n'.repeat(100_000)}`, says: /nested deeper/ },
  'a number of 20 million digits and no end': { steps: [{ setBody: { simple: '${bodyAs(Double)}' } }], body: () => `${'7'.repeat(20_000_000)}x`, says: /Error during type conversion from type: java.lang.String/ },
  'a number of 20 million digits for an integer': { steps: [{ setBody: { simple: '${bodyAs(Integer)}' } }], body: () => '7'.repeat(20_000_000), says: /Error during type conversion from type: java.lang.String/, mostMillis: 1000 },
  'a pattern of megabytes out of the message': { steps: [{ filter: { simple: '${body} regex ${header.p}', steps: [{ to: 'mock:part' }] } }], body: () => 'x', headers: { p: 'a|b'.repeat(1_500_000) }, says: /a regular expression of 4500000 letters: 20000 are the most/, mostMillis: 1000 },
  'a declaration of XML that is all blanks, for a schema': { steps: [{ to: 'validator:any.xsd' }], body: () => `<?xml${' '.repeat(500_000)}?><r/>`, says: /Validation failed/ },
  'a declaration of XML that is all blanks, for a stylesheet': { steps: [{ to: 'xslt:any.xsl' }], body: () => `<?xml${' '.repeat(500_000)}?><r/>`, says: /no XML/ },
  'a line of univocityCsv with fifty million values': { steps: [{ unmarshal: { univocityCsv: {} } }], body: () => 'x,'.repeat(50_000_000), says: /more than 1000000 values/ },
  'a line of univocityTsv with fifty million values': { steps: [{ unmarshal: { univocityTsv: {} } }], body: () => 'x\t'.repeat(50_000_000), says: /more than 1000000 values/ },
  'a hundred million columns of univocityFixed': { steps: [{ unmarshal: { univocityFixed: { univocityHeader: [{ name: 'a', length: '1' }] } } }], body: () => 'x'.repeat(100_000_000), says: /use `lazyLoad`/, mostMegabytes: 1000 },
  'a segment of HL7 with a hundred million fields': { steps: [{ unmarshal: { hl7: {} } }], body: () => `MSH|^~\\&|A|B|C|D|2024||ADT^A01|1|P|2.3\rPID${'|'.repeat(100_000_000)}`, says: /more than 1000000 values/ },
  'a jsonpath that scans in scans': { steps: [{ setBody: { jsonpath: '$..*..*..*..*' } }], body: () => `${'['.repeat(400)}${']'.repeat(400)}`, says: /jsonpath: more than 10000000 results/, pace: slow },
  'a jsonpath whose filter looks at all for each': { steps: [{ setBody: { jsonpath: '$..[?($..x)]' } }], body: () => `[${'{"a":1},'.repeat(20_000)}1]`, says: /jsonpath: not done after 3000 ms/ },
  'a jq pattern that matches millions of times': { steps: [{ setBody: { jq: '[match("\\\\w"; "g")] | length' } }], body: () => JSON.stringify('word '.repeat(4_000_000)), says: /jq: not done after 1000 ms/, mostMillis: 4000 },
  'MessagePack of ten million empty maps': { steps: [{ unmarshal: { msgpack: {} } }], body: () => Buffer.concat([Buffer.from('dd00989680', 'hex'), Buffer.alloc(10_000_000, 0x80)]), says: /too many values to be read at once/, mostMegabytes: 900 },
  'CBOR of ten million empty maps': { steps: [{ unmarshal: { cbor: {} } }], body: () => Buffer.concat([Buffer.from('9a00989680', 'hex'), Buffer.alloc(10_000_000, 0xa0)]), says: /too many values to be read at once/, mostMegabytes: 900 },
  'Avro of ten million records without fields': { steps: [{ unmarshal: { avro: { schema: '{"type":"array","items":{"type":"record","name":"E","fields":[]}}' } } }], body: () => Buffer.concat([Buffer.from('80dac409', 'hex'), Buffer.alloc(10_000_000)]), says: /too many values to be read at once/ },
  'Protobuf of ten million empty messages': { steps: [{ unmarshal: { protobuf: { schema: 'syntax="proto3"; message M { repeated M m = 1; }' } } }], body: () => Buffer.from('0a00'.repeat(10_000_000), 'hex'), says: /too many values to be read at once/, mostMegabytes: 900 },
  'LZF of 300 MB': { steps: [{ unmarshal: { lzf: {} } }], body: () => lzfOf(4600), says: /exceeds the maximum allowed size/ },
  'a CSV whose names stand twice, and lines that end before': { steps: [{ unmarshal: { csv: { useMaps: true } } }], body: () => `${Array.from({ length: 200_000 }, (_, i) => `n${i}`).join(',').repeat(2)}\n${'x\n'.repeat(200_000)}`, says: /names stand over several columns/ },
  'a handlebars template of 10,000 blocks in each other': { steps: [{ to: 'handlebars:dummy?allowTemplateFromHeader=true' }], headers: { CamelHandlebarsTemplate: '{{#a}}'.repeat(10_000) }, says: /blocks of the template stand in each other more than 300 deep/ },
  'a velocity template of two megabytes out of the message': { steps: [{ to: 'velocity:dummy?allowTemplateFromHeader=true' }], headers: { CamelVelocityTemplate: '$a '.repeat(700_000) }, says: /has a template of 2100000 letters/ },
  'a string-template of two megabytes out of the message': { steps: [{ to: 'string-template:dummy?allowTemplateFromHeader=true' }], headers: { CamelStringTemplateTemplate: '<a> '.repeat(700_000) }, says: /has a template of 2800000 letters/ },
  'JSON of fifty million empty lists': { steps: [{ unmarshal: { json: {} } }], body: () => `[${'[],'.repeat(50_000_000)}[]]`, says: /too many values to be read at once/ },
  'JSON of fifty million empty lists, for jsonpath': { steps: [{ setBody: { jsonpath: '$.length()' } }], body: () => `[${'[],'.repeat(50_000_000)}[]]`, says: /too many values to be read at once/ },
  'JSON with three million names in one object': { steps: [{ unmarshal: { json: {} } }], body: () => `{${Array.from({ length: 3_000_000 }, (_, i) => `"k${i}":1`).join(',')}}`, says: /an object has more than 2000000 names/ },
  'a text that is replaced in at 150 million places': { steps: [{ setBody: { simple: "${replace('x','yy',${body})}" } }], body: () => flat('x', 150_000_000), says: /more than 10000000 parts of one text/, mostMillis: 2000 },
  'a text that a method cuts into 150 million parts': { steps: [{ setBody: { simple: "${body.split('x')}" } }], body: () => flat('x', 150_000_000), says: /more than 10000000 parts of one text/, mostMillis: 4000 },
  'a text that a function cuts into 150 million parts': { steps: [{ setBody: { simple: "${split(${body},'x')}" } }], body: () => flat('x', 150_000_000), says: /more than 10000000 parts of one text/, mostMillis: 2000 },
  'a text that jsonata cuts into 150 million parts': { steps: [{ setBody: { jsonata: '$split($, "x")' } }], body: () => `"${flat('x', 150_000_000)}"`, says: /more than 10000000 parts of one text/, mostMillis: 4000 },
  'a text that jsonata replaces in at 150 million places': { steps: [{ setBody: { jsonata: '$replace($, "x", "yy")' } }], body: () => `"${flat('x', 150_000_000)}"`, says: /more than 10000000 parts of one text/, mostMillis: 4000 },
  'a text that jq cuts into 150 million parts': { steps: [{ setBody: { jq: 'split("x")' } }], body: () => `"${flat('x', 150_000_000)}"`, says: /more than 10000000 parts of one text/, mostMillis: 4000 },
  'a text of 150 million letters that stand for others in HTML': { steps: [{ setBody: { jq: '@html' } }], body: () => `"${flat('<', 150_000_000)}"`, says: /longer than a text can be/, mostMegabytes: 1500 },
  'a pattern in linear time, for a text of five hundred megabytes': { steps: [{ filter: { simple: "${body} regex '(x|y|z)*(a|b)?(x|y)*'", steps: [{ to: 'mock:part' }] } }], body: () => flat('x', 500_000_000), says: /was not done after 1000 ms with a text of 500000000 letters/, mostMillis: 4000 },
  'a hundred thousand header names for a pattern that backtracks': { steps: [{ removeHeaders: { pattern: '(x+)+y' } }], headers: Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`${'x'.repeat(24)}${i}`, 1])), says: /backtracks: not done after 600 ms with 100000 names/, mostMillis: 4000 },
  'JSON of 100,000 lists for jsonata': { steps: [{ setBody: { jsonata: '**' } }], body: () => deepJson, says: /nested too deeply for the query/ },
};

describe('bad input', function () {
  this.timeout(60_000);
  let runtime: Runtime;

  afterEach(() => runtime.stop(1000));

  for (const [what, { beside = [], steps, body, headers, says, pace = 1, mostMillis = says === inTime ? 6000 : 15_000, mostMegabytes = 600 }] of Object.entries(bad)) {
    it(`(${what}) fails with its reason in bounded time and memory, and the other routes go on`, async () => {
      runtime = runtimeWith({ clock: systemClock, keepFailed: () => true, resource: (uri) => (typeof schemas[uri] === 'string' ? schemas[uri] : JSON.stringify(schemas[uri])) });
      await runtime.start([
        routesFile([
          ...beside,
          { route: { id: 'bad', errorHandler: { noErrorHandler: {} }, from: { uri: 'direct:bad', steps } } },
          { route: { id: 'good', from: { uri: 'timer:t?period=10&delay=0', steps: [{ setBody: { simple: '${exchangeProperty.CamelTimerCounter}' } }, { to: 'mock:good' }] } } },
        ]),
      ]);
      await eventually(() => expect(mockOf(runtime, 'good').count).to.be.above(0));
      const text = body?.();
      const [before, cpu] = [process.memoryUsage().rss, process.cpuUsage()];
      const exchange = await atPace(pace, () => runtime.send('direct:bad', text ?? null, { headers: headers ?? {} }));
      const { user, system } = process.cpuUsage(cpu);
      expect(`${exchange.exception?.message} ${(exchange.exception?.cause as Error | undefined)?.message ?? ''}`).to.match(says);
      expect((user + system) / 1000, 'milliseconds of processor time').to.be.below(mostMillis);
      expect((process.memoryUsage().rss - before) / 1e6, 'megabytes more').to.be.below(mostMegabytes);
      const count = mockOf(runtime, 'good').count;
      await eventually(() => expect(mockOf(runtime, 'good').count).to.be.above(count));
    });
  }

  for (const [scheme, template, shown] of [
    ['mustache', '{{body.self.other.name}}', 'x'],
    ['handlebars', '{{body.self.other.name}}', 'x'],
    ['velocity', '$body.self.other.name', 'x'],
    ['freemarker', '${body.self.other.name}', 'x'],
  ] as const) {
    it(`shows a body that holds itself twice to a template (${scheme})`, async () => {
      runtime = runtimeWith({ clock: systemClock, keepFailed: () => true, resource: () => template });
      await runtime.start([routesFile([{ route: { id: 'held', errorHandler: { noErrorHandler: {} }, from: { uri: 'direct:held', steps: [{ to: `${scheme}:a.t` }] } } }])]);
      const body: Record<string, unknown> = { name: 'x' };
      body['self'] = body['other'] = body;
      const exchange = await runtime.send('direct:held', body);
      expect(exchange.exception?.message).to.equal(undefined);
      expect(exchange.body).to.equal(shown);
    });
  }

  const hl7 = `MSH|^~\\&|A|B|C|D|2024||ADT^A01|1|P|2.3\r${'PID|1||2^3^4||DOE^JOHN\r'.repeat(300_000)}`;
  const feed = { title: 't', link: 'l', description: 'd', entries: Array(150_000).fill({ title: 'a title', link: 'http://x.org/1', uri: 'x' }) };
  const json = (millions: number): string => `[${'{"a":[1,2,{"b":3}],"name":"some name"},'.repeat(millions * 26_000)}1]`;
  const ical = `BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n${'BEGIN:VEVENT\nUID:1\nDTSTAMP:20240101T000000Z\nSUMMARY:some text\nEND:VEVENT\n'.repeat(80_000)}END:VCALENDAR\n`;
  const records = (): object => JSON.parse(json(4)) as object;
  for (const [what, steps, body] of [
    ['HL7 message is read', [{ unmarshal: { hl7: {} } }], hl7],
    ['HL7 message is read and written', [{ unmarshal: { hl7: {} } }, { marshal: { hl7: {} } }], hl7.slice(0, hl7.indexOf('\r') + 1 + 23 * 130_000)],
    ['CSV text is read', [{ unmarshal: { csv: {} } }], 'a,"b b",c,12\n'.repeat(800_000)],
    ['CSV value is read', [{ unmarshal: { csv: {} } }], `a,"${'x""'.repeat(10_000_000)}"\n`],
    ['list is written as CSV', [{ marshal: { csv: {} } }], Array<string[]>(600_000).fill(['a', 'b c', 'd"e'])],
    ['text of univocityTsv is read', [{ unmarshal: { univocityTsv: {} } }], 'a\tb\tc\t12\n'.repeat(600_000)],
    ['feed is written', [{ marshal: { rss: {} } }], feed],
    ['JSON document is read', [{ unmarshal: { json: {} } }], json(30)],
    ['list is written as JSON', [{ marshal: { json: {} } }], () => JSON.parse(json(16)) as object],
    ['list is written as JSON in lines', [{ marshal: { json: { prettyPrint: true } } }], records],
    ['list is written as YAML', [{ marshal: { yaml: {} } }], records],
    ['iCalendar is read and written', [{ unmarshal: { ical: {} } }, { marshal: { ical: {} } }], ical],
    ['JSON document is looked into by jsonpath', [{ setBody: { jsonpath: '$[5].name' } }], json(30)],
    ['JSON document is looked into by jq', [{ filter: { jq: '.[5].name == "x"', steps: [{ to: 'mock:part' }] } }], json(30)],
    ['Protobuf message is written', [{ marshal: { protobuf: { schema: 'syntax="proto3"; message L { repeated M m = 1; } message M { string a = 1; repeated int32 b = 2; }' } } }], () => ({ m: Array.from({ length: 150_000 }, (_, i) => ({ a: `name ${i}`, b: [1, 2] })) })],
    ['Avro list is written', [{ marshal: { avro: { schema: '{"type":"array","items":{"type":"record","name":"M","fields":[{"name":"a","type":"string"},{"name":"b","type":"double"}]}}' } } }], () => Array.from({ length: 150_000 }, (_, i) => ({ a: `name ${i}`, b: 2.5 }))],
    ['list is sorted', [{ sort: {} }], Array.from({ length: 700_000 }, (_, i) => `k${(i * 7919) % 1_000_003}`)],
    ['list of endpoints that there are not is gone through', [{ recipientList: { simple: '${body}', ignoreInvalidEndpoints: true } }], 'a,'.repeat(40_000)],
    ['text of LZF is unpacked', [{ unmarshal: { lzf: {} } }], lzfOf(4000)],
    ['MessagePack document is read', [{ unmarshal: { msgpack: {} } }], Buffer.concat([Buffer.from('dd000f4240', 'hex'), ...Array<Buffer>(1_000_000).fill(Buffer.from('82a16101a16293010203', 'hex'))])],
    ['CBOR document is read', [{ unmarshal: { cbor: {} } }], Buffer.concat([Buffer.from('9a00061a80', 'hex'), ...Array<Buffer>(400_000).fill(Buffer.from('a2616101616283010203', 'hex'))])],
    ['Protobuf message is read', [{ unmarshal: { protobuf: { schema: 'syntax="proto3"; message L { repeated M m = 1; } message M { string a = 1; repeated int32 b = 2; }' } } }], Buffer.from('0a080a01781203010203'.repeat(400_000), 'hex')],
    ['Avro list is read', [{ unmarshal: { avro: { schema: '{"type":"array","items":{"type":"record","name":"M","fields":[{"name":"a","type":"string"},{"name":"b","type":"double"}]}}' } } }], Buffer.concat([Buffer.from('80ea30', 'hex'), ...Array<Buffer>(400_000).fill(Buffer.from('027800000000000000f03f'.slice(0, 20), 'hex')), Buffer.of(0)])],
  ] as const) {
    it(`lets the other routes go on while a long ${what}`, async () => {
      runtime = runtimeWith({ clock: systemClock });
      let turns = 0;
      let longest = 0;
      const cpu = (): number => process.cpuUsage().user / 1000;
      await runtime.start([routesFile([{ route: { id: 'long', errorHandler: { noErrorHandler: {} }, from: { uri: 'direct:long', steps } } }])]);
      const given = typeof body === 'function' ? body() : body;
      const begun = cpu();
      let before = begun;
      const ticker = setInterval(() => {
        turns++;
        longest = Math.max(longest, cpu() - before);
        before = cpu();
      }, 1);
      try {
        const exchange = await runtime.send('direct:long', given);
        expect(exchange.exception).to.equal(null);
      } finally {
        clearInterval(ticker);
      }
      const now = cpu();
      expect(turns).to.be.above(5);
      expect(Math.max(longest, now - before), 'milliseconds of processor time at once').to.be.below((now - begun) * 0.6);
    });
  }

  it('lets the other routes go on while a long YAML document is read', async () => {
    runtime = runtimeWith({ clock: systemClock });
    await runtime.start([
      routesFile([
        { route: { id: 'long', from: { uri: 'direct:long', steps: [{ unmarshal: { yaml: {} } }, { setBody: { simple: '${body.size}' } }] } } },
        { route: { id: 'good', from: { uri: 'timer:t?period=10&delay=0', steps: [{ to: 'mock:good' }] } } },
      ]),
    ]);
    await eventually(() => expect(mockOf(runtime, 'good').count).to.be.above(0));
    const before = mockOf(runtime, 'good').count;
    const exchange = await runtime.send('direct:long', '- a: 1\n'.repeat(150_000));
    // The library takes seconds for it: on the loop, one or two would have come through.
    expect(mockOf(runtime, 'good').count - before).to.be.above(10);
    expect(exchange.body).to.equal(150_000);
  });
});

/**
 * Makes up Simple expressions: every function of Camel's, with arguments that are easy to get wrong, over a dozen messages. The same seed makes
 * the same expressions.
 */

import { randomFrom } from '../../random.ts';

export interface Sent {
  /** The endpoint: one evaluates a value, the other a condition. */
  readonly to: 'direct:value' | 'direct:condition';
  readonly message: number;
  readonly source: string;
  readonly functions: readonly string[];
}

const headers = {
  n: 5, neg: -3, dec: 2.75, zero: 0, big: 9007199254740993n, text: 'Hello World', empty: '', blank: '  ', num: '42', numDec: '3.14', words: 'a,b,,c', flag: true, no: false, yesText: 'true',
  list: [3, 1, 2], mixed: [1, 'two', null, 3.5], names: ['bob', 'Al', 'carl'], map: { a: 1, 'b c': 'x', n: null }, uml: 'äöü ß €😀', json: '{"a":{"b":[1,2]},"s":"x"}', xml: '<r><a id="1">x</a><a>y</a></r>',
  html: '<p>Hi &amp; <b>you</b></p>', lines: 'one\ntwo\r\nthree', date: '2024-02-29', quoted: '"q"', single: "'s'", upper: 'ABC', nothing: null, regex: '[a-c]+', dotted: 'a.b.c', 'with space': 'ws', millis: 1709210096123, summer: 1720000000000,
};

/** Messages that the expressions are evaluated over. */
export const messages: readonly { readonly body: unknown; readonly headers: Readonly<Record<string, unknown>>; readonly properties: Readonly<Record<string, unknown>>; readonly variables: Readonly<Record<string, unknown>> }[] = [
  'Hello World', '', null, 42, -7.5, true, [3, 1, 2], ['b', 'a', null, 'c', 'a'], { name: 'Ann', age: 30, tags: ['x', 'y'], inner: { deep: 1 } }, '{"name":"Ann","items":[{"p":1},{"p":2}]}',
  '<order id="7"><item>a</item><item>b</item></order>', 'a,b,c', '12', '  padded text  ', [], {}, 'x\ny\nz', [[1, 2], [3]], 9007199254740993n,
].map((body) => ({ body, headers, properties: { p: 'prop', count: 7, list: [1, 2] }, variables: { v: 'var', num: 12, obj: { k: 'val' }, file: 'words.txt' } }));

const names = ['n', 'neg', 'dec', 'zero', 'big', 'text', 'empty', 'blank', 'num', 'numDec', 'words', 'flag', 'no', 'yesText', 'list', 'mixed', 'names', 'map', 'uml', 'lines', 'date', 'upper', 'nothing', 'missing', 'dotted', 'TEXT', 'quoted', 'html', 'json'];
const types = ['String', 'int', 'Integer', 'long', 'Long', 'double', 'Double', 'boolean', 'Boolean', 'java.util.List', 'java.util.Map', 'byte[]', 'java.lang.Number', 'float', 'short', 'java.math.BigInteger'];
const texts = ["'Hello'", "'hello world'", "''", "' '", "'  x  '", "'a,b,c'", "'5'", "'-3'", "'2.50'", "'TRUE'", "'äÄß'", "'😀x'", "'a-b-c'", '"double"', "'x\\ny'", "'null'", "'[1,2]'", "'{\"a\":1}'", "'a.b'", "'$5'", "'100%'", "'Abc123'", "'2024-02-29'", "'a\tb'"];
const numbers = ['0', '1', '2', '3', '5', '-1', '-2', '10', '100', '2.5', '-0.5', '1e3', '007', '2147483648', '9007199254740993'];
export const operators = ['==', '=~', '!=', '!=~', '>', '>=', '<', '<=', 'contains', '!contains', '~~', '!~~', 'regex', '!regex', 'in', '!in', 'is', '!is', 'range', '!range', 'startsWith', '!startsWith', 'endsWith', '!endsWith'];
const bare = ['Hello', 'abc', 'a b', 'x1', 'true', 'null', ''];

export class Maker {
  private readonly random: () => number;
  private used: string[] = [];

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  private int(below: number): number {
    return Math.floor(this.random() * below);
  }

  private one<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  private chance(of: number): boolean {
    return this.random() < of;
  }

  /** A function without its braces, noted as used. */
  private call(name: string, depth: number): string {
    this.used.push(name);
    return shapes[name]!(this.tools(depth + 1));
  }

  private leaf(): string {
    return this.one([
      () => '${body}',
      () => '${body}',
      () => `\${header.${this.one(names)}}`,
      () => `\${header.${this.one(names)}}`,
      () => `\${header.${this.one(names)}}`,
      () => this.one(['${variable.v}', '${variable.num}', '${variable.missing}', '${exchangeProperty.p}', '${exchangeProperty.count}', '${exchangeProperty.none}']),
      () => this.one(['${body[0]}', '${body.size}', '${body[name]}', '${body.length}', '${header.list[0]}', '${header.list[last]}', '${header.map[a]}', '${header.text.length()}', "${header.map['b c']}", '${header.names[1].toUpperCase()}', '${body?.size}', '${header.missing?.length}']),
      () => '${null}',
    ])();
  }

  private tools(depth: number): Tools {
    const nested = (): string => (depth < 3 && this.chance(0.5) ? `\${${this.call(this.one(nestable), depth)}}` : this.leaf());
    const value = (): string => this.one([() => this.one(texts), () => this.one(texts), () => this.one(numbers), nested, nested, nested, () => this.one(bare)])();
    return {
      one: (list) => this.one(list),
      maybe: (text, of = 0.5) => (this.chance(of) ? text() : ''),
      value,
      leaf: () => this.leaf(),
      nested,
      text: () => (this.chance(0.6) ? this.one(texts) : nested()),
      number: () => this.one([() => this.one(numbers), () => this.one(numbers), nested, () => this.one(texts)])(),
      small: () => this.one(['0', '1', '2', '3', '4', '-1', '-2', '7', '${header.n}', "'2'", 'x', '']),
      list: () => this.one(['${header.list}', '${header.mixed}', '${header.names}', '${body}', '${body}', '${header.words}', '${header.map}', '${exchangeProperty.list}', '${list(3,1,2)}', '${header.missing}', '${newEmpty(list)}']),
      name: () => this.one(names),
      type: () => this.one(types),
      condition: () => this.condition(depth),
      args: (from, to) => Array.from({ length: from + this.int(to - from + 1) }, value),
      numbers: (from, to) => Array.from({ length: from + this.int(to - from + 1) }, () => (this.chance(0.7) ? this.one(numbers) : this.leaf())),
    };
  }

  private condition(depth: number): string {
        const simple = (): string => {
      const operator = this.one(operators);
      this.used.push(`operator ${operator}`);
      const left = depth < 2 && this.chance(0.4) ? `\${${this.call(this.one(nestable), depth)}}` : this.leaf();
      const right: Readonly<Record<string, () => string>> = {
        regex: () => this.one(["'^\\\\d+$'", "'[a-c]+'", "'.*World'", "'H.*'", '${header.regex}', "'(?i)hello.*'"]),
        in: () => this.one(["'5,42,Hello'", "'a,b'", '${header.list}', '${header.words}', "'Hello World,x'", "'true'"]),
        is: () => this.one(["'String'", "'java.lang.Integer'", "'java.util.List'", "'Map'", "'java.lang.Number'", "'Long'"]),
        range: () => this.one(["'1..10'", "'40..50'", "'-5..0'", "'0..0'", "'1..a'"]),
      };
      const written = right[operator.replace('!', '')]?.() ?? this.one([() => this.one(texts), () => this.one(numbers), () => this.leaf(), () => this.one(['null', 'true', 'false', "'World'", "'5'", "'42'"])])();
      return `${left} ${operator} ${written}`;
    };
    if (!this.chance(0.25)) return simple();
    const both = this.one(['&&', '||']);
    this.used.push(`operator ${both}`);
    return `${simple()} ${both} ${simple()}`;
  }

  /** An expression in which a function stands. */
  expression(name: string): Sent {
    this.used = [];
    const message = this.int(messages.length);
    const inside = `\${${this.call(name, 0)}}`;
    const source = this.one([
      () => inside,
      () => inside,
      () => inside,
      () => inside,
      () => inside,
      () => `<${inside}>`,
      () => `${inside} and ${this.leaf()}`,
      () => this.around(inside),
    ])();
    return { to: 'direct:value', message, source, functions: this.used };
  }

  /** The operators that values have, and blanks. */
  private around(inside: string): string {
    const operator = this.one(['++', '++', '--', '--', '?:', '~>', '?~>', '? :', '']);
    if (operator === '') return this.one([`${inside} `, ` ${inside}`]);
    this.used.push(`operator ${operator}`);
    switch (operator) {
      case '?:':
        return `${inside} ?: 'none'`;
      case '~>':
        return `\${body} ~> ${inside}`;
      case '?~>':
        return `${inside} ?~> \${uppercase()}`;
      case '? :':
        return `\${${this.condition(1)} ? 'yes' : ${inside}}`;
      default:
        return `${inside}${operator}`;
    }
  }

  predicate(): Sent {
    this.used = [];
    const message = this.int(messages.length);
    return { to: 'direct:condition', message, source: this.condition(0), functions: this.used };
  }
}

interface Tools {
  one<T>(list: readonly T[]): T;
  maybe(text: () => string, of?: number): string;
  value(): string;
  leaf(): string;
  nested(): string;
  text(): string;
  number(): string;
  small(): string;
  list(): string;
  name(): string;
  type(): string;
  condition(): string;
  args(from: number, to: number): string[];
  numbers(from: number, to: number): string[];
}

type Shape = (tools: Tools) => string;

const ofOne = (name: string): Shape => (t) => t.one([`${name}()`, `${name}(${t.value()})`, `${name}(${t.value()})`, `${name}(${t.value()})`, name]);
const ofText = (name: string): Shape => (t) => t.one([`${name}()`, `${name}(${t.text()})`, `${name}(${t.text()})`, `${name}(${t.nested()})`]);
const ofNumber = (name: string): Shape => (t) => t.one([`${name}()`, `${name}(${t.number()})`, `${name}(${t.number()})`, `${name}(${t.number()})`]);
const ofNumbers = (name: string): Shape => (t) => t.one([`${name}()`, `${name}(${t.list()})`, `${name}(${t.numbers(1, 4).join(',')})`, `${name}(${t.numbers(1, 4).join(', ')})`]);
const ofValues = (name: string): Shape => (t) => t.one([`${name}()`, `${name}(${t.list()})`, `${name}(${t.args(1, 4).join(',')})`, `${name}(${t.args(1, 3).join(', ')})`]);
const plain = (name: string): Shape => () => name;
const named = (prefix: string, found: readonly string[]): Shape => (t) => t.one([`${prefix}.${t.one(found)}`, `${prefix}:${t.one(found)}`, `${prefix}[${t.one(found)}]`, `${prefix}['${t.one(found)}']`, `${prefix}.${t.one(found)}${t.one(['', '?.length', '.length()', '[0]', '.toString()', '.size', '[a]', '?.foo'])}`]);
/** What differs from run to run, seen through something that does not. */
const hidden = (name: string): Shape => (t) => t.one([`isEmpty(\${${name}})`, `kindOfType(\${${name}})`, `iif(\${${name}} == null,'none','some')`, `size(\${${name}})`]);

const functionBodies = ["'${body} > 2'", "'${body} == 1'", "'${body} contains \\'a\\''", "'${uppercase()}'", "'${body}!'", "${uppercase()}", '${body}', "'${trim()} '", "'x'"];
const dates = ["'yyyy-MM-dd'", 'yyyy', 'HH:mm:ss', 'yyyyMMdd', "EEE, d MMM yyyy", "yyyy-MM-dd'T'HH:mm:ss", 'DDD', 'w', 'u', 'QQQ'];

/** A way to write each function, by its name in Camel's list. */
export const shapes: Readonly<Record<string, Shape>> = {
  abs: ofNumber('abs'),
  assert: (t) => t.one([`assert(${t.condition()},${t.text()})`, `assert(${t.condition()})`, `assert(\${body} != null,'no body')`, `assert(\${header.n} == 5,'five')`, `assert(\${header.flag},'flag')`]),
  attachment: (t) => t.one(['attachment.x', 'attachment.a.b', "attachment[x]", 'attachment.nosuch']),
  attachments: (t) => t.one(['attachments', 'size(${attachments})', 'isEmpty(${attachments})']),
  attachmentsContent: (t) => t.one(['attachmentsContent.x', 'attachmentsContent[y]', 'attachmentsContent(x)', "attachmentsContent.a.txt"]),
  attachmentsContentAs: (t) => `attachmentsContentAs(${t.one(['x', "'a.txt'", 'y'])},${t.type()})`,
  attachmentsContentAsText: (t) => t.one(['attachmentsContentAsText.x', 'attachmentsContentAsText(x)', 'attachmentsContentAsText[y]']),
  attachmentsHeader: (t) => `attachmentsHeader(${t.one(['x', 'a.txt'])},${t.one(['h', 'Content-Type'])})`,
  attachmentsHeaderAs: (t) => `attachmentsHeaderAs(${t.one(['x', 'a.txt'])},${t.one(['h', 'k'])},${t.type()})`,
  attachmentsKeys: (t) => t.one(['attachmentsKeys', 'size(${attachmentsKeys})']),
  attachmentsSize: (t) => t.one(['attachmentsSize', 'abs(${attachmentsSize})']),
  average: ofNumbers('average'),
  base64Decode: (t) => t.one(['base64Decode()', `base64Decode(${t.one(["'SGVsbG8='", "'w6TDtg=='", 'SGVsbG8=', "'%%%'", "''"])})`, 'base64Decode(${base64Encode(${body})})', `base64Decode(${t.leaf()})`, `base64Decode(\${base64Encode(${t.text()})})`]),
  base64Encode: ofText('base64Encode'),
  bean: (t) => t.one([() => t.one(['bean:counter.get', 'bean:counter?method=get', 'bean:counter.intValue', 'bean(counter.get)', 'bean:names.size', 'bean:names?method=size', 'bean:names.isEmpty', 'bean(names.size)', 'bean:counter.doubleValue', 'bean:names.toString', 'bean:counter.toString']), () => t.one(['bean:counter.get()', 'bean:nosuch', 'bean:nosuch?method=go', 'bean:names.size()', 'bean:counter.nosuch', 'bean:names.get(0)'])])(),
  body: (t) => t.one(['body', 'in.body', 'body.size()', 'body[0]', 'body[last]', 'body[1]', 'body.name', 'body[name]', "body['age']", 'body.length()', 'body?.length', 'body[tags][0]', 'body[inner][deep]', 'body.toUpperCase()', 'body.isEmpty()', "body.contains('a')", 'body[last-1]', 'body.hashCode()', "body.substring(1)", "body.replace('a','b')", 'body.class.simpleName', 'body.getClass().getName()']),
  bodyAs: (t) => t.one([() => `bodyAs(${t.type()})${t.one(['', '', '.length()', '?.length', '[0]', '.size'])}`, () => t.one(['bodyAs(String)','bodyAs(String)','bodyAs(String).length()','bodyAs(java.lang.Object)'])])(),
  bodyOneLine: plain('bodyOneLine'),
  bodyType: (t) => t.one([() => t.one(['bodyType', 'bodyType.simpleName', 'bodyType.name']), () => t.one(['bodyType','bodyType'])])(),
  camelContext: (t) => t.one(['camelContext.version.length()', 'isEmpty(${camelContext.name})', 'camelContext.routesSize', 'camelContext.status', 'camelContext.suspended']),
  camelId: hidden('camelId'),
  capitalize: ofText('capitalize'),
  ceil: ofNumber('ceil'),
  clearAttachments: plain('clearAttachments'),
  collate: (t) => `collate(${t.small()})`,
  concat: (t) => t.one([`concat(${t.value()},${t.value()})`, `concat(${t.value()},${t.value()},${t.text()})`, `concat(${t.text()}, ${t.text()}, ${t.text()})`, `concat(${t.value()})`]),
  contains: (t) => t.one([`contains(${t.text()})`, `contains(${t.value()},${t.text()})`, `contains(${t.nested()}, ${t.text()})`, `contains(${t.list()},${t.one(['1', "'a'", "'bob'"])})`]),
  convertTo: (t) => t.one([`convertTo(${t.type()})`, `convertTo(${t.value()},${t.type()})`, `convertTo(${t.nested()}, ${t.type()})`, `convertTo(\${header.num},${t.type()})`, `convertTo(\${header.n},${t.type()})`]),
  date: (t) => t.one([() => t.one([`length(\${date:now:${t.one(['yyyy', 'yyyy-MM-dd', 'HH', 'SSS'])}})`, `date:header.date:${t.one(dates)}`, `date:header.${t.one(['millis', 'summer'])}${t.one(['', '', '+1d', '-2h', '+5m30s', '-1w'])}:${t.one(dates)}`, `date:header.millis:${t.one(dates)}`, `date:exchangeProperty.p:yyyy`, `date:variable.missing:yyyy`, 'kindOfType(${date:now})', 'isEmpty(${date:now})', `date:now${t.one(['+1d', '-1h', '+5m', '-10s'])}:${t.one(["'x'", "''"])}`, 'date:header.missing', `date:nosuch`]), () => t.one(['kindOfType(${date:now})','length(${date:now:yyyy-MM-dd})','isEmpty(${date:now:HH})'])])(),
  'date-with-timezone': (t) => t.one([`date-with-timezone:header.${t.one(['millis', 'summer'])}:${t.one(['UTC', 'Europe/Paris', 'GMT+2', 'America/New_York', 'Asia/Kolkata', 'Nowhere/None'])}:${t.one(['yyyy-MM-dd', 'HH:mm', 'yyyy-MM-dd HH:mm:ss', "yyyy-MM-dd'T'HH:mm:ss.SSS", 'EEE, d MMM yyyy'])}`, `length(\${date-with-timezone:now:${t.one(['UTC', 'Europe/Paris', 'GMT+2', 'America/New_York'])}:${t.one(['yyyy-MM-dd', 'HH:mm', 'yyyy'])}})`, `length(\${date-with-timezone:now:UTC:yyyy-MM-dd HH})`, `date-with-timezone:header.missing:UTC:yyyy`]),
  distinct: ofValues('distinct'),
  empty: (t) => t.one(['empty(list)', 'empty(map)', 'empty(string)', 'empty(set)', 'empty(x)']),
  env: (t) => t.one(['env.NO_SUCH_NAME', 'env:NO_SUCH_NAME', 'isEmpty(${env.NO_SUCH_NAME})', "iif(${env.NO_SUCH} == null,'none','some')"]),
  exception: (t) => t.one(['exception', 'exception.message', 'exception?.message', 'exception.stackTrace', 'exception.class']),
  exchange: (t) => t.one(['exchange.pattern', 'exchange.in.body', 'exchange.fromRouteId', 'exchange.properties.size', 'exchange.isFailed()', 'isEmpty(${exchange})', 'exchange.exception', 'exchange.hasProperties()']),
  exchangeId: hidden('exchangeId'),
  exchangeProperty: named('exchangeProperty', ['p', 'count', 'list', 'none']),
  filter: (t) => t.one([() => t.one([`filter(${t.list()},${t.one(functionBodies)})`, `filter(${t.one(functionBodies)})`, `filter(${t.list()}, ${t.one(functionBodies)})`]), () => t.one(["filter(${header.list},'${body} > 1')","filter(${header.names},'${body} != null')","filter(${list(1,2,3)},'${body} >= 2')"])])(),
  floor: ofNumber('floor'),
  forEach: (t) => t.one([() => t.one([`forEach(${t.list()},${t.one(functionBodies)})`, `forEach(${t.one(functionBodies)})`, `forEach(${t.list()}, ${t.one(functionBodies)})`]), () => t.one(["forEach(${header.list},'${body}!')","forEach(${header.names},'${uppercase()}')","forEach(${list(1,2)},'x')"])])(),
  fromRouteId: plain('fromRouteId'),
  function: (t) => t.one([() => t.one(['function(shout)', 'function(shout,${header.text})', "function('shout')", 'function(twice)', 'function(twice, ${header.num})', 'function(quoted)']), () => `function(${t.one(['shout', 'twice', 'quoted'])},${t.leaf()})`, () => `function(shout,${t.text()})`, () => t.one(['function(nosuch)', `function(nosuch,${t.value()})`])])(),
  hash: (t) => t.one([() => t.one(['hash()', `hash(${t.text()})`, `hash(${t.text()},${t.one(['SHA-256', 'MD5', 'SHA-1', 'SHA-512', 'SHA3-256', "'SHA-256'", 'NOPE'])})`, `hash(${t.leaf()},MD5)`]), () => t.one([`hash(${t.leaf()})`,'hash(abc)',`hash(\${header.text},SHA-1)`])])(),
  header: (t) => t.one([named('header', names)(t), named('header', names)(t), named('headers', names)(t), named('in.header', names)(t), 'header.with space', "header['with space']", 'headers.size', 'header.map[a]', 'header.map.a', 'header.list[1]', 'header.list[-1]', 'header.list[last-1]', 'header.text.substring(2,4)', "header.text.indexOf('o')", 'header.names[0].length()']),
  headerAs: (t) => t.one([() => t.one([`headerAs(${t.name()},${t.type()})`, `headerAs('${t.name()}', ${t.type()})`, `headerAs(${t.name()},${t.type()}).toString()`, `headerAs(num,int)`]), () => t.one(['headerAs(num,int)','headerAs(n,String)','headerAs(missing,int)','headerAs(text,String)'])])(),
  headers: (t) => t.one(['headers.size', 'headers.text', 'headers:text', 'size(${headers})', 'headers[n]', 'isEmpty(${headers})', 'headers.containsKey("n")', "headers?.n"]),
  hostname: hidden('hostname'),
  id: hidden('id'),
  iif: (t) => t.one([`iif(${t.condition()},${t.value()},${t.value()})`, `iif(${t.condition()},'yes','no')`, `iif(${t.leaf()},'yes','no')`, `iif(${t.condition()}, ${t.text()}, ${t.nested()})`]),
  isAlpha: ofText('isAlpha'),
  isAlphaNumeric: ofText('isAlphaNumeric'),
  isEmpty: ofOne('isEmpty'),
  isNumeric: ofOne('isNumeric'),
  jq: (t) => t.one([() => t.one(["jq('.name')", 'jq(.name)', "jq(header:json,'.a.b[1]')", "jq(header:json,.s)", "jq(.items[0].p)", "jq(header:json,.a.b | length)", "jq(variable:obj,.k)", 'jq(header:missing,.a)', "jq(.items | length)", 'jq(.a.b)']), () => t.one(['jq(header:json,.s)','jq(header:json,.a.b)','jq(header:json,.a.b | length)','jq(header:json,keys)'])])(),
  jsonpath: (t) => t.one([() => t.one(["jsonpath('$.name')", 'jsonpath($.name)', "jsonpath(header:json,'$.a.b[1]')", 'jsonpath(header:json,$.s)', 'jsonpath($.items[0].p)', 'jsonpath(header:json,$.nosuch)', 'jsonpath(header:json,$..b)', 'jsonpath(header:missing,$.a)', 'jsonpath($.items[*].p)']), () => t.one(['jsonpath(header:json,$.s)','jsonpath(header:json,$.a.b)','jsonpath(header:json,$.a.b[1])','jsonpath(header:json,$.a.b.length())'])])(),
  join: (t) => t.one(['join()', `join(${t.one(["','", "';'", "' '", "''", '-', "'\\n'"])})`, `join(${t.one(["','", "'&'"])},${t.one(["'id='", "''", 'x'])})`, `join(${t.one(["','", "'&'", "'-'"])},${t.one(["'id='", "''"])},${t.list()})`, `join(',',,${t.list()})`]),
  length: ofOne('length'),
  list: (t) => t.one([() => `list(${t.args(0, 4).join(',')})`, () => t.one(['list(1,2,3)',"list('a','b')",`list(${t.leaf()})`,`list(a,${t.leaf()})`,'list(x)'])])(),
  listAdd: (t) => t.one([`listAdd(${t.one(['1', "'x'", 'abc'])})`, `listAdd(${t.list()},${t.one(['1', "'x'", '2.5'])})`, `listAdd(\${list(1,2)},${t.value()})`, `listAdd(\${newEmpty(list)},${t.text()})`]),
  listRemove: (t) => t.one([() => t.one([`listRemove(${t.value()})`, `listRemove(\${list(1,2,1)},${t.one(['1', "'1'", '2', '9', '-1'])})`, `listRemove(\${list('a','b')},${t.one(["'a'", 'b', "'c'"])})`]), () => t.one([`listRemove(\${header.names},${t.one(['Al', 'carl', 'zed'])})`,'listRemove(${header.list},0)','listRemove(${header.names},bob)'])])(),
  load: (t) => t.one([() => t.one(['load(words.txt)', "load('words.txt')", 'load(classpath:words.txt)', 'load(deep/words.txt)', 'load(resource:classpath:words.txt)', 'load(words.txt?optional=true)', 'load(nosuch.txt?optional=true)', 'load(classpath:nosuch.txt?optional=true)', 'load( words.txt )', 'load(${variable.file})', 'length(${load(words.txt)})', 'split(${load(words.txt)},\'\\n\')']), () => t.one(['load(words.txt)', 'load(nosuch.txt)', 'load(classpath:nosuch.txt)', 'load(file:/no/such/file)', 'load()', 'load(${body})'])])(),
  lowercase: ofText('lowercase'),
  mandatoryBodyAs: (t) => t.one([() => `mandatoryBodyAs(${t.type()})${t.one(['', '', '.length()', '?.length'])}`, () => t.one(['mandatoryBodyAs(String)','mandatoryBodyAs(String).length()','mandatoryBodyAs(java.lang.Object)','mandatoryBodyAs(String)'])])(),
  map: (t) => t.one([() => t.one([() => t.one([`map(${t.one(['a', "'k'"])},${t.value()})`, `map('a',${t.value()},'b',${t.value()})`, 'map()', `map('a',1,'b')`, `map(${t.args(2, 2).join(',')})`]), () => t.one(["map('a',1)","map('a',1,'b','x')",`map('a',${t.leaf()})`,'map(k,v)'])])(), () => t.one(["map('a',1)","map('a',1,'b','x')",`map('a',${t.leaf()})`,'map(k,v)'])])(),
  mapAdd: (t) => t.one([`mapAdd(${t.one(['a', "'k'"])},${t.one(['1', "'x'", '${header.n}', '${header.text}'])})`, `mapAdd(\${map('a',1)},${t.one(['b', "'a'"])},${t.value()})`, `mapAdd(\${newEmpty(map)},'k',${t.text()})`]),
  mapRemove: (t) => t.one([() => t.one([`mapRemove(${t.one(['a', "'name'", 'name'])})`, `mapRemove(\${map('a',1,'b',2)},${t.one(['a', "'b'", 'z'])})`]), () => t.one(["mapRemove(${header.map},a)",'mapRemove(${variable.obj},k)'])])(),
  max: ofNumbers('max'),
  messageAs: (t) => t.one([`kindOfType(\${messageAs(${t.type()})})`, 'messageAs(org.apache.camel.Message).body', 'messageAs(org.apache.camel.Message)?.headers.size']),
  messageHistory: hidden('messageHistory'),
  messageTimestamp: (t) => t.one(['kindOfType(${messageTimestamp})', 'messageTimestamp']),
  min: ofNumbers('min'),
  newEmpty: (t) => t.one(['newEmpty(list)', 'newEmpty(map)', 'newEmpty(string)', 'newEmpty(set)', 'newEmpty(nosuch)', 'size(${newEmpty(list)})', "newEmpty('list')", 'newEmpty(LIST)']),
  normalizeWhitespace: ofText('normalizeWhitespace'),
  not: (t) => t.one([`not(${t.condition()})`, `not(${t.value()})`, 'not()', 'not']),
  null: plain('null'),
  originalBody: (t) => t.one(['originalBody', 'isEmpty(${originalBody})', 'length(${originalBody})', 'originalBody.length()']),
  pad: (t) => t.one([`pad(${t.text()},${t.one(['10', '-10', '3', '0', '-3', '${header.n}', "'8'"])})`, `pad(${t.value()},${t.one(['12', '-12', '5'])},${t.one(["'*'", "'ab'", "'-'", "' '", "''"])})`]),
  pretty: (t) => t.one(['pretty()', `pretty(${t.one(['${header.json}', '${header.xml}', "'plain'", "'{\"a\":[1,{}]}'", "'<a><b/></a>'", '${body}', "'[]'"])})`]),
  prettyBody: plain('prettyBody'),
  sort: (t) => t.one(['sort()', `sort(${t.list()})`, `sort(${t.list()},${t.one(['true', 'false', "'true'", ''])})`, 'sort(,true)']),
  toPrettyJson: (t) => t.one(['toPrettyJson()', `toPrettyJson(${t.value()})`, `toPrettyJson(${t.list()})`]),
  toPrettyJsonBody: plain('toPrettyJsonBody'),
  toJson: (t) => t.one(['toJson()', `toJson(${t.value()})`, `toJson(${t.list()})`]),
  toJsonBody: plain('toJsonBody'),
  properties: (t) => t.one(['properties:my.key', 'properties:nosuch', 'properties:nosuch:fallback', 'properties:my.num', "properties:nosuch:${header.n}", 'properties:my.key:other']),
  propertiesExist: (t) => t.one(['propertiesExist:my.key', 'propertiesExist:nosuch', 'propertiesExist:!my.key', 'propertiesExist:!nosuch']),
  quote: ofText('quote'),
  random: (t) => t.one(['random(1)', 'random(5,6)', 'kindOfType(${random(1,10)})', 'random(0,1)', 'random(x)', 'random(3,1)', "random('1')"]),
  range: (t) => t.one([`range(${t.small()},${t.small()})`, 'range(1,5)', `range(${t.small()})`, 'range(5,1)', 'range(0,0)', 'range(-2,2)']),
  ref: (t) => t.one(['ref:nosuch', 'ref:x.y', 'isEmpty(${ref:nosuch})']),
  replace: (t) => t.one([`replace(${t.one(["'-'", "'o'", "' '", "'l'", 'a', "'.'", "'&quot;'"])},${t.one(["'_'", "''", "'xx'", '&empty;', "'$1'"])})`, `replace(${t.one(["'l'", "'a'", "'['"])},${t.one(["'L'", "''", '&empty;'])},${t.value()})`, `replace(' ', '_', ${t.text()})`]),
  reverse: ofValues('reverse'),
  routeGroup: (t) => t.one(['routeGroup', 'isEmpty(${routeGroup})']),
  routeId: plain('routeId'),
  safeQuote: ofOne('safeQuote'),
  setHeader: (t) => t.one([`setHeader(fresh,${t.value()})`, `setHeader('fresh',${t.value()})`, `setHeader(fresh,${t.type()},${t.value()})`, `setHeader(n,${t.leaf()})`, `setHeader(fresh, int, '7')`]),
  setVariable: (t) => t.one([`setVariable(fresh,${t.value()})`, `setVariable('fresh',${t.value()})`, `setVariable(fresh,${t.type()},${t.value()})`, `setVariable(v,${t.leaf()})`]),
  shuffle: (t) => t.one(['size(${shuffle(1,2,3)})', 'shuffle(1)', `size(\${shuffle(${t.list()})})`, 'shuffle(${newEmpty(list)})', "shuffle('a')", `size(\${shuffle()})`]),
  simpleJsonpath: (t) => t.one([() => t.one(["simpleJsonpath('$.name')", 'simpleJsonpath($.name)', "simpleJsonpath(header:json,'$.a.b[1]')", 'simpleJsonpath(header:json,$.s)', 'simpleJsonpath($.items[0].p)', 'simpleJsonpath(header:json,$.nosuch)', 'simpleJsonpath(header:json,a.b)']), () => t.one(['simpleJsonpath(header:json,s)','simpleJsonpath(header:json,a.b)','simpleJsonpath(header:json,a)','simpleJsonpath(header:json,nosuch?)'])])(),
  size: (t) => t.one(['size()', `size(${t.value()})`, `size(${t.list()})`]),
  skip: (t) => `skip(${t.small()})`,
  split: (t) => t.one(['split()', `split(${t.one(["','", "'-'", "' '", "'\\n'", "'o'", '${header.nothing}', "'.'", "'|'"])})`, `split(${t.text()},${t.one(["','", "'-'", "' '", "'o'", "'b'"])})`, `split(${t.leaf()},${t.one(["','", "' '", "'l'"])})`]),
  stepId: plain('stepId'),
  substring: (t) => t.one([`substring(${t.small()})`, `substring(${t.small()},${t.small()})`, 'substring(0,2)', 'substring(-3)', 'substring(1,-1)']),
  substringAfter: (t) => t.one([`substringAfter(${t.one(["'o'", "' '", "','", "'zz'", "''", 'l'])})`, `substringAfter(${t.text()},${t.one(["'-'", "'l'", "' '", "'zz'"])})`, `substringAfter(${t.leaf()}, ${t.one(["'o'", "','"])})`]),
  substringBefore: (t) => t.one([`substringBefore(${t.one(["'o'", "' '", "','", "'zz'", "''", 'l'])})`, `substringBefore(${t.text()},${t.one(["'-'", "'l'", "' '", "'zz'"])})`, `substringBefore(${t.leaf()}, ${t.one(["'o'", "','"])})`]),
  substringBetween: (t) => t.one([`substringBetween(${t.one(["'H','o'", "'<','>'", "' ',' '", "'a','c'"])})`, `substringBetween(${t.text()},${t.one(["'a','c'", "'-','-'", "'H','o'", "'x','y'"])})`, `substringBetween(${t.leaf()},${t.one(["'e','o'", "'>','<'"])})`]),
  sum: ofNumbers('sum'),
  sys: (t) => t.one(['sys.no.such.name', 'isEmpty(${sys.no.such})', "iif(${sys.nosuch} == null,'none','some')"]),
  threadId: (t) => t.one(['kindOfType(${threadId})', 'isEmpty(${threadId})']),
  threadName: hidden('threadName'),
  throwException: (t) => t.one([`iif(\${header.n} == 5,${t.text()},\${throwException('no')})`, `iif(\${header.flag},'fine',\${throwException(java.io.IOException,'gone')})`, `iif(${t.condition()},\${throwException(${t.text()})},'fine')`, `iif(\${header.n} == 5,'five',\${throwException(java.io.IOException,${t.text()})})`, `iif(\${header.n} == 5,${t.value()},\${throwException('no')})`, `iif(\${header.missing} != null,\${throwException(${t.text()})},${t.value()})`, `throwException(java.io.IOException,${t.text()})`, "throwException(IllegalStateException,'x')", "throwException(no.such.Type,'x')", `iif(\${header.n} > 100,\${throwException('no')},'fine')`]),
  trim: ofText('trim'),
  type: (t) => t.one(['type:java.lang.Integer.MAX_VALUE', 'type:org.apache.camel.Exchange.FILE_NAME', 'type:java.lang.String', 'type:java.lang.Long.MAX_VALUE', 'type:no.such.Type', 'type:java.lang.Integer.NOPE', 'type:org.apache.camel.Exchange.CONTENT_TYPE', 'type:java.lang.Byte.MIN_VALUE']),
  kindOfType: ofOne('kindOfType'),
  unquote: (t) => t.one(['unquote()', `unquote(${t.one(["'\"a\"'", '${header.quoted}', '${header.single}', "'x'", "'\"half'", "''", '${body}', "''q''"])})`]),
  uppercase: ofText('uppercase'),
  uuid: (t) => t.one(['length(${uuid(short)})', 'length(${uuid(random)})', 'isEmpty(${uuid})', 'kindOfType(${uuid(classic)})', 'uuid(nosuch)']),
  val: (t) => t.one([`val(${t.value()})`, `val(${t.value()})`, 'val()', `val( ${t.text()} )`]),
  variable: named('variable', ['v', 'num', 'obj', 'none']),
  variableAs: (t) => t.one([`variableAs(${t.one(['v', 'num', 'obj', 'none'])},${t.type()})`, `variableAs(num,${t.type()})`, "variableAs('num', int)", 'variableAs(num,long).toString()']),
  variables: (t) => t.one(['variables', 'size(${variables})', 'variables.v', 'variables[num]', 'variables.size']),
  xpath: (t) => t.one([() => t.one(["xpath('/order/@id')", 'xpath(/order/item/text())', "xpath(header:xml,'/r/a/text()')", 'xpath(header:xml,/r/a[2])', 'xpath(/nosuch)', "xpath(header:xml,'count(/r/a)')", 'xpath(header:missing,/a)', "xpath('string(/order/item[1])')"]), () => t.one(['xpath(header:xml,/r/a)','xpath(header:xml,/r/a/@id)','xpath(header:xml,/nosuch)','xpath(header:xml,/r/a[2]/text())'])])(),
};

/** What other functions get as arguments: values without an effect. */
const nestable = Object.keys(shapes).filter(
  (name) => !/^(assert|attachment|bean|clearAttachments|env|exception|exchange|function|load|not|set|sys|thread|throwException|uuid|random|shuffle|hostName|camel|message|id$|ref|date|messages|originalBody|a2a|jq|xpath|jsonpath|mandatoryBodyAs|route|step|fromRoute|html)/.test(name),
);

/** Expressions for each function, and conditions. */
export function generate(seed: number, perFunction: number, conditions: number): Sent[] {
  const maker = new Maker(seed);
  const sent: Sent[] = [];
  for (const name of Object.keys(shapes)) for (let i = 0; i < perFunction; i++) sent.push(maker.expression(name));
  for (let i = 0; i < conditions; i++) sent.push(maker.predicate());
  return sent;
}

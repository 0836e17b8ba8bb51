import { expect } from 'chai';
import { ExactNumber } from '../../../src/core/conversion/exactNumber.ts';
import { Exchange } from '../../../src/core/exchange/exchange.ts';
import { ExpressionSyntaxError } from '../../../src/core/expression.ts';
import { Headers } from '../../../src/core/exchange/headers.ts';
import { xpath } from '../../../src/languages/xpath/definition.ts';
import { languageContext } from '../languageContext.ts';

const order = '<order id="7" vip="true"><item price="3">one</item><item price="12">two</item><note>n</note><box><item price="1">three</item></box></order>';

const evaluate = (source: string, options: Record<string, unknown> = {}, exchange = new Exchange(undefined, order)): unknown =>
  xpath.expression(source, { resultQName: 'NODESET', ...options } as never, languageContext())(exchange);

const text = (source: string, exchange?: Exchange): unknown => evaluate(source, { resultType: 'String' }, exchange);
const nodes = (source: string): string[] => (evaluate(source) as unknown[]).map(String);

describe('xpath', () => {
  it('gives nodes, in document order and each once', () => {
    expect(nodes('/order/item')).to.deep.equal(['<item price="3">one</item>', '<item price="12">two</item>']);
    expect(nodes('//item/text()')).to.deep.equal(['one', 'two', 'three']);
    expect(nodes('//item/ancestor::*/@id | /order/@id')).to.deep.equal(['7']);
    expect(nodes('/order/note/preceding-sibling::item[1]')).to.deep.equal(['<item price="12">two</item>']);
  });

  for (const [source, expected] of [
    ['/order/item[2]', 'two'],
    ['//item[last()]', 'two'],
    ['(//item)[last()]', 'three'],
    ['/order/item[@price > 5]', 'two'],
    ['/order/item[@price = 3 and position() = 1]/text()', 'one'],
    ['/order/*[self::note]', 'n'],
    ['/order/nosuch/text()', ''],
    ['count(//item)', '3'],
    ['sum(//item/@price)', '16'],
    ['sum(//item/@price) div 4', '4'],
    ['1 div 3 * 3', '1'],
    ['7 mod -3', '1'],
    ['-(2 - 5)', '3'],
    ['3 * 2', '6'],
    ["concat(/order/@id, '-', 'x')", '7-x'],
    ["substring('12345', 2, 3)", '234'],
    ["substring('12345', 1.5, 2.6)", '234'],
    ["substring-before('a=b', '=')", 'a'],
    ["substring-after('a=b', '=')", 'b'],
    ["translate('bar', 'abc', 'AB')", 'BAr'],
    ["normalize-space('  a   b ')", 'a b'],
    ["string-length('abc')", '3'],
    ['local-name(/order/*[1])', 'item'],
    ['round(2.5)', '3'],
    ['floor(-1.5)', '-2'],
    ['number("x")', 'NaN'],
    ['1 = 1.0', 'true'],
    ["/order/@vip = 'true'", 'true'],
    ['//item/@price != 3', 'true'],
    ["contains(/order/note, 'n') or 1 = 2", 'true'],
    ['not(//nosuch)', 'true'],
    ['boolean(/order)', 'true'],
    ['/order/box/item/../../note', 'n'],
    ['/order/item[1]/following::note', 'n'],
    ['/order/box/item/preceding::item[1]', 'two'],
    ['string(/order/item)', 'one'],
  ] as const) {
    it(`evaluates ${source}`, () => expect(text(source)).to.equal(expected));
  }

  it('evaluates to what resultQName and resultType say', () => {
    expect(evaluate('/order/@id', { resultQName: 'STRING' })).to.equal('7');
    expect(evaluate('/order/@id', { resultQName: 'NUMBER' })).to.deep.equal(new ExactNumber('7.0', 'double'));
    expect(evaluate("/order/@id = '7'", { resultQName: 'BOOLEAN' })).to.equal(true);
    expect(String(evaluate('/order/item', { resultQName: 'NODE' }))).to.equal('<item price="3">one</item>');
    expect(evaluate('count(/order/item)', { resultType: 'java.lang.Integer' })).to.deep.equal(new ExactNumber('2.0', 'double'));
  });

  it('looks names up in the namespaces that are given', () => {
    const exchange = new Exchange(undefined, '<order xmlns="urn:x"><item>ns</item></order>');
    expect(evaluate('/p:order/p:item/text()', { resultType: 'String', namespace: [{ key: 'p', value: 'urn:x' }] }, exchange)).to.equal('ns');
    expect(text('/order/item', exchange)).to.equal('');
    expect(() => evaluate('/q:order')).to.throw(ExpressionSyntaxError, '`q` stands for no namespace').with.property('offset', 1);
  });

  it('reaches headers, body and other sources', () => {
    const exchange = new Exchange(undefined, '<b>bv</b>', Headers.from([['a', 'av'], ['xml', '<h>hv</h>']]));
    expect(text("concat(in:header('a'), '-', in:body(), '-', $a)", exchange)).to.equal('av-<b>bv</b>-av');
    expect(evaluate('/h/text()', { resultType: 'String', source: 'header:xml' }, exchange)).to.equal('hv');
  });

  it('gives no nodes for no body, and fails for one that is no XML', () => {
    expect(evaluate('/a', {}, new Exchange(undefined, null))).to.deep.equal([]);
    expect(() => text('/a', new Exchange(undefined, 'nope'))).to.throw().with.property('type', 'org.apache.camel.TypeConversionException');
  });

  it('is true where it finds something', () => {
    const holds = (source: string): unknown => xpath.predicate!(source, { resultQName: 'NODESET' } as never, languageContext())(new Exchange(undefined, order));
    expect([holds('/order/item'), holds('/order/x'), holds("/order/@vip = 'true'")]).to.deep.equal([true, false, true]);
  });

  for (const source of ['/order[', 'count(', '/order/@', 'nosuch()', 'count()', '1 +', "'open", 'a b', '/order//', 'sideways::x']) {
    it(`refuses \`${source}\``, () => expect(() => evaluate(source)).to.throw(ExpressionSyntaxError));
  }

  it('looks at a large document quickly', () => {
    const exchange = new Exchange(undefined, `<r>${'<i a="1">t</i>'.repeat(100_000)}</r>`);
    expect(text('count(//i[@a = "1"]/text())', exchange)).to.equal('100000');
  }).timeout(5000);
});

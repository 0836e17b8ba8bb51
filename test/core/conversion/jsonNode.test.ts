import { inspect } from 'node:util';
import { expect } from 'chai';
import { convertTo, jsonOf, toText } from '../../../src/core/conversion/convert.ts';
import { asJsonNode, asNodeList, nodeJson } from '../../../src/core/conversion/jsonNode.ts';

describe('nodes of JSON documents', () => {
  it('have JSON as their text, laid out, and as their bytes, in one line', () => {
    const node = asJsonNode({ a: [1, { b: 'x' }] });
    expect(toText(node)).to.equal('{\n  "a" : [ 1, {\n    "b" : "x"\n  } ]\n}');
    expect(String(convertTo(node, 'byte[]'))).to.equal('{"a":[1,{"b":"x"}]}');
  });

  it('are what is in them, too', () => {
    const { a } = asJsonNode({ a: { b: 1 } }) as { a: unknown };
    expect(nodeJson(a)).to.equal('{"b":1}');
  });

  it('leave a value alone that they are copies of', () => {
    const map = { a: { b: 1 } };
    expect(nodeJson(asJsonNode(map, true))).to.equal('{"a":{"b":1}}');
    expect(toText(map)).to.equal('{a={b=1}}');
    expect(nodeJson(map)).to.equal(null);
  });

  it('are seen by nothing that copies, counts or compares them', () => {
    const node = asJsonNode({ a: [1, { b: 'x' }], ['__proto__']: { c: 1 } }) as Record<string, unknown>;
    expect(node).to.deep.equal({ a: [1, { b: 'x' }], ['__proto__']: { c: 1 } });
    expect(Object.keys(node)).to.deep.equal(['a', '__proto__']);
    expect(JSON.stringify(node)).to.equal('{"a":[1,{"b":"x"}],"__proto__":{"c":1}}');
    for (const copy of [structuredClone(node), { ...node }, Object.assign({}, node)]) expect(nodeJson(copy)).to.equal(null);
    expect(inspect(node)).not.to.include('ymbol');
  });

  it('are not what a text is read to, but what it is converted to', () => {
    const type = 'com.fasterxml.jackson.databind.JsonNode';
    const read = jsonOf('{"a":{"b":1}}', type) as { a: object };
    expect([read, read.a].map(nodeJson)).to.deep.equal([null, null]);
    expect(nodeJson((convertTo('{"a":{"b":1}}', type) as { a: object }).a)).to.equal('{"b":1}');
  });

  it('are copies of what is frozen', () => {
    const frozen = Object.freeze({ a: Object.freeze([1]) });
    expect(nodeJson(asJsonNode(frozen))).to.equal('{"a":[1]}');
    expect(nodeJson(frozen)).to.equal(null);
    expect(nodeJson(Object.freeze(asJsonNode({ a: 1 })))).to.equal('{"a":1}');
  });

  it('stand in a line of their own in a list of them', () => {
    const list = asNodeList(['a', { b: 1 }]);
    expect(toText(list)).to.equal('["a", {"b":1}]');
    expect(nodeJson(list)).to.equal(null);
  });

  it('are nested 1000 deep at most, and what is refused is said with its reason, as in Camel', () => {
    const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    const node = 'com.fasterxml.jackson.databind.JsonNode';
    expect(nodeJson(convertTo(lists(1000), node))).to.equal(lists(1000));
    expect(() => convertTo(lists(1001), node)).to.throw(/to the required type: com\.fasterxml\.jackson\.databind\.JsonNode with value .* due to .*: JSON that is nested deeper than 1000$/);
    expect(() => convertTo(lists(100_000), node)).to.throw(/nested deeper than 1000$/);
    expect(() => convertTo('{"a":1', node)).to.throw(/ with value \{"a":1 due to .+: not JSON: .+ \(line 1, column 7\)$/);
  });
});

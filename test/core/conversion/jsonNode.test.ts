import { expect } from 'chai';
import { convertTo, toText } from '../../../src/core/conversion/convert.ts';
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

  it('stand in a line of their own in a list of them', () => {
    const list = asNodeList(['a', { b: 1 }]);
    expect(toText(list)).to.equal('["a", {"b":1}]');
    expect(nodeJson(list)).to.equal(null);
  });
});

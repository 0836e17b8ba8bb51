import { expect } from 'chai';
import { charsetOf, unknownFunction, withNodeSets } from '../../src/connectors/xsltStylesheet.ts';

const sheet = (content: string): string => `<x:stylesheet version="2.0" xmlns:x="http://www.w3.org/1999/XSL/Transform">${content}</x:stylesheet>`;

describe('the text of a stylesheet', () => {
  for (const [content, found] of [
    ['<x:value-of select="upper-case(a)"/>', 'upper-case'],
    ['<x:if test=\'a and exists(b)\'/>', 'exists'],
    ['<r a="x {string-join(b, 1)}"/>', 'string-join'],
    ['<x:value-of select="concat(a, \'upper-case(b)\')"/>', null],
    ['<x:value-of select="ext:upper-case(a)"/>', null],
    ['<x:value-of select="a or (b) and not(c) and text()"/>', null],
    ['<x:value-of select="$min (1)"/>', null],
    ['<!-- <x:value-of select="upper-case(a)"/> -->', null],
    ['<r title="call(me)" b="{{call(me)}}"/>', null],
    ['<x:if test="function-available(\'upper-case\')"><x:value-of select="upper-case(a)"/></x:if>', null],
  ] as const) {
    it(`${found === null ? 'has nothing but functions of XSLT 1.0' : `has ${found}()`} in ${content}`, () => expect(unknownFunction(sheet(content))).to.equal(found));
  }

  it('is no stylesheet without the namespace', () => expect(unknownFunction('<a select="f(x)"/>')).to.equal(null));

  it('makes sets of nodes with the function that is there', () =>
    expect(withNodeSets('<a xmlns:p="http://xml.apache.org/xalan" b="p:nodeset($t)"/>')).to.equal('<a xmlns:p="http://exslt.org/common" b="p:node-set($t)"/>'));

  it('says its charset wherever that stands', () => {
    expect([charsetOf([sheet(''), sheet('<x:output encoding="ISO-8859-1"/>')]), charsetOf([sheet("<x:output method='xml' encoding='UTF-16'/>")]), charsetOf([sheet('<x:output-character encoding="no"/>')])]).to.deep.equal(['ISO-8859-1', 'UTF-16', null]);
  });
});

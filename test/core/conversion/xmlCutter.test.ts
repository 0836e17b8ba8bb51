import { expect } from 'chai';
import fc from 'fast-check';
import { parseXml } from '../../../src/core/conversion/xml.ts';
import { XmlCutter, XmlPath, xmlTextPieces } from '../../../src/core/conversion/xmlCutter.ts';

const any = { isDeep: true, localName: 'a', namespace: undefined };
const paths: Readonly<Record<string, XmlPath>> = {
  '//a': new XmlPath([any]),
  '//a//a': new XmlPath([any, any]),
  '/r/a': new XmlPath([{ isDeep: false, localName: 'r', namespace: undefined }, { ...any, isDeep: false }]),
  '/r/*/b in a namespace': new XmlPath([
    { isDeep: false, localName: 'r', namespace: undefined },
    { isDeep: false, localName: null, namespace: undefined },
    { isDeep: true, localName: 'b', namespace: 'urn:b' },
  ]),
};

const shown = (elements: Iterable<{ toString(): string }>): string[] => Array.from(elements, String);

function inPieces(source: string, path: XmlPath, lengths: readonly number[]): string[] {
  const cutter = new XmlCutter(path);
  const parts: string[] = [];
  for (let at = 0, i = 0; at < source.length; i++) {
    const length = lengths[i % lengths.length]!;
    parts.push(...shown(cutter.push(source.slice(at, at + length))));
    at += length;
  }
  return [...parts, ...shown(cutter.push('', true))];
}

/** Elements of few names in each other, with what else may stand in a document. */
const { inner } = fc.letrec<{ inner: string }>((tie) => ({
  inner: fc
    .array(
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('text', ' &amp; ', '&e;', '<!-- <a> -->', '<![CDATA[</r><a>]]>', '<?p <a> ?>', '\r\n', '<a/>', '<p:b x="<>"/>'.replace('<>', '&gt;>'), "<a k='>'/>"),
        fc.tuple(fc.constantFrom('a', 'b', 'p:b', 'c xmlns="urn:c"', 'b xmlns="urn:b"', "a q='\"/>'"), tie('inner')).map(([tag, content]) => `<${tag}>${content}</${tag.split(' ')[0]} >`),
      ),
      { maxLength: 4 },
    )
    .map((parts) => parts.join('')),
}));

describe('the cutter of XML', function () {
  this.timeout(30_000);

  it('finds in any pieces what is found in the whole document, each once', () => {
    fc.assert(
      fc.property(inner, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }), fc.constantFrom(...Object.keys(paths)), (content, lengths, name) => {
        const source = `\ufeff<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e "entity"> <!-- ]> -->]>\n<r xmlns:p="urn:b">${content}</r>\n<!-- end -->`;
        const found = shown(paths[name]!.found([parseXml(source.slice(1)).root]));
        expect(inPieces(source, paths[name]!, lengths)).to.deep.equal(found);
      }),
      { numRuns: 500 },
    );
  });

  for (const [what, source, says] of [
    ['an element that is not closed', '<r><a>1</a><b>', /element type "b" must be terminated/],
    ['an element that is being cut and is not closed', '<r><a>1', /element type "a" must be terminated/],
    ['another end', '<r><b></c></r>', /element type "b" must be terminated/],
    ['another end in an element that is cut', '<r>\n<a><b></c></a></r>', /element type "b".*begins in line 2/],
    ['two roots', '<r/><r/>', /following the root element/],
    ['text around the root', '<r/>x', /trailing section/],
    ['no XML', 'x', /prolog/],
    ['nothing', '', /Premature end/],
    ['markup that is not closed', '<r><!-- ', /not closed/],
    ['elements in each other without end', '<b>'.repeat(5000), /more than 1000 elements/],
    ['a tag without end', `<r ${'x'.repeat(2_000_000)}`, /a tag has more than/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => inPieces(source, paths['//a']!, [1000])).to.throw(says);
    });
  }

  it('gives the parts that come before what is wrong', () => {
    const cutter = new XmlCutter(paths['//a']!);
    expect(shown(cutter.push('<r><a>1</a><a>2</a><a>'))).to.deep.equal(['<a>1</a>', '<a>2</a>']);
    expect(() => shown(cutter.push('</b></r>', true))).to.throw(/must be terminated/);
  });

  it('reads bytes by the encoding that they declare, in pieces that cut characters apart', async () => {
    for (const [declared, encoding] of [['UTF-8', 'utf8'], ['ISO-8859-1', 'latin1']] as const) {
      const bytes = Buffer.from(`<?xml version="1.0" encoding="${declared}"?><r>${'ä'.repeat(500)}</r>`, encoding);
      const source = (async function* () {
        yield bytes.subarray(0, 101);
        for (let at = 101; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
      })();
      let text = '';
      for await (const piece of xmlTextPieces(source)) text += piece;
      expect(text).to.equal(bytes.toString(encoding));
    }
  });
});

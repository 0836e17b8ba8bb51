import { expect } from 'chai';
import fc from 'fast-check';
import { convertTo } from '../../../src/core/conversion/convert.ts';
import { decodeXml, escapeXml, escapeXmlAttribute, parseXml } from '../../../src/core/conversion/xml.ts';

describe('parseXml', () => {
  const refusal = (source: string): string => {
    try {
      parseXml(source);
    } catch (thrown) {
      return (thrown as Error).message;
    }
    return '';
  };

  it('reads elements, attributes, text, CDATA, comments and instructions, and writes them again', () => {
    const source = '<a x="1"><b>t &amp; u</b><![CDATA[<raw>]]><!--c--><?p q?><e/></a>';
    expect(String(parseXml(source))).to.equal(source);
  });

  it('writes quotes as double ones and no declaration', () => {
    expect(String(parseXml("<?xml version='1.0'?>\n<a b='x\"y'/>"))).to.equal('<a b="x&quot;y"/>');
  });

  it('finds the namespace of every name', () => {
    const { root } = parseXml('<p:a xmlns:p="urn:p" xmlns="urn:d" p:x="1" y="2"><b xmlns=""/></p:a>');
    expect([root.localName, root.namespace, root.elements[0]!.namespace]).to.deep.equal(['a', 'urn:p', null]);
    expect(root.attributes.map(({ localName, namespace }) => [localName, namespace]).slice(2)).to.deep.equal([['x', 'urn:p'], ['y', null]]);
  });

  it('knows entities that the document declares as texts, and reads no external ones', () => {
    expect(parseXml('<!DOCTYPE a [<!ENTITY x "yes">]><a>&x;&#65;&lt;</a>').root.stringValue).to.equal('yesA<');
    expect(refusal('<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>')).to.contain('"e" was referenced, but not declared');
    const nested = '<!DOCTYPE a [<!ENTITY x "xxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>';
    expect(refusal(nested)).to.contain('"y" was referenced, but not declared');
  });

  for (const [what, source, message] of [
    ['a text', 'not xml', 'Content is not allowed in prolog. (line 1, column 1)'],
    ['nothing', ' ', 'Premature end of file.'],
    ['an open element', '<a>\n<b></b>', '"a" must be terminated'],
    ['the wrong end', '<a><b></a></b>', '"b" must be terminated'],
    ['two roots', '<a/><b/>', 'following the root element'],
    ['an attribute twice', '<a x="1" x="2"/>', '"x" was already specified'],
    ['an attribute without quotes', '<a x=1/>', 'needs quotes'],
    ['an unbound prefix', '<p:a/>', '"p" for element "p:a" is not bound'],
    ['a lone ampersand', '<a>a & b</a>', 'entity name'],
  ] as const) {
    it(`refuses ${what}`, () => expect(refusal(source)).to.contain(message));
  }

  it('refuses elements nested without end, at once', () => {
    expect(refusal('<a>'.repeat(1_000_000))).to.contain('more than 1000 elements');
  });

  it('never fails with anything but a refusal', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('<', '>', '/', 'a', ' ', '=', '"', '&', ';', '!', '--', '[', ']', '?', '<![CDATA[', '<!DOCTYPE'), { maxLength: 30 }), (pieces) => {
        try {
          parseXml(pieces.join(''));
        } catch (thrown) {
          expect(thrown).to.have.property('type', 'org.xml.sax.SAXParseException');
        }
      }),
    );
  });

  it('reads any text back that was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', '&', '<', '>', '"', "'", 'é', ' ', '\n', '\t') }), (text) => {
        const { root } = parseXml(`<a b="${escapeXmlAttribute(text)}">${escapeXml(text)}</a>`);
        expect([root.attribute('b'), root.stringValue]).to.deep.equal([text, text]);
      }),
    );
  });

  it('reads bytes in the encoding that they declare', () => {
    expect(parseXml(decodeXml(Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>\xe9</a>', 'latin1'))).root.stringValue).to.equal('é');
  });
});

describe('conversion to XML', () => {
  it('makes documents of texts and bytes, and texts of documents', () => {
    const document = convertTo("<a b='1'/>", 'org.w3c.dom.Document');
    expect(convertTo(document, 'String')).to.equal('<a b="1"/>');
    expect(String(convertTo(Buffer.from('<a/>'), 'org.w3c.dom.Document'))).to.equal('<a/>');
  });

  it('fails as a conversion does, with the reason', () => {
    expect(() => convertTo('x', 'org.w3c.dom.Document')).to.throw().with.property('type', 'org.apache.camel.TypeConversionException');
    expect(() => convertTo(5, 'org.w3c.dom.Document')).to.throw().with.property('type', 'org.apache.camel.NoTypeConversionAvailableException');
  });
});

import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { routesFile, runtimeWith } from '../runtime/rig.ts';

const schemaNamespace = 'http://www.w3.org/2001/XMLSchema';
const schema = (inner: string): string => `<xs:schema xmlns:xs="${schemaNamespace}">${inner}</xs:schema>`;
const stylesheet = (inner: string): string => `<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"><xsl:output omit-xml-declaration="yes"/>${inner}</xsl:stylesheet>`;

describe('validator and xslt', () => {
  let runtime: Runtime;

  const start = async (uri: string, files: Record<string, string>): Promise<void> => {
    const resource = (asked: string): string => {
      const text = files[asked.replace(/^(file|classpath):/, '')];
      if (text === undefined) throw new Error(`no file ${asked}`);
      return text;
    };
    runtime = runtimeWith({ clock: systemClock, resource });
    await runtime.start([routesFile([{ from: { uri: 'direct:a', steps: [{ to: { uri } }] } }])]);
  };
  const send = async (sent: unknown, headers: Record<string, unknown> = {}): Promise<{ body: unknown; type: string | null; message: string }> => {
    const { body, exception } = await runtime.send('direct:a', sent, { headers });
    return { body, type: exception?.type.split('.').pop() ?? null, message: exception?.message ?? '' };
  };

  afterEach(() => runtime.stop(100));

  describe('validator', () => {
    it('takes what a schema with includes and imports beside it allows, and says line and cause of what it does not', async () => {
      await start('validator:schemas/order.xsd', {
        'schemas/order.xsd': schema('<xs:include schemaLocation="types/item.xsd"/><xs:element name="order"><xs:complexType><xs:sequence><xs:element name="item" type="Item" maxOccurs="2"/></xs:sequence></xs:complexType></xs:element>'),
        'schemas/types/item.xsd': schema('<xs:include schemaLocation="../number.xsd"/><xs:complexType name="Item"><xs:attribute name="n" type="Small" use="required"/></xs:complexType>'),
        'schemas/number.xsd': schema('<xs:simpleType name="Small"><xs:restriction base="xs:int"><xs:maxInclusive value="9"/></xs:restriction></xs:simpleType>'),
      });
      expect((await send('<order><item n="1"/></order>')).type).to.equal(null);
      expect((await send(Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><order><item n="9"/></order>', 'latin1'))).type).to.equal(null);
      const { type, message, body } = await send('<order>\n<item n="10"/><other/></order>');
      expect(type).to.equal('SchemaValidationException');
      expect(message).to.match(/'10'.*9/).and.match(/other/).and.match(/Line : 2/);
      expect(body).to.equal('<order>\n<item n="10"/><other/></order>');
      expect((await send('no xml')).type).to.equal('SchemaValidationException');
    });

    it('fails without a body or header unless told otherwise, and checks a header where one is named', async () => {
      await start('validator:s.xsd?headerName=doc', { 's.xsd': schema('<xs:element name="n" type="xs:int"/>') });
      expect((await send(null)).type).to.equal('NoXmlHeaderValidationException');
      expect((await send(null, { doc: '<n>1</n>' })).type).to.equal(null);
      expect((await send(null, { doc: '<n>x</n>' })).type).to.equal('SchemaValidationException');
      await runtime.stop(100);
      await start('validator:s.xsd?failOnNullBody=false', { 's.xsd': schema('<xs:element name="n" type="xs:int"/>') });
      expect((await send(null)).type).to.equal(null);
    });

    it('reads no external entity, and is not moved by entities that grow', async () => {
      await start('validator:s.xsd', { 's.xsd': schema('<xs:element name="n" type="xs:string"/>') });
      const outside = await send('<!DOCTYPE n [<!ENTITY e SYSTEM "file:///etc/passwd">]><n>&e;</n>');
      expect(outside.message).to.not.contain('root:');
      const growing = `<!DOCTYPE n [<!ENTITY a "aaaaaaaaaa">${'bcdefghij'.split('').map((name, i) => `<!ENTITY ${name} "${`&${'abcdefghij'[i]};`.repeat(10)}">`).join('')}]><n>&j;</n>`;
      await send(growing);
      expect((await send('<n>still here</n>')).type).to.equal(null);
    });

    it('refuses a schema that is none, or that is not there, at the start', async () => {
      await start('validator:s.xsd', { 's.xsd': schema('<xs:element name="n" type="xs:nope"/>') }).then(
        () => expect.fail('started'),
        (error: Error) => expect(error.message).to.contain('nope'),
      );
      await start('validator:other.xsd', {}).then(
        () => expect.fail('started'),
        (error: Error) => expect(error.message).to.contain('no file other.xsd'),
      );
    });
  });

  describe('xslt', () => {
    it('transforms with what it includes, imports and asks for, and with headers and properties as parameters', async () => {
      await start('xslt:x/main.xsl', {
        'x/main.xsl': stylesheet('<xsl:import href="lib/part.xsl"/><xsl:param name="who"/><xsl:template match="/"><r who="{$who}" more="{document(\'more.xml\')/m}"><xsl:apply-templates select="//i"/></r></xsl:template>').replace('<xsl:output omit-xml-declaration="yes"/><xsl:import href="lib/part.xsl"/>', '<xsl:import href="lib/part.xsl"/><xsl:output omit-xml-declaration="yes"/>'),
        'x/lib/part.xsl': stylesheet('<xsl:template match="i"><j><xsl:value-of select="."/></j></xsl:template>'),
        'x/more.xml': '<m>more</m>',
      });
      expect((await send('<a><i>1</i><i>2</i></a>', { who: `it's "me"` })).body).to.equal('<r who="it\'s &quot;me&quot;" more="more"><j>1</j><j>2</j></r>');
    });

    it('reaches no other file and no network', async () => {
      await start('xslt:a.xsl', { 'a.xsl': stylesheet('<xsl:template match="/"><r><xsl:copy-of select="document(/u)"/></r></xsl:template>') });
      for (const url of ['/etc/passwd', 'file:///etc/passwd', 'http://127.0.0.1:1/x']) {
        const { body, type, message } = await send(`<u>${url}</u>`);
        expect(type, String(body)).to.equal('TransformerException');
        expect(message).to.contain('only what the stylesheet names');
      }
    });

    it('ends a template that calls itself for ever, and transforms the next message', async () => {
      await start('xslt:a.xsl', { 'a.xsl': stylesheet('<xsl:template match="/loop"><xsl:call-template name="again"/></xsl:template><xsl:template name="again"><xsl:call-template name="again"/></xsl:template><xsl:template match="/ok"><fine/></xsl:template>') });
      expect((await send('<loop/>')).type).to.equal('TransformerException');
      expect((await send('<ok/>')).body).to.equal('<fine/>');
    });

    it('lets a template call itself many times', async () => {
      await start('xslt:a.xsl', { 'a.xsl': stylesheet('<xsl:template match="/"><r><xsl:call-template name="t"><xsl:with-param name="n" select="/n"/></xsl:call-template></r></xsl:template><xsl:template name="t"><xsl:param name="n"/><xsl:if test="$n &gt; 0">x<xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template></xsl:if></xsl:template>') });
      expect((await send('<n>200</n>')).body).to.equal(`<r>${'x'.repeat(200)}</r>`);
    });

    it('takes the stylesheet from a header only where that is allowed, and keeps it for that message only', async () => {
      const own = { 'a.xsl': stylesheet('<xsl:template match="/"><own/></xsl:template>') };
      const other = stylesheet('<xsl:template match="/"><other/></xsl:template>');
      await start('xslt:a.xsl', own);
      expect((await send('<x/>', { CamelXsltStylesheet: other })).body).to.equal('<own/>');
      await runtime.stop(100);
      await start('xslt:a.xsl?allowTemplateFromHeader=true', own);
      expect((await send('<x/>', { CamelXsltStylesheet: other })).body).to.equal('<other/>');
      expect((await send('<x/>')).body).to.equal('<own/>');
    });

    it('gives a document for output=DOM, and refuses a stylesheet that is none at the start', async () => {
      await start('xslt:a.xsl?output=DOM', { 'a.xsl': stylesheet('<xsl:template match="/"><own/></xsl:template>') });
      expect(String((await send('<x/>')).body)).to.contain('<own/>');
      await runtime.stop(100);
      await start('xslt:a.xsl', { 'a.xsl': stylesheet('<xsl:template match="///"/>') }).then(
        () => expect.fail('started'),
        (error: Error) => expect(error.message).to.contain('xslt'),
      );
    });
  });
});

import { expect } from 'chai';
import { ExchangeError } from '../../src/core/errors.ts';
import { parseXml } from '../../src/core/conversion/xml.ts';
import { soap } from '../../src/dataformats/soap.ts';
import { exchangeWith } from '../languages/languageContext.ts';
import { failureOf, formatOf, marshalled, unmarshalled } from './format.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const envelope11 = (content: string, head = ''): string => `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">${head}<soap:Body>${content}</soap:Body></soap:Envelope>`;
const headerList = 'org.apache.camel.dataformat.soap.UNMARSHALLED_HEADER_LIST';

describe('soap', () => {
  it('puts XML into the body of an envelope, and a map as an element', () => {
    expect(marshalled(soap, '<?xml version="1.0"?><a xmlns="urn:x"><b/></a>')).to.equal(declaration + envelope11('<a xmlns="urn:x"><b/></a>'));
    expect(marshalled(soap, parseXml('<a>&amp;</a>'))).to.equal(declaration + envelope11('<a>&amp;</a>'));
    expect(marshalled(soap, { order: { id: 5, item: ['a', 'b<'], none: null } })).to.equal(declaration + envelope11('<order><id>5</id><item>a</item><item>b&lt;</item><none/></order>'));
    expect(marshalled(soap, { ping: 'x' }, { version: '1.2' })).to.include('xmlns:soap="http://www.w3.org/2003/05/soap-envelope"').and.include('<soap:Body><ping>x</ping></soap:Body>');
    expect(marshalled(soap, null)).to.equal(declaration + envelope11(''));
    expect((formatOf(soap, { encoding: 'ISO-8859-1' }).marshal(exchangeWith(''), '<a>ü</a>') as Buffer).includes(Buffer.from([0x3e, 0xfc, 0x3c]))).to.equal(true);
    for (const body of [{ a: 1, b: 2 }, {}, { 'a b': 1 }]) expect(failureOf(() => marshalled(soap, body))).to.match(/^(JAXBException|JsonMappingException)$/);
  });

  it('gives the XML of the body, with the namespaces from around it', () => {
    const text = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:x="urn:x" xmlns="urn:d"><s:Header><x:h>1</x:h></s:Header><s:Body> <x:a><b c="&lt;"/></x:a></s:Body></s:Envelope>';
    const exchange = exchangeWith('');
    const content = String(formatOf(soap).unmarshal(exchange, text));
    const { root } = parseXml(content);
    expect([root.localName, root.namespace, root.elements[0]!.namespace, root.elements[0]!.attribute('c')]).to.deep.equal(['a', 'urn:x', 'urn:d', '<']);
    const [header] = exchange.headers.get(headerList) as string[];
    expect(parseXml(header!).root.namespace).to.equal('urn:x');
    // And back.
    const again = String(formatOf(soap).marshal(exchange, content));
    expect(parseXml(again).root.elements.map(({ localName }) => localName)).to.deep.equal(['Header', 'Body']);
    const other = exchangeWith('');
    formatOf(soap, { ignoreUnmarshalledHeaders: true }).unmarshal(other, text);
    expect(other.headers.get(headerList) ?? null).to.equal(null);
    expect(unmarshalled(soap, Buffer.from(envelope11('')))).to.equal('');
  });

  it('makes a fault of a failure, and a failure of a fault', () => {
    for (const version of ['1.1', '1.2'] as const) {
      const text = marshalled(soap, new ExchangeError('java.lang.Exception', 'a < b'), { version });
      expect(text).to.include('a &lt; b');
      let message = '';
      try {
        unmarshalled(soap, text);
      } catch (thrown) {
        message = `${(thrown as ExchangeError).name}: ${(thrown as Error).message}`;
      }
      expect(message).to.equal('SOAPFaultException: a < b');
    }
  });

  it('refuses what is no envelope', async () => {
    for (const text of ['<a/>', '<Envelope/>', '<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>']) expect(failureOf(() => unmarshalled(soap, text))).to.equal('JAXBException');
    for (const text of ['', 'text', envelope11('<a>')]) expect(failureOf(() => unmarshalled(soap, text))).not.to.equal('none');
    const large = await Promise.resolve(unmarshalled(soap, '<a>'.repeat(100_000))).then(() => 'none', (error: ExchangeError) => error.name);
    expect(large).to.equal('SAXParseException');
  });
});

import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Feed } from '../../src/dataformats/rss.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { routesFile, runtimeWith } from './rig.ts';

const items = Array.from({ length: 60_000 }, (_, i) => `<a id="${i}"><b>text ${i}</b></a>`).join('');
const document = `<r>${items}</r>`;
const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${document}</s:Body></s:Envelope>`;
const feed = `<rss version="2.0"><channel><title>t</title><link>l</link><description>d</description>${Array.from({ length: 20_000 }, (_, i) => `<item><title>item ${i}</title><category>c</category></item>`).join('')}</channel></rss>`;
const values = { a: Array.from({ length: 60_000 }, (_, i) => ({ id: String(i), b: `text ${i}` })) };

interface Large {
  readonly steps: readonly unknown[];
  readonly body: unknown;
  readonly gives: (exchange: Exchange) => unknown;
  readonly is: unknown;
}

const body = (exchange: Exchange): unknown => exchange.body;
const text = (exchange: Exchange): string => String(exchange.body);

const large: Readonly<Record<string, Large>> = {
  'an XPath expression': { steps: [{ setBody: { xpath: { expression: 'count(/r/a)', resultType: 'Integer' } } }], body: document, gives: body, is: 60_000 },
  'an XPath condition of a choice, on bytes': { steps: [{ choice: { when: [{ xpath: '/r/a/@id = 59999', steps: [{ setBody: { constant: 'found' } }] }], otherwise: { steps: [{ setBody: { constant: 'not' } }] } } }], body: Buffer.from(document), gives: body, is: 'found' },
  'an XPath expression in Simple': { steps: [{ setBody: { simple: 'last: ${xpath(/r/a[last()]/b/text())}' } }], body: document, gives: body, is: 'last: text 59999' },
  'an XPath expression on a variable': { steps: [{ setVariable: { name: 'v', simple: '${body}' } }, { setBody: { xpath: { expression: 'count(/r/a)', source: 'variable:v', resultType: 'Integer' } } }], body: document, gives: body, is: 60_000 },
  'an XPath condition of a step within another': { steps: [{ multicast: { steps: [{ filter: { xpath: 'count(/r/a) = 60000', steps: [{ setProperty: { name: 'x', constant: '1' } }] } }] } }, { setBody: { constant: 'gone through' } }], body: document, gives: body, is: 'gone through' },
  'a conversion to a document': { steps: [{ convertBodyTo: 'org.w3c.dom.Document' }, { setBody: { xpath: { expression: 'count(/r/a)', resultType: 'Integer' } } }], body: document, gives: body, is: 60_000 },
  'a conversion of a variable': { steps: [{ setVariable: { name: 'v', simple: '${body}' } }, { convertVariableTo: { name: 'v', type: 'org.w3c.dom.Document' } }, { setBody: { xpath: { expression: 'count(/r/a)', source: 'variable:v', resultType: 'Integer' } } }], body: document, gives: body, is: 60_000 },
  'a SOAP envelope that is read': { steps: [{ unmarshal: { soap: {} } }], body: envelope, gives: (exchange) => text(exchange).endsWith(document.slice(2)), is: true },
  'a SOAP envelope that is written': { steps: [{ marshal: { soap: {} } }], body: document, gives: (exchange) => text(exchange).includes(`<soap:Body>${document}</soap:Body>`), is: true },
  'a feed': { steps: [{ unmarshal: { rss: {} } }], body: feed, gives: ({ body: read }) => (read as Feed).entries.map(({ title, categories }) => `${title} ${categories[0]!.name}`).at(-1), is: 'item 19999 c' },
  'a map of XML': { steps: [{ unmarshal: { jacksonXml: {} } }], body: document, gives: ({ body: read }) => (read as typeof values).a[59_999]!.b, is: 'text 59999' },
  'a map that is written as XML': { steps: [{ marshal: { jacksonXml: {} } }], body: values, gives: text, is: `<LinkedHashMap>${values.a.map(({ id, b }) => `<a><id>${id}</id><b>${b}</b></a>`).join('')}</LinkedHashMap>` },
  'a list that is written as XML': { steps: [{ marshal: { jacksonXml: { prettyPrint: true } } }], body: values.a, gives: text, is: `<ArrayList>${values.a.map(({ id, b }) => `\n  <item>\n    <id>${id}</id>\n    <b>${b}</b>\n  </item>`).join('')}\n</ArrayList>\n` },
};

describe('large XML', function () {
  this.timeout(60_000);
  let runtime: Runtime;

  afterEach(() => runtime.stop(1000));

  for (const [what, { steps, body: given, gives, is }] of Object.entries(large)) {
    it(`(${what}) lets everybody else have turns meanwhile`, async () => {
      runtime = runtimeWith({ clock: systemClock });
      await runtime.start([routesFile([{ route: { id: 'r', errorHandler: { noErrorHandler: {} }, from: { uri: 'direct:a', steps } } }])]);
      await runtime.send('direct:a', typeof given === 'object' && !Buffer.isBuffer(given) ? { a: [] } : '<rss><channel/></rss>', {});
      let turns = 0;
      let isOn = true;
      const count = (): void => {
        turns++;
        if (isOn) setImmediate(count);
      };
      setImmediate(count);
      const exchange = await runtime.send('direct:a', given, {});
      isOn = false;
      expect(exchange.exception).to.equal(null);
      expect(gives(exchange)).to.equal(is);
      expect(turns).to.be.above(4);
    });
  }

  it('that is none fails as small XML does', async () => {
    runtime = runtimeWith({ clock: systemClock });
    const steps = (uri: string, ...all: unknown[]): unknown => ({ route: { id: uri, errorHandler: { noErrorHandler: {} }, from: { uri: `direct:${uri}`, steps: all } } });
    await runtime.start([
      routesFile([
        steps('xpath', { setBody: { xpath: 'count(/r/a)' } }),
        steps('convert', { convertBodyTo: 'org.w3c.dom.Document' }),
        steps('optional', { convertBodyTo: { type: 'org.w3c.dom.Document', mandatory: false } }),
        steps('soap', { unmarshal: { soap: {} } }),
        steps('rss', { unmarshal: { rss: {} } }),
      ]),
    ]);
    for (const route of ['xpath', 'convert', 'optional', 'soap', 'rss']) {
      const said = async (content: string): Promise<string> => {
        const { exception } = await runtime.send(`direct:${route}`, content, {});
        return `${exception?.type}: ${exception?.message.replace(/^.*?:/, '').replace(/with value .*? due to/, '').replace(/"[^]*"/, '').replace(/\(line.*?\)/g, '')}`;
      };
      const small = await said('<r><a></b></r>');
      expect(small).to.match(/Exception: /);
      expect(await said(`<r>${items}<a></b></r>`)).to.equal(small);
    }
  });
});

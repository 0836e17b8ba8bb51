import { expect } from 'chai';
import { json } from '../../src/dataformats/json.ts';
import type { Feed } from '../../src/dataformats/rss.ts';
import { rss } from '../../src/dataformats/rss.ts';
import { failureOf, marshalled, unmarshalled } from './format.ts';

const feed = (text: string): Feed => unmarshalled(rss, text) as Feed;
const channel = (more = ''): string => `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title><link>http://x</link><description>D</description>${more}</channel></rss>`;

describe('rss', () => {
  it('reads what an item says, with the modules of Dublin Core and content', () => {
    const { entries } = feed(channel('<item><title>a &amp; b</title><guid>http://x/1</guid><description>&lt;b&gt;d&lt;/b&gt;</description><content:encoded><![CDATA[<p>long</p>]]></content:encoded><dc:creator>me</dc:creator><dc:subject>s</dc:subject><category domain="z">c</category><enclosure url="e" length="5" type="audio/x"/><pubDate>Wed, 01 Jan 2020 00:00:00 GMT</pubDate></item>'));
    expect(JSON.parse(marshalled(json, { entries: [...entries] }))).to.deep.equal({
      entries: [
        {
          title: 'a & b',
          link: 'http://x/1',
          uri: 'http://x/1',
          description: { type: 'text/html', value: '<b>d</b>' },
          contents: [{ type: 'html', value: '<p>long</p>' }],
          author: 'me',
          publishedDate: Date.UTC(2020, 0, 1),
          updatedDate: null,
          categories: [{ name: 'c', taxonomyUri: 'z' }, { name: 's', taxonomyUri: null }],
          comments: null,
          enclosures: [{ url: 'e', length: 5, type: 'audio/x' }],
        },
      ],
    });
  });

  it('reads Atom and RDF into the same shape', () => {
    const atom = feed('<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><id>urn:1</id><link rel="self" href="s"/><link href="http://x"/><updated>2020-01-01T00:00:00Z</updated><entry><title>E</title><id>urn:2</id><link href="http://x/2"/><summary>S</summary><content type="html">C</content><author><name>A</name></author><category term="t"/><updated>2020-01-02T00:00:00Z</updated></entry></feed>');
    expect([atom.feedType, atom.title, atom.link, atom.uri, atom.entries[0]!.title, atom.entries[0]!.link, atom.entries[0]!.description?.value, atom.entries[0]!.contents[0]!.value, atom.entries[0]!.author, atom.entries[0]!.categories[0]!.name]).to.deep.equal(['atom_1.0', 'T', 'http://x', 'urn:1', 'E', 'http://x/2', 'S', 'C', 'A', 't']);
    const rdf = feed('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>T</title><link>L</link><description>D</description></channel><item rdf:about="y"><title>i</title><link>l</link></item></rdf:RDF>');
    expect([rdf.feedType, rdf.title, rdf.entries[0]!.title, rdf.entries[0]!.link]).to.deep.equal(['rss_1.0', 'T', 'i', 'l']);
  });

  it('writes what it reads, and maps', () => {
    const text = marshalled(rss, unmarshalled(rss, channel('<item><title>1 &lt; 2</title><link>l</link><dc:creator>me</dc:creator><category>c</category><guid isPermaLink="false">g</guid><pubDate>Wed, 01 Jan 2020 00:00:00 GMT</pubDate></item>')));
    expect(text).to.include('<title>1 &lt; 2</title>').and.include('<pubDate>Wed, 01 Jan 2020 00:00:00 GMT</pubDate>').and.include('<rss xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">');
    expect(marshalled(rss, unmarshalled(rss, text))).to.equal(text);
    expect(marshalled(rss, { title: 'T', link: 'L', description: '', entries: [{ title: 'i', description: 'plain', publishedDate: '2020-01-01', categories: ['c'] }] })).to.equal(
      ['<?xml version="1.0" encoding="UTF-8"?>', '<rss version="2.0">', '  <channel>', '    <title>T</title>', '    <link>L</link>', '    <description />', '    <item>', '      <title>i</title>', '      <description>plain</description>', '      <category>c</category>', '      <pubDate>Wed, 01 Jan 2020 00:00:00 GMT</pubDate>', '    </item>', '  </channel>', '</rss>', ''].join('\r\n'),
    );
    expect(String(unmarshalled(rss, channel()))).to.include('<link>http://x</link>');
    expect(failureOf(() => marshalled(rss, { title: 'T' }))).to.equal('FeedException');
  });

  it('refuses what is no feed or no XML, and resolves no entities', async () => {
    expect(failureOf(() => unmarshalled(rss, '<html/>'))).to.equal('IllegalArgumentException');
    expect(failureOf(() => unmarshalled(rss, '<rss/>'))).to.equal('IllegalArgumentException');
    for (const text of ['', 'garbage', '<rss><channel><title>T</channel></rss>']) expect(failureOf(() => unmarshalled(rss, text))).to.equal('ParsingFeedException');
    expect(failureOf(() => unmarshalled(rss, `<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>${channel('<copyright>&x;</copyright>')}`))).to.equal('ParsingFeedException');
    const large = await Promise.resolve(unmarshalled(rss, '<a>'.repeat(100_000))).then(() => 'none', (error: Error) => error.name);
    expect(large).to.equal('ParsingFeedException');
  });
});

import { expect } from 'chai';
import { parseXml, parseXmlInTurns, XmlDocument } from '../../../src/core/conversion/xml.ts';
import { readXmlData, readXmlDataInTurns } from '../../../src/core/conversion/xmlData.ts';
import { Slices } from '../../../src/core/conversion/slices.ts';

const item = (i: number): string => `<i:item id="${i}" xml:lang="en">\r\n<name>n &amp; ${i}</name><!-- c --><?p i?><![CDATA[<raw>]]>${i % 7 === 0 ? '<empty/>' : 'tail'}</i:item>\r\n`;
const large = `<?xml version="1.0"?>\r\n<!DOCTYPE r [<!ENTITY e "text">]>\r\n<r xmlns:i="urn:i">&e;${Array.from({ length: 20_000 }, (_, i) => item(i)).join('')}</r><!-- end -->`;

/** How many turns others had until something was done. */
async function turnsUntil<T>(work: T | Promise<T>): Promise<{ readonly turns: number; readonly value: T }> {
  let isDone = false;
  let turns = 0;
  const count = (): void => {
    turns++;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const value = await work;
  isDone = true;
  return { turns, value };
}

describe('XML in turns', function () {
  this.timeout(30_000);

  it('gives the same document as at once, and lets others have many turns meanwhile', async () => {
    const { turns, value } = await turnsUntil(parseXmlInTurns(large));
    const whole = parseXml(large);
    expect(turns).to.be.above(5);
    expect(value.source).to.equal(whole.source);
    expect(value.all.length).to.equal(whole.all.length);
    expect(value.toString()).to.equal(whole.toString());
    expect(value.all.every(({ order, last }, i) => order === whole.all[i]!.order && last === whole.all[i]!.last)).to.equal(true);
  });

  it('reads a small document at once', () => {
    expect(parseXmlInTurns('<a>1</a>')).to.be.instanceOf(XmlDocument);
  });

  it('says the same of a wrong document, with its place', async () => {
    for (const wrong of [large.replace('</r>', '</s>'), large.replace('n &amp; 19999', 'n & 19999'), `${large}<more/>`, large.slice(0, -100)]) {
      let expected = '';
      try {
        parseXml(wrong);
      } catch (thrown) {
        expected = (thrown as Error).message;
      }
      expect(expected).to.match(/\(line \d+, column \d+\)$/);
      const said = await Promise.resolve(parseXmlInTurns(wrong)).then(() => 'nothing', ({ message }: Error) => message);
      expect(said).to.equal(expected);
    }
  });

  it('makes the same maps and lists of it', async () => {
    const { root } = parseXml(large);
    const { turns, value } = await turnsUntil(readXmlDataInTurns(root, new Slices()));
    expect(turns).to.be.above(0);
    expect(JSON.stringify(value)).to.equal(JSON.stringify(readXmlData(root)));
  });
});

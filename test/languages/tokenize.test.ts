import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { FileBody } from '../../src/core/conversion/file-body.ts';
import { tokenize } from '../../src/languages/tokenize.ts';
import { evaluate, exchangeWith } from './languageContext.ts';

const defaults = { regex: false, xml: false, includeTokens: false, skipFirst: false };
const parts = (body: unknown, options: object, source = ''): string[] => [...(evaluate(tokenize, source, body, { ...defaults, ...options }) as IterableIterator<string>)];

describe('tokenize', () => {
  it('gives back what was joined', () =>
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[^;]+$/)), (words) => {
        expect(parts(words.join(';'), { token: ';' })).to.deep.equal(words);
      }),
    ));

  it('keeps empty parts in the middle, drops one at each end', () => {
    expect(parts('a,b,,c, d', { token: ',' })).to.deep.equal(['a', 'b', '', 'c', ' d']);
    expect(parts(',a,', {}, ',')).to.deep.equal(['a']);
    expect(parts('', { token: ',' })).to.deep.equal([]);
    expect(parts(12, { token: ',' })).to.deep.equal(['12']);
    expect(() => parts(null, { token: ',' })).to.throw('null');
  });

  it('cuts by pattern and between pairs', () => {
    expect(parts('a,;b;c', { token: '[,;]+', regex: true })).to.deep.equal(['a', 'b', 'c']);
    expect(parts('x[a]y[b]z[c', { token: '[', endToken: ']' })).to.deep.equal(['a', 'b', 'c']);
    expect(parts('x[a]y[b]z[c', { token: '[', endToken: ']', includeTokens: true })).to.deep.equal(['[a]', '[b]', '[c]']);
  });

  it('cuts by a pattern as Java does: one delimiter before a part is skipped, what matches nothing cuts behind each letter', () => {
    const stepwise = (text: string, source: string): string[] => {
      const [here, anywhere] = [new RegExp(source, 'y'), new RegExp(source, 'g')];
      const found: string[] = [];
      for (let at = 0; ; ) {
        here.lastIndex = at;
        at += here.exec(text)?.[0].length ?? 0;
        if (at >= text.length) return found;
        anywhere.lastIndex = at;
        let next = anywhere.exec(text);
        if (next !== null && next.index + next[0].length === at) {
          anywhere.lastIndex = at + 1;
          next = anywhere.exec(text);
        }
        found.push(text.slice(at, next?.index ?? text.length));
        at = next?.index ?? text.length;
      }
    };
    const sources = ['a*', 'a|', '[ab]', 'a+b?', '(?=b)', '(?<=a)', '(?<=a)b?', '^a', 'c$', 'b*c|', '(a)|(b)', '\\b', 'a\\|', '\\.', 'ab\\|c'];
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.stringMatching(/^[abc|.]{0,12}$/), (token, text) => {
        expect(parts(text, { token })).to.deep.equal(stepwise(text, token));
      }),
      { numRuns: 3000 },
    );
  });

  it('cuts a long text by a pattern in the time that it takes to read it, and stops one that backtracks', () => {
    const line = `${'x'.repeat(20)}, `;
    expect(parts(line.repeat(50_000), { token: ',\\s*' })).to.have.length(50_000);
    expect(() => parts('a'.repeat(40), { token: '(a+)+b' })).to.throw('backtracks');
  });

  it('takes an escaped token for the text that it stands for, as it comes', async () => {
    let pieces = 0;
    const source = (async function* () {
      for (; pieces < 5; pieces++) yield Buffer.from('a|b|');
    })();
    const first = (evaluate(tokenize, '', source, { ...defaults, token: '\\|' }) as AsyncIterable<string>)[Symbol.asyncIterator]();
    expect([await first.next(), pieces]).to.deep.equal([{ done: false, value: 'a' }, 0]);
    expect(parts('a|b|', { token: '\\|' })).to.deep.equal(['a', 'b']);
    expect(parts('a\r\nb\tc', { token: '\\r\\n' })).to.deep.equal(['a', 'b\tc']);
  });

  it('knows a brace that is a letter from one that repeats nothing', () => {
    expect(parts('a{b', { token: '[{]' })).to.deep.equal(['a', 'b']);
    expect(parts('a{b', { token: '\\{' })).to.deep.equal(['a', 'b']);
    for (const token of ['{', 'a{,2}', '\\\\{']) expect(() => parts('a{b', { token }), token).to.throw('a brace repeats nothing');
  });

  it('reads a file in its own charset, else in that which the property names, not the header', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenize-'));
    try {
      const path = join(folder, 'x.txt');
      writeFileSync(path, Buffer.from('ä,ö', 'latin1'));
      const file = (charset: string | null): FileBody => new FileBody({ path, name: 'x.txt', length: 3, lastModified: 0, charset });
      const named = (charset: string | null, property: string): Exchange => {
        const exchange = exchangeWith(file(charset), { CamelCharsetName: 'utf-16' });
        exchange.properties.set('CamelCharsetName', property);
        return exchange;
      };
      expect(parts(named(null, 'iso-8859-1'), { token: ',' })).to.deep.equal(['ä', 'ö']);
      expect(parts(named('windows-1252', 'utf-8'), { token: ',' })).to.deep.equal(['ä', 'ö']);
      expect(parts(file(null), { token: ',' })).to.deep.equal(['\ufffd', '\ufffd']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('groups parts and skips the first', () => {
    expect(parts('a,b,c', { token: ',', group: '2' })).to.deep.equal(['a,b', 'c']);
    expect(parts('a,b,c,d', { token: ',', group: '2', groupDelimiter: '|' })).to.deep.equal(['a|b', 'c|d']);
    expect(parts('h,b,c,d', { token: ',', group: '2', skipFirst: true })).to.deep.equal(['b,c', 'd']);
    expect(parts(exchangeWith('a,b,c,d', { n: 3 }), { token: ',', group: '${header.n}' })).to.deep.equal(['a,b,c', 'd']);
    expect(parts('a\r\nb\nc\n', { token: '\n', group: '2' })).to.deep.equal(['a\r\nb', 'c']);
  });

  it('takes token and text from the message', () => {
    expect(parts(exchangeWith('a;b', { t: ';' }), { token: '${header.t}' })).to.deep.equal(['a', 'b']);
    expect(parts(exchangeWith('x', { h: '1,2' }), { token: ',', source: 'header:h' })).to.deep.equal(['1', '2']);
  });

  it('cuts XML elements out, with the namespaces of a parent', () => {
    const document = "<r xmlns='u' xmlns:p='v'><i a='1'>x</i><i/><ii>no</ii><p:i>y</p:i></r>";
    expect(parts(document, { token: 'i', xml: true })).to.deep.equal(["<i a='1'>x</i>", '<i/>', '<p:i>y</p:i>']);
    expect(parts(document, { token: '<i>', xml: true, group: '2' })).to.deep.equal(["<i a='1'>x</i><i/>", '<p:i>y</p:i>']);
    expect(parts(document, { token: 'i', xml: true, inheritNamespaceTagName: 'r' })[0]).to.equal("<i a='1' xmlns='u' xmlns:p='v'>x</i>");
    expect(parts(document, { token: 'i', xml: true, inheritNamespaceTagName: 'r' })[1]).to.equal("<i xmlns='u' xmlns:p='v'/>");
  });

  it('reads a stream', async () => {
    const read: string[] = [];
    const iterator = evaluate(tokenize, '', Readable.from([Buffer.from('a,'), Buffer.from('b')]), { ...defaults, token: ',' });
    for await (const part of iterator as AsyncIterable<string>) read.push(part);
    expect(read).to.deep.equal(['a', 'b']);
  });

  it('refuses options that do not go together', () => {
    expect(() => parts('a', {})).to.throw('needs a token');
    expect(() => parts('a', { token: 'a', includeTokens: true })).to.throw('endToken');
    expect(() => parts('a', { token: '(', regex: true })).to.throw();
  });

  it('cuts a stream in any pieces as the whole text, without waiting for its end', async () => {
    const xml = `<o xmlns:p="urn:p"><a>1</a>x<p:a k="/>">2<b/></p:a><a/>,<ab/><a\n>3ä;,</a ></o>`;
    const all: readonly object[] = [
      { token: ',' },
      { token: 'a>', group: '2' },
      { token: '<', endToken: '>' },
      { token: '<a', endToken: 'a>', includeTokens: true, skipFirst: true },
      { token: 'a', xml: true },
      { token: 'a', xml: true, inheritNamespaceTagName: 'o', group: '2' },
      { token: '[,;]', regex: true },
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...all), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 40 }), async (options, times, length) => {
        const text = xml.repeat(times);
        const bytes = Buffer.from(text);
        const source = (async function* () {
          for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
        })();
        const streamed: string[] = [];
        for await (const part of evaluate(tokenize, '', source, { ...defaults, ...options }) as AsyncIterable<string>) streamed.push(part);
        expect(streamed).to.deep.equal(parts(text, options));
      }),
    );
    for (const options of [{ token: ',' }, { token: '<', endToken: '>' }, { token: 'a', xml: true }]) {
      let isClosed = false;
      const endless = (async function* () {
        try {
          for (;;) yield Buffer.from('<a>1</a>,');
        } finally {
          isClosed = true;
        }
      })();
      const first = (evaluate(tokenize, '', endless, { ...defaults, ...options }) as AsyncIterable<string>)[Symbol.asyncIterator]();
      for (let i = 0; i < 10; i++) expect((await first.next()).done).to.equal(false);
      await first.return!();
      expect(isClosed).to.equal(true);
    }
  }).timeout(20_000);
});

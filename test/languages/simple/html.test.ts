import { expect } from 'chai';
import fc from 'fast-check';
import { toText } from '../../../src/core/conversion/convert.ts';
import { exchangeWith, simpleContext } from './simpleContext.ts';

const value = (source: string, body: unknown): unknown => simpleContext().expression('simple', source)(exchangeWith({ body }));

describe('htmlClean', () => {
  const clean = (body: unknown): unknown => value('${htmlClean()}', body);

  for (const [what, given, expected] of [
    ['keeps what is safe, and closes what is not closed', '<p>Hello <b>World', '<p>Hello <b>World</b></p>'],
    ['takes scripts away with all that is in them', 'a<script>alert(1)</script><style>p{}</style>b', 'ab'],
    ['takes other elements away, and leaves what they hold', '<div><h1>T</h1><img src=x onerror=alert(1)><em>e</em></div>', 'T<em>e</em>'],
    ['takes event handlers and styles away', '<p onclick="x()" style="a" class="c">t</p>', '<p>t</p>'],
    ['keeps links that are safe, and tells search engines not to follow them', '<a href="https://x.org/?a=1&amp;b=2" target=_blank>l</a>', '<a href="https://x.org/?a=1&amp;b=2" rel="nofollow">l</a>'],
    ['takes scripts in links away, however they are hidden', '<a href=" jAva&#10;script:alert(1)">l</a><a href="/relative">r</a>', '<a rel="nofollow">l</a><a rel="nofollow">r</a>'],
    ['is not fooled by other kinds of elements', '<svg><p><style><!--</style><img src=x onerror=alert(1)>-->', '<p>--&gt;</p>'],
    ['keeps a text as a text', '1 < 2 & 3', '1 &lt; 2 &amp; 3'],
  ] as const) {
    it(what, () => expect(clean(given)).to.equal(expected));
  }

  it('leaves nothing that can run, whatever it is given, and is done after one turn', () => {
    const pieces = fc.constantFrom('<script>', '</script>', '<a href="', 'javascript:', '">', '<p', '>', '<!--', '-->', ' onload=', '<svg>', '<math>', '<style>', '</style>', "'", '&#106;', 'x', '<template>', '<noscript>', '<![CDATA[', ']]>');
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 30 }), (list) => {
        const cleaned = clean(list.join('')) as string;
        for (const tag of cleaned.match(/<[^>]*>/g) ?? []) expect(tag).to.match(/^<\/?(p|br|a( href="(https?|ftp|mailto):[^"]*")?( rel="nofollow")?)>$/);
        expect(clean(cleaned)).to.equal(cleaned);
      }),
    );
  });

  it('leaves null as it is', () => expect(clean(null)).to.equal(null));
});

describe('htmlDecode', () => {
  for (const [given, expected] of [
    ['<p>Hello <b>World</b></p>', 'Hello World'],
    ['<ul><li>one</li><li>two &amp; three</li></ul>a<br>b', 'one two & three a b'],
    ['<title>t</title><script>x</script>  many \n  blanks&nbsp; ', 'many blanks'],
    ['no tags', 'no tags'],
  ]) {
    it(`makes "${expected}" of ${JSON.stringify(given)}`, () => expect(value('${htmlDecode()}', given)).to.equal(expected));
  }

  it('takes an expression, and texts of any depth', () => {
    expect(value('${htmlDecode(${body})}!', '<i>x</i>')).to.equal('x!');
    expect(value('${htmlDecode()}', '<b>'.repeat(20_000) + 'deep')).to.equal('deep');
  });
});

describe('htmlParse', () => {
  it('reads HTML as browsers do, as a document', () => {
    expect(toText(value('${htmlParse()}', '<p class=a>one<p>two & <br>three<script>1<2</script>'))).to.contain('<p class="a">one</p><p>two &amp; <br/>three<script>1&lt;2</script></p>');
  });
});

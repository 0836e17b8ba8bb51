import { expect } from 'chai';
import fc from 'fast-check';
import { writeJson } from '../../src/core/conversion/json.ts';
import { yaml } from '../../src/dataformats/yaml.ts';
import { failureOf, marshalled, rejection, unmarshalled } from './format.ts';

const plain = (value: unknown): unknown => JSON.parse(writeJson(value));

/** What YAML has no characters for is bytes. */
function withBytes(value: unknown): unknown {
  const bytesOf = (text: string): unknown => (/[^\t\n\r\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(text) ? Buffer.from(text) : text);
  if (typeof value === 'string') return bytesOf(value);
  if (Array.isArray(value)) return value.map(withBytes);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [String(bytesOf(key)), withBytes(item)]));
}

describe('yaml', () => {
  it('reads back what it wrote, texts with control characters as their bytes', () =>
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), (value) => {
        expect(plain(unmarshalled(yaml, marshalled(yaml, value)))).to.deep.equal(plain(withBytes(value)));
      }),
      { numRuns: 300 },
    ));

  it('reads back texts that look like something else', () =>
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[-+0-9.:~a-f xyesno#?!&*'"|>%@`,[\]{}\n\t]{0,12}$/)), (texts) => {
        expect(unmarshalled(yaml, marshalled(yaml, { texts }))).to.deep.equal({ texts });
        expect(unmarshalled(yaml, marshalled(yaml, { a: { b: texts, c: [[1]] } }))).to.deep.equal({ a: { b: texts, c: [[1]] } });
      }),
    ));

  it('prints as SnakeYAML does', () => {
    const value = {
      a: { b: { c: 1 } }, d: [], e: {}, f: [{ x: 1 }, { y: [1, 2] }], g: null, h: 'multi\nline', i: 1.5, j: '5', k: 'yes', l: 'a: b', m: '# x', n: '', o: 'é', p: "it's", q: '~',
      r: ' lead', s: '2020-01-01', t: '1e3', u: '0x1F', v: true, w: '- a', x: 'a#b', y: 'a, b', z: '[x',
    };
    expect(marshalled(yaml, value)).to.equal(
      "a:\n  b: {c: 1}\nd: []\ne: {}\nf:\n- {x: 1}\n- y: [1, 2]\ng: null\nh: |-\n  multi\n  line\ni: 1.5\nj: '5'\nk: 'yes'\nl: 'a: b'\nm: '# x'\nn: ''\no: é\np: it's\nq: '~'\nr: ' lead'\ns: '2020-01-01'\nt: '1e3'\nu: '0x1F'\nv: true\nw: '- a'\nx: a#b\ny: a, b\nz: '[x'\n",
    );
    expect(marshalled(yaml, [1, [2, [3]], { a: 1 }])).to.equal('- 1\n- - 2\n  - [3]\n- {a: 1}\n');
    expect(marshalled(yaml, { a: [1, 2], b: { c: 1 } }, { prettyFlow: true })).to.equal('a: [\n  1,\n  2\n]\nb: {\n  c: 1\n}\n');
    const long = 'long text '.repeat(11).trimEnd();
    expect(marshalled(yaml, { a: long })).to.equal('{a: long text long text long text long text long text long text long text long text\n    long text long text long text}\n');
    expect(marshalled(yaml, null)).to.equal('null\n');
    expect(marshalled(yaml, 'text')).to.equal('text\n');
  });

  it('writes an object that occurs twice once', () => {
    const shared = { k: 1 };
    expect(marshalled(yaml, { a: shared, b: shared })).to.equal('a: &id001 {k: 1}\nb: *id001\n');
  });

  it('reads YAML 1.1', () => {
    expect(plain(unmarshalled(yaml, 'a: 1\nb: 1.5\nc: 010\nd: 0x1F\ne: yes\nf: ~\ng: 1_000\nh: 12:30:45\nj: !!str 5\nl: 1e3\nm: on\nn: 0b11\np: 0o17\nq: No\n'))).to.deep.equal({
      a: 1, b: 1.5, c: 8, d: 31, e: true, f: null, g: 1000, h: 45045, j: '5', l: 1000, m: true, n: 3, p: '0o17', q: false,
    });
    expect(unmarshalled(yaml, 'd: 2020-01-01')).to.deep.equal({ d: new Date('2020-01-01T00:00:00Z') });
    expect(String((unmarshalled(yaml, 'a: 12345678901234567890') as { a: unknown }).a)).to.equal('12345678901234567890');
    expect(unmarshalled(yaml, 'a: &x {k: 1}\nb: *x\nc:\n  <<: *x\n  z: 2\n')).to.deep.equal({ a: { k: 1 }, b: { k: 1 }, c: { k: 1, z: 2 } });
    expect(unmarshalled(yaml, 'a: 1\na: 2')).to.deep.equal({ a: 2 });
    expect(unmarshalled(yaml, '')).to.equal(null);
    expect(unmarshalled(yaml, '1: a\ntrue: b')).to.deep.equal({ 1: 'a', true: 'b' });
  });

  it('fails as SnakeYAML does', () => {
    expect(failureOf(() => unmarshalled(yaml, 'a: ['))).to.equal('ParserException');
    expect(failureOf(() => unmarshalled(yaml, 'a: 1\n---\nb: 2\n'))).to.equal('ComposerException');
    expect(failureOf(() => unmarshalled(yaml, 'a: !!java.util.Date 5'))).to.equal('ConstructorException');
    expect(failureOf(() => unmarshalled(yaml, null))).to.equal('NoTypeConversionAvailableException');
  });

  it('bounds aliases, nesting and size', () => {
    const aliases = (count: number): string => `a: &x [1]\n${Array.from({ length: count }, (_, i) => `b${i}: *x\n`).join('')}`;
    expect(failureOf(() => unmarshalled(yaml, aliases(50)))).to.equal('none');
    expect(failureOf(() => unmarshalled(yaml, aliases(51)))).to.equal('YAMLException');
    expect(failureOf(() => unmarshalled(yaml, `${'['.repeat(60)}${']'.repeat(60)}`))).to.equal('YAMLException');
    expect(failureOf(() => unmarshalled(yaml, '['.repeat(100_000)))).to.match(/YAMLException|ParserException/);
    expect(failureOf(() => unmarshalled(yaml, `a: ${'x'.repeat(3 * 1024 * 1024)}`))).to.equal('YAMLException');
  });

  describe('of a long text', () => {
    const comment = `\n#${'c'.repeat(100_000)}\n`;

    it('is read in a thread and gives the same values', async () => {
      const text =
        'a: 5.0\nb: [1e3, 12345678901234567890, -0.0, .inf, 0.1, 010, y]\nc: !!binary aGVsbG8=\nd: !!set {a, 5.0}\ne: !!omap [a: 1, b: 2.0]\nf: &x {k: 5.0}\ng: *x\nh: 2020-01-01\n__proto__: {x: 1.0}\n1.0: z\n';
      const short = unmarshalled(yaml, text) as Record<string, unknown>;
      const long = unmarshalled(yaml, text + comment);
      expect(long).to.be.a('promise');
      const value = (await long) as Record<string, unknown>;
      expect(value).to.deep.equal(short);
      expect(Object.keys(value)).to.deep.equal(Object.keys(short));
      expect(Buffer.isBuffer(value['c'])).to.equal(true);
      expect(value['g']).to.equal(value['f']);
      expect(Object.hasOwn(value, '__proto__')).to.equal(true);
      expect(writeJson(value['b'])).to.equal('[1000.0,12345678901234567890,-0.0,"Infinity",0.1,8,"y"]');
    });

    it('fails in the same ways', async () => {
      const failed = (text: string): Promise<string> => rejection(() => unmarshalled(yaml, text + comment));
      expect(await failed('a: [')).to.equal('ParserException');
      expect(await failed('a: 1\n---\nb: 2\n')).to.equal('ComposerException');
      expect(await failed('a: !!java.util.Date 5')).to.equal('ConstructorException');
      expect(await failed(`${'['.repeat(60)}${']'.repeat(60)}`)).to.equal('YAMLException');
      expect(await failed(`a: &x [1]\n${Array.from({ length: 51 }, (_, i) => `b${i}: *x\n`).join('')}`)).to.equal('YAMLException');
      expect(await failed('a: 1')).to.equal('none');
    });

    it('has a type when one is wanted', async () => {
      expect(await unmarshalled(yaml, `5${comment}`, { unmarshalType: 'java.lang.String' })).to.equal('5');
    });

    it('is bounded by code points, as in SnakeYAML', async () => {
      const most = 3 * 1024 * 1024;
      expect(await unmarshalled(yaml, 'x'.repeat(most))).to.have.length(most);
      expect(await unmarshalled(yaml, '\u{1f600}'.repeat(2_000_000))).to.have.length(4_000_000);
      expect(failureOf(() => unmarshalled(yaml, 'x'.repeat(most + 1)))).to.equal('YAMLException');
      expect(failureOf(() => unmarshalled(yaml, '\u{1f600}'.repeat(most + 1)))).to.equal('YAMLException');
    });
  });

  it('takes `__proto__` for a key like any other', () => {
    const value = unmarshalled(yaml, '__proto__: {x: 1}') as object;
    expect(Object.getPrototypeOf(value)).to.equal(Object.prototype);
    expect(Object.hasOwn(value, '__proto__')).to.equal(true);
  });
});

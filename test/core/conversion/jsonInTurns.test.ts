import { expect } from 'chai';
import fc from 'fast-check';
import { ExactNumber } from '../../../src/core/conversion/exactNumber.ts';
import { parseJson, parseJsonInTurns, writeJson, writeJsonInTurns } from '../../../src/core/conversion/json.ts';
import { readInTurns, writeInTurns } from '../../../src/core/conversion/jsonInTurns.ts';

const outcome = async (run: () => unknown): Promise<unknown> => {
  try {
    return { value: await run() };
  } catch (thrown) {
    // A text that is wrong in two places, one of them its end, is refused for either.
    return (thrown as { type: string }).type.replace('io.JsonEOFException', 'JsonParseException');
  }
};

/** JSON with blanks in it, whatever a document may hold, and now and then a letter too many or too few. */
const texts = fc
  .tuple(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(undefined, 1, '\t'), fc.option(fc.tuple(fc.nat(), fc.constantFrom('', '[', ']', '{', '}', ',', ':', '"', '1', '\\')), { freq: 3 }))
  .map(([value, blanks, wrong]) => {
    const text = JSON.stringify(value, null, blanks).replaceAll('"a":', '"__proto__":');
    if (wrong === null) return text;
    const at = wrong[0] % (text.length + 1);
    return wrong[1] === '' ? text.slice(0, at) + text.slice(at + 1) : text.slice(0, at) + wrong[1] + text.slice(at);
  });

const record = (i: number): object => ({ id: i, name: `name ${i}`, price: new ExactNumber('5.0', 'double'), tags: ['a', { b: null }], more: {} });
const large = { __proto__: null, list: Array.from({ length: 60_000 }, (_, i) => record(i)), map: Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`k${i}`, i])), end: null };

describe('json in turns', () => {
  it('reads whatever text in pieces of any size to what it is read to at once, or refuses it with the same class', () =>
    fc.assert(
      fc.asyncProperty(texts, fc.constantFrom(1, 5, 20), async (text, pieceLength) => {
        expect(await outcome(() => readInTurns(text, pieceLength))).to.deep.equal(await outcome(() => parseJson(text)));
      }),
      { numRuns: 1000 },
    ));

  it('says where a long text is wrong, by its line and column', async () => {
    const text = `{"a":[\n${'{"b":1},\n'.repeat(600_000)}{"b" 1}]}`;
    const thrown = await Promise.resolve(parseJsonInTurns(text)).catch((reason: unknown) => reason);
    expect(thrown).to.have.property('message').that.matches(/^not JSON: .*\(line 600002, column 6\)$/);
  });

  it('keeps exact numbers of a long text, and knows that they are there', async () => {
    const value = (await parseJsonInTurns(`{"a":[${'5.0,'.repeat(1_200_000)}1]}`)) as { a: unknown[] };
    expect(value.a).to.have.length(1_200_001);
    expect(value.a[7]).to.be.instanceOf(ExactNumber);
    expect(writeJson(value).slice(0, 20)).to.equal('{"a":[5.0,5.0,5.0,5.');
  });

  for (const style of [{}, { isPretty: true }, { skipsNull: true }, { skipsEmpty: true, isPretty: true }, { sortsKeys: true }, { unwrapsSingles: true }]) {
    it(`writes a large value as it is written at once (${JSON.stringify(style)})`, async () => {
      const written = writeJsonInTurns(large, style);
      expect(written).to.be.instanceOf(Promise);
      // Not by the matcher, which would print megabytes.
      expect((await written) === writeJson(large, style)).to.equal(true);
      const single = { one: [Array.from({ length: 9000 }, (_, i) => [i])], none: Array(9000).fill(undefined) };
      expect((await writeInTurns(single, style)) === writeJson(single, style)).to.equal(true);
    });
  }

  it('says why a large value can not be written', async () => {
    const list = Array.from({ length: 30_000 }, (_, i): unknown => (i === 25_000 ? () => 1 : i));
    const thrown = await Promise.resolve(writeJsonInTurns(list)).catch((reason: unknown) => reason);
    expect(thrown).to.have.property('message', "a function can't be written as JSON");
  });
});

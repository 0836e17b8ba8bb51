import { expect } from 'chai';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { routesFile, runtimeWith } from '../runtime/rig.ts';

describe('tokenizer', () => {
  let runtime: Runtime;
  afterEach(() => runtime.stop(1000));

  const start = async (kind: string, maxTokens: number, maxOverlap: number, more: object = {}): Promise<void> => {
    runtime = runtimeWith();
    const name = `langChain4j${kind[0]!.toUpperCase()}${kind.slice(1)}Tokenizer`;
    await runtime.start([routesFile([{ from: { uri: 'direct:in', steps: [{ tokenizer: { [name]: { tokenizerType: 'OPEN_AI', maxTokens, maxOverlap, ...more } } }] } }])]);
  };
  const segments = async (text: unknown): Promise<unknown> => (await runtime.send('direct:in', text)).body;
  const refused = (...given: Parameters<typeof start>): Promise<string> => start(...given).then(() => '', (thrown: unknown) => (thrown as Error).message);

  const [blanks, greeting, sentences, paragraphs, long] = [
    "  lead  and   double  ",
    "Hello world, this is a longer text.",
    "One. Two is here! Three? Yes, indeed it is.",
    "P one line one\nP one line two\n\nP two\n\n\nP three is rather long, longer than the others",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaa bb",
  ] as const;
  // As LangChain4j's own splitters give them.
  const cases: readonly (readonly [kind: string, most: number, overlap: number, text: string, segments: readonly string[]])[] = [
    ['character', 10, 0, blanks, ["lead  an", "d   double"]],
    ['character', 10, 0, greeting, ["Hello worl", "d, this is", "a longer", "text."]],
    ['character', 10, 0, sentences, ["One. Two i", "s here! Th", "ree? Yes,", "indeed it", "is."]],
    ['character', 10, 0, paragraphs, ["P one line", "one\nP one", "line two", "P two\n\n\nP", "three is", "rather lon", "g, longer", "than the o", "thers"]],
    ['character', 10, 0, long, ["aaaaaaaaaa", "aaaaaaaaaa", "aaaaaaaa b", "b"]],
    ['character', 30, 10, blanks, ["lead  and   double"]],
    ['character', 30, 10, greeting, ["Hello world, this is a longer", "text."]],
    ['character', 30, 10, sentences, ["One. Two is here! Three? Yes,", "Three?Yes,indeed it is."]],
    ['character', 30, 10, paragraphs, ["P one line one\nP one line two", "P two\n\n\nP three is rather lon", "g, longer than the others"]],
    ['character', 30, 10, long, ["aaaaaaaaaaaaaaaaaaaaaaaaaaaa b", "b"]],
    ['line', 20, 5, blanks, ["lead  and   double"]],
    ['line', 20, 5, greeting, ["Hello world, this is", "a longer text."]],
    ['line', 20, 5, sentences, ["One. Two is here!", "Three?", "Yes, indeed it is."]],
    ['line', 20, 5, paragraphs, ["P one line one", "P one line two\nP two", "P three is rather", "long, longer than", "the others"]],
    ['line', 20, 5, long, ["aaaaaaaaaaaaaaaaaaaa", "aaaaaaaa", "bb"]],
    ['paragraph', 20, 5, blanks, ["lead  and   double"]],
    ['paragraph', 20, 5, greeting, ["Hello world, this is", "a longer text."]],
    ['paragraph', 20, 5, sentences, ["One. Two is here!", "Three?", "Yes, indeed it is."]],
    ['paragraph', 20, 5, paragraphs, ["P one line one P one", "line two", "P two", "P two P three is", "rather long, longer", "than the others"]],
    ['paragraph', 20, 5, long, ["aaaaaaaaaaaaaaaaaaaa", "aaaaaaaa", "bb"]],
    ['paragraph', 30, 10, blanks, ["lead  and   double"]],
    ['paragraph', 30, 10, greeting, ["Hello world, this is a longer", "text."]],
    ['paragraph', 30, 10, sentences, ["One. Two is here! Three?", "Three? Yes, indeed it is."]],
    ['paragraph', 30, 10, paragraphs, ["P one line one\nP one line two", "P two", "P two P three is rather long,", "longer than the others"]],
    ['paragraph', 30, 10, long, ["aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bb"]],
    ['sentence', 30, 10, blanks, ["lead  and   double"]],
    ['sentence', 30, 10, greeting, ["Hello world, this is a longer", "text."]],
    ['sentence', 30, 10, sentences, ["One. Two is here! Three?", "Three? Yes, indeed it is."]],
    ['sentence', 30, 10, paragraphs, ["P one line one P one line two", "P two P three is rather long,", "longer than the others"]],
    ['sentence', 30, 10, long, ["aaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bb"]],
    ['word', 10, 3, blanks, ["lead and", "double"]],
    ['word', 10, 3, greeting, ["Hello", "world,", "this is a", "longer", "text."]],
    ['word', 10, 3, sentences, ["One. Two", "Two is", "here!", "Three?", "Yes,", "indeed it", "is."]],
    ['word', 10, 3, paragraphs, ["P one line", "one P one", "line two P", "two P", "three is", "rather", "long,", "longer", "than the", "others"]],
    ['word', 10, 3, long, ["aaaaaaaaaa", "aaaaaaaaaa", "aaaaaaaa", "bb"]],
    ['word', 20, 5, blanks, ["lead and double"]],
    ['word', 20, 5, greeting, ["Hello world, this is", "a longer text."]],
    ['word', 20, 5, sentences, ["One. Two is here!", "Three? Yes, indeed", "it is."]],
    ['word', 20, 5, paragraphs, ["P one line one P one", "line two P two P", "three is rather", "long, longer than", "the others"]],
    ['word', 20, 5, long, ["aaaaaaaaaaaaaaaaaaaa", "aaaaaaaa", "bb"]],
  ];
  for (const [kind, most, overlap, text, expected] of cases) {
    it(`cuts ${JSON.stringify(text.slice(0, 12))} by ${kind}, ${most} and ${overlap} characters, as LangChain4j does`, async () => {
      await start(kind, most, overlap);
      expect(await segments(text)).to.deep.equal(expected);
    });
  }

  it('gives nothing for nothing, and what is no text is its text', async () => {
    await start('word', 4, 0);
    expect([await segments(null), await segments(' \n '), await segments(123)]).to.deep.equal([[], [], ['123']]);
  });

  it('never cuts a character in two', async () => {
    await start('character', 4, 0);
    expect(await segments('\u{1F600}\u{1F600}\u{1F600}')).to.deep.equal(['\u{1F600}\u{1F600}', '\u{1F600}']);
  });

  it('fails a message in which a character has no room behind the overlap', async () => {
    await start('character', 5, 5);
    expect((await runtime.send('direct:in', 'Hello world.')).exception?.message).to.contain('make maxTokens larger, or maxOverlap smaller');
  });

  it('cuts a megabyte of blanks and line ends in no time', async () => {
    await start('paragraph', 1000, 100);
    expect(await segments(`a${' \n'.repeat(500_000)}b`)).to.deep.equal(['a\n\nb']);
  });

  it('refuses to count the tokens of a model, an overlap that is more than a segment, and two kinds at once', async () => {
    expect(await refused('word', 100, 10, { modelName: 'gpt-4o-mini' })).to.contain('the tokens of the model `gpt-4o-mini` can not be counted here');
    expect(await refused('word', 10, 11)).to.contain('`maxOverlap` (11) is more than `maxTokens` (10)');
    runtime = runtimeWith();
    const settings = { tokenizerType: 'OPEN_AI', maxTokens: 10, maxOverlap: 0 };
    const two = runtime.start([routesFile([{ from: { uri: 'direct:in', steps: [{ tokenizer: { langChain4jWordTokenizer: settings, langChain4jLineTokenizer: settings } }] } }])]);
    expect(await two.then(() => '', (thrown: unknown) => (thrown as Error).message)).to.contain('one kind of parts');
  });
});

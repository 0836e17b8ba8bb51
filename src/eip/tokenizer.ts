import { BoundedRegExp } from '../core/boundedRegExp.ts';
import { lettersOf } from '../core/conversion/manyParts.ts';
import { toText } from '../core/conversion/convert.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';
import { perform } from '../core/graph/flow.ts';

const kinds = ['paragraph', 'line', 'sentence', 'word', 'character'] as const;
type Kind = (typeof kinds)[number];

/** What stands between two parts of a kind that share a segment. */
const between: Readonly<Record<Kind, string>> = { paragraph: '\n\n', line: '\n', sentence: ' ', word: ' ', character: '' };
/** What a part that is too long is cut into. */
const finer: Readonly<Record<Kind, Kind | null>> = { paragraph: 'sentence', line: 'sentence', sentence: 'word', word: 'character', character: null };

const blanks = /\s+/g;
const lineBreaks = /\r\n|[\n\v\f\r\u0085\u2028\u2029]/g;

/** Cuts at runs of blanks with so many line breaks in them. */
function cutAtBreaks(text: string, breaks: number): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const { 0: run, index } of text.matchAll(blanks)) {
    if ((run.match(lineBreaks)?.length ?? 0) < breaks) continue;
    parts.push(text.slice(from, index));
    from = index + run.length;
  }
  parts.push(text.slice(from));
  return parts;
}

let sentences: Intl.Segmenter | null = null;

function cutIntoSentences(text: string): string[] {
  sentences ??= new Intl.Segmenter('en', { granularity: 'sentence' });
  // A line's end is no sentence's end.
  const flat = text.replace(/[\n\v\f\r\u0085\u2028\u2029]/g, ' ');
  return [...sentences.segment(flat)].map(({ index, segment }) => text.slice(index, index + segment.length).trim());
}

function cut(text: string, kind: Kind): string[] {
  switch (kind) {
    case 'paragraph':
      return cutAtBreaks(text, 2);
    case 'line':
      return cutAtBreaks(text, 1);
    case 'sentence':
      return cutIntoSentences(text);
    case 'word':
      return text.split(new BoundedRegExp(blanks));
    case 'character':
      return lettersOf(text);
  }
}

/** Parts as they follow each other, up to a size in characters. */
class Segment {
  private readonly limit: number;
  private readonly glue: string;
  text: string;

  constructor(limit: number, glue: string, text = '') {
    this.limit = limit;
    this.glue = glue;
    this.text = text;
  }

  private joined(first: string, second: string): string {
    return first === '' || second === '' ? first + second : first + this.glue + second;
  }

  /** False: there is no room for it. */
  append(part: string): boolean {
    // A text is never put together that may not stay: parts can be many.
    if (this.text.length + (this.text === '' ? 0 : this.glue.length) + part.length > this.limit) return false;
    this.text = this.joined(this.text, part);
    return true;
  }

  prepend(part: string): boolean {
    const text = this.joined(part, this.text);
    if (text.length > this.limit) return false;
    this.text = text;
    return true;
  }

  force(part: string): string {
    return this.joined(this.text, part);
  }
}

interface Sizes {
  readonly most: number;
  readonly overlap: number;
}

/** The last whole sentences of a segment, with which the next one begins. */
function overlapOf(segment: string, { overlap }: Sizes, glue: string): string {
  if (overlap === 0) return '';
  const tail = new Segment(overlap, glue);
  const parts = cutIntoSentences(segment);
  for (let i = parts.length - 1; i >= 0; i--) if (!tail.prepend(parts[i]!)) break;
  return tail.text;
}

function segmentsOf(text: string, kind: Kind, sizes: Sizes): string[] {
  const segments: string[] = [];
  const glue = between[kind];
  let overlap = '';
  let current = new Segment(sizes.most, glue);
  const isMore = (): boolean => current.text.trim() !== '' && current.text !== overlap;
  const begin = (): void => {
    overlap = overlapOf(segments.at(-1) ?? '', sizes, glue);
    current = new Segment(sizes.most, glue, overlap);
  };
  for (const part of cut(text, kind)) {
    if (current.append(part)) continue;
    if (isMore()) {
      segments.push(current.text.trim());
      begin();
    }
    if (current.append(part)) continue;
    const next = finer[kind];
    if (next === null) throw new ExchangeError('java.lang.RuntimeException', `"${part}" does not fit into a segment behind its overlap: make maxTokens larger, or maxOverlap smaller`);
    segments.push(...segmentsOf(current.force(part), next, sizes));
    begin();
  }
  if (isMore()) segments.push(current.text.trim());
  return segments;
}

const how = (parts: string) =>
  field.element(`Cuts into ${parts}.`, {
    id: field.string('Name of this tokenizer.').ignored('it is no step of its own'),
    tokenizerType: field.enum('Whose tokens they are.', ['OPEN_AI', 'AZURE', 'QWEN']).required().ignored('sizes are in characters, as in Camel without `modelName`'),
    maxTokens: field.count('The most characters in a segment.').required().atLeast(1),
    maxOverlap: field.count('The most characters of whole sentences at the end of a segment with which the next one begins.').required(),
    modelName: field.string('Model whose tokens are counted in place of characters: that is not here, and an error.'),
  });

export const tokenizer = defineEip({
  name: 'tokenizer',
  summary: 'Cuts a text into segments for language models and vector databases: as many parts of a kind in each as it has room for. The body becomes a list of texts. Parts that are too long are cut into finer ones.',
  options: {
    langChain4jCharacterTokenizer: how('characters'),
    langChain4jLineTokenizer: how('lines'),
    langChain4jParagraphTokenizer: how('paragraphs: there is an empty line between them'),
    langChain4jSentenceTokenizer: how('sentences, by the rules of Unicode'),
    langChain4jWordTokenizer: how('words'),
  },
  examples: [
    {
      title: 'Segments of whole sentences',
      route: '- from:\n    uri: direct:start\n    steps:\n      - tokenizer:\n          langChain4jSentenceTokenizer: { tokenizerType: OPEN_AI, maxTokens: 30, maxOverlap: 10 }\n      - to: mock:segments\n',
      in: ['One. Two is here! Three? Yes, indeed it is.'],
      out: { 'mock:segments': [['One. Two is here! Three?', 'Three? Yes, indeed it is.']] },
    },
  ],
  operator: (options, { problems, at, info }) => {
    const given = kinds.flatMap((kind) => {
      const settings = options[`langChain4j${kind[0]!.toUpperCase()}${kind.slice(1)}Tokenizer` as keyof typeof options];
      return settings === undefined ? [] : [{ kind, ...settings }];
    });
    const [chosen] = given;
    if (chosen === undefined || given.length > 1) {
      problems.report('M0317', chosen === undefined ? '`tokenizer` needs to know into what it cuts' : 'a `tokenizer` cuts into one kind of parts', at, { help: 'write one of langChain4jCharacterTokenizer, langChain4jLineTokenizer, langChain4jParagraphTokenizer, langChain4jSentenceTokenizer, langChain4jWordTokenizer' });
      return perform(() => {}, info);
    }
    const { kind, maxTokens, maxOverlap, modelName } = chosen;
    if (modelName !== undefined) problems.report('M0317', `the tokens of the model \`${modelName}\` can not be counted here`, at, { help: 'leave `modelName` out: sizes are in characters then (a token of English text is about four)' });
    if (maxOverlap > maxTokens) problems.report('M0317', `\`maxOverlap\` (${maxOverlap}) is more than \`maxTokens\` (${maxTokens})`, at, { help: 'make it smaller: a segment begins with so much of the one before it' });
    const sizes = { most: maxTokens, overlap: maxOverlap };
    return perform((exchange) => {
      exchange.body = segmentsOf(toText(exchange.body, exchange) ?? '', kind, sizes);
    }, info);
  },
});

import { ExchangeError } from '../errors.ts';
import type { JsonStyle } from './json.ts';
import { deepest, fewPlainItems, holdsExactNumbers, jsonError, noteExactNumbers, parseJson, parseJsonPiece, textEnd, writeJsonWithin } from './json.ts';
import { hasFewValues } from './fewValues.ts';
import { isPlainContainer, putKey, roomOfContainer, ValueCount } from './plainValue.ts';
import { Slices } from './slices.ts';
import { XmlNodeList } from './xml.ts';

// ------------------------------------------------------------------------------------------------ reading

/** So many letters of a list's or a map's members are given to V8 at once. */
const usualLength = 1 << 17;

/** Lists and maps within others, each too long for a piece; what is nested deeper is read at once. */
const mostOpen = 100;

const lettersBetweenLooks = 1 << 16;

/** Names that an object has, each of which takes longer than the one before. */
const mostNames = 2_000_000;

const tooMuch = 'com.fasterxml.jackson.core.exc.StreamConstraintsException';

/** A list or map that is too long for a piece. */
interface Open {
  readonly into: unknown[] | Record<string, unknown>;
  readonly close: ']' | '}';
  /** Where the members begin that are not read yet. */
  from: number;
  hasMembers: boolean;
  names: number;
  /** A member has been read that had to be opened: a comma or the end must follow. */
  isBehindMember: boolean;
}

/** A document that is long, read piece by piece: what `parseJson` makes of it. */
export async function readInTurns(json: string, pieceLength = usualLength): Promise<unknown> {
  const slices = new Slices();
  const begin = behindBlanks(json, 0);
  if (json[begin] !== '[' && json[begin] !== '{') return parseJson(json);
  const reader = new Reader(json, begin, pieceLength);
  while (!reader.readSome()) if (slices.isOver) await slices.next();
  return reader.root;
}

function behindBlanks(json: string, from: number): number {
  let at = from;
  for (let letter = json.charCodeAt(at); letter === 32 || letter === 10 || letter === 13 || letter === 9; letter = json.charCodeAt(++at));
  return at;
}

class Reader {
  readonly root: unknown[] | Record<string, unknown>;
  private readonly json: string;
  private readonly pieceLength: number;
  private readonly open: Open[] = [];
  private at: number;
  /** Where the member begins that is being gone over. */
  private member: number;
  /** Where its list or map begins, and how many are open in it. */
  private inner = 0;
  private depth = 0;
  private readonly values = new ValueCount(tooMuch);

  constructor(json: string, begin: number, pieceLength: number) {
    this.json = json;
    this.pieceLength = pieceLength;
    this.at = this.member = begin + 1;
    this.root = this.begin(begin);
  }

  /** @returns whether all is read */
  readSome(): boolean {
    const { json, pieceLength } = this;
    const end = Math.min(json.length, this.at + lettersBetweenLooks);
    let level = this.open.at(-1)!;
    if (level.isBehindMember) this.separate(level);
    let { at } = this;
    let { depth } = this;
    let room = 0;
    for (; at < end; at++) {
      switch (json.charCodeAt(at)) {
        case 34: // "
          at = this.textEnd(at);
          break;
        case 44: // ,
          room++;
          if (depth > 0) break;
          this.member = at + 1;
          if (at - level.from >= pieceLength) {
            this.read(level, at);
            level.from = at + 1;
            level.hasMembers = true;
          }
          break;
        case 91: // [
        case 123: // {
          room += roomOfContainer;
          if (depth++ === 0) this.inner = at;
          break;
        case 93: // ]
        case 125: // }
          if (--depth >= 0) break;
          this.values.use(room);
          this.at = at;
          this.depth = 0;
          return this.end(level);
      }
      if (depth > 0 && at - level.from >= pieceLength && this.open.length < mostOpen) {
        at = this.enter(level);
        level = this.open.at(-1)!;
        depth = 0;
      }
    }
    this.values.use(room);
    if (at >= json.length) throw jsonError('Unexpected end of JSON input', json, 0);
    this.at = at;
    this.depth = depth;
    return false;
  }

  private textEnd(begin: number): number {
    const end = textEnd(this.json, begin);
    if (end < 0) throw jsonError(`Unterminated string in JSON at position ${this.json.length}`, this.json, 0);
    return end;
  }

  private begin(at: number): unknown[] | Record<string, unknown> {
    const isList = this.json[at] === '[';
    const into = isList ? [] : {};
    this.open.push({ into, close: isList ? ']' : '}', from: at + 1, hasMembers: false, names: 0, isBehindMember: false });
    return into;
  }

  /** What a piece of members is, in brackets as they stand in. */
  private piece(level: Open, from: number, to: number, behind = level.close as string): unknown[] | Record<string, unknown> {
    return parseJsonPiece(`${level.close === ']' ? '[' : '{'}${this.json.slice(from, to)}${behind}`, this.json, from - 1) as unknown[] | Record<string, unknown>;
  }

  /** Takes the members up to here. */
  private read(level: Open, to: number): void {
    const { into } = level;
    const members = this.piece(level, level.from, to);
    const found = Object.keys(members);
    if (found.length === 0) throw jsonError(`Unexpected token '${this.json[to]}' in JSON at position ${to}`, this.json, 0);
    if (Array.isArray(into)) for (const member of members as unknown[]) into.push(member);
    else {
      if ((level.names += found.length) > mostNames) throw new ExchangeError(tooMuch, `an object has more than ${mostNames} names`);
      for (const key of found) put(into, key, (members as Record<string, unknown>)[key]);
    }
    if (holdsExactNumbers(members)) noteExactNumbers(into);
  }

  /** Goes into a member that is too long for a piece. @returns where it begins */
  private enter(level: Open): number {
    const { inner, member } = this;
    if (member > level.from) this.read(level, member - 1);
    // What stands before it: a key, or nothing.
    const before = this.piece(level, member, inner, `null${level.close}`);
    const [key] = Object.keys(before);
    const into = this.begin(inner);
    if (Array.isArray(level.into)) level.into.push(into);
    else put(level.into, key!, into);
    level.hasMembers = true;
    level.isBehindMember = true;
    this.member = inner + 1;
    return inner;
  }

  /** Behind a member that was gone into. */
  private separate(level: Open): void {
    const at = behindBlanks(this.json, this.at);
    const letter = this.json[at];
    if (letter === undefined) throw jsonError('Unexpected end of JSON input', this.json, 0);
    if (letter !== ',' && letter !== ']' && letter !== '}') throw jsonError(`Expected ',' or '${level.close}' after ${level.close === ']' ? 'array element' : 'property value'} in JSON at position ${at}`, this.json, 0);
    level.from = letter === ',' ? at + 1 : at;
    level.isBehindMember = letter !== ',';
    this.at = this.member = level.from;
  }

  /** At the bracket that ends a list or a map. @returns whether it is the last */
  private end(level: Open): boolean {
    const { at, json } = this;
    // An end of the wrong kind is told by V8.
    if (json[at] !== level.close) this.piece(level, level.from, at, json[at]);
    const isBlank = behindBlanks(json, level.from) === at;
    if (!isBlank || (level.hasMembers && !level.isBehindMember)) this.read(level, at);
    this.open.pop();
    this.at = at + 1;
    const outer = this.open.at(-1);
    if (outer !== undefined) {
      if (holdsExactNumbers(level.into)) noteExactNumbers(outer.into);
      return false;
    }
    const behind = behindBlanks(json, at + 1);
    if (behind < json.length) throw jsonError(`Unexpected non-whitespace character after JSON at position ${behind}`, json, 0);
    return true;
  }
}

const put = (into: Record<string, unknown>, key: string, value: unknown): void => {
  if (key === '__proto__') putKey(into, key, value);
  else into[key] = value;
};

// ------------------------------------------------------------------------------------------------ writing

/** What has not more values in it is written at once. */
const writtenAtOnce = 2000;

/** So many items of a list are looked at together. */
const itemsAtOnce = 128;

/** As `writeJson` writes it, in slices. */
export const writeInTurns = (value: unknown, style: JsonStyle): Promise<string> => new Writer(style).text(value, '', 0);

class Writer {
  private readonly style: JsonStyle;
  private readonly slices = new Slices();
  private readonly isPlain: boolean;
  /** What is being written: what holds itself has no end. */
  private readonly open = new Set<object>();

  constructor(style: JsonStyle) {
    this.style = style;
    this.isPlain = Object.keys(style).length === 0;
  }

  async text(value: unknown, indent: string, depth: number): Promise<string> {
    const { open, slices, style } = this;
    if (slices.isOver) await slices.next();
    if (!isContainer(value) || hasFewValues(value, writtenAtOnce)) return writeJsonWithin(value, style, indent, depth);
    // It is refused.
    if (depth > deepest || open.has(value)) return writeJsonWithin(value, style, indent, deepest + 1);
    open.add(value);
    const text = await this.container(value, indent, depth);
    open.delete(value);
    return text;
  }

  private container(value: unknown[] | Map<unknown, unknown> | Record<string, unknown>, indent: string, depth: number): Promise<string> {
    if (!Array.isArray(value)) return this.map(value, indent, depth);
    return this.style.unwrapsSingles === true && value.length === 1 ? this.text(value[0], indent, depth + 1) : this.list(value, indent, depth);
  }

  private async list(list: readonly unknown[], indent: string, depth: number): Promise<string> {
    const { slices, style } = this;
    const texts: string[] = [];
    for (let from = 0; from < list.length; from += itemsAtOnce) {
      const items = list.slice(from, from + itemsAtOnce);
      const together = this.isPlain ? fewPlainItems(items) : null;
      if (together !== null) texts.push(together);
      else {
        for (const item of items) {
          if (hasFewValues(item, writtenAtOnce)) texts.push(writeJsonWithin(item, style, indent, depth + 1));
          else texts.push(await this.text(item, indent, depth + 1));
        }
      }
      if (slices.isOver) await slices.next();
    }
    return style.isPretty === true ? `[ ${texts.join(', ')} ]` : `[${texts.join(',')}]`;
  }

  private async map(map: Record<string, unknown> | Map<unknown, unknown>, indent: string, depth: number): Promise<string> {
    const { slices, style } = this;
    const isPretty = style.isPretty === true;
    const inner = isPretty ? `${indent}  ` : '';
    const entries: [string, unknown][] = map instanceof Map ? [...map].map(([key, item]) => [String(key), item]) : Object.entries(map);
    if (style.sortsKeys === true) entries.sort(([a], [b]) => (a < b ? -1 : 1));
    const texts: string[] = [];
    for (const [key, item] of entries) {
      if (item === undefined || (typeof item === 'function' && !(map instanceof Map))) continue;
      if (item === null && (style.skipsNull === true || style.skipsEmpty === true)) continue;
      const text = hasFewValues(item, writtenAtOnce) ? writeJsonWithin(item, style, inner, depth + 1) : await this.text(item, inner, depth + 1);
      if (style.skipsEmpty !== true || !/^(?:""|\[ ?\]|\{ ?\})$/.test(text)) texts.push(isPretty ? `${inner}${JSON.stringify(key)} : ${text}` : `${JSON.stringify(key)}:${text}`);
      if (slices.isOver) await slices.next();
    }
    if (texts.length === 0) return isPretty ? '{ }' : '{}';
    return isPretty ? `{\n${texts.join(',\n')}\n${indent}}` : `{${texts.join(',')}}`;
  }
}

/** What is taken apart; what says itself how it is written, or is refused, is not. */
const isContainer = (value: unknown): value is unknown[] | Map<unknown, unknown> | Record<string, unknown> =>
  value instanceof Map || (isPlainContainer(value) && !(value instanceof XmlNodeList) && (Array.isArray(value) || typeof value['toJSON'] !== 'function'));

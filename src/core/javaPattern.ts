import { BoundedRegExp } from './boundedRegExp.ts';
import { strayBrace } from './strayBrace.ts';

/** What stands for a kind of letters in Java and not in JavaScript; within brackets, without those around them. */
const kinds: Readonly<Record<string, string>> = {
  h: ' \\t\\xa0\\u1680\\u180e\\u2000-\\u200a\\u202f\\u205f\\u3000',
  v: '\\n\\x0b\\f\\r\\x85\\u2028\\u2029',
  s: ' \\t\\n\\x0b\\f\\r',
};
const ends: Readonly<Record<string, string>> = { A: '(?<![^])', z: '(?![^])', Z: '(?=\\r?\\n?(?![^]))', G: '', R: '(?:\\r\\n|[\\n\\x0b\\f\\r\\x85\\u2028\\u2029])' };
const signs: Readonly<Record<string, string>> = { e: '\\x1b', a: '\\x07' };

/** Java's names of kinds that Unicode calls otherwise. */
const posix: Readonly<Record<string, string>> = {
  Lower: 'a-z', Upper: 'A-Z', ASCII: '\\x00-\\x7f', Alpha: 'a-zA-Z', Digit: '0-9', Alnum: 'a-zA-Z0-9', Punct: '!-\\/:-@\\[-`{-~', Graph: '!-~', Print: ' -~', Blank: ' \\t', Cntrl: '\\x00-\\x1f\\x7f', XDigit: '0-9a-fA-F', Space: kinds['s']!,
};

const flagsOf = /^\(\?([imsux]+)\)/;

/** Reads a pattern in Java's notation. */
class Translation {
  readonly source: string;
  isUnicode = false;
  private at = 0;
  private text = '';
  private isInClass = false;
  /** Whether what stands before is a repetition. */
  private isRepeated = false;

  constructor(source: string) {
    this.source = source;
  }

  read(): string {
    const { source } = this;
    while (this.at < source.length) {
      const letter = source[this.at]!;
      if (letter === '\\') this.escape();
      else if (this.isInClass) this.inClass(letter);
      else if (letter === '[') this.openClass();
      else this.plain(letter);
    }
    return this.text;
  }

  private plain(letter: string): void {
    if (letter === '+' && this.isRepeated) throw new SyntaxError('a repetition that gives nothing back (`a++`) can not be said here');
    if (this.source.startsWith('(?>', this.at)) throw new SyntaxError('a group that gives nothing back (`(?>...)`) can not be said here');
    this.isRepeated = '*+?{'.includes(letter);
    this.text += letter === '}' || letter === ']' ? `\\${letter}` : letter;
    if (letter === '{') {
      const close = this.source.indexOf('}', this.at);
      this.text += this.source.slice(this.at + 1, close + 1);
      this.at = close;
    }
    this.at++;
  }

  private openClass(): void {
    this.isRepeated = false;
    this.isInClass = true;
    this.text += '[';
    this.at++;
    if (this.source[this.at] === '^') {
      this.text += '^';
      this.at++;
    }
    if (this.source[this.at] === ']') {
      this.text += '\\]';
      this.at++;
    }
  }

  private inClass(letter: string): void {
    if (letter === '[' || this.source.startsWith('&&', this.at)) throw new SyntaxError('a class within a class (`[a[b]]`, `[a&&b]`) can not be said here');
    if (letter === ']') this.isInClass = false;
    this.text += letter;
    this.at++;
  }

  private escape(): void {
    const { source } = this;
    const letter = source[this.at + 1];
    if (letter === undefined) throw new SyntaxError('a `\\` at the end');
    this.at += 2;
    this.isRepeated = false;
    if (letter === 'Q') {
      const end = source.indexOf('\\E', this.at);
      const quoted = source.slice(this.at, end < 0 ? source.length : end);
      this.text += quoted.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
      this.at = end < 0 ? source.length : end + 2;
    } else if (letter === 'p' || letter === 'P') this.property(letter);
    else if (letter in kinds) this.text += this.isInClass ? kinds[letter]! : `[${kinds[letter]}]`;
    else if (letter.toLowerCase() in kinds) {
      if (this.isInClass && letter !== 'S') throw new SyntaxError(`\`\\${letter}\` in a class can not be said here`);
      this.text += this.isInClass ? '\\S' : `[^${kinds[letter.toLowerCase()]}]`;
    } else if (letter in ends && !this.isInClass) this.text += ends[letter];
    else if (letter in signs) this.text += signs[letter];
    else if (/[A-Za-z]/.test(letter) && !/[bBdDwWntrfxuck]/.test(letter)) throw new SyntaxError(`\`\\${letter}\` means nothing`);
    else this.text += `\\${letter}`;
  }

  private property(letter: string): void {
    const named = /^(?:\{(?:Is|java)?(\w+)\}|(\w))/.exec(this.source.slice(this.at));
    if (named === null) throw new SyntaxError(`\`\\${letter}\` names no kind of letters`);
    this.at += named[0].length;
    const name = named[1] ?? named[2]!;
    if (Object.hasOwn(posix, name)) {
      if (this.isInClass && letter === 'P') throw new SyntaxError('a kind that is none of a class can not be said here');
      this.text += this.isInClass ? posix[name]! : `[${letter === 'P' ? '^' : ''}${posix[name]}]`;
      return;
    }
    this.isUnicode = true;
    this.text += `\\${letter}{${{ Alphabetic: 'Alphabetic', Letter: 'L', UpperCase: 'Lu', LowerCase: 'Ll' }[name] ?? name}}`;
  }
}

/**
 * A pattern in Java's notation for JavaScript's own engine, which can look around and refer back.
 * @throws SyntaxError where it is wrong, or says what can't be said in JavaScript
 */
export function javaPattern(source: string, flags: string): RegExp {
  if (strayBrace(source) >= 0) throw new SyntaxError('a brace repeats nothing');
  const set = flagsOf.exec(source);
  if (set?.[1]?.includes('x') === true) throw new SyntaxError('the flag `x` is not known');
  const translation = new Translation(set === null ? source : source.slice(set[0].length));
  const text = translation.read();
  const all = new Set([...flags, ...(set?.[1] ?? '').replace('u', ''), ...(translation.isUnicode ? ['u'] : [])]);
  return new BoundedRegExp(text, [...all].join(''));
}

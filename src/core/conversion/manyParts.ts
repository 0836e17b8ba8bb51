import { constants } from 'node:buffer';
import { ExchangeError } from '../errors.ts';

/** So many parts are made of a text at most: where there are ten times as many V8 ends the process, however much memory there is. */
export const mostParts = 10_000_000;

const tooMany = (): ExchangeError => new ExchangeError('java.lang.OutOfMemoryError', `more than ${mostParts} parts of one text`);

/** @throws ExchangeError where a text has a part more often than parts can be made of it */
export function checkParts(text: string, part: string): void {
  if (text.length <= mostParts * Math.max(1, part.length)) return;
  if (part === '') throw tooMany();
  let left = mostParts;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length)) if (--left < 0) throw tooMany();
}

/** The same for what a pattern matches. */
export function checkMatches(text: string, pattern: RegExp): void {
  if (text.length <= mostParts) return;
  const global = new RegExp(pattern, [...new Set(`${pattern.flags}g`)].join('').replace('y', ''));
  for (let left = mostParts, at = -1; ; ) {
    if (!global.test(text)) return;
    if (global.lastIndex === at) global.lastIndex++;
    at = global.lastIndex;
    if (--left < 0) throw tooMany();
  }
}

export function splitText(text: string, separator: string): string[] {
  checkParts(text, separator);
  return text.split(separator);
}

export function replaceText(text: string, part: string, by: string): string {
  checkParts(text, part);
  return text.replaceAll(part, () => by);
}

export function lettersOf(text: string): string[] {
  checkParts(text, '');
  return [...text];
}

const pieceLength = 1 << 20;

/** What replaces single letters does so piece by piece in a long text. */
export function pieceByPiece(text: string, replace: (piece: string) => string): string {
  if (text.length <= mostParts) return replace(text);
  const pieces: string[] = [];
  let length = 0;
  for (let at = 0; at < text.length; ) {
    const to = at + pieceLength;
    // The two halves of a letter stay together.
    const end = (text.charCodeAt(to - 1) & 0xfc00) === 0xd800 ? to + 1 : to;
    const piece = replace(text.slice(at, end));
    // Before the pieces are put together, which fails then.
    if ((length += piece.length) > constants.MAX_STRING_LENGTH) throw new RangeError('Invalid string length');
    pieces.push(piece);
    at = end;
  }
  return pieces.join('');
}

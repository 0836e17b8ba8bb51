import { createContext, Script } from 'node:vm';
import { checkMatches } from './conversion/manyParts.ts';
import { ExchangeError } from './errors.ts';

/** What matching may take: a start, and a share for each letter of a long text. */
const shortestMillis = 500;
const longestMillis = 2000;
const lettersAMilli = 10_000;

/** So short that even a pattern that doubles, or trebles, its ways at each letter is through with it within the time. */
const shortText = 16;
/** Ways to match that are tried within the time. */
const mostWays = 1e8;

const call = new Script('run()');
let realm: { run: (() => unknown) | null } | null = null;

/** The interpreter itself interrupts a pattern that backtracks, or other work that does not end; nothing else can while it runs. Takes a tenth of a millisecond. */
export function interruptibly<T>(run: () => T, millis: number): T {
  realm ??= createContext({ run: null }) as { run: (() => unknown) | null };
  const before = realm.run;
  realm.run = run;
  try {
    return call.runInContext(realm, { timeout: millis }) as T;
  } finally {
    realm.run = before;
  }
}

export const isInterruption = (thrown: unknown): boolean => (thrown as { code?: string } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

const count = (source: string, what: RegExp): number => source.match(what)?.length ?? 0;

/**
 * The longest text for which a pattern can be tried without a watch. Its repetitions have, tried at each letter, so many ways as the text has letters,
 * each; where a group with a choice or a repetition in it is repeated they double with each letter.
 */
function longestUnwatched(source: string): number {
  const bare = source.replace(/\\[1-9k]/g, '*').replace(/\\./gs, 'x').replace(/\[[^\]]*\]/g, 'x').replace(/\(\?/g, '(');
  const repeats = count(bare, /[*+]|\{\d+,\d*\}|\)\{\d+\}/g);
  const choices = count(bare, /[|?]/g);
  const groups = count(bare, /\)[*+{]/g);
  if (groups > 1 || (groups === 1 && repeats + choices > 1)) return shortText;
  return repeats + choices === 0 ? Infinity : Math.max(shortText, (mostWays / 2 ** choices) ** (1 / (repeats + 1)));
}

const fewTexts = 64;

/** Whether a watch is kept already over all that is matched. */
let isWatched = false;

/** Matches many short texts, such as the names of headers, under one watch: each by itself would have a watch of its own, and time of its own. */
export function matchTogether<T>(texts: number, run: () => T): T {
  if (texts <= fewTexts || isWatched) return run();
  const millis = shortestMillis + Math.floor(texts / 1000);
  isWatched = true;
  try {
    return interruptibly(run, millis);
  } catch (thrown) {
    if (!isInterruption(thrown)) throw thrown;
    throw new ExchangeError('java.util.concurrent.TimeoutException', `a regular expression backtracks: not done after ${millis} ms with ${texts} names`);
  } finally {
    isWatched = false;
  }
}

const matchesAtOnce = 1000;

/** @returns whether there are no more */
function taken(matches: Iterator<RegExpExecArray>, into: RegExpExecArray[]): boolean {
  while (into.length < matchesAtOnce) {
    const next = matches.next();
    if (next.done === true) return true;
    into.push(next.value);
  }
  return false;
}

/**
 * A regular expression of JavaScript's own for patterns of authors and texts of strangers: one that backtracks without end fails in bounded time.
 * Where a pattern can do without look-around and back references, RE2 is the better choice: it never backtracks.
 * @throws TimeoutException from whatever it is used for
 */
export class BoundedRegExp extends RegExp {
  private readonly plain: RegExp;
  private longest = -1;

  constructor(source: string | RegExp, flags?: string) {
    super(source, flags);
    this.plain = new RegExp(source, flags);
  }

  static override get [Symbol.species](): RegExpConstructor {
    return RegExp;
  }

  private within<T>(text: string, run: () => T, spentMillis = 0): T {
    if (isWatched || text.length <= shortText) return run();
    if (this.longest < 0) this.longest = longestUnwatched(this.source);
    if (text.length <= this.longest) return run();
    const millis = Math.min(longestMillis, shortestMillis + Math.floor(text.length / lettersAMilli));
    try {
      return interruptibly(run, Math.max(1, Math.ceil(millis - spentMillis)));
    } catch (thrown) {
      if (!isInterruption(thrown)) throw thrown;
      throw new ExchangeError('java.util.concurrent.TimeoutException', `the regular expression '${this.source}' backtracks: not done after ${millis} ms with a text of ${text.length} letters`);
    }
  }

  /** What V8 makes of all matches together it makes without end. */
  private allWithin<T>(text: string, run: () => T, areAll: boolean): T {
    return this.within(text, () => {
      if (areAll) checkMatches(text, this.plain);
      return run();
    });
  }

  override exec(text: string): RegExpExecArray | null {
    this.plain.lastIndex = this.lastIndex;
    const found = this.within(text, () => this.plain.exec(text));
    this.lastIndex = this.plain.lastIndex;
    return found;
  }

  override test(text: string): boolean {
    return this.exec(text) !== null;
  }

  override [Symbol.match](text: string): RegExpMatchArray | null {
    return this.allWithin(text, () => text.match(this.plain), this.global);
  }

  /** As they are asked for, some at once; all together have the time that one search has. */
  override *[Symbol.matchAll](text: string): RegExpStringIterator<RegExpExecArray> {
    const found = text.matchAll(this.plain);
    let spent = 0;
    for (let isOver = false; !isOver; ) {
      const begun = performance.now();
      const some: RegExpExecArray[] = [];
      isOver = this.within(text, () => taken(found, some), spent);
      spent += performance.now() - begun;
      yield* some;
    }
  }

  override [Symbol.replace](text: string, by: unknown): string {
    return this.allWithin(text, () => text.replace(this.plain, by as string), this.global);
  }

  override [Symbol.split](text: string, limit?: number): string[] {
    return this.allWithin(text, () => text.split(this.plain, limit), true);
  }
}

import { createContext, Script } from 'node:vm';
import { ExchangeError } from './errors.ts';

/** What matching may take: a start, and a share for each letter of a long text. */
const shortestMillis = 500;
const lettersAMilli = 10_000;

/** So short that even the worst pattern is soon through with it. */
const shortText = 24;
/** Beyond this even one repetition, tried at each letter, takes its time. */
const longText = 10_000;

const call = new Script('run()');
let realm: { run: (() => unknown) | null } | null = null;

/** The interpreter itself interrupts a pattern that backtracks; nothing else can while it runs. */
function interruptibly<T>(run: () => T, millis: number): T {
  realm ??= createContext({ run: null }) as { run: (() => unknown) | null };
  const before = realm.run;
  realm.run = run;
  try {
    return call.runInContext(realm, { timeout: millis }) as T;
  } finally {
    realm.run = before;
  }
}

const repetitions = (source: string): number => (source.replace(/\\./g, '').match(/[*+]|\{\d+,\d*\}/g) ?? []).length;

/**
 * A regular expression of JavaScript's own for patterns of authors and texts of strangers: one that backtracks without end fails in bounded time.
 * Where a pattern can do without look-around and back references, RE2 is the better choice: it never backtracks.
 * @throws TimeoutException from whatever it is used for
 */
export class BoundedRegExp extends RegExp {
  private readonly plain: RegExp;
  private readonly repeats: number;

  constructor(source: string | RegExp, flags?: string) {
    super(source, flags);
    this.plain = new RegExp(source, flags);
    this.repeats = repetitions(this.source);
  }

  static override get [Symbol.species](): RegExpConstructor {
    return RegExp;
  }

  private within<T>(text: string, run: () => T): T {
    if (this.repeats === 0 || text.length <= shortText || (this.repeats === 1 && text.length <= longText)) return run();
    const millis = shortestMillis + Math.floor(text.length / lettersAMilli);
    try {
      return interruptibly(run, millis);
    } catch (thrown) {
      if ((thrown as { code?: string }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw thrown;
      throw new ExchangeError('java.util.concurrent.TimeoutException', `the regular expression '${this.source}' backtracks: not done after ${millis} ms with a text of ${text.length} letters`);
    }
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
    return this.within(text, () => text.match(this.plain));
  }

  override [Symbol.matchAll](text: string): RegExpStringIterator<RegExpExecArray> {
    return this.within(text, () => [...text.matchAll(this.plain)]).values() as RegExpStringIterator<RegExpExecArray>;
  }

  override [Symbol.replace](text: string, by: unknown): string {
    return this.within(text, () => text.replace(this.plain, by as string));
  }

  override [Symbol.split](text: string, limit?: number): string[] {
    return this.within(text, () => text.split(this.plain, limit));
  }
}

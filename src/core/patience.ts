/** After so much work it looks at the time. */
const betweenLooks = 1000;

/** Ends work that takes too long and can't be interrupted: whoever does it says, at every piece, how much it is. */
export class Patience {
  private readonly longestMillis: number;
  private readonly failure: (message: string) => Error;
  private untilLook = betweenLooks;
  private begun = 0;

  constructor(longestMillis: number, failure: (message: string) => Error) {
    this.longestMillis = longestMillis;
    this.failure = failure;
  }

  reset(): void {
    this.untilLook = betweenLooks;
    this.begun = 0;
  }

  /** @param work about as many pieces as a processor does in so many microseconds @throws what the work fails with when it takes too long */
  spend(work = 1): void {
    this.untilLook -= work;
    if (!(this.untilLook >= 0)) this.look();
  }

  private look(): void {
    const now = performance.now();
    if (this.begun === 0) this.begun = now;
    else if (now - this.begun > this.longestMillis) {
      // Whoever catches this does not go on for long.
      this.untilLook = 0;
      throw this.failure(`not done after ${this.longestMillis} ms`);
    }
    this.untilLook = betweenLooks;
  }
}

/** What going over a value once is worth. */
export const workOf = (value: unknown): number => (typeof value === 'string' ? value.length >> 6 : Array.isArray(value) ? value.length >> 3 : 0);

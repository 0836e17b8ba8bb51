/**
 * Named values in the order in which they were first set: one flat array of pairs, searched linearly.
 * Copies share the array until one of the two is written. For the few names a message carries this is
 * faster than a Map, and a copy costs two fields.
 */
export class Bag {
  protected pairs: unknown[];
  protected isShared: boolean;

  constructor(pairs: unknown[] = [], isShared = false) {
    this.pairs = pairs;
    this.isShared = isShared;
  }

  get(name: string): unknown {
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return pairs[i + 1];
    return undefined;
  }

  has(name: string): boolean {
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return true;
    return false;
  }

  set(name: string, value: unknown): void {
    if (this.isShared) this.own();
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] === name) {
        pairs[i + 1] = value;
        return;
      }
    }
    pairs.push(name, value);
  }

  /** Removes a name; gives what it had. */
  remove(name: string): unknown {
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i += 2) {
      if (pairs[i] === name) {
        const value = pairs[i + 1];
        if (this.isShared) this.own();
        this.pairs.splice(i, 2);
        return value;
      }
    }
    return undefined;
  }

  /** Puts back what an earlier copy of this has and this no longer has. */
  regain(earlier: Bag): void {
    const { pairs } = earlier;
    let i = 0;
    // Names keep their order: as long as it is the same nothing is gone.
    while (i < pairs.length && pairs[i] === this.pairs[i]) i += 2;
    for (; i < pairs.length; i += 2) if (!this.has(pairs[i] as string)) this.set(pairs[i] as string, pairs[i + 1]);
  }

  clear(): void {
    this.pairs = [];
    this.isShared = false;
  }

  get size(): number {
    return this.pairs.length / 2;
  }

  names(): string[] {
    const names: string[] = [];
    for (let i = 0; i < this.pairs.length; i += 2) names.push(this.pairs[i] as string);
    return names;
  }

  forEach(visit: (name: string, value: unknown) => void): void {
    const { pairs } = this;
    for (let i = 0; i < pairs.length; i += 2) visit(pairs[i] as string, pairs[i + 1]);
  }

  copy(): Bag {
    this.isShared = true;
    return new Bag(this.pairs, true);
  }

  /** A plain object without a prototype. */
  toObject(): Record<string, unknown> {
    const object = Object.create(null) as Record<string, unknown>;
    this.forEach((name, value) => (object[name] = value));
    return object;
  }

  private own(): void {
    this.pairs = this.pairs.slice();
    this.isShared = false;
  }
}

/** A header name folded once, when a route is compiled. */
export interface HeaderName {
  readonly name: string;
  readonly folded: string;
}

/**
 * Where headers come from that are looked at only when asked for, such as an HTTP request's. The source gives
 * each name once and never changes.
 */
export interface HeaderSource {
  get(folded: string): unknown;
  forEach(visit: (name: string, value: unknown) => void): void;
}

const foldedNames = new Map<string, string>();

/** The lower case of a header name; recent names are remembered, within a bound. */
export function fold(name: string): string {
  let folded = foldedNames.get(name);
  if (folded === undefined) {
    folded = name.toLowerCase();
    if (foldedNames.size > 4096) foldedNames.clear();
    foldedNames.set(name, folded);
  }
  return folded;
}

/**
 * A message's headers. Names are case-insensitive; the first spelling stays when another one sets the value (as in Camel).
 * Setting null keeps the header with the value null. Copies share their storage until one is written.
 */
export class Headers {
  /** folded, name, value, folded, name, value, ... */
  private slots: unknown[];
  private isShared: boolean;
  private source: HeaderSource | null;

  constructor(source: HeaderSource | null = null, slots: unknown[] = [], isShared = false) {
    this.slots = slots;
    this.isShared = isShared;
    this.source = source;
  }

  static from(object: Readonly<Record<string, unknown>> | Iterable<readonly [string, unknown]>): Headers {
    const headers = new Headers();
    const entries = Symbol.iterator in object ? (object as Iterable<readonly [string, unknown]>) : Object.entries(object);
    for (const [name, value] of entries) headers.set(name, value);
    return headers;
  }

  get(name: string): unknown {
    return this.lookup(fold(name));
  }

  /** Looks up a name that is folded already. */
  lookup(folded: string): unknown {
    const { slots } = this;
    for (let i = 0; i < slots.length; i += 3) if (slots[i] === folded) return slots[i + 2];
    return this.source === null ? undefined : this.source.get(folded);
  }

  has(name: string): boolean {
    const folded = fold(name);
    const { slots } = this;
    for (let i = 0; i < slots.length; i += 3) if (slots[i] === folded) return true;
    return this.source !== null && this.source.get(folded) !== undefined;
  }

  set(name: string, value: unknown): void {
    this.put(name, fold(name), value);
  }

  /** Sets a name that is folded already. */
  put(name: string, folded: string, value: unknown): void {
    if (this.source !== null) this.materialise();
    if (this.isShared) this.own();
    const { slots } = this;
    for (let i = 0; i < slots.length; i += 3) {
      if (slots[i] === folded) {
        slots[i + 2] = value;
        return;
      }
    }
    slots.push(folded, name, value);
  }

  remove(name: string): unknown {
    if (this.source !== null) this.materialise();
    const folded = fold(name);
    const { slots } = this;
    for (let i = 0; i < slots.length; i += 3) {
      if (slots[i] === folded) {
        const value = slots[i + 2];
        if (this.isShared) this.own();
        this.slots.splice(i, 3);
        return value;
      }
    }
    return undefined;
  }

  /** Removes what `isUnwanted` says; gives whether anything went. */
  removeWhere(isUnwanted: (name: string) => boolean): boolean {
    if (this.source !== null) this.materialise();
    const kept: unknown[] = [];
    const { slots } = this;
    for (let i = 0; i < slots.length; i += 3) {
      if (!isUnwanted(slots[i + 1] as string)) kept.push(slots[i], slots[i + 1], slots[i + 2]);
    }
    if (kept.length === slots.length) return false;
    this.slots = kept;
    this.isShared = false;
    return true;
  }

  clear(): void {
    this.slots = [];
    this.isShared = false;
    this.source = null;
  }

  get size(): number {
    if (this.source !== null) this.materialise();
    return this.slots.length / 3;
  }

  names(): string[] {
    const names: string[] = [];
    this.forEach((name) => names.push(name));
    return names;
  }

  forEach(visit: (name: string, value: unknown) => void): void {
    if (this.source !== null) this.materialise();
    const { slots } = this;
    for (let i = 0; i < slots.length; i += 3) visit(slots[i + 1] as string, slots[i + 2]);
  }

  copy(): Headers {
    this.isShared = true;
    return new Headers(this.source, this.slots, true);
  }

  /** A plain object without a prototype, names as they were written. */
  toObject(): Record<string, unknown> {
    const object = Object.create(null) as Record<string, unknown>;
    this.forEach((name, value) => (object[name] = value));
    return object;
  }

  private own(): void {
    this.slots = this.slots.slice();
    this.isShared = false;
  }

  private materialise(): void {
    const { slots } = this;
    const source = this.source!;
    const all: unknown[] = [];
    source.forEach((name, value) => all.push(fold(name), name, value));
    const fromSource = all.length;
    for (let i = 0; i < slots.length; i += 3) {
      let at = 0;
      while (at < fromSource && all[at] !== slots[i]) at += 3;
      if (at < fromSource) all[at + 2] = slots[i + 2];
      else all.push(slots[i], slots[i + 1], slots[i + 2]);
    }
    this.slots = all;
    this.isShared = false;
    this.source = null;
  }
}

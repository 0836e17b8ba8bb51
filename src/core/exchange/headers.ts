import { matchTogether } from '../boundedRegExp.ts';

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
  /** For a source that stands before another: visits all but what comes untouched from `origin`. False = it does not know `origin`. */
  forEachExcept?(origin: HeaderSource, visit: (name: string, value: unknown) => void): boolean;
}

const foldedNames = new Map<string, string>();

/** The lower case of a header name; recent names are remembered, within a bound. */
export function fold(name: string): string {
  let folded = foldedNames.get(name);
  if (folded === undefined) {
    // As a key the text becomes the one of its kind in the engine: comparing two of them is comparing two addresses.
    folded = Object.keys({ [name.toLowerCase()]: 0 })[0]!;
    if (foldedNames.size > 4096) foldedNames.clear();
    foldedNames.set(name, folded);
  }
  return folded;
}

/** In a slot: the source has the name, the message does not any more. */
const gone = Symbol('gone');

/** So many slots are gone through; where there are more (a hundred headers), it is remembered where which name stands. */
const mostUnindexed = 300;

const indexes = new WeakMap<unknown[], Map<unknown, number>>();

/** Where a name stands among many; -1: nowhere. */
function placeAmongMany(slots: unknown[], folded: string): number {
  let index = indexes.get(slots);
  if (index === undefined) {
    index = new Map();
    for (let i = 0; i < slots.length; i += 3) index.set(slots[i], i);
    indexes.set(slots, index);
  }
  return index.get(folded) ?? -1;
}

function place(slots: unknown[], folded: string): number {
  if (slots.length > mostUnindexed) return placeAmongMany(slots, folded);
  for (let i = 0; i < slots.length; i += 3) if (slots[i] === folded) return i;
  return -1;
}

function append(slots: unknown[], folded: string, name: string, value: unknown): void {
  if (slots.length > mostUnindexed) indexes.get(slots)?.set(folded, slots.length);
  slots.push(folded, name, value);
}

/**
 * A message's headers. Names are case-insensitive; the first spelling stays when another one sets the value (as in Camel).
 * Setting null keeps the header with the value null. Copies share their storage until one is written. What is set lies over
 * the source, which is never copied: a message pays for the headers that its route touches.
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
    const entries = Symbol.iterator in object ? (object) : Object.entries(object);
    for (const [name, value] of entries) headers.set(name, value);
    return headers;
  }

  /** Where headers come from that nobody has touched; null when all were set. */
  get origin(): HeaderSource | null {
    return this.source;
  }

  get(name: string): unknown {
    return this.lookup(fold(name));
  }

  /** Looks up a name that is folded already. */
  lookup(folded: string): unknown {
    const { slots } = this;
    const { length } = slots;
    if (length > mostUnindexed) return this.lookupAmongMany(folded);
    // Gone through here and not by `place`, which V8 does not take into each of the callers.
    for (let i = 0; i < length; i += 3) {
      if (slots[i] === folded) return slots[i + 2] === gone ? undefined : slots[i + 2];
    }
    return this.source === null ? undefined : this.source.get(folded);
  }

  private lookupAmongMany(folded: string): unknown {
    const { slots } = this;
    const at = placeAmongMany(slots, folded);
    if (at >= 0) return slots[at + 2] === gone ? undefined : slots[at + 2];
    return this.source === null ? undefined : this.source.get(folded);
  }

  has(name: string): boolean {
    const folded = fold(name);
    const { slots } = this;
    const at = place(slots, folded);
    if (at >= 0) return slots[at + 2] !== gone;
    return this.source !== null && this.source.get(folded) !== undefined;
  }

  set(name: string, value: unknown): void {
    this.put(name, fold(name), value);
  }

  /** Sets a name that is folded already. */
  put(name: string, folded: string, value: unknown): void {
    if (this.isShared) this.own();
    const { slots } = this;
    const { length } = slots;
    if (length > mostUnindexed) return this.putAmongMany(name, folded, value);
    for (let i = 0; i < length; i += 3) {
      if (slots[i] === folded) {
        if (slots[i + 2] === gone) slots[i + 1] = name;
        slots[i + 2] = value;
        return;
      }
    }
    const spelled = this.source === null || this.source.get(folded) === undefined ? name : this.spelling(folded);
    // Most messages of many (parts, members) have one header: an array that grows would take room for five more.
    if (length === 0) this.slots = [folded, spelled, value];
    else slots.push(folded, spelled, value);
  }

  private putAmongMany(name: string, folded: string, value: unknown): void {
    const { slots } = this;
    const at = placeAmongMany(slots, folded);
    if (at < 0) return append(slots, folded, this.source === null || this.source.get(folded) === undefined ? name : this.spelling(folded), value);
    if (slots[at + 2] === gone) slots[at + 1] = name;
    slots[at + 2] = value;
  }

  remove(name: string): unknown {
    const folded = fold(name);
    const { slots } = this;
    const at = place(slots, folded);
    if (at >= 0) {
      const value = slots[at + 2];
      if (value === gone) return undefined;
      if (this.isShared) this.own();
      if (this.source !== null && this.source.get(folded) !== undefined) this.slots[at + 2] = gone;
      else {
        indexes.delete(this.slots);
        this.slots.splice(at, 3);
      }
      return value;
    }
    const inherited = this.source === null ? undefined : this.source.get(folded);
    if (inherited === undefined) return undefined;
    if (this.isShared) this.own();
    append(this.slots, folded, name, gone);
    return inherited;
  }

  /** Removes what `isUnwanted` says; gives whether anything went. */
  removeWhere(isUnwanted: (name: string) => boolean): boolean {
    const unwanted: string[] = [];
    let kept = 0;
    matchTogether(this.slots.length / 3, () =>
      this.forEach((name) => {
        if (isUnwanted(name)) unwanted.push(name);
        else kept++;
      }),
    );
    if (kept === 0) this.clear();
    else if (this.source === null && this.slots.length > mostUnindexed) this.keepOnly(new Set(unwanted));
    else for (const name of unwanted) this.remove(name);
    return unwanted.length > 0;
  }

  private keepOnly(unwanted: ReadonlySet<unknown>): void {
    const { slots } = this;
    this.slots = [];
    this.isShared = false;
    for (let i = 0; i < slots.length; i += 3) if (!unwanted.has(slots[i + 1])) this.slots.push(slots[i], slots[i + 1], slots[i + 2]);
  }

  clear(): void {
    this.slots = [];
    this.isShared = false;
    this.source = null;
  }

  get size(): number {
    if (this.source === null) return this.slots.length / 3;
    let size = 0;
    this.forEach(() => size++);
    return size;
  }

  names(): string[] {
    const names: string[] = [];
    this.forEach((name) => names.push(name));
    return names;
  }

  /** First what came from the source, in its order, then what was set. */
  forEach(visit: (name: string, value: unknown) => void): void {
    if (this.source !== null) this.forEachInherited(visit);
    this.forEachOwn(visit, this.source);
  }

  /** Only what was set, not what came from the source untouched; `except` leaves out names that it has. */
  forEachOwn(visit: (name: string, value: unknown) => void, except: HeaderSource | null = null): void {
    const { slots } = this;
    for (let i = 0; i < slots.length; i += 3) {
      if (slots[i + 2] === gone || (except !== null && except.get(slots[i] as string) !== undefined)) continue;
      visit(slots[i + 1] as string, slots[i + 2]);
    }
  }

  /**
   * Visits all but what comes untouched from `origin` (a reply does not echo its request). False, and nothing visited, when these headers
   * do not stem from it.
   */
  forEachExcept(origin: HeaderSource, visit: (name: string, value: unknown) => void): boolean {
    const { source, slots } = this;
    if (source === origin) {
      this.forEachOwn(visit);
      return true;
    }
    if (source?.forEachExcept === undefined) return false;
    const isKnown = source.forEachExcept(origin, (name, value) => {
      const folded = fold(name);
      if (place(slots, folded) < 0) visit(name, value);
    });
    if (isKnown) this.forEachOwn(visit);
    return isKnown;
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

  private forEachInherited(visit: (name: string, value: unknown) => void): void {
    const { slots } = this;
    this.source!.forEach((name, value) => {
      if (slots.length > 0) {
        const folded = fold(name);
        const at = place(slots, folded);
        if (at >= 0) {
          if (slots[at + 2] !== gone) visit(slots[at + 1] as string, slots[at + 2]);
          return;
        }
      }
      visit(name, value);
    });
  }

  /** How the source spells a name that it has. */
  private spelling(folded: string): string {
    let spelling = folded;
    this.source!.forEach((name) => {
      if (fold(name) === folded) spelling = name;
    });
    return spelling;
  }
}

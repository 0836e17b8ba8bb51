import { ExchangeError } from '../core/errors.ts';

/**
 * What stands here for well-known Java classes that YAML names: enough for routes that hold a little state in a standard class.
 * Each makes an instance from constructor arguments; properties are set by the bean registry.
 */
export const javaClasses: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  'java.util.ArrayList': () => [],
  'java.util.LinkedList': () => [],
  'java.util.HashMap': () => Object.create(null) as unknown,
  'java.util.LinkedHashMap': () => Object.create(null) as unknown,
  'java.util.concurrent.ConcurrentHashMap': () => Object.create(null) as unknown,
  'java.lang.Object': () => ({}),
  'java.lang.String': ([text]) => String(text ?? ''),
  'java.lang.Integer': ([value]) => Math.trunc(Number(value ?? 0)),
  'java.lang.Long': ([value]) => Math.trunc(Number(value ?? 0)),
  'java.lang.Double': ([value]) => Number(value ?? 0),
  'java.lang.Boolean': ([value]) => String(value).toLowerCase() === 'true',
  'java.util.concurrent.atomic.AtomicInteger': ([value]) => new AtomicNumber(Number(value ?? 0)),
  'java.util.concurrent.atomic.AtomicLong': ([value]) => new AtomicNumber(Number(value ?? 0)),
  'java.lang.Thread': () => new NamedThread(),
};

/** Static methods, by class. */
export const javaStatics: Readonly<Record<string, Readonly<Record<string, (...args: never[]) => unknown>>>> = {
  'java.util.Collections': { emptyList: () => [], emptyMap: () => ({}), singletonList: (item: unknown) => [item] },
  'java.util.UUID': { randomUUID: () => crypto.randomUUID() },
  'java.lang.Math': {
    abs: (x: number) => Math.abs(Number(x)),
    max: (a: number, b: number) => Math.max(Number(a), Number(b)),
    min: (a: number, b: number) => Math.min(Number(a), Number(b)),
    floor: (x: number) => Math.floor(Number(x)),
    ceil: (x: number) => Math.ceil(Number(x)),
    round: (x: number) => Math.round(Number(x)),
    sqrt: (x: number) => Math.sqrt(Number(x)),
    pow: (a: number, b: number) => Number(a) ** Number(b),
    random: () => Math.random(),
  },
  'java.lang.Integer': {
    parseInt: (text: string) => parseWhole(text),
    valueOf: (text: string) => parseWhole(text),
    toString: (value: number) => String(value),
    toHexString: (value: number) => (Number(value) >>> 0).toString(16),
    toBinaryString: (value: number) => (Number(value) >>> 0).toString(2),
    max: (a: number, b: number) => Math.max(Number(a), Number(b)),
    min: (a: number, b: number) => Math.min(Number(a), Number(b)),
    sum: (a: number, b: number) => Number(a) + Number(b),
  },
  'java.lang.Long': { parseLong: (text: string) => parseWhole(text), valueOf: (text: string) => parseWhole(text) },
  'java.lang.Boolean': { parseBoolean: (text: string) => String(text).toLowerCase() === 'true' },
  'java.lang.String': { valueOf: (value: unknown) => String(value), join: (separator: string, ...parts: unknown[]) => parts.flat().join(separator) },
  'java.lang.System': { currentTimeMillis: () => performance.timeOrigin + performance.now() },
};

function parseWhole(text: unknown): number {
  const trimmed = String(text);
  if (!/^[+-]?\d+$/.test(trimmed)) throw new ExchangeError('java.lang.NumberFormatException', `For input string: "${trimmed}"`);
  return Number(trimmed);
}

class AtomicNumber {
  private value: number;

  constructor(value: number) {
    this.value = value;
  }

  get(): number {
    return this.value;
  }

  set(value: unknown): void {
    this.value = Number(value);
  }

  incrementAndGet(): number {
    return ++this.value;
  }

  decrementAndGet(): number {
    return --this.value;
  }

  getAndIncrement(): number {
    return this.value++;
  }

  getAndDecrement(): number {
    return this.value--;
  }

  addAndGet(delta: unknown): number {
    return (this.value += Number(delta));
  }

  getAndAdd(delta: unknown): number {
    const before = this.value;
    this.value += Number(delta);
    return before;
  }

  intValue(): number {
    return this.value;
  }

  longValue(): number {
    return this.value;
  }

  toString(): string {
    return String(this.value);
  }
}

class NamedThread {
  name = 'thread';

  getName(): string {
    return this.name;
  }

  setName(name: string): void {
    this.name = name;
  }
}

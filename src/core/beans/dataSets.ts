import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { ExchangeError } from '../errors.ts';

/** Numbered messages to send, and to expect: what the `dataset:` endpoint works with. A JavaScript bean may take its place. */
export interface DataSet {
  readonly size: number;
  /** The body of the message number `index`, from 0. */
  body(index: number): unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  /** Messages after which progress is logged. */
  readonly reportCount?: number;
}

class SimpleDataSet implements DataSet {
  size = 10;
  reportCount = -1;
  defaultBody: unknown = '<hello>world!</hello>';
  defaultHeaders: Record<string, unknown> = {};

  body(): unknown {
    return this.defaultBody;
  }

  get headers(): Readonly<Record<string, unknown>> {
    return this.defaultHeaders;
  }
}

class ListDataSet implements DataSet {
  defaultBodies: unknown[] = [];
  reportCount = -1;
  defaultHeaders: Record<string, unknown> = {};
  private own: number | null = null;

  get size(): number {
    return this.own ?? this.defaultBodies.length;
  }

  set size(size: number) {
    this.own = Number(size);
  }

  body(index: number): unknown {
    return this.defaultBodies.length === 0 ? null : this.defaultBodies[index % this.defaultBodies.length];
  }

  get headers(): Readonly<Record<string, unknown>> {
    return this.defaultHeaders;
  }
}

/** The parts of a file. */
class FileDataSet extends ListDataSet {
  delimiter = '';
  private readonly path: string;

  constructor(path: string, delimiter: string) {
    super();
    this.path = path;
    this.delimiter = delimiter;
  }

  override body(index: number): unknown {
    if (this.defaultBodies.length === 0) {
      const text = readFileSync(this.path, 'utf8');
      this.defaultBodies = this.delimiter === '' ? [text] : text.split(this.delimiter).filter((part) => part !== '');
    }
    return super.body(index);
  }

  override get size(): number {
    this.body(0);
    return super.size;
  }

  override set size(size: number) {
    super.size = size;
  }
}

const packageName = 'org.apache.camel.component.dataset.';

/** Camel's data sets, by class name; undefined for other classes. */
export function makeDataSet(className: string, args: readonly unknown[], baseDir: string): DataSet | undefined {
  switch (className.startsWith(packageName) ? className.slice(packageName.length) : '') {
    case 'SimpleDataSet': {
      const set = new SimpleDataSet();
      if (args[0] !== undefined) set.size = Number(args[0]);
      return set;
    }
    case 'ListDataSet': {
      const set = new ListDataSet();
      if (Array.isArray(args[0])) set.defaultBodies = args[0] as unknown[];
      return set;
    }
    case 'FileDataSet': {
      const path = String(args[0] ?? '');
      return new FileDataSet(isAbsolute(path) ? path : resolve(baseDir, path), String(args[1] ?? ''));
    }
    default:
      return undefined;
  }
}

export const dataSetClasses: readonly string[] = ['SimpleDataSet', 'ListDataSet', 'FileDataSet'].map((name) => packageName + name);

/** @throws Error for a bean that is none */
export function asDataSet(bean: unknown, name: string): DataSet {
  if (typeof bean === 'object' && bean !== null && typeof (bean as Partial<DataSet>).body === 'function' && 'size' in bean) return bean as DataSet;
  throw new Error(`the bean \`${name}\` is no data set: it needs \`size\` and a method \`body(index)\``);
}

export const unexpected = (message: string): ExchangeError => new ExchangeError('java.lang.AssertionError', message);

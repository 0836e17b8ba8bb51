import { defineEip } from '../core/definition.ts';
import { describeValue, javaBytes } from '../core/conversion/convert.ts';
import { isNetworkBytes } from '../core/conversion/network-bytes.ts';
import { compareNumbers, isNumeric } from '../core/conversion/exactNumber.ts';
import { Slices } from '../core/conversion/slices.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { performWith } from '../core/graph/flow.ts';
import { isIterable } from '../core/graph/iterate.ts';

type Compare = (a: unknown, b: unknown) => number;
/** A function of two items, or an object with `compare`, as Java's Comparator. */
type Comparator = Compare | { compare: Compare };

const sortable = new Set(['number', 'string', 'boolean', 'bigint']);

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'java.util.ArrayList' : typeof value === 'object' ? 'java.util.LinkedHashMap' : typeof value === 'string' ? 'java.lang.String' : 'java.lang.Number');
const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Java's natural order: null first, numbers by value, texts by their code units; what can't be compared fails. */
const natural: Compare = (a, b) => {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : -1;
  if (b === null || b === undefined) return 1;
  const left = a instanceof Date ? a.getTime() : a;
  const right = b instanceof Date ? b.getTime() : b;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  // What has no order of its own comes in that of Java's names for its kind.
  if (!sortable.has(typeof left) && !isNumeric(left)) return compareTexts(kindOf(left), kindOf(right));
  if (typeof left !== typeof right) {
    throw new ExchangeError('java.lang.ClassCastException', `can't compare ${describeValue(a)} with ${describeValue(b)}`);
  }
  return (left as number) < (right as number) ? -1 : (left as number) > (right as number) ? 1 : 0;
};

const listOf = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return [...value];
  if (value instanceof Uint8Array && !isNetworkBytes(value)) return [...javaBytes(value)];
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !(value instanceof Map) && isIterable(value)) return [...value];
  throw new ExchangeError('java.lang.NullPointerException', `can't sort ${describeValue(value)}: it is no list`);
};

/** As in Camel, the list itself is sorted, which others may hold as well. */
function inPlaceOf(value: unknown, sorted: unknown[]): unknown[] {
  // A list of nodes of XML is none of Java's.
  if (!Array.isArray(value) || Object.isFrozen(value) || Object.getPrototypeOf(value) !== Array.prototype) return sorted;
  for (let i = 0; i < sorted.length; i++) value[i] = sorted[i];
  return value;
}

const sortedAtOnce = 20_000;

/** Pieces are sorted, and put together two by two: what is equal stays in its order. */
async function sortedInTurns(list: readonly unknown[], compare: (a: unknown, b: unknown) => number): Promise<unknown[]> {
  const slices = new Slices();
  let runs: unknown[][] = [];
  for (let from = 0; from < list.length; from += sortedAtOnce) {
    runs.push(list.slice(from, from + sortedAtOnce).sort(compare));
    if (slices.isOver) await slices.next();
  }
  while (runs.length > 1) {
    const merged: unknown[][] = [];
    for (let i = 0; i < runs.length; i += 2) merged.push(i + 1 < runs.length ? await mergedInTurns(runs[i]!, runs[i + 1]!, compare, slices) : runs[i]!);
    runs = merged;
  }
  return runs[0]!;
}

async function mergedInTurns(first: readonly unknown[], second: readonly unknown[], compare: (a: unknown, b: unknown) => number, slices: Slices): Promise<unknown[]> {
  const merged: unknown[] = [];
  for (let i = 0, k = 0; i < first.length || k < second.length; ) {
    if (k >= second.length || (i < first.length && compare(first[i], second[k]) <= 0)) merged.push(first[i++]);
    else merged.push(second[k++]);
    if (merged.length % comparedBetweenLooks === 0 && slices.isOver) await slices.next();
  }
  return merged;
}

const comparedBetweenLooks = 1000;

export const sort = defineEip({
  name: 'sort',
  summary: 'Sorts a list, and makes it the body.',
  options: {
    expression: field.expression('Gives the list; `tokenize` makes one of a text. The body, without it.'),
    comparator: field.string('Bean that compares two items: a function, or an object with `compare`. Natural order when absent.'),
  },
  examples: [
    {
      title: 'Sort words',
      route: `- from:
    uri: direct:start
    steps:
      - sort:
          simple: "\${body}"
      - to: mock:out
`,
      in: [['b', 'c', 'a']],
      out: { 'mock:out': [['a', 'b', 'c']] },
    },
  ],
  operator: ({ expression, comparator }, context) => {
    const bean = comparator === undefined ? natural : context.bean<Comparator>(comparator, 'Comparator');
    const compare = typeof bean === 'function' ? bean : (a: unknown, b: unknown) => bean.compare(a, b);
    // Array.sort never asks about undefined and puts it last; Java's list would hold null.
    return performWith(expression ?? ((exchange: Exchange) => exchange.body), (exchange, value) => {
      const list = listOf(value).map((item) => item ?? null);
      if (list.length > sortedAtOnce) return sortedInTurns(list, compare).then((sorted) => void (exchange.body = inPlaceOf(value, sorted)));
      exchange.body = inPlaceOf(value, list.sort(compare));
    }, context.info);
  },
});

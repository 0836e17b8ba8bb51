import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { compareNumbers, isIntegral, isNumeric } from '../../core/conversion/exactNumber.ts';
import { compareValues, contains, containsIgnoringCase, isEqual, isEqualIgnoringCase, isMissing } from './compare.ts';
import { toDecimal, toLong, tryBoolean } from './conversions.ts';
import type { SimpleNode } from './grammar.ts';
import { iterate } from './functions/iterate.ts';
import { isInstance } from './javaClasses.ts';
import { matcher } from './regex.ts';
import type { Value } from './value.ts';
import { constantOf, illegalSyntax } from './value.ts';

type Condition = (exchange: Exchange) => boolean;
type Test = (left: unknown, right: unknown, exchange: Exchange) => boolean;

/** Order is only asked for when both sides are there; two that are missing are equal. */
const ordered =
  (holds: (order: number) => boolean, bothMissing: boolean): Test =>
  (left, right) => {
    if (isMissing(left) || isMissing(right)) return bothMissing && isMissing(left) && isMissing(right);
    return holds(compareValues(left, right));
  };

const edge =
  (test: (text: string, part: string) => boolean): Test =>
  (left, right) => {
    if (isMissing(left) || isMissing(right)) return isMissing(left) && isMissing(right);
    return test(toText(left) ?? '', toText(right) ?? '');
  };

/** A type is told by its Java name. */
function isOf(left: unknown, right: unknown): boolean {
  const name = toText(right);
  const answer = name === null ? null : isInstance(left, name);
  if (answer === null) throw illegalSyntax(`is operator cannot find class with name: ${name}`);
  return answer;
}

/** A right side that means nothing fails, as in Camel, before the left one is looked at. */
const meaning: Readonly<Record<string, (right: unknown) => void>> = {
  is: (right) => isOf(null, right),
  range: (right) => rangeOf(toText(right)),
  regex: (right) => {
    if (isMissing(right)) throw new ExchangeError('java.lang.NullPointerException', 'there is no pattern: the right side of regex is null');
    matcher(toText(right)!);
  },
};

/** An element is converted to the type of the left side, as Camel does it. */
function asLeft(element: string, left: unknown): unknown {
  if (isNumeric(left)) return isIntegral(left) ? toLong(element) : toDecimal(element);
  return typeof left === 'boolean' ? tryBoolean(element) : element;
}

function isIn(given: unknown, right: unknown, exchange: Exchange): boolean {
  if (isMissing(given) || isMissing(right)) return false;
  if (typeof right !== 'string') return iterate(right).some((item) => isElement(given, item));
  const left = comparable(given, exchange);
  return listOf(right).some((element) => isElement(left, asLeft(element, left)));
}

/** Texts in a list become bytes by the charset of the exchange where bytes are looked for. */
const comparable = (value: unknown, exchange: Exchange): unknown => (typeof value === 'object' && !isNumeric(value) && !Array.isArray(value) ? toText(value, exchange) : value);

/** Unlike `==`, which cuts decimals off where one side is a whole number. */
const isElement = (left: unknown, element: unknown): boolean => (isNumeric(left) && isNumeric(element) ? compareNumbers(left, element) === 0 : isEqual(left, element));

/** `,,a` is an empty text and `a`: only at the ends an empty one counts for nothing. */
function listOf(text: string): string[] {
  const elements = text.split(',');
  return elements.filter((element, i) => element !== '' || (i > 0 && i < elements.length - 1));
}

function rangeOf(text: string | null): [number, number] {
  const match = /^(\d+)\.\.(\d+)$/.exec(text ?? '');
  if (match === null) throw illegalSyntax("range operator is not valid. Valid syntax:'from..to' (where from and to are numbers).");
  return [Number(match[1]), Number(match[2])];
}

function isInRange(left: unknown, right: unknown): boolean {
  const [from, to] = rangeOf(toText(right));
  return isBetween(left, from, to);
}

/** A truth is compared with the bounds as texts, which are no truths. */
function isBetween(left: unknown, from: number, to: number): boolean {
  if (typeof left === 'boolean') return !left;
  return !isMissing(left) && compareValues(left, from) >= 0 && compareValues(left, to) <= 0;
}

function matches(left: unknown, right: unknown, exchange: Exchange): boolean {
  const text = toText(left, exchange);
  return text !== null && matcher(toText(right) ?? '')(text);
}

const tests: Readonly<Record<string, Test>> = {
  '==': isEqual,
  '!=': (left, right) => !isEqual(left, right),
  '=~': isEqualIgnoringCase,
  '!=~': (left, right) => !isEqualIgnoringCase(left, right),
  '>': ordered((order) => order > 0, false),
  '>=': ordered((order) => order >= 0, true),
  '<': ordered((order) => order < 0, true),
  '<=': ordered((order) => order <= 0, true),
  contains,
  '~~': containsIgnoringCase,
  startsWith: edge((text, part) => text.startsWith(part)),
  endsWith: edge((text, part) => text.endsWith(part)),
  in: isIn,
  is: isOf,
  range: isInRange,
  regex: matches,
};

const negated: Readonly<Record<string, string>> = {
  '!~~': '~~',
  'starts with': 'startsWith',
  'ends with': 'endsWith',
};

/** Compiles a comparison. The shapes that routes are full of (a value against a constant) are specialised. */
export function comparison(operator: string, left: Value, right: Value, rightNode: SimpleNode): Condition {
  const same = operator === 'starts with' ? 'startsWith' : operator === 'ends with' ? 'endsWith' : operator;
  const positive = negated[same] ?? same.replace(/^(?:!|not )(?=[a-z])/, '');
  const isNegated = positive !== same;
  const condition = positiveComparison(positive, left, right, rightNode);
  return isNegated ? (exchange) => !condition(exchange) : condition;
}

function positiveComparison(operator: string, left: Value, right: Value, rightNode: SimpleNode): Condition {
  if (right.isConstant) {
    const special = againstConstant(operator, left, constantOf(right), rightNode);
    if (special !== null) return special;
  }
  const test = tests[operator]!;
  const check = meaning[operator];
  if (check === undefined) return (exchange) => test(left(exchange), right(exchange), exchange);
  return (exchange) => {
    const wanted = right(exchange);
    check(wanted);
    return test(left(exchange), wanted, exchange);
  };
}

function againstConstant(operator: string, left: Value, value: unknown, node: SimpleNode): Condition | null {
  if (typeof value === 'number' && node.kind === 'constant') return againstNumber(operator, left, value, node.text);
  if (typeof value === 'string') return againstText(operator, left, value);
  if (value === null && operator === '==') return (exchange) => isMissing(left(exchange));
  if (value === null && operator === '!=') return (exchange) => !isMissing(left(exchange));
  return null;
}

function againstNumber(operator: string, left: Value, wanted: number, text: string): Condition | null {
  if (Number.isNaN(wanted)) {
    const test = tests[operator]!;
    return (exchange) => test(left(exchange), text, exchange);
  }
  const isDecimal = text.includes('.');
  const bound = Math.trunc(wanted);
  switch (operator) {
    case '>':
      return (exchange) => {
        const value = left(exchange);
        return typeof value === 'number' ? Math.trunc(value) > bound : !isMissing(value) && compareValues(value, wanted) > 0;
      };
    case '>=':
      return (exchange) => {
        const value = left(exchange);
        return typeof value === 'number' ? Math.trunc(value) >= bound : !isMissing(value) && compareValues(value, wanted) >= 0;
      };
    case '<':
      return (exchange) => {
        const value = left(exchange);
        return typeof value === 'number' ? Math.trunc(value) < bound : !isMissing(value) && compareValues(value, wanted) < 0;
      };
    case '<=':
      return (exchange) => {
        const value = left(exchange);
        return typeof value === 'number' ? Math.trunc(value) <= bound : !isMissing(value) && compareValues(value, wanted) <= 0;
      };
    case '==':
    case '!=': {
      const isWanted = (value: unknown): boolean => {
        if (value === wanted) return true;
        // A text equals a decimal literal by its number: '7' == 7.0.
        return isEqual(value, wanted) || (isDecimal && typeof value === 'string' && Number(value) === wanted && value.trim() !== '');
      };
      return operator === '==' ? (exchange) => isWanted(left(exchange)) : (exchange) => !isWanted(left(exchange));
    }
    default:
      return null;
  }
}

function againstText(operator: string, left: Value, wanted: string): Condition | null {
  switch (operator) {
    case '==':
      return (exchange) => {
        const value = left(exchange);
        return typeof value === 'string' ? value === wanted : isEqual(value, wanted);
      };
    case '!=':
      return (exchange) => {
        const value = left(exchange);
        return typeof value === 'string' ? value !== wanted : !isEqual(value, wanted);
      };
    case 'regex': {
      let matches: ((text: string) => boolean) | null = null;
      return (exchange) => {
        matches ??= matcher(wanted, true);
        const text = toText(left(exchange), exchange);
        return text !== null && matches(text);
      };
    }
    case 'in': {
      const elements = listOf(wanted);
      const all = new Set(elements);
      return (exchange) => {
        const value = left(exchange);
        if (typeof value === 'string') return all.has(value);
        if (isMissing(value)) return false;
        const looked = comparable(value, exchange);
        return elements.some((element) => isElement(looked, asLeft(element, looked)));
      };
    }
    case 'range': {
      if (!/^\d+\.\.\d+$/.test(wanted)) return null;
      const [from, to] = rangeOf(wanted);
      return (exchange) => isBetween(left(exchange), from, to);
    }
    default:
      return null;
  }
}

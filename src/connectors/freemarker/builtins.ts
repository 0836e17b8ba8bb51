import { splitText } from '../../core/conversion/manyParts.ts';
import { escapeXml } from '../../core/conversion/xml.ts';
import { BoundedRegExp } from '../../core/boundedRegExp.ts';
import { TemplateError } from './errors.ts';
import type { Settings } from './formats.ts';
import { isoText, Markup, Moment, momentOf, momentText, newSettings, numberText, printedMoment, printedNumber } from './formats.ts';

/** What a loop knows of the value of its variable. */
export interface Place {
  readonly index: number;
  readonly size: number;
}

export { TemplateError };

const isHash = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Moment) && !(value instanceof Markup);

/** Of the rendering under way, which is never left unfinished. */
let settings = newSettings();

export const useSettings = (those: Settings): void => void (settings = those);

/** A value as `${...}` prints it. @throws TemplateError for what has no text */
export function printed(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return printedNumber(value, settings);
  if (value instanceof Moment) return printedMoment(value, settings);
  if (value instanceof Markup) return value.text;
  if (typeof value === 'boolean' && settings.booleanFormat !== '') return settings.booleanFormat === 'c' ? String(value) : settings.booleanFormat.split(',')[value ? 0 : 1]!;
  if (typeof value === 'boolean') throw new TemplateError(`Can't convert boolean to string automatically: write \`?c\` or \`?string("yes", "no")\` behind it`);
  throw new TemplateError(`Expected a string or something automatically convertible to string (number, date or boolean), but this has evaluated to a ${Array.isArray(value) ? 'sequence' : 'hash'}`);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || value instanceof Moment) return printed(value);
  if (value instanceof Markup) return value.text;
  throw new TemplateError(`Expected a string, but this has evaluated to a ${typeof value}`);
}

function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new TemplateError(`Expected a number, but this has evaluated to a ${typeof value}`);
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[];
  throw new TemplateError(`Expected a sequence, but this has evaluated to a ${typeof value}`);
}

/** What is compared of a value. */
export const ordinal = (value: unknown): unknown => (value instanceof Moment ? value.instant.getTime() : value);

function order(left: unknown, right: unknown): number {
  const [a, b] = [ordinal(left), ordinal(right)];
  return compareOrdinals(a, b);
}

const compareOrdinals = (a: unknown, b: unknown): number => (typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en'));

const computer = (value: unknown): string => (typeof value === 'boolean' ? String(value) : typeof value === 'number' ? numberText(value, 'c', settings) : text(value));

const flagged = (pattern: string, flags: string): RegExp => new BoundedRegExp(flags.includes('r') ? pattern : pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), `${flags.includes('f') ? '' : 'g'}${flags.includes('i') ? 'i' : ''}`);

const padded = (value: string, width: number, pad: string, isLeft: boolean): string => (isLeft ? value.padStart(width, pad === '' ? ' ' : pad) : value.padEnd(width, pad === '' ? ' ' : pad));

const javaScriptText = (value: string): string => JSON.stringify(value).slice(1, -1);

/** What would end a script that the text stands in. */
const withinScript = (value: string): string => javaScriptText(value).replace(/^\/|<\//g, (found) => found.replace('/', '\\/')).replace(/(\]\]|--)>/g, '$1\\>').replace(/<(?=[!?])/g, '\\u003C');

/** `aa` behind `z`. */
function letters(value: number): string {
  if (!Number.isInteger(value) || value < 1) throw new TemplateError('only numbers from 1 on have letters');
  let text = '';
  for (let rest = value; rest > 0; rest = Math.floor((rest - 1) / 26)) text = String.fromCharCode(97 + ((rest - 1) % 26)) + text;
  return text;
}

type Function = (item: unknown) => unknown;

function function1(value: unknown): Function {
  if (typeof value !== 'function') throw new TemplateError('Expected a function, as in `?map(x -> x.name)`');
  return value as Function;
}

const holds = (value: unknown): boolean => {
  if (typeof value !== 'boolean') throw new TemplateError('the function must give a boolean');
  return value;
};

const moment = (kind: Moment['kind']): Builtin => (value, [pattern]) => {
  if (value instanceof Moment) return new Moment(value.instant, kind);
  return momentOf(text(value), kind, pattern === undefined ? settings.formats[kind] : text(pattern), settings.zone);
};

const fromNumber = (kind: Moment['kind']): Builtin => (value) => new Moment(new Date(number(value)), kind);

const instant = (value: unknown): Moment => {
  if (value instanceof Moment) return value;
  throw new TemplateError('Expected a date');
};

function atPath(value: unknown, path: unknown): unknown {
  let found = value;
  for (const key of Array.isArray(path) ? path : [path]) found = isHash(found) ? found[text(key)] : undefined;
  return found;
}

type Builtin = (value: unknown, given: readonly unknown[], place: Place | null) => unknown;

const placed = (answer: (place: Place) => unknown): Builtin => (_value, _given, place) => {
  if (place === null) throw new TemplateError('this works on the variable of a loop only');
  return answer(place);
};

export const builtins: Readonly<Record<string, Builtin>> = {
  upper_case: (value) => text(value).toUpperCase(),
  lower_case: (value) => text(value).toLowerCase(),
  cap_first: (value) => text(value).replace(/\S/, (char) => char.toUpperCase()),
  uncap_first: (value) => text(value).replace(/\S/, (char) => char.toLowerCase()),
  capitalize: (value) => text(value).toLowerCase().replace(/(^|\s)\S/g, (start) => start.toUpperCase()),
  length: (value) => text(value).length,
  trim: (value) => text(value).trim(),
  contains: (value, [part]) => text(value).includes(text(part)),
  starts_with: (value, [part]) => text(value).startsWith(text(part)),
  ends_with: (value, [part]) => text(value).endsWith(text(part)),
  ensure_starts_with: (value, [part]) => (text(value).startsWith(text(part)) ? value : text(part) + text(value)),
  ensure_ends_with: (value, [part]) => (text(value).endsWith(text(part)) ? value : text(value) + text(part)),
  remove_beginning: (value, [part]) => (text(value).startsWith(text(part)) ? text(value).slice(text(part).length) : value),
  remove_ending: (value, [part]) => (text(value).endsWith(text(part)) ? text(value).slice(0, text(value).length - text(part).length) : value),
  keep_before: (value, [part]) => (text(value).includes(text(part)) ? text(value).slice(0, text(value).indexOf(text(part))) : value),
  keep_after: (value, [part]) => (text(value).includes(text(part)) ? text(value).slice(text(value).indexOf(text(part)) + text(part).length) : ''),
  index_of: (value, [part, from]) => text(value).indexOf(text(part), from === undefined ? 0 : number(from)),
  last_index_of: (value, [part]) => text(value).lastIndexOf(text(part)),
  replace: (value, [part, by, flags]) => {
    const how = flags === undefined ? '' : text(flags);
    // In a plain replacement `$` means itself.
    return text(value).replace(flagged(text(part), how), how.includes('r') ? text(by) : text(by).replaceAll('$', '$$$$'));
  },
  split: (value, [part, flags]) => (flags !== undefined && text(flags).includes('r') ? text(value).split(flagged(text(part), text(flags))) : splitText(text(value), text(part))),
  matches: (value, [pattern]) => new BoundedRegExp(`^(?:${text(pattern)})$`).test(text(value)),
  substring: (value, [from, to]) => text(value).substring(number(from), to === undefined ? undefined : number(to)),
  left_pad: (value, [width, pad]) => padded(text(value), number(width), pad === undefined ? ' ' : text(pad), true),
  right_pad: (value, [width, pad]) => padded(text(value), number(width), pad === undefined ? ' ' : text(pad), false),
  word_list: (value) => text(value).trim().split(new BoundedRegExp(/\s+/)),
  html: (value) => escapeXml(text(value)).replace(/"/g, '&quot;').replace(/'/g, '&#39;'),
  xhtml: (value) => escapeXml(text(value)).replace(/"/g, '&quot;').replace(/'/g, '&#39;'),
  xml: (value) => escapeXml(text(value)).replace(/"/g, '&quot;').replace(/'/g, '&apos;'),
  json_string: (value) => withinScript(text(value)),
  js_string: (value) => withinScript(text(value)).replaceAll('\\u003C', '\\x3C').replace(/'/g, "\\'"),
  j_string: (value) => javaScriptText(text(value)),
  url: (value) => encodeURIComponent(text(value)).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
  number: (value) => {
    const result = typeof value === 'number' ? value : text(value).trim() === '' ? NaN : Number(text(value));
    if (Number.isNaN(result)) throw new TemplateError(`Can't convert this string to number: "${text(value)}"`);
    return result;
  },
  boolean: (value) => {
    if (typeof value === 'boolean') return value;
    if (value === 'true' || value === 'false') return value === 'true';
    throw new TemplateError(`Can't convert this string to boolean: "${text(value)}"`);
  },
  chop_linebreak: (value) => text(value).replace(/\r?\n$/, ''),
  c: (value) => computer(value),
  string: (value, given) => {
    if (typeof value === 'boolean') return given.length === 2 ? text(given[value ? 0 : 1]) : String(value);
    if (given.length === 0) return text(value);
    const format = text(given[0]);
    if (typeof value === 'number') return numberText(value, format, settings);
    return value instanceof Moment ? momentText(value, format, settings) : text(value);
  },
  then: (value, [yes, no]) => {
    if (typeof value !== 'boolean') throw new TemplateError('`?then` needs a boolean');
    return value ? yes : no;
  },
  switch: (value, given) => {
    for (let i = 0; i + 1 < given.length; i += 2) if (given[i] === value) return given[i + 1];
    return given.length % 2 === 1 ? given.at(-1) : undefined;
  },
  date: moment('date'),
  time: moment('time'),
  datetime: moment('datetime'),
  number_to_date: fromNumber('date'),
  number_to_time: fromNumber('time'),
  number_to_datetime: fromNumber('datetime'),
  iso_utc: (value) => isoText(instant(value), 'UTC'),
  iso_local: (value) => isoText(instant(value), settings.zone),
  iso: (value, [zone]) => isoText(instant(value), zone === undefined ? settings.zone : text(zone)),
  lower_abc: (value) => letters(number(value)),
  upper_abc: (value) => letters(number(value)).toUpperCase(),
  map: (value, [by]) => list(value).map((item) => function1(by)(item)),
  filter: (value, [by]) => list(value).filter((item) => holds(function1(by)(item))),
  take_while: (value, [by]) => {
    const end = list(value).findIndex((item) => !holds(function1(by)(item)));
    return end < 0 ? list(value) : list(value).slice(0, end);
  },
  drop_while: (value, [by]) => {
    const start = list(value).findIndex((item) => !holds(function1(by)(item)));
    return start < 0 ? [] : list(value).slice(start);
  },
  no_esc: (value) => new Markup(text(value)),
  is_markup_output: (value) => value instanceof Markup,
  is_date: (value) => value instanceof Moment,
  is_date_like: (value) => value instanceof Moment,
  is_hash_ex: isHash,
  is_nan: (value) => Number.isNaN(number(value)),
  is_infinite: (value) => Math.abs(number(value)) === Infinity,
  sequence: (value) => list(value),
  seq_last_index_of: (value, [item]) => list(value).lastIndexOf(item),
  eval_json: (value) => JSON.parse(text(value)) as unknown,
  int: (value) => Math.trunc(number(value)),
  long: (value) => (value instanceof Moment ? value.instant.getTime() : Math.trunc(number(value))),
  round: (value) => Math.round(number(value)),
  floor: (value) => Math.floor(number(value)),
  ceiling: (value) => Math.ceil(number(value)),
  abs: (value) => Math.abs(number(value)),
  size: (value) => (isHash(value) ? Object.keys(value).length : list(value).length),
  first: (value) => list(value)[0],
  last: (value) => list(value).at(-1),
  join: (value, [between, empty, end]) => (list(value).length === 0 ? (empty ?? '') : list(value).map(printed).join(text(between)) + (end === undefined ? '' : text(end))),
  reverse: (value) => [...list(value)].reverse(),
  sort: (value) => [...list(value)].sort(order),
  sort_by: (value, [key]) => [...list(value)].sort((a, b) => order(atPath(a, key), atPath(b, key))),
  seq_contains: (value, [item]) => list(value).includes(item),
  seq_index_of: (value, [item]) => list(value).indexOf(item),
  chunk: (value, [size]) => list(value).reduce<unknown[][]>((chunks, item, i) => (i % number(size) === 0 ? chunks.push([item]) : chunks.at(-1)!.push(item), chunks), []),
  min: (value) => [...list(value)].sort(order)[0],
  max: (value) => [...list(value)].sort(order).at(-1),
  keys: (value) => (isHash(value) ? Object.keys(value) : list(value)),
  values: (value) => (isHash(value) ? Object.values(value) : list(value)),
  is_string: (value) => typeof value === 'string',
  is_number: (value) => typeof value === 'number',
  is_boolean: (value) => typeof value === 'boolean',
  is_sequence: (value) => Array.isArray(value),
  is_enumerable: (value) => Array.isArray(value),
  is_hash: isHash,
  index: placed(({ index }) => index),
  counter: placed(({ index }) => index + 1),
  has_next: placed(({ index, size }) => index + 1 < size),
  is_first: placed(({ index }) => index === 0),
  is_last: placed(({ index, size }) => index + 1 === size),
  is_odd_item: placed(({ index }) => index % 2 === 0),
  is_even_item: placed(({ index }) => index % 2 === 1),
  item_parity: placed(({ index }) => (index % 2 === 0 ? 'odd' : 'even')),
  item_cycle: (_value, given, place) => given[(place?.index ?? 0) % given.length],
};

import { RE2JS } from 're2js';
import { isNumeric } from '../../core/conversion/exactNumber.ts';
import { JqError, describe } from './values.ts';

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const dayMillis = 86_400_000;

const two = (value: number): string => String(value).padStart(2, '0');
const dayOfYear = (date: Date): number => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMillis);

/** Seconds since 1970 as jq's list: year, month from 0, day, hours, minutes, seconds, day of the week, day of the year. */
export function gmtime(value: unknown): number[] {
  if (!isNumeric(value)) throw new JqError('gmtime() requires a number');
  const seconds = Number(value);
  const date = new Date(Math.floor(seconds) * 1000);
  if (Number.isNaN(date.getTime())) throw new JqError('error converting number of seconds since epoch to datetime');
  const rest = seconds - Math.floor(seconds);
  return [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate(), date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds() + rest, date.getUTCDay(), dayOfYear(date)];
}

function dateOf(value: unknown, name: string): Date {
  const parts = isNumeric(value) ? gmtime(value) : value;
  if (!Array.isArray(parts) || parts.length < 6 || !parts.every(isNumeric)) throw new JqError(`${name} requires parsed datetime inputs`);
  const [year, month, day, hours, minutes, seconds] = (parts as unknown[]).map(Number) as [number, number, number, number, number, number];
  return new Date(Date.UTC(year, month, day, hours, minutes, Math.floor(seconds)));
}

export const mktime = (value: unknown): number => {
  if (!Array.isArray(value)) throw new JqError('mktime requires array of 6 numbers');
  return Math.floor(dateOf(value, 'mktime').getTime() / 1000);
};

const codes: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getUTCFullYear()),
  C: (date) => two(Math.floor(date.getUTCFullYear() / 100)),
  y: (date) => two(date.getUTCFullYear() % 100),
  m: (date) => two(date.getUTCMonth() + 1),
  d: (date) => two(date.getUTCDate()),
  e: (date) => String(date.getUTCDate()).padStart(2, ' '),
  H: (date) => two(date.getUTCHours()),
  I: (date) => two(date.getUTCHours() % 12 || 12),
  M: (date) => two(date.getUTCMinutes()),
  S: (date) => two(date.getUTCSeconds()),
  j: (date) => String(dayOfYear(date) + 1).padStart(3, '0'),
  Z: () => 'UTC',
  z: () => '+0000',
  a: (date) => days[date.getUTCDay()]!.slice(0, 3),
  A: (date) => days[date.getUTCDay()]!,
  b: (date) => months[date.getUTCMonth()]!.slice(0, 3),
  B: (date) => months[date.getUTCMonth()]!,
  h: (date) => months[date.getUTCMonth()]!.slice(0, 3),
  p: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  s: (date) => String(Math.floor(date.getTime() / 1000)),
  u: (date) => String(date.getUTCDay() || 7),
  w: (date) => String(date.getUTCDay()),
  n: () => '\n',
  t: () => '\t',
  '%': () => '%',
};

const compound: Readonly<Record<string, string>> = { F: '%Y-%m-%d', T: '%H:%M:%S', D: '%m/%d/%y', R: '%H:%M', c: '%a %b %e %H:%M:%S %Y', r: '%I:%M:%S %p', x: '%m/%d/%y', X: '%H:%M:%S' };

const spelledOut = (format: string): string => format.replace(/%([FTDRcrxX])/g, (_all, code: string) => compound[code]!);

export function strftime(value: unknown, format: unknown): string {
  if (typeof format !== 'string') throw new JqError('strftime/1 requires a string format');
  const date = dateOf(value, 'strftime/1');
  return spelledOut(format).replace(/%([A-Za-z%])/g, (all, code: string) => codes[code]?.(date) ?? all);
}

/** What a code reads, and which part of the date it is. */
const readers: Readonly<Record<string, readonly [string, (text: string, parts: Record<string, number>) => void]>> = {
  Y: ['(-?\\d{1,4})', (text, parts) => (parts['year'] = Number(text))],
  y: ['(\\d{2})', (text, parts) => (parts['year'] = Number(text) + (Number(text) < 69 ? 2000 : 1900))],
  m: ['(\\d{1,2})', (text, parts) => (parts['month'] = Number(text) - 1)],
  d: ['\\s*(\\d{1,2})', (text, parts) => (parts['day'] = Number(text))],
  e: ['\\s*(\\d{1,2})', (text, parts) => (parts['day'] = Number(text))],
  H: ['(\\d{1,2})', (text, parts) => (parts['hours'] = Number(text))],
  I: ['(\\d{1,2})', (text, parts) => (parts['hours'] = Number(text) % 12)],
  M: ['(\\d{1,2})', (text, parts) => (parts['minutes'] = Number(text))],
  S: ['(\\d{1,2})', (text, parts) => (parts['seconds'] = Number(text))],
  j: ['(\\d{1,3})', (text, parts) => (parts['dayOfYear'] = Number(text))],
  p: ['([AaPp][Mm])', (text, parts) => (parts['afternoon'] = /^p/i.test(text) ? 1 : 0)],
  Z: ['([A-Za-z]+)', () => {}],
  z: ['([+-]\\d{2}:?\\d{2}|Z)', () => {}],
  a: ['([A-Za-z]+)', () => {}],
  A: ['([A-Za-z]+)', () => {}],
  b: ['([A-Za-z]+)', (text, parts) => (parts['month'] = monthOf(text))],
  B: ['([A-Za-z]+)', (text, parts) => (parts['month'] = monthOf(text))],
  h: ['([A-Za-z]+)', (text, parts) => (parts['month'] = monthOf(text))],
  s: ['(\\d+)', (text, parts) => (parts['epoch'] = Number(text))],
};

const monthOf = (name: string): number => months.findIndex((month) => month.slice(0, 3).toLowerCase() === name.slice(0, 3).toLowerCase());

export function strptime(value: unknown, format: unknown): number[] {
  if (typeof value !== 'string') throw new JqError(`strptime/1 requires string inputs and arguments`);
  if (typeof format !== 'string') throw new JqError('strptime/1 requires string inputs and arguments');
  const used: ((text: string, parts: Record<string, number>) => void)[] = [];
  const source = spelledOut(format).replace(/%([A-Za-z%])|\s+|[.*+?^${}()|[\]\\]/g, (all, code?: string) => {
    if (code === undefined) return /\s/.test(all) ? '\\s*' : `\\${all}`;
    if (code === '%') return '%';
    const reader = readers[code];
    if (reader === undefined) throw new JqError(`strptime/1: %${code} is not supported`);
    used.push(reader[1]);
    return reader[0];
  });
  const match = RE2JS.compile(source).matcher(value);
  if (!match.matches()) throw new JqError(`date "${value}" does not match format "${format}"`);
  const parts: Record<string, number> = {};
  used.forEach((read, i) => read(match.group(i + 1)!, parts));
  const { epoch, year = 1900, month = 0, day = 1, hours = 0, minutes = 0, seconds = 0, afternoon = 0, dayOfYear: yearDay } = parts;
  if (epoch !== undefined) return gmtime(epoch);
  const base = yearDay === undefined ? Date.UTC(year, month, day) : Date.UTC(year, 0, yearDay);
  return gmtime(Math.floor(base / 1000) + (hours + 12 * afternoon) * 3600 + minutes * 60 + seconds);
}

const isoFormat = '%Y-%m-%dT%H:%M:%SZ';

export function fromIso8601(value: unknown): number {
  if (typeof value !== 'string') throw new JqError(`${describe(value)} cannot be parsed as a date`);
  return mktime(strptime(value.replace(/\.\d+Z$/, 'Z'), isoFormat));
}

export const toIso8601 = (value: unknown): string => strftime(value, isoFormat);

import { ExchangeError } from '../errors.ts';

const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const day = 86_400_000;

/** A time as it is on the clocks of a zone. */
interface Local {
  /** Milliseconds since 1970 as if the zone were UTC. */
  readonly millis: number;
  readonly offsetMinutes: number;
  readonly zone: string;
  readonly instant: Date;
}

type Part = (local: Date, at: Local) => string;

const number = (value: number, width: number): string => String(value).padStart(width, '0');

const startOfYear = (date: Date): number => Date.UTC(date.getUTCFullYear(), 0, 1);
const dayOfYear = (date: Date): number => Math.floor((date.getTime() - startOfYear(date)) / day) + 1;

/** Weeks begin on Sunday and the first is the one with 1 January, as in Java's default locale. */
function week(date: Date): { year: number; week: number } {
  const year = date.getUTCFullYear();
  const next = Date.UTC(year + 1, 0, 1);
  const startOfNext = next - new Date(next).getUTCDay() * day;
  if (date.getTime() >= startOfNext) return { year: year + 1, week: 1 };
  const first = startOfYear(date);
  const start = first - new Date(first).getUTCDay() * day;
  return { year, week: Math.floor((date.getTime() - start) / (7 * day)) + 1 };
}

const weekOfMonth = (date: Date): number => {
  const first = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)).getUTCDay();
  return Math.floor((date.getUTCDate() - 1 + first) / 7) + 1;
};

const yearText = (year: number, length: number): string => (length === 2 ? number(year % 100, 2) : number(year, length));

function offsetText(minutes: number, separator: string): string {
  const absolute = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${number(Math.floor(absolute / 60), 2)}${separator}${number(absolute % 60, 2)}`;
}

const isoOffset = (minutes: number, length: number): string => {
  if (minutes === 0) return 'Z';
  if (length === 1) return offsetText(minutes, '').slice(0, 3);
  return offsetText(minutes, length === 3 ? ':' : '');
};

function letters(letter: string, length: number): Part | null {
  switch (letter) {
    case 'G':
      return (date) => (date.getUTCFullYear() > 0 ? 'AD' : 'BC');
    case 'y':
    case 'u':
      if (letter === 'u') return (date) => number(date.getUTCDay() === 0 ? 7 : date.getUTCDay(), length);
      return (date) => yearText(date.getUTCFullYear(), length);
    case 'Y':
      return (date) => yearText(week(date).year, length);
    case 'M':
    case 'L':
      if (length === 3) return (date) => months[date.getUTCMonth()]!.slice(0, 3);
      if (length > 3) return (date) => months[date.getUTCMonth()]!;
      return (date) => number(date.getUTCMonth() + 1, length);
    case 'w':
      return (date) => number(week(date).week, length);
    case 'W':
      return (date) => number(weekOfMonth(date), length);
    case 'D':
      return (date) => number(dayOfYear(date), length);
    case 'd':
      return (date) => number(date.getUTCDate(), length);
    case 'F':
      return (date) => number(Math.floor((date.getUTCDate() - 1) / 7) + 1, length);
    case 'E':
      return (date) => (length > 3 ? days[date.getUTCDay()]! : days[date.getUTCDay()]!.slice(0, 3));
    case 'a':
      return (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM');
    case 'H':
      return (date) => number(date.getUTCHours(), length);
    case 'k':
      return (date) => number(date.getUTCHours() || 24, length);
    case 'K':
      return (date) => number(date.getUTCHours() % 12, length);
    case 'h':
      return (date) => number(date.getUTCHours() % 12 || 12, length);
    case 'm':
      return (date) => number(date.getUTCMinutes(), length);
    case 's':
      return (date) => number(date.getUTCSeconds(), length);
    case 'S':
      return (date) => number(date.getUTCMilliseconds(), length);
    case 'z':
      return (_, { zone, instant }) => zoneText(zone, instant, length > 3);
    case 'Z':
      return (_, { offsetMinutes }) => offsetText(offsetMinutes, '');
    case 'X':
      if (length > 3) return null;
      return (_, { offsetMinutes }) => isoOffset(offsetMinutes, length);
    default:
      return null;
  }
}

/** Java writes the short names that Intl only knows in the zone's own language. */
const shortNames: Readonly<Record<string, readonly [winter: string, summer: string]>> = {
  GMT: ['GMT', 'GMT'],
  CET: ['CET', 'CEST'],
  MET: ['MET', 'MEST'],
  EET: ['EET', 'EEST'],
  WET: ['WET', 'WEST'],
  'Europe/London': ['GMT', 'BST'],
  'Europe/Dublin': ['GMT', 'IST'],
  'Europe/Lisbon': ['WET', 'WEST'],
  'Asia/Kolkata': ['IST', 'IST'],
  'Asia/Calcutta': ['IST', 'IST'],
  'Asia/Tokyo': ['JST', 'JST'],
  'Asia/Seoul': ['KST', 'KST'],
  'Asia/Shanghai': ['CST', 'CST'],
  'Asia/Hong_Kong': ['HKT', 'HKT'],
  'Asia/Singapore': ['SGT', 'SGT'],
  'Australia/Sydney': ['AEST', 'AEDT'],
  'Australia/Melbourne': ['AEST', 'AEDT'],
  'Australia/Brisbane': ['AEST', 'AEST'],
  'Australia/Perth': ['AWST', 'AWST'],
  'Pacific/Auckland': ['NZST', 'NZDT'],
  'America/Sao_Paulo': ['BRT', 'BRST'],
  'Europe/Moscow': ['MSK', 'MSD'],
};
const centralEurope = 'Amsterdam Andorra Belgrade Berlin Bratislava Brussels Budapest Copenhagen Gibraltar Ljubljana Luxembourg Madrid Malta Monaco Oslo Paris Podgorica Prague Rome Sarajevo Skopje Stockholm Tirane Vaduz Vatican Vienna Warsaw Zagreb Zurich'.split(' ');
const easternEurope = 'Athens Bucharest Chisinau Helsinki Kiev Kyiv Mariehamn Riga Sofia Tallinn Vilnius'.split(' ');

function zoneText(zone: string, instant: Date, isLong: boolean): string {
  if (/^GMT[+-]/.test(zone)) return isLong ? zone : zone;
  // Intl calls both by one name.
  if (isLong && zone === 'GMT') return 'Greenwich Mean Time';
  const city = zone.startsWith('Europe/') ? zone.slice(7) : '';
  const names = shortNames[zone] ?? (centralEurope.includes(city) ? ['CET', 'CEST'] : easternEurope.includes(city) ? ['EET', 'EEST'] : null);
  if (!isLong && names !== null) return isSummer(zone, instant) ? names[1] : names[0];
  const formatted = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: isLong ? 'long' : 'short' }).formatToParts(instant);
  return formatted.find(({ type }) => type === 'timeZoneName')?.value ?? zone;
}

function isSummer(zone: string, instant: Date): boolean {
  const year = instant.getUTCFullYear();
  const [january, july] = [offsetAt(zone, new Date(Date.UTC(year, 0, 1))), offsetAt(zone, new Date(Date.UTC(year, 6, 1)))];
  return january !== july && offsetAt(zone, instant) === Math.max(january, july);
}

/** Java's name of a zone: offsets as `GMT+02:00`; what it doesn't know is GMT. */
function zoneOf(name: string): string {
  const offset = /^GMT([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(name);
  if (offset !== null) return `GMT${offset[1]}${offset[2]!.padStart(2, '0')}:${offset[3] ?? '00'}`;
  if (/^[+-]/.test(name)) return 'GMT';
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone === undefined ? 'GMT' : name;
  } catch {
    return 'GMT';
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone);
  if (formatter === undefined) {
    const fields = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
    formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', era: 'short', ...fields });
    if (formatters.size > 100) formatters.clear();
    formatters.set(zone, formatter);
  }
  return formatter;
}

/** Minutes by which a zone's clocks are ahead of UTC. */
function offsetAt(zone: string, instant: Date): number {
  const fixed = /^GMT([+-])(\d{2}):(\d{2})$/.exec(zone);
  if (fixed !== null) return (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]));
  if (zone === 'UTC' || zone === 'GMT') return 0;
  const parts: Record<string, string> = {};
  for (const { type, value } of formatterOf(zone).formatToParts(instant)) parts[type] = value;
  const local = Date.UTC(Number(parts.year), Number(parts.month) - 1, Number(parts.day), Number(parts.hour), Number(parts.minute), Number(parts.second));
  return Math.round((local - Math.floor(instant.getTime() / 1000) * 1000) / 60_000);
}

/**
 * The instant at which clocks of a zone show what those of this process show at another.
 * @param zone a name that Java knows; null is the zone of this process
 */
export function inZone(instant: Date, zone: string | null): Date {
  if (zone === null || zone === '' || Number.isNaN(instant.getTime())) return instant;
  const name = zoneOf(zone);
  const wall = instant.getTime() - instant.getTimezoneOffset() * 60_000;
  const guess = wall - offsetAt(name, new Date(wall)) * 60_000;
  return new Date(wall - offsetAt(name, new Date(guess)) * 60_000);
}

/**
 * Formats by a pattern of Java's SimpleDateFormat, in English.
 * @param zone a name that Java knows; null is the zone of this process
 * @throws IllegalArgumentException for a letter that means nothing
 */
export function dateFormat(pattern: string, zone: string | null): (date: Date) => string {
  const parts = parse(pattern);
  const zoneName = zone === null || zone === '' ? Intl.DateTimeFormat().resolvedOptions().timeZone : zoneOf(zone);
  return (instant) => {
    const offsetMinutes = offsetAt(zoneName, instant);
    const at: Local = { millis: instant.getTime() + offsetMinutes * 60_000, offsetMinutes, zone: zoneName, instant };
    const local = new Date(at.millis);
    let text = '';
    for (const part of parts) text += typeof part === 'string' ? part : part(local, at);
    return text;
  };
}

function parse(pattern: string): (string | Part)[] {
  const parts: (string | Part)[] = [];
  for (let i = 0; i < pattern.length; ) {
    const char = pattern[i]!;
    if (char === "'") {
      const [text, end] = quoted(pattern, i);
      parts.push(text);
      i = end;
    } else if (/[A-Za-z]/.test(char)) {
      let length = 1;
      while (pattern[i + length] === char) length++;
      const part = letters(char, length);
      if (part === null) throw new ExchangeError('java.lang.IllegalArgumentException', char === 'X' ? `invalid ISO 8601 format: length=${length}` : `Illegal pattern character '${char}'`);
      parts.push(part);
      i += length;
    } else {
      parts.push(char);
      i++;
    }
  }
  return parts;
}

/** The text in quotes that begins at `start`, and where it ends; two quotes are one. */
function quoted(pattern: string, start: number): [text: string, end: number] {
  if (pattern[start + 1] === "'") return ["'", start + 2];
  let text = '';
  for (let i = start + 1; i < pattern.length; i++) {
    if (pattern[i] !== "'") text += pattern[i];
    else if (pattern[i + 1] === "'") {
      text += "'";
      i++;
    } else return [text, i + 1];
  }
  throw new ExchangeError('java.lang.IllegalArgumentException', 'Unterminated quote');
}

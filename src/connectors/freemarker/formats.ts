import { dateFormat, inZone } from '../../core/conversion/dateFormat.ts';
import { parseTime } from '../timer.ts';
import { TemplateError } from './errors.ts';

/** Numbers and dates, as FreeMarker prints and reads them. */

/** A date, a time, or both. */
export class Moment {
  readonly instant: Date;
  readonly kind: 'date' | 'time' | 'datetime';

  constructor(instant: Date, kind: Moment['kind']) {
    this.instant = instant;
    this.kind = kind;
  }
}

/** Text that is markup already, and is not escaped again. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What `<#setting>` sets. */
export interface Settings {
  locale: string;
  numberFormat: string;
  booleanFormat: string;
  formats: Record<Moment['kind'], string>;
  zone: string | null;
}

export const newSettings = (): Settings => ({ locale: 'en', numberFormat: '', booleanFormat: '', formats: { date: '', time: '', datetime: '' }, zone: null });

const separators = new Map<string, { readonly group: string; readonly point: string }>();

function separatorsOf(locale: string): { readonly group: string; readonly point: string } {
  let found = separators.get(locale);
  if (found === undefined) {
    let parts: Intl.NumberFormatPart[];
    try {
      parts = new Intl.NumberFormat(locale.replaceAll('_', '-')).formatToParts(1234567.5);
    } catch {
      throw new TemplateError(`there is no locale \`${locale}\``);
    }
    separators.set(locale, (found = { group: parts.find(({ type }) => type === 'group')?.value ?? ',', point: parts.find(({ type }) => type === 'decimal')?.value ?? '.' }));
  }
  return found;
}

const plain = new Map<string, Intl.NumberFormat>();

/** Java rounds a half to the even neighbour. */
function rounded(value: number, least: number, most: number): string {
  const key = `${least} ${most}`;
  let format = plain.get(key);
  if (format === undefined) plain.set(key, (format = new Intl.NumberFormat('en-US', { useGrouping: false, minimumFractionDigits: least, maximumFractionDigits: most, roundingMode: 'halfEven' } as Intl.NumberFormatOptions)));
  return format.format(value);
}

const mostDigits = 100;

/** A number by a pattern of Java's DecimalFormat. */
function byPattern(value: number, pattern: string, locale: string): string {
  const quoted: string[] = [];
  const [positive, negative] = pattern.replace(/'([^']*)'/g, (_all, text: string) => String.fromCharCode(0xe000 + quoted.push(text === '' ? "'" : text) - 1)).split(';') as [string, string?];
  const [, prefix, digits, exponent, suffix] = /^([^#0,.]*)([#0,]*(?:\.[#0]*)?)(E0+)?(.*)$/s.exec(positive)!;
  if (digits === '' || /[#0]/.test(suffix!)) throw new TemplateError(`\`${pattern}\` is no pattern of numbers`);
  const [whole, fraction = ''] = digits!.split('.') as [string, string?];
  const leastFraction = fraction.replace(/#/g, '').length;
  // Without any 0 in it there is one before the point.
  const least = Math.max(whole.replace(/[#,]/g, '').length, leastFraction === 0 ? 1 : 0);
  const group = whole.includes(',') ? whole.length - whole.lastIndexOf(',') - 1 : 0;
  if (Math.max(whole.length, fraction.length) > mostDigits) throw new TemplateError(`\`${pattern}\` has more than ${mostDigits} digits`);
  const factor = /%/.test(prefix! + suffix!) ? 100 : /\u2030/.test(prefix! + suffix!) ? 1000 : 1;
  const { group: between, point } = separatorsOf(locale);
  let number = Math.abs(value) * factor;
  let power = 0;
  if (exponent !== undefined && number !== 0) {
    power = Math.floor(Math.log10(number)) - Math.max(0, least - 1);
    number /= 10 ** power;
  }
  const [unpadded, after = ''] = rounded(number, leastFraction, fraction.length).split('.') as [string, string?];
  let before = unpadded;
  if (least === 0 && before === '0' && after !== '') before = '';
  before = before.padStart(least, '0');
  if (group > 0) before = before.replace(new RegExp(`\\B(?=(?:\\d{${group}})+$)`, 'g'), between);
  const scientific = exponent === undefined ? '' : `E${String(Math.abs(power)).padStart(exponent.length - 1, '0').replace(/^/, power < 0 ? '-' : '')}`;
  const text = before + (after === '' ? '' : point + after) + scientific;
  const isNegative = value < 0 && /[1-9]/.test(text);
  const around = isNegative && negative !== undefined ? /^([^#0,.]*)[#0,.]*(?:E0+)?(.*)$/s.exec(negative)! : ['', `${isNegative ? '-' : ''}${prefix!}`, suffix!];
  return `${around[1]!}${text}${around[2]!}`.replace(/[\ue000-\uf8ff]/g, (mark) => quoted[mark.charCodeAt(0) - 0xe000] ?? mark);
}

const computerText = (value: number): string => (Number.isInteger(value) ? BigInt(value).toString() : /e/.test(String(value)) ? rounded(value, 0, 20) : String(value));

const namedFormats: Readonly<Record<string, string>> = { number: '#,##0.###', percent: '#,##0%', currency: '\u00a4#,##0.00' };

/** A number by the name of a format, or by a pattern. */
export function numberText(value: number, format: string, { locale }: Settings): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '\u221e' : '-\u221e';
  if (format === 'computer' || format === 'c') return computerText(value);
  return byPattern(value, format === '' ? namedFormats['number']! : (namedFormats[format] ?? format), locale);
}

const english = new Intl.NumberFormat('en-US', { maximumFractionDigits: 3, roundingMode: 'halfEven' } as Intl.NumberFormatOptions);

export const printedNumber = (value: number, settings: Settings): string =>
  settings.numberFormat === '' && settings.locale === 'en' ? english.format(value) : numberText(value, settings.numberFormat, settings);

const styles: Readonly<Record<Moment['kind'], Readonly<Record<string, string>>>> = {
  date: { short: 'M/d/yy', medium: 'MMM d, yyyy', long: 'MMMM d, yyyy', full: 'EEEE, MMMM d, yyyy' },
  time: { short: 'h:mm a', medium: 'h:mm:ss a', long: 'h:mm:ss a z', full: 'h:mm:ss a z' },
  datetime: { short: 'M/d/yy, h:mm a', medium: 'MMM d, yyyy, h:mm:ss a', long: "MMMM d, yyyy 'at' h:mm:ss a z", full: "EEEE, MMMM d, yyyy 'at' h:mm:ss a z" },
};

export function isoText({ instant, kind }: Moment, zone: string | null): string {
  const pattern = { date: 'yyyy-MM-dd', time: 'HH:mm:ss', datetime: "yyyy-MM-dd'T'HH:mm:ss" }[kind];
  const offset = kind === 'date' ? '' : dateFormat('XXX', zone)(instant);
  return dateFormat(pattern, zone)(instant) + offset;
}

/** A moment by the name of a style (`short`), `iso`, or a pattern of Java's SimpleDateFormat. */
export function momentText(moment: Moment, format: string, { zone }: Settings): string {
  if (/^(?:iso|xs)\b/.test(format)) return isoText(moment, zone);
  const own = styles[moment.kind];
  const [first, second = first] = format.split('_') as [string, string?];
  let pattern = format === '' ? own['medium']! : own[format];
  if (pattern === undefined && moment.kind === 'datetime' && Object.hasOwn(styles.date, first) && Object.hasOwn(styles.time, second)) pattern = `${styles.date[first]!}, ${styles.time[second]!}`;
  return dateFormat(pattern ?? format, zone)(moment.instant);
}

export const printedMoment = (moment: Moment, settings: Settings): string => momentText(moment, settings.formats[moment.kind], settings);

const longestPattern = 60;

/** A text as a moment of the zone that is set, by a pattern of number fields, or as ISO 8601 writes it, perhaps with a zone of its own. */
export function momentOf(text: string, kind: Moment['kind'], pattern: string, zone: string | null): Moment {
  if (/^(?:iso|xs)\b/.test(pattern)) {
    const read = new Date(kind === 'time' ? `1970-01-01T${text}` : kind === 'date' || !text.includes('T') ? `${text}T00:00:00` : text);
    const instant = kind !== 'date' && /(?:Z|[-+]\d{2}:?\d{2})$/.test(text) ? read : inZone(read, zone);
    if (Number.isNaN(instant.getTime())) throw new TemplateError(`\`${text}\` is no ${kind} of ISO 8601`);
    return new Moment(instant, kind);
  }
  if (pattern === '') throw new TemplateError(`\`?${kind}\` needs a pattern: \`?${kind}("yyyy-MM-dd")\`, or \`?${kind}.iso\``);
  if (pattern.length > longestPattern) throw new TemplateError('the pattern is too long');
  try {
    return new Moment(inZone(new Date(parseTime(text, pattern)), zone), kind);
  } catch (thrown) {
    throw new TemplateError((thrown as Error).message);
  }
}

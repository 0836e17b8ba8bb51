import { nearest } from '../core/diagnostics.ts';
import type { FieldShape } from '../core/field.ts';

/** A text that is not what its field wants: `wanted` completes "must be ...". */
export interface WrongScalar {
  readonly wanted: string;
  readonly label: string;
  readonly help: string;
  /** The text that is meant, where there can be no doubt. */
  readonly meant?: string;
}

export type ScalarResult = { readonly value: string | number | boolean } | { readonly wrong: WrongScalar };

const units: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const longUnits: Readonly<Record<string, string>> = {
  day: 'd', days: 'd', hour: 'h', hours: 'h', min: 'm', mins: 'm', minute: 'm', minutes: 'm',
  sec: 's', secs: 's', second: 's', seconds: 's', milli: 'ms', millis: 'ms', milliseconds: 'ms',
};

/** Milliseconds of Camel's durations: `500`, `-1`, `5s`, `1m30s`, `2h`, `PT1M`; null when it is none. */
export function parseMillis(text: string): number | null {
  const trimmed = text.trim();
  if (/^[+-]?\d+$/.test(trimmed)) return Number(trimmed);
  if (/^-?p/i.test(trimmed)) return parseIsoDuration(trimmed);
  let millis = 0;
  let rest = trimmed.toLowerCase();
  if (rest === '') return null;
  while (rest !== '') {
    const part = /^(\d+)([a-z]+)/.exec(rest);
    if (part === null) return null;
    const unit = units[part[2]!] ?? units[longUnits[part[2]!] ?? ''];
    if (unit === undefined) return null;
    millis += Number(part[1]) * unit;
    rest = rest.slice(part[0].length);
  }
  return millis;
}

function parseIsoDuration(text: string): number | null {
  const part = /^(-?)p(?:(\d+)d)?(?:t(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?)?$/i.exec(text);
  if (part === null || part.slice(2).every((piece) => piece === undefined)) return null;
  const [days, hours, minutes, seconds] = part.slice(2).map((piece) => Number(piece ?? 0)) as [number, number, number, number];
  const millis = Math.round(days * 86_400_000 + hours * 3_600_000 + minutes * 60_000 + seconds * 1000);
  return part[1] === '-' ? -millis : millis;
}

const sizes: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1024, kb: 1024, m: 1024 ** 2, mb: 1024 ** 2, g: 1024 ** 3, gb: 1024 ** 3 };

/** Bytes of `1024`, `10KB`, `5MB`, `1GB`; null when it is no size. */
export function parseBytes(text: string): number | null {
  const part = /^([+-]?\d+)\s*([kmg]?b?)$/i.exec(text.trim());
  return part === null ? null : Number(part[1]) * sizes[part[2]!.toLowerCase()]!;
}

/**
 * The value among `values` that is meant, letter case aside; null when there is none. As in Camel a name may also be written with dashes, or as in
 * JavaScript, where the value has underscores: `requires-new` and `requiresNew` are REQUIRES_NEW, but `in-only` is not InOnly.
 */
export function parseEnum(text: string, values: readonly string[]): string | null {
  const trimmed = text.trim();
  if (values.includes(trimmed)) return trimmed;
  const spellings = [trimmed.toUpperCase(), trimmed.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replace(/-+/g, '_').toUpperCase()];
  return values.find((value) => spellings.includes(value.toUpperCase())) ?? null;
}

/** A text as the value that a field of a scalar kind holds. */
export function parseScalar(shape: FieldShape, text: string): ScalarResult {
  switch (shape.kind) {
    case 'boolean': {
      const plain = text.toLowerCase();
      if (plain === 'true' || plain === 'false') return { value: plain === 'true' };
      const meant = { true: 'true', yes: 'true', on: 'true', '1': 'true', false: 'false', no: 'false', off: 'false', '0': 'false' }[plain.trim()];
      return wrong('`true` or `false`', 'neither of them', meant === undefined ? 'write `true` or `false`' : `write \`${meant}\``, meant);
    }
    case 'integer':
      return inRange(shape, /^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : null, 'a whole number', 'write digits only, such as `5`');
    case 'number':
      return inRange(shape, /^\s*[+-]?(\d+(?:\.\d*)?|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : null, 'a number', 'write a number, such as `5` or `0.5`');
    case 'millis':
      return inRange(shape, parseMillis(text), 'a duration', 'write milliseconds such as `500`, or `5s`, `1m30s`, `1h`');
    case 'bytes':
      return inRange(shape, parseBytes(text), 'a size', 'write bytes such as `1024`, or `10KB`, `5MB`');
    case 'enum': {
      const value = parseEnum(text, shape.values);
      if (value !== null) return { value };
      const meant = nearest(text, shape.values);
      return wrong('one of the values that it knows', 'no such value', meant === null ? `write ${either(shape.values)}` : `did you mean \`${meant}\`?`, meant ?? undefined);
    }
    default:
      return { value: text };
  }
}

const wrong = (wanted: string, label: string, help: string, meant?: string): ScalarResult => ({ wrong: { wanted, label, help, ...(meant === undefined ? {} : { meant }) } });

/** `a`, `b` or `c`. */
function either(values: readonly string[]): string {
  const quoted = values.map((one) => `\`${one}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)!}`;
}

function inRange({ minimum, maximum }: FieldShape, value: number | null, wanted: string, help: string): ScalarResult {
  if (value === null) return wrong(wanted, `not ${wanted}`, help);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return wrong(`${wanted} that fits`, 'too long', `write at most ${Number.MAX_SAFE_INTEGER}`);
  if (minimum !== null && value < minimum) return wrong(`at least ${minimum}`, 'too small', `write ${minimum} or more`, String(minimum));
  if (maximum !== null && value > maximum) return wrong(`at most ${maximum}`, 'too large', `write ${maximum} or less`, String(maximum));
  return { value };
}

/** A plain YAML scalar as JavaScript value (YAML 1.2 core schema); quoted ones stay texts. */
export function plainValue(text: string): string | number | boolean | null {
  if (text === '' || text === '~' || /^null$/i.test(text)) return null;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?(0|[1-9]\d*)$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  if (/^[-+]?(\d+\.\d*|\.\d+|\d+)(e[-+]?\d+)?$/i.test(text) && !/^[-+]?\d+$/.test(text)) return Number(text);
  return text;
}

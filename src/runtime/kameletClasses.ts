import { toText } from '../core/conversion/convert.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { parseJson, toPlainNumbers } from '../core/conversion/json.ts';
import { dateFormat } from '../core/conversion/dateFormat.ts';
import { BoundedRegExp } from '../core/boundedRegExp.ts';

/** What the classes need of the runtime around them. */
export interface KameletClassContext {
  simple(source: string): Expression;
  now(): number;
}

type Json = Record<string, unknown>;

const topic = 'CamelKafkaTopic';
const overrideTopic = 'CamelKafkaOverrideTopic';

/** The body as a JSON object: a text is parsed. */
function objectOf(exchange: Exchange): Json {
  let { body } = exchange;
  if (typeof body === 'string' || body instanceof Uint8Array) body = toPlainNumbers(parseJson(toText(body)!));
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new ExchangeError('org.apache.camel.InvalidPayloadException', 'the body is no JSON object');
  return { ...(body as Json) };
}

const property = (exchange: Exchange, name: string): string => toText(exchange.property(name) ?? null) ?? '';

const listOf = (text: string): string[] => text.split(',').map((item) => item.trim()).filter((item) => item !== '');

const isOn = (value: unknown): boolean => String(value) === 'true';

const formatted = (pattern: string, millis: number): string => dateFormat(pattern, 'UTC')(new Date(millis));

/** `$[topic]` and `$[timestamp]` of a topic's format. */
const topicName = (format: string, name: string, timestamp: string): string => format.replaceAll('$[topic]', name).replaceAll('$[timestamp]', timestamp);

class DropField {
  field = '';

  process(exchange: Exchange): void {
    const body = objectOf(exchange);
    delete body[this.field];
    exchange.body = body;
  }
}

class ExtractField {
  field = '';
  headerOutput: unknown = false;
  headerOutputName = 'none';
  strictHeaderCheck: unknown = false;
  trimField: unknown = false;

  process(exchange: Exchange): void {
    const value = objectOf(exchange)[this.field] ?? null;
    const name = this.headerOutputName === 'none' || this.headerOutputName === '' ? 'CamelKameletsExtractFieldName' : this.headerOutputName;
    const isTaken = isOn(this.strictHeaderCheck) && exchange.headers.get(name) !== undefined;
    const isTrimmed = isOn(this.trimField);
    exchange.properties.set('trimField', String(isTrimmed));
    const result = isTrimmed ? (toText(value) ?? '').trim() : value;
    if (isOn(this.headerOutput) && !isTaken) exchange.headers.set(name, result);
    else exchange.body = result;
  }
}

class InsertField {
  field = '';
  value = '';
  private readonly context: KameletClassContext;
  private expression: { readonly source: string; readonly value: Expression } | null = null;

  constructor(context: KameletClassContext) {
    this.context = context;
  }

  async process(exchange: Exchange): Promise<void> {
    const value = String(this.value);
    if (this.expression?.source !== value) this.expression = { source: value, value: this.context.simple(value) };
    const made: unknown = await this.expression.value(exchange);
    let { body } = exchange;
    if (typeof body === 'string' || body instanceof Uint8Array) body = toPlainNumbers(parseJson(toText(body)!));
    exchange.body = Array.isArray(body) ? [...(body as unknown[]), made] : { ...objectOf(exchange), [this.field]: made };
  }
}

class HoistField {
  process(exchange: Exchange): void {
    exchange.body = { [property(exchange, 'field')]: exchange.body };
  }
}

/** Only numbers and texts have a replacement; a whole number has a whole one. */
function masked(value: unknown, replacement: string): unknown {
  if (typeof value === 'string') return replacement;
  if (typeof value !== 'number') throw new ExchangeError('java.lang.IllegalArgumentException', `Unable to mask value of type class ${typeof value === 'boolean' ? 'java.lang.Boolean' : Array.isArray(value) ? 'java.util.ArrayList' : 'java.util.LinkedHashMap'} with custom replacement.`);
  const isFit = Number.isInteger(value) ? /^[+-]?\d+$/.test(replacement) : replacement.trim() !== '' && !Number.isNaN(Number(replacement));
  if (!isFit) throw new ExchangeError('java.lang.IllegalArgumentException', `Unable to convert ${replacement} (class java.lang.String) to number`);
  return Number(replacement);
}

class MaskField {
  process(exchange: Exchange): void {
    const body = objectOf(exchange);
    const replacement = property(exchange, 'replacement');
    for (const name of listOf(property(exchange, 'fields'))) {
      const value = body[name];
      if (value === undefined || value === null) continue;
      const isNumber = typeof value === 'number';
      if (replacement !== '' && replacement !== 'none') body[name] = masked(value, replacement);
      else body[name] = isNumber ? 0 : typeof value === 'boolean' ? false : Array.isArray(value) ? [] : typeof value === 'object' ? {} : '';
    }
    exchange.body = body;
  }
}

class MessageTimestampRouter {
  process(exchange: Exchange): void {
    const body = objectOf(exchange);
    const key = listOf(property(exchange, 'timestampKeys')).find((name) => body[name] !== undefined && body[name] !== null);
    if (key === undefined) return;
    const keyFormat = property(exchange, 'timestampKeyFormat');
    const value = toText(body[key])!;
    const millis = keyFormat === '' || keyFormat === 'timestamp' ? Number(value) : Date.parse(value);
    if (Number.isNaN(millis)) throw new ExchangeError('java.text.ParseException', `\`${key}\` is no time: ${value}`);
    const name = toText(exchange.headers.get(topic) ?? null) ?? '';
    exchange.headers.set(overrideTopic, topicName(property(exchange, 'topicFormat'), name, formatted(property(exchange, 'timestampFormat'), millis)));
  }
}

class TimestampRouter {
  private readonly context: KameletClassContext;

  constructor(context: KameletClassContext) {
    this.context = context;
  }

  process(exchange: Exchange): void {
    const given = exchange.headers.get(property(exchange, 'timestampHeaderName'));
    if (given === undefined || given === null) return;
    const millis = given instanceof Date ? given.getTime() : Number(toText(given));
    const name = toText(exchange.headers.get(topic) ?? null) ?? '';
    exchange.headers.set(overrideTopic, topicName(property(exchange, 'topicFormat'), name, formatted(property(exchange, 'timestampFormat'), Number.isNaN(millis) ? this.context.now() : millis)));
  }
}

class RegexRouter {
  process(exchange: Exchange): void {
    const name = toText(exchange.headers.get(topic) ?? null);
    if (name === null) return;
    const pattern = new BoundedRegExp(`^(?:${property(exchange, 'regex')})$`);
    if (pattern.test(name)) exchange.headers.set(overrideTopic, name.replace(pattern, property(exchange, 'replacement')));
  }
}

class ReplaceField {
  process(exchange: Exchange): void {
    const enabled = property(exchange, 'enabled');
    const disabled = property(exchange, 'disabled');
    const kept = enabled === '' || enabled === 'all' ? null : new Set(listOf(enabled));
    const dropped = disabled === '' || disabled === 'none' ? new Set<string>() : new Set(listOf(disabled));
    const renames = new Map(listOf(property(exchange, 'renames')).map((pair) => pair.split(':').map((part) => part.trim()) as [string, string]));
    const body: Json = {};
    for (const [name, value] of Object.entries(objectOf(exchange))) if (!dropped.has(name) && (kept === null || kept.has(name))) body[renames.get(name) ?? name] = value;
    exchange.body = body;
  }
}

class ValueToKey {
  process(exchange: Exchange): void {
    const body = objectOf(exchange);
    exchange.headers.set('CamelKafkaKey', Object.fromEntries(listOf(property(exchange, 'fields')).filter((name) => body[name] !== undefined).map((name) => [name, body[name]])));
  }
}

/** Headers that came as bytes become texts. */
class KafkaHeaderDeserializer {
  enabled: unknown = false;

  process(exchange: Exchange): void {
    if (!isOn(this.enabled)) return;
    for (const [name, value] of Object.entries(exchange.headers.toObject())) if (value instanceof Uint8Array) exchange.headers.set(name, toText(value));
  }
}

const commitOf = (exchange: Exchange | undefined): { commit(): unknown } | undefined => {
  const found = exchange?.headers.get('CamelKafkaManualCommit') as { commit?: unknown } | undefined;
  return typeof found?.commit === 'function' ? (found as { commit(): unknown }) : undefined;
};

/** Commits up to a record that is the last of those fetched. */
class ManualCommit {
  process(exchange: Exchange): unknown {
    return String(exchange.headers.get('CamelKafkaLastRecordBeforeCommit')) === 'true' ? commitOf(exchange)?.commit() : undefined;
  }
}

/** Commits a batch: up to its last record. */
class BatchManualCommit {
  process(exchange: Exchange): unknown {
    const { body } = exchange;
    return (commitOf(Array.isArray(body) ? (body.at(-1) as Exchange | undefined) : undefined) ?? commitOf(exchange))?.commit();
  }
}

const transforms = 'org.apache.camel.component.kafka.transform.';

/** The classes that the published kamelets bring with them, by name. */
const classes: Readonly<Record<string, new (context: KameletClassContext) => object>> = {
  [`${transforms}DropField`]: DropField,
  [`${transforms}ExtractField`]: ExtractField,
  [`${transforms}HoistField`]: HoistField,
  [`${transforms}InsertField`]: InsertField,
  [`${transforms}MaskField`]: MaskField,
  [`${transforms}MessageTimestampRouter`]: MessageTimestampRouter,
  [`${transforms}RegexRouter`]: RegexRouter,
  [`${transforms}ReplaceField`]: ReplaceField,
  [`${transforms}TimestampRouter`]: TimestampRouter,
  [`${transforms}ValueToKey`]: ValueToKey,
  'org.apache.camel.component.kafka.KafkaHeaderDeserializer': KafkaHeaderDeserializer,
  'org.apache.camel.component.kafka.ManualCommit': ManualCommit,
  'org.apache.camel.component.kafka.BatchManualCommit': BatchManualCommit,
};

export const kameletClasses: readonly string[] = Object.keys(classes);

/** An instance; undefined for other classes. */
export function makeKameletClass(className: string, context: KameletClassContext): object | undefined {
  const found = Object.hasOwn(classes, className) ? classes[className] : undefined;
  return found === undefined ? undefined : new found(context);
}

import { inTurns } from '../core/conversion/slices.ts';
import { toText, withBytes } from '../core/conversion/convert.ts';
import { isPlainMap } from '../core/conversion/plainValue.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';

const deepest = 20;

/** Values that are texts, where commas, semicolons and line ends are escaped (RFC 5545, 3.8). */
const texts = new Set(['SUMMARY', 'DESCRIPTION', 'LOCATION', 'COMMENT', 'CONTACT', 'TZNAME', 'TZID', 'UID', 'RELATED-TO', 'PRODID', 'VERSION', 'CALSCALE', 'METHOD', 'STATUS', 'CLASS', 'TRANSP', 'ACTION', 'NAME']);

const times = new Set(['DTSTART', 'DTEND', 'DTSTAMP', 'DUE', 'COMPLETED', 'CREATED', 'LAST-MODIFIED', 'RECURRENCE-ID']);

const failure = (line: number, why: string): ExchangeError => new ExchangeError('net.fortuna.ical4j.data.ParserException', `Error at line ${line}: ${why}`);

class Property {
  readonly name: string;
  readonly value: string;
  readonly parameters: Readonly<Record<string, string>>;

  constructor(name: string, value: string, parameters: Readonly<Record<string, string>>) {
    this.name = name;
    this.value = value;
    this.parameters = parameters;
  }

  toString(): string {
    return `${lineOf(this)}\r\n`;
  }
}

/** A calendar, an event, an alarm as a body: its text is iCalendar, as in Camel. */
export class CalendarComponent {
  readonly name: string;
  readonly properties: readonly Property[];
  readonly components: readonly CalendarComponent[];

  constructor(name: string, properties: readonly Property[], components: readonly CalendarComponent[]) {
    this.name = name;
    this.properties = properties;
    this.components = components;
  }

  /** As in Camel a long line stays one line; only what `marshal` writes is folded. */
  toString(): string {
    return [...lines(this, (line) => line)].join('');
  }
}

export const ical = defineDataFormat({
  name: 'ical',
  summary: 'iCalendar (RFC 5545): unmarshal gives a calendar with `name`, `properties` (each `name`, `value`, `parameters`) and `components`, whose text is iCalendar; marshal writes it, or a map of that shape.',
  options: {
    validating: field.boolean('Refuses calendars without VERSION or PRODID, and events without UID or DTSTAMP.').default(false),
  },
  create: ({ validating }) => ({
    marshal: (_exchange, body) => {
      const calendar = componentOf(body, 0);
      if (validating) validate(calendar);
      return textInTurns(calendar);
    },
    unmarshal: (exchange, body) =>
      withBytes(exchange, body, (bytes) => {
        const checked = (calendar: CalendarComponent): CalendarComponent => {
          if (validating) validate(calendar);
          return calendar;
        };
        const calendar = parsed(toText(bytes, exchange)!);
        return calendar instanceof Promise ? calendar.then(checked) : checked(calendar);
      }),
  }),
});

function validate(calendar: CalendarComponent): void {
  const missing = (component: CalendarComponent, names: readonly string[]): void => {
    for (const name of names) {
      if (!component.properties.some((property) => property.name === name)) throw new ExchangeError('net.fortuna.ical4j.validate.ValidationException', `${component.name} has no ${name}`);
    }
  };
  missing(calendar, ['VERSION', 'PRODID']);
  for (const component of calendar.components) if (['VEVENT', 'VTODO', 'VJOURNAL', 'VFREEBUSY'].includes(component.name)) missing(component, ['UID', 'DTSTAMP']);
}

// ------------------------------------------------------------------------------------------------ reading

interface Open {
  readonly name: string;
  readonly properties: Property[];
  readonly components: CalendarComponent[];
}

/** A promise while a long one is read in slices. */
function parsed(text: string): CalendarComponent | Promise<CalendarComponent> {
  const reader = new Reader(text);
  let calendar: CalendarComponent | null = null;
  return inTurns(
    () => (calendar = reader.readSome()) !== null,
    () => calendar!,
  );
}

const linesBetweenLooks = 200;

class Reader {
  private readonly lines: Iterator<[line: string, number: number]>;
  private readonly open: Open[] = [];
  private number = 0;

  constructor(text: string) {
    this.lines = unfolded(text);
  }

  /** @returns the calendar at its end */
  readSome(): CalendarComponent | null {
    for (let i = 0; i < linesBetweenLooks; i++) {
      const next = this.lines.next();
      if (next.done === true) throw failure(this.number + 1, 'Unexpected end of file');
      const done = this.take(...next.value);
      if (done !== null) return done;
    }
    return null;
  }

  private take(line: string, at: number): CalendarComponent | null {
    const { open } = this;
    this.number = at;
    const property = propertyOf(line, at);
    const inner = open.at(-1);
    if (property.name === 'BEGIN') {
      const value = property.value.toUpperCase();
      if (inner === undefined && value !== 'VCALENDAR') throw failure(at, `Expected [VCALENDAR], read [${property.value}]`);
      if (open.length === deepest) throw failure(at, `components nested deeper than ${deepest}`);
      open.push({ name: value, properties: [], components: [] });
    } else if (inner === undefined) {
      throw failure(at, `Expected [BEGIN], read [${line.slice(0, 60)}]`);
    } else if (property.name === 'END') {
      if (property.value.toUpperCase() !== inner.name) throw failure(at, `Expected [${inner.name}], read [${property.value}]`);
      open.pop();
      const done = new CalendarComponent(inner.name, inner.properties, inner.components);
      if (open.length === 0) return done;
      open.at(-1)!.components.push(done);
    } else {
      if (times.has(property.name) && !/^\d{8}(T\d{6}Z?)?$/.test(property.value)) throw failure(at, `${property.name} is \`${property.value.slice(0, 60)}\`: a date such as 20260131 or 20260131T080000Z is needed`);
      inner.properties.push(property);
    }
    return null;
  }
}

/** Lines that begin with a blank go on with the one before. */
function* unfolded(text: string): Generator<[line: string, number: number]> {
  let pieces: string[] = [];
  let from = 0;
  let number = 0;
  for (const line of text.split(/\r\n|\n|\r/)) {
    number++;
    if (pieces.length > 0 && (line[0] === ' ' || line[0] === '\t')) {
      pieces.push(line.slice(1));
      continue;
    }
    if (pieces.length > 0) yield [pieces.join(''), from];
    pieces = line === '' ? [] : [line];
    from = number;
  }
  if (pieces.length > 0) yield [pieces.join(''), from];
}

function propertyOf(line: string, at: number): Property {
  const name = /^[A-Za-z0-9-]+/.exec(line)?.[0];
  if (name === undefined) throw failure(at, `Expected [BEGIN], read [${line.slice(0, 60)}]`);
  const parameters: Record<string, string> = {};
  let next = name.length;
  while (line[next] === ';') {
    const key = /^[A-Za-z0-9-]+(?==)/.exec(line.slice(next + 1, next + 80))?.[0];
    if (key === undefined) throw failure(at, `a parameter of ${name} has no name or no value`);
    const from = next + key.length + 2;
    let end = from;
    for (let isQuoted = false; end < line.length && (isQuoted || !';:'.includes(line[end]!)); end++) if (line[end] === '"') isQuoted = !isQuoted;
    parameters[key.toUpperCase()] = line.slice(from, end).replace(/^"([^"]*)"$/, '$1');
    next = end;
  }
  if (line[next] !== ':') throw failure(at, `no \`:\` follows the name in [${line.slice(0, 60)}]`);
  const value = line.slice(next + 1);
  const upper = name.toUpperCase();
  return new Property(upper, texts.has(upper) ? value.replace(/\\([\\;,nN])/g, (_all, char: string) => (char === 'n' || char === 'N' ? '\n' : char)) : value, parameters);
}

// ------------------------------------------------------------------------------------------------ writing

function componentOf(given: unknown, depth: number): CalendarComponent {
  if (given instanceof CalendarComponent) return given;
  const refuse = (what: string): ExchangeError => new ExchangeError('org.apache.camel.NoTypeConversionAvailableException', `iCalendar is written from what \`unmarshal\` gives, or from a map with \`name\`, \`properties\` and \`components\`: ${what}`);
  if (!isPlainMap(given)) throw refuse('the body is none');
  if (depth === deepest) throw refuse(`components nested deeper than ${deepest}`);
  const { components = [], name = depth === 0 ? 'VCALENDAR' : undefined, properties = [] } = given;
  if (typeof name !== 'string' || !/^[A-Za-z0-9-]+$/.test(name)) throw refuse('a component has no name');
  if (!Array.isArray(components) || !Array.isArray(properties)) throw refuse('`properties` and `components` must be lists');
  const made = properties.map((one: unknown): Property => {
    if (!isPlainMap(one) || typeof one['name'] !== 'string' || !/^[A-Za-z0-9-]+$/.test(one['name'])) throw refuse('a property has no name');
    const parameters = isPlainMap(one['parameters']) ? Object.entries(one['parameters']) : [];
    return new Property(one['name'].toUpperCase(), toText(one['value']) ?? '', Object.fromEntries(parameters.map(([key, value]) => [key, toText(value) ?? ''])));
  });
  return new CalendarComponent(name.toUpperCase(), made, components.map((one) => componentOf(one, depth + 1)));
}

function* lines({ components, name, properties }: CalendarComponent, laid: (line: string) => string): Generator<string> {
  yield `BEGIN:${name}\r\n`;
  for (const property of properties) yield `${laid(lineOf(property))}\r\n`;
  for (const component of components) yield* lines(component, laid);
  yield `END:${name}\r\n`;
}

function textInTurns(calendar: CalendarComponent): string | Promise<string> {
  const rest = lines(calendar, folded);
  const texts: string[] = [];
  return inTurns(
    () => {
      for (let i = 0; i < linesBetweenLooks; i++) {
        const next = rest.next();
        if (next.done === true) return true;
        texts.push(next.value);
      }
      return false;
    },
    () => texts.join(''),
  );
}

function lineOf(property: Property): string {
  const parameters = Object.entries(property.parameters).map(([key, value]) => `;${key}=${/[:;,]/.test(value) && !value.includes('"') ? `"${value}"` : value}`);
  const value = texts.has(property.name) ? property.value.replace(/[\\;,]/g, '\\$&').replace(/\r\n|\n|\r/g, '\\n') : property.value.replace(/[\r\n]+/g, ' ');
  return `${property.name}${parameters.join('').replace(/[\r\n]+/g, ' ')}:${value}`;
}

/** At most 73 characters in a line, as Camel writes it, and at most 75 bytes, as the standard wants it. */
function folded(line: string): string {
  if (line.length <= 73 && Buffer.byteLength(line) <= 75) return line;
  const made: string[] = [];
  let piece = '';
  let length = 0;
  let bytes = 0;
  for (const char of line) {
    const size = Buffer.byteLength(char);
    if (length + char.length > 73 || bytes + size > 75) {
      made.push(piece);
      piece = ' ';
      length = bytes = 1;
    }
    piece += char;
    length += char.length;
    bytes += size;
  }
  return [...made, piece].join('\r\n');
}

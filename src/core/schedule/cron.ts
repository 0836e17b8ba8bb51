/** When something happens again and again. */
export interface Schedule {
  /** The first time after `millis` (since 1970), null when there is none. */
  next(millis: number): number | null;
}

interface Range {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names: readonly string[];
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const ranges: readonly Range[] = [
  { name: 'seconds', from: 0, to: 59, names: [] },
  { name: 'minutes', from: 0, to: 59, names: [] },
  { name: 'hours', from: 0, to: 23, names: [] },
  { name: 'day of month', from: 1, to: 31, names: [] },
  { name: 'month', from: 1, to: 12, names: months },
  { name: 'day of week', from: 1, to: 7, names: days },
  { name: 'year', from: 1970, to: 2099, names: [] },
];

const dayOfMonth = 3;
const dayOfWeek = 5;

const invalid = (expression: string, why: string): Error => new Error(`CronExpression '${expression}' is invalid: ${why}`);

/**
 * The schedule of a cron expression in Quartz's syntax: seconds, minutes, hours, day of month, month, day of week (1 = SUN), maybe a
 * year, with `?`, `L`, `LW`, `15W`, `6#3`, `6L`, names, lists, ranges that may wrap around, and steps.
 * @throws Error when the expression is wrong, or never comes true again after `now`
 */
export async function quartzSchedule(expression: string, timeZone: string | undefined, now: number): Promise<Schedule> {
  const fields = expression.trim().split(/\s+/);
  if (fields.length < 6 || fields.length > 7) throw invalid(expression, `it has ${fields.length} fields, 6 or 7 are needed (seconds minutes hours day-of-month month day-of-week year)`);
  if ((fields[dayOfMonth] === '?') === (fields[dayOfWeek] === '?')) {
    throw invalid(expression, 'exactly one of day of month and day of week must be `?`');
  }
  return cronSchedule(expression, fields, timeZone, now);
}

/**
 * The schedule of a cron expression of 5 to 7 fields: without seconds, they are 0. Day of week and day of month may both be `*`.
 * @throws Error when the expression is wrong, or never comes true again after `now`
 */
export async function looseSchedule(expression: string, timeZone: string | undefined, now: number): Promise<Schedule> {
  const fields = expression.trim().split(/\s+/);
  if (fields.length < 5 || fields.length > 7) throw invalid(expression, `it has ${fields.length} fields, 5 to 7 are needed`);
  return cronSchedule(expression, fields.length === 5 ? ['0', ...fields] : fields, timeZone, now);
}

async function cronSchedule(expression: string, fields: readonly string[], timeZone: string | undefined, now: number): Promise<Schedule> {
  const pattern = fields.map((text, index) => translate(text.toUpperCase(), index, expression)).join(' ');
  const { Cron } = await import('croner');
  let cron: InstanceType<typeof Cron>;
  try {
    cron = new Cron(pattern, { paused: true, alternativeWeekdays: true, ...(timeZone === undefined ? {} : { timezone: timeZone }) });
    if (cron.nextRun(new Date(now)) === null) throw new Error('it will never fire');
  } catch (thrown) {
    throw invalid(expression, thrown instanceof Error ? thrown.message : String(thrown));
  }
  return {
    next: (millis) => {
      // Croner counts whole seconds.
      const found = cron.nextRun(new Date(Math.floor(millis / 1000) * 1000));
      return found === null ? null : found.getTime();
    },
  };
}

/** A field in the words of the cron library: everything but the day rules becomes a list of numbers. */
function translate(text: string, index: number, expression: string): string {
  if (text === '*' || text === '?') return '*';
  const range = ranges[index]!;
  return text
    .split(',')
    .map((part) => translatePart(part, index, range, expression))
    .join(',');
}

function translatePart(part: string, index: number, range: Range, expression: string): string {
  if (index === dayOfMonth && /^(?:L|LW|\d{1,2}W)$/.test(part)) return part;
  if (index === dayOfWeek) {
    if (part === 'L') return '7';
    const rule = /^(\w{1,3})(?:#([1-5])|(L))$/.exec(part);
    if (rule !== null) return `${value(rule[1]!, range, expression)}#${rule[2] ?? 'L'}`;
  }
  const [span = '', step, ...more] = part.split('/');
  if (more.length > 0 || span === '') throw invalid(expression, `\`${part}\` is no ${range.name}`);
  const [first, last] = spanOf(span, step !== undefined, range, expression);
  const width = step === undefined ? 1 : Number(step);
  if (!Number.isInteger(width) || width < 1) throw invalid(expression, `\`${step}\` is no step`);
  const size = range.to - range.from + 1;
  const length = last >= first ? last - first : last + size - first;
  const numbers: number[] = [];
  for (let offset = 0; offset <= length; offset += width) numbers.push(range.from + ((first - range.from + offset) % size));
  return numbers.join(',');
}

function spanOf(span: string, hasStep: boolean, range: Range, expression: string): [number, number] {
  if (span === '*') return [range.from, range.to];
  const ends = span.split('-');
  if (ends.length > 2) throw invalid(expression, `\`${span}\` is no ${range.name}`);
  const first = value(ends[0]!, range, expression);
  if (ends.length === 2) return [first, value(ends[1]!, range, expression)];
  return [first, hasStep ? range.to : first];
}

function value(text: string, range: Range, expression: string): number {
  const named = range.names.indexOf(text);
  if (named >= 0) return range.from + named;
  // Unix counts Sunday as 0.
  const number = range.name === 'day of week' && text === '0' ? 1 : Number(text);
  if (!/^\d+$/.test(text) || number < range.from || number > range.to) throw invalid(expression, `\`${text}\` is no ${range.name} (${range.from} to ${range.to})`);
  return number;
}

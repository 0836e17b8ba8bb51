import type { Diagnostics, Source, Span } from '../core/diagnostics.ts';
import type { Fields } from '../core/field.ts';
import { field } from '../core/field.ts';
import type { AnyModel, ElementModel, ExpressionModel, MapModel, ModelValue } from '../dsl/model.ts';
import { propertyLookup } from '../dsl/placeholders.ts';
import type { Parts } from '../dsl/parts.ts';
import { readMapping } from '../dsl/read.ts';

/** Page of the documentation that test files are described on. */
const docs = 'docs/testing.md';

const anyMap = (description: string) => field.map(description, field.any('Value.'));

// ---------------------------------------------------------------------------------------------- what a file may say

const replyFields = {
  body: field.any('Body of the reply. A mapping or a list comes as JSON text from endpoints outside of the program, as it is from others.'),
  expression: field.expression('Body of the reply, made from the message that came: `simple: "..."`, `jsonata: ...`.'),
  headers: anyMap('Headers of the reply.'),
  status: field.integer('HTTP status; one from 300 on fails the caller as a real reply would.').atLeast(100).atMost(599),
};

const failFields = {
  times: field.count('How many messages fail, before the mock answers; all of them when it is left out.'),
  exception: field.string('Class of the exception.').default('java.io.IOException'),
  message: field.string('Message of the exception.').default('the test lets it fail'),
};

const mockFields = {
  reply: field.element('What is answered.', replyFields, 'body'),
  replies: field.list('What is answered, one after the other; the last one goes on.', field.element('One answer.', replyFields, 'body')),
  fail: field.element('Fails instead of answering. A number alone says how often.', failFields, 'times'),
  delay: field.millis('Answers (or fails) after this time.'),
  silent: field.string('Never answers: `true`, or a number of messages that get no answer.'),
  drop: field.string('Drops the connection instead of answering: `true`, or how many times.'),
  real: field.boolean('The endpoint itself answers, where nothing else is said: the mock only looks on.').default(false),
};

const exceptionFields = {
  type: field.string('Class, with or without its package; an exception of a class below it is one, too.'),
  message: field.string('The whole message.'),
  contains: field.string('A part of the message.'),
};

const messageFields = {
  body: field.any('The body is this. A mapping or a list is compared with the JSON that a text holds.'),
  contains: field.any('The body contains this: a piece of text, or the members of an object, or of a list of the same length.'),
  matches: field.string('The body as a text matches this regular expression.'),
  expression: field.predicate('A condition that holds for the message: `simple: "..."`, `jsonata: ...`, any language.'),
  headers: anyMap('Headers that the message has, among others.'),
  absentHeaders: field.list('Headers that it has not.', field.string('Name.')),
  properties: anyMap('Exchange properties that it has, among others.'),
  variables: anyMap('Variables that it has, among others.'),
  snapshot: field.boolean('Body and headers are as they were when the snapshot was taken (`--update` takes it).').default(false),
};

const replyExpectationFields = {
  ...messageFields,
  status: field.integer('HTTP status of the reply.').atLeast(100).atMost(599),
  exception: field.element('What the exchange failed with; without it a failure fails the test.', exceptionFields, 'type'),
  outcome: field.enum('What became of the delivery at its source: it is done with, kept as a dead letter, or given back.', ['acknowledged', 'deadLettered', 'rejected']),
};

const message = field.element('One message.', messageFields, 'body');

const mockExpectationFields = {
  count: field.count('How many messages came.'),
  atLeast: field.count('How many messages came at least.'),
  bodies: field.list('Their bodies, in order: all of them.', field.any('A body.')),
  messages: field.list('The messages, in order: all of them.', message),
  every: field.element('What holds for each message.', messageFields, 'body'),
  order: field.enum('Whether the order of `bodies` and `messages` counts.', ['same', 'any']).default('same'),
  snapshot: field.boolean('Bodies and headers are as they were when the snapshot was taken.').default(false),
};

const { snapshot: _, ...groupFields } = mockExpectationFields;

const fileExpectationFields = {
  text: field.any('The whole content. A mapping or a list is compared with the JSON in the file.'),
  contains: field.any('A piece of its text, or of the JSON in it.'),
  absent: field.boolean('There is no such file.').default(false),
};

const stateFields = {
  count: field.count('How many there are.'),
  keys: field.list('What their keys go on with, all of them, in order.', field.string('The rest of a key.')),
  entries: field.map('Values of some of them, by what their keys go on with.', field.element('The value.', messageFields, 'body')),
};

const deadLetterFields = {
  ...messageFields,
  exception: field.element('What it failed with.', exceptionFields, 'type'),
  route: field.string('Id of the route that it came to.'),
};

const expectFields = {
  mocks: field.map('What arrived, by the name under `mocks` or by the `mock:` URI. A number alone is a count.', field.element('What arrived.', mockExpectationFields, 'count')),
  order: field.list('Mocks in the order in which they got messages: all messages of those that are named.', field.string('Mock.')),
  variables: anyMap('Variables by name: `global:x`, `route:ROUTE:x`.'),
  groups: field.map('Open groups of aggregates, by the id of the step: all that it has.', field.map('Groups by their correlation key.', field.element('Its members. A number alone is a count.', groupFields, 'count'))),
  seen: field.map('Ids that an idempotent repository holds, by the name of its bean: all of them, in any order.', field.list('The ids.', field.string('An id.'))),
  state: field.map('Entries in the state store by the start of their keys. A number alone is a count.', field.element('What there is.', stateFields, 'count')),
  files: field.map('Files in the folder of the test.', field.element('What is in it.', fileExpectationFields, 'text')),
  logs: field.list('Texts, each of which some log line contains.', field.string('Text.')),
  deadLetters: field.element('Messages in the dead-letter store. A number alone is a count.', { count: field.count('How many.'), messages: field.list('The messages, in order.', field.element('One message.', deadLetterFields, 'body')) }, 'count'),
  routes: field.map('State of routes by id: `Started`, `Stopped`, `Suspended`.', field.string('State.')),
};

const sendFields = {
  to: field.string('Endpoint to send to, as a route would.'),
  route: field.string('Id of a route that gets the message as from its own source.'),
  body: field.any('Body. A mapping or a list stays an object.'),
  expression: field.expression('Body, made by an expression: `simple: "..."`, `groovy`-like texts by any language.'),
  file: field.string('File whose content is the body, relative to the test file.'),
  headers: anyMap('Headers.'),
  properties: anyMap('Exchange properties.'),
  variables: anyMap('Variables.'),
  pattern: field.enum('InOut waits for a reply. `to` is InOut, `route` InOnly unless it is given.', ['InOnly', 'InOut']),
  as: field.string('Does not wait for the reply: a later step takes it with `await` and this name.'),
};

const requestFields = {
  method: field.string('Method; POST with a body, GET without one.'),
  path: field.string('Path, with its query.').required(),
  headers: anyMap('Headers.'),
  body: field.any('Body. A mapping or a list is sent as JSON, with that `Content-Type` unless another is given.'),
  file: field.string('File whose content is the body, relative to the test file.'),
  port: field.integer('Port of the listener, where routes name more than one.'),
  as: field.string('Does not wait for the reply: a later step takes it with `await` and this name.'),
};

const fileFields = {
  path: field.string('Where, in the folder of the test.').required(),
  text: field.any('Content. A mapping or a list is written as JSON.'),
  from: field.string('File whose content it gets, relative to the test file.'),
  remove: field.boolean('Takes the file away instead.').default(false),
};

const mocks = field.map('Endpoints and steps that something else stands for: by URI (with or without its query), a pattern (`http://shop/*`, a regular expression), or `step:ID`.', field.element('What it does.', mockFields));

const stepFields = {
  send: field.element('Sends a message.', sendFields),
  request: field.element('Sends an HTTP request to the routes that listen.', requestFields, 'path'),
  file: field.element('Puts a file into the folder of the test.', fileFields),
  advance: field.millis('Lets time pass: `1h`, `500`. All that falls due runs.'),
  await: field.string('Waits for the reply to what was sent `as` this name.'),
  change: field.map('Changes what mocks do from now on; each must stand under `mocks`.', field.element('What it does.', mockFields)),
  suspend: field.string('Suspends a route.'),
  resume: field.string('Lets a suspended or stopped route go on.'),
  restart: field.boolean('Stops everything and starts it again, with the state that was stored.').default(false),
  reply: field.element('What the reply of `send`, `request` or `await` is.', replyExpectationFields, 'body'),
  expect: field.element('What holds after the step.', expectFields),
};

const surroundingFields = {
  properties: field.map('Values of property placeholders. `{{test.folder}}` is an empty folder of the test’s own.', field.string('Value.')),
  settings: field.map('Settings of mecha.yaml.', field.any('Value.')),
  environment: field.map('Environment variables: the only ones that routes see in a test.', field.string('Value.')),
  beans: field.list('Modules whose exports are beans: they win over those of the routes.', field.string('Path of a module, relative to the test file.')),
  mocks,
  clock: field.string('Time at which the test starts, such as `2026-01-31T23:59:00Z`.'),
  timeout: field.millis('How much time of the routes’ clock may pass until a reply is there.'),
  limit: field.millis('How long a test may really take, before it is cut.'),
};

const testFields = {
  name: field.string('What is shown to be true, as a sentence.').required(),
  ...surroundingFields,
  ...stepFields,
  steps: field.list('What happens, one after the other.', field.element('One thing, and what holds after it.', stepFields)),
};

/** Everything that a `*.test.yaml` may say; its checks and its JSON Schema come from here. */
export const testFileFields = {
  routes: field.list('Files, folders or globs, relative to the test file. Without it `x.test.yaml` tests `x.yaml` beside it.', field.string('Path.')),
  kamelets: field.list('Files of kamelets that the routes use, relative to the test file.', field.string('Path.')),
  ...surroundingFields,
  tests: field.list('The tests.', field.element('One test. It starts with nothing: routes, mocks, files and state are its own.', testFields)).required(),
} satisfies Fields;

export const testFileSchema = { title: 'Tests of routes', description: 'A file of tests: see docs/testing.md.', fields: testFileFields };

// ---------------------------------------------------------------------------------------------- what a file says

/** A mapping of the file as plain values; expressions stay models. `at`: where it stands, `places`: where its values stand. */
export interface Said {
  readonly at: Span;
  readonly places: Readonly<Record<string, Span>>;
  readonly [key: string]: unknown;
}

/** The types of what was said; only what was written is there, and defaults. */
interface Placed {
  readonly at: Span;
  readonly places: Readonly<Record<string, Span>>;
}
export interface Entries<T> extends Placed {
  readonly of: ReadonlyMap<string, T>;
}
export interface ReplySaid extends Placed {
  readonly body?: unknown;
  readonly expression?: ExpressionModel;
  readonly headers?: Entries<unknown>;
  readonly status?: number;
}
export interface MockSaid extends Placed {
  readonly reply?: ReplySaid;
  readonly replies?: readonly ReplySaid[];
  readonly fail?: Placed & { readonly times?: number; readonly exception: string; readonly message: string };
  readonly delay?: number;
  readonly silent?: string;
  readonly drop?: string;
  readonly real: boolean;
}
export interface ExceptionSaid extends Placed {
  readonly type?: string;
  readonly message?: string;
  readonly contains?: string;
}
export interface MessageSaid extends Placed {
  readonly body?: unknown;
  readonly contains?: unknown;
  readonly matches?: string;
  readonly expression?: ExpressionModel;
  readonly headers?: Entries<unknown>;
  readonly absentHeaders?: readonly string[];
  readonly properties?: Entries<unknown>;
  readonly variables?: Entries<unknown>;
  readonly snapshot: boolean;
}
export interface ReplyExpectation extends MessageSaid {
  readonly status?: number;
  readonly exception?: ExceptionSaid;
  readonly outcome?: 'acknowledged' | 'deadLettered' | 'rejected';
}
export interface MockExpectation extends Placed {
  readonly count?: number;
  readonly atLeast?: number;
  readonly bodies?: readonly unknown[];
  readonly messages?: readonly MessageSaid[];
  readonly every?: MessageSaid;
  readonly order: 'same' | 'any';
  readonly snapshot: boolean;
}
export interface StateExpectation extends Placed {
  readonly count?: number;
  readonly keys?: readonly string[];
  readonly entries?: Entries<MessageSaid>;
}
export interface DeadLetterExpectation extends MessageSaid {
  readonly exception?: ExceptionSaid;
  readonly route?: string;
}
export interface ExpectSaid extends Placed {
  readonly mocks?: Entries<MockExpectation>;
  readonly order?: readonly string[];
  readonly variables?: Entries<unknown>;
  readonly groups?: Entries<Entries<MockExpectation>>;
  readonly seen?: Entries<readonly string[]>;
  readonly state?: Entries<StateExpectation>;
  readonly files?: Entries<Placed & { readonly text?: unknown; readonly contains?: unknown; readonly absent: boolean }>;
  readonly logs?: readonly string[];
  readonly deadLetters?: Placed & { readonly count?: number; readonly messages?: readonly DeadLetterExpectation[] };
  readonly routes?: Entries<string>;
}
export interface SendSaid extends Placed {
  readonly to?: string;
  readonly route?: string;
  readonly body?: unknown;
  readonly expression?: ExpressionModel;
  readonly file?: string;
  readonly headers?: Entries<unknown>;
  readonly properties?: Entries<unknown>;
  readonly variables?: Entries<unknown>;
  readonly pattern?: 'InOnly' | 'InOut';
  readonly as?: string;
}
export interface RequestSaid extends Placed {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Entries<unknown>;
  readonly body?: unknown;
  readonly file?: string;
  readonly port?: number;
  readonly as?: string;
}
export interface StepSaid extends Placed {
  readonly send?: SendSaid;
  readonly request?: RequestSaid;
  readonly file?: Placed & { readonly path: string; readonly text?: unknown; readonly from?: string; readonly remove: boolean };
  readonly advance?: number;
  readonly await?: string;
  readonly change?: Entries<MockSaid>;
  readonly suspend?: string;
  readonly resume?: string;
  readonly restart: boolean;
  readonly reply?: ReplyExpectation;
  readonly expect?: ExpectSaid;
}
export interface SurroundingSaid extends Placed {
  readonly properties?: Entries<string>;
  readonly settings?: Entries<unknown>;
  readonly environment?: Entries<string>;
  readonly beans?: readonly string[];
  readonly mocks?: Entries<MockSaid>;
  readonly clock?: string;
  readonly timeout?: number;
  readonly limit?: number;
}
export interface TestSaid extends SurroundingSaid, StepSaid {
  readonly name: string;
  readonly steps?: readonly StepSaid[];
}
export interface TestFileSaid extends SurroundingSaid {
  readonly routes?: readonly string[];
  readonly kamelets?: readonly string[];
  readonly tests: readonly TestSaid[];
}

/** What a step may do; each does one of them. */
export const actions = ['send', 'request', 'file', 'advance', 'await', 'change', 'suspend', 'resume', 'restart'] as const;

/** Reads a test file. Null: the problems say why. */
export function readTestFile(source: Source, parts: Parts, problems: Diagnostics): TestFileSaid | null {
  const model = readMapping(source, 'test file', testFileFields, parts, { properties: propertyLookup() }, docs, problems);
  if (model === null || problems.hasErrors) return null;
  const file = plainElement(model, testFileFields) as unknown as TestFileSaid;
  const names = new Map<string, Span>();
  for (const test of file.tests) {
    const before = names.get(test.name);
    const at = test.places['name'] ?? test.at;
    if (before !== undefined) problems.report('M0807', `two tests are called \`${test.name}\``, at, { label: 'the second one', help: `say what is different in it; the first stands in line ${source.position(before.start).line}`, docs });
    else names.set(test.name, at);
    checkTest(test, problems);
  }
  return problems.hasErrors ? null : file;
}

/** What the definitions of single fields can't tell. */
function checkTest(test: TestSaid, problems: Diagnostics): void {
  const names = new Set<string>();
  const inTest = stepIsPresent(test);
  if (inTest && test.steps !== undefined) {
    problems.report('M0801', `the test has \`steps\` and \`${inTest}\` beside them`, test.places[inTest]!, { label: 'which comes first?', help: inTest === 'reply' ? 'put it beside the `send` or `request` that it answers' : `make \`- ${inTest}: ...\` one of the steps`, docs });
  }
  const steps = stepsOf(test);
  if (steps.every((step) => step.expect === undefined && step.reply === undefined && step.send === undefined && step.request === undefined)) {
    problems.report('M0802', 'the test does nothing', test.places['name'] ?? test.at, { label: 'nothing is sent or expected', help: 'write what is sent (`send: { to: direct:x, body: ... }`) and what holds then (`reply`, `expect`)', docs });
  }
  for (const step of steps) checkStep(step, step === (test as StepSaid), names, problems);
}

function stepIsPresent(test: TestSaid): string | null {
  return [...actions, 'reply', 'expect'].find((key) => test.places[key] !== undefined) ?? null;
}

/** The steps of a test: those in its list, or the one that stands in the test itself. */
export const stepsOf = (test: TestSaid): readonly StepSaid[] => test.steps ?? [test];

function checkStep(step: StepSaid, isTest: boolean, names: Set<string>, problems: Diagnostics): void {
  const done = actions.filter((key) => step.places[key] !== undefined);
  const [first, second] = done;
  if (second !== undefined) {
    problems.report('M0801', `${isTest ? 'the test' : 'the step'} has both \`${first}\` and \`${second}\``, step.places[second]!, {
      label: 'which comes first?',
      help: isTest ? `write them as \`steps\`: \`- ${first}: ...\`, \`- ${second}: ...\`` : `put \`- \` before \`${second}\``,
      docs,
    });
  }
  if (!isTest && first === undefined && step.reply === undefined && step.expect === undefined) {
    problems.report('M0802', 'the step does nothing', step.at, { help: `a step has one of ${[...actions, 'expect'].map((key) => `\`${key}\``).join(', ')}`, docs });
  }
  const { send, request, reply, file } = step;
  if (reply !== undefined && send === undefined && request === undefined && step.await === undefined) {
    problems.report('M0801', '`reply` stands in a step that sends nothing', step.places['reply']!, { help: 'put it beside `send`, `request` or `await`', docs });
  }
  if (send !== undefined && (send.to === undefined) === (send.route === undefined)) {
    problems.report('M0803', send.to === undefined ? '`send` has no `to`' : '`send` has both `to` and `route`', send.places['route'] ?? step.places['send']!, { help: 'write `to: direct:x` (an endpoint) or `route: ID` (a route that gets it as from its source)', docs });
  }
  const bodies = send === undefined ? [] : (['body', 'expression', 'file'] as const).filter((key) => send.places[key] !== undefined);
  if (bodies.length > 1) problems.report('M0803', '`send` has two bodies', send!.places[bodies[1]!]!, { help: 'keep one of them', docs });
  if (file !== undefined && file.text === undefined && file.from === undefined && !file.remove) {
    problems.report('M0803', '`file` has no content', step.places['file']!, { help: 'add `text: ...`, or `from:` with the path of a file', docs });
  }
  const name = send?.as ?? request?.as;
  if (name !== undefined) {
    if (reply !== undefined) problems.report('M0801', '`reply` stands in a step that does not wait', step.places['reply']!, { help: `put it into a later step, beside \`await: ${name}\``, docs });
    names.add(name);
  }
  if (step.await !== undefined && !names.has(step.await)) {
    problems.report('M0803', `nothing was sent \`as: ${step.await}\` before`, step.places['await']!, { help: names.size === 0 ? `add \`as: ${step.await}\` to a \`send\` before` : `the names are ${[...names].map((one) => `\`${one}\``).join(', ')}`, docs });
  }
  for (const [message, at] of messagesOf(step)) {
    if (message.matches === undefined) continue;
    try {
      new RegExp(message.matches, 's');
    } catch (thrown) {
      problems.report('M0803', `\`matches\` is no regular expression: ${(thrown as Error).message}`, message.places['matches'] ?? at, { docs });
    }
  }
}

function* messagesOf({ reply, expect }: StepSaid): Iterable<readonly [MessageSaid, Span]> {
  if (reply !== undefined) yield [reply, reply.at];
  const groups = [...(expect?.groups?.of.values() ?? [])].flatMap(({ of }) => [...of.values()]);
  for (const { messages = [], every } of [...(expect?.mocks?.of.values() ?? []), ...groups]) {
    for (const message of [...messages, ...(every === undefined ? [] : [every])]) yield [message, message.at];
  }
  for (const { entries } of expect?.state?.of.values() ?? []) for (const message of entries?.of.values() ?? []) yield [message, message.at];
  for (const message of expect?.deadLetters?.messages ?? []) yield [message, message.at];
}

// ---------------------------------------------------------------------------------------------- models as plain values

function plainElement(model: ElementModel, fields: Fields): Said {
  const said: Record<string, unknown> = { at: model.at, places: model.fieldsAt };
  for (const [key, { shape }] of Object.entries(fields)) {
    const value = model.fields[key];
    if (value !== undefined) said[key] = plain(value, fields[key]!, model.fieldsAt[key] ?? model.at);
    else if (shape.default !== undefined) said[key] = shape.default;
  }
  return said as Said;
}

function plain(value: ModelValue, { shape }: Fields[string], at: Span): unknown {
  switch (shape.kind) {
    case 'element':
      return plainElement(value as ElementModel, shape.fields);
    case 'list':
      return (value as readonly ModelValue[]).map((item) => plain(item, shape.item!, at));
    case 'map': {
      const { entries, entriesAt } = value as MapModel;
      return { at, places: entriesAt, of: new Map(Object.entries(entries).map(([key, item]) => [key, plain(item, shape.item!, entriesAt[key] ?? at)])) };
    }
    case 'any':
      return (value as AnyModel).value;
    default:
      return value;
  }
}

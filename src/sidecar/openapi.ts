type Schema = Readonly<Record<string, unknown>>;

const text: Schema = { type: 'string' };
const textOrNull: Schema = { type: ['string', 'null'] };
const count: Schema = { type: 'integer', minimum: 0 };
const truth: Schema = { type: 'boolean' };
const anything: Schema = {};
const list = (items: Schema): Schema => ({ type: 'array', items });
const map = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
/** An object all of whose properties are there, and no others. */
const object = (properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter((name) => !optional.includes(name)),
  additionalProperties: false,
});

const content = (schema: Schema, type = 'application/json') => ({ [type]: { schema } });
const failure = { description: 'What is wrong.', content: content(ref('Error')) };
const answers = (description: string, schema: Schema, more: Readonly<Record<string, unknown>> = {}) => ({ '200': { description, content: content(schema) }, ...more, default: failure });
const parameter = (name: string, place: 'path' | 'query', description: string) => ({ name, in: place, required: place === 'path', description, schema: text });
const routeId = [parameter('id', 'path', 'Route id.')];
const deadLetterId = [parameter('id', 'path', 'Its id.')];
const steering = (operationId: string, summary: string) => ({ post: { operationId, summary, parameters: routeId, responses: answers('The new state.', object({ id: text, state: text })) } });

const route = {
  id: text,
  from: { ...text, description: 'URI of its source, without secrets.' },
  state: { enum: ['Stopped', 'Starting', 'Started', 'Suspended', 'Stopping'] },
  waitingFor: { ...textOrNull, description: 'Why it is not ready; null when it is.' },
  inFlight: count,
  completed: count,
  failed: count,
  handled: { ...count, description: 'Failures that an error handler took; they count as completed.' },
  generation: count,
  at: { ...textOrNull, description: '`file:line:column`' },
  alone: { ...textOrNull, description: 'Of several workers only the first runs it, for this reason; null when all do, or there is one process.' },
};

const deadLetter = {
  id: text,
  time: { type: 'number', description: 'Milliseconds since 1970.' },
  routeId: text,
  fromEndpoint: textOrNull,
  exchangeId: text,
  failedRouteId: textOrNull,
  stepId: textOrNull,
  at: textOrNull,
  exception: { anyOf: [ref('Cause'), { type: 'null' }] },
  causes: list(ref('Cause')),
  attempts: count,
  history: list({ type: 'object' }),
  isInOut: truth,
  isOriginal: truth,
  edited: { type: ['number', 'null'] },
  replayed: { type: ['number', 'null'] },
  replays: count,
};

const schemas = {
  Error: { type: 'object', properties: { error: text }, required: ['error'] },
  Cause: object({ type: text, message: text }),
  Route: object(route),
  Step: object({ id: text, kind: text, label: text, at: textOrNull, exchanges: count, failures: count, steps: list(ref('Step')) }),
  RouteWithSteps: object({ ...route, steps: list(ref('Step')) }),
  Health: object({ status: { enum: ['UP', 'DOWN'] }, routes: map(object({ status: { enum: ['UP', 'DOWN'] }, state: text, reason: text }, ['reason'])), reason: text }, ['reason']),
  Reload: object({
    generation: count,
    reason: text,
    millis: { type: 'number' },
    result: { enum: ['applied', 'unchanged', 'rejected'] },
    changed: list(text),
    added: list(text),
    removed: list(text),
    problems: list({ type: 'object', description: 'Those of one file, as `mecha validate --format json` prints them.' }),
  }),
  DeadLetterSummary: { type: 'object', properties: { id: text, time: { type: 'number' }, routeId: text, stepId: textOrNull, replayed: { type: ['number', 'null'] } }, required: ['id', 'time', 'routeId', 'stepId', 'replayed'] },
  DeadLetter: object({ ...deadLetter, body: anything, headers: map(anything) }),
  Reply: object({ exchange: text, body: anything, headers: map(textOrNull) }),
  Failure: object({ error: text, type: textOrNull, route: textOrNull, step: textOrNull, at: textOrNull }),
  TraceEntry: object({
    time: { type: 'number', description: 'Milliseconds since 1970.' },
    event: { enum: ['step', 'completed', 'handled', 'failed'], description: 'It is about to enter a step, or has left a route.' },
    exchange: text,
    route: text,
    step: textOrNull,
    kind: textOrNull,
    label: textOrNull,
    at: textOrNull,
    body: { ...textOrNull, description: 'As text, at most 4096 characters, without secrets; streams are not read.' },
    bodyType: text,
    headers: map(text),
    error: textOrNull,
  }),
} as const;

/** What the admin API offers, as an OpenAPI document. */
export const adminDescription = {
  openapi: '3.1.0',
  info: {
    title: 'Mecha admin API',
    version: '1',
    description: 'Looks into a running Mecha and steers it. Served on a socket in the state folder that only its owner may open, and with `admin.port` on `admin.host` (loopback unless another is named), where each request needs the header `Authorization: Bearer <admin.token>`.',
  },
  components: { schemas, securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
  security: [{}, { token: [] }],
  paths: {
    '/': { get: { operationId: 'describe', summary: 'This description.', responses: answers('The description.', { type: 'object' }) } },
    '/openapi.json': { get: { operationId: 'openapi', summary: 'This description.', responses: answers('The description.', { type: 'object' }) } },
    '/info': {
      get: {
        operationId: 'info',
        summary: 'Who answers.',
        responses: answers('Name, version, folder and listener.', object({ name: text, version: textOrNull, pid: { type: ['integer', 'null'] }, folder: text, routes: count, generation: count, port: { type: ['integer', 'null'] }, store: text, workers: list(object({ pid: count, isFirst: truth, isRunning: truth })) }, ['workers'])),
      },
    },
    '/health': { get: { operationId: 'health', summary: 'Whether every route is ready, with reasons; 503 when one is not.', responses: answers('Ready.', ref('Health'), { '503': { description: 'Not ready.', content: content(ref('Health')) } }) } },
    '/routes': { get: { operationId: 'routes', summary: 'All routes with state and counts.', responses: answers('The routes and their generation.', object({ generation: count, routes: list(ref('Route')) })) } },
    '/routes/{id}': { get: { operationId: 'route', summary: 'One route with its steps.', parameters: routeId, responses: answers('The route.', ref('RouteWithSteps')) } },
    '/routes/{id}/suspend': steering('suspend', 'Takes no more messages; what is in flight finishes.'),
    '/routes/{id}/resume': steering('resume', 'Takes messages again.'),
    '/routes/{id}/start': steering('start', 'Starts a route that does not start by itself.'),
    '/routes/{id}/stop': steering('stop', 'Stops a route.'),
    '/inflight': { get: { operationId: 'inflight', summary: 'Exchanges under way, by route.', responses: answers('The counts.', object({ total: count, routes: map(count) })) } },
    '/reload': {
      get: { operationId: 'lastReload', summary: 'The result of the last reload; the start is the first.', responses: answers('Generation, result and what changed.', ref('Reload')) },
      post: {
        operationId: 'reload',
        summary: 'Reads the routes again; with a YAML body runs that instead of the files. 422 when something is wrong: then nothing has changed.',
        requestBody: { required: false, content: content(text, 'application/yaml') },
        responses: answers('Generation, result and what changed.', ref('Reload'), { '422': { description: 'Something is wrong with the routes; nothing has changed.', content: content(ref('Reload')) } }),
      },
    },
    '/send': {
      post: {
        operationId: 'send',
        summary: 'Sends a message to an endpoint and waits until it is back.',
        requestBody: { required: true, content: content(object({ uri: { ...text, description: 'Such as `direct:orders`.' }, body: anything, headers: map(anything), isInOut: { ...truth, default: true, description: 'Whether a reply is wanted.' } }, ['body', 'headers', 'isInOut'])) },
        responses: answers('What came back.', ref('Reply'), { '409': { description: 'It failed.', content: content(ref('Failure')) } }),
      },
    },
    '/trace': {
      get: {
        operationId: 'trace',
        summary: 'Every exchange that enters a step or leaves a route, one JSON object a line, until the client hangs up. A client that reads too slowly gets `{ "event": "left out", "count": n }` for what it missed.',
        parameters: [parameter('route', 'query', 'Only this route.'), parameter('step', 'query', 'Only this step.'), parameter('when', 'query', 'Only where this predicate holds, in Simple.'), parameter('language', 'query', 'The language of `when`, in place of Simple.')],
        responses: { '200': { description: 'The entries.', content: content(ref('TraceEntry'), 'application/x-ndjson') }, default: failure },
      },
    },
    '/deadletters': {
      get: {
        operationId: 'deadLetters',
        summary: 'Dead letters, oldest first.',
        parameters: [parameter('route', 'query', 'Only those of a route.'), parameter('after', 'query', 'Those after this id.'), parameter('limit', 'query', 'At most so many (1000).')],
        responses: answers('A page; `next` is the id to give as `after`.', object({ entries: list(ref('DeadLetterSummary')), next: textOrNull })),
      },
    },
    '/deadletters/{id}': {
      get: { operationId: 'deadLetter', summary: 'One dead letter with its message.', parameters: deadLetterId, responses: answers('The dead letter.', ref('DeadLetter')) },
      put: {
        operationId: 'editDeadLetter',
        summary: 'Edits body and headers.',
        parameters: deadLetterId,
        requestBody: { required: true, content: content(object({ body: anything, headers: map(anything) }, ['body', 'headers'])) },
        responses: answers('Edited.', object({ id: text, isEdited: truth })),
      },
      delete: { operationId: 'removeDeadLetter', summary: 'Forgets it.', parameters: deadLetterId, responses: answers('Removed.', object({ id: text, isRemoved: truth })) },
    },
    '/deadletters/{id}/replay': {
      post: {
        operationId: 'replayDeadLetter',
        summary: 'Sends it through its route again; 409 when it fails again.',
        parameters: deadLetterId,
        responses: answers('Replayed.', object({ id: text, isReplayed: truth }), { '409': { description: 'It failed again.', content: content(object({ id: text, isReplayed: truth, error: text })) } }),
      },
    },
  },
};

const ok = (description: string) => ({ '200': { description, content: { 'application/json': { schema: { type: 'object' } } } }, default: { description: 'What is wrong, as `error`.' } });
const parameter = (name: string, place: 'path' | 'query', description: string) => ({ name, in: place, required: place === 'path', description, schema: { type: 'string' } });

/** What the admin API offers, as an OpenAPI document. */
export const adminDescription = {
  openapi: '3.0.3',
  info: { title: 'Mecha admin API', version: '1', description: "Looks into a running Mecha and steers it. Served on a socket in the state folder, and with `admin.port` on loopback, where each request needs the token." },
  paths: {
    '/health': { get: { summary: 'Whether every route is ready, with reasons; 503 when one is not.', responses: ok('Ready.') } },
    '/routes': { get: { summary: 'All routes with state and counts.', responses: ok('The routes and their generation.') } },
    '/routes/{id}': { get: { summary: 'One route with its steps.', parameters: [parameter('id', 'path', 'Route id.')], responses: ok('The route.') } },
    '/routes/{id}/suspend': { post: { summary: 'Takes no more messages; what is in flight finishes.', parameters: [parameter('id', 'path', 'Route id.')], responses: ok('The new state.') } },
    '/routes/{id}/resume': { post: { summary: 'Takes messages again.', parameters: [parameter('id', 'path', 'Route id.')], responses: ok('The new state.') } },
    '/routes/{id}/start': { post: { summary: 'Starts a route that does not start by itself.', parameters: [parameter('id', 'path', 'Route id.')], responses: ok('The new state.') } },
    '/routes/{id}/stop': { post: { summary: 'Stops a route.', parameters: [parameter('id', 'path', 'Route id.')], responses: ok('The new state.') } },
    '/inflight': { get: { summary: 'Exchanges under way, by route.', responses: ok('The counts.') } },
    '/reload': {
      get: { summary: 'The result of the last reload.', responses: ok('Generation, result and what changed.') },
      post: {
        summary: 'Reads the routes again; with a YAML body runs that instead of the files. 422 when something is wrong: then nothing has changed.',
        requestBody: { required: false, content: { 'application/yaml': { schema: { type: 'string' } } } },
        responses: ok('Generation, result and what changed.'),
      },
    },
    '/deadletters': {
      get: {
        summary: 'Dead letters, oldest first.',
        parameters: [parameter('route', 'query', 'Only those of a route.'), parameter('after', 'query', 'Those after this id.'), parameter('limit', 'query', 'At most so many (1000).')],
        responses: ok('A page; `next` is the id to give as `after`.'),
      },
    },
    '/deadletters/{id}': {
      get: { summary: 'One dead letter with its message.', parameters: [parameter('id', 'path', 'Its id.')], responses: ok('The dead letter.') },
      put: { summary: 'Edits body and headers.', parameters: [parameter('id', 'path', 'Its id.')], responses: ok('Edited.') },
      delete: { summary: 'Forgets it.', parameters: [parameter('id', 'path', 'Its id.')], responses: ok('Removed.') },
    },
    '/deadletters/{id}/replay': { post: { summary: 'Sends it through its route again; 409 when it fails again.', parameters: [parameter('id', 'path', 'Its id.')], responses: ok('Replayed.') } },
  },
} as const;

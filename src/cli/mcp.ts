import { Writable } from 'node:stream';
import type { CallToolResult, Tool } from '@modelcontextprotocol/sdk/types.js';
import { systemClock } from '../core/clock.ts';
import { Source } from '../core/diagnostics.ts';
import { printDiagnostics, toJson } from '../dsl/diagnose.ts';
import { Mecha } from '../runtime/mecha.ts';
import { hasErrors, mechaOptions } from './checked.ts';
import { main } from './main.ts';
import type { Terminal } from './terminal.ts';
import { version } from './version.ts';

class Captured extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line as a person would, and gives what it says. `until` ends it as Ctrl-C does. */
async function command(terminal: Terminal, args: readonly string[], until: { readonly millis: number } | null = null): Promise<Ran> {
  const out = new Captured();
  const err = new Captured();
  const handlers = new Set<() => void>();
  const running = main(args, {
    out,
    err,
    folder: terminal.folder,
    environment: { ...terminal.environment, NO_COLOR: '1' },
    onSignal: (_signal, run) => {
      handlers.add(run);
      return () => void handlers.delete(run);
    },
    exit: () => undefined,
  });
  const timer = until === null ? null : systemClock.schedule(until.millis, () => handlers.forEach((run) => run()));
  const code = await running;
  timer?.cancel();
  return { code, out: out.text, err: err.text };
}

type Arguments = Readonly<Record<string, unknown>>;

interface Handled {
  readonly tool: Tool;
  call(given: Arguments, terminal: Terminal): Promise<CallToolResult>;
}

const textResult = (text: string, isError = false): CallToolResult => ({ content: [{ type: 'text', text: text === '' ? 'nothing' : text }], ...(isError ? { isError: true } : {}) });
const ran = ({ out, err }: Ran, isError: boolean): CallToolResult => textResult([out, err].filter((text) => text !== '').join('\n'), isError);

const text = (description: string): object => ({ type: 'string', description });
const texts = (description: string): object => ({ type: 'array', items: { type: 'string' }, description });
const input = (properties: Record<string, object>, required: readonly string[] = []): Tool['inputSchema'] => ({ type: 'object', properties, required: [...required], additionalProperties: false });

const option = (name: string, value: unknown): string[] => (value === undefined || value === null ? [] : [name, typeof value === 'string' ? value : JSON.stringify(value)]);
const pairs = (name: string, value: unknown): string[] => (typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, item]) => [name, `${key}=${typeof item === 'string' ? item : JSON.stringify(item)}`]) : []);
const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** What an assistant may ask for. Nothing of it changes a file or a running Mecha. */
const tools: readonly Handled[] = [
  {
    tool: {
      name: 'catalog',
      title: 'What routes are made of',
      description: 'Lists steps (EIPs), connectors, expression languages, data formats and top-level elements with a line each; with a name, all options of that part. Look a part up before you write it.',
      inputSchema: input({ name: text('A part, such as aggregate, kafka, simple; all without it.'), kind: { type: 'string', enum: ['eip', 'connector', 'language', 'dataformat', 'element'], description: 'Only parts of this kind.' } }),
      annotations: { readOnlyHint: true },
    },
    async call({ name, kind }, terminal) {
      const done = await command(terminal, ['catalog', ...(name === undefined ? [] : [String(name)]), ...option('--kind', kind)]);
      return ran(done, done.code !== 0);
    },
  },
  {
    tool: {
      name: 'validate',
      title: 'Check routes',
      description: 'Checks routes as the runtime would, and for what is hardly meant. Give the YAML itself as `text`, or `paths` of files, folders or globs. Complaints carry line, code, help and, where possible, the exact repair.',
      inputSchema: input({ text: text('YAML of routes.'), paths: texts('Files, folders or globs, relative to the folder of the server.') }),
      annotations: { readOnlyHint: true },
    },
    async call(given, terminal) {
      const written = given['text'];
      const problems = await Mecha.check({
        ...mechaOptions(list(given['paths']), {}, terminal),
        lints: true,
        ...(typeof written === 'string' ? { sources: [new Source('routes.yaml', written)], routes: [] } : {}),
      });
      if (problems.length === 0) return { ...textResult('nothing wrong'), structuredContent: { ok: true, problems: [] } };
      const files = [...new Set(problems.map(({ at }) => at?.source.file ?? ''))];
      return { ...textResult(printDiagnostics(problems)), structuredContent: { ok: !hasErrors(problems), problems: files.map((file) => toJson(file, problems.filter(({ at }) => (at?.source.file ?? '') === file))) } };
    },
  },
  {
    tool: {
      name: 'explain',
      title: 'What a complaint means',
      description: 'Tells what the code of a complaint (M0104) means, with a route that gives it and the repaired one.',
      inputSchema: input({ code: text('Such as M0104; all codes with their titles without it.') }),
      annotations: { readOnlyHint: true },
    },
    async call({ code }, terminal) {
      const done = await command(terminal, ['explain', ...(code === undefined ? [] : [String(code)])]);
      return ran(done, done.code !== 0);
    },
  },
  {
    tool: {
      name: 'describe',
      title: 'Routes as they are compiled',
      description: 'Shows routes as trees of steps, or as a Mermaid diagram, without starting them.',
      inputSchema: input({ paths: texts('Files, folders or globs.'), format: { type: 'string', enum: ['text', 'json', 'mermaid'], description: 'A tree unless another is wanted.' } }),
      annotations: { readOnlyHint: true },
    },
    async call({ paths, format }, terminal) {
      const done = await command(terminal, ['describe', ...list(paths), ...option('--format', format)]);
      return ran(done, done.code !== 0);
    },
  },
  {
    tool: {
      name: 'eval',
      title: 'Try an expression',
      description: 'Evaluates an expression of any language (simple, jsonata, jsonpath, jq, xpath, ...) against a body and headers.',
      inputSchema: input(
        {
          expression: text('Such as ${body.name} or $sum(items.price).'),
          language: text('Simple unless another is named.'),
          body: { description: 'The body: a text, or JSON.' },
          headers: { type: 'object', description: 'Headers by name.' },
          predicate: { type: 'boolean', description: 'Reads it as a condition.' },
        },
        ['expression'],
      ),
      annotations: { readOnlyHint: true },
    },
    async call({ expression, language, body, headers, predicate }, terminal) {
      const isText = typeof body === 'string';
      const args = [...option('--language', language), ...(body === undefined ? [] : [`--body=${isText ? body : JSON.stringify(body)}`]), ...(body === undefined || isText ? [] : ['--parse']), ...pairs('--header', headers), ...(predicate === true ? ['--predicate'] : [])];
      const done = await command(terminal, ['eval', ...args, '--', String(expression)]);
      return ran(done, done.code === 2 || (done.code === 1 && done.out === ''));
    },
  },
  {
    tool: {
      name: 'test',
      title: 'Run tests of routes',
      description: 'Runs tests of routes (*.test.yaml) with mocks and virtual time, and gives the results as JSON: what failed, where, and what was there instead.',
      inputSchema: input({ paths: texts('Files, folders or globs; all tests of the folder without them.'), filter: text('Only tests with this in their name or file.') }),
    },
    async call({ paths, filter }, terminal) {
      const done = await command(terminal, ['test', ...list(paths), '--format', 'json', ...option('--filter', filter)]);
      return ran(done, done.code === 2);
    },
  },
  {
    tool: {
      name: 'trace',
      title: 'Watch messages',
      description: 'Watches live how messages go from step to step in the Mecha that runs in this folder, for some seconds or until there are enough lines.',
      inputSchema: input({
        route: text('Only this route.'),
        step: text('Only what enters this step.'),
        when: text('Only messages for which this predicate in Simple holds.'),
        limit: { type: 'integer', minimum: 1, maximum: 1000, description: 'Lines; 100 unless given.' },
        seconds: { type: 'number', minimum: 0.1, maximum: 60, description: 'Time; 5 unless given.' },
      }),
      annotations: { readOnlyHint: true },
    },
    async call({ route, step, when, limit = 100, seconds = 5 }, terminal) {
      const done = await command(terminal, ['trace', ...(route === undefined ? [] : [String(route)]), '--json', ...option('--step', step), ...option('--when', when), '--limit', String(limit)], { millis: Math.min(60, Number(seconds)) * 1000 });
      return done.code === 0 && done.out === '' ? textResult('no message came by in that time') : ran(done, done.code !== 0);
    },
  },
];

/** Serves the Model Context Protocol on the standard streams, until the client hangs up. */
export async function mcp(terminal: Terminal): Promise<number> {
  if (terminal.in === undefined) {
    terminal.err.write('error: an MCP server needs standard input\n');
    return 1;
  }
  const { Server } = await import('@modelcontextprotocol/sdk/server/index.js');
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  const { CallToolRequestSchema, ErrorCode, ListToolsRequestSchema, McpError } = await import('@modelcontextprotocol/sdk/types.js');
  const server = new Server(
    { name: 'mecha', version },
    {
      capabilities: { tools: {} },
      instructions: 'Mecha runs integration routes written in Apache Camel YAML. Look parts up with `catalog`, write the route, check it with `validate` (it says what to write instead), try expressions with `eval`, and run `test`.',
    },
  );
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(({ tool }) => tool) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const found = tools.find(({ tool }) => tool.name === params.name);
    if (found === undefined) throw new McpError(ErrorCode.InvalidParams, `there is no tool \`${params.name}\`: there are ${tools.map(({ tool }) => tool.name).join(', ')}`);
    const given = params.arguments ?? {};
    const { properties = {}, required = [] } = found.tool.inputSchema;
    const unknown = Object.keys(given).find((name) => !Object.hasOwn(properties, name));
    const missing = required.find((name) => given[name] === undefined);
    if (unknown !== undefined) return textResult(`\`${params.name}\` takes no \`${unknown}\`: it takes ${Object.keys(properties).join(', ')}`, true);
    if (missing !== undefined) return textResult(`\`${params.name}\` needs \`${missing}\``, true);
    try {
      return await found.call(given, terminal);
    } catch (thrown) {
      return textResult((thrown as Error).message, true);
    }
  });
  const ended = new Promise<void>((resolve) => {
    server.onclose = resolve;
    terminal.in!.on('end', resolve);
  });
  await server.connect(new StdioServerTransport(terminal.in as never, terminal.out as never));
  await ended;
  await server.close();
  return 0;
}

import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Terminal } from './terminal.ts';

const files: Readonly<Record<string, string>> = {
  'mecha.yaml': `# Settings: docs/configuration.md
routes: [ routes ]
micrologic:
  url: http://127.0.0.1:3000
`,
  'routes/hello.yaml': `# POST /hello is answered by the application beside us (app/server.mjs), which is asked again while it can't be reached.
- onException:
    exception: [ java.io.IOException ]
    redeliveryPolicy: { maximumRedeliveries: 2, redeliveryDelay: 200 }

- route:
    id: hello
    from:
      uri: platform-http:/hello
      parameters:
        httpMethodRestrict: POST
      steps:
        - to: micrologic:/greet
        - setHeader: { name: Content-Type, constant: application/json }
        - log: "greeted: \${body}"
`,
  'routes/hello.test.yaml': `# \`mecha test\` runs it; the application is a mock here.
mocks:
  micrologic:/greet: { reply: { body: { greeting: "Hello Ann" } } }

tests:
  - name: a greeting comes from the application
    request: { path: /hello, body: { name: Ann } }
    reply: { status: 200, body: { greeting: "Hello Ann" } }
    expect:
      mocks:
        micrologic:/greet: { bodies: [ { name: Ann } ] }

  - name: the application is asked again when the connection is lost
    mocks:
      micrologic:/greet: { drop: 2, reply: { body: { greeting: "Hello at last" } } }
    request: { path: /hello, body: { name: Ann } }
    reply: { body: { greeting: "Hello at last" } }
`,
  'app/server.mjs': `// The micrologic: plain HTTP and JSON, no library.  node app/server.mjs
import { createServer } from 'node:http';

const greet = ({ name }) => ({ greeting: \`Hello \${name}\` });

const server = createServer(async (request, reply) => {
  const answer = (status, value) => reply.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
  if (request.url !== '/greet') return answer(404, { error: 'there is only /greet' });
  try {
    let text = '';
    for await (const piece of request) text += piece;
    answer(200, greet(JSON.parse(text)));
  } catch (error) {
    answer(400, { error: error.message });
  }
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(\`listening on http://127.0.0.1:\${server.address().port}\`));
`,
  '.gitignore': '.mecha/\n',
};

/** Writes a new project, or nothing at all where a file is in the way. */
export function init(folder: string, terminal: Terminal, options: Readonly<Record<string, unknown>> = {}): number {
  const root = resolve(terminal.folder, folder);
  const taken = Object.keys(files).filter((name) => existsSync(join(root, name)));
  if (taken.length > 0) {
    if (options['json'] === true) terminal.out.write(`${JSON.stringify({ error: 'files are in the way', files: taken })}\n`);
    terminal.err.write(`error: nothing was written, for there is already ${taken.map((name) => `\`${relative(terminal.folder, join(root, name))}\``).join(', ')}: name another folder, such as \`mecha init shop\`\n`);
    return 1;
  }
  const made: string[] = [];
  try {
    for (const [name, text] of Object.entries(files)) {
      const path = join(root, name);
      const first = mkdirSync(dirname(path), { recursive: true });
      if (first !== undefined) made.push(first);
      made.push(path);
      writeFileSync(path, text);
    }
  } catch (thrown) {
    // All of it or nothing.
    for (const path of made.reverse()) {
      try {
        rmSync(path, { recursive: true, force: true });
      } catch {
        // Where nothing may be removed nothing could be made.
      }
    }
    const { message } = thrown as Error;
    if (options['json'] === true) terminal.out.write(`${JSON.stringify({ error: message })}\n`);
    terminal.err.write(`error: nothing was written: ${message}\n`);
    return 1;
  }
  if (options['json'] === true) {
    terminal.out.write(`${JSON.stringify({ folder: root, files: Object.keys(files) })}\n`);
    return 0;
  }
  const lines = Object.keys(files).map((name) => `  ${relative(terminal.folder, join(root, name))}`);
  const enter = root === resolve(terminal.folder) ? '' : `  cd ${relative(terminal.folder, root)}\n`;
  terminal.out.write(`made\n${lines.join('\n')}\nnow\n${enter}  mecha test\n  node app/server.mjs &\n  mecha run &\n  curl -H 'Content-Type: application/json' -d '{"name": "Ann"}' http://127.0.0.1:8080/hello\n`);
  return 0;
}

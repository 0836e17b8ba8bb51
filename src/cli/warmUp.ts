import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Terminal } from './terminal.ts';

/** What most routes use, so that its code is in the cache. */
const routes = `
- route:
    id: warm
    from:
      uri: platform-http:/warm
      steps:
        - unmarshal:
            json: {}
        - choice:
            when:
              - simple: "\${body[amount]} > 10 && \${header.region} == 'eu'"
                steps:
                  - setHeader:
                      name: size
                      simple: large
            otherwise:
              steps:
                - setHeader:
                    name: size
                    constant: small
        - setBody:
            simple: "\${header.size} \${body[id]}"
        - log: "\${body}"
- route:
    id: call
    from:
      uri: direct:call
      steps:
        - to: http://127.0.0.1:9/never
`;

/** Commands that load what a `run` does not: the definitions of all parts, and the tools. */
const others: readonly (readonly string[])[] = [['catalog', '--format', 'json'], ['schema'], ['validate', 'warm.yaml', '--no-lints', '--format', 'sarif'], ['describe', 'warm.yaml'], ['test', '--in-process'], ['test'], ['explain'], ['eval', '${body}', '--body', 'x']];

const tests = `
tests:
  - name: warm
    request: { path: /warm, method: POST, body: { id: a-1, amount: 5 } }
    reply: { body: small a-1 }
`;

/** Names of files of the code cache, which stands beside the built command. */
function cacheFiles(script: string, version: string): string[] {
  try {
    return readdirSync(join(dirname(realpathSync(script)), 'cache')).filter((name) => name.includes(`-${version}-`));
  } catch {
    return [];
  }
}

/** Runs routes once: they answer a request, and the process ends as it is told to. @throws Error when they do not */
async function runOnce(script: string, { folder, environment }: { folder: string; environment: Terminal['environment'] }): Promise<void> {
  const child = spawn(process.execPath, [script, 'run', 'warm.yaml', '--port', '0', '--log-format', 'json', '--property', 'admin.enabled=false'], { cwd: folder, env: { ...environment, MECHA_SUMMARY: '1' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => void child.once('exit', resolve));
  let seen = '';
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (piece: Buffer) => {
      seen += piece.toString();
      const match = /http:\/\/[\d.]+:\d+/.exec(seen);
      if (match !== null) resolve(match[0]);
    });
    void ended.then((code) => reject(new Error(`\`mecha run\` ended with ${code}: ${seen}`)));
  });
  const reply = await fetch(`${address}/warm`, { method: 'POST', body: '{"id":"a-1","amount":50}', headers: { 'content-type': 'application/json', region: 'eu' } });
  const text = await reply.text();
  if (text !== 'large a-1') throw new Error(`\`mecha run\` answered ${reply.status} ${text}`);
  await (await fetch(`${address}/metrics`)).text();
  child.kill('SIGTERM');
  const code = await ended;
  if (code !== 0) throw new Error(`\`mecha run\` ended with ${code}`);
}

/** Runs the built command and its tools once, in a folder of their own, so that each writes the code that this Node has compiled. */
export async function warmUp(options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  const { script, environment, nodeVersion = process.version } = terminal;
  if (script === undefined || !realpathSync(script).endsWith('.cjs')) {
    terminal.err.write('error: this program runs from its sources: there is no code to keep\nhelp: build it (`npm run build`), and run `dist/mecha.cjs warm-up`\n');
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'mecha-warm-'));
  // Settings of where it runs are no matter of these routes.
  const plain = Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('MECHA_') && !name.startsWith('CAMEL_')));
  try {
    writeFileSync(join(folder, 'warm.yaml'), routes);
    await runOnce(script, { folder, environment: plain });
    writeFileSync(join(folder, 'warm.test.yaml'), tests);
    for (const args of others) execFileSync(process.execPath, [script, ...args], { cwd: folder, env: { ...plain, MECHA_WARM_UP: '1' }, stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (thrown) {
    terminal.err.write(`error: the program does not run here: ${(thrown as Error).message}\n`);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const files = cacheFiles(script, nodeVersion);
  if (files.length === 0) {
    terminal.err.write(`error: ${join(dirname(realpathSync(script)), 'cache')} can not be written\nhelp: run this as the user that has installed the package, when the image is built\n`);
    return 1;
  }
  terminal.out.write(options['json'] === true ? `${JSON.stringify({ node: nodeVersion, files: files.length })}\n` : `${files.length} parts of the program are kept as Node ${nodeVersion} has compiled them\n`);
  return 0;
}

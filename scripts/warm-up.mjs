import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
const others = [['catalog', '--format', 'json'], ['schema'], ['validate', 'warm.yaml', '--no-lints', '--format', 'sarif'], ['describe', 'warm.yaml'], ['test', '--in-process'], ['test'], ['explain'], ['eval', '${body}', '--body', 'x']];

const tests = `
tests:
  - name: warm
    request: { path: /warm, method: POST, body: { id: a-1, amount: 5 } }
    reply: { body: small a-1 }
`;

/**
 * Runs a built command once, so that it writes its code cache, and those that load other parts. A command that does not work fails the build.
 * @param {string} command path of the launcher
 */
export async function warmUp(command) {
  const folder = mkdtempSync(join(tmpdir(), 'mecha-warm-'));
  try {
    writeFileSync(join(folder, 'warm.yaml'), routes);
    const child = spawn(process.execPath, [command, 'run', 'warm.yaml', '--port', '0', '--log-format', 'json', '--property', 'admin.enabled=false'], {
      cwd: folder,
      env: { ...process.env, MECHA_SUMMARY: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let seen = '';
    const address = await new Promise((resolve, reject) => {
      child.stdout.on('data', (piece) => {
        seen += piece;
        const match = /http:\/\/[\d.]+:\d+/.exec(seen);
        if (match !== null) resolve(match[0]);
      });
      void ended.then((code) => reject(new Error(`the command ended with ${code}: ${seen}`)));
    });
    const reply = await fetch(`${address}/warm`, { method: 'POST', body: '{"id":"a-1","amount":50}', headers: { 'content-type': 'application/json', region: 'eu' } });
    const text = await reply.text();
    if (text !== 'large a-1') throw new Error(`the command answered ${reply.status} ${text}`);
    await (await fetch(`${address}/metrics`)).text();
    child.kill('SIGTERM');
    const code = await ended;
    if (code !== 0) throw new Error(`the command ended with ${code}`);
    writeFileSync(join(folder, 'warm.test.yaml'), tests);
    for (const args of others) execFileSync(process.execPath, [command, ...args], { cwd: folder, env: { ...process.env, MECHA_WARM_UP: '1' }, stdio: ['ignore', 'pipe', 'inherit'] });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

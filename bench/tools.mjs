/**
 * What the tools cost: 500 tests of routes, and the start of each command, in CPU time of the process (other programs disturb that little) and by
 * the clock. `npm run bench:tools`, with the built program.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../dist/mecha.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mecha-tools-'));

/** The least of some runs: CPU milliseconds of the process, and milliseconds by the clock. */
function cost(args, runs = 5) {
  let best = { cpu: Infinity, wall: Infinity, status: 0 };
  for (let run = 0; run < runs; run++) {
    const children = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S %R"; time "$@" >out.txt 2>err.txt; echo $?', '_', process.execPath, ...args], { cwd: folder, encoding: 'utf8' });
    const [user, system, real] = children.stderr.trim().split(/\s+/).map(Number);
    const cpu = (user + system) * 1000;
    if (cpu < best.cpu) best = { cpu, wall: real * 1000, status: children.status };
  }
  return best;
}

const route = `- route:
    id: hello
    from:
      uri: direct:hello
      steps:
        - unmarshal: { json: {} }
        - choice:
            when:
              - simple: "\${body[n]} > 250"
                steps:
                  - setBody: { simple: "large \${body[n]}" }
                  - to: mock:large
            otherwise:
              steps:
                - to: http://backend.example/x
`;
for (let file = 0; file < 10; file++) {
  const tests = Array.from({ length: 50 }, (_, i) => file * 50 + i).map(
    (n) => `  - name: number ${n}\n    send: { to: direct:hello, body: '{"n": ${n}}' }\n    reply: { body: ${n > 250 ? `large ${n}` : 'fine'} }\n    expect: { mocks: { mock:large: ${n > 250 ? 1 : 0} } }\n`,
  );
  writeFileSync(join(folder, `r${file}.yaml`), route);
  writeFileSync(join(folder, `r${file}.test.yaml`), `mocks: { "http://backend.example/*": { reply: fine } }\ntests:\n${tests.join('')}`);
}

const show = (name, { cpu, wall }) => console.log(`${name.padEnd(44)} ${String(Math.round(cpu)).padStart(6)} ms CPU ${String(Math.round(wall)).padStart(7)} ms`);
try {
  show('500 tests', cost([program, 'test'], 3));
  show('node by itself', cost(['-e', '0']));
  for (const args of [['--help'], ['validate', 'r1.yaml'], ['describe', 'r1.yaml'], ['schema'], ['catalog', 'aggregate'], ['eval', 'Hello ${body}', '--body', 'you'], ['add', 'aggregate'], ['test', 'r1.test.yaml', '--filter', 'number 50'], ['deadletters', 'list'], ['get', 'routes'], ['doctor']]) {
    show(`mecha ${args.join(' ')}`, cost([program, ...args]));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

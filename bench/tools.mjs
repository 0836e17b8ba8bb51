/**
 * What the tools cost: 500 tests of routes, and the start of each command, in CPU time of the process (other programs disturb that little) and by
 * the clock; commands and bare Node in turns. `npm run bench:tools`, with the built program. On a busy machine `chrt -f 10 node bench/tools.mjs`
 * (as root) lets nothing come between.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../dist/mecha.cjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mecha-tools-'));

/** Of one run: CPU milliseconds of the process, and milliseconds by the clock. */
function cost(args) {
  const children = spawnSync('bash', ['-c', 'TIMEFORMAT="%U %S %R"; time "$@" >out.txt 2>err.txt', '_', process.execPath, ...args], { cwd: folder, encoding: 'utf8' });
  const [user, system, real] = children.stderr.trim().split(/\s+/).map(Number);
  return { cpu: (user + system) * 1000, wall: real * 1000 };
}

const least = (costs, key) => Math.min(...costs.map((one) => one[key]));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** What a start may take: 150 ms where Node by itself takes 40. */
const goal = 150 / 40;
const rounds = 20;

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

writeFileSync(join(folder, 'one.yaml'), '- route:\n    from:\n      uri: direct:one\n      steps:\n        - setBody: { simple: "Hello ${body}" }\n');
writeFileSync(join(folder, 'one.test.yaml'), 'tests:\n  - name: greets\n    send: { to: direct:one, body: you }\n    reply: Hello you\n');
mkdirSync(join(folder, 'small'));
copyFileSync(join(folder, 'r0.yaml'), join(folder, 'small/r0.yaml'));

const show = (name, costs, ...more) => console.log(`${name.padEnd(44)} ${String(Math.round(least(costs, 'cpu'))).padStart(6)} ms CPU ${String(Math.round(least(costs, 'wall'))).padStart(7)} ms`, ...more);
try {
  show('500 tests', [1, 2, 3].map(() => cost([program, 'test', ...Array.from({ length: 10 }, (_, file) => `r${file}.test.yaml`)])));
  const commands = [['--help'], ['validate', 'r1.yaml'], ['describe', 'r1.yaml'], ['schema'], ['catalog', 'aggregate'], ['eval', 'Hello ${body}', '--body', 'you'], ['add', 'aggregate'], ['test', 'one.test.yaml'], ['test', 'r1.test.yaml', '--filter', 'number 50'], ['deadletters', 'list'], ['get', 'routes'], ['doctor'], ['migrate', 'small'], ['completion', 'bash']];
  const starts = new Map([['-e', '0'], ...commands.map((args) => [program, ...args])].map((args) => [args, []]));
  for (let round = 0; round < rounds; round++) for (const [args, costs] of starts) costs.push(cost(args));
  const [[, node], ...others] = starts;
  show('node by itself', node);
  for (const [[, ...args], costs] of others) {
    const ratio = median(costs.map(({ wall }, round) => wall / node[round].wall));
    show(`mecha ${args.join(' ')}`, costs, `${ratio.toFixed(2).padStart(6)} x of node${ratio > goal ? `, more than ${goal} x` : ''}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * Compares Simple with Apache Camel over thousands of made-up expressions.
 *   tsx test/compat/fuzz-simple.ts record SEED COMMAND   makes them, has Camel answer them (`COMMAND --write FILE...` writes FILE.expected.json), keeps both
 *   tsx test/compat/fuzz-simple.ts                       evaluates what is kept and prints what differs, with its explanation
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { caseOf } from './fuzz/case.ts';
import { explanationOf } from './fuzz/explained.ts';
import { generate } from './fuzz/generate.ts';
import type { Recorded } from './fuzz/replay.ts';
import { readRecording, recordingFile, replay } from './fuzz/replay.ts';

const perFunction = 64;
const conditions = 2200;
const perFile = 250;

function record(seed: number, command: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  const all = generate(seed, perFunction, conditions);
  const kept: Recorded[] = [];
  for (let at = 0; at < all.length; at += perFile) {
    const sent = all.slice(at, at + perFile);
    const file = join(folder, 'fuzz.yaml');
    const yaml = caseOf(`Simple, seed ${seed}, from ${at}`, sent);
    writeFileSync(file, yaml);
    try {
      execFileSync(command, ['--write', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    } catch {
      console.log(`Camel did not answer the expressions from ${at}: they are left out`);
      continue;
    }
    const expected = JSON.parse(readFileSync(join(folder, 'fuzz.expected.json'), 'utf8')) as Recorded['expected'];
    if (!Array.isArray(expected.replies)) throw new Error(`Camel did not answer the expressions from ${at}: ${JSON.stringify(expected).slice(0, 300)}`);
    kept.push({ yaml, sources: sent.map(({ source }) => source), functions: sent.map(({ functions }) => functions), expected });
  }
  const packed = brotliCompressSync(JSON.stringify(kept), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });
  writeFileSync(recordingFile, packed);
  console.log(`${all.length} expressions, ${packed.length} bytes`);
}

const [, , what, seed, command] = process.argv;
if (what === 'record') record(Number(seed), command!);
else {
  const differences = await replay(readRecording());
  for (const { source, camel, here } of differences) {
    const explanation = explanationOf({ source, camel, here });
    if (explanation === null || what === 'all') console.log(`${source}\n  Camel ${camel.slice(0, 160)}\n  here  ${here.slice(0, 160)}${explanation === null ? '' : `\n  (${explanation})`}`);
  }
  console.log(`${differences.length} differ, ${differences.filter((one) => explanationOf(one) === null).length} without an explanation`);
  process.exit(0);
}

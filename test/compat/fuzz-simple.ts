/**
 * Compares Simple with Apache Camel over thousands of made-up expressions.
 *   tsx test/compat/fuzz-simple.ts record SEED COMMAND   makes them, has Camel answer them (`COMMAND --write FILE...` writes FILE.expected.json;
 *     the files in `resources` must be on its class path), keeps both
 *   tsx test/compat/fuzz-simple.ts add SEED COMMAND      makes a quarter as many, and keeps them with those that are there
 *   tsx test/compat/fuzz-simple.ts                       evaluates what is kept and prints what differs, with its explanation
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { caseOf } from './fuzz/case.ts';
import { explanationOf } from './fuzz/explained.ts';
import type { Sent } from './fuzz/generate.ts';
import { generate } from './fuzz/generate.ts';
import type { Recorded, Reply } from './fuzz/replay.ts';
import { readRecording, recordingFile, replay } from './fuzz/replay.ts';

const perFunction = 80;
const conditions = 3600;
const perFile = 250;

/**
 * What is kept of what was asked: all that Camel could evaluate, and of what failed there no more than half of the uses of each function and operator.
 */
function selected(sent: readonly Sent[], failed: readonly boolean[]): number[] {
  const room = new Map<string, number>();
  const namesOf = (at: number): Set<string> => new Set(sent[at]!.functions);
  for (let at = 0; at < sent.length; at++) if (!failed[at]) for (const name of namesOf(at)) room.set(name, (room.get(name) ?? 0) + 1);
  const kept: number[] = [];
  for (let at = 0; at < sent.length; at++) {
    if (failed[at]) {
      const names = [...namesOf(at)];
      if (names.some((name) => (room.get(name) ?? 0) <= 0)) continue;
      for (const name of names) room.set(name, room.get(name)! - 1);
    }
    kept.push(at);
  }
  return kept;
}

/** Has Camel answer the expressions, so many in a case file; an answer is null where Camel's own process failed. */
function answersTo(all: readonly Sent[], perCase: number, command: string): (Reply | null)[] {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  const parts: Sent[][] = [];
  for (let at = 0; at < all.length; at += perCase) parts.push(all.slice(at, at + perCase));
  const files = parts.map((part, i) => {
    const file = join(folder, `${i}.yaml`);
    writeFileSync(file, caseOf(`Simple, part ${i}`, part));
    return file;
  });
  try {
    execFileSync(command, ['--write', ...files], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch {
    // Some case had no answer: looked at below.
  }
  const answers = parts.flatMap((part, i): readonly (Reply | null)[] => {
    const { replies } = JSON.parse(readFileSync(join(folder, `${i}.expected.json`), 'utf8')) as Partial<Recorded['expected']>;
    if (replies?.length === part.length) return replies;
    if (perCase === 1) {
      console.log(`Camel has no answer to ${part[0]!.source}`);
      return [null];
    }
    return answersTo(part, 1, command);
  });
  rmSync(folder, { recursive: true });
  return answers;
}

function record(seed: number, command: string, share: number, before: readonly Recorded[]): void {
  const all = generate(seed, perFunction / share, conditions / share);
  const answers = answersTo(all, perFile, command);
  const sent = all.filter((_, at) => answers[at] !== null);
  const replies = answers.filter((answer) => answer !== null);
  const keep = selected(sent, replies.map(({ exception }) => Boolean(exception)));
  const kept = [...before];
  for (let at = 0; at < keep.length; at += perFile) {
    const part = keep.slice(at, at + perFile);
    const cases = part.map((index) => sent[index]!);
    kept.push({
      yaml: caseOf(`Simple, seed ${seed}, from ${at}`, cases),
      sources: cases.map(({ source }) => source),
      functions: cases.map(({ functions }) => functions),
      expected: { case: 'fuzz.yaml', startupError: null, replies: part.map((index) => replies[index]!), mocks: {} },
    });
  }
  const packed = brotliCompressSync(JSON.stringify(kept), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });
  writeFileSync(recordingFile, packed);
  console.log(`${keep.length} of ${all.length} expressions, ${packed.length} bytes`);
}

const [, , what, seed, command] = process.argv;
if (what === 'record') record(Number(seed), command!, 1, []);
else if (what === 'add') record(Number(seed), command!, 4, readRecording());
else {
  const differences = await replay(readRecording());
  for (const { source, camel, here } of differences) {
    const explanation = explanationOf({ source, camel, here });
    if (explanation === null || what === 'all') console.log(`${source}\n  Camel ${camel.slice(0, 160)}\n  here  ${here.slice(0, 160)}${explanation === null ? '' : `\n  (${explanation})`}`);
  }
  console.log(`${differences.length} differ, ${differences.filter((one) => explanationOf(one) === null).length} without an explanation`);
  process.exit(0);
}

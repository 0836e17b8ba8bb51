import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { runCase } from '../case.ts';
import { compare } from '../compare.mjs';

export const recordingFile = fileURLToPath(new URL('simple.json.br', import.meta.url));

export interface Reply {
  readonly body?: unknown;
  readonly exception?: { readonly type: string; readonly message: string; readonly causes?: readonly { readonly type: string; readonly message: string }[] } | null;
}

/** A case file of made-up expressions, and what Apache Camel answered. */
export interface Recorded {
  readonly yaml: string;
  readonly sources: readonly string[];
  readonly functions: readonly (readonly string[])[];
  readonly expected: { readonly case: string; readonly startupError: null; readonly mocks: object; readonly replies: readonly Reply[] };
}

export const readRecording = (): Recorded[] => JSON.parse(brotliDecompressSync(readFileSync(recordingFile)).toString()) as Recorded[];

export interface Difference {
  readonly source: string;
  /** What Camel gave, and what is given here: a text that begins with `!` for a failure. */
  readonly camel: string;
  readonly here: string;
}

const shown = ({ exception, body }: Reply): string => {
  if (exception === null || exception === undefined) return JSON.stringify(body ?? null);
  const { type, message } = exception.causes?.at(-1) ?? exception;
  return `!${type.replace(/.*\./, '')}: ${message.split('\n')[0]}`;
};

/** Evaluates all recorded expressions here and gives those whose answer differs; that both fail is enough where Camel fails. */
export async function replay(recording: readonly Recorded[]): Promise<Difference[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  const found: Difference[] = [];
  try {
    for (const { yaml, sources, expected } of recording) {
      const file = join(folder, 'fuzz.yaml');
      writeFileSync(file, yaml);
      const actual = JSON.parse(JSON.stringify(await runCase(file))) as { replies?: Reply[]; oracleError?: string };
      if (actual.replies === undefined) throw new Error(`the case does not run: ${JSON.stringify(actual).slice(0, 500)}`);
      const wrong = new Set<number>();
      for (const { path } of compare(expected, { case: 'fuzz.yaml', startupError: null, mocks: {}, ...actual }, '').differences) wrong.add(Number(/replies\[(\d+)\]/.exec(path)?.[1] ?? -1));
      for (const at of wrong) {
        const [camel, here] = [expected.replies[at]!, actual.replies[at]!];
        if (camel.exception && here.exception) continue;
        found.push({ source: sources[at]!, camel: shown(camel), here: shown(here) });
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return found;
}

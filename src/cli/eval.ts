import { isUtf8 } from 'node:buffer';
import { LoadError } from '../core/diagnostics.ts';
import { ExchangeError } from '../core/errors.ts';
import { parseJson, writeJson } from '../core/conversion/json.ts';
import { toText } from '../core/conversion/convert.ts';
import { printDiagnostics } from '../dsl/diagnose.ts';
import { Mecha } from '../runtime/mecha.ts';
import { bytesOfGiven } from './givenFiles.ts';
import type { Terminal } from './terminal.ts';
import { hasColour } from './terminal.ts';

/** What kind of value it is, in the words of YAML and JSON. */
const kindOf = (value: unknown): string =>
  value === null || value === undefined ? 'null' : Buffer.isBuffer(value) ? 'bytes' : Array.isArray(value) ? 'list' : value instanceof Date ? 'date' : typeof value === 'object' ? 'object' : typeof value === 'string' ? 'text' : typeof value === 'bigint' ? 'number' : typeof value;

const isData = (value: unknown): boolean => typeof value === 'object' && value !== null && !Buffer.isBuffer(value) && (Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null));

const textOrBytes = (bytes: Buffer): unknown => (isUtf8(bytes) ? bytes.toString('utf8') : bytes);

export async function evaluate(expression: string, options: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<number> {
  let body: unknown = null;
  const given = options['body'] as string | undefined;
  try {
    if (given !== undefined) body = given.startsWith('@') ? textOrBytes(bytesOfGiven(given.slice(1), terminal)) : given;
    if (options['parse'] === true) body = parseJson(String(body));
  } catch (thrown) {
    terminal.err.write(`error: the body can't be read: ${(thrown as Error).message}\n`);
    return 2;
  }
  const isPredicate = options['predicate'] === true;
  let value: unknown;
  try {
    value = await Mecha.evaluate(expression, {
      language: String(options['language']),
      body,
      headers: options['header'] as Record<string, string>,
      exchangeProperties: options['exchangeProperty'] as Record<string, string>,
      variables: options['variable'] as Record<string, string>,
      isPredicate,
      ...(options['resultType'] === undefined ? {} : { resultType: String(options['resultType']) }),
      properties: options['property'] as Record<string, string>,
      folder: terminal.folder,
      environment: terminal.environment,
    });
  } catch (thrown) {
    if (thrown instanceof LoadError) {
      terminal.err.write(`${printDiagnostics(thrown.diagnostics, { color: hasColour(terminal.err, terminal.environment) })}\n`);
      return 2;
    }
    const error = thrown as Error;
    terminal.err.write(`error: the expression failed: ${error instanceof ExchangeError ? `${error.type}: ` : ''}${error.message}\n`);
    return 1;
  }
  if (options['json'] === true) terminal.out.write(`${writeJson({ value: isData(value) || typeof value !== 'object' || value === null ? (value ?? null) : toText(value), kind: kindOf(value) })}\n`);
  else terminal.out.write(`${isData(value) ? writeJson(value) : (toText(value) ?? 'null')}\n`);
  return isPredicate && value !== true ? 1 : 0;
}

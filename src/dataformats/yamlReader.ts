import { isAlias, isCollection, isScalar, parseDocument, visit } from 'yaml';
import { ExchangeError } from '../core/errors.ts';
import { doubleText, exactNumber, javaDouble } from '../core/conversion/exactNumber.ts';
import { tooDeepYaml } from '../core/conversion/yamlDepth.ts';
import { Thread } from '../core/thread.ts';

/** As SnakeYAML has them. */
const deepest = 50;
const largestDocument = 3 * 1024 * 1024;

/** Longer texts (in characters) are read in a thread: the library takes microseconds for each character. */
const longestAtOnce = 100_000;
const longestMillis = 30_000;

export const failure = (type: string, message: string): ExchangeError => new ExchangeError(`org.yaml.snakeyaml.${type}`, message);

/** Texts that YAML 1.1 would take for something else. */
export const reserved =
  /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|~|null|Null|NULL|<<|=|[-+]?0b_*[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x_*[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+|[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?)$/;

const library = { isAlias, isCollection, isScalar, parseDocument, visit, doubleText };

interface Request {
  readonly text: string;
  readonly mostAliases: number;
  readonly deepest: number;
  readonly reserved: RegExp;
}

interface Outcome {
  readonly value?: unknown;
  /** Whether there are numbers and bytes in it that `unwrapped` has to make. */
  readonly isWrapped?: boolean;
  /** Class and message. */
  readonly failure?: readonly [string, string];
}

/**
 * Reads a document and checks its bounds. Numbers that are not the same in Java come in a wrapper that can leave a thread: a Number for a whole double, a
 * BigInt for an integer that JavaScript would round. The thread gets the text of this function and of `doubleText`: they use nothing
 * but their arguments.
 */
function readDocument({ isAlias, isCollection, isScalar, parseDocument, visit, doubleText }: typeof library, { text, mostAliases, deepest, reserved }: Request): Outcome {
  const tooDeep: Outcome = { failure: ['error.YAMLException', `Nesting Depth exceeded max ${deepest}`] };
  let document: ReturnType<typeof parseDocument>;
  try {
    // With this level it stops at the second document.
    document = parseDocument(text, { version: '1.1', uniqueKeys: false, intAsBigInt: true, merge: true, logLevel: 'error', prettyErrors: true });
  } catch (thrown) {
    // The parser's own recursion: a document nested without end.
    if (thrown instanceof RangeError) return tooDeep;
    throw thrown;
  }
  const error = document.errors[0];
  if (error?.code === 'MULTIPLE_DOCS') return { failure: ['composer.ComposerException', 'expected a single document in the stream, but found another document'] };
  if (error !== undefined) {
    const isOfScanner = ['TAB_AS_INDENT', 'BAD_SCALAR_START', 'BLOCK_AS_IMPLICIT_KEY', 'BAD_DQ_ESCAPE', 'MULTILINE_IMPLICIT_KEY'].includes(error.code) || error.message.startsWith('Missing closing');
    return { failure: [isOfScanner ? 'scanner.ScannerException' : 'parser.ParserException', error.message] };
  }
  // The library takes no whole number for a float, and no text for null.
  const isKnown = (message: string): boolean => /^Unresolved tag: tag:yaml\.org,2002:(?:float|null)\b/.test(message);
  const unknownTag = document.warnings.find(({ code, message }) => code === 'TAG_RESOLVE_FAILED' && !isKnown(message));
  if (unknownTag !== undefined) return { failure: ['constructor.ConstructorException', unknownTag.message] };
  let aliases = 0;
  let isWrapped = false;
  let refused: Outcome | null = null;
  visit(document, (key, node, path) => {
    if (isAlias(node)) {
      if (isCollection(node.resolve(document)) && ++aliases > mostAliases) {
        refused = { failure: ['error.YAMLException', `Number of aliases for non-scalar nodes exceeds the specified max=${mostAliases}`] };
        return visit.BREAK;
      }
    } else if (isScalar(node)) {
      if (node.tag === 'tag:yaml.org,2002:float' && typeof node.value === 'string') {
        const number = node.value === '' ? NaN : Number(node.value.replace(/_/g, ''));
        if (Number.isNaN(number)) {
          refused = { failure: ['error.YAMLException', `For input string: "${node.value}"`] };
          return visit.BREAK;
        }
        node.value = number;
      }
      if (node.tag === 'tag:yaml.org,2002:null') node.value = null;
      const { value } = node;
      const isText = node.type === 'PLAIN' && node.tag === undefined && node.source !== undefined && node.source !== '' && !reserved.test(node.source);
      // What the library takes for a number or a truth value, and SnakeYAML does not (`.`, `y`).
      if (key === 'key' && value === null) node.value = 'null';
      else if (isText && typeof value !== 'string') node.value = node.source;
      else if (typeof value === 'bigint') node.value = Number.isSafeInteger(Number(value)) ? Number(value) : Object(value);
      else if (typeof value === 'number' && Number.isInteger(value)) node.value = key === 'key' && !/:(?:set|omap)$/.test(String((path.at(-2) as { tag?: string }).tag)) ? doubleText(value) : Object(value);
      isWrapped ||= typeof node.value === 'object' && node.value !== null;
    } else if (isCollection(node) && path.filter(isCollection).length >= deepest) {
      refused = tooDeep;
      return visit.BREAK;
    }
    return undefined;
  });
  if (refused !== null) return refused;
  try {
    return { value: document.toJS({ maxAliasCount: Math.max(100, mostAliases) }) as unknown, isWrapped };
  } catch (thrown) {
    const { message } = thrown as Error;
    return { failure: [message.startsWith('Unresolved alias') ? 'composer.ComposerException' : 'error.YAMLException', message] };
  }
}

/** What is in a large document is let go of with the thread. */
const program = `
const { parentPort, workerData } = require('node:worker_threads');
const __name = (named) => named;
const readDocument = ${readDocument.toString()};
const library = { ...require(workerData.library), doubleText: ${doubleText.toString()} };
parentPort.on('message', (request) => {
  try {
    parentPort.postMessage({ output: readDocument(library, request), isBroken: request.text.length > 1000000 });
  } catch (error) {
    parentPort.postMessage({ error: String(error.message) });
  }
});
`;

const thread = new Thread<Request, Outcome>(program, 'yaml', longestMillis, (message) => failure('error.YAMLException', `the YAML document of more than ${longestAtOnce} characters could not be read: ${message}`));

function valueOf(outcome: Outcome): unknown {
  if (outcome.failure !== undefined) throw failure(...outcome.failure);
  return outcome.isWrapped === true ? unwrapped(outcome.value, new Set()) : outcome.value;
}

/** @param seen what has been gone through: aliases stand for the same thing */
function unwrapped(value: unknown, seen: Set<object>): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Number) return javaDouble(Number(value));
  if (value instanceof BigInt) return exactNumber(String(value));
  // Buffers become plain bytes on their way.
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (seen.has(value)) return value;
  seen.add(value);
  if (value instanceof Set) {
    const items = [...(value as Set<unknown>)];
    value.clear();
    for (const item of items) value.add(unwrapped(item, seen));
  } else if (value instanceof Map) {
    const entries = [...(value as Map<unknown, unknown>)];
    value.clear();
    for (const [key, item] of entries) value.set(unwrapped(key, seen), unwrapped(item, seen));
  } else {
    for (const key of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[key];
      const made = unwrapped(item, seen);
      if (made !== item) Object.defineProperty(value, key, { value: made, writable: true, enumerable: true, configurable: true });
    }
  }
  return value;
}

/** The value of a text; a promise where the text is long. */
export function readYaml(text: string, mostAliases: number): unknown {
  if (isTooLarge(text)) throw failure('error.YAMLException', `The incoming YAML document exceeds the limit: ${largestDocument} code points.`);
  if (tooDeepYaml(text) >= 0) throw failure('error.YAMLException', `Nesting Depth exceeded max ${deepest}`);
  const request = { text, mostAliases, deepest, reserved };
  return text.length > longestAtOnce ? thread.run(request).then(valueOf) : valueOf(readDocument(library, request));
}

/** Code points are counted, of which two characters may be one. */
function isTooLarge(text: string): boolean {
  if (text.length <= largestDocument) return false;
  let pairs = 0;
  for (let at = 0; at < text.length && text.length - pairs > largestDocument; at++) if (text.codePointAt(at)! > 0xffff) pairs++;
  return text.length - pairs > largestDocument;
}

import { withBytes } from '../core/conversion/convert.ts';
import { inTurns } from '../core/conversion/slices.ts';
import { largestUnpacked, tooLarge } from '../core/conversion/inflate.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import { field } from '../core/field.ts';

const largestChunk = 0xffff;

/** Longest way back, and longest repetition, that a reference can say. */
const farthest = 1 << 13;
const longest = (1 << 8) + 8;

const hashBits = 14;

const wrong = (what: string): ExchangeError => new ExchangeError('com.ning.compress.lzf.LZFException', `not LZF: ${what}`);

export const lzf = defineDataFormat({
  name: 'lzf',
  summary: 'LZF in chunks that begin with `ZV`, as the Java library and the program `lzf` write it: marshal packs bytes, unmarshal unpacks them.',
  options: {
    usingParallelCompression: field.boolean('Packs on several cores.').default(false).ignored('packing is one pass over the bytes, and gives the same chunks'),
  },
  create: () => ({
    marshal: (exchange, body) => withBytes(exchange, body, packed),
    unmarshal: (exchange, body) => withBytes(exchange, body, unpacked),
  }),
});

function packed(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  const seen = new Int32Array(1 << hashBits);
  for (let at = 0; at < bytes.length; at += largestChunk) {
    const chunk = bytes.subarray(at, at + largestChunk);
    const small = compressed(chunk, seen);
    chunks.push(small === null ? head(0, chunk.length) : head(1, small.length, chunk.length), small ?? chunk);
  }
  return Buffer.concat(chunks);
}

function head(kind: number, ...sizes: readonly number[]): Buffer {
  const bytes = Buffer.alloc(3 + 2 * sizes.length);
  bytes.write('ZV');
  bytes[2] = kind;
  sizes.forEach((size, i) => bytes.writeUInt16BE(size, 3 + 2 * i));
  return bytes;
}

/** One chunk in fewer bytes, or null where that can't be. `seen` has, for three bytes, where in the chunk they stood last. */
function compressed(chunk: Buffer, seen: Int32Array): Buffer | null {
  if (chunk.length < 16) return null;
  seen.fill(-1);
  const out = Buffer.alloc(chunk.length - 2);
  let to = 0;
  let literals = 0; // where those begin that are not written yet
  const writeLiterals = (end: number): boolean => {
    while (literals < end) {
      const size = Math.min(32, end - literals);
      if (to + 1 + size > out.length) return false;
      out[to++] = size - 1;
      to += chunk.copy(out, to, literals, literals + size);
      literals += size;
    }
    return true;
  };
  let at = 0;
  while (at < chunk.length - 2) {
    const three = (chunk[at]! << 16) | (chunk[at + 1]! << 8) | chunk[at + 2]!;
    const slot = Math.imul(three, 0x9e3779b1) >>> (32 - hashBits);
    const before = seen[slot]!;
    seen[slot] = at;
    const back = at - before - 1;
    if (before < 0 || back >= farthest || chunk[before] !== chunk[at] || chunk[before + 1] !== chunk[at + 1] || chunk[before + 2] !== chunk[at + 2]) {
      at++;
      continue;
    }
    const most = Math.min(longest, chunk.length - at);
    let length = 3;
    while (length < most && chunk[before + length] === chunk[at + length]) length++;
    if (!writeLiterals(at) || to + 3 > out.length) return null;
    const coded = length - 2;
    if (coded < 7) out[to++] = (coded << 5) | (back >> 8);
    else {
      out[to++] = (7 << 5) | (back >> 8);
      out[to++] = coded - 7;
    }
    out[to++] = back & 0xff;
    at += length;
    literals = at;
  }
  return writeLiterals(chunk.length) ? out.subarray(0, to) : null;
}

/** The chunks one by one; a promise while there are many. */
function unpacked(bytes: Buffer): Buffer | Promise<Buffer> {
  const parts: Buffer[] = [];
  let total = 0;
  let at = 0;
  return inTurns(
    () => {
      for (let i = 0; i < chunksBetweenLooks; i++) {
        if (at >= bytes.length) return true;
        if (bytes.length - at < 5 || bytes[at] !== 0x5a || bytes[at + 1] !== 0x56) throw wrong(`no chunk begins at byte ${at}`);
        const kind = bytes[at + 2]!;
        if (kind > 1) throw wrong(`a chunk of kind ${kind}`);
        const size = bytes.readUInt16BE(at + 3);
        const from = at + (kind === 0 ? 5 : 7);
        if (from + size > bytes.length) throw wrong(`it ends within the chunk at byte ${at}`);
        const part = bytes.subarray(from, from + size);
        const whole = kind === 0 ? part : expanded(part, bytes.readUInt16BE(at + 5));
        total += whole.length;
        if (total > largestUnpacked) throw tooLarge();
        if (whole.length > 0) parts.push(whole);
        at = from + size;
      }
      return false;
    },
    () => Buffer.concat(parts),
  );
}

const chunksBetweenLooks = 16;

function expanded(part: Buffer, size: number): Buffer {
  const out = Buffer.alloc(size);
  let to = 0;
  let at = 0;
  const next = (): number => {
    if (at >= part.length) throw wrong('a chunk ends within a piece');
    return part[at++]!;
  };
  while (at < part.length) {
    const code = next();
    if (code < 32) {
      if (at + code >= part.length || to + code >= size) throw wrong('a piece is longer than its chunk');
      to += part.copy(out, to, at, at + code + 1);
      at += code + 1;
      continue;
    }
    const length = (code >> 5 === 7 ? 7 + next() : code >> 5) + 2;
    const from = to - 1 - (((code & 0x1f) << 8) | next());
    if (from < 0 || to + length > size) throw wrong('a repetition points out of its chunk');
    // A repetition may overlap what it repeats: byte by byte.
    for (let i = 0; i < length; i++) out[to + i] = out[from + i]!;
    to += length;
  }
  if (to !== size) throw wrong(`a chunk has ${to} bytes, it says ${size}`);
  return out;
}

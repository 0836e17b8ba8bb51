import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { withBytes } from '../core/convert.ts';
import { defineDataFormat } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange.ts';
import { field } from '../core/field.ts';
import { tooLarge } from '../core/inflate.ts';
import { Message } from '../core/message.ts';

const fileName = 'CamelFileName';

export const zipFile = defineDataFormat({
  name: 'zipFile',
  summary: 'Zip archives: marshal makes one with a single entry, unmarshal gives the entry, or an iterator over all.',
  options: {
    usingIterator: field.boolean('Unmarshals to an iterator over all entries, for `split`.').default(false),
    allowEmptyDirectory: field.boolean('The iterator gives entries of folders, too.').default(false),
    preservePathElements: field.boolean('The entry keeps the folders of the file name.').default(false),
    maxDecompressedSize: field.integer('Most bytes that an entry may unpack to; -1 means no limit.').default(1073741824),
  },
  create: ({ usingIterator, allowEmptyDirectory, preservePathElements, maxDecompressedSize }) => ({
    marshal: (exchange, body) =>
      withBytes(body, (bytes) => {
        const given = exchange.headers.get(fileName);
        const name = typeof given === 'string' && given !== '' ? given : exchange.id;
        const plain = name.replace(/^.*[/\\]/s, '');
        const archive = zipped(preservePathElements ? name.replace(/^[/\\]+/, '') : plain, bytes);
        exchange.headers.set(fileName, `${plain}.zip`);
        return archive;
      }),
    unmarshal: (exchange, body) =>
      withBytes(body, (bytes) => {
        if (usingIterator) return messages(bytes, exchange, allowEmptyDirectory, maxDecompressedSize);
        const [first, ...more] = entries(bytes).filter(({ name }) => !name.endsWith('/'));
        if (first === undefined) throw new ExchangeError('java.lang.IllegalStateException', 'Unable to unzip the file, it may be corrupted.');
        if (more.length > 0) throw new ExchangeError('java.lang.IllegalStateException', 'Zip file has more than 1 entry.');
        const content = unpacked(bytes, first, maxDecompressedSize);
        exchange.headers.set(fileName, first.name);
        return content;
      }),
  }),
});

function* messages(archive: Buffer, exchange: Exchange, withFolders: boolean, limit: number): Generator<Message> {
  let found: readonly Entry[];
  try {
    found = entries(archive);
  } catch {
    // As in Camel, what is no archive has no entries.
    return;
  }
  for (const entry of found) {
    const isFolder = entry.name.endsWith('/');
    if (isFolder && !withFolders) continue;
    const headers = exchange.headers.copy();
    headers.set(fileName, entry.name);
    headers.set('zipFileName', entry.name);
    yield new Message(isFolder ? Buffer.alloc(0) : unpacked(archive, entry, limit), headers);
  }
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packedSize: number;
  /** Where its local header begins. */
  readonly at: number;
}

const localHeader = 0x04034b50;
const centralHeader = 0x02014b50;
const endOfDirectory = 0x06054b50;

const corrupted = (what: string): ExchangeError => new ExchangeError('java.util.zip.ZipException', `the zip archive is broken: ${what}`);

/** The directory at the end of an archive. */
function entries(archive: Buffer): Entry[] {
  let end = archive.length - 22;
  const lowest = Math.max(0, end - 65535);
  while (end >= lowest && archive.readUInt32LE(end) !== endOfDirectory) end--;
  if (end < lowest || end < 0) throw new ExchangeError('java.lang.IllegalStateException', 'Unable to unzip the file, it may be corrupted.');
  const count = archive.readUInt16LE(end + 10);
  const found: Entry[] = [];
  let at = archive.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (at + 46 > archive.length || archive.readUInt32LE(at) !== centralHeader) throw corrupted('its directory does not fit');
    const nameLength = archive.readUInt16LE(at + 28);
    found.push({
      name: archive.toString('utf8', at + 46, at + 46 + nameLength),
      method: archive.readUInt16LE(at + 10),
      packedSize: archive.readUInt32LE(at + 20),
      at: archive.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return found;
}

function unpacked(archive: Buffer, entry: Entry, limit: number): Buffer {
  if (entry.at + 30 > archive.length || archive.readUInt32LE(entry.at) !== localHeader) throw corrupted(`${entry.name} is not where it should be`);
  const start = entry.at + 30 + archive.readUInt16LE(entry.at + 26) + archive.readUInt16LE(entry.at + 28);
  const packed = archive.subarray(start, start + entry.packedSize);
  if (entry.method === 0) {
    if (limit >= 0 && packed.length > limit) throw tooLarge();
    return packed;
  }
  if (entry.method !== 8) throw corrupted(`${entry.name} is packed in a way (${entry.method}) that is not supported`);
  try {
    return inflateRawSync(packed, limit < 0 ? {} : { maxOutputLength: Math.max(1, limit) });
  } catch (thrown) {
    throw (thrown as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : corrupted((thrown as Error).message);
  }
}

/** An archive with one entry. The time is the format's zero: the same content gives the same archive. */
function zipped(name: string, content: Buffer): Buffer {
  const encodedName = Buffer.from(name);
  const packed = deflateRawSync(content);
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(0x0800, 2); // names are UTF-8
  shared.writeUInt16LE(8, 4);
  shared.writeUInt16LE(0x21, 8);
  shared.writeUInt32LE(crc32(content), 10);
  shared.writeUInt32LE(packed.length, 14);
  shared.writeUInt32LE(content.length, 18);
  shared.writeUInt16LE(encodedName.length, 22);
  const local = Buffer.alloc(4);
  local.writeUInt32LE(localHeader);
  const central = Buffer.alloc(6);
  central.writeUInt32LE(centralHeader);
  central.writeUInt16LE(20, 4);
  const directory = Buffer.concat([central, shared, Buffer.alloc(14), encodedName]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(endOfDirectory);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(30 + encodedName.length + packed.length, 16);
  return Buffer.concat([local, shared, encodedName, packed, directory, end]);
}

import { crc32, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib';
import { ExchangeError } from '../errors.ts';
import { runZlib, tooLarge } from './inflate.ts';

/** A file in an archive. */
export interface ZipEntry {
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

/** What the directory at the end of an archive lists. */
export function zipEntries(archive: Buffer): ZipEntry[] {
  let end = archive.length - 22;
  const lowest = Math.max(0, end - 65535);
  while (end >= lowest && archive.readUInt32LE(end) !== endOfDirectory) end--;
  if (end < lowest || end < 0) throw new ExchangeError('java.lang.IllegalStateException', 'Unable to unzip the file, it may be corrupted.');
  const count = archive.readUInt16LE(end + 10);
  const found: ZipEntry[] = [];
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

/** The content of a file as it lies in the archive. */
function packedContent(archive: Buffer, entry: ZipEntry, limit: number): { readonly content: Buffer; readonly isPacked: boolean } {
  if (entry.at + 30 > archive.length || archive.readUInt32LE(entry.at) !== localHeader) throw corrupted(`${entry.name} is not where it should be`);
  const start = entry.at + 30 + archive.readUInt16LE(entry.at + 26) + archive.readUInt16LE(entry.at + 28);
  const content = archive.subarray(start, start + entry.packedSize);
  if (entry.method !== 0 && entry.method !== 8) throw corrupted(`${entry.name} is packed in a way (${entry.method}) that is not supported`);
  if (entry.method === 0 && limit >= 0 && content.length > limit) throw tooLarge();
  return { content, isPacked: entry.method === 8 };
}

const boundedBy = (limit: number): { maxOutputLength?: number } => (limit < 0 ? {} : { maxOutputLength: Math.max(1, limit) });

/** The content of a file. @param limit most bytes that it may have; negative: no limit */
export function unzipped(archive: Buffer, entry: ZipEntry, limit: number): Buffer {
  const { content, isPacked } = packedContent(archive, entry, limit);
  if (!isPacked) return content;
  try {
    return inflateRawSync(content, boundedBy(limit));
  } catch (thrown) {
    throw (thrown as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : corrupted((thrown as Error).message);
  }
}

/** The same; a promise while what is large is unpacked in a thread. */
export function unzippedLater(archive: Buffer, entry: ZipEntry, limit: number): Buffer | Promise<Buffer> {
  const { content, isPacked } = packedContent(archive, entry, limit);
  return isPacked ? runZlib(inflateRawSync, inflateRaw, content, boundedBy(limit), ({ message }) => corrupted(message)) : content;
}

/** An archive of files. Its time is the format's zero: the same content gives the same archive. */
export function zipped(files: readonly { readonly name: string; readonly content: Buffer }[]): Buffer {
  const written: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content } of files) {
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
    const place = Buffer.alloc(14);
    place.writeUInt32LE(at, 10);
    written.push(local, shared, encodedName, packed);
    directory.push(central, shared, place, encodedName);
    at += 30 + encodedName.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(endOfDirectory);
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...written, listed, end]);
}

import type { Hash } from 'node:crypto';
import { createHash, getHashes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { chmod, lstat, open, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { checkCharset, encodeText, pieceDecoder, StrictEncoder } from '../../core/conversion/charset.ts';
import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { charsetOf, toText } from '../../core/conversion/convert.ts';
import { scalarNodeText } from '../../core/conversion/jsonNode.ts';
import { documentText } from '../../core/conversion/documentText.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { FileBody } from '../../core/conversion/file-body.ts';
import { makeFolderLater } from '../../core/folder.ts';
import { OptionError } from '../../core/optionError.ts';
import { FoundFile } from './found-file.ts';
import { uniqueSuffix } from './locks.ts';
import { codeOf, exists, ioReason, moveFile, operationFailed } from './move.ts';
import { DoneName, dynamicFolder, isWithin, nameSource, placeOf, realPlace } from './names.ts';
import type { fileOptions } from './options.ts';

type FileEndpoint = Endpoint<typeof fileOptions>;
type Chunks = Iterable<Buffer> | AsyncIterable<Buffer | string>;

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

const unescape = (text: string): string => text.replace(/\\([nrt])/g, (_all, letter: string) => escapes[letter]!);

/** Octal permissions, as the mode of a file. A leading digit does not count. */
function modeOf(option: string, name: string): number {
  if (!/^\d?[0-7]{3}$/.test(option)) throw new OptionError(name, `\`${name}\` must be between 000 and 777, not \`${option}\``);
  return Number.parseInt(option.slice(-3), 8);
}

/** What Node calls a digest that Java calls `SHA-256`, and Camel's documentation `SHA_256`. */
function hashName(algorithm: string): string {
  const [, kind = '', size = '', part] = /^(md|sha3[-_]|sha[-_]?)(\d+)(?:[-_/](\d+))?$/i.exec(algorithm) ?? [];
  const name = `${/^sha3/i.test(kind) ? 'sha3-' : kind.toLowerCase().replace(/[-_]$/, '')}${size}${part === undefined ? '' : `-${part}`}`;
  if (!getHashes().includes(name)) throw new OptionError('checksumFileAlgorithm', `there is no checksum \`${algorithm}\` here`, 'write `MD5`, `SHA-1`, `SHA-256`, `SHA-512` or `SHA3-256`');
  return name;
}

/** Writes that wait for one another: one at a time a path. */
class PathQueue {
  private readonly last = new Map<string, Promise<void>>();

  async run(path: string, work: () => Promise<void>): Promise<void> {
    const before = this.last.get(path);
    const turn = before === undefined ? work() : before.then(work);
    const quiet = turn.catch(() => undefined);
    this.last.set(path, quiet);
    try {
      await turn;
    } finally {
      if (this.last.get(path) === quiet) this.last.delete(path);
    }
  }
}

/** A write: where to, and what the route calls it. */
interface Target {
  /** Absolute. */
  readonly path: string;
  /** For the header CamelFileNameProduced. */
  readonly shown: string;
}

/**
 * Writes a file for each message: under another name first, then renamed, so that nobody ever sees half of one. Appending takes back
 * what it could not finish.
 */
class FileProducer implements Producer {
  private readonly options: FileEndpoint['options'];
  private readonly context: ConnectorContext;
  private readonly folder: string;
  private readonly shownFolder: string;
  private readonly queue: PathQueue;
  private readonly nameOf: ((exchange: Exchange) => unknown) | null;
  private readonly temporaryNameOf: ((exchange: Exchange) => unknown) | null;
  private readonly moveExistingTo: ((exchange: Exchange) => unknown) | null;
  private readonly doneName: DoneName | null;
  private readonly appended: string;
  private readonly hash: string | null;
  private readonly mode: number | null;
  private readonly folderMode: number | null;

  constructor({ options }: FileEndpoint, context: ConnectorContext) {
    this.options = options;
    this.context = context;
    this.folder = resolve(context.baseDir, options.directoryName);
    this.shownFolder = isAbsolute(options.directoryName) ? this.folder : options.directoryName.replace(/\/+$/, '');
    this.queue = context.shared('file:writes', () => new PathQueue());
    this.nameOf = options.fileName === undefined ? null : context.simple(options.fileName);
    this.temporaryNameOf = options.tempFileName === undefined ? null : context.simple(options.tempFileName);
    this.moveExistingTo = options.moveExisting === undefined ? null : context.simple(nameSource(options.moveExisting));
    this.doneName = options.doneFileName === undefined ? null : new DoneName(options.doneFileName);
    // As in Camel, only where files grow.
    this.appended = options.appendChars === undefined || options.fileExist !== 'Append' ? '' : unescape(options.appendChars);
    this.hash = options.checksumFileAlgorithm === undefined ? null : hashName(options.checksumFileAlgorithm);
    this.mode = options.chmod === undefined ? null : modeOf(options.chmod, 'chmod');
    this.folderMode = options.chmodDirectory === undefined ? null : modeOf(options.chmodDirectory, 'chmodDirectory');
  }

  async send(exchange: Exchange): Promise<void> {
    const { headers } = exchange;
    const given = headers.get('CamelFileName') ?? null;
    const overrule = headers.get('CamelOverruleFileName') ?? null;
    if (overrule !== null) headers.set('CamelFileName', overrule);
    const target = this.target(exchange);
    try {
      let isWritten = false;
      await this.queue.run(target.path, async () => {
        isWritten = await this.write(exchange, target);
      });
      if (isWritten || !this.isTemporary) headers.set('CamelFileNameProduced', target.shown);
    } finally {
      // As in Camel, the name is the message's own again.
      headers.set('CamelFileName', given);
      if (overrule !== null) headers.remove('CamelOverruleFileName');
    }
  }

  // ------------------------------------------------------------------------------------------------ names

  private target(exchange: Exchange): Target {
    const given = toText(this.nameOf === null ? exchange.headers.get('CamelFileName') : this.nameOf(exchange)) ?? exchange.id;
    let name = given.replaceAll('\\', '/');
    if (this.options.flatten) name = name.slice(name.lastIndexOf('/') + 1);
    if (name.includes('\0')) throw new ExchangeError('java.lang.IllegalArgumentException', 'a file name can not hold a null character');
    const path = join(this.folder, name).replace(/[/\\]+$/, '');
    if (this.options.jailStartingDirectory && !isWithin(this.folder, path)) throw this.jailed(path);
    return { path, shown: `${this.shownFolder}/${name}` };
  }

  private jailed(path: string): ExchangeError {
    return new ExchangeError('java.lang.IllegalArgumentException', `Cannot write file with name: ${path} as the filename is jailed to the starting directory: ${this.folder}/`);
  }

  /** Links may lead out of the folder where the name does not. */
  private async checkRealPlace(path: string): Promise<void> {
    if (!this.options.jailStartingDirectory) return;
    const jail = await realPlace(this.folder);
    if (!isWithin(jail, await realPlace(dirname(path)))) throw this.jailed(path);
    if (this.options.fileExist !== 'Append') return;
    const link = await lstat(path).catch(() => null);
    if (link?.isSymbolicLink() === true && !isWithin(jail, await realpath(path).catch(() => path))) throw this.jailed(path);
  }

  private temporaryName(exchange: Exchange, path: string): string {
    const { tempPrefix } = this.options;
    if (this.temporaryNameOf !== null) {
      const message = exchange.copy();
      // A name of the step's own is a name for this expression, too.
      if ((message.headers.get('CamelFileName') ?? null) === null) message.headers.set('CamelFileName', basename(path));
      const name = toText(this.temporaryNameOf(message));
      if (name === null || name === '') throw operationFailed(`tempFileName gave no name for ${path}`);
      const temporary = join(dirname(path), name);
      if (this.options.jailStartingDirectory && !isWithin(this.folder, temporary)) throw this.jailed(temporary);
      return temporary;
    }
    if (tempPrefix !== undefined && tempPrefix !== '') return join(dirname(path), `${tempPrefix}${basename(path)}`);
    // A leading dot keeps it out of the sight of consumers.
    return join(dirname(path), `.${basename(path).slice(0, 200)}.${uniqueSuffix()}.tmp`);
  }

  // ------------------------------------------------------------------------------------------------ writing

  /** Whether the message asks for a name of its own while it is written. */
  private get isTemporary(): boolean {
    return this.options.tempPrefix !== undefined || this.options.tempFileName !== undefined;
  }

  /** False: the file that is there already was left as it is. */
  private async write(exchange: Exchange, { path }: Target): Promise<boolean> {
    const { fileExist, allowNullBody } = this.options;
    const { body } = exchange;
    const isNull = body === null || body === undefined;
    if (path === this.folder) throw operationFailed(`Cannot store file: ${path} (it is a folder)`);
    await this.checkRealPlace(path);
    let isAppending = false;
    if (fileExist !== 'Override' && fileExist !== 'TryRename' && (await exists(path))) {
      if (fileExist === 'Ignore') return false;
      if (fileExist === 'Fail') throw operationFailed(`File already exist: ${path}. Cannot write new file.`);
      if (fileExist === 'Move') await this.moveExisting(exchange, path);
      else isAppending = true;
    }
    if (isNull && !allowNullBody) throw operationFailed(`Cannot write null body to file: ${path}`);
    let sum: string | null = null;
    try {
      const chunks = isNull ? [] : await this.chunks(exchange);
      const digest = this.hash === null ? null : createHash(this.hash);
      if (isAppending) await this.append(path, isNull ? null : chunks, digest);
      else await this.replace(exchange, path, chunks, digest);
      sum = digest?.digest('hex') ?? null;
    } catch (thrown) {
      if (thrown instanceof ExchangeError && /(GenericFileOperationFailed|IllegalArgument)Exception$/.test(thrown.type)) throw thrown;
      const reason = codeOf(thrown) !== '' ? ` (${ioReason(thrown)})` : thrown instanceof ExchangeError ? ` (${thrown.message})` : '';
      throw operationFailed(`Cannot store file: ${path}${reason}`, thrown);
    }
    await this.finish(exchange, path, sum);
    return true;
  }

  private async replace(exchange: Exchange, path: string, chunks: Chunks, digest: Hash | null): Promise<void> {
    const found = await stat(path).catch(() => null);
    if (found?.isDirectory() === true) throw operationFailed(`Cannot store file: ${path} (it is a folder)`);
    const temporary = this.temporaryName(exchange, path);
    const handle = await this.openNew(temporary);
    try {
      try {
        await this.fill(handle, chunks, 0, digest);
        if (this.mode !== null) await handle.chmod(this.mode);
        else if (found !== null) await handle.chmod(found.mode & 0o777).catch(() => undefined);
        if (this.options.forceWrites) await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, path);
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw thrown;
    }
    if (this.options.forceWrites) await syncFolder(dirname(path));
  }

  private async append(path: string, chunks: Chunks | null, digest: Hash | null): Promise<void> {
    if (chunks === null) return;
    const handle = await open(path, 'a');
    const { size } = await handle.stat();
    try {
      await this.fill(handle, chunks, size, digest);
      if (this.mode !== null) await handle.chmod(this.mode);
      if (this.options.forceWrites) await handle.sync();
    } catch (thrown) {
      await handle.truncate(size).catch(() => undefined);
      throw thrown;
    } finally {
      await handle.close();
    }
  }

  private async openNew(path: string): Promise<FileHandle> {
    try {
      return await open(path, 'w');
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT' || !this.options.autoCreate) throw thrown;
      await this.makeFolder(dirname(path));
      return open(path, 'w');
    }
  }

  private async makeFolder(folder: string): Promise<void> {
    const first = await makeFolderLater(folder);
    if (this.folderMode === null || first === null) return;
    for (let made = folder; isWithin(first, made); made = dirname(made)) await chmod(made, this.folderMode);
  }

  /** @param digest of the message: as in Camel, neither of what was in the file nor of what `appendChars` adds */
  private async fill(handle: FileHandle, chunks: Chunks, start: number, digest: Hash | null): Promise<void> {
    let position = start;
    const put = async (bytes: Buffer): Promise<void> => {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, position);
        at += bytesWritten;
        position += bytesWritten;
      }
    };
    for await (const chunk of chunks) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      digest?.update(bytes);
      await put(bytes);
    }
    if (this.appended !== '') await put(encodeText(this.appended, this.options.charset ?? null));
  }

  /** The body as bytes, piece by piece. Only texts, bytes, files and streams have some: as in Camel, the others must be marshalled first. */
  private async chunks(exchange: Exchange): Promise<Chunks> {
    const { body } = exchange;
    const { charset } = this.options;
    if (typeof body === 'string') return [charset === undefined ? Buffer.from(body) : new StrictEncoder(charset).encode(body, true)];
    const source = charset === undefined ? null : charsetOf(exchange);
    if (body instanceof Uint8Array) return this.recoded(Buffer.from(body.buffer, body.byteOffset, body.byteLength), source);
    if (body instanceof FileBody) return this.recoded(body.stream(), body.charset);
    if (typeof body === 'object' && body !== null) {
      const text = documentText(body);
      if (text !== null) return [encodeText(text, charset ?? null)];
      if (typeof (body as { stream?: unknown }).stream === 'function') return this.recoded((body as { stream(): AsyncIterable<Buffer> }).stream(), source);
      if (Symbol.asyncIterator in body) return this.recoded(body as AsyncIterable<Buffer | string>, source);
      if (typeof (body as { bytes?: unknown }).bytes === 'function') return this.recoded((body as { bytes(): Buffer }).bytes(), source);
    }
    const scalar = scalarNodeText(exchange, body);
    if (scalar !== null) return [encodeText(scalar, charset ?? null)];
    throw new ExchangeError('org.apache.camel.InvalidPayloadException', `a body of this kind can't be written to a file (${Array.isArray(body) ? 'list' : typeof body}): convert or marshal it first`);
  }

  /** Bytes of one charset (null is UTF-8) in that of the endpoint. */
  private async recoded(bytes: Buffer | AsyncIterable<Buffer | string>, source: string | null): Promise<Chunks> {
    const { charset } = this.options;
    const chunks: Chunks = Buffer.isBuffer(bytes) ? [bytes] : bytes;
    if (charset === undefined || charset.toLowerCase() === (source ?? 'utf-8').toLowerCase()) return chunks;
    return recode(chunks, source, new StrictEncoder(charset));
  }

  // ------------------------------------------------------------------------------------------------ around it

  private async moveExisting(exchange: Exchange, path: string): Promise<void> {
    const existing = new FoundFile(path, this.folder, this.options.directoryName, await stat(path));
    const message = exchange.copy();
    existing.describe(message.headers);
    const name = toText(this.moveExistingTo!(message)) ?? '';
    if (name === '') throw operationFailed(`moveExisting evaluated as empty String, cannot move existing file: ${path}`);
    const target = placeOf(name, this.folder, this.options.directoryName);
    if (target === path || target === this.folder) throw operationFailed(`moveExisting gives no other name for ${path}`);
    if (this.options.jailStartingDirectory && !isWithin(this.folder, target)) throw this.jailed(target);
    if (!this.options.eagerDeleteTargetFile && (await exists(target))) throw operationFailed(`Cannot move existing file ${path} to ${target}: there is a file already`);
    await moveFile(path, target, { usesCopy: this.options.renameUsingCopy, fallsBackToCopy: this.options.copyAndDeleteOnRenameFail });
  }

  private async finish(exchange: Exchange, path: string, sum: string | null): Promise<void> {
    const { keepLastModified, checksumWriteFile, checksumFileAlgorithm } = this.options;
    if (keepLastModified) {
      const time = exchange.headers.get('CamelFileLastModified');
      const millis = time instanceof Date ? time.getTime() : typeof time === 'number' ? time : Number.NaN;
      if (!Number.isNaN(millis)) await utimes(path, new Date(millis), new Date(millis));
    }
    if (sum !== null) {
      exchange.headers.set('CamelFileChecksum', sum);
      if (checksumWriteFile) await writeFile(`${path}.${checksumFileAlgorithm!.replaceAll(/[_/]/g, '-')}`, sum);
    }
    if (this.doneName !== null) {
      const done = this.doneName.of(path);
      if (this.options.jailStartingDirectory && !isWithin(this.folder, done)) throw this.jailed(done);
      await (await this.openNew(done)).close();
    }
  }
}

async function* recode(chunks: Chunks, source: string | null, encoder: StrictEncoder): AsyncGenerator<Buffer> {
  const decoder = pieceDecoder(source);
  for await (const chunk of chunks) yield encoder.encode(typeof chunk === 'string' ? chunk : decoder.write(chunk), false);
  yield encoder.encode(decoder.end(), true);
}

/** A rename is safe when its folder is. Not all systems can do that. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  if (handle === null) return;
  try {
    await handle.sync();
  } catch {
    // Windows, some network file systems.
  } finally {
    await handle.close();
  }
}

/** @throws Error when options don't fit together */
export async function openFileProducer(endpoint: FileEndpoint, context: ConnectorContext): Promise<Producer> {
  const { fileExist, tempPrefix, tempFileName, moveExisting, charset, directoryName } = endpoint.options;
  if (directoryName.includes('${')) throw dynamicFolder(directoryName);
  if (fileExist === 'Append' && (tempPrefix !== undefined || tempFileName !== undefined)) throw new OptionError(['tempPrefix', 'tempFileName'], '`fileExist=Append` and temporary names exclude each other', 'take out `tempPrefix` and `tempFileName`, or write the file anew');
  if (fileExist === 'Move' && moveExisting === undefined) throw new OptionError('fileExist', '`fileExist=Move` needs `moveExisting`', 'say where the file that is there goes, such as `moveExisting=backup/${file:name}`');
  if (fileExist !== 'Move' && moveExisting !== undefined) throw new OptionError('moveExisting', '`moveExisting` needs `fileExist=Move`', 'set it, or take out `moveExisting`');
  if (charset !== undefined) checkCharset(charset);
  return new FileProducer(endpoint, context);
}

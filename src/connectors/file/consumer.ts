import { access, constants, rm, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { checkCharset } from '../../core/conversion/charset.ts';
import type { Consumer, ConnectorContext, Delivery, Endpoint, PolledMessage, Sink } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { isUnhandled } from '../../core/exchange/exchange.ts';
import { makeFolderLater } from '../../core/folder.ts';
import { exclusiveOptions, OptionError } from '../../core/optionError.ts';
import type { Schedule } from '../../core/schedule/cron.ts';
import { bridgePollFailure, Poller, pollSchedule } from '../../core/schedule/polling.ts';
import type { IdempotentRepository } from '../../core/state/repositories.ts';
import { MemoryKeys } from '../../core/state/repositories.ts';
import { attributesOf, contentTypeOf } from './attributes.ts';
import type { FoundFile } from './found-file.ts';
import type { ReadLock } from './locks.ts';
import { readLockOf, removeOrphanedMarkers } from './locks.ts';
import { codeOf, ioReason, moveFile } from './move.ts';
import { DoneName, dynamicFolder, nameSource, placeOf } from './names.ts';
import type { fileOptions } from './options.ts';
import { comparator, messageOf, Scanner } from './scan.ts';

type FileEndpoint = Endpoint<typeof fileOptions>;
type Order = (files: FoundFile[]) => FoundFile[];

/** Failing deliveries of an unchanged file after which it is left alone. */
const mostAttempts = 5;
/** Files whose locks are being acquired at once, where that takes a while. */
const locksAhead = 16;
/** Files that have left the route and are not settled yet (members of an open group), over which no more are taken. */
const mostUnsettled = 10_000;
const rememberedFiles = 100_000;
const longestReceivePause = 500;

/** Sets what the message gets beside body and headers. */
const properties = (file: FoundFile, charset: string | undefined, index: number, size: number): Record<string, unknown> => ({
  CamelFileExchangeFile: file.body,
  ...(charset === undefined ? {} : { CamelCharsetName: charset }),
  CamelBatchSize: size,
  CamelBatchIndex: index,
  CamelBatchComplete: index === size - 1,
});

/**
 * Takes the files of a folder, one poll after the other and by default one file after the other. A file is in progress until its message
 * has settled: then it is moved, deleted or left and remembered. When its message failed it goes where `moveFailed` says, or stays: an
 * unchanged file is then tried a few times and not for ever.
 */
class FileConsumer implements Consumer {
  private readonly endpoint: FileEndpoint;
  private readonly context: ConnectorContext;
  private readonly folder: string;
  private readonly scanner: Scanner;
  private readonly order: Order;
  private readonly doneName: DoneName | null;
  private readonly lock: ReadLock | null;
  private readonly seen: IdempotentRepository | null;
  private readonly inProgress: IdempotentRepository;
  private readonly keyOf: (file: FoundFile) => string;
  private readonly moveTo: ((message: Exchange) => unknown) | null;
  private readonly moveFailedTo: ((message: Exchange) => unknown) | null;
  private readonly preMoveTo: ((message: Exchange) => unknown) | null;
  private readonly poller: Poller;
  private readonly failures = new Map<string, { version: string; count: number }>();
  /** Handled files that could not be moved away yet, by the path that they have. */
  private readonly stuck = new Map<string, { file: FoundFile; version: string; exchange: Exchange }>();
  private sink: Sink | null = null;
  private isOn = false;
  private isPrepared = false;
  private isWaitingForFolder = false;
  private credit = 1;
  private underWay = 0;
  private unsettled = 0;
  private listeners: (() => void)[] = [];

  constructor(endpoint: FileEndpoint, context: ConnectorContext, schedule: Schedule | null) {
    const { options } = endpoint;
    this.endpoint = endpoint;
    this.context = context;
    this.folder = resolve(context.baseDir, options.directoryName);
    this.doneName = options.doneFileName === undefined ? null : new DoneName(options.doneFileName);
    const expression = (source: string | undefined): ((message: Exchange) => unknown) | null => (source === undefined || source === '' ? null : context.simple(nameSource(source)));
    this.moveTo = options.noop || options.delete ? null : expression(options.move ?? '.camel');
    this.moveFailedTo = expression(options.moveFailed);
    this.preMoveTo = expression(options.preMove);
    const key = options.idempotentKey === undefined ? null : context.simple(options.idempotentKey);
    this.keyOf = key === null ? (file) => file.foundPath : (file) => toText(key(messageOf(file, context))) ?? file.foundPath;
    const owner = `${context.routeId ?? ''}:${this.folder}`;
    const repository = options.idempotentRepository === undefined ? null : context.bean<IdempotentRepository>(options.idempotentRepository);
    const isLockedByKey = options.readLock.startsWith('idempotent');
    // What a pollEnrich has seen is nothing to another one.
    const reader = context.routeId === null ? endpoint.uri : owner;
    this.seen = (options.idempotent ?? options.noop) && !isLockedByKey ? (repository ?? context.shared(`file:seen:${reader}`, () => new MemoryKeys(rememberedFiles))) : null;
    this.inProgress =
      options.inProgressRepository === undefined
        ? context.shared(`file:inProgress:${owner}`, () => new MemoryKeys(Infinity))
        : context.bean<IdempotentRepository>(options.inProgressRepository);
    this.lock = readLockOf(options, repository, this.keyOf, context);
    this.order = orderOf(options, context);
    this.scanner = new Scanner({ options, context, folder: this.folder, doneName: this.doneName, isFree: (file) => this.isFree(file) });
    this.poller = new Poller(
      options,
      { clock: context.clock, poll: () => this.poll(), failed: (error) => this.pollFailed(error), log: (level, message) => context.log(level, message) },
      schedule,
    );
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    await this.prepareFolder();
    this.isOn = true;
    this.poller.start();
  }

  async stop(): Promise<void> {
    this.isOn = false;
    this.wake();
    await this.poller.stop();
  }

  suspend(): Promise<void> {
    return this.stop();
  }

  resume(): Promise<void> {
    this.isOn = true;
    this.poller.resume();
    return Promise.resolve();
  }

  /** More than one file at a time loses their order, so it takes a runtime that asks for it. */
  setCredit(credit: number): void {
    this.credit = Math.max(1, credit);
    this.wake();
  }

  async receive(timeoutMillis: number): Promise<PolledMessage | null> {
    const { clock } = this.context;
    const deadline = timeoutMillis < 0 ? Infinity : clock.now() + timeoutMillis;
    if (!this.isPrepared) await this.prepareFolder();
    for (;;) {
      const file = await this.firstFile();
      if (file !== null) return this.polled(file);
      const left = deadline - clock.now();
      if (left <= 0) return null;
      await this.pause(Math.min(left, this.endpoint.options.delay, longestReceivePause));
    }
  }

  // ------------------------------------------------------------------------------------------------ polls

  private async poll(): Promise<number> {
    await this.retryStuck();
    const files = await this.list();
    if (!this.isOn) return 0;
    if (files.length === 0) {
      if (this.endpoint.options.sendEmptyMessageWhenIdle) await this.sendEmpty();
      return 0;
    }
    return this.deliverAll(files);
  }

  /** The files of this poll, in their order. A folder that is not there has none. */
  private async list(): Promise<FoundFile[]> {
    const { directoryMustExist, maxMessagesPerPoll } = this.endpoint.options;
    let files: FoundFile[];
    try {
      files = await this.scanner.files();
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT' && !directoryMustExist) return [];
      throw new ExchangeError('java.io.IOException', `can't read the folder ${this.folder}: ${ioReason(thrown)}`, { cause: thrown });
    }
    if (this.isWaitingForFolder) {
      this.isWaitingForFolder = false;
      this.context.ready();
    }
    const ordered = this.order(files);
    return maxMessagesPerPoll > 0 ? ordered.slice(0, maxMessagesPerPoll) : ordered;
  }

  private pollFailed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (!this.isWaitingForFolder) this.context.waiting(message);
    this.isWaitingForFolder = true;
    if (this.endpoint.options.bridgeErrorHandler && this.isOn) bridgePollFailure(this.sink!, error);
  }

  private sendEmpty(): Promise<void> {
    const sink = this.sink!;
    const exchange = sink.exchange(null, undefined, this.isInOut);
    exchange.properties.set('CamelBatchSize', 1);
    exchange.properties.set('CamelBatchIndex', 0);
    exchange.properties.set('CamelBatchComplete', true);
    return new Promise((left) => sink.push(exchange, { left: () => left(), settle: () => {} }));
  }

  private async deliverAll(files: readonly FoundFile[]): Promise<number> {
    const ahead = this.lock?.isSlow === true ? locksAhead : 1;
    const begun: Promise<boolean>[] = [];
    let delivered = 0;
    let next = 0;
    for (; next < files.length && this.isOn; next++) {
      await this.until(() => !this.isOn || (this.underWay < this.credit && this.unsettled < mostUnsettled));
      if (!this.isOn) break;
      while (begun.length < Math.min(files.length, next + ahead)) begun.push(this.begin(files[begun.length]!));
      if (!(await begun[next]!)) continue;
      if (!this.isOn) break;
      this.deliver(files[next]!, next, files.length);
      delivered++;
    }
    for (; next < begun.length; next++) if (await begun[next]!) await this.giveBack(files[next]!);
    await this.until(() => !this.isOn || this.underWay === 0);
    return delivered;
  }

  private deliver(file: FoundFile, index: number, size: number): void {
    const { options } = this.endpoint;
    const sink = this.sink!;
    const exchange = sink.exchange(file.makeBody(options.charset ?? null), this.headersOf(file), this.isInOut);
    const bag = exchange.properties;
    for (const [name, value] of Object.entries(properties(file, options.charset, index, size))) bag.set(name, value);
    file.isLastOfBatch = index === size - 1;
    this.underWay++;
    this.unsettled++;
    let isAside = false;
    const freed = (): void => {
      this.underWay--;
      this.wake();
    };
    const delivery: Delivery = {
      wouldLose: this.moveFailedTo === null,
      comesAgain: true,
      aside: () => {
        isAside = true;
        freed();
      },
      left: () => {
        if (!isAside) freed();
      },
      settle: async (settled) => {
        await this.settle(file, settled);
        this.unsettled--;
        this.wake();
      },
    };
    sink.push(exchange, delivery);
  }

  private async firstFile(): Promise<FoundFile | null> {
    await this.retryStuck();
    const files = await this.list();
    for (const file of files) if (await this.begin(file)) return file;
    return null;
  }

  private polled(file: FoundFile): PolledMessage {
    const { charset } = this.endpoint.options;
    file.isLastOfBatch = true;
    const body = file.makeBody(charset ?? null);
    return { body, headers: this.headersOf(file), properties: properties(file, charset, 0, 1), settle: (exchange) => this.settle(file, exchange) };
  }

  private headersOf(file: FoundFile): ReturnType<FoundFile['headers']> {
    const { probeContentType, extendedAttributes } = this.endpoint.options;
    const headers = file.headers();
    if (probeContentType) headers.set('CamelFileContentType', contentTypeOf(file.nameOnly));
    if (this.endpoint.options.flatten) headers.set('CamelFileName', file.nameOnly);
    if (extendedAttributes !== undefined) headers.set('CamelFileExtendedAttributes', attributesOf(file.stats, extendedAttributes));
    return headers;
  }

  /** Handled files stay where they are; `delete` goes before `noop`. */
  private get isLeft(): boolean {
    return this.endpoint.options.noop && !this.endpoint.options.delete;
  }

  private get isInOut(): boolean {
    return this.endpoint.options.exchangePattern === 'InOut';
  }

  // ------------------------------------------------------------------------------------------------ one file

  /** Whether a poll may take the file: nobody has it now, it was not handled before, and has not failed too often. */
  private async isFree(file: FoundFile): Promise<boolean> {
    if (await this.inProgress.contains(file.foundPath)) return false;
    if (this.stuck.has(file.foundPath)) return false;
    const failure = this.failures.get(file.foundPath);
    if (failure !== undefined) {
      if (failure.version !== file.version) this.failures.delete(file.foundPath);
      else if (failure.count >= mostAttempts) return false;
    }
    return this.seen === null || !(await this.seen.contains(this.keyOf(file)));
  }

  /** Makes the file ours. False: it is not ready, gone, or somebody else has it. */
  private async begin(file: FoundFile): Promise<boolean> {
    if (!(await this.inProgress.add(file.foundPath))) return false;
    let isOurs = false;
    let isLocked = false;
    try {
      isLocked = this.lock === null || (await this.lock.acquire(file, () => !this.isOn && this.sink !== null));
      if (!isLocked) this.logLock(file);
      isOurs = isLocked && (await this.claim(file));
    } catch (thrown) {
      if (codeOf(thrown) !== 'ENOENT') this.context.log('warn', `can't take ${file.path}: ${ioReason(thrown)}`);
    }
    if (isOurs) return true;
    if (isLocked) await this.lock?.release(file, false);
    await this.inProgress.remove(file.foundPath);
    return false;
  }

  private async claim(file: FoundFile): Promise<boolean> {
    if (this.seen !== null) {
      file.key = this.keyOf(file);
      // Without eager, a poll has looked once: files of one key that it has found together all go.
      if (this.endpoint.options.idempotentEager && !(await this.seen.add(file.key))) return false;
    }
    try {
      if (this.preMoveTo !== null) {
        const name = this.nameFor(file, this.preMoveTo, null);
        const target = this.placeOf(name);
        await this.move(file.path, target);
        file.premoved(target, name);
      }
      file.stats = await stat(file.path);
    } catch (thrown) {
      await this.forget(file);
      throw thrown;
    }
    return true;
  }

  private logLock(file: FoundFile): void {
    const { readLockLoggingLevel: level } = this.endpoint.options;
    if (level === 'OFF') return;
    const ours = level === 'TRACE' ? 'debug' : (level.toLowerCase() as 'debug' | 'info' | 'warn' | 'error');
    this.context.log(ours, `no read lock for ${file.path} yet: it will be tried again`);
  }

  /** A file that was begun and is not delivered after all. */
  private async giveBack(file: FoundFile): Promise<void> {
    await this.restore(file);
    await this.forget(file);
    await this.lock?.release(file, false);
    await this.inProgress.remove(file.foundPath);
  }

  private async settle(file: FoundFile, exchange: Exchange): Promise<void> {
    const isDone = !isUnhandled(exchange);
    try {
      if (isDone) await this.commit(file, exchange);
      else await this.rollBack(file, exchange);
    } finally {
      await this.lock?.release(file, isDone).catch((thrown: unknown) => this.context.log('warn', `can't release the lock of ${file.path}: ${ioReason(thrown)}`));
      await this.inProgress.remove(file.foundPath);
    }
  }

  private async commit(file: FoundFile, exchange: Exchange): Promise<void> {
    this.failures.delete(file.foundPath);
    if (this.seen !== null && file.key !== null) {
      if (!this.endpoint.options.idempotentEager) await this.seen.add(file.key);
      await this.seen.confirm(file.key);
    }
    try {
      await this.clearAway(file, exchange);
    } catch (thrown) {
      this.context.log('error', `${file.path} was handled, but can't be moved away: ${ioReason(thrown)}; it will be tried again`);
      this.stuck.set(file.path, { file, version: file.version, exchange });
    }
    if (this.doneName !== null && !this.isLeft && (!this.doneName.isFixed || file.isLastOfBatch)) {
      await rm(this.doneName.of(file.foundPath), { force: true }).catch((thrown: unknown) => this.context.log('warn', `can't delete the done file of ${file.path}: ${ioReason(thrown)}`));
    }
  }

  private async clearAway(file: FoundFile, exchange: Exchange): Promise<void> {
    if (this.isLeft) return;
    if (this.moveTo === null) await rm(file.path, { force: true });
    else await this.moveAway(file, this.moveTo, exchange);
  }

  private async rollBack(file: FoundFile, exchange: Exchange): Promise<void> {
    await this.forget(file);
    try {
      if (this.moveFailedTo !== null) {
        await this.moveAway(file, this.moveFailedTo, exchange);
        return;
      }
      await this.restore(file);
    } catch (thrown) {
      this.context.log('error', `${file.path} failed, and can't be moved: ${ioReason(thrown)}`);
    }
    const before = this.failures.get(file.foundPath);
    const count = before !== undefined && before.version === file.version ? before.count + 1 : 1;
    this.failures.set(file.foundPath, { version: file.version, count });
    if (count >= mostAttempts) this.context.log('error', `${file.path} failed ${count} times: it is left where it is until it changes (moveFailed would move it)`);
  }

  private async moveAway(file: FoundFile, to: (message: Exchange) => unknown, exchange: Exchange): Promise<void> {
    const target = this.placeOf(this.nameFor(file, to, exchange));
    await this.move(file.path, target);
    file.body?.moved(target);
  }

  private nameFor(file: FoundFile, to: (message: Exchange) => unknown, exchange: Exchange | null): string {
    let message = exchange?.copy() ?? null;
    // The route may have changed the headers, but the file is where it is.
    if (message === null) message = messageOf(file, this.context);
    else file.describe(message.headers);
    const name = toText(to(message));
    if (name === null || name === '') throw new Error('the expression for its new name gave nothing');
    return name;
  }

  private placeOf(name: string): string {
    return placeOf(name, this.folder, this.endpoint.options.directoryName);
  }

  private move(from: string, to: string): Promise<void> {
    const { renameUsingCopy, copyAndDeleteOnRenameFail } = this.endpoint.options;
    return moveFile(from, to, { usesCopy: renameUsingCopy, fallsBackToCopy: copyAndDeleteOnRenameFail });
  }

  /** Takes preMove back. */
  private async restore(file: FoundFile): Promise<void> {
    if (file.path === file.foundPath) return;
    await this.move(file.path, file.foundPath);
    file.body?.moved(file.foundPath);
    file.restored();
  }

  private async forget(file: FoundFile): Promise<void> {
    if (this.seen !== null && file.key !== null && this.endpoint.options.idempotentEager) await this.seen.remove(file.key);
  }

  private async retryStuck(): Promise<void> {
    for (const [path, { file, version, exchange }] of this.stuck) {
      try {
        const stats = await stat(path).catch(() => null);
        // Somebody has moved it, or has put a new file in its place.
        if (stats !== null && `${stats.size}/${stats.mtimeMs}` === version) await this.clearAway(file, exchange);
        this.stuck.delete(path);
      } catch {
        // The next poll tries again.
      }
    }
  }

  // ------------------------------------------------------------------------------------------------ waiting

  private async prepareFolder(): Promise<void> {
    const { autoCreate, startingDirectoryMustExist, startingDirectoryMustHaveAccess, readLock, readLockDeleteOrphanLockFiles, recursive } = this.endpoint.options;
    const found = await stat(this.folder).catch(() => null);
    if (found === null && autoCreate) {
      await makeFolderLater(this.folder).catch((thrown: unknown) => {
        throw new Error(`can't make the starting folder ${this.folder}: ${ioReason(thrown)}`);
      });
    } else if (found === null && startingDirectoryMustExist) {
      throw new ExchangeError('java.io.FileNotFoundException', `Starting directory does not exist: ${this.folder}`);
    } else if (found !== null && !found.isDirectory()) throw new Error(`${this.folder} is no folder`);
    if (startingDirectoryMustExist && startingDirectoryMustHaveAccess) {
      await access(this.folder, constants.R_OK | constants.W_OK).catch((thrown: unknown) => {
        throw new ExchangeError('java.io.IOException', `Starting directory can't be read and written: ${this.folder}`, { cause: thrown });
      });
    }
    if (readLock !== 'none' && readLockDeleteOrphanLockFiles) await removeOrphanedMarkers(this.folder, recursive);
    this.isPrepared = true;
  }

  private until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve) => {
      const check = (): void => {
        if (isMet()) resolve();
        else this.listeners.push(check);
      };
      this.listeners.push(check);
    });
  }

  private wake(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }

  private pause(millis: number): Promise<void> {
    return new Promise((resolve) => void this.context.clock.schedule(millis, resolve));
  }
}

interface SorterBean {
  compare(a: unknown, b: unknown): number;
}

function orderOf(options: FileEndpoint['options'], context: ConnectorContext): Order {
  const { shuffle, sorter, sortBy } = options;
  if (shuffle) {
    return (files) => {
      for (let i = files.length - 1; i > 0; i--) {
        const j = Math.floor(Math.random() * (i + 1));
        [files[i], files[j]] = [files[j]!, files[i]!];
      }
      return files;
    };
  }
  if (sorter !== undefined) {
    const bean = context.bean<SorterBean | SorterBean['compare']>(sorter);
    const compare = typeof bean === 'function' ? bean : (a: unknown, b: unknown): number => bean.compare(a, b);
    const described = (file: FoundFile): unknown => ({ name: file.name, path: file.path, length: file.stats.size, lastModified: Math.trunc(file.stats.mtimeMs) });
    return (files) => files.sort((a, b) => compare(described(a), described(b)));
  }
  if (sortBy === undefined) return (files) => files;
  const compare = comparator(sortBy, context);
  return (files) => {
    const messages = new Map(files.map((file) => [file, messageOf(file, context)]));
    return files.sort((a, b) => compare(messages.get(a)!, messages.get(b)!));
  };
}

/** @throws Error when options don't fit together */
export async function openFileConsumer(endpoint: FileEndpoint, context: ConnectorContext): Promise<Consumer> {
  const { options } = endpoint;
  if (options.directoryName.includes('${')) throw dynamicFolder(options.directoryName);
  if (options.delete && options.move !== undefined) throw exclusiveOptions('delete', 'move', 'keep one of them: a file is deleted, or moved');
  if (options.startingDirectoryMustHaveAccess && !options.startingDirectoryMustExist) throw new OptionError('startingDirectoryMustHaveAccess', '`startingDirectoryMustHaveAccess` needs `startingDirectoryMustExist`', 'set both to `true`, or none');
  if (options.charset !== undefined) checkCharset(options.charset);
  const schedule = await pollSchedule(options, context.clock.now());
  return new FileConsumer(endpoint, context, schedule);
}

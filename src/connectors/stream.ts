import { createReadStream, createWriteStream } from 'node:fs';
import { open as openFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { Writable } from 'node:stream';
import { Readable } from 'node:stream';
import { checkCharset, encodeText, pieceDecoder } from '../core/conversion/charset.ts';
import type { Timer } from '../core/clock.ts';
import type { ConnectorContext, Consumer, Endpoint, Producer, Sink } from '../core/connector.ts';
import { defineConnector, hasNoHeaders, hasNoServer } from '../core/connector.ts';
import { isByteSource, readBytes, toText } from '../core/conversion/convert.ts';
import { documentText } from '../core/conversion/documentText.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { makeFolderLater, pathBelow } from '../core/folder.ts';
import { Headers } from '../core/exchange/headers.ts';

type StreamEndpoint = Endpoint<typeof options>;

/** The streams of the process; who embeds the runtime may put others in their place before it starts. */
export interface StandardStreams {
  input(): Readable;
  out(): Writable;
  err(): Writable;
}

export function standardStreams(context: Pick<ConnectorContext, 'shared'>): StandardStreams {
  return context.shared('standard streams', () => {
    const open = new Map<number, Writable>();
    const descriptor = (fd: number): Writable => {
      let stream = open.get(fd);
      if (stream === undefined) open.set(fd, (stream = createWriteStream('', { fd, autoClose: false })));
      return stream;
    };
    return { input: () => createReadStream('', { fd: 0, autoClose: false }), out: () => descriptor(1), err: () => descriptor(2) };
  });
}

/** A file below the folder that endpoints may use. */
function fileBelow({ fileName }: StreamEndpoint['options'], { baseDir }: ConnectorContext): string {
  if (fileName === undefined) throw new Error('stream:file needs `fileName`');
  return pathBelow(baseDir, fileName);
}

const pause = (context: ConnectorContext, millis: number): Promise<void> => new Promise((done) => void context.clock.schedule(millis, done));

class StreamProducer implements Producer {
  private readonly options: StreamEndpoint['options'];
  private readonly context: ConnectorContext;
  private target: Promise<Writable> | null = null;
  private count = 0;

  constructor({ options }: StreamEndpoint, context: ConnectorContext) {
    if (options.encoding !== undefined) checkCharset(options.encoding);
    if (options.kind === 'in' || options.kind === 'http') throw new Error(`stream:${options.kind} can only be read from`);
    if (options.kind === 'file') fileBelow(options, context);
    this.options = options;
    this.context = context;
  }

  async send(exchange: Exchange): Promise<void> {
    const { delay, encoding, appendNewLine, kind, autoCloseCount, closeOnDone } = this.options;
    if (delay !== undefined && delay > 0) await pause(this.context, delay);
    const { body } = exchange;
    if (body === null || body === undefined) return;
    const read = isByteSource(body) ? await readBytes(body) : body;
    const isBytes = read instanceof Uint8Array;
    if (!isBytes && hasEntries(read)) throw new ExchangeError('org.apache.camel.TypeConversionException', 'a list has no bytes to write: split, join or marshal it first');
    const bytes = isBytes ? Buffer.from(read) : encodeText(isList(read) ? '' : (toText(read) ?? ''), encoding ?? null);
    const target = kind === 'header' ? this.fromHeader(exchange) : await (this.target ??= this.open());
    await write(target, appendNewLine ? Buffer.concat([bytes, encodeText('\n', encoding ?? null)]) : bytes);
    this.count++;
    const isLast = closeOnDone && exchange.property('CamelSplitComplete') === true;
    if (kind === 'file' && (isLast || (autoCloseCount !== undefined && autoCloseCount > 0 && this.count % autoCloseCount === 0))) await this.close();
  }

  private async open(): Promise<Writable> {
    const streams = standardStreams(this.context);
    if (this.options.kind === 'out') return streams.out();
    if (this.options.kind === 'err') return streams.err();
    try {
      const path = fileBelow(this.options, this.context);
      await makeFolderLater(dirname(path));
      const target = (await openFile(path, 'a')).createWriteStream();
      // A write that fails tells its message; the next one opens the file again.
      target.on('error', () => (this.target = null));
      return target;
    } catch (thrown) {
      this.target = null;
      throw thrown;
    }
  }

  private fromHeader(exchange: Exchange): Writable {
    const stream = exchange.headers.get('stream');
    if (typeof stream !== 'object' || stream === null || typeof (stream as Partial<Writable>).write !== 'function') throw new ExchangeError('org.apache.camel.CamelExchangeException', 'the header `stream` holds no stream to write to');
    return stream as Writable;
  }

  async close(): Promise<void> {
    const { target } = this;
    this.target = null;
    if (target === null || this.options.kind !== 'file') return;
    const stream = await target;
    await new Promise<void>((done) => stream.end(() => done()));
  }
}

const isList = (body: unknown): body is readonly unknown[] | ReadonlySet<unknown> => (Array.isArray(body) && documentText(body) === null) || body instanceof Set;

/** As in Camel an empty list is an empty text, and any other fails. */
const hasEntries = (body: unknown): boolean => isList(body) && (Array.isArray(body) ? body.length : (body as ReadonlySet<unknown>).size) > 0;

const write = (target: Writable, bytes: Buffer): Promise<void> => new Promise((done, failed) => target.write(bytes, (error) => (error ? failed(error) : done())));

/** Puts lines together: a function, or a bean as Camel has them. */
type GroupStrategy = ((lines: readonly string[]) => unknown) | { groupLines(lines: readonly string[]): unknown };

/** `NAME=value` or `NAME:value`, with commas between. */
function headersIn(text: string | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [, name, value] of (text ?? '').matchAll(/(?:^|,)\s*([^=:,]+?)\s*[=:]\s*([^,]*)/g)) headers[name!] = value!.trim();
  return headers;
}

/** Reads line by line, or `groupLines` of them together; with `scanStream` a file that grows is read on. */
class StreamConsumer implements Consumer {
  private readonly options: StreamEndpoint['options'];
  private readonly context: ConnectorContext;
  private sink: Sink | null = null;
  private timer: Timer | null = null;
  private source: Readable | null = null;
  private isOn = false;
  private index = 0;
  private position = 0;
  /** Of the file that is read: another one in its place is read from its beginning. */
  private inode: number | null = null;
  private isPrompted = false;
  private readonly group: (lines: readonly string[]) => unknown;

  constructor({ options }: StreamEndpoint, context: ConnectorContext) {
    if (options.encoding !== undefined) checkCharset(options.encoding);
    if (options.kind !== 'in' && options.kind !== 'file' && options.kind !== 'http') throw new Error(`stream:${options.kind} can only be written to`);
    if (options.kind === 'file') fileBelow(options, context);
    if (options.kind === 'http' && !/^https?:\/\//i.test(options.httpUrl ?? '')) throw new Error('stream:http needs `httpUrl`, such as httpUrl=https://example.com/lines');
    const strategy = options.groupStrategy === undefined ? null : context.bean<GroupStrategy>(options.groupStrategy);
    this.group = strategy === null ? (lines) => lines : (lines) => (typeof strategy === 'function' ? strategy(lines) : strategy.groupLines(lines));
    this.options = options;
    this.context = context;
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.isOn = true;
    // A file that is looked at again and again may come later.
    if (this.options.kind === 'file' && !this.options.scanStream) {
      const path = fileBelow(this.options, this.context);
      const found = await stat(path).catch(() => null);
      if (found?.isFile() !== true) throw new Error(`there is no file ${path} to read`);
    }
    this.begin();
  }

  /** Before each line that is asked for. */
  private async prompt(): Promise<void> {
    const { promptMessage, initialPromptDelay, promptDelay, kind } = this.options;
    if (promptMessage === undefined || kind !== 'in') return;
    const delay = this.isPrompted ? (promptDelay ?? 0) : initialPromptDelay;
    this.isPrompted = true;
    if (delay > 0) await new Promise<void>((done) => (this.timer = this.context.clock.schedule(delay, done)));
    if (this.isOn) standardStreams(this.context).out().write(promptMessage);
  }

  private begin(): void {
    void this.read()
      .catch((thrown: unknown) => this.context.log('warn', `the stream can't be read: ${String((thrown as Error).message)}`))
      .then(() => {
        const { kind, scanStream, retry, scanStreamDelay } = this.options;
        if (this.isOn && kind !== 'in' && (scanStream || (retry && kind === 'file'))) this.timer = this.context.clock.schedule(scanStreamDelay ?? 500, () => this.begin());
      });
  }

  private async read(): Promise<void> {
    const { kind, groupLines, encoding, readLine } = this.options;
    const source = kind === 'in' ? standardStreams(this.context).input() : kind === 'http' ? await this.fetched() : await this.opened();
    if (source === null) return;
    if (!this.isOn) return void source.destroy();
    this.source = source;
    await this.prompt();
    if (!readLine) {
      const bytes = await readBytes(source);
      this.position += bytes.length;
      return bytes.length === 0 ? undefined : this.push(bytes, true);
    }
    source.on('data', (piece: Buffer | string) => (this.position += piece.length));
    const size = groupLines ?? 0;
    const isScanned = kind === 'file' && this.options.scanStream;
    let group: string[] = [];
    let previous: string | string[] | null = null;
    // One behind, so that the last one is known as such.
    const lines = createInterface({ input: encoding === undefined ? source : Readable.from(decoded(source, encoding)), crlfDelay: Infinity });
    let failure: Error | null = null;
    source.once('error', (error: Error) => {
      failure = error;
      lines.close();
    });
    for await (const line of lines) {
      if (!this.isOn) return;
      if (size > 0) {
        group.push(line);
        if (group.length < size) continue;
      }
      if (previous !== null) await this.push(previous, false);
      previous = size > 0 ? group : line;
      group = [];
      if (kind === 'in') {
        await this.push(previous, false);
        previous = null;
        await this.prompt();
      }
    }
    if (failure !== null) throw failure as Error;
    if (group.length > 0) {
      if (previous !== null) await this.push(previous, false);
      previous = group;
    }
    // A file that grows has no last line.
    if (previous !== null && this.isOn) await this.push(previous, !isScanned);
  }

  /** Where reading goes on in the file; null while there is none. */
  private async opened(): Promise<Readable | null> {
    const path = fileBelow(this.options, this.context);
    const { scanStream, retry } = this.options;
    const handle = await openFile(path).catch((thrown: NodeJS.ErrnoException) => {
      if (scanStream && thrown.code === 'ENOENT') return null;
      throw thrown;
    });
    if (handle === null) return null;
    const { size, ino } = await handle.stat();
    if (retry && (size < this.position || (this.inode !== null && ino !== this.inode))) this.position = 0;
    this.inode = ino;
    return handle.createReadStream({ start: this.position });
  }

  private async fetched(): Promise<Readable> {
    const { httpUrl, httpHeaders, readTimeout } = this.options;
    const { request } = await import('undici');
    const reply = await request(httpUrl!, { headers: headersIn(httpHeaders), bodyTimeout: readTimeout ?? 0, headersTimeout: readTimeout ?? 300_000 });
    if (reply.statusCode < 300) return reply.body;
    await reply.body.dump();
    throw new Error(`${new URL(httpUrl!).origin} answers ${reply.statusCode}`);
  }

  private push(made: string | string[] | Buffer, isComplete: boolean): Promise<void> {
    const { sink, options } = this;
    const body = Array.isArray(made) ? this.group(made) : made;
    const headers = Headers.from([
      ['CamelStreamIndex', this.index++],
      ['CamelStreamComplete', isComplete],
    ]);
    const exchange = sink!.exchange(body, headers, options.exchangePattern === 'InOut');
    return new Promise((done) => sink!.push(exchange, { wouldLose: true, left: () => done(), settle: () => undefined }));
  }

  stop(): Promise<void> {
    this.isOn = false;
    this.timer?.cancel();
    this.source?.destroy();
    return Promise.resolve();
  }
}

async function* decoded(source: Readable, charset: string): AsyncGenerator<string> {
  const decoder = pieceDecoder(charset);
  for await (const piece of source) yield typeof piece === 'string' ? piece : decoder.write(piece as Buffer);
  yield decoder.end();
}

const options = {
  kind: field.enum('The stream: of the process (in, out, err), a file, what a server answers (http, to read), or one that the header `stream` holds (to write).', ['in', 'out', 'err', 'header', 'file', 'http']).required().inPath(),
  encoding: field.string('Charset of the text; UTF-8 without it.'),
  fileName: field.string('The file of stream:file, below the folder of the routes.'),
  fileWatcher: field.boolean('Is told of changes of the file.').default(false).ignored('scanStream looks for them'),
  groupLines: field.count('Puts so many lines into one message, as a list.'),
  groupStrategy: field.string('Bean that makes a body of the lines that `groupLines` puts together: a function, or an object with `groupLines(lines)`. A list without it.'),
  httpHeaders: field.string('Headers of stream:http: `NAME=value`, with commas between.').secret(),
  httpUrl: field.string('Address of stream:http.'),
  initialPromptDelay: field.millis('Wait before the first prompt.').default(2000),
  promptDelay: field.millis('Wait before each further prompt.'),
  promptMessage: field.string('Text to show before each line that stream:in reads.'),
  readLine: field.boolean('One message a line; else one for the whole.').default(true),
  retry: field.boolean('Begins anew with a file that has become shorter, or has another in its place.').default(false),
  scanStream: field.boolean('Goes on reading at the end of the file, as it grows; it may be made later.').default(false),
  scanStreamDelay: field.millis('Wait between looks for more.'),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('errors are logged'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('errors are logged'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
  appendNewLine: field.boolean('Writes a line break behind each text.').default(true),
  autoCloseCount: field.count('Closes the file after so many messages; the next one opens it again.'),
  closeOnDone: field.boolean('Closes the file behind the last part of a split.').default(false),
  delay: field.millis('Wait before each write.'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('the stream is opened by the first message'),
  readTimeout: field.millis('Longest wait of stream:http for more; none without it.'),
};

const noMemory = 'a stream does not know what was read of it';

export const stream = defineConnector({
  scheme: 'stream',
  syntax: 'stream:kind',
  summary: 'Reads lines from the streams of the process, a file or a server; writes texts to them, but for a server.',
  options,
  headers: { CamelStreamIndex: 'Number of the message, from 0.', CamelStreamComplete: 'Whether it is the last one.' },
  notPromised: {
    ...hasNoServer('it reads a stream of this process, or a file'),
    ...hasNoHeaders('a line has none'),
    'acknowledges a message after it has settled, and not before': noMemory,
    'has no more messages under way than it has credit for': 'there is one at a time, whatever the credit',
    'delivers again what failed': `${noMemory}; what fails is kept as a dead letter`,
    'delivers again what had not settled when its process died': `${noMemory}; a file is read from its beginning`,
    'pauses when it is suspended, and goes on when it is resumed': `${noMemory}: it is stopped, and begins anew`,
    'waits for a slow route, and holds no more in memory meanwhile': 'about a thousand lines are read ahead',
    'shows no secret in what it says': 'it has no secrets',
    'keeps the order of each key, with orderBy and lanes': 'there is one at a time: all keep their order, and no key overtakes',
  },
  consumer: (endpoint, context) => new StreamConsumer(endpoint, context),
  producer: (endpoint, context) => new StreamProducer(endpoint, context),
});

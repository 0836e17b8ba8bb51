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
    const bytes = isBytes ? Buffer.from(read) : encodeText(toText(read) ?? '', encoding ?? null);
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

const write = (target: Writable, bytes: Buffer): Promise<void> => new Promise((done, failed) => target.write(bytes, (error) => (error ? failed(error) : done())));

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

  constructor({ options }: StreamEndpoint, context: ConnectorContext) {
    if (options.encoding !== undefined) checkCharset(options.encoding);
    if (options.kind !== 'in' && options.kind !== 'file') throw new Error(`stream:${options.kind} can only be written to`);
    if (options.kind === 'file') fileBelow(options, context);
    this.options = options;
    this.context = context;
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.isOn = true;
    if (this.options.kind === 'file') {
      const path = fileBelow(this.options, this.context);
      const found = await stat(path).catch(() => null);
      if (found?.isFile() !== true) throw new Error(`there is no file ${path} to read`);
    }
    const { promptMessage, initialPromptDelay } = this.options;
    if (promptMessage === undefined || this.options.kind !== 'in') this.begin();
    else {
      this.timer = this.context.clock.schedule(initialPromptDelay, () => {
        standardStreams(this.context).out().write(promptMessage);
        this.begin();
      });
    }
  }

  private begin(): void {
    void this.read()
      .catch((thrown: unknown) => this.context.log('warn', `the stream can't be read: ${String((thrown as Error).message)}`))
      .then(() => {
        const { kind, scanStream, retry, scanStreamDelay } = this.options;
        if (this.isOn && kind === 'file' && (scanStream || retry)) this.timer = this.context.clock.schedule(scanStreamDelay ?? 500, () => this.begin());
      });
  }

  private async read(): Promise<void> {
    const { kind, groupLines, encoding, readLine } = this.options;
    const source = kind === 'in' ? standardStreams(this.context).input() : createReadStream(fileBelow(this.options, this.context), { start: this.position });
    this.source = source;
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

  private push(body: string | string[] | Buffer, isComplete: boolean): Promise<void> {
    const { sink, options } = this;
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
  kind: field.enum('The stream: of the process (in, out, err), a file, or one that the header `stream` holds.', ['in', 'out', 'err', 'header', 'file', 'http']).required().inPath(),
  encoding: field.string('Charset of the text; UTF-8 without it.'),
  fileName: field.string('The file of stream:file, below the folder of the routes.'),
  fileWatcher: field.boolean('Is told of changes of the file.').default(false).ignored('scanStream looks for them'),
  groupLines: field.count('Puts so many lines into one message, as a list.'),
  groupStrategy: field.string('Bean that puts lines together.').ignored('lines come as a list'),
  httpHeaders: field.string('Headers of stream:http.').ignored('the connector `http` reads from servers'),
  httpUrl: field.string('Address of stream:http.').ignored('the connector `http` reads from servers'),
  initialPromptDelay: field.millis('Wait before the first prompt.').default(2000),
  promptDelay: field.millis('Wait before each prompt.').ignored('the prompt is shown once'),
  promptMessage: field.string('Text to show before stream:in is read.'),
  readLine: field.boolean('One message a line; else one for the whole.').default(true),
  retry: field.boolean('Opens a file again that is gone.').default(false),
  scanStream: field.boolean('Goes on reading at the end of the file, as it grows.').default(false),
  scanStreamDelay: field.millis('Wait between looks for more.'),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').default(false).ignored('errors are logged'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('errors are logged'),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
  appendNewLine: field.boolean('Writes a line break behind each text.').default(true),
  autoCloseCount: field.count('Closes the file after so many messages; the next one opens it again.'),
  closeOnDone: field.boolean('Closes the file behind the last part of a split.').default(false),
  delay: field.millis('Wait before each write.'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('the stream is opened by the first message'),
  readTimeout: field.count('Longest wait of stream:http.').ignored('the connector `http` reads from servers'),
};

const noMemory = 'a stream does not know what was read of it';

export const stream = defineConnector({
  scheme: 'stream',
  syntax: 'stream:kind',
  summary: 'Reads lines from, and writes texts to, the streams of the process or a file.',
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

import { statSync } from 'node:fs';
import { basename, dirname, relative, sep } from 'node:path';
import type { FSWatcher } from 'chokidar';
import type { ConnectorContext, Consumer, Endpoint, Sink } from '../core/connector.ts';
import { defineConnector, hasNoHeaders, hasNoServer } from '../core/connector.ts';
import { field } from '../core/field.ts';
import { FileBody } from '../core/conversion/file-body.ts';
import { makeFolder, pathBelow } from '../core/folder.ts';
import { Headers } from '../core/exchange/headers.ts';
import { Intake } from '../core/exchange/intake.ts';

type FileWatchEndpoint = Endpoint<typeof options>;

const kinds = { CREATE: 'add', MODIFY: 'change', DELETE: 'unlink' } as const;
type Kind = keyof typeof kinds;

/** Tells of files that come, change and go below a folder. */
class FileWatchConsumer implements Consumer {
  private readonly options: FileWatchEndpoint['options'];
  private readonly context: ConnectorContext;
  private readonly folder: string;
  private readonly wanted: readonly Kind[];
  private readonly intake: Intake;
  private watcher: FSWatcher | null = null;
  private sink: Sink | null = null;
  private untoldCount = 0;

  constructor({ options }: FileWatchEndpoint, context: ConnectorContext) {
    this.options = options;
    this.context = context;
    this.intake = new Intake(options.concurrentConsumers);
    this.folder = pathBelow(context.baseDir, options.path);
    this.wanted = options.events.split(',').map((name) => {
      const kind = name.trim().toUpperCase();
      if (!Object.hasOwn(kinds, kind)) throw new Error(`\`events\` has \`${name.trim()}\`: it may have CREATE, MODIFY and DELETE`);
      return kind as Kind;
    });
  }

  async start(sink: Sink): Promise<void> {
    const { antInclude, autoCreate, recursive } = this.options;
    this.sink = sink;
    this.intake.start(sink);
    if (autoCreate) makeFolder(this.folder);
    else if (statSync(this.folder, { throwIfNoEntry: false })?.isDirectory() !== true) throw new Error(`there is no folder ${this.folder}`);
    const [{ watch }, { antPatterns }] = await Promise.all([import('chokidar'), import('../core/antPattern.ts')]);
    const matches = antPatterns([antInclude]);
    const watcher = watch(this.folder, { ignoreInitial: true, ...(recursive ? {} : { depth: 0 }) });
    this.watcher = watcher;
    for (const kind of this.wanted) {
      watcher.on(kinds[kind], (path) => {
        let isWanted: boolean;
        try {
          isWanted = matches(relative(this.folder, path).replaceAll(sep, '/'));
        } catch (thrown) {
          this.context.log('warn', `${path} is passed over: ${(thrown as Error).message}`);
          return;
        }
        if (isWanted) this.take(kind, path);
      });
    }
    watcher.on('error', (error) => this.context.log('warn', `${this.folder}: ${(error as Error).message}`));
    await new Promise<void>((resolve) => void watcher.once('ready', () => resolve()));
  }

  async stop(): Promise<void> {
    const { watcher } = this;
    this.watcher = null;
    this.intake.stop();
    await watcher?.close();
  }

  suspend(): Promise<void> {
    this.intake.suspend();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.intake.resume();
    return Promise.resolve();
  }

  setCredit(credit: number): void {
    this.intake.setCredit(credit);
  }

  private take(kind: Kind, path: string): void {
    if (this.intake.size >= this.options.queueSize) {
      if (this.untoldCount++ === 0) this.context.log('warn', `${this.folder}: ${this.options.queueSize} changes wait for the route (queueSize): those that come now are not told, until there is room`);
      return;
    }
    if (this.untoldCount > 0) this.context.log('warn', `${this.folder}: there is room again; ${this.untoldCount} changes were not told`);
    this.untoldCount = 0;
    const stats = statSync(path, { throwIfNoEntry: false });
    const name = relative(this.folder, path).replaceAll(sep, '/');
    const headers = Headers.from([
      ['CamelFileEventType', kind],
      ['CamelFileName', name],
      ['CamelFileNameOnly', basename(path)],
      ['CamelFileRelativePath', name],
      ['CamelFileAbsolutePath', path],
      ['CamelFilePath', path],
      ['CamelFileParent', dirname(path)],
      ['CamelFileAbsolute', true],
    ]);
    if (stats !== undefined) {
      headers.set('CamelFileLength', stats.size);
      headers.set('CamelFileLastModified', Math.trunc(stats.mtimeMs));
    }
    const body = stats === undefined ? null : new FileBody({ path, name, length: stats.size, lastModified: Math.trunc(stats.mtimeMs) });
    this.intake.take(this.sink!.exchange(body, headers, this.options.exchangePattern === 'InOut'), untold);
  }
}

/** Nobody is told what became of a change. */
const untold = { wouldLose: true, settle: () => undefined };

const noAcks = 'a change is told once: the file itself stays, `file:` takes it';

const options = {
  path: field.string('The folder, relative to that of the routes.').required().inPath(),
  antInclude: field.string('Ant pattern of the paths below it to tell of.').default('**'),
  autoCreate: field.boolean('Makes the folder where it is not there.').default(true),
  concurrentConsumers: field.count('Events under way at once.').default(1).atLeast(1),
  events: field.string('What is told, separated by commas: CREATE, MODIFY, DELETE.').default('CREATE,MODIFY,DELETE'),
  recursive: field.boolean('Looks into folders below it, too.').default(true),
  exchangePattern: field.enum('Pattern of new exchanges.', ['InOnly', 'InOut']),
  useFileHashing: field.boolean('Tells of a change only when the content is another.').default(true).ignored('times and sizes are compared'),
  fileHasher: field.string('Bean that compares contents.').ignored('times and sizes are compared'),
  pollThreads: field.count('Threads.').ignored('there are no threads'),
  queueSize: field.count('Events that may wait for the route. Those that come while so many wait are not told; the log says so, and how many they were.').default(10_000).atLeast(1),
  bridgeErrorHandler: field.boolean('Hands errors of the consumer to the route.').ignored('errors of the watch are logged'),
  exceptionHandler: field.string('Bean that is told errors of the consumer.').ignored('errors of the watch are logged'),
} as const;

export const fileWatch = defineConnector({
  scheme: 'file-watch',
  syntax: 'file-watch:path',
  summary: 'Tells of files that are made, changed or deleted below a folder, from its start on.',
  insteadOfSending: 'change a file in the folder, with `file:`',
  options,
  headers: { CamelFileEventType: 'CREATE, MODIFY or DELETE.', CamelFileName: 'Path below the folder.', CamelFileAbsolutePath: 'The whole path.' },
  notPromised: {
    ...hasNoServer('it reads a folder'),
    'delivers each message once, in the order in which they came': 'the system tells of changes close together in any order',
    'keeps the order of each key, with orderBy and lanes': 'the system tells of changes close together in any order',
    'acknowledges a message after it has settled, and not before': noAcks,
    'delivers again what failed': noAcks,
    'delivers again what had not settled when its process died': noAcks,
    'waits for a slow route, and holds no more in memory meanwhile': 'an event holds no content: the file is read when the route asks',
    'shows no secret in what it says': 'it has no secrets',
    ...hasNoHeaders('a file has none'),
  },
  consumer: (endpoint, context) => new FileWatchConsumer(endpoint, context),
});

import { readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { pid } from 'node:process';
import type { ConnectorContext } from '../../core/connector.ts';
import { databaseUrl, DataSource } from '../../core/beans/dataSources.ts';
import type { Clock } from '../../core/clock.ts';
import { ExchangeError } from '../../core/errors.ts';
import { makeFolder } from '../../core/folder.ts';
import type { TransactionalResource } from '../../core/exchange/transaction.ts';
import { Thread } from '../../core/thread.ts';
import { program } from './program.ts';
import type { SqlValue } from './statement.ts';

export type Row = Record<string, unknown>;

export interface Outcome {
  /** Null for what gives no rows. */
  readonly rows: readonly Row[] | null;
  readonly changes: number;
  readonly lastId: number | bigint;
}

/** What one statement may take and give. */
export interface Limits {
  /** Infinity: as long as it takes. */
  readonly longestMillis: number;
  /** Rows behind these are left out; 0: all are wanted. */
  readonly mostRows: number;
}

export interface BoundStatement {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** An open database. What is asked of it is done one after the other, in a thread of its own. */
export interface Database {
  run(statement: BoundStatement, limits: Limits): Promise<Outcome>;
  /** All or nothing. Gives the number of changes. */
  batch(statements: readonly BoundStatement[], limits: Limits): Promise<number>;
  /** Begins a transaction that others wait for. */
  begin(clock: Clock): Promise<TransactionalResource>;
  /** Null when nobody's transaction is open; else resolves when that may be so, and one looks again. What runs meanwhile would be part of it. */
  idle(clock: Clock): Promise<void> | null;
  close(): Promise<void>;
}

/** What Spring's templates make of what a database says. */
function sqlError(message: string, text: string): ExchangeError {
  const cause = new ExchangeError('java.sql.SQLException', message);
  const type = /UNIQUE|PRIMARY KEY/.test(message)
    ? 'org.springframework.dao.DuplicateKeyException'
    : /constraint/i.test(message)
      ? 'org.springframework.dao.DataIntegrityViolationException'
      : /syntax error|no such|has no column|incomplete input/i.test(message)
        ? 'org.springframework.jdbc.BadSqlGrammarException'
        : 'org.springframework.jdbc.UncategorizedSQLException';
  return new ExchangeError(type, `PreparedStatementCallback; SQL [${text}]; ${message}`, { cause });
}

/** Whether a statement gives rows. */
const isQuery = (text: string): boolean => /^\s*(?:select|with|values|pragma|explain)\b/i.test(text) || /\breturning\b/i.test(text);

/** How long a statement waits for a transaction of another message. */
const longestWaitMillis = 30_000;

/** How long a statement takes at most where no endpoint says so (`template.queryTimeout`). */
export const usualMillis = 30_000;
/** What a result may take: it is all in memory. */
const mostBytes = 256 * 1024 * 1024;
/** So much of a result comes at once; others have their turn in between. */
const chunkBytes = 256 * 1024;
/** How long a lock of another process is waited for. */
const longestLockMillis = 5000;
/** What a database in memory may grow to. */
const mostMemoryBytes = 1024 * 1024 * 1024;

interface Task extends BoundStatement {
  readonly isQuery: boolean;
  readonly mostRows: number;
}

type Request =
  | ({ readonly kind: 'run' } & Task)
  | { readonly kind: 'batch'; readonly tasks: readonly Task[] }
  | { readonly kind: 'exec'; readonly text: string }
  | { readonly kind: 'rest'; readonly id: number }
  | { readonly kind: 'close' };

interface Chunk {
  readonly rows: Row[] | null;
  /** What the rows behind these are asked for with. */
  readonly rest: number | null;
  readonly changes: number;
  readonly lastId: number | bigint;
}

/** `at`: which statement of a batch. */
type Answer = { readonly value: Chunk } | { readonly failure: string; readonly at: number };

/** Node has buffers that grow, TypeScript's library of the language that is written here does not. */
const GrowingBuffer = SharedArrayBuffer as unknown as new (length: number, options: { readonly maxByteLength: number }) => SharedArrayBuffer;

let threads = 0;

/** SQLite as WebAssembly has no other end for a statement that runs on and on than that of the thread that it is in. */
class Sqlite implements Database {
  private readonly thread: Thread<Request, Answer>;
  private readonly lock: string | null;
  /** What the thread's name for its lock ends with. */
  private readonly number = ++threads;
  /** Until the transaction that is open is over. */
  private open: Promise<void> | null = null;
  /** The thread has been lost so many times, and with it the transaction that was open. */
  private losses = 0;
  private lossesAtBegin = 0;

  /** @param path null: in memory */
  constructor(path: string | null) {
    this.lock = path === null ? null : `${path}.lock`;
    const memory = (): unknown => ({ bytes: new GrowingBuffer(0, { maxByteLength: mostMemoryBytes }), state: new SharedArrayBuffer(16) });
    this.thread = new Thread(program, 'node-sqlite3-wasm', usualMillis, (message) => new ExchangeError('org.springframework.jdbc.UncategorizedSQLException', `the thread of the database broke down: ${message}`), {
      data: { file: path ?? resolve('/mecha-memory'), number: this.number, memory: path === null ? [memory(), memory()] : null, longestLockMillis, mostBytes, chunkBytes },
      late: (millis) => this.late(millis),
      lost: () => this.lost(),
    });
  }

  private late(millis: number): ExchangeError {
    const undone = this.open === null ? '' : ', and the transaction that it was in is rolled back';
    return new ExchangeError('org.springframework.dao.QueryTimeoutException', `the statement was not done after ${millis} ms and is ended${undone}: let it do less at a time (LIMIT, an index), or give it more seconds with the option template.queryTimeout`);
  }

  /** What the thread had begun is rolled back by the next that opens the file. */
  private lost(): void {
    this.losses++;
    if (this.lock === null) return;
    try {
      const own = readdirSync(this.lock).find((name) => name.includes(`~${pid}~`) && name.endsWith(`~${this.number}`));
      if (own === undefined) return;
      unlinkSync(join(this.lock, own));
      rmdirSync(this.lock);
    } catch {
      // It held no lock.
    }
  }

  private async ask(request: Request, text: string | readonly BoundStatement[], longestMillis = usualMillis): Promise<Chunk> {
    if (this.open !== null && this.losses !== this.lossesAtBegin) {
      throw new ExchangeError('org.springframework.transaction.TransactionSystemException', 'the transaction is rolled back already: a statement took too long');
    }
    const answer = await this.thread.run(request, longestMillis);
    if ('failure' in answer) throw sqlError(answer.failure, typeof text === 'string' ? text : (text[answer.at]?.text ?? 'COMMIT'));
    return answer.value;
  }

  async run({ text, values }: BoundStatement, { longestMillis, mostRows }: Limits): Promise<Outcome> {
    const { rows, rest, changes, lastId } = await this.ask({ kind: 'run', text, values, isQuery: isQuery(text), mostRows }, text, longestMillis);
    for (let id = rest; id !== null;) {
      const more: Chunk = await this.ask({ kind: 'rest', id }, text);
      for (const row of more.rows!) rows!.push(row);
      id = more.rest;
    }
    return { rows, changes, lastId };
  }

  async batch(statements: readonly BoundStatement[], { longestMillis }: Limits): Promise<number> {
    const tasks = statements.map(({ text, values }) => ({ text, values, isQuery: isQuery(text), mostRows: 0 }));
    const { changes } = await this.ask({ kind: 'batch', tasks }, statements, longestMillis);
    return changes;
  }

  private async exec(statement: string): Promise<void> {
    await this.ask({ kind: 'exec', text: statement }, statement);
  }

  async begin(clock: Clock): Promise<TransactionalResource> {
    // Nothing stands between the last look and the beginning.
    for (let wait = this.idle(clock); wait !== null; wait = this.idle(clock)) await wait;
    let over = (): void => {};
    this.open = new Promise((resolve) => (over = resolve));
    this.lossesAtBegin = this.losses;
    const end = (): void => {
      this.open = null;
      over();
    };
    const rollback = async (): Promise<void> => {
      try {
        // With its thread it has been rolled back.
        if (this.losses === this.lossesAtBegin) await this.exec('ROLLBACK');
      } finally {
        end();
      }
    };
    try {
      await this.exec('BEGIN');
    } catch (thrown) {
      end();
      throw thrown;
    }
    return {
      commit: async () => {
        try {
          await this.exec('COMMIT');
        } catch (thrown) {
          await rollback();
          throw thrown;
        }
        end();
      },
      rollback,
      savepoint: () => this.savepoint(1),
    };
  }

  private savepoint(depth: number): TransactionalResource {
    const name = `part${depth}`;
    // Whatever is asked for from now on is done behind it.
    const begun = this.exec(`SAVEPOINT ${name}`);
    begun.catch(() => {});
    const end = async (statement: string): Promise<void> => {
      const ended = this.exec(statement);
      await begun;
      await ended;
    };
    return { commit: () => end(`RELEASE ${name}`), rollback: () => end(`ROLLBACK TO ${name}; RELEASE ${name}`), savepoint: () => this.savepoint(depth + 1) };
  }

  idle(clock: Clock): Promise<void> | null {
    return this.open === null ? null : this.waitUntilIdle(clock);
  }

  private async waitUntilIdle(clock: Clock): Promise<void> {
    let isLate = false;
    let wake = (): void => {};
    const late = new Promise<void>((resolve) => (wake = resolve));
    const timer = clock.schedule(longestWaitMillis, () => {
      isLate = true;
      wake();
    });
    try {
      while (this.open !== null) {
        if (isLate) throw new ExchangeError('org.springframework.dao.CannotAcquireLockException', 'the database is in a transaction of another message, which does not end');
        await Promise.race([this.open, late]);
      }
    } finally {
      timer.cancel();
    }
  }

  async close(): Promise<void> {
    try {
      await this.thread.run({ kind: 'close' });
    } finally {
      await this.thread.end();
    }
  }
}

export interface OpenDatabase {
  readonly database: Database;
  readonly url: string;
  close(): Promise<void>;
}

interface Shared {
  readonly database: Database;
  users: number;
}

/** The open databases of a runtime, by their paths. */
class Databases extends Map<string, Promise<Shared>> {
  /** With the runtime: what is in memory stays until then. */
  async close(): Promise<void> {
    for (const opened of this.values()) await opened.then(({ database }) => database.close()).catch(() => undefined);
    this.clear();
  }
}

/** The file of a URL: `jdbc:sqlite:orders.db`, `sqlite:orders.db`, `sqlite::memory:`. @throws Error for another database */
export function sqliteFile(url: string): string {
  const match = /^(?:jdbc:)?sqlite:(.*)$/s.exec(url);
  if (match === null) throw new Error(`\`${url.replace(/:\/\/[^@/]*@/, '://***@')}\` is no database that can be used here: SQLite is, as jdbc:sqlite:FILE; for another, call a JavaScript module with its client library (a bean \`type: "#module:./x.mjs"\`, called with \`bean:\`)`);
  return match[1]!.replace(/\?.*$/s, '') || ':memory:';
}

/** The database of a `dataSource` (a bean), of the setting `sql.url`, or of the only data source among the beans. @throws Error when none says one */
export function urlOf(given: string | undefined, context: ConnectorContext): string {
  const configured = given === undefined ? (context.setting('sql.url') as string | undefined) : undefined;
  if (configured !== undefined) return configured;
  const dataSource = given ?? context.onlyBean?.((bean) => bean instanceof DataSource) ?? null;
  if (dataSource === null) throw new Error('which database? Name a bean with `dataSource=#name`, or set `sql.url` (sqlite:orders.db) in mecha.yaml');
  return databaseUrl(context.bean(dataSource), dataSource);
}

/** Endpoints of one runtime share it. */
export async function openDatabase(dataSource: string | undefined, context: ConnectorContext): Promise<OpenDatabase> {
  const url = urlOf(dataSource, context);
  const file = sqliteFile(url);
  const path = file === ':memory:' ? file : isAbsolute(file) ? file : resolve(context.baseDir, file);
  const open = context.shared('sql databases', () => new Databases());
  let pending = open.get(path);
  if (pending === undefined) {
    const isMemory = path === ':memory:';
    if (!isMemory) makeFolder(dirname(path));
    const database = new Sqlite(isMemory ? null : path);
    // A file that can't be opened, or is no database, is told here.
    pending = database.run({ text: 'PRAGMA schema_version', values: [] }, { longestMillis: usualMillis, mostRows: 0 }).then(() => ({ database, users: 0 }));
    open.set(path, pending);
    pending.catch(() => open.delete(path));
  }
  const shared = await pending;
  shared.users++;
  let isOpen = true;
  return {
    database: shared.database,
    url,
    close: async () => {
      if (!isOpen) return;
      isOpen = false;
      // What is only in memory stays for as long as the runtime does.
      if (--shared.users > 0 || path === ':memory:') return;
      open.delete(path);
      await shared.database.close();
    },
  };
}

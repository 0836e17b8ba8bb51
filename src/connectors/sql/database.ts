import { dirname, isAbsolute, resolve } from 'node:path';
import type { ConnectorContext } from '../../core/connector.ts';
import { databaseUrl } from '../../core/beans/dataSources.ts';
import type { Clock } from '../../core/clock.ts';
import { ExchangeError } from '../../core/errors.ts';
import { makeFolder } from '../../core/folder.ts';
import type { TransactionalResource } from '../../core/exchange/transaction.ts';
import type { SqlValue } from './statement.ts';

export type Row = Record<string, unknown>;

export interface Outcome {
  /** Null for what gives no rows. */
  readonly rows: readonly Row[] | null;
  readonly changes: number;
  readonly lastId: number | bigint;
}

/** An open database. */
export interface Database {
  run(text: string, values: readonly SqlValue[]): Outcome;
  /** All or nothing. */
  transaction<T>(work: () => T): T;
  /** Begins a transaction that others wait for. */
  begin(clock: Clock): Promise<TransactionalResource>;
  /** Null when nobody's transaction is open; else resolves when that may be so, and one looks again. What runs meanwhile would be part of it. */
  idle(clock: Clock): Promise<void> | null;
  /** Resolves when no transaction is open. */
  untilIdle(clock: Clock): Promise<void>;
  close(): void;
}

interface Library {
  readonly Database: new (path: string) => {
    prepare(sql: string): { all(values?: unknown): Row[]; run(values?: unknown): { changes: number; lastInsertRowid: number | bigint }; finalize(): void };
    exec(sql: string): void;
    close(): void;
  };
}

/** What Spring's templates make of what a database says. */
function sqlError(thrown: unknown, text: string): ExchangeError {
  const { message } = thrown as Error;
  const cause = new ExchangeError('java.sql.SQLException', message, { cause: thrown });
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

class Sqlite implements Database {
  private readonly inner: InstanceType<Library['Database']>;
  /** Until the transaction that is open is over. */
  private open: Promise<void> | null = null;

  constructor(inner: InstanceType<Library['Database']>) {
    this.inner = inner;
  }

  run(text: string, values: readonly SqlValue[]): Outcome {
    let statement;
    try {
      statement = this.inner.prepare(text);
      if (isQuery(text)) return { rows: statement.all([...values]), changes: 0, lastId: 0 };
      const { changes, lastInsertRowid } = statement.run([...values]);
      return { rows: null, changes, lastId: lastInsertRowid };
    } catch (thrown) {
      throw sqlError(thrown, text);
    } finally {
      try {
        statement?.finalize();
      } catch {
        // It says again what the statement failed with.
      }
    }
  }

  transaction<T>(work: () => T): T {
    const isInner = this.open !== null;
    this.inner.exec(isInner ? 'SAVEPOINT batch' : 'BEGIN');
    try {
      const result = work();
      this.inner.exec(isInner ? 'RELEASE batch' : 'COMMIT');
      return result;
    } catch (thrown) {
      this.inner.exec(isInner ? 'ROLLBACK TO batch' : 'ROLLBACK');
      throw thrown;
    }
  }

  async begin(clock: Clock): Promise<TransactionalResource> {
    // Nothing stands between the last look and the beginning.
    for (let wait = this.idle(clock); wait !== null; wait = this.idle(clock)) await wait;
    let over = (): void => {};
    this.open = new Promise((resolve) => (over = resolve));
    const end = (statement: string): void => {
      this.open = null;
      try {
        this.inner.exec(statement);
      } catch (thrown) {
        throw sqlError(thrown, statement);
      } finally {
        over();
      }
    };
    try {
      this.inner.exec('BEGIN');
    } catch (thrown) {
      this.open = null;
      over();
      throw sqlError(thrown, 'BEGIN');
    }
    return {
      commit: () => {
        try {
          this.inner.exec('COMMIT');
        } catch (thrown) {
          end('ROLLBACK');
          throw sqlError(thrown, 'COMMIT');
        }
        this.open = null;
        over();
      },
      rollback: () => end('ROLLBACK'),
      savepoint: () => this.savepoint(1),
    };
  }

  private savepoint(depth: number): TransactionalResource {
    const name = `part${depth}`;
    const exec = (statement: string): void => {
      try {
        this.inner.exec(statement);
      } catch (thrown) {
        throw sqlError(thrown, statement);
      }
    };
    exec(`SAVEPOINT ${name}`);
    return { commit: () => exec(`RELEASE ${name}`), rollback: () => exec(`ROLLBACK TO ${name}; RELEASE ${name}`), savepoint: () => this.savepoint(depth + 1) };
  }

  async untilIdle(clock: Clock): Promise<void> {
    for (let wait = this.idle(clock); wait !== null; wait = this.idle(clock)) await wait;
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

  close(): void {
    this.inner.close();
  }
}

export interface OpenDatabase {
  readonly database: Database;
  readonly url: string;
  close(): void;
}

interface Shared {
  readonly database: Database;
  users: number;
}

/** The file of a URL: `jdbc:sqlite:orders.db`, `sqlite:orders.db`, `sqlite::memory:`. @throws Error for another database */
export function sqliteFile(url: string): string {
  const match = /^(?:jdbc:)?sqlite:(.*)$/s.exec(url);
  if (match === null) throw new Error(`\`${url.replace(/:\/\/[^@/]*@/, '://***@')}\` is no database that can be used here: SQLite is, as jdbc:sqlite:FILE`);
  return match[1]!.replace(/\?.*$/s, '') || ':memory:';
}

/** The database of a `dataSource` (a bean), or of the setting `sql.url`. @throws Error when neither says one */
export function urlOf(dataSource: string | undefined, context: ConnectorContext): string {
  const configured = context.setting('sql.url') as string | undefined;
  if (dataSource === undefined && configured === undefined) throw new Error('which database? Name a bean with `dataSource=#name`, or set `sql.url` (sqlite:orders.db) in mecha.yaml');
  return dataSource === undefined ? configured! : databaseUrl(context.bean(dataSource), dataSource);
}

/** Endpoints of one runtime share it. */
export async function openDatabase(dataSource: string | undefined, context: ConnectorContext): Promise<OpenDatabase> {
  const url = urlOf(dataSource, context);
  const file = sqliteFile(url);
  const path = file === ':memory:' ? file : isAbsolute(file) ? file : resolve(context.baseDir, file);
  const open = context.shared('sql databases', () => new Map<string, Promise<Shared>>());
  let pending = open.get(path);
  if (pending === undefined) {
    pending = import('node-sqlite3-wasm').then(({ default: library }) => {
      if (path !== ':memory:') makeFolder(dirname(path));
      return { database: new Sqlite(new (library as unknown as Library).Database(path)), users: 0 };
    });
    open.set(path, pending);
    pending.catch(() => open.delete(path));
  }
  const shared = await pending;
  shared.users++;
  let isOpen = true;
  return {
    database: shared.database,
    url,
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      // What is only in memory stays for as long as the runtime does.
      if (--shared.users > 0 || path === ':memory:') return;
      open.delete(path);
      shared.database.close();
    },
  };
}

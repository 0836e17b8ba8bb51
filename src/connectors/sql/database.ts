import { mkdirSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import type { ConnectorContext } from '../../core/connector.ts';
import { databaseUrl } from '../../core/beans/dataSources.ts';
import { ExchangeError } from '../../core/errors.ts';
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

class Sqlite implements Database {
  private readonly inner: InstanceType<Library['Database']>;

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
    this.inner.exec('BEGIN');
    try {
      const result = work();
      this.inner.exec('COMMIT');
      return result;
    } catch (thrown) {
      this.inner.exec('ROLLBACK');
      throw thrown;
    }
  }

  close(): void {
    this.inner.close();
  }
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

/** Opens the database of a `dataSource` (a bean), or of the setting `sql.url`. Endpoints of one runtime share it. */
export async function openDatabase(dataSource: string | undefined, context: ConnectorContext): Promise<{ readonly database: Database; close(): void }> {
  const configured = context.setting('sql.url') as string | undefined;
  if (dataSource === undefined && configured === undefined) throw new Error('which database? Name a bean with `dataSource=#name`, or set `sql.url` (sqlite:orders.db) in mecha.yaml');
  const url = dataSource === undefined ? configured! : databaseUrl(context.bean(dataSource), dataSource);
  const file = sqliteFile(url);
  const path = file === ':memory:' ? file : isAbsolute(file) ? file : resolve(context.baseDir, file);
  const open = context.shared('sql databases', () => new Map<string, Promise<Shared>>());
  let pending = open.get(path);
  if (pending === undefined) {
    pending = import('node-sqlite3-wasm').then(({ default: library }) => {
      if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
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

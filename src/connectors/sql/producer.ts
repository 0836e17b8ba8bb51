import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { refuseToWaitForItself, transactionOf } from '../../core/exchange/transaction.ts';
import { allParts, toIterable } from '../../core/graph/iterate.ts';
import { openDatabase } from './database.ts';
import type { Limits, OpenDatabase, Row } from './database.ts';
import { limitsOf, type sqlOptions } from './options.ts';
import { queryText } from './query.ts';
import { onlyOf, Statement } from './statement.ts';

const keptStatements = 500;

export class SqlProducer implements Producer {
  private readonly options: Endpoint<typeof sqlOptions>['options'];
  private readonly context: ConnectorContext;
  private readonly statements = new Map<string, Statement>();
  private readonly own: string;
  private readonly limits: Limits;
  private readonly opened: OpenDatabase;

  static async open({ options }: Endpoint<typeof sqlOptions>, context: ConnectorContext): Promise<SqlProducer> {
    const own = queryText(options.query, context);
    return new SqlProducer(options, context, own, await openDatabase(options.dataSource, context));
  }

  private constructor(options: Endpoint<typeof sqlOptions>['options'], context: ConnectorContext, own: string, opened: OpenDatabase) {
    this.options = options;
    this.context = context;
    this.own = own;
    this.limits = limitsOf(options);
    this.opened = opened;
  }

  private statement(source: string, isGiven: boolean): Statement {
    const key = `${isGiven ? '?' : '#'}${source}`;
    let statement = this.statements.get(key);
    if (statement === undefined) {
      statement = new Statement(source, { ...this.options, simple: (text) => this.context.simple(text) }, isGiven);
      if (this.statements.size >= keptStatements) this.statements.clear();
      this.statements.set(key, statement);
    }
    return statement;
  }

  async send(exchange: Exchange): Promise<void> {
    const { headers } = exchange;
    const { batch, useMessageBodyForSql, separator } = this.options;
    const named = headers.get('CamelSqlQuery');
    const isOwn = !useMessageBodyForSql && (named === undefined || named === null);
    const source = useMessageBodyForSql ? (toText(exchange.body) ?? '') : isOwn ? this.own : queryText(toText(named)!, this.context);
    const statement = this.statement(source, !isOwn);
    const given = useMessageBodyForSql ? (headers.get('CamelSqlParameters') ?? null) : exchange.body;
    const { database } = this.opened;
    const items = batch ? await allParts(toIterable(given)) : null;
    for (let wait = this.join(exchange); wait !== null; wait = this.join(exchange)) await wait;
    if (items !== null) {
      const bound = items.map((item) => statement.bind(exchange, item, separator));
      headers.set('CamelSqlUpdateCount', await database.batch(bound, this.limits));
      return;
    }
    const { rows, changes, lastId } = await database.run(statement.bind(exchange, given, separator), this.limits);
    if (rows === null) {
      headers.set('CamelSqlUpdateCount', changes);
      if (headers.get('CamelSqlRetrieveGeneratedKeys') === true || toText(headers.get('CamelSqlRetrieveGeneratedKeys') ?? null) === 'true') {
        // Named as the driver of SQLite does.
        const keys = changes > 0 && /^\s*(?:insert|replace|with)\b/i.test(source) ? [{ 'last_insert_rowid()': lastId }] : [];
        headers.set('CamelSqlGeneratedKeysRowCount', keys.length);
        headers.set('CamelSqlGeneratedKeyRows', keys);
      }
      return;
    }
    this.put(exchange, rows);
  }

  /** Into the exchange's transaction, or out of that of another; null: it is so. */
  private join(exchange: Exchange): Promise<void> | null {
    const { database, url } = this.opened;
    const { clock } = this.context;
    const transaction = transactionOf(exchange, url);
    if (transaction !== null) return transaction.joining(() => database.begin(clock));
    const wait = database.idle(clock);
    if (wait !== null) refuseToWaitForItself(exchange, url);
    return wait;
  }

  private put(exchange: Exchange, rows: readonly Row[]): void {
    const { outputType, outputHeader, noop } = this.options;
    const result = outputType === 'SelectOne' ? onlyOf(rows) : outputType === 'StreamList' ? rows[Symbol.iterator]() : rows;
    // As in Camel, an only column that is null counts as no row, and rows that are still to be read are not counted.
    if (outputType !== 'StreamList') exchange.headers.set('CamelSqlRowCount', outputType === 'SelectOne' ? (result === null ? 0 : 1) : rows.length);
    if (noop) return;
    if (outputHeader === undefined) exchange.body = result;
    else exchange.headers.set(outputHeader, result);
  }

  close(): Promise<void> {
    return this.opened.close();
  }
}

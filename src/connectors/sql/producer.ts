import type { ConnectorContext, Endpoint, Producer } from '../../core/connector.ts';
import { toText } from '../../core/conversion/convert.ts';
import { ExchangeError } from '../../core/errors.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { refuseToWaitForItself, transactionOf } from '../../core/exchange/transaction.ts';
import { allParts, toIterable } from '../../core/graph/iterate.ts';
import { openDatabase } from './database.ts';
import type { Limits, OpenDatabase, Row } from './database.ts';
import { limitsOf, type sqlOptions } from './options.ts';
import { queryText } from './query.ts';
import { Statement } from './statement.ts';

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

  private statement(source: string): Statement {
    let statement = this.statements.get(source);
    if (statement === undefined) {
      statement = new Statement(source, { ...this.options, simple: (text) => this.context.simple(text) });
      if (this.statements.size >= keptStatements) this.statements.clear();
      this.statements.set(source, statement);
    }
    return statement;
  }

  async send(exchange: Exchange): Promise<void> {
    const { headers } = exchange;
    const { batch, useMessageBodyForSql, separator } = this.options;
    const named = headers.get('CamelSqlQuery');
    const source = useMessageBodyForSql ? (toText(exchange.body) ?? '') : named === undefined || named === null ? this.own : queryText(toText(named)!, this.context);
    const statement = this.statement(source);
    const parameters = headers.get('CamelSqlParameters');
    const given = parameters !== undefined && parameters !== null ? parameters : useMessageBodyForSql ? null : exchange.body;
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
        const keys = changes > 0 ? [{ GENERATED_KEY: lastId }] : [];
        headers.set('CamelSqlGeneratedKeysRowCount', keys.length);
        headers.set('CamelSqlGeneratedKeyRows', keys);
      }
      return;
    }
    if (!this.options.noop) this.put(exchange, rows);
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
    const { outputType, outputHeader } = this.options;
    exchange.headers.set('CamelSqlRowCount', rows.length);
    let result: unknown = rows;
    if (outputType === 'SelectOne') {
      if (rows.length > 1) throw new ExchangeError('org.springframework.dao.IncorrectResultSizeDataAccessException', `Query result not unique for outputType=SelectOne. Got ${rows.length} count instead.`);
      const [row] = rows;
      if (row === undefined) {
        if (outputHeader === undefined) exchange.body = null;
        return;
      }
      const columns = Object.values(row);
      result = columns.length === 1 ? columns[0] : row;
    } else if (outputType === 'StreamList') result = rows[Symbol.iterator]();
    if (outputHeader === undefined) exchange.body = result;
    else exchange.headers.set(outputHeader, result);
  }

  close(): Promise<void> {
    return this.opened.close();
  }
}

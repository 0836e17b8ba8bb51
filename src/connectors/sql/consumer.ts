import type { ConnectorContext, Consumer, Endpoint, Sink } from '../../core/connector.ts';
import type { Schedule } from '../../core/schedule/cron.ts';
import type { Exchange } from '../../core/exchange/exchange.ts';
import { isUnhandled } from '../../core/exchange/exchange.ts';
import { Headers } from '../../core/exchange/headers.ts';
import { bridgePollFailure, Poller } from '../../core/schedule/polling.ts';
import type { BoundStatement, Limits, OpenDatabase, Outcome, Row } from './database.ts';
import { openDatabase } from './database.ts';
import { limitsOf, type sqlOptions } from './options.ts';
import { queryText } from './query.ts';
import { onlyOf, Statement } from './statement.ts';

/** Polls with a query: a message for each row, or one for all; then runs the queries that mark what was consumed. */
export class SqlConsumer implements Consumer {
  private readonly options: Endpoint<typeof sqlOptions>['options'];
  private readonly context: ConnectorContext;
  private readonly query: Statement;
  private readonly onConsume: Statement | null;
  private readonly onConsumeFailed: Statement | null;
  private readonly limits: Limits;
  private readonly poller: Poller;
  private opened: OpenDatabase | null = null;
  private sink: Sink | null = null;
  private isOn = false;

  constructor({ options }: Endpoint<typeof sqlOptions>, context: ConnectorContext, schedule: Schedule | null) {
    this.options = options;
    this.context = context;
    const statement = (source: string | undefined): Statement | null => (source === undefined ? null : new Statement(queryText(source, context), { ...options, simple: (text) => context.simple(text) }));
    this.query = statement(options.query)!;
    this.onConsume = statement(options.onConsume);
    this.onConsumeFailed = statement(options.onConsumeFailed);
    this.limits = limitsOf(options);
    this.poller = new Poller(
      options,
      { clock: context.clock, poll: () => this.poll(), failed: (error) => this.pollFailed(error), log: (level, message) => context.log(level, message) },
      schedule,
    );
  }

  async start(sink: Sink): Promise<void> {
    this.sink = sink;
    this.opened ??= await openDatabase(this.options.dataSource, this.context);
    this.isOn = true;
    this.poller.start();
  }

  async stop(): Promise<void> {
    this.isOn = false;
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

  async close(): Promise<void> {
    await this.opened?.close();
  }

  private pollFailed(error: unknown): void {
    if (this.options.bridgeErrorHandler) bridgePollFailure(this.sink!, error);
    else this.context.log('error', `the query failed: ${(error as Error).message}`);
  }

  private exchange(body: unknown): Exchange {
    const { outputHeader, exchangePattern } = this.options;
    const isInHeader = outputHeader !== undefined && body !== null;
    return this.sink!.exchange(isInHeader ? null : body, isInHeader ? Headers.from([[outputHeader, body]]) : new Headers(), exchangePattern === 'InOut');
  }

  private async poll(): Promise<number> {
    const { useIterator, routeEmptyResultSet, maxMessagesPerPoll, breakBatchOnConsumeFail, onConsumeBatchComplete, sendEmptyMessageWhenIdle } = this.options;
    const query = this.query.bind(this.exchange(null), null, this.options.separator);
    const rows = (await this.run(query)).rows ?? [];
    const { outputType } = this.options;
    const only = outputType === 'SelectOne' ? onlyOf(rows) : null;
    if (outputType === 'StreamList') {
      await this.push(this.exchange(rows[Symbol.iterator]()), null);
      return rows.length;
    }
    if (!useIterator) {
      if (rows.length === 0 && !routeEmptyResultSet && !sendEmptyMessageWhenIdle) return 0;
      const exchange = this.exchange(rows.length === 0 && !routeEmptyResultSet ? null : outputType === 'SelectOne' ? only : rows);
      await this.push(exchange, rows.length === 0 ? null : rows);
      return rows.length;
    }
    if (rows.length === 0) {
      // As in Camel, `routeEmptyResultSet` is for polls that give one message.
      if (sendEmptyMessageWhenIdle) await this.push(this.exchange(null), null);
      return 0;
    }
    const taken = maxMessagesPerPoll > 0 ? rows.slice(0, maxMessagesPerPoll) : rows;
    for (const [index, row] of taken.entries()) {
      if (!this.isOn) break;
      const exchange = this.exchange(outputType === 'SelectOne' ? only : row);
      exchange.properties.set('CamelBatchIndex', index);
      exchange.properties.set('CamelBatchSize', taken.length);
      exchange.properties.set('CamelBatchComplete', index === taken.length - 1);
      const isMarked = await this.push(exchange, row);
      if (!isMarked && breakBatchOnConsumeFail) break;
    }
    if (onConsumeBatchComplete !== undefined) {
      const statement = new Statement(queryText(onConsumeBatchComplete, this.context), { ...this.options, simple: (source) => this.context.simple(source) });
      await this.run(statement.bind(this.exchange(null), null, this.options.separator));
    }
    return taken.length;
  }

  /** Resolves when the exchange has settled: whether the query that marks it went well. */
  private push(exchange: Exchange, data: Row | readonly Row[] | null): Promise<boolean> {
    return new Promise((resolve) =>
      this.sink!.push(exchange, {
        comesAgain: this.onConsume !== null,
        wouldLose: this.onConsumeFailed === null && this.onConsume === null,
        settle: (settled) => {
          const isFailed = isUnhandled(settled);
          const marked = data === null ? Promise.resolve() : this.mark(isFailed ? this.onConsumeFailed : this.onConsume, settled, data, isFailed);
          marked.then(
            () => resolve(true),
            (thrown: unknown) => {
              this.context.log('error', `the row could not be marked: ${(thrown as Error).message}`);
              resolve(false);
            },
          );
        },
      }),
    );
  }

  /** When no transaction is open, which it would be part of. */
  private async run(statement: BoundStatement): Promise<Outcome> {
    const { database } = this.opened!;
    for (let wait = database.idle(this.context.clock); wait !== null; wait = database.idle(this.context.clock)) await wait;
    return database.run(statement, this.limits);
  }

  private async mark(statement: Statement | null, exchange: Exchange, data: Row | readonly Row[], isFailed: boolean): Promise<void> {
    if (statement === null) return;
    const { expectedUpdateCount, separator } = this.options;
    for (const row of Array.isArray(data) ? (data as readonly Row[]) : [data]) {
      const bound = statement.bind(exchange, row, separator);
      const { changes } = await this.run(bound);
      if (!isFailed && expectedUpdateCount > -1 && changes !== expectedUpdateCount) throw new Error(`Expected update count ${expectedUpdateCount} but was ${changes} executing query: ${bound.text}`);
    }
  }
}

import { databaseUrl } from '../beans/dataSources.ts';
import { ExchangeError } from '../errors.ts';
import type { Exchange } from './exchange.ts';

/** What has begun within a transaction, and ends with it. */
export interface TransactionalResource {
  commit(): void | Promise<void>;
  rollback(): void | Promise<void>;
}

/** What one `transacted` step binds to an exchange: one resource, which joins when it is first used. */
export class Transaction {
  /** The database that belongs to it, by its URL. */
  readonly url: string;
  private joined: Promise<TransactionalResource> | null = null;
  private hasJoined = false;
  private isOver = false;

  constructor(url: string) {
    this.url = url;
  }

  /** Begins, unless that has been done; null: it has. What comes late, when all is over, is refused. */
  joining(begin: () => Promise<TransactionalResource>): Promise<void> | null {
    if (this.isOver) throw new ExchangeError('org.springframework.transaction.IllegalTransactionStateException', 'the transaction is over: this part of the message comes too late');
    if (this.hasJoined) return null;
    this.joined ??= begin();
    return this.joined.then(() => void (this.hasJoined = true));
  }

  async end(isGood: boolean): Promise<void> {
    this.isOver = true;
    const resource = await this.joined?.catch(() => null);
    if (resource === null || resource === undefined) return;
    await (isGood ? resource.commit() : resource.rollback());
  }
}

const property = 'MechaTransaction';

export const transactionOf = (exchange: Exchange): Transaction | null => (exchange.property(property) as Transaction | undefined) ?? null;

export function bindTransaction(exchange: Exchange, transaction: Transaction | null): void {
  if (transaction === null) exchange.properties.remove(property);
  else exchange.properties.set(property, transaction);
}

/** A copy that goes its own way is no part of what its original is part of. */
export function leaveTransaction(copy: Exchange): void {
  if (copy.property(property) !== undefined) copy.properties.remove(property);
}

const propagations = ['REQUIRED', 'SUPPORTS', 'MANDATORY', 'NEVER'] as const;

export type TransactionPropagation = (typeof propagations)[number];

/** What manages transactions of one database, as Spring's classes say it. */
export class TransactionManager {
  dataSource: unknown = undefined;

  constructor(dataSource: unknown) {
    this.dataSource = dataSource;
  }
}

/** How a `transacted` or `policy` step takes part. */
export class TransactionPolicy {
  name = '';
  transactionManager: unknown = undefined;
  propagationBehaviorName = 'PROPAGATION_REQUIRED';

  constructor(transactionManager: unknown) {
    this.transactionManager = transactionManager;
  }

  /** @throws Error for a manager or propagation that this runtime has not */
  rules(): { readonly url: string; readonly propagation: TransactionPropagation } {
    const { transactionManager: manager } = this;
    if (!(manager instanceof TransactionManager)) throw new Error('its `transactionManager` must be a bean of the type org.springframework.jdbc.datasource.DataSourceTransactionManager: transactions of databases are there');
    const propagation = propagations.find((one) => `PROPAGATION_${one}` === this.propagationBehaviorName);
    if (propagation === undefined) throw new Error(`the propagation \`${this.propagationBehaviorName}\` needs a second connection, which SQLite has not while it writes: ${propagations.map((one) => `\`PROPAGATION_${one}\``).join(', ')} are there`);
    return { url: databaseUrl(manager.dataSource, 'dataSource'), propagation };
  }
}

const managers = ['org.springframework.jdbc.datasource.DataSourceTransactionManager', 'org.springframework.jdbc.support.JdbcTransactionManager'];
const policy = 'org.apache.camel.spring.spi.SpringTransactionPolicy';

export const transactionClasses: readonly string[] = [...managers, policy];

export function makeTransactionBean(className: string, args: readonly unknown[]): unknown {
  if (managers.includes(className)) return new TransactionManager(args[0]);
  return className === policy ? new TransactionPolicy(args[0]) : undefined;
}

import { databaseUrl } from '../beans/dataSources.ts';
import { ExchangeError } from '../errors.ts';
import type { Exchange } from './exchange.ts';

/** What has begun within a transaction, and ends with it. */
export interface TransactionalResource {
  commit(): void | Promise<void>;
  rollback(): void | Promise<void>;
  /** A part of it that can be rolled back alone. */
  savepoint(): TransactionalResource;
}

const unexpected = (): ExchangeError => new ExchangeError('org.springframework.transaction.UnexpectedRollbackException', 'Transaction rolled back because it has been marked as rollback-only');

/** What one `transacted` or `policy` step binds to an exchange, around which others may be. */
export abstract class TransactionScope {
  /** The policy that it is bound by. */
  readonly policy: object;
  readonly outer: TransactionScope | null;

  constructor(policy: object, outer: TransactionScope | null) {
    this.policy = policy;
    this.outer = outer;
  }

  /** Whether it, or one around it, is bound by this policy: another step of the same then has nothing to do. */
  isBy(policy: object): boolean {
    return this.policy === policy || (this.outer !== null && this.outer.isBy(policy));
  }

  abstract end(isGood: boolean): Promise<void>;
}

/** A step without a transaction of its own; what is around it of this database (null: of none) does not reach in. */
export class NoTransaction extends TransactionScope {
  readonly hides: string | null;

  constructor(policy: object, outer: TransactionScope | null, hides: string | null) {
    super(policy, outer);
    this.hides = hides;
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

/** A transaction of one resource, which joins when it is first used. */
export class Transaction extends TransactionScope {
  /** The database that belongs to it, by its URL. */
  readonly url: string;
  private resource: TransactionalResource | null = null;
  private beginning: Promise<TransactionalResource> | null = null;
  /** Until the savepoint that is open is over: what others do meanwhile would be part of it. */
  private guest: Promise<void> | null = null;
  private isOver = false;
  private isMarked = false;

  constructor(url: string, policy: object, outer: TransactionScope | null) {
    super(policy, outer);
    this.url = url;
  }

  get isOpen(): boolean {
    return this.beginning !== null && !this.isOver;
  }

  /** Begins, unless that has been done; null: it has. What comes late, when all is over, is refused. */
  joining(begin: () => Promise<TransactionalResource>): Promise<void> | null {
    if (this.isOver) throw new ExchangeError('org.springframework.transaction.IllegalTransactionStateException', 'the transaction is over: this part of the message comes too late');
    if (this.guest !== null) return this.guest;
    if (this.resource !== null) return null;
    this.beginning ??= this.begin(begin);
    return this.beginning.then((resource) => void (this.resource = resource));
  }

  protected begin(begin: () => Promise<TransactionalResource>): Promise<TransactionalResource> {
    refuseToWaitFor(this.url, this.outer);
    return begin();
  }

  /** A part of it that can be rolled back alone, one at a time. */
  async savepoint(begin: () => Promise<TransactionalResource>): Promise<TransactionalResource> {
    for (let wait = this.joining(begin); wait !== null; wait = this.joining(begin)) await wait;
    const inner = this.resource!.savepoint();
    let leave = (): void => {};
    this.guest = new Promise((resolve) => (leave = resolve));
    const ending = (end: () => void | Promise<void>) => async (): Promise<void> => {
      try {
        await end();
      } finally {
        this.guest = null;
        leave();
      }
    };
    return { commit: ending(() => inner.commit()), rollback: ending(() => inner.rollback()), savepoint: () => inner.savepoint() };
  }

  /** Whatever becomes of it, it is rolled back. */
  mark(): void {
    this.isMarked = true;
  }

  async end(isGood: boolean): Promise<void> {
    this.isOver = true;
    const resource = await this.beginning?.catch(() => null);
    if (resource !== null && resource !== undefined) await (isGood && !this.isMarked ? resource.commit() : resource.rollback());
    if (isGood && this.isMarked) throw unexpected();
  }
}

/** A transaction within another, which can be rolled back alone. */
export class NestedTransaction extends Transaction {
  private readonly whole: Transaction;

  constructor(whole: Transaction, policy: object, outer: TransactionScope | null) {
    super(whole.url, policy, outer);
    this.whole = whole;
  }

  protected override begin(begin: () => Promise<TransactionalResource>): Promise<TransactionalResource> {
    return this.whole.savepoint(begin);
  }
}

/** A step that takes part in a transaction around it. When it fails, all of that is rolled back, whoever deals with the failure. */
export class Participation extends TransactionScope {
  private readonly whole: Transaction;

  constructor(whole: Transaction, policy: object, outer: TransactionScope | null) {
    super(policy, outer);
    this.whole = whole;
  }

  end(isGood: boolean): Promise<void> {
    if (!isGood) this.whole.mark();
    return Promise.resolve();
  }
}

const property = 'MechaTransaction';

export const scopeOf = (exchange: Exchange): TransactionScope | null => (exchange.property(property) as TransactionScope | undefined) ?? null;

/** The transaction of a database (null: of any) that an exchange is in. */
export function transactionOf(exchange: Exchange, url: string | null): Transaction | null {
  const hidden = new Set<string>();
  for (let scope = scopeOf(exchange); scope !== null; scope = scope.outer) {
    if (scope instanceof NoTransaction && scope.hides !== null) hidden.add(scope.hides);
    if (scope instanceof Transaction && (url === null || scope.url === url) && !hidden.has(scope.url)) return scope;
  }
  return null;
}

/** @throws ExchangeError when a transaction around is open that one would wait for: it ends only after this */
function refuseToWaitFor(url: string, around: TransactionScope | null): void {
  for (let scope = around; scope !== null; scope = scope.outer) {
    if (!(scope instanceof Transaction) || scope.url !== url || !scope.isOpen) continue;
    throw new ExchangeError('org.springframework.dao.CannotAcquireLockException', 'the message has a transaction of this database open already, and SQLite has one at a time: do this before the first statement of that one, after it, in its own database, or with PROPAGATION_NESTED');
  }
}

/** @throws ExchangeError when the exchange waits for a database that it holds itself */
export const refuseToWaitForItself = (exchange: Exchange, url: string): void => refuseToWaitFor(url, scopeOf(exchange));

export function bindTransaction(exchange: Exchange, scope: TransactionScope | null): void {
  if (scope === null) exchange.properties.remove(property);
  else exchange.properties.set(property, scope);
}

/** A copy that goes its own way is no part of what its original is part of. */
export function leaveTransaction(copy: Exchange): void {
  if (copy.property(property) !== undefined) copy.properties.remove(property);
}

const propagations = ['REQUIRED', 'REQUIRES_NEW', 'NESTED', 'SUPPORTS', 'NOT_SUPPORTED', 'MANDATORY', 'NEVER'] as const;

export type TransactionPropagation = (typeof propagations)[number];

/** Managers that have no transactions here, and what to write instead. */
const elsewhere: Readonly<Record<string, string>> = {
  'org.springframework.kafka.transaction.KafkaTransactionManager': 'in a route from Kafka write `exactlyOnce: true` in the parameters of its source, and leave this step out: what the route sends to the same brokers and the offset are one transaction then',
  'org.springframework.amqp.rabbit.transaction.RabbitTransactionManager': 'leave this step out: a message is acknowledged when all that it led to is done, and what is sent is confirmed by the broker before that',
  'org.springframework.jms.connection.JmsTransactionManager': 'leave this step out: a message is acknowledged when all that it led to is done',
  'org.springframework.transaction.jta.JtaTransactionManager': 'one resource can belong to a transaction: use org.springframework.jdbc.datasource.DataSourceTransactionManager for the database, and `saga` over several',
  'org.springframework.orm.jpa.JpaTransactionManager': 'use `sql:` with org.springframework.jdbc.datasource.DataSourceTransactionManager',
};

class ElsewhereManager {
  readonly instead: string;

  constructor(instead: string) {
    this.instead = instead;
  }
}

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
    if (manager instanceof ElsewhereManager) throw new Error(`its transaction manager has no transactions here: ${manager.instead}`);
    if (!(manager instanceof TransactionManager)) throw new Error('its `transactionManager` must be a bean of the type org.springframework.jdbc.datasource.DataSourceTransactionManager: transactions of databases are there');
    const propagation = propagations.find((one) => `PROPAGATION_${one}` === this.propagationBehaviorName);
    if (propagation === undefined) throw new Error(`there is no propagation \`${this.propagationBehaviorName}\`: ${propagations.map((one) => `\`PROPAGATION_${one}\``).join(', ')} are there`);
    return { url: databaseUrl(manager.dataSource, 'dataSource'), propagation };
  }
}

const managers = ['org.springframework.jdbc.datasource.DataSourceTransactionManager', 'org.springframework.jdbc.support.JdbcTransactionManager'];
const policy = 'org.apache.camel.spring.spi.SpringTransactionPolicy';

export const transactionClasses: readonly string[] = [...managers, policy];

/** Whether a bean manages transactions, of whatever kind. */
export const isTransactionManager = (bean: unknown): boolean => bean instanceof TransactionManager || bean instanceof ElsewhereManager;

export function makeTransactionBean(className: string, args: readonly unknown[]): unknown {
  if (managers.includes(className)) return new TransactionManager(args[0]);
  if (Object.hasOwn(elsewhere, className)) return new ElsewhereManager(elsewhere[className]!);
  return className === policy ? new TransactionPolicy(args[0]) : undefined;
}

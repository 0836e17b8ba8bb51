import { databaseUrl } from '../beans/dataSources.ts';
import { kafkaBrokers, kafkaConnection } from '../beans/kafkaProducerFactory.ts';
import { brokerKey, brokerOfFactory } from '../beans/rabbitBroker.ts';
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
  /** What belongs to it: the URL of a database, `kafka:` or `amqp:` with the brokers. */
  readonly url: string;
  private readonly isNew: boolean;
  private resource: TransactionalResource | null = null;
  private beginning: Promise<TransactionalResource> | null = null;
  /** Until the savepoint that is open is over: what others do meanwhile would be part of it. */
  private guest: Promise<void> | null = null;
  private isOver = false;
  private isMarked = false;
  private readonly endings: (() => void)[] = [];

  constructor(url: string, policy: object, outer: TransactionScope | null, isNew = false) {
    super(policy, outer);
    this.url = url;
    this.isNew = isNew;
  }

  /** It has nothing to do with what is around it, a transaction of the source among that. */
  get isApart(): boolean {
    if (this.isNew) return true;
    for (let { outer } = this as TransactionScope; outer !== null; ({ outer } = outer)) {
      if (outer instanceof NoTransaction ? outer.hides === this.url : outer instanceof Transaction && outer.url === this.url) return true;
    }
    return false;
  }

  /** What ids of it begin with at its resource; null: nobody has said so. */
  get idPrefix(): string | null {
    return this.policy instanceof TransactionPolicy ? this.policy.rules().prefix : null;
  }

  /** What has joined; null: nothing has yet. */
  get joined(): TransactionalResource | null {
    return this.resource;
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

  /** A part of it that can be rolled back alone, one at a time: until what `atEnd` is given has run. */
  async savepoint(begin: () => Promise<TransactionalResource>, atEnd: (run: () => void) => void): Promise<TransactionalResource> {
    for (let wait = this.joining(begin); wait !== null; wait = this.joining(begin)) await wait;
    const inner = this.resource!.savepoint();
    this.guest = new Promise((resolve) => {
      atEnd(() => {
        this.guest = null;
        resolve();
      });
    });
    return inner;
  }

  /** Runs when it is over, whichever way. */
  onEnd(run: () => void): void {
    this.endings.push(run);
  }

  /** Whatever becomes of it, it is rolled back. */
  mark(): void {
    this.isMarked = true;
  }

  async end(isGood: boolean): Promise<void> {
    this.isOver = true;
    const resource = await this.beginning?.catch(() => null);
    try {
      if (resource !== null && resource !== undefined) await (isGood && !this.isMarked ? resource.commit() : resource.rollback());
    } finally {
      for (const run of this.endings.splice(0)) run();
    }
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
    return this.whole.savepoint(begin, (run) => super.onEnd(run));
  }

  /** What it has done is over with all of the transaction. */
  override onEnd(run: () => void): void {
    this.whole.onEnd(run);
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
  const innermost = scopeOf(exchange);
  if (innermost === null) return null;
  const hidden = new Set<string>();
  for (let scope: TransactionScope | null = innermost; scope !== null; scope = scope.outer) {
    if (scope instanceof NoTransaction && scope.hides !== null) hidden.add(scope.hides);
    if (scope instanceof Transaction && (url === null || scope.url === url) && !hidden.has(scope.url)) return scope;
  }
  return null;
}

/** Whether an exchange is where a policy lets no transaction of this in, not even the source's own. */
export function isKeptOut(exchange: Exchange, url: string): boolean {
  for (let scope = scopeOf(exchange); scope !== null; scope = scope.outer) {
    if (scope instanceof NoTransaction && scope.hides === url) return true;
    if (scope instanceof Transaction && scope.url === url) return false;
  }
  return false;
}

/** The sources' routes whose messages are in a transaction of what they come from, because a step says so. */
export class TransactedRoutes {
  private readonly routes = new Map<string, string[]>();
  private readonly listeners = new Set<() => void>();

  /** A route has such a step; the answer takes it away again. */
  add(routeId: string, url: string): () => void {
    const urls = this.routes.get(routeId) ?? [];
    this.routes.set(routeId, [...urls, url]);
    for (const changed of [...this.listeners]) changed();
    return () => {
      const left = [...(this.routes.get(routeId) ?? [])];
      left.splice(left.indexOf(url), 1);
      if (left.length === 0) this.routes.delete(routeId);
      else this.routes.set(routeId, left);
      for (const changed of [...this.listeners]) changed();
    };
  }

  has(routeId: string, url: string): boolean {
    return this.routes.get(routeId)?.includes(url) === true;
  }

  listen(changed: () => void): () => void {
    this.listeners.add(changed);
    return () => void this.listeners.delete(changed);
  }
}

/** One for all steps and endpoints of a runtime. */
export const transactedRoutesOf = (shared: <T>(name: string, make: () => T) => T): TransactedRoutes => shared('transacted routes', () => new TransactedRoutes());

/** @throws ExchangeError when a transaction around is open that one would wait for: it ends only after this */
function refuseToWaitFor(url: string, around: TransactionScope | null): void {
  if (kindOf(url) !== 'database') return;
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

export type TransactionKind = 'database' | 'Kafka' | 'AMQP';

const kindOf = (url: string): TransactionKind => (url.startsWith('kafka:') ? 'Kafka' : url.startsWith('amqp:') ? 'AMQP' : 'database');

/** Fit for messages: no secrets. */
export const shownResource = (url: string): string => `${kindOf(url)} \`${url.replace(/^(?:kafka|amqp):/, '').replace(/:\/\/[^@/]*@/, '://***@')}\``;

/** Managers that have no transactions here, and what to write instead. */
const elsewhere: Readonly<Record<string, string>> = {
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

/** What manages transactions of one resource, as Spring's classes say it. */
abstract class TransactionManager {
  /** @throws Error when it does not say of what */
  abstract readonly url: string;
}

class DatabaseManager extends TransactionManager {
  dataSource: unknown = undefined;

  constructor(dataSource: unknown) {
    super();
    this.dataSource = dataSource;
  }

  get url(): string {
    return databaseUrl(this.dataSource, 'dataSource');
  }
}

class KafkaManager extends TransactionManager {
  producerFactory: unknown = undefined;
  transactionIdPrefix: unknown = undefined;

  constructor(producerFactory: unknown) {
    super();
    this.producerFactory = producerFactory;
  }

  get url(): string {
    return kafkaBrokers(kafkaConnection(this.producerFactory).brokers);
  }

  /** What the transactional ids begin with; null: nobody has said so. */
  get prefix(): string | null {
    const { transactionIdPrefix: own } = this;
    return typeof own === 'string' ? own : kafkaConnection(this.producerFactory).transactionIdPrefix;
  }
}

class AmqpManager extends TransactionManager {
  connectionFactory: unknown = undefined;

  constructor(connectionFactory: unknown) {
    super();
    this.connectionFactory = connectionFactory;
  }

  get url(): string {
    if (this.connectionFactory === undefined) throw new Error('its `transactionManager` needs a connection factory: `constructors: { 0: "#bean:rabbit" }`');
    return brokerKey(brokerOfFactory(this.connectionFactory, 'connectionFactory'));
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
  rules(): { readonly url: string; readonly kind: TransactionKind; readonly propagation: TransactionPropagation; readonly prefix: string | null } {
    const { transactionManager: manager } = this;
    if (manager instanceof ElsewhereManager) throw new Error(`its transaction manager has no transactions here: ${manager.instead}`);
    if (!(manager instanceof TransactionManager)) throw new Error(`its \`transactionManager\` must be a bean of one of the types ${Object.keys(managers).join(', ')}: transactions of databases, of Kafka and of AMQP are there`);
    const propagation = propagations.find((one) => `PROPAGATION_${one}` === this.propagationBehaviorName);
    if (propagation === undefined) throw new Error(`there is no propagation \`${this.propagationBehaviorName}\`: ${propagations.map((one) => `\`PROPAGATION_${one}\``).join(', ')} are there`);
    const { url } = manager;
    const kind = kindOf(url);
    if (kind === 'Kafka' && propagation === 'NESTED') throw new Error('`PROPAGATION_NESTED` is not for Kafka: a part of a transaction can not be taken back there. Write `PROPAGATION_REQUIRED`, or `PROPAGATION_REQUIRES_NEW` for one of its own');
    return { url, kind, propagation, prefix: manager instanceof KafkaManager ? manager.prefix : null };
  }
}

const managers: Readonly<Record<string, new (of: unknown) => TransactionManager>> = {
  'org.springframework.jdbc.datasource.DataSourceTransactionManager': DatabaseManager,
  'org.springframework.jdbc.support.JdbcTransactionManager': DatabaseManager,
  'org.springframework.kafka.transaction.KafkaTransactionManager': KafkaManager,
  'org.springframework.amqp.rabbit.transaction.RabbitTransactionManager': AmqpManager,
};
const policy = 'org.apache.camel.spring.spi.SpringTransactionPolicy';

export const transactionClasses: readonly string[] = [...Object.keys(managers), policy];

/** Whether a bean manages transactions, of whatever kind. */
export const isTransactionManager = (bean: unknown): boolean => bean instanceof TransactionManager || bean instanceof ElsewhereManager;

export function makeTransactionBean(className: string, args: readonly unknown[]): unknown {
  if (Object.hasOwn(managers, className)) return new managers[className]!(args[0]);
  if (Object.hasOwn(elsewhere, className)) return new ElsewhereManager(elsewhere[className]!);
  return className === policy ? new TransactionPolicy(args[0]) : undefined;
}

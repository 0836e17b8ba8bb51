import type { Subscriber } from 'rxjs';
import type { StepContext } from '../definition.ts';
import { ExchangeError } from '../errors.ts';
import type { Exchange, Way } from '../exchange/exchange.ts';
import { EXHAUSTED, FAILED, HANDLED, ROLLBACK_ONLY, ROLLBACK_ONLY_LAST } from '../exchange/exchange.ts';
import type { TransactionPropagation } from '../exchange/transaction.ts';
import { bindTransaction, Transaction, TransactionManager, transactionOf, TransactionPolicy } from '../exchange/transaction.ts';
import type { Inlet, Pipe } from './flow.ts';
import { operator, sequence, StepSubscriber } from './flow.ts';

interface Rules {
  readonly url: string;
  readonly propagation: TransactionPropagation;
}

/** An exchange within a transaction that begins here: it comes back here. */
class InTransaction implements Way {
  readonly outer: Way | null;
  private readonly step: TransactedStep;
  private readonly own: Transaction;

  constructor(step: TransactedStep, outer: Way | null, own: Transaction) {
    this.step = step;
    this.outer = outer;
    this.own = own;
  }

  back(exchange: Exchange): void {
    this.step.returned(exchange, this.own);
  }
}

/** Passes an exchange on that takes part in no transaction of its own here. */
class Through implements Way {
  readonly outer: Way | null;
  private readonly step: TransactedStep;

  constructor(step: TransactedStep, outer: Way | null) {
    this.step = step;
    this.outer = outer;
  }

  back(exchange: Exchange): void {
    this.step.goesOn(exchange);
  }
}

class TransactedStep extends StepSubscriber {
  private readonly inner: Inlet;
  private readonly rules: Rules;

  constructor(out: Subscriber<Exchange>, steps: Pipe, rules: Rules, context: StepContext) {
    super(out, context.info);
    this.inner = this.branch(steps);
    this.rules = rules;
  }

  protected step(exchange: Exchange): boolean {
    const { url, propagation } = this.rules;
    const current = transactionOf(exchange);
    const isIn = current !== null && current.url === url;
    if (propagation === 'MANDATORY' && !isIn) throw new ExchangeError('org.springframework.transaction.IllegalTransactionStateException', "No existing transaction found for transaction marked with propagation 'mandatory'");
    if (propagation === 'NEVER' && isIn) throw new ExchangeError('org.springframework.transaction.IllegalTransactionStateException', "Existing transaction found for transaction marked with propagation 'never'");
    if (current !== null && !isIn && propagation === 'REQUIRED') throw new ExchangeError('org.springframework.transaction.IllegalTransactionStateException', 'the message is in a transaction of another database: one can belong to it');
    if (propagation === 'REQUIRED' && !isIn) {
      const own = new Transaction(url);
      bindTransaction(exchange, own);
      exchange.way = new InTransaction(this, exchange.way, own);
    } else exchange.way = new Through(this, exchange.way);
    this.inner.next(exchange);
    return false;
  }

  goesOn(exchange: Exchange): void {
    this.out.next(exchange);
  }

  returned(exchange: Exchange, own: Transaction): void {
    const isFailed = (exchange.halt & (FAILED | HANDLED)) === FAILED;
    const isMarked = (exchange.halt & (ROLLBACK_ONLY | ROLLBACK_ONLY_LAST)) !== 0;
    // That mark was for this transaction: what is around it goes on.
    exchange.halt &= ~ROLLBACK_ONLY_LAST;
    own.end(!isFailed && !isMarked).then(
      () => {
        bindTransaction(exchange, null);
        this.out.next(exchange);
      },
      (thrown: unknown) => {
        bindTransaction(exchange, null);
        const exhausted = exchange.halt & EXHAUSTED;
        exchange.fail(thrown, this.info);
        exchange.halt |= exhausted;
        this.out.next(exchange);
      },
    );
  }
}

/** The policy that is named, or the one that Camel would take. */
function policyOf(reference: string | undefined, context: StepContext): TransactionPolicy | null {
  const { beans, problems, at } = context;
  if (reference !== undefined) {
    const named = context.bean<unknown>(reference, 'transaction policy');
    if (named instanceof TransactionPolicy) return named;
    if (!problems.hasErrors) problems.report('M0501', `the bean \`${reference}\` is no transaction policy`, at, { help: 'declare one under `beans`, of the type org.apache.camel.spring.spi.SpringTransactionPolicy' });
    return null;
  }
  const all = beans.names().map((name) => [name, beans.get(name)] as const);
  const policies = all.filter(([, bean]) => bean instanceof TransactionPolicy);
  const found = policies.length === 1 ? policies[0] : policies.find(([name]) => name === 'PROPAGATION_REQUIRED');
  if (found !== undefined) return found[1] as TransactionPolicy;
  const managers = all.filter(([, bean]) => bean instanceof TransactionManager);
  if (policies.length === 0 && managers.length === 1) return new TransactionPolicy(managers[0]![1]);
  problems.report('M0501', policies.length === 0 && managers.length === 0 ? 'there is no transaction manager' : 'there are several transaction policies or managers', at, {
    label: 'which transaction?',
    help:
      policies.length === 0 && managers.length === 0
        ? 'declare one: `- beans: [ { name: txManager, type: org.springframework.jdbc.datasource.DataSourceTransactionManager, constructors: { 0: "#bean:dataSource" } } ]`'
        : 'name a policy with the option `ref`',
  });
  return null;
}

/** Steps in a transaction of one database. It commits before the exchange goes on. */
export function transactedOperator(reference: string | undefined, steps: Pipe | undefined, context: StepContext): Pipe {
  const inner = steps ?? sequence([]);
  const policy = policyOf(reference, context);
  if (policy === null) return inner;
  const rules = policy.rules();
  return operator((out) => new TransactedStep(out, inner, rules, context));
}

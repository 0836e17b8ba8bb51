import type { Subscriber } from 'rxjs';
import type { StepContext } from '../definition.ts';
import { classDistance, describeError, ExchangeError } from '../errors.ts';
import type { Exchange, Way } from '../exchange/exchange.ts';
import { FAILED, HANDLED, ROLLBACK_ONLY, ROLLBACK_ONLY_LAST, SPENDINGS } from '../exchange/exchange.ts';
import type { TransactionKind, TransactionPropagation, TransactionScope } from '../exchange/transaction.ts';
import { bindTransaction, isTransactionManager, NestedTransaction, NoTransaction, Participation, scopeOf, shownResource, transactedRoutesOf, Transaction, transactionOf, TransactionPolicy } from '../exchange/transaction.ts';
import type { Inlet, Pipe } from './flow.ts';
import { operator, sequence, StepSubscriber, WayBack } from './flow.ts';

interface Rules {
  readonly policy: TransactionPolicy;
  readonly url: string;
  readonly kind: TransactionKind;
  readonly propagation: TransactionPropagation;
}

/** An exchange within a scope that begins here: it comes back here. */
class InScope implements Way {
  readonly outer: Way | null;
  private readonly step: TransactedStep;
  private readonly scope: TransactionScope;

  constructor(step: TransactedStep, outer: Way | null, scope: TransactionScope) {
    this.step = step;
    this.outer = outer;
    this.scope = scope;
  }

  back(exchange: Exchange): void {
    this.step.returned(exchange, this.scope);
  }
}

const runtimeException = 'org.apache.camel.RuntimeCamelException';

const illegal = (message: string): ExchangeError => new ExchangeError('org.springframework.transaction.IllegalTransactionStateException', message);

/** What a step binds to its exchange. @throws ExchangeError where the policy allows none, or demands one */
function scopeFor(exchange: Exchange, { policy, url, propagation }: Rules): TransactionScope {
  const outer = scopeOf(exchange);
  const current = transactionOf(exchange, url);
  const begin = (): Transaction => {
    if (transactionOf(exchange, null) !== null) throw illegal(`the message is in a transaction of another resource already, and one can belong to it: ${shownResource(url)} needs PROPAGATION_REQUIRES_NEW, or a place outside of that`);
    return new Transaction(url, policy, outer);
  };
  switch (propagation) {
    case 'REQUIRED':
      return current === null ? begin() : new Participation(current, policy, outer);
    case 'NESTED':
      return current === null ? begin() : new NestedTransaction(current, policy, outer);
    case 'REQUIRES_NEW':
      return new Transaction(url, policy, outer, true);
    case 'SUPPORTS':
      return current === null ? new NoTransaction(policy, outer, null) : new Participation(current, policy, outer);
    case 'NOT_SUPPORTED':
      return new NoTransaction(policy, outer, url);
    case 'MANDATORY':
      if (current === null) throw illegal("No existing transaction found for transaction marked with propagation 'mandatory'");
      return new Participation(current, policy, outer);
    case 'NEVER':
      if (current !== null) throw illegal("Existing transaction found for transaction marked with propagation 'never'");
      return new NoTransaction(policy, outer, null);
  }
}

/** As in Camel: what makes a transaction roll back is an unchecked exception of Camel's, with what failed as its cause. */
const asRuntimeException = (failure: ExchangeError): ExchangeError =>
  classDistance(failure.type, runtimeException) >= 0 ? failure : new ExchangeError(runtimeException, describeError(failure), { cause: failure });

class TransactedStep extends StepSubscriber {
  private readonly inner: Inlet;
  private readonly rules: Rules;

  constructor(out: Subscriber<Exchange>, steps: Pipe, rules: Rules, context: StepContext) {
    super(out, context.info);
    this.inner = this.branch(steps);
    this.rules = rules;
  }

  protected step(exchange: Exchange): boolean {
    // As in Camel, a policy that the message is in already adds nothing.
    if (scopeOf(exchange)?.isBy(this.rules.policy) === true) exchange.way = new WayBack(this.out, exchange.way);
    else {
      const scope = scopeFor(exchange, this.rules);
      bindTransaction(exchange, scope);
      exchange.way = new InScope(this, exchange.way, scope);
    }
    this.inner.next(exchange);
    return false;
  }

  returned(exchange: Exchange, scope: TransactionScope): void {
    const isFailed = (exchange.halt & (FAILED | HANDLED)) === FAILED;
    const isGood = !isFailed && (exchange.halt & (ROLLBACK_ONLY | ROLLBACK_ONLY_LAST)) === 0;
    // What was to roll back this one only is done with that: nobody around it sees it.
    if ((exchange.halt & ROLLBACK_ONLY_LAST) !== 0) {
      exchange.halt &= ~(ROLLBACK_ONLY_LAST | FAILED | SPENDINGS);
      exchange.exception = null;
    } else if (isFailed) exchange.wrapFailure(asRuntimeException);
    scope.end(isGood).then(
      () => {
        bindTransaction(exchange, scope.outer);
        this.out.next(exchange);
      },
      (thrown: unknown) => {
        bindTransaction(exchange, scope.outer);
        const exhausted = exchange.halt & SPENDINGS;
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
  const managers = all.filter(([, bean]) => isTransactionManager(bean));
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

/** Whether it begins a transaction where none of its resource is around it, or may. */
const mayBegin = ({ propagation }: Rules): boolean => propagation === 'REQUIRED' || propagation === 'NESTED';

/**
 * One resource belongs to a transaction. What a block does with another would neither be committed nor rolled back with it: for Kafka and AMQP that is
 * an error; with databases, where routes of Camel's do that, a warning.
 */
function checkResources(rules: Rules, context: StepContext): void {
  if (rules.propagation === 'NOT_SUPPORTED' || rules.propagation === 'NEVER') return;
  const mine = shownResource(rules.url);
  for (const { url, shown, at } of context.resourcesWithin?.() ?? []) {
    if (url === rules.url) continue;
    const isWarning = rules.kind === 'database';
    context.problems.report('M0507', `\`${shown}\` is no part of the transaction of ${mine}`, at, {
      ...(isWarning ? { severity: 'warning' as const } : {}),
      label: `this is ${shownResource(url)}`,
      help: 'one resource belongs to a transaction: move this step out of the block, or into a `policy` with PROPAGATION_REQUIRES_NEW or PROPAGATION_NOT_SUPPORTED; over several resources write a `saga`',
    });
  }
  for (const { ref, at } of context.policiesWithin?.() ?? []) {
    const inner = rulesOf(context.beans.get(ref));
    if (inner === null || inner.url === rules.url || !mayBegin(inner)) continue;
    context.problems.report('M0507', `a transaction of ${shownResource(inner.url)} stands within one of ${mine}`, at, {
      label: 'this is another resource',
      help: `one resource belongs to a transaction: give the policy \`${ref}\` PROPAGATION_REQUIRES_NEW (it is committed by itself then), move the step out of the block, or write a \`saga\``,
    });
  }
}

function rulesOf(bean: unknown): Rules | null {
  if (!(bean instanceof TransactionPolicy)) return null;
  try {
    return { policy: bean, ...bean.rules() };
  } catch {
    // Its own step says so.
    return null;
  }
}

/** Steps in a transaction of one resource. It commits before the exchange goes on. */
export function transactedOperator(reference: string | undefined, steps: Pipe | undefined, context: StepContext): Pipe {
  const inner = steps ?? sequence([]);
  const policy = policyOf(reference, context);
  if (policy === null) return inner;
  const rules = { policy, ...policy.rules() };
  checkResources(rules, context);
  if (rules.kind === 'Kafka' && rules.propagation === 'REQUIRED' && context.shared !== undefined) context.onDispose(transactedRoutesOf(context.shared).add(context.info.routeId, rules.url));
  return operator((out) => new TransactedStep(out, inner, rules, context));
}

import type { Subscriber } from 'rxjs';
import type { StepContext } from '../core/definition.ts';
import { defineEip } from '../core/definition.ts';
import { ExchangeError } from '../core/errors.ts';
import type { Exchange, Way } from '../core/exchange/exchange.ts';
import { FAILED, HANDLED, SPENDINGS } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { field } from '../core/field.ts';
import type { Inlet, Pipe } from '../core/graph/flow.ts';
import { StepSubscriber, operator } from '../core/graph/flow.ts';
import type { Participant, Saga } from '../core/state/sagas.ts';
import { SagaService, Sagas, sagaHeader, sagaServiceClass } from '../core/state/sagas.ts';

const propagations = ['REQUIRED', 'REQUIRES_NEW', 'MANDATORY', 'SUPPORTS', 'NOT_SUPPORTED', 'NEVER'] as const;

interface Rules {
  readonly propagation: (typeof propagations)[number];
  readonly isManual: boolean;
  readonly timeoutMillis: number | null;
  readonly completion: string | null;
  readonly compensation: string | null;
  readonly options: readonly { readonly key: string; readonly expression: Expression }[];
  readonly service: SagaService;
}

/** An exchange inside the saga's steps: it comes back here. */
class InSaga implements Way {
  readonly outer: Way | null;
  private readonly step: SagaStep;
  /** The saga that this step has begun; null: it takes part in another's, or in none. */
  private readonly own: Saga | null;
  private readonly before: Saga | null;

  constructor(step: SagaStep, outer: Way | null, own: Saga | null, before: Saga | null) {
    this.step = step;
    this.outer = outer;
    this.own = own;
    this.before = before;
  }

  back(exchange: Exchange): void {
    this.step.returned(exchange, this.own, this.before);
  }
}

class SagaStep extends StepSubscriber {
  private readonly inner: Inlet;
  private readonly rules: Rules;
  private readonly sagas: Sagas;

  constructor(out: Subscriber<Exchange>, steps: Pipe, rules: Rules, sagas: Sagas, context: StepContext) {
    super(out, context.info);
    this.inner = this.branch(steps);
    this.rules = rules;
    this.sagas = sagas;
  }

  protected step(exchange: Exchange): boolean {
    this.enter(exchange).then(
      () => this.inner.next(exchange),
      (thrown: unknown) => {
        exchange.fail(thrown, this.info);
        this.out.next(exchange);
      },
    );
    return false;
  }

  private async enter(exchange: Exchange): Promise<void> {
    const { propagation, service, isManual, timeoutMillis } = this.rules;
    const current = await this.sagas.of(exchange);
    if (propagation === 'MANDATORY' && current === null) throw new ExchangeError('org.apache.camel.CamelExchangeException', 'Exchange is not part of a saga. Exchange[]');
    if (propagation === 'NEVER' && current !== null) throw new ExchangeError('org.apache.camel.CamelExchangeException', 'Route cannot handle exchanges that are joining a saga. Exchange[]');
    let own: Saga | null = null;
    if (propagation === 'REQUIRES_NEW' || (propagation === 'REQUIRED' && current === null)) own = this.sagas.begin(service, isManual);
    const isOutside = propagation === 'NOT_SUPPORTED' || propagation === 'NEVER';
    const saga = isOutside ? null : (own ?? current);
    if (saga !== null) {
      try {
        await saga.join(await this.participant(exchange), timeoutMillis);
      } catch (thrown) {
        if (own !== null) this.sagas.forget(own.id);
        throw thrown;
      }
    }
    if (own !== null) exchange.headers.set(sagaHeader, own.id);
    if (isOutside) exchange.headers.remove(sagaHeader);
    this.sagas.enter(exchange, saga);
    exchange.way = new InSaga(this, exchange.way, own, current);
  }

  private async participant(exchange: Exchange): Promise<Participant> {
    const { completion, compensation, options } = this.rules;
    const headers: (readonly [string, unknown])[] = [];
    for (const { key, expression } of options) {
      let value: unknown;
      try {
        value = await expression(exchange);
      } catch (thrown) {
        throw new ExchangeError('org.apache.camel.RuntimeCamelException', `Cannot evaluate saga option '${key}'`, { cause: thrown });
      }
      if (value !== null && value !== undefined) headers.push([key, value]);
    }
    return { completion, compensation, headers };
  }

  returned(exchange: Exchange, own: Saga | null, before: Saga | null): void {
    if (own === null) {
      this.sagas.enter(exchange, before);
      return this.out.next(exchange);
    }
    if (this.rules.isManual) return this.out.next(exchange);
    const isFailed = (exchange.halt & (FAILED | HANDLED)) === FAILED;
    (isFailed ? own.compensate() : own.complete()).then(
      () => {
        this.sagas.enter(exchange, before);
        // As in Camel, the header does not name the saga around this one again.
        if (before === null) exchange.headers.remove(sagaHeader);
        this.out.next(exchange);
      },
      (thrown: unknown) => {
        const exhausted = exchange.halt & SPENDINGS;
        exchange.fail(thrown, this.info);
        exchange.halt |= exhausted;
        this.out.next(exchange);
      },
    );
  }
}

/** The saga service that is named, or the only one that there is. */
function serviceOf(reference: string | undefined, context: StepContext): SagaService {
  const { beans, problems, at } = context;
  if (reference !== undefined) {
    const named = context.bean<unknown>(reference, 'saga service');
    if (!(named instanceof SagaService) && !problems.hasErrors) problems.report('M0501', `the bean \`${reference}\` is no saga service`, at, { help: `declare one under \`beans\`, of the type ${sagaServiceClass}` });
    return named instanceof SagaService ? named : new SagaService();
  }
  const services = beans.names().map((name) => beans.get(name)).filter((candidate) => candidate instanceof SagaService);
  if (services.length === 1) return services[0]!;
  problems.report('M0501', services.length === 0 ? 'there is no saga service' : 'there are several saga services', at, {
    label: 'needs a saga service',
    help: services.length === 0 ? `declare one: \`- beans: [ { name: sagaService, type: ${sagaServiceClass} } ]\`` : 'name one of them with the option `sagaService`',
  });
  return new SagaService();
}

export const saga = defineEip({
  name: 'saga',
  keepsState: true,
  summary: 'Runs the whole route as part of a long-running action that is completed by all who take part, or undone by all.',
  wrapsRoute: true,
  options: {
    sagaService: field.string('Bean of the saga service; the only one that there is when absent.'),
    propagation: field
      .enum(
        'REQUIRED joins the saga of the message or begins one, REQUIRES_NEW always begins one, MANDATORY fails without one, SUPPORTS joins one if there is one, NOT_SUPPORTED runs outside of any, NEVER fails in one.',
        propagations,
      )
      .default('REQUIRED'),
    completionMode: field.enum('AUTO, when absent: the saga is over when its steps are. MANUAL: `saga:complete` or `saga:compensate` ends it.', ['AUTO', 'MANUAL']),
    timeout: field.millis('After so long a saga that is not over yet is compensated.'),
    compensation: field.string('Endpoint where to send to when the saga is undone. It must be able to do its work twice.'),
    completion: field.string('Endpoint where to send to when the saga is completed. It must be able to do its work twice.'),
    option: field.list(
      'Values that are kept now, to be headers of the messages to `completion` and `compensation`.',
      field.element('One value.', { key: field.string('The header.').required(), expression: field.expression('The value; one that is null is left out.').required() }),
    ),
    steps: field.steps('What belongs to the saga. Steps beside it in the route do, too; they run before these.').required(),
  },
  examples: [
    {
      title: 'An order that is cancelled when the payment fails',
      route:
        '- beans:\n    - name: sagaService\n      type: org.apache.camel.saga.InMemorySagaService\n- from:\n    uri: direct:start\n    steps:\n      - saga:\n          compensation: direct:cancel\n          option:\n            - key: order\n              simple: "${body}"\n          steps:\n            - filter:\n                simple: "${body} == 7"\n                steps:\n                  - throwException: { exceptionType: java.lang.IllegalStateException, message: "no money" }\n            - to: mock:ordered\n- from:\n    uri: direct:cancel\n    steps:\n      - setBody: { header: order }\n      - to: mock:cancelled\n',
      in: [6, 7],
      out: { 'mock:ordered': [6], 'mock:cancelled': [7] },
    },
  ],
  operator: ({ sagaService, propagation, completionMode, timeout, compensation, completion, option, steps }, context) => {
    const isOutside = propagation === 'NEVER' || propagation === 'NOT_SUPPORTED';
    if (isOutside && (compensation !== undefined || completion !== undefined || (option ?? []).length > 0 || timeout !== undefined)) {
      context.problems.report('M0225', `a saga step with the propagation ${propagation} can have no completion, compensation, option or timeout`, context.at, {
        label: 'takes part in no saga',
        help: 'take these options away, or choose another propagation',
      });
    }
    if (completionMode === 'MANUAL' && (isOutside || propagation === 'SUPPORTS')) {
      context.problems.report('M0225', `a saga step with the propagation ${propagation} begins no saga, so it can't be completed by hand`, context.at, {
        label: 'begins no saga',
        help: 'take `completionMode` away, or choose REQUIRED or REQUIRES_NEW',
      });
    }
    const service = serviceOf(sagaService, context);
    const { clock, events, scope, stopping } = context;
    const store = context.sharedStore?.('saga/') ?? context.store;
    const make = (): Sagas => new Sagas({ store, clock, events, scope, stopping });
    const sagas = context.shared?.('sagas', make) ?? make();
    sagas.serve(service);
    for (const endpoint of [compensation, completion]) if (endpoint !== undefined) sagas.register(endpoint, context.producer({ uri: endpoint, parameters: {} }));
    context.onStop?.(() => sagas.settle());
    const rules: Rules = {
      propagation,
      isManual: completionMode === 'MANUAL',
      timeoutMillis: timeout ?? null,
      completion: completion ?? null,
      compensation: compensation ?? null,
      options: option ?? [],
      service,
    };
    return operator((out) => new SagaStep(out, steps, rules, sagas, context));
  },
});

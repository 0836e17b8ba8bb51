import { expect } from 'chai';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { EXHAUSTED, FAILED, HANDLED, ROLLBACK_ONLY, STOPPED } from '../../src/core/exchange/exchange.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import type { Predicate } from '../../src/core/expression.ts';
import type { Pipe } from '../../src/core/graph/flow.ts';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { doTry } from '../../src/eip/doTry.ts';
import { exchangeOf, run, runLater, stepContext } from '../contract/operator.ts';

const io = (message = 'io', cause?: unknown) => new ExchangeError('java.io.IOException', message, { cause });
const throws = (error: Error): Pipe =>
  perform(() => {
    throw error;
  });
const halts = (bit: number): Pipe => perform((exchange) => void (exchange.halt |= bit));
const marks = (mark: string): Pipe => perform((exchange) => void (exchange.body = `${String(exchange.body)}${mark}`));
const described = { id: undefined, description: undefined, note: undefined, disabled: false };
const caught = (exception: string[], steps: Pipe, onWhen?: Predicate) => ({
  ...described,
  exception,
  steps,
  onWhen: onWhen === undefined ? undefined : { id: undefined, description: undefined, note: undefined, expression: onWhen },
});
const finally_ = (steps: Pipe) => ({ ...described, steps });

type Options = Parameters<typeof doTry.operator>[0];
const tried = (options: Partial<Options>, exchange = exchangeOf('')): Exchange =>
  run(doTry.operator({ steps: sequence([]), doCatch: [], doFinally: undefined, ...options }, stepContext()), [exchange])[0]!;

describe('doTry', () => {
  it('has no error handler of the route inside or around it', () => expect(doTry.errorHandling).to.deep.equal({ own: 'none', children: 'none', takesArrivals: true }));

  it('does nothing to what goes well, but for doFinally', () => {
    expect(tried({ steps: marks('t'), doCatch: [caught(['java.lang.Exception'], marks('c'))], doFinally: finally_(marks('f')) }).body).to.equal('tf');
  });

  it('catches a class, its parents, and the classes of causes', () => {
    const by = (name: string, error: Error) => tried({ steps: throws(error), doCatch: [caught([name], marks('c'))] }).body;
    expect([by('java.io.IOException', io()), by('java.lang.Throwable', io()), by('IOException', io()), by('java.io.IOException', new ExchangeError('java.lang.RuntimeException', 'x', { cause: io() })), by('java.lang.IllegalStateException', io())]).to.deep.equal(['c', 'c', 'c', 'c', '']);
  });

  it('gives the failure to the first doCatch that takes it, in their order', () => {
    const doCatch = [caught(['java.lang.IllegalStateException'], marks('1')), caught(['java.lang.Exception'], marks('2')), caught(['java.io.IOException'], marks('3'))];
    expect(tried({ steps: throws(io()), doCatch }).body).to.equal('2');
  });

  it('asks onWhen, which sees the exception', () => {
    const says = (text: string): Predicate => (exchange) => exchange.exception!.message === text;
    const doCatch = [caught(['java.io.IOException'], marks('1'), says('other')), caught(['java.io.IOException'], marks('2'), says('io'))];
    expect(tried({ steps: throws(io()), doCatch }).body).to.equal('2');
  });

  it('waits for an onWhen that answers later', async () => {
    const context = stepContext();
    const answers = (value: boolean): Predicate => Object.assign(() => Promise.resolve(value) as unknown as boolean, { isAsync: true });
    const doCatch = [caught(['java.io.IOException'], marks('1'), answers(false)), caught(['java.io.IOException'], marks('2'), answers(true))];
    const [exchange] = await runLater(doTry.operator({ steps: throws(io()), doCatch, doFinally: undefined }, context), context, [exchangeOf('')]);
    expect(exchange!.body).to.equal('2');
  });

  it('takes the failure away, and keeps it in CamelExceptionCaught', () => {
    const exchange = tried({ steps: throws(io()), doCatch: [caught(['java.io.IOException'], sequence([]))] });
    expect([exchange.exception, exchange.halt, (exchange.property('CamelExceptionCaught') as Error).message]).to.deep.equal([null, 0, 'io']);
  });

  it('tells doCatch where it failed, and nobody after it', () => {
    let seen: unknown[] = [];
    const look = perform((exchange) => void (seen = [exchange.property('CamelFailureRouteId'), exchange.property('CamelFailureEndpoint')]));
    const exchange = exchangeOf('');
    exchange.fromEndpoint = 'direct://start';
    tried({ steps: throws(io()), doCatch: [caught(['java.io.IOException'], look)] }, exchange);
    expect([seen, exchange.properties.names()]).to.deep.equal([['route1', 'direct://start'], ['CamelExceptionCaught']]);
  });

  it('catches what a redelivery has given up', () => {
    const exhausted = perform((exchange) => {
      exchange.fail(io());
      exchange.halt |= EXHAUSTED;
    });
    expect(tried({ steps: exhausted, doCatch: [caught(['java.io.IOException'], marks('c'))] }).halt).to.equal(0);
  });

  it('runs doFinally with the failure that nobody caught, which then goes on', () => {
    let seen: unknown;
    const look = perform((exchange) => void (seen = (exchange.property('CamelExceptionCaught') as Error).message));
    const exchange = tried({ steps: throws(io()), doFinally: finally_(sequence([look, marks('f')])) });
    expect([seen, exchange.body, exchange.halt, exchange.exception?.message]).to.deep.equal(['io', 'f', FAILED, 'io']);
  });

  it('runs doFinally after a doCatch that fails, with that failure', () => {
    const exchange = tried({ steps: throws(io()), doCatch: [caught(['java.io.IOException'], throws(io('second')))], doFinally: finally_(marks('f')) });
    expect([exchange.body, exchange.exception?.message]).to.deep.equal(['f', 'second']);
  });

  it('keeps the first failure when doFinally fails as well', () => {
    expect(tried({ steps: throws(io('first')), doFinally: finally_(throws(io('second'))) }).exception?.message).to.equal('first');
  });

  it('fails when only doFinally fails', () => {
    const exchange = tried({ doFinally: finally_(throws(io('last'))) });
    expect([exchange.halt, exchange.exception?.message]).to.deep.equal([FAILED, 'last']);
  });

  it("leaves what nobody caught to what stands around it: redelivery is not over", () => {
    expect(tried({ steps: throws(io()) }).halt).to.equal(FAILED);
  });

  it('skips doFinally after a stop, but not after a handled failure or a mark', () => {
    const after = (bit: number) => tried({ steps: halts(bit), doFinally: finally_(marks('f')) });
    expect([STOPPED, HANDLED, ROLLBACK_ONLY].map((bit) => [after(bit).body, after(bit).halt])).to.deep.equal([
      ['', STOPPED],
      ['f', HANDLED],
      ['f', ROLLBACK_ONLY],
    ]);
  });

  it('can not take back a rollback: its failure stays, and its mark stays where it catches another failure', () => {
    const rollsBack = (failure: ExchangeError) =>
      perform((exchange) => {
        exchange.halt |= ROLLBACK_ONLY;
        throw failure;
      });
    const caughtAfter = (failure: ExchangeError) => {
      const exchange = tried({ steps: rollsBack(failure), doCatch: [caught(['java.lang.Exception'], marks('c'))] });
      return [exchange.body, exchange.halt, exchange.exception?.message ?? null];
    };
    expect(caughtAfter(new ExchangeError('org.apache.camel.RollbackExchangeException', 'rolled back'))).to.deep.equal(['c', FAILED | ROLLBACK_ONLY, 'rolled back']);
    expect(caughtAfter(io('failed'))).to.deep.equal(['c', ROLLBACK_ONLY, null]);
  });

  it('nests: what the inner one does not catch, the outer one does', () => {
    const inner = doTry.operator({ steps: throws(io()), doCatch: [caught(['java.lang.IllegalStateException'], marks('no'))], doFinally: finally_(marks('f')) }, stepContext());
    expect(tried({ steps: inner, doCatch: [caught(['java.io.IOException'], marks('o'))] }).body).to.equal('fo');
  });

  it('leaves out parts that are disabled', () => {
    const exchange = tried({ steps: throws(io()), doCatch: [{ ...caught(['java.io.IOException'], marks('c')), disabled: true }], doFinally: { ...finally_(marks('f')), disabled: true } });
    expect([exchange.body, exchange.isFailed]).to.deep.equal(['', true]);
  });

  it('refuses a doCatch without a class', () => expect(() => tried({ doCatch: [caught([], marks('c'))] })).to.throw('names no exception'));
});

import { expect } from 'chai';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { claimCheck } from '../../src/eip/claimCheck.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

type Options = Parameters<typeof claimCheck.operator>[0];
const context = stepContext();
const claim = (options: Partial<Options> & Pick<Options, 'operation'>) =>
  claimCheck.operator({ key: undefined, filter: undefined, aggregationStrategy: undefined, aggregationStrategyMethodName: undefined, ...options }, context);

const change = perform((exchange) => {
  exchange.body = 'new';
  exchange.headers.set('foo', 2);
  exchange.headers.set('bar', 2);
  exchange.headers.set('barx', 2);
});

const popped = (filter?: string): unknown[] => {
  const [exchange] = run(sequence([claim({ operation: 'Push' }), change, claim({ operation: 'Pop', filter })]), [exchangeOf('old', { foo: 1, bar: 1 })]);
  return [exchange!.body, ...['foo', 'bar', 'barx'].map((name) => exchange!.headers.get(name))];
};

describe('claimCheck', () => {
  it('takes everything back, and keeps what came new', () => expect(popped()).to.deep.equal(['old', 1, 1, 2]));
  it('takes the body alone', () => expect(popped('body')).to.deep.equal(['old', 2, 2, 2]));
  it('takes the headers alone', () => expect(popped('headers')).to.deep.equal(['new', 1, 1, 2]));
  it('takes headers by a pattern', () => expect(popped('header:bar*,body')).to.deep.equal(['old', 2, 1, 2]));
  it('leaves out the body', () => expect(popped('-body')).to.deep.equal(['new', 1, 1, 2]));
  it('leaves out headers by a pattern', () => expect(popped('-header:bar')).to.deep.equal(['old', 1, 2, 2]));
  it('removes headers by a pattern', () => expect(popped('--header:bar*')).to.deep.equal(['old', 1, undefined, undefined]));

  it('keeps under a key, which may hold Simple, until it is removed', () => {
    const key = '${header.id}';
    const bodies: unknown[] = [];
    const look = perform((exchange) => void bodies.push(exchange.body));
    const steps = [claim({ operation: 'Set', key }), change, claim({ operation: 'Get', key }), look, change, claim({ operation: 'GetAndRemove', key }), look, change, claim({ operation: 'Get', key }), look];
    run(sequence(steps), [exchangeOf('old', { id: 7 })]);
    expect(bodies).to.deep.equal(['old', 'old', 'new']);
  });

  it('gives back the last that was pushed', () => {
    const steps = [claim({ operation: 'Push' }), perform((exchange) => void (exchange.body = 2)), claim({ operation: 'Push' }), change, claim({ operation: 'Pop' }), claim({ operation: 'Pop' })];
    expect(run(sequence(steps), [exchangeOf(1)])[0]!.body).to.equal(1);
  });

  it('does nothing when there is nothing to take back', () => expect(run(claim({ operation: 'Pop' }), [exchangeOf('a')])[0]!.body).to.equal('a'));
  it('keeps what has no key under none', () => {
    const steps = [claim({ operation: 'Set' }), change, claim({ operation: 'Get' })];
    expect(run(sequence(steps), [exchangeOf(1)])[0]!.body).to.equal(1);
  });
});

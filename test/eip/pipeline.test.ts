import { expect } from 'chai';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { pipeline } from '../../src/eip/pipeline.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

describe('pipeline', () => {
  it('runs its steps one after the other', () => {
    const add = (letter: string) => perform((exchange) => void (exchange.body = `${String(exchange.body)}${letter}`));
    expect(run(pipeline.operator({ steps: sequence([add('1'), add('2')]) }, stepContext()), [exchangeOf('a')])[0]!.body).to.equal('a12');
  });
});

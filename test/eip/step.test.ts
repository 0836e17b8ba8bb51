import { expect } from 'chai';
import { perform, sequence } from '../../src/core/graph/flow.ts';
import { step } from '../../src/eip/step.ts';
import { exchangeOf, run, stepContext } from '../contract/operator.ts';

const named = (stepId: string) => stepContext({ info: { routeId: 'route1', stepId, kind: 'step', label: stepId, at: null } });

describe('step', () => {
  it('gives its id to the steps inside, and the outer one back', () => {
    const seen: unknown[] = [];
    const look = perform((exchange) => void seen.push(exchange.property('CamelStepId')));
    const inner = step.operator({ steps: look }, named('inner'));
    run(sequence([step.operator({ steps: sequence([look, inner, look]) }, named('outer')), look]), [exchangeOf('a')]);
    expect(seen).to.deep.equal(['outer', 'inner', 'outer', undefined]);
  });
});

import { expect } from 'chai';
import { camelSteps } from '../../src/dsl/camelNames.ts';
import { insteadOfStep } from '../../src/dsl/instead.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { routesFile, runtimeWith } from '../runtime/rig.ts';

describe('what is said in the place of a step', () => {
  const { eips } = standardParts;
  const refused = async (name: string): Promise<string> => {
    const runtime = runtimeWith();
    const thrown = await runtime.start([routesFile([{ from: { uri: 'direct:in', steps: [{ [name]: {} }] } }])]).then(
      () => null,
      (failure: unknown) => failure as { diagnostics?: unknown },
    );
    await runtime.stop(1000);
    return thrown === null ? '' : JSON.stringify(Object.values(thrown));
  };

  it('is there for every step of Camel that is not here', () => {
    expect([...camelSteps].filter((name) => eips[name] === undefined && insteadOfStep[name] === undefined && !['doCatch', 'doFinally', 'intercept', 'interceptFrom', 'interceptSendToEndpoint', 'onCompletion', 'onException'].includes(name))).to.deep.equal([]);
  });

  it('is about no step that is here, and names steps that are', () => {
    expect(Object.keys(insteadOfStep).filter((name) => eips[name] !== undefined)).to.deep.equal([]);
    for (const help of Object.values(insteadOfStep)) for (const [, name] of help.matchAll(/write `([a-zA-Z]+)/g)) if (name !== 'skipSendToOriginalEndpoint') expect(Object.keys(eips)).to.include(name);
  });

  it('stands in the error of a file that has it', async () => {
    for (const name of ['serviceCall', 'inOnly', 'a2aSubTask', 'resilience4jConfiguration']) expect(await refused(name)).to.include(JSON.stringify(insteadOfStep[name]).slice(1, -1));
  });
});

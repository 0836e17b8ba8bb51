import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { LoadError } from '../../src/core/diagnostics.ts';
import { camelSteps } from '../../src/dsl/camelNames.ts';
import { insteadOfDataFormat, insteadOfLanguage, insteadOfStep } from '../../src/dsl/instead.ts';
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

describe('what is said in the place of an option', () => {
  it('is where an expression belongs', async () => {
    const runtime = runtimeWith();
    const thrown = await runtime.start([routesFile([{ from: { uri: 'direct:in', steps: [{ aggregate: { constant: true, completionSize: 2, steps: [{ log: 'x' }] } }] } }])]).then(() => null, (failure: unknown) => failure as LoadError);
    await runtime.stop(1000);
    expect(thrown!.diagnostics.map(({ help }) => help)).to.include('write it below `correlationExpression`');
  });
});

describe('what is said in the place of a language or data format', () => {
  const section = /^## What is not there yet$([\s\S]*?)(?=^## )/m.exec(readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8'))![1]!;
  const parts = (kind: string): string[] => [...section.matchAll(new RegExp(`^\\| ${kind} (.+?) \\|`, 'gm'))].flatMap(([, names]) => [...names!.matchAll(/`(\w+)`/g)].map(([, name]) => name!));

  it('is about none that is here, and each has its reason on the page about compatibility', () => {
    const { languages, dataformats } = standardParts;
    expect(Object.keys(insteadOfLanguage).filter((name) => languages[name] !== undefined)).to.deep.equal([]);
    expect(Object.keys(insteadOfDataFormat).filter((name) => dataformats[name] !== undefined)).to.deep.equal([]);
    expect(parts('languages').sort()).to.deep.equal(Object.keys(insteadOfLanguage).sort());
    expect(parts('data formats').sort()).to.deep.equal(Object.keys(insteadOfDataFormat).sort());
  });
});

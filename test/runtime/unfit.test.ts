import { expect } from 'chai';
import type { Diagnostic } from '../../src/core/diagnostics.ts';
import { LoadError } from '../../src/core/diagnostics.ts';
import { Mecha } from '../../src/runtime/mecha.ts';

const settings = { 'http.port': 0, 'management.enabled': false, 'state.store': 'memory', 'log.level': 'off' };

/** What is said when a step, or a source, is tried. */
async function complaints(routes: string): Promise<readonly Diagnostic[]> {
  try {
    const mecha = await Mecha.start({ configuration: null, routes, settings });
    await mecha.stop();
    return [];
  } catch (thrown) {
    expect(thrown).to.be.instanceOf(LoadError);
    return (thrown as LoadError).diagnostics;
  }
}

const pointedAt = ({ at }: Diagnostic): string | null => (at === null ? null : at.source.text.slice(at.start, at.end));

describe('what the code of a part complains about while it is made', () => {
  for (const [step, code, place, help] of [
    ['convertBodyTo: { type: com.acme.Foo }', 'M0205', 'com.acme.Foo', 'byte[]'],
    ['convertBodyTo: { type: String, charset: nope }', 'M0205', 'nope', 'ISO-8859-1'],
    ['unmarshal: { csv: { useMaps: true, delimiter: ";;" } }', 'M0205', '";;"', 'delimiter: ";"'],
    ['marshal: { json: { disableFeatures: NOPE } }', 'M0205', 'NOPE', 'SerializationFeature'],
    ['loadBalance: { weightedLoadBalancer: { distributionRatio: "2" }, steps: [ { to: "mock:a" }, { to: "mock:b" } ] }', 'M0205', '"2"', 'each step'],
    ['loadBalance: { steps: [ { to: "mock:a" } ] }', 'M0206', 'loadBalance', 'roundRobinLoadBalancer: {}'],
    ['threads: { poolSize: 5, maxPoolSize: 2 }', 'M0205', '2', 'maxPoolSize: 5'],
    ['bean: {}', 'M0206', 'bean', 'beanType'],
    ['throwException: { message: x }', 'M0206', 'throwException', 'exceptionType'],
    ['rollback: { markRollbackOnly: true, markRollbackOnlyLast: true }', 'M0316', 'true', 'keep one'],
    ['log: "got ${bodyyy}"', 'M0301', 'bodyyy', '${body}'],
    ['log: { loggingLevel: INFO, message: "got ${body} ${header" }', 'M0301', '${', 'add `}`'],
    ['toD: "mock:${body"', 'M0301', '${', 'add `}`'],
    ['to: "file:out?fileExist=Move"', 'M0611', 'fileExist=Move', 'moveExisting'],
    ['to: { uri: "file:out", parameters: { fileExist: Append, tempPrefix: t } }', 'M0611', 't', 'tempPrefix'],
    ['to: { uri: "file:out", parameters: { fileName: "${date:now" } }', 'M0611', '${', 'add `}`'],
  ] as const) {
    it(`stands at its place: ${step}`, async () => {
      const said = await complaints(`- from:\n    uri: direct:a\n    steps:\n      - ${step}\n`);
      expect(said.map(({ code: given }) => given)).to.deep.equal([code]);
      expect(pointedAt(said[0]!), said[0]!.message).to.equal(place);
      expect(said[0]!.help).to.contain(help);
    });
  }

  for (const [uri, place, help] of [
    ['file:in?include=[', 'include=[', 'antInclude'],
    ['file:in?delay=100&sortBy=nope', 'sortBy=nope', 'file:name'],
    ['file:in?move=.done&delete=true', 'move=.done', 'keep one'],
    ['file:in?readLock=idempotent', 'readLock=idempotent', 'idempotentRepository'],
    ['file:in?charset=nope', 'charset=nope', 'UTF-8'],
  ] as const) {
    it(`stands at the option of a source: ${uri}`, async () => {
      const said = await complaints(`- from:\n    uri: "${uri}"\n    steps:\n      - to: mock:out\n`);
      expect(said.map(({ code }) => code)).to.deep.equal(['M0611']);
      expect(pointedAt(said[0]!), said[0]!.message).to.equal(place);
      expect(said[0]!.help).to.contain(help);
    });
  }

  it('stands at the step when the file has no such text: the placeholder is where the value came from', async () => {
    const routes = '- from:\n    uri: direct:a\n    steps:\n      - log: "{{line}}"\n';
    const failed = await Mecha.start({ configuration: null, routes, settings, properties: { line: '${bodyyy}' } }).then(
      () => null,
      (thrown: unknown) => thrown as LoadError,
    );
    expect(failed?.diagnostics.map(pointedAt)).to.deep.equal(['"{{line}}"']);
  });
});

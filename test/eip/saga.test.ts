import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import { eventually, mockOf, routesFile, runtimeWith } from '../runtime/rig.ts';

const service = '- beans: [ { name: sagaService, type: org.apache.camel.saga.InMemorySagaService, initMethod: start } ]\n';
const route = (saga: string): string => `${service}- from: { uri: "direct:a", steps: [ { setBody: { constant: x } }, ${saga} ] }\n`;

describe('saga', () => {
  const codes = async (text: string): Promise<string[]> => (await runtimeWith().check([routesFile(text)])).map(({ code }) => code);

  it('says that it needs a service, a place on the top level, a route for itself, and nothing to do outside of sagas', async () => {
    expect(await codes(route('{ saga: { steps: [ { to: "mock:out" } ] } }'))).to.deep.equal([]);
    expect(await codes(route('{ saga: { steps: [ { to: "mock:out" } ] } }').replace(service, ''))).to.deep.equal(['M0501']);
    expect(await codes(route('{ filter: { simple: "${body}", steps: [ { saga: { steps: [ { to: "mock:out" } ] } } ] } }'))).to.deep.equal(['M0226']);
    expect(await codes(route('{ saga: { steps: [ { to: "mock:out" } ] } }, { saga: { steps: [ { to: "mock:out" } ] } }'))).to.deep.equal(['M0226']);
    expect(await codes(route('{ saga: { propagation: NEVER, completion: "mock:done", steps: [ { to: "mock:out" } ] } }'))).to.deep.equal(['M0225']);
    expect(await codes(route('{ saga: { sagaService: other, steps: [ { to: "mock:out" } ] } }'))).to.deep.equal(['M0501']);
    expect(await codes(route('{ to: "saga:complete" }'))).to.deep.equal([]);
    expect(await codes(route('{ to: "saga:complete" }').replace(service, ''))).to.deep.equal(['M0501']);
  });

  it('keeps open sagas over a reload, and undoes them through the routes that are there then', async () => {
    const runtime = runtimeWith({ clock: systemClock });
    const file = (undo: string): string =>
      `${service}- route: { id: begin, from: { uri: "direct:begin", steps: [ { saga: { completionMode: MANUAL, compensation: "direct:undo", option: [ { key: what, simple: "\${body}" } ], steps: [ { setBody: { header: Long-Running-Action } } ] } } ] } }
- route: { id: end, from: { uri: "direct:end", steps: [ { to: "saga:compensate" } ] } }
- route: { id: undo, from: { uri: "direct:undo", steps: [ { to: "mock:${undo}" } ] } }\n`;
    await runtime.start([routesFile(file('old'))]);
    const { body: id } = await runtime.send('direct:begin', 'order');
    expect((await runtime.reload([routesFile(file('new'))])).result).to.equal('applied');
    const ended = await runtime.send('direct:end', null, { headers: { 'Long-Running-Action': id } });
    expect(ended.exception).to.equal(null);
    await eventually(() => expect(mockOf(runtime, 'new').received.map(({ headers }) => headers.get('what'))).to.deep.equal(['order']));
    expect(mockOf(runtime, 'old').count).to.equal(0);
    await runtime.stop();
  });
});

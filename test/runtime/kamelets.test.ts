import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { LoadError } from '../../src/core/diagnostics.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { RigOptions } from './rig.ts';
import { eventually, mockOf, routesFile, runtimeWith } from './rig.ts';

const upper = {
  routeTemplate: {
    id: 'upper',
    parameters: [{ name: 'suffix', defaultValue: '!' }],
    from: { uri: 'kamelet:source', steps: [{ setBody: { simple: '${body.toUpperCase()}{{suffix}}' } }, { to: 'kamelet:sink' }, { setHeader: { name: 'afterSink', simple: '${body}' } }] },
  },
};
const bad = { routeTemplate: { id: 'bad', from: { uri: 'kamelet:source', steps: [{ setBody: { constant: 'changed' } }, { throwException: { exceptionType: 'java.lang.Exception', message: 'in kamelet' } }] } } };
const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });

describe('kamelets', () => {
  let runtime: Runtime;

  const start = async (routes: readonly unknown[], options: RigOptions = {}): Promise<Runtime> => {
    runtime = runtimeWith({ clock: systemClock, ...options });
    await runtime.start([routesFile(routes)]);
    return runtime;
  };

  const body = async (uri: string, sent: unknown): Promise<unknown> => (await runtime.send(uri, sent)).body;

  afterEach(() => runtime.stop(100));

  it('are sent to with the parameters of the URI, defaults for the others', async () => {
    await start([upper, route('direct:a', { to: 'kamelet:upper?suffix=%3F' }), route('direct:b', { to: { uri: 'kamelet:upper', parameters: { suffix: 1 } } }), route('direct:c', { kamelet: 'upper' })]);
    expect([await body('direct:a', 'x'), await body('direct:b', 'x'), await body('direct:c', 'x')]).to.deep.equal(['X?', 'X1', 'X!']);
  });

  describe('that only messages name', () => {
    const greet = (text: string): unknown => ({ routeTemplate: { id: 'greet', parameters: [{ name: 'who' }], from: { uri: 'kamelet:source', steps: [{ setBody: { simple: `${text} {{who}}` } }] } } });
    const toNamed = route('direct:a', { toD: 'kamelet:${header.which}?who=${body}' });
    const named = async (which: string, who: string): Promise<unknown> => {
      const { body: answer, exception } = await runtime.send('direct:a', who, { headers: { which } });
      return exception === null ? answer : `${exception.type.split('.').pop()}: ${exception.message}`;
    };

    it('are made when the first message names them, whatever comes at once, and nobody is told of a reload', async () => {
      await start([greet('hello'), upper, toNamed]);
      let reloads = 0;
      runtime.events.on('reloaded', () => void reloads++);
      const before = runtime.lastReload;
      const answers = await Promise.all(Array.from({ length: 40 }, (_, i) => named('greet', `n${i % 8}`)));
      expect(answers).to.deep.equal(Array.from({ length: 40 }, (_, i) => `hello n${i % 8}`));
      expect(await named('upper', 'x')).to.equal('X!');
      expect([reloads, runtime.lastReload === before]).to.deep.equal([0, true]);
    });

    it('fail where there is none, or what it needs is not there, and others go on', async () => {
      await start([greet('hello'), { routeTemplate: { id: 'lost', parameters: [{ name: 'who' }], from: { uri: 'kamelet:source', steps: [{ to: 'salesforce:x' }] } } }, toNamed]);
      expect(await named('nowhere', 'x')).to.equal('ResolveEndpointFailedException: Failed to resolve endpoint: kamelet://nowhere?who=x due to: no kamelet `nowhere`');
      expect(await named('lost', 'x')).to.match(/^ResolveEndpointFailedException: .*salesforce/);
      expect(await named('greet', 'x')).to.equal('hello x');
    });

    it('are what a reload makes of them, and gone with what it takes away', async () => {
      await start([greet('hello'), upper, toNamed]);
      expect([await named('greet', 'Ann'), await named('upper', 'x')]).to.deep.equal(['hello Ann', 'X!']);
      const reloaded = await runtime.reload([routesFile([greet('goodbye'), toNamed])]);
      expect([reloaded.result, reloaded.problems]).to.deep.equal(['applied', []]);
      expect(await named('greet', 'Ann')).to.equal('goodbye Ann');
      expect(await named('upper', 'x')).to.match(/no kamelet `upper`/);
      await runtime.reload([routesFile([greet('welcome'), upper, toNamed])]);
      expect([await named('greet', 'Ann'), await named('upper', 'x')]).to.deep.equal(['welcome Ann', 'X!']);
    });

    it('are not kept without a bound', async () => {
      await start([greet('hello'), toNamed]);
      for (let i = 0; i < 110; i++) expect(await named('greet', `n${i}`)).to.equal(`hello n${i}`);
      await eventually(() => expect(runtime.routes.size).to.equal(101));
      expect(await named('greet', 'n0')).to.equal('hello n0');
    });
  });

  it('run nested steps where the template has its sink, each use its own', async () => {
    const use = (mark: string): unknown => ({ kamelet: { name: 'upper', steps: [{ setHeader: { name: mark, simple: '${body} ${header.afterSink}' } }] } });
    await start([upper, route('direct:a', use('one')), route('direct:b', use('two'))]);
    const { headers: a } = await runtime.send('direct:a', 'x');
    const { headers: b } = await runtime.send('direct:b', 'y');
    expect(a.toObject()).to.deep.equal({ one: 'X! ', afterSink: 'X!' });
    expect(b.toObject()).to.deep.equal({ two: 'Y! ', afterSink: 'Y!' });
  });

  it('run nested steps behind the last step of a template without a sink', async () => {
    const plain = { routeTemplate: { id: 'plain', from: { uri: 'kamelet:source', steps: [{ setBody: { simple: '${body} plain' } }] } } };
    await start([plain, route('direct:a', { kamelet: { name: 'plain', steps: [{ setBody: { simple: '${body} nested' } }] } }, { setBody: { simple: '${body} after' } })]);
    expect(await body('direct:a', 'x')).to.equal('x plain nested after');
  });

  it('go through the nested steps once for every part of a split in the template', async () => {
    const splitter = { routeTemplate: { id: 'splitter', from: { uri: 'kamelet:source', steps: [{ split: { simple: '${body}', steps: [{ to: 'kamelet:sink' }] } }] } } };
    await start([splitter, route('direct:a', { kamelet: { name: 'splitter', steps: [{ to: 'mock:parts' }] } })]);
    await body('direct:a', 'p,q');
    expect(mockOf(runtime, 'parts').bodies).to.deep.equal(['p', 'q']);
  });

  it('feed a route as its source, which may be used many times', async () => {
    const source = {
      routeTemplate: {
        id: 'ticks',
        parameters: [{ name: 'text' }],
        from: { uri: 'timer:x?repeatCount=1&delay=0', steps: [{ setBody: { constant: '{{text}}' } }, { to: 'kamelet:sink' }] },
      },
    };
    await start([source, route('kamelet:ticks?text=a', { to: 'mock:a' }), route('kamelet:ticks?text=b', { to: 'mock:b' })]);
    await eventually(() => expect([mockOf(runtime, 'a').bodies, mockOf(runtime, 'b').bodies]).to.deep.equal([['a'], ['b']]));
  });

  it('use other kamelets, with their own nested steps', async () => {
    const outer = { routeTemplate: { id: 'outer', from: { uri: 'kamelet:source', steps: [{ kamelet: { name: 'upper', steps: [{ to: 'kamelet:sink' }] } }] } } };
    await start([upper, outer, route('direct:a', { kamelet: { name: 'outer', steps: [{ to: 'mock:inside' }] } })]);
    await body('direct:a', 'x');
    expect(mockOf(runtime, 'inside').bodies).to.deep.equal(['X!']);
  });

  it('take parameters from properties, by kamelet and by the id of its route', async () => {
    const greet = { routeTemplate: { id: 'greet', parameters: [{ name: 'who' }], from: { uri: 'kamelet:source', steps: [{ setBody: { simple: '${body} {{who}}' } }] } } };
    const properties = propertyLookup({ properties: { 'camel.kamelet.greet.who': 'all', 'camel.kamelet.greet.mine.who': 'me' } });
    await start([greet, route('direct:a', { to: 'kamelet:greet' }, { to: 'kamelet:greet/mine' }, { to: 'kamelet:greet?who=you' })], { properties });
    expect(await body('direct:a', 'hi')).to.equal('hi all me you');
    expect(runtime.routeIds()).to.include('mine');
  });

  it('are read from a file of the folder kamelets, with required parameters and defaults', async () => {
    const file = [
      'kind: Kamelet',
      'metadata: { name: my-action }',
      'spec:',
      '  definition:',
      '    required: [who]',
      '    properties: { who: { type: string }, mark: { type: string, default: "!" } }',
      '  template:',
      '    from: { uri: kamelet:source, steps: [ { setBody: { simple: "${body} {{who}}{{mark}}" } } ] }',
    ].join('\n');
    const resource = (uri: string): string => {
      if (uri !== 'classpath:kamelets/my-action.kamelet.yaml') throw new Error('no such file');
      return file;
    };
    await start([route('direct:a', { to: 'kamelet:my-action?who=World' })], { resource });
    expect(await body('direct:a', 'Hello')).to.equal('Hello World!');
  });

  const handler = { onException: { exception: ['java.lang.Exception'], handled: { constant: 'true' }, steps: [{ setBody: { simple: '${body}: ${exception.message}' } }] } };

  it('leave their errors to the route that uses them where they are asked to', async () => {
    await start([handler, bad, route('direct:a', { to: 'kamelet:bad?noErrorHandler=true' }, { to: 'mock:not' })]);
    expect(await body('direct:a', 'x')).to.equal('changed: in kamelet');
    expect(mockOf(runtime, 'not').count).to.equal(0);
  });

  it('have the error handler of the route that uses them for themselves, but not the onException of its file', async () => {
    const dead = { errorHandler: { deadLetterChannel: { deadLetterUri: 'mock:dead' } } };
    await start([handler, dead, bad, route('direct:a', { to: 'kamelet:bad' }, { to: 'mock:not' })]);
    expect(await body('direct:a', 'x')).to.equal('changed');
    expect(mockOf(runtime, 'dead').bodies).to.deep.equal(['changed']);
    expect(mockOf(runtime, 'not').count).to.equal(0);
  });

  it('stop the route that uses them when they stop', async () => {
    const stops = { routeTemplate: { id: 'stops', from: { uri: 'kamelet:source', steps: [{ stop: {} }] } } };
    await start([stops, route('direct:a', { to: 'kamelet:stops' }, { to: 'mock:not' })]);
    await body('direct:a', 'x');
    expect(mockOf(runtime, 'not').count).to.equal(0);
  });

  it('go on while a reload changes their template', async () => {
    const changed = JSON.parse(JSON.stringify(upper).replace('toUpperCase', 'toLowerCase')) as unknown;
    const user = route('direct:a', { kamelet: { name: 'upper', steps: [{ to: 'mock:inside' }] } });
    await start([upper, user]);
    await body('direct:a', 'Xx');
    const result = await runtime.reload([routesFile([changed, user])]);
    expect(result.result).to.equal('applied');
    await body('direct:a', 'Xx');
    expect(mockOf(runtime, 'inside').bodies).to.deep.equal(['XX!', 'xx!']);
  });

  const problemsOf = async (routes: readonly unknown[]): Promise<string[]> => {
    try {
      await start(routes);
    } catch (thrown) {
      return (thrown as LoadError).diagnostics.map(({ code, message }) => `${code}: ${message}`);
    }
    return [];
  };

  it('say which parameter is missing', async () => {
    const greet = { routeTemplate: { id: 'greet', parameters: [{ name: 'who' }, { name: 'else', required: false }], from: { uri: 'kamelet:source', steps: [{ setBody: { simple: '{{who}}' } }] } } };
    expect(await problemsOf([greet, route('direct:a', { to: 'kamelet:greet' })])).to.deep.equal(['M0607: the kamelet `greet` needs `who`']);
  });

  it('say that there is none of a name, and that they lead round in circles', async () => {
    expect(await problemsOf([route('direct:a', { to: 'kamelet:uper' }), upper])).to.deep.equal(['M0606: no kamelet `uper`']);
    const a = { routeTemplate: { id: 'a', from: { uri: 'kamelet:source', steps: [{ to: 'kamelet:b' }] } } };
    const b = { routeTemplate: { id: 'b', from: { uri: 'kamelet:source', steps: [{ kamelet: 'a' }] } } };
    expect(await problemsOf([a, b, route('direct:a', { to: 'kamelet:a' })])).to.deep.equal(['M0608: the kamelet `a` leads back to itself: `a` → `b` → `a`']);
  });
});

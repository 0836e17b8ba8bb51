import { expect } from 'chai';
import { Diagnostics, Source } from '../../src/core/diagnostics.ts';
import type { Span } from '../../src/core/diagnostics.ts';
import { field } from '../../src/core/field.ts';
import { declaredByProperties, groupOptions } from '../../src/dsl/declaredProperties.ts';
import type { DeclaredByProperties } from '../../src/dsl/declaredProperties.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { standardParts } from '../../src/runtime/standard.ts';

describe('what properties declare', () => {
  const problems = (): Diagnostics => new Diagnostics();
  const of = (properties: Record<string, string>, places = new Map<string, Span>(), into = problems()): DeclaredByProperties => declaredByProperties(propertyLookup({ properties, places }), standardParts, into);

  it('is beans and routes of templates, as if a file of routes declared them', () => {
    const { document, values, aliases, variables } = of({
      'camel.beans.a': '#bean:b',
      'camel.beans.b': '#class:org.apache.camel.support.processor.idempotent.MemoryIdempotentRepository',
      'camel.beans.text': '{{x}}',
      'camel.route-template[r].template-id': 't',
      'camel.variable.n': '12',
      x: 'filled',
    });
    expect(document!.elements.map(({ name }) => name)).to.deep.equal(['beans', 'templatedRoute']);
    expect([[...values], [...aliases], [...variables]]).to.deep.equal([[['text', 'filled']], [{ name: 'a', other: 'b', at: null }], [['n', 12]]]);
    expect(of({ x: '1', 'camel.main.name': 'n' }).document).to.equal(null);
  });

  it('declares what others refer to before them', () => {
    const { document } = of({ 'camel.beans.pool': '#class:a.Pool', 'camel.beans.pool.factory': '#bean:factory', 'camel.beans.factory': '#class:a.Factory' });
    expect(JSON.stringify(document!.elements, (key, value: unknown) => (key === 'at' || key === 'fieldsAt' || key === 'entriesAt' ? undefined : value))).to.match(/"factory".*"pool"/);
  });

  it('is complained about at the line of the property', () => {
    const source = new Source('application.properties', 'a=1\ncamel.beans.a=#class:a.B\ncamel.beans.a.x={{none}}\n');
    const found = problems();
    of({ 'camel.beans.a': '#class:a.B', 'camel.beans.a.x': '{{none}}' }, new Map([['camel.beans.a', { source, start: 4, end: 17 }]]), found);
    expect(found.sorted().map(({ code, at }) => [code, at!.source.file, at!.source.position(at!.start).line])).to.deep.equal([['M0118', 'application.properties', 2]]);
  });

  it('gives options of a group, typed, and leaves out what they do not take', () => {
    const lookup = propertyLookup({ properties: { 'camel.resilience4j.sliding-window-size': '4', 'camel.resilience4j.timeoutEnabled': 'perhaps', 'camel.dataformat.jackson.pretty-print': 'true', 'camel.dataformat.csv.useMaps': 'true' } });
    expect(groupOptions(lookup, 'resilience4j', { slidingWindowSize: field.integer('x'), timeoutEnabled: field.boolean('x') })).to.deep.equal({ slidingWindowSize: 4 });
    expect(groupOptions(lookup, 'dataformat.json', { prettyPrint: field.boolean('x'), useMaps: field.boolean('x') })).to.deep.equal({ prettyPrint: true });
  });

  it('takes effect in a route that runs, and again after a reload', async () => {
    const mecha = await Mecha.start({
      configuration: null,
      settings: { 'state.store': 'memory' },
      properties: { 'camel.variable.greeting': 'hello', 'camel.route-template[one].template-id': 'made', 'camel.route-template[one].name': 'x' },
      routes: '- routeTemplate: { id: made, parameters: [ { name: name } ], from: { uri: "direct:{{name}}", steps: [ { setBody: { simple: "${variable.global:greeting}" } } ] } }\n',
    });
    try {
      expect(await mecha.request('direct:x')).to.equal('hello');
      expect([...mecha.runtime.routes.keys()]).to.deep.equal(['one']);
      expect((await mecha.reload()).result).to.equal('unchanged');
      expect(await mecha.request('direct:x')).to.equal('hello');
    } finally {
      await mecha.stop();
    }
  });
});

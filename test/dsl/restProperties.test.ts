import { expect } from 'chai';
import { Diagnostics, Source } from '../../src/core/diagnostics.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { restDefaults } from '../../src/dsl/restProperties.ts';

const at = { source: new Source('routes.yaml', '- rest: {}'), start: 0, end: 1 };

describe('properties of REST services', () => {
  const read = (properties: Record<string, string>, environment: Record<string, string> = {}) => {
    const problems = new Diagnostics();
    const element = restDefaults(propertyLookup({ properties, environment }), at, problems);
    return { fields: element?.fields ?? null, said: problems.list.map(({ code, severity, message, help }) => `${code} ${severity}: ${message}; ${help ?? ''}`) };
  };

  it('are options of `restConfiguration`, typed, with dashes or without, and with placeholders filled in', () => {
    const { fields, said } = read({ 'camel.rest.contextPath': '/{{base}}', 'camel.rest.enable-cors': 'true', 'camel.rest.bindingMode': 'JSON', 'camel.rest.port': '80', base: 'shop', 'camel.other': 'x' });
    expect(said).to.deep.equal([]);
    expect(fields).to.deep.equal({ contextPath: '/shop', enableCORS: true, bindingMode: 'json', port: '80' });
  });

  it('name the entries of maps in brackets, after the name in the plural', () => {
    const { fields, said } = read({ 'camel.rest.api-properties[api.title]': 'Shop', 'camel.rest.corsHeaders[X-A]': '1', 'camel.rest.corsHeaders[X-B]': '2' });
    expect(said).to.deep.equal([]);
    const pairs = Object.fromEntries(Object.entries(fields!).map(([name, list]) => [name, (list as unknown as { fields: unknown }[]).map((entry) => entry.fields)]));
    expect(pairs).to.deep.equal({
      apiProperty: [{ key: 'api.title', value: 'Shop' }],
      corsHeaders: [
        { key: 'X-A', value: '1' },
        { key: 'X-B', value: '2' },
      ],
    });
  });

  it('may come from the environment', () => {
    expect(read({}, { CAMEL_REST_CONTEXT_PATH: '/env' }).fields).to.deep.equal({ contextPath: '/env' });
  });

  it('are nothing where none is set', () => {
    expect(read({ 'camel.restful': 'x' })).to.deep.equal({ fields: null, said: [] });
  });

  it('are refused where no option has the name, or the value is none of its values', () => {
    expect(read({ 'camel.rest.contextPth': '/x' }).said).to.deep.equal(['M0411 error: unknown option `contextPth` in `camel.rest.contextPth`; did you mean `camel.rest.contextPath`?']);
    expect(read({ 'camel.rest.port.x': '81' })).to.deep.equal({ fields: null, said: ['M0411 error: unknown option `port.x` in `camel.rest.port.x`; did you mean `camel.rest.port`?'] });
    expect(read({ 'camel.rest.enableCORS': 'ja' }).said[0]).to.contain('M0407 error: `camel.rest.enableCORS` must be `true` or `false`');
    expect(read({ 'camel.rest.corsHeaders': 'x' }).said).to.deep.equal(['M0411 error: `camel.rest.corsHeaders` names no entry of `corsHeaders`; write `camel.rest.corsHeaders[NAME]`']);
    expect(read({ 'camel.rest.corsHeaders.X-A': 'x' })).to.deep.equal({ fields: null, said: ['M0411 warning: `camel.rest.corsHeaders.X-A` names no entry of `corsHeaders`; write `camel.rest.corsHeaders[X-A]`'] });
  });
});

import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { parseDocument } from 'yaml';
import { catalog } from '../../src/dsl/catalog.ts';
import { camelDataFormats, camelLanguages, camelSteps } from '../../src/dsl/camelNames.ts';
import { codes } from '../../src/dsl/codes.ts';
import { elementsByName } from '../../src/dsl/elements/index.ts';
import { jsonSchema } from '../../src/dsl/schema.ts';
import { parts } from './check.ts';

describe('jsonSchema', () => {
  const schema = jsonSchema(parts);
  const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
  let validate: (data: unknown) => boolean;

  before(function () {
    this.timeout(20_000);
    validate = ajv.compile(schema) as (data: unknown) => boolean;
  });

  const accepts = (text: string): boolean => validate(parseDocument(text, { uniqueKeys: false }).toJS());

  it('is a schema that a validator takes', () => expect(schema['$schema']).to.equal('https://json-schema.org/draft/2020-12/schema'));

  for (const [name, { examples = [] }] of Object.entries(parts.eips)) {
    for (const { title, route } of examples) it(`accepts the example "${title}" of ${name}`, () => expect(accepts(route), ajv.errorsText((validate as { errors?: never }).errors)).to.equal(true));
  }

  for (const [code, { right, file }] of Object.entries(codes)) {
    if (right !== undefined && file === undefined) it(`accepts the repair of ${code}`, () => expect(accepts(right)).to.equal(true));
  }

  for (const code of ['M0110', 'M0111', 'M0114', 'M0115', 'M0117', 'M0201', 'M0202', 'M0204', 'M0205', 'M0206', 'M0207', 'M0212', 'M0322', 'M0323', 'M0324']) {
    it(`refuses the example of ${code}`, () => expect(accepts(codes[code]!.wrong!)).to.equal(false));
  }

  it('takes placeholders where another kind of value stands', () => {
    expect(accepts('- route:\n    autoStartup: "{{flag}}"\n    startupOrder: "{{n}}"\n    shutdownRoute: "{{how}}"\n    from: { uri: "direct:a", steps: [ { to: "mock:a" } ] }\n')).to.equal(true);
  });

  it('takes enums in any letter case', () => {
    expect(accepts('- restConfiguration: { bindingMode: JSON-XML }\n')).to.equal(true);
    expect(accepts('- restConfiguration: { bindingMode: jsn }\n')).to.equal(false);
  });

  it('takes what Camel has and is not here yet, and steps that are left out, as Camel does', () => {
    const route = (step: string): string => `- from: { uri: "direct:a", steps: [ ${step} ] }\n`;
    for (const name of [...camelSteps].filter((step) => !Object.hasOwn(parts.eips, step))) expect(accepts(route(`{ ${name}: { any: thing } }`)), name).to.equal(true);
    for (const name of [...camelDataFormats].filter((format) => format !== 'custom' && !Object.hasOwn(parts.dataformats, format))) expect(accepts(route(`{ marshal: { ${name}: {} } }`)), name).to.equal(true);
    for (const name of [...camelLanguages].filter((language) => !Object.hasOwn(parts.languages, language))) expect(accepts(route(`{ setBody: { ${name}: x } }`)), name).to.equal(true);
    expect(accepts(route('{ multicast: {} }'))).to.equal(true);
    expect(accepts(route('{ multicst: {} }'))).to.equal(false);
    expect(accepts('- interceptFrom: { uri: "direct:a" }\n')).to.equal(true);
    expect(accepts('- from: { uri: "direct:a" }\n')).to.equal(false);
    expect(accepts(route('{ setHeader: { constant: x } }'))).to.equal(false);
  });

  it('takes resources of Camel K', () => {
    expect(accepts('apiVersion: camel.apache.org/v1\nkind: Pipe\nmetadata: { name: p }\nspec: { source: { uri: "timer:x" }, sink: { uri: "mock:out" } }\n')).to.equal(true);
    expect(accepts('kind: Pipe\nspec: { source: { uri: "timer:x" } }\n')).to.equal(false);
    expect(accepts('kind: Deployment\nspec: {}\n')).to.equal(false);
  });
});

describe('catalog', () => {
  const entries = catalog(parts);

  it('lists every part once', () => {
    const names = entries.map(({ kind, name }) => `${kind} ${name}`);
    expect(new Set(names).size).to.equal(names.length);
    expect(names).to.include.members(['element route', 'step setBody', 'language simple', 'dataformat json', 'connector direct']);
    expect(entries.filter(({ kind }) => kind === 'element')).to.have.length(Object.keys(elementsByName).length);
  });

  it('is plain data that says of each option what it is', () => {
    expect(JSON.parse(JSON.stringify(entries))).to.have.length(entries.length);
    for (const { name, summary, options } of entries) {
      expect(summary, name).to.match(/\S/);
      for (const option of options) expect(option.description, `${name}.${option.name}`).to.match(/\S/);
    }
    const route = entries.find(({ kind, name }) => kind === 'element' && name === 'route')!;
    expect(route.options.find(({ name }) => name === 'from')).to.include({ type: 'element', isRequired: true });
  });
});

import { expect } from 'chai';
import { camelCatalog } from '../../src/dsl/camelCatalog.ts';
import { standardParts } from '../../src/runtime/standard.ts';

const all = camelCatalog(standardParts);

/** What every document of Camel 4's catalogue has of each: tools such as Kaoto read these. */
const keys = {
  component: ['kind', 'name', 'title', 'description', 'deprecated', 'label', 'supportLevel', 'scheme', 'extendsScheme', 'syntax', 'async', 'api', 'consumerOnly', 'producerOnly', 'lenientProperties', 'remote'],
  model: ['kind', 'name', 'title', 'description', 'deprecated', 'label', 'abstract', 'input', 'output'],
  language: ['kind', 'name', 'title', 'description', 'deprecated', 'label', 'modelName'],
  dataformat: ['kind', 'name', 'title', 'description', 'deprecated', 'label', 'modelName'],
  property: ['index', 'kind', 'displayName', 'group', 'required', 'type', 'javaType', 'deprecated', 'autowired', 'secret', 'description'],
};

const kinds = {
  component: ['path', 'parameter'],
  model: ['attribute', 'element', 'expression'],
  language: ['attribute', 'value'],
  dataformat: ['attribute', 'element', 'expression'],
};

/** Types that Camel's catalogue knows. */
const types = ['string', 'boolean', 'integer', 'number', 'duration', 'enum', 'object', 'array'];

describe("the catalogue in Camel's form", () => {
  for (const [group, kind] of [['components', 'component'], ['models', 'model'], ['languages', 'language'], ['dataformats', 'dataformat']] as const) {
    it(`has of ${group} all that Camel's documents have, in the same shape`, () => {
      expect(Object.keys(all[group])).not.to.deep.equal([]);
      for (const [name, document] of Object.entries(all[group]) as [string, any][]) {
        expect(document[kind], name).to.include.all.keys(keys[kind]);
        expect(document[kind].kind).to.equal(kind);
        const properties = Object.entries(document.properties) as [string, any][];
        expect(properties.map(([, { index }]) => index), name).to.deep.equal(properties.map((_, at) => at));
        for (const [option, property] of properties) {
          expect(property, `${name}.${option}`).to.include.all.keys(keys.property);
          expect(kinds[kind], `${name}.${option}`).to.include(property.kind);
          expect(types, `${name}.${option}`).to.include(property.type);
          if (property.type === 'enum') expect(property.enum, `${name}.${option}`).to.be.an('array').that.is.not.empty;
          if (property.kind === 'expression') expect(property.type).to.equal('object');
        }
      }
    });
  }

  it("says of parts of a path that they are, as Camel's endpoints do", () => {
    const seda: any = all.components['seda'];
    expect(seda.component).to.include({ scheme: 'seda', syntax: 'seda:name', consumerOnly: false, producerOnly: false });
    expect(seda.properties.name).to.include({ kind: 'path', required: true, type: 'string' });
    expect(seda.properties.size).to.include({ kind: 'parameter', type: 'integer' });
  });

  it('calls steps inside of a step its outputs, and expressions by their kind', () => {
    const filter: any = all.models['filter'];
    expect(filter.model).to.include({ input: true, output: true });
    expect(filter.properties.outputs).to.include({ kind: 'element', type: 'array' });
    expect(filter.properties.expression).to.include({ kind: 'expression' });
    expect(filter.properties.id).to.include({ kind: 'attribute', type: 'string' });
  });

  it('gives away no default of what is secret', () => {
    for (const group of Object.values(all)) for (const { properties } of Object.values(group) as any[]) for (const property of Object.values(properties) as any[]) if (property.secret) expect(property).not.to.have.property('defaultValue');
  });
});

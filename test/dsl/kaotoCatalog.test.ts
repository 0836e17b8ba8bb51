import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { Ajv } from 'ajv';
import { expect } from 'chai';
import { kaotoCatalog } from '../../src/dsl/kaotoCatalog.ts';
import { standardParts } from '../../src/runtime/standard.ts';

type Form = Record<string, { always: boolean; types: string[] }>;

/** What objects of Kaoto's own catalogue of Camel 4.22.1 look like, taken from all of them: keys that each of them has, and types of values. */
const form = JSON.parse(readFileSync(new URL('kaoto-form.json', import.meta.url), 'utf8')) as {
  library: Form;
  libraryEntry: Form;
  definition: Form;
  definitionEntry: Form;
  catalogs: Record<string, { entry: Form; root: string; rootAlways: boolean; head: Form; property: Form; kinds: string[]; propertyTypes: string[]; header?: Form }>;
};

const typeOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value === 'number' ? (Number.isInteger(value) ? 'integer' : 'number') : typeof value);

/** What is missing of a form, and what has another type. */
function misfits(value: Record<string, unknown>, expected: Form, place: string): string[] {
  const missing = Object.entries(expected).flatMap(([key, { always }]) => (always && !(key in value) ? [`${place} has no ${key}`] : []));
  const odd = Object.entries(value).flatMap(([key, item]) => {
    const types = expected[key]?.types;
    if (types === undefined) return [`${place}.${key} is unknown`];
    const type = typeOf(item);
    return types.includes(type) || (type === 'integer' && types.includes('number')) ? [] : [`${place}.${key} is ${type}, not ${types.join(' or ')}`];
  });
  return [...missing, ...odd];
}

const files = kaotoCatalog(standardParts, '0.1.0', '4.22.0') as ReadonlyMap<string, any>;

describe('the catalogue for Kaoto', () => {
  it('is found from its index, file by file, as that of Camel', () => {
    const library = files.get('index.json');
    expect(misfits(library, form.library, 'index.json')).to.deep.equal([]);
    const [definition] = library.definitions;
    expect(misfits(definition, form.libraryEntry, 'definition')).to.deep.equal([]);
    const index = files.get(definition.fileName);
    expect(misfits(index, form.definition, definition.fileName)).to.deep.equal([]);
    expect(Object.keys(index.catalogs).sort()).to.deep.equal([...Object.keys(form.catalogs), 'functions', 'kameletBoundaries', 'kamelets'].sort());
    for (const entry of [...Object.values<any>(index.catalogs), ...Object.values<any>(index.schemas)]) {
      expect(misfits(entry, form.definitionEntry, entry.name)).to.deep.equal([]);
      expect(files.has(posix.join(posix.dirname(definition.fileName), entry.file)), entry.file).to.equal(true);
    }
    expect(files.has(library.starterTemplates)).to.equal(true);
  });

  for (const [name, { entry, root, head, property, kinds, propertyTypes, header }] of Object.entries(form.catalogs)) {
    it(`has ${name} in the shape of those of Camel`, () => {
      const documents = Object.entries<any>(files.get(`mecha/${name}.json`));
      expect(documents).not.to.deep.equal([]);
      const all = documents.flatMap(([id, document]) => [
        ...misfits(document, entry, id),
        ...misfits(document[root], { supportLevel: { always: false, types: ['string'] }, ...head }, `${id}.${root}`),
        ...Object.entries<any>(document.properties).flatMap(([key, value]) => [
          ...misfits(value, { ...property, ...optional }, `${id}.${key}`),
          ...([...kinds, 'element', 'expression'].includes(value.kind) ? [] : [`${id}.${key}: kind ${value.kind}`]),
          ...([...propertyTypes, 'array', 'duration', 'integer', 'number', 'object'].includes(value.type) ? [] : [`${id}.${key}: type ${value.type}`]),
        ]),
        ...(header === undefined ? [] : Object.entries<any>(document.headers).flatMap(([key, value]) => misfits(value, header, `${id} header ${key}`))),
      ]);
      expect(all).to.deep.equal([]);
    });
  }

  it('has for each part a schema from which a form can be made, with its options', () => {
    const ajv = new Ajv({ strict: false });
    for (const name of ['components', 'patterns', 'entities', 'languages', 'dataformats', 'loadbalancers']) {
      for (const [id, { propertiesSchema }] of Object.entries<any>(files.get(`mecha/${name}.json`))) {
        expect(ajv.validateSchema(propertiesSchema), `${name} ${id}: ${ajv.errorsText()}`).to.equal(true);
        expect(propertiesSchema.properties, `${name} ${id}`).to.be.an('object');
      }
    }
    const timer = files.get('mecha/components.json').timer.propertiesSchema;
    expect(timer.required).to.deep.equal(['timerName']);
    expect(timer.properties.period).to.include({ type: 'string', format: 'duration', default: '1000' });
    expect(files.get('mecha/patterns.json').filter.propertiesSchema.properties.expression).to.include({ format: 'expression' });
    expect(files.get('mecha/entities.json')).to.include.keys('bean', 'onException', 'rest', 'route');
    expect(Object.keys(files.get('mecha/loadbalancers.json'))).to.include.members(['roundRobinLoadBalancer', 'failoverLoadBalancer']);
  });
});

/** What some documents of Camel have and those of one kind happen not to. */
const optional: Form = Object.fromEntries(
  [['deprecationNote', 'string'], ['enum', 'array'], ['oneOf', 'array'], ['defaultValue', 'string'], ['label', 'string']].map(([key, type]) => [key, { always: false, types: key === 'defaultValue' ? ['string', 'boolean', 'integer', 'number'] : [type!] }]),
);

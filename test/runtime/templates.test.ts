import { expect } from 'chai';
import { Diagnostics, showSpan, Source } from '../../src/core/diagnostics.ts';
import type { DocumentModel } from '../../src/dsl/model.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import { readDocument } from '../../src/dsl/read.ts';
import { expandTemplates } from '../../src/runtime/templates.ts';
import { standardParts } from '../../src/runtime/standard.ts';
import { mockOf, routesFile, runtimeWith } from './rig.ts';

const template = `- routeTemplate:
    id: greet
    parameters:
      - { name: from }
      - { name: who, defaultValue: you }
      - { name: more, required: false }
    from:
      uri: "{{from}}"
      steps:
        - setBody: { constant: "hello {{who}} {{?more}}" }
        - to: mock:out
`;

describe('route templates', () => {
  let problems: Diagnostics;
  const properties = propertyLookup({ properties: { who: 'all of the properties', other: 'x' } });

  beforeEach(() => {
    problems = new Diagnostics();
  });

  const expand = (...texts: string[]): readonly DocumentModel[] => {
    const documents = texts.map((text, at) => readDocument(new Source(`${'ab'[at]!}.yaml`, text), standardParts, { properties }, problems));
    return expandTemplates(documents, properties, problems);
  };
  const routes = (documents: readonly DocumentModel[]): { id: unknown; group: unknown; from: unknown; body: unknown }[] =>
    documents.flatMap(({ elements }) =>
      elements
        .filter(({ name }) => name === 'route')
        .map(({ fields }) => {
          const { uri, steps } = (fields['from'] as unknown as { fields: { uri: { uri: string }; steps: { element: { fields: { expression: { source: string } } } }[] } }).fields;
          return { id: fields['id'] ?? null, group: fields['group'] ?? null, from: uri.uri, body: steps[0]!.element.fields.expression.source };
        }),
    );
  const complaints = (): string[] => problems.sorted().map(({ code, message, at, help }) => `${code} ${showSpan(at!)} ${message}${help === null ? '' : ` (${help})`}`);
  const use = (more: string): string => `- templatedRoute: { routeTemplateRef: greet, ${more} }\n`;

  it('become a route for each use, with given parameters over defaults over properties', () => {
    const made = routes(expand(`${template}${use('routeId: one, parameters: [{ name: from, value: "direct:one" }]')}${use('routeId: two, group: g, prefixId: p-, parameters: [{ name: from, value: "direct:two" }, { name: who, value: "two" }, { name: more, value: "!" }]')}`));
    expect(made).to.deep.equal([
      { id: 'one', group: null, from: 'direct:one', body: 'hello you ' },
      { id: 'two', group: 'g', from: 'direct:two', body: 'hello two !' },
    ]);
    expect(complaints()).to.deep.equal([]);
  });

  it('may stand in another file than their use, and alone they make no route', () => {
    expect(routes(expand(use('parameters: [{ name: from, value: "direct:one" }]'), template))).to.have.length(1);
    expect(routes(expand(template))).to.deep.equal([]);
  });

  it('that need a parameter, or that there are not, are complained about where they are used', () => {
    expect(routes(expand(`${template}${use('parameters: []')}${use('parameters: [{ name: from, value: "direct:x" }]').replace('greet', 'gret')}`))).to.deep.equal([]);
    expect(complaints()).to.deep.equal([
      'M0607 a.yaml:12:3 the template `greet` needs `from` (add to parameters: { name: from, value: ... })',
      'M0606 a.yaml:13:39 no route template `gret` (did you mean `greet`?)',
    ]);
  });

  it('give each use beans of its own', async () => {
    const runtime = runtimeWith();
    await runtime.start([
      routesFile(`- routeTemplate:
    id: counting
    parameters: [ { name: from }, { name: step, defaultValue: "1" } ]
    beans:
      - name: counter
        type: "#module:./test/runtime/counter.mjs"
        properties: { step: "{{step}}" }
    from:
      uri: "{{from}}"
      steps:
        - bean: { ref: "{{counter}}", method: next }
        - to: mock:out
- templatedRoute: { routeTemplateRef: counting, parameters: [ { name: from, value: "direct:a" } ] }
- templatedRoute: { routeTemplateRef: counting, parameters: [ { name: from, value: "direct:b" }, { name: step, value: "10" } ] }
`),
    ]);
    for (const uri of ['direct:a', 'direct:a', 'direct:b', 'direct:b']) await runtime.send(uri, null);
    expect(mockOf(runtime, 'out').received.map(({ body }) => body)).to.deep.equal([1, 2, 10, 20]);
    await runtime.stop(0);
  });
});

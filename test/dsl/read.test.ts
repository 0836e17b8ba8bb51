import { expect } from 'chai';
import fc from 'fast-check';
import { type Diagnostic, Diagnostics, Source } from '../../src/core/diagnostics.ts';
import { toJson } from '../../src/dsl/diagnose.ts';
import type { DataFormatModel, DocumentModel, ElementModel, EndpointModel, ExpressionModel, StepModel, TemplateModel } from '../../src/dsl/model.ts';
import { withProperties } from '../../src/dsl/placeholders.ts';
import { readDocument } from '../../src/dsl/read.ts';
import { parts, properties } from './check.ts';

const readWith = (text: string, given: Readonly<Record<string, string>> = {}): { document: DocumentModel; problems: readonly Diagnostic[] } => {
  const problems = new Diagnostics();
  return { document: readDocument(new Source('x.yaml', text), parts, { properties: withProperties(properties, given) }, problems), problems: problems.list };
};

const read = (text: string): readonly ElementModel[] => {
  const { document, problems } = readWith(text);
  expect(problems.map(({ code, message }) => `${code} ${message}`)).to.deep.equal([]);
  return document.elements;
};

const stepsOf = (route: ElementModel): readonly StepModel[] => (route.fields['from'] as ElementModel).fields['steps'] as readonly StepModel[];
const steps = (text: string): readonly StepModel[] => stepsOf(read(`- from:\n    uri: direct:start\n    steps:\n${text.replace(/^(?=.)/gm, '      ')}\n`)[0]!);
const only = (text: string): StepModel => steps(text)[0]!;
const expression = (text: string): ExpressionModel => only(text).element.fields['expression'] as ExpressionModel;
const shown = ({ source, start, end }: ElementModel['at']): string => source.text.slice(start, end);

describe('readDocument', () => {
  it('gives a short `from` as a route', () => {
    const [route] = read('- from:\n    uri: timer:tick\n    parameters: { period: 5 }\n    variableReceive: v\n    steps:\n      - to: mock:out\n');
    expect(route!.name).to.equal('route');
    const from = route!.fields['from'] as ElementModel;
    expect(from.fields['uri']).to.deep.include({ type: 'endpoint', uri: 'timer:tick' });
    expect({ ...(from.fields['uri'] as EndpointModel).parameters }).to.deep.equal({ period: '5' });
    expect(from.fields['variableReceive']).to.equal('v');
    expect(shown(stepsOf(route!)[0]!.at)).to.equal('to');
  });

  it('reads a step from a text, as from its mapping', () => {
    const short = only('- to: mock:out');
    const long = only('- to: { uri: "mock:out", id: x, description: sends, disabled: "true" }');
    expect((short.element.fields['uri'] as EndpointModel).uri).to.equal('mock:out');
    expect((long.element.fields['uri'] as EndpointModel).uri).to.equal('mock:out');
    expect(long).to.include({ id: 'x', description: 'sends', isDisabled: true });
    expect(short).to.include({ id: null, description: null, isDisabled: false });
  });

  const sameExpression = ['- setBody: { simple: "${body}!" }', '- setBody: { simple: { expression: "${body}!" } }', '- setBody: { expression: { simple: "${body}!" } }', '- setBody:\n    expression:\n      simple:\n        expression: ${body}!'];
  for (const text of sameExpression) {
    it(`reads the expression of ${JSON.stringify(text)}`, () => {
      const { language, source, sourceAt } = expression(text);
      expect({ language, source }).to.deep.equal({ language: 'simple', source: '${body}!' });
      expect(shown(sourceAt!)).to.equal('${body}!');
    });
  }

  it('keeps texts of expressions as YAML has them', () => {
    const texts = ['3.50', '010', '0x10', 'true', 'yes', '~', '2020-01-02', '1e3', ''].map((text) => expression(`- setBody: { constant: ${text} }`).source);
    expect(texts).to.deep.equal(['3.50', '010', '0x10', 'true', 'yes', '~', '2020-01-02', '1e3', '']);
  });

  it('gives no place for a source text that the file has in another form', () => {
    expect(expression('- setBody: { simple: "a\\tb" }').sourceAt).to.equal(null);
    expect(expression('- setBody: { simple: "{{name}}" }').sourceAt).to.equal(null);
    expect(expression('- setBody:\n    simple: |\n      a\n      b').sourceAt).to.equal(null);
  });

  it('reads options of languages and data formats', () => {
    expect(expression('- setBody: { simple: { expression: "1", resultType: int, trim: "false" } }').options).to.deep.equal({ resultType: 'int', trim: false });
    const format = only('- marshal: { json: { prettyPrint: true, id: pretty } }').element.fields;
    const model = Object.values(format).find((value) => (value as DataFormatModel).type === 'dataFormat') as DataFormatModel;
    expect(model).to.deep.include({ name: 'json', id: 'pretty' });
    expect(model.options).to.deep.include({ prettyPrint: true });
  });

  it('fills placeholders in before it checks types', () => {
    const [route] = read('- route:\n    id: "route-{{name}}"\n    autoStartup: "{{missing:false}}"\n    startupOrder: "{{port}}"\n    group: "{{?missing}}"\n    from: { uri: "direct:{{target}}", steps: [ { to: "mock:a" } ] }\n');
    expect(route!.fields).to.include({ id: 'route-World', autoStartup: false, startupOrder: 8080 });
    expect(route!.fields).not.to.have.property('group');
    expect(((route!.fields['from'] as ElementModel).fields['uri'] as EndpointModel).uri).to.equal('direct:out');
  });

  it('repeats what an anchor marks', () => {
    const [, , second] = steps('- setHeader: &h { name: a, constant: x }\n- setBody: { simple: "${body}1" }\n- setHeader: *h');
    expect(second!.element.fields['name']).to.equal('a');
  });

  it('takes a list of texts from one text with commas', () => {
    const [handler] = read('- onException:\n    exception: java.io.IOException, java.lang.IllegalStateException\n');
    expect(handler!.fields['exception']).to.deep.equal(['java.io.IOException', 'java.lang.IllegalStateException']);
  });

  it('reads a template anew with the parameters of each of its routes', () => {
    const [template] = read('- routeTemplate:\n    id: t\n    parameters: [ { name: who }, { name: streaming, defaultValue: "true" } ]\n    from:\n      uri: "direct:{{who}}"\n      steps:\n        - split: { simple: "${body}", streaming: "{{streaming}}", steps: [ { to: "mock:{{who}}" } ] }\n');
    const from = template!.fields['from'] as TemplateModel;
    const problems = new Diagnostics();
    const made = from.read(withProperties(properties, { who: 'anna', streaming: 'true' }), problems) as ElementModel;
    expect(problems.list).to.deep.equal([]);
    expect((made.fields['uri'] as EndpointModel).uri).to.equal('direct:anna');
    expect((made.fields['steps'] as readonly StepModel[])[0]!.element.fields['streaming']).to.equal(true);
    from.read(withProperties(properties, { who: 'anna', streaming: 'maybe' }), problems);
    expect(problems.list.map(({ code }) => code)).to.deep.equal(['M0205']);
    from.read(properties, new Diagnostics());
  });

  it('leads from an option to the step that has it, and from a language that a text says too little of to its options', () => {
    const said = (step: string): string[] => readWith(`- from:\n    uri: direct:a\n    steps:\n      - ${step}\n`).problems.map(({ code, message, help }) => `${code}: ${message}; ${help}`);
    expect(said('transform: { toType: "text-plain" }')[0]).to.equal('M0212: unknown option `toType` for `transform`; it is an option of the step `transformDataType`: write that');
    expect(said('setBody: { language: 7 }')[0]).to.match(/^M0205: `expression` of `language` must be a mapping with `language`, `expression`/);
    expect(said('setBody: { language: { language: simple, expression: "7" } }')).to.deep.equal([]);
  });

  it('reads the flows of an Integration', () => {
    const [route] = read('apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata: { name: it }\nspec:\n  flows:\n    - from: { uri: "direct:start", steps: [ { to: "mock:out" } ] }\n');
    expect(route!.name).to.equal('route');
  });

  it('reads a Kamelet as a template of its name', () => {
    const [template] = read(
      'apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: greet }\nspec:\n  definition:\n    required: [ who ]\n    properties:\n      who: { title: Who, type: string }\n      mark: { type: string, default: "!" }\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - setBody: { simple: "${body} {{who}}{{mark}}" }\n',
    );
    expect(template!.name).to.equal('routeTemplate');
    expect(template!.fields['id']).to.equal('greet');
    expect((template!.fields['parameters'] as readonly ElementModel[]).map(({ fields }) => fields)).to.deep.equal([
      { name: 'who', required: true },
      { name: 'mark', required: false, defaultValue: '!' },
    ]);
  });

  it('reads a Pipe as a route from its source through its steps to its sink', () => {
    const [route] = read(
      'apiVersion: camel.apache.org/v1\nkind: Pipe\nmetadata: { name: my-pipe }\nspec:\n  source: { ref: { kind: Kamelet, name: ticks }, properties: { period: 5 } }\n  steps:\n    - uri: log:step\n  sink: { uri: "mock:out" }\n  errorHandler:\n    sink: { endpoint: { uri: "mock:dead" }, parameters: { maximumRedeliveries: 3 } }\n',
    );
    const from = route!.fields['from'] as ElementModel;
    expect(route!.fields['id']).to.equal('my-pipe');
    expect((from.fields['uri'] as EndpointModel).uri).to.equal('kamelet:ticks');
    expect(stepsOf(route!).map(({ element }) => (element.fields['uri'] as EndpointModel).uri)).to.deep.equal(['log:step', 'mock:out']);
    const handler = (route!.fields['errorHandler'] as ElementModel).fields['deadLetterChannel'] as ElementModel;
    expect((handler.fields['redeliveryPolicy'] as ElementModel).fields['maximumRedeliveries']).to.equal(3);
  });

  const flow = '  flows:\n    - from: { uri: "direct:start", steps: [ { to: "mock:{{greeting}}-{{who}}-{{mark}}-{{env:PLACE}}" } ] }\n';
  const target = (route: ElementModel): string => (stepsOf(route)[0]!.element.fields['uri'] as EndpointModel).uri;
  const settings =
    '# camel-k: language=yaml property=greeting=hello\n# camel-k: trait=camel.properties=[mark=!]\napiVersion: camel.apache.org/v1\nkind: Integration\nspec:\n  configuration: [ { type: property, value: "who=you" } ]\n  traits: { environment: { vars: [ "PLACE=here" ] } }\n';

  it('takes properties and variables that the modeline, the configuration and the traits of an Integration set', () => {
    const { document, problems } = readWith(settings + flow);
    expect(problems).to.deep.equal([]);
    expect(target(document.elements[0]!)).to.equal('mock:hello-you-!-here');
    expect(Object.fromEntries(document.properties!)).to.deep.equal({ greeting: 'hello', mark: '!', who: 'you' });
  });

  it('takes of a key that is given twice the last one, in what is said to the operator as everywhere', () => {
    const { document } = readWith(`apiVersion: camel.apache.org/v1\nkind: ConfigMap\nkind: Integration\nspec:\n  configuration: [ { type: env, type: property, value: "who=me", value: "who=you" } ]\n  flows:\n    - from: { uri: "direct:start", steps: [ { to: "mock:{{who}}" } ] }\n`);
    expect(target(document.elements[0]!)).to.equal('mock:you');
  });

  it('takes what the annotations of a resource set, and says which of them nobody obeys', () => {
    const annotated = (value: string): string =>
      `apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata:\n  name: a\n  annotations:\n    camel.apache.org/provider: me\n    trait.camel.apache.org/environment.vars: ${value}\n    trait.camel.apache.org/camel.properties: greeting=hello,mark=!,who=you\n    trait.camel.apache.org/mount.configs: "secret:x"\nspec:\n${flow}`;
    for (const value of [`'["PLACE=here", "B=2"]'`, 'PLACE=here,B=2']) {
      const { document, problems } = readWith(annotated(value));
      expect(problems.map((problem) => String(problem))).to.have.length(1);
      expect(JSON.stringify(problems)).to.include('mount.configs');
      expect(target(document.elements[0]!)).to.equal('mock:hello-you-!-here');
    }
  });

  it('takes the YAML files that an Integration carries, with their modelines, and names those of other kinds', () => {
    const { document, problems } = readWith(`apiVersion: camel.apache.org/v1
kind: Integration
metadata: { name: a }
spec:
  sources:
    - name: Bean.java
      content: class Bean {}
    - name: more.yaml
      content: |
        # camel-k: property=who=you
        - from: { uri: "direct:more", steps: [ { to: "mock:{{who}}" } ] }
        - from: { uri: "direct:bad", steps: [ { lgo: x } ] }
  flows:
    - from: { uri: "direct:start", steps: [ { to: "mock:{{who}}" } ] }
`);
    expect(document.elements.map((element) => ((element.fields['from'] as ElementModel).fields['uri'] as EndpointModel).uri)).to.deep.equal(['direct:more', 'direct:bad', 'direct:start']);
    expect([target(document.elements[0]!), target(document.elements[2]!)]).to.deep.equal(['mock:you', 'mock:you']);
    expect(JSON.stringify(problems)).to.include('the source `Bean.java` is not YAML');
    expect(JSON.stringify(problems)).to.include('lgo');
    expect(problems).to.have.length(2);
  });

  it('reads all resources of a manifest for Kubernetes, each with what it says itself, and passes over those that are not of Camel', () => {
    const integration = (name: string): string =>
      `apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata: { name: ${name} }\nspec:\n  configuration: [ { type: property, value: who=${name} } ]\n  flows:\n    - from: { uri: "direct:${name}", steps: [ { to: "mock:{{who}}" } ] }\n`;
    const listed = integration('c').trimEnd().split('\n').map((line, at) => (at === 0 ? `  - ${line}` : `    ${line}`)).join('\n');
    const service = 'apiVersion: v1\nkind: Service\nmetadata: { name: x }\n';
    const settings = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: y }\n';
    for (const [text, names] of [
      [`---\n${integration('a')}---\n${service}---\n${settings}---\n${integration('b')}---\n`, ['a', 'b']],
      [`apiVersion: v1\nkind: List\nitems:\n${listed}\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: { name: y }\n`, ['c']],
    ] as const) {
      const { document, problems } = readWith(text);
      expect(document.elements.map(target)).to.deep.equal(names.map((name) => `mock:${name}`));
      expect(problems.map(({ code, message }) => `${code} ${message}`)).to.deep.equal(['M0122 the ConfigMap `y` is for Kubernetes: it is not used']);
    }
  });

  it('asks for the kind of a resource that has none', () => {
    expect(readWith('apiVersion: camel.apache.org/v1\nmetadata: { name: x }\nspec: { flows: [] }\n').problems.map(({ code, message }) => `${code} ${message}`)).to.deep.equal(['M0113 the resource has no `kind`']);
  });

  it('takes the properties of a file that a modeline names, and says where there is none', () => {
    const problems = new Diagnostics();
    const propertiesFile = (name: string): [string, string][] | null => (name === 'mine.properties' ? [['who', 'you']] : null);
    const text = '# camel-k: language=yaml property=file:mine.properties\n# camel-k: property=file:gone.properties trait=logging.level=DEBUG\n- from: { uri: "direct:a", steps: [ { to: "mock:{{who}}" } ] }\n';
    const document = readDocument(new Source('a.yaml', text), parts, { properties, propertiesFile }, problems);
    expect(target(document.elements[0]!)).to.equal('mock:you');
    expect(problems.list.map(({ code, message, help }) => `${code} ${message}: ${help}`)).to.deep.equal([
      'M0122 there is no file of properties `gone.properties`: put it beside the routes, or its properties into application.properties',
      'M0122 the trait `logging.level` is for the operator of Camel K: it is not used: set `log.level` in mecha.yaml, or run with `--log-level`',
    ]);
  });

  it('refuses several documents of routes in a file, as Camel does', () => {
    expect(readWith(`${flow}---\n${flow}`).problems.map(({ code }) => code)).to.deep.equal(['M0106']);
  });

  it('lets the properties of the configuration win over those of the file', () => {
    const { document } = readWith(settings + flow, { who: 'them' });
    expect(target(document.elements[0]!)).to.equal('mock:hello-them-!-here');
  });

  const knativePipe =
    'apiVersion: camel.apache.org/v1\nkind: Pipe\nmetadata: { name: my-pipe }\nspec:\n  source: { ref: { kind: Channel, apiVersion: messaging.knative.dev/v1, name: in } }\n  steps: [ { ref: { kind: KafkaTopic, name: copies } } ]\n  sink: { ref: { kind: Broker, apiVersion: eventing.knative.dev/v1, name: default }, properties: { type: org.acme.order } }\n';

  it('leads the references of a Pipe to where the properties say, and makes events of what goes to a broker', () => {
    const { document, problems } = readWith(knativePipe, { 'knative.channel.in.path': '/orders', 'knative.broker.default.url': 'http://broker/default' });
    expect(problems).to.deep.equal([]);
    const from = document.elements[0]!.fields['from'] as ElementModel;
    expect((from.fields['uri'] as EndpointModel).uri).to.equal('platform-http:/orders?httpMethodRestrict=POST');
    const steps = stepsOf(document.elements[0]!).map(({ kind, element: { fields } }) =>
      kind === 'to' ? [(fields['uri'] as EndpointModel).uri, { ...(fields['uri'] as EndpointModel).parameters }] : [fields['name'], (fields['expression'] as ExpressionModel).source],
    );
    expect(steps).to.deep.equal([
      ['kafka:copies', {}],
      ['ce-specversion', '1.0'],
      ['ce-type', 'org.acme.order'],
      ['ce-source', 'my-pipe'],
      ['ce-id', '${exchangeId}'],
      ['http://broker/default', { httpMethod: 'POST' }],
    ]);
  });

  it('says which property tells where a reference of a Pipe leads', () => {
    expect(readWith(knativePipe).problems.map(({ code, help }) => `${code} ${help!}`)).to.deep.equal([
      'M0123 set the property `knative.channel.in.path` to the path that its subscription posts to, such as `/events`',
      'M0123 set the property `knative.broker.default.url` to its address, such as `http://...`, or to `{{env:K_SINK}}` where a SinkBinding gives it',
    ]);
  });

  it('keeps what is right in a file with something wrong', () => {
    const { document, problems } = readWith('- from: { uri: "direct:a", steps: [ { frobnicate: {} }, { to: "mock:a" } ] }\n- from: { uri: "direct:b", steps: [ { to: "mock:b" } ] }\n');
    expect(problems.map(({ code }) => code)).to.deep.equal(['M0201']);
    expect(document.elements.map((route) => stepsOf(route).length)).to.deep.equal([1, 1]);
  });

  it('gives complaints as data, with lines and columns', () => {
    const { problems } = readWith('- from:\n    uri: direct:a\n    steps:\n      - frobnicate: {}\n');
    expect(toJson('x.yaml', problems)).to.deep.equal({
      file: 'x.yaml',
      ok: false,
      problems: [{ line: 4, column: 9, severity: 'error', code: 'M0201', message: 'there is no step `frobnicate`', help: '`mecha catalog` lists all that there are' }],
    });
  });

  it('refuses YAML that is nested too deeply, or has an alias inside of itself', () => {
    expect(readWith('['.repeat(50_000)).problems.map(({ severity }) => severity)).to.include('error');
    expect(readWith('- &a [ *a ]').problems.map(({ code }) => code)).to.deep.equal(['M0109']);
  });

  it('never does anything but read or complain, and complains inside of the file', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom('- ', 'from', 'route', ':', ' ', '\n', '\n  ', '\n    ', 'steps', 'uri', 'to', 'direct:a', '[', ']', '{', '}', '"', "'", '*a', '&a ', '|', '>', 'setBody', 'simple', '${body}', '{{name}}', '#', '\t', '---', 'when', '~', 'choice', 'kind', 'Pipe', 'spec', '? ', '<<', '%')).map((pieces) => pieces.join('')), (text) => {
        for (const { at } of readWith(text).problems) {
          if (at !== null) expect(at.start >= 0 && at.start <= text.length && at.end >= at.start).to.equal(true);
        }
      }),
      { numRuns: 500 },
    ));

  it('reads a thousand routes in well under a second', function () {
    this.timeout(20_000);
    let text = '';
    for (let i = 0; i < 1000; i++) {
      text += `- route:\n    id: r${i}\n    from:\n      uri: direct:r${i}\n      steps:\n`;
      for (let j = 0; j < 10; j++) text += j % 2 === 0 ? `        - setBody:\n            simple: "\${body} ${j}"\n` : `        - to: mock:out${j}\n`;
    }
    const start = process.cpuUsage();
    expect(read(text)).to.have.length(1000);
    const { user } = process.cpuUsage(start);
    // Far above what it takes (0.5 s on a small machine), so that a busy one does not fail.
    expect(user / 1e6).to.be.below(4);
  });
});

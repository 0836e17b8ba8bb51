import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { FileReport } from '../../src/runtime/migrate.ts';
import { migrationReport } from '../../src/runtime/migrate.ts';

describe('a migration report', () => {
  let folder: string;

  const reportOf = async (files: Record<string, string>): Promise<Record<string, FileReport>> => {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return Object.fromEntries((await migrationReport(folder)).files.map((report) => [report.file, report]));
  };
  const route = (...steps: string[]): string => `- from:\n    uri: direct:a\n    steps:\n${steps.map((step) => `      - ${step}\n`).join('')}`;

  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'mecha-migrate-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('names the file and the line of what is wrong with a kamelet that a route uses', async () => {
    const report = await reportOf({
      'use.yaml': route('to: kamelet:old'),
      'kamelets/old.kamelet.yaml': 'apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: old }\nspec:\n  definition: { properties: {} }\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - set-body: { constant: hello }\n',
    });
    expect(report['use.yaml']!.findings).to.deep.equal([{ line: null, code: 'M0202', message: 'kamelets/old.kamelet.yaml:10: there is no step `set-body`', advice: 'write `setBody`' }]);
    expect(report['kamelets/old.kamelet.yaml']!.findings.map(({ line }) => line)).to.deep.equal([10]);
  });

  it('says of a kamelet what it sends to and is not here, and of none what comes of samples', async () => {
    const kamelet = (name: string, steps: string, properties = '{}', required = '[]'): string =>
      `apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: ${name} }\nspec:\n  definition: { required: ${required}, properties: ${properties} }\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - ${steps}\n`;
    const report = await reportOf({
      'jira.kamelet.yaml': kamelet('jira', 'to: "jira:addIssue"'),
      'bean.kamelet.yaml': 'apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: bean }\nspec:\n  definition: {}\n  template:\n    beans:\n      - { name: client, type: "#class:com.acme.Client" }\n    from:\n      uri: kamelet:source\n      steps:\n        - bean: { ref: "{{client}}" }\n',
      'named.kamelet.yaml': kamelet('named', 'to: "{{scheme}}:x"', '{ scheme: { type: string } }', '[scheme]'),
      'file.kamelet.yaml': kamelet('file', 'to: "xslt:{{sheet}}"', '{ sheet: { type: string, example: "file:gone.xsl" } }', '[sheet]'),
      'fine.kamelet.yaml': kamelet('fine', 'delay: { constant: "{{millis}}" }', '{ millis: { type: integer } }', '[millis]'),
    });
    const said = Object.fromEntries(Object.entries(report).map(([file, { verdict, findings }]) => [file, [verdict, ...findings.map(({ line, code }) => `${line} ${code}`)]]));
    expect(said).to.deep.equal({
      'bean.kamelet.yaml': ['fails', '8 M0502'],
      'file.kamelet.yaml': ['runs'],
      'fine.kamelet.yaml': ['runs'],
      'jira.kamelet.yaml': ['fails', '10 M0402'],
      'named.kamelet.yaml': ['runs'],
    });
  });

  it('finds kamelets in catalogues outside of the folder', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'mecha-migrate-kamelets-'));
    writeFileSync(join(elsewhere, 'hi.kamelet.yaml'), 'apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: hi }\nspec:\n  definition: {}\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - setBody: { constant: hi }\n');
    writeFileSync(join(folder, 'use.yaml'), route('to: kamelet:hi'));
    const verdicts = async (kamelets: string[]): Promise<string[]> => (await migrationReport(folder, { kamelets })).files.map(({ verdict }) => verdict);
    expect([await verdicts([]), await verdicts([elsewhere])]).to.deep.equal([['fails'], ['runs']]);
    rmSync(elsewhere, { recursive: true });
  });

  it('names what it can not read, and goes on', async () => {
    const report = await reportOf({ 'large.yaml': '#'.repeat(17 * 1024 * 1024), 'wide.yaml': Buffer.from(route('log: x'), 'utf16le').toString('latin1'), 'deep.yaml': `- beans:\n  ${'- '.repeat(20_000)}`, 'good.yaml': route('log: x') });
    expect(Object.entries(report).map(([file, { verdict, findings }]) => `${file} ${verdict} ${findings.map(({ message }) => message).join()}`)).to.have.members([
      "large.yaml manual it can't be read: it is larger than 16 MB",
      "wide.yaml manual it can't be read: it is no text in UTF-8",
      'deep.yaml fails the YAML is nested too deeply',
      'good.yaml runs ',
    ]);
    const refused = (name: string): Promise<string> => migrationReport(join(folder, name)).then(() => 'taken', (thrown: Error) => thrown.message.replace(folder, ''));
    expect([await refused('good.yaml'), await refused('gone')]).to.deep.equal(['`/good.yaml` is no folder: name the one that it stands in', 'there is no folder `/gone`']);
  });

  it('says of each file of routes whether it runs, with properties, kamelets and templates of other files', async () => {
    const report = await reportOf({
      'src/main/resources/camel/good.yaml': route('setBody: { simple: "{{greeting}}" }', 'to: kamelet:greet', 'to: mock:out'),
      'src/main/resources/application.properties': 'greeting=hi\n',
      'kamelets/greet.kamelet.yaml':
        'apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: greet }\nspec:\n  definition: { properties: {} }\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - setBody: { constant: hello }\n',
      'templates.yaml': '- routeTemplate:\n    id: made\n    parameters: [ { name: n } ]\n    from:\n      uri: "direct:{{n}}"\n      steps:\n        - to: mock:out\n',
      'use.yaml': '- templatedRoute:\n    routeTemplateRef: made\n    parameters: [ { name: n, value: x } ]\n',
    });
    expect(Object.fromEntries(Object.entries(report).map(([file, { verdict, findings }]) => [file, findings.length === 0 ? verdict : findings]))).to.deep.equal({
      'kamelets/greet.kamelet.yaml': 'runs',
      'src/main/resources/application.properties': 'runs',
      'src/main/resources/camel/good.yaml': 'runs',
      'templates.yaml': 'runs',
      'use.yaml': 'runs',
    });
  });

  it('names the line, the code and the repair of what does not run', async () => {
    const { 'bad.yaml': bad } = await reportOf({ 'bad.yaml': route('to: salesforce:x', 'setBdy: { constant: x }') });
    expect(bad!.verdict).to.equal('fails');
    expect(bad!.findings.map(({ line, code }) => [line, code])).to.deep.equal([
      [4, 'M0402'],
      [5, 'M0201'],
    ]);
    expect(bad!.findings[1]!.advice).to.contain('setBody');
  });

  it('says what runs differently on purpose, and what only the operator of Camel K reads', async () => {
    const report = await reportOf({
      'http.yaml': '- from:\n    uri: platform-http:/x\n    steps:\n      - log: "x"\n',
      'files.yaml': '- from:\n    uri: file:in\n    steps:\n      - log: "x"\n',
      'files-moved.yaml': '- from:\n    uri: file:in?moveFailed=bad\n    steps:\n      - log: "x"\n',
      'integration.yaml': `# camel-k: dependency=mvn:x:y\napiVersion: camel.apache.org/v1\nkind: Integration\nmetadata: { name: i }\nspec:\n  traits:\n    cron: { enabled: true }\n  flows:\n    - from:\n        uri: direct:a\n        steps:\n          - log: x\n`,
    });
    const messages = (file: string): readonly string[] => report[file]!.findings.map(({ line, message }) => `${line}: ${message}`);
    expect(report['http.yaml']!.verdict).to.equal('differs');
    expect(messages('http.yaml').join('\n')).to.contain('loopback').and.contain('not echoed');
    expect(messages('files.yaml').join('\n')).to.contain('after five times');
    expect(report['files-moved.yaml']!.verdict).to.equal('runs');
    expect(messages('integration.yaml')).to.include('1: `dependency` of the modeline is for the operator of Camel K: it is not used').and.include('7: the trait `cron` is for the operator of Camel K: it is not used');
  });

  it('notices Java, XML, scripts, properties without effect, and resources of Kubernetes; leaves other files alone', async () => {
    const report = await reportOf({
      'R.java': 'import org.apache.camel.builder.RouteBuilder;\npublic class R extends RouteBuilder { }\n',
      'P.java': 'import org.apache.camel.Processor;\nclass P implements Processor { }\n',
      'Plain.java': 'class Plain { }\n',
      'routes.xml': '<routes>\n<route><from uri="direct:a"/></route></routes>',
      'pom.xml': '<project><dependency>camel-core</dependency></project>',
      'r.groovy': "from('timer:x').log('x')\n",
      'application.properties': 'mine=1\ncamel.main.jmxEnabled=true\ncamel.main.use-breadcrumb=true\ncamel.main.name=x\nquarkus.http.port=1\n',
      'deployment.yaml': 'apiVersion: apps/v1\nkind: Deployment\n',
      'values.yaml': 'replicas: 3\n',
      'platform.yaml': 'apiVersion: camel.apache.org/v1\nkind: IntegrationPlatform\nmetadata: { name: p }\n',
    });
    const verdicts = Object.fromEntries(Object.entries(report).map(([file, { kind, verdict }]) => [file, `${verdict}, ${kind}`]));
    expect(verdicts).to.deep.equal({
      'P.java': 'manual, Java Processor',
      'R.java': 'manual, Java routes',
      'application.properties': 'differs, properties',
      'deployment.yaml': 'ignored, Deployment of Kubernetes',
      'platform.yaml': 'manual, IntegrationPlatform of Camel K',
      'r.groovy': 'manual, Groovy routes',
      'routes.xml': 'manual, XML routes',
      'values.yaml': 'ignored, YAML',
    });
    expect(report['application.properties']!.findings.map(({ line }) => line)).to.deep.equal([2, 3]);
  });

  it('says once what is wrong with the properties, at their line, and nothing of it at the routes', async () => {
    const report = await reportOf({ 'application.properties': 'a=b\ncamel.component.nosuch.x=1\n', 'good.yaml': route('log: "{{a}}"'), 'other.yaml': route('to: mock:x') });
    expect(report['application.properties']).to.deep.include({ verdict: 'fails' });
    expect(report['application.properties']!.findings.map(({ line, code }) => [line, code])).to.deep.equal([[2, 'M0411']]);
    expect([report['good.yaml']!.verdict, report['other.yaml']!.verdict]).to.deep.equal(['runs', 'runs']);
  });

  it('finds the resource among several documents and in one that is broken, and an Integration that holds only other languages', async () => {
    const integration = 'apiVersion: camel.apache.org/v1\nkind: Integration\nmetadata: { name: x }\nspec:\n';
    const report = await reportOf({
      'several.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: { a: b }\n---\n${integration}  flows:\n    - from: { uri: "timer:x", steps: [ { log: x } ] }\n`,
      'broken.yaml': `${integration}  flows:\n    - from: { uri: "timer:x"\n`,
      'java.yaml': `${integration}  sources:\n    - name: R.java\n      content: class R {}\n`,
      'services.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: a }\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\n',
    });
    expect(Object.fromEntries(Object.entries(report).map(([file, { kind, verdict, findings }]) => [file, [kind, verdict, findings[0]?.code ?? null]]))).to.deep.equal({
      'several.yaml': ['Integration', 'differs', 'M0122'],
      'broken.yaml': ['Integration', 'fails', 'M0101'],
      'java.yaml': ['Integration', 'manual', 'M0122'],
      'services.yaml': ['Service of Kubernetes', 'ignored', null],
    });
  });

  it('goes on after a file that is no YAML, and refuses a folder that is not there', async () => {
    const report = await reportOf({ 'broken.yaml': '- from:\n   uri: [direct:a\n  - x', 'good.yaml': route('log: x') });
    expect([report['broken.yaml']!.verdict, report['good.yaml']!.verdict]).to.deep.equal(['fails', 'runs']);
    await migrationReport(join(folder, 'nowhere')).then(
      () => expect.fail('reported'),
      (error: Error) => expect(error.message).to.match(/there is no folder/),
    );
  });

  it('says once, at the line of the property, what is wrong with the settings of REST services', async () => {
    const report = await reportOf({ 'application.properties': 'a=b\ncamel.rest.contextPath=/shop\ncamel.rest.bindingMde=json\n', 'a.yaml': route('log: x') });
    expect(report['application.properties']!.findings).to.deep.equal([{ line: 3, code: 'M0411', message: 'unknown option `bindingMde` in `camel.rest.bindingMde`', advice: 'did you mean `camel.rest.bindingMode`?' }]);
    expect(report['a.yaml']!.findings).to.deep.equal([]);
  });

  it('says what differs of connectors whose path is among the parameters, too', async () => {
    const report = await reportOf({
      'http.yaml': '- route:\n    from:\n      id: start\n      uri: platform-http\n      parameters:\n        path: /orders\n      steps:\n        - log: x\n',
      'file.yaml': '- from:\n    uri: file\n    parameters:\n      directoryName: in\n    steps:\n      - log: x\n',
    });
    expect(report['http.yaml']!.findings.map(({ message }) => message)).to.deep.equal(['HTTP is served on loopback only', 'request headers and query parameters are not echoed as reply headers']);
    expect(report['file.yaml']!.findings.map(({ message }) => message)).to.deep.equal(['a file that fails is not tried for ever: after five times it rests until it changes']);
  });

  it('finds the beans that other files declare, and says where one is declared that can not be made', async () => {
    const call = 'bean: { ref: shelf, method: size }';
    const good = await reportOf({ 'beans.yaml': '- beans:\n    - { name: shelf, type: java.util.ArrayList }\n', 'use.yaml': route(call) });
    expect(good['use.yaml']!.findings).to.deep.equal([]);
    const bad = await reportOf({ 'beans.yaml': '- beans:\n    - { name: shelf, type: com.example.Shelf }\n' });
    expect(bad['beans.yaml']!.findings.map(({ code }) => code)).to.deep.equal(['M0502']);
    expect(bad['use.yaml']!.findings).to.deep.equal([{ line: 4, code: 'M0501', message: "the bean `shelf` can't be made", advice: 'see beans.yaml' }]);
  });

  it('looks at each project of a folder by itself, and at what stands around it', async () => {
    const report = await reportOf({
      'common.properties': 'shared=x\n',
      'one/application.properties': 'who=one\ncamel.component.jms.connection-factory=#f\n',
      'one/route.yaml': route('setBody: { constant: "resource:file:note.txt" }', 'to: "mock:{{who}}-{{shared}}"', 'bean: { ref: tool, method: x }'),
      'one/note.txt': 'hi',
      'one/tool.mjs': 'export default { x() {} };',
      'one/beans.yaml': '- beans: [ { name: tool, type: "#module:./tool.mjs" } ]\n',
      'two/application.yaml': 'who: two\nlater: y\n',
      'two/src/main/resources/camel/route.yaml': route('to: "mock:{{who}}-{{later}}"', 'bean: { ref: tool, method: x }'),
      'loose/route.yaml': route('setBody: { constant: "resource:file:note.txt" }', 'to: "mock:{{?who}}"'),
      'loose/note.txt': 'hi',
    });
    expect(Object.entries(report).map(([file, { verdict, findings }]) => `${file} ${verdict} ${findings.map(({ line, message }) => `${line} ${message}`).join()}`)).to.have.members([
      'common.properties runs ',
      'one/application.properties differs 2 `camel.component.jms.connection-factory` sets an option of `jms`, a connector that is not supported yet',
      'one/route.yaml runs ',
      'one/beans.yaml runs ',
      'two/application.yaml runs ',
      'two/src/main/resources/camel/route.yaml fails 5 no Object named `tool`: declare it under `beans:`',
      'loose/route.yaml runs ',
    ]);
  });

  it('leads from a bean that is missing to the Java class that it is', async () => {
    const report = await reportOf({
      'src/main/java/org/acme/PriceList.java': 'package org.acme;\n@Component\npublic class PriceList { }\n',
      'src/main/java/org/acme/Config.java': 'package org.acme;\nclass Config { @Bean("vat") Object vat() { return null; } }\n',
      'src/main/resources/camel/a.yaml': route('bean: { ref: priceList, method: of }', 'to: bean:vat', 'unmarshal: { json: { unmarshalType: org.acme.Order } }'),
    });
    expect(report['src/main/resources/camel/a.yaml']!.findings.map(({ advice }) => advice)).to.deep.equal([
      'it is src/main/java/org/acme/PriceList.java: write that as a JavaScript module, and declare it: `- beans: [ { name: priceList, type: "#module:./priceList.mjs" } ]`',
      'it is src/main/java/org/acme/Config.java: write that as a JavaScript module, and declare it: `- beans: [ { name: vat, type: "#module:./vat.mjs" } ]`',
    ]);
  });

  it('says which endpoints would not start: a file is missing, a language is not here, a script is none', async () => {
    const report = await reportOf({
      'sheet.yaml': route('to: "xslt:gone.xsl"'),
      'schema.yaml': route('to: "validator:gone.xsd"'),
      'script.yaml': route('to: "language:simple:resource:classpath:gone.txt"'),
      'groovy.yaml': route('to: "language:groovy:1+1"'),
      'wrong.yaml': route('to: "language:simple:${boddy}"'),
      'fine.yaml': route('to: "xslt:there.xsl"', 'to: "language:simple:${body}"', 'to: "language:simple:file:there.txt"', 'to: "xslt:later.xsl?contentCache=false"'),
      'there.xsl': '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"/>',
      'there.txt': '${body}',
    });
    const said = Object.fromEntries(Object.entries(report).map(([file, { verdict, findings }]) => [file, [verdict, ...findings.map(({ line, code }) => `${line} ${code}`)]]));
    expect(said).to.deep.equal({ 'fine.yaml': ['runs'], ...Object.fromEntries(['groovy', 'schema', 'script', 'sheet', 'wrong'].map((name) => [`${name}.yaml`, ['fails', '4 M0611']])) });
  });

  it('lets a message name a kamelet, and looks for one whose name stands there', async () => {
    const report = await reportOf({ 'a.yaml': route('toD: "kamelet:act-${header.kind}?n=1"'), 'b.yaml': route('toD: "kamelet:nowhere?n=${header.kind}"') });
    expect([report['a.yaml']!.verdict, report['b.yaml']!.findings.map(({ line, code }) => [line, code])]).to.deep.equal(['runs', [[4, 'M0606']]]);
  });

  it('sees the resources of a list of Kubernetes', async () => {
    const report = await reportOf({ 'list.yaml': `apiVersion: v1\nkind: List\nitems:\n  - apiVersion: camel.apache.org/v1\n    kind: Integration\n    metadata: { name: a }\n    spec:\n      flows:\n        - from: { uri: "timer:a", steps: [ { lgo: x } ] }\n` });
    expect([report['list.yaml']!.kind, report['list.yaml']!.verdict, report['list.yaml']!.findings.map(({ code }) => code)]).to.deep.equal(['Integration', 'fails', ['M0201']]);
  });

  it('says nothing of a property that a placeholder reads, and of settings of Camel Main what stands for them', async () => {
    const report = await reportOf({
      'a.yaml': route('log: "{{camel.topics.orders}}"'),
      'application-dev.properties': 'camel.topics.orders=orders\ncamel.jbang.dependencies=camel-saxon\ncamel.main.name=shop\ncamel.management.port=8082\n',
    });
    expect(report['application-dev.properties']!.verdict).to.equal('runs');
    expect(report['application-dev.properties']!.findings.map(({ line, message, advice }) => [line, message, advice])).to.deep.equal([[2, '`camel.jbang.dependencies` has no effect: Camel JBang alone reads it', 'nothing to do']]);
  });

  it('reads application.yml as properties, and says what of it makes a difference', async () => {
    const report = await reportOf({ 'application.yml': 'topic: orders\ncamel:\n  main:\n    name: shop\nspring:\n  datasource:\n    url: jdbc:x\n' });
    expect(report['application.yml']).to.deep.include({ kind: 'configuration', verdict: 'differs' });
    expect(report['application.yml']!.findings.map(({ message }) => message)).to.deep.equal(['`spring.datasource.url` has no effect: no database is declared by it']);
  });

  it('tells where kamelets of Camel come from, also in a folder with kamelets of its own', async () => {
    const report = await reportOf({
      'use.yaml': route('to: kamelet:slack-sink'),
      'kamelets/own-sink.kamelet.yaml': 'apiVersion: camel.apache.org/v1\nkind: Kamelet\nmetadata: { name: own-sink }\nspec:\n  definition: { properties: {} }\n  template:\n    from:\n      uri: kamelet:source\n      steps:\n        - log: x\n',
    });
    expect(report['use.yaml']!.findings.map(({ code }) => code)).to.deep.equal(['M0606']);
    expect(report['use.yaml']!.findings[0]!.advice).to.contain('--kamelets camel-kamelets.jar');
  });
});

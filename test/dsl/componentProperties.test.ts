import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Diagnostics } from '../../src/core/diagnostics.ts';
import { checkComponentProperties } from '../../src/dsl/componentChecks.ts';
import { componentDefaults } from '../../src/dsl/componentProperties.ts';
import { propertyLookup } from '../../src/dsl/placeholders.ts';
import type { PropertyLookup } from '../../src/dsl/placeholders.ts';
import { isInPath, resolveEndpoint } from '../../src/dsl/uri.ts';
import { liveConfiguration, readConfiguration } from '../../src/runtime/configuration.ts';
import { Mecha } from '../../src/runtime/mecha.ts';
import { standardParts } from '../../src/runtime/standard.ts';

const { connectors } = standardParts;
const lookup = (properties: Record<string, string>, environment: Record<string, string> = {}): PropertyLookup => propertyLookup({ properties, environment });
const endpoint = (uri: string, properties: Record<string, string>, environment: Record<string, string> = {}) => resolveEndpoint(uri, connectors, componentDefaults(() => lookup(properties, environment))).endpoint;
const said = (properties: Record<string, string>): string[] => {
  const problems = new Diagnostics();
  checkComponentProperties(connectors, lookup(properties), problems);
  return problems.list.map(({ code, severity, message, help }) => `${code} ${severity}: ${message}; ${help ?? ''}`);
};

describe('properties of components', () => {
  it('are options of the endpoints that do not say otherwise, typed as in a URI', () => {
    const properties = {
      'camel.component.kafka.brokers': 'a:1,{{second}}',
      'camel.component.kafka.max-poll-records': '7',
      'camel.component.kafka.recordsInFlight': '3',
      'camel.component.kafka.configuration.autoOffsetReset': 'earliest',
      'camel.component.kafka.additional-properties[transactional.id]': 'x',
      'camel.component.kafka.breakOnFirstError': 'true',
      second: 'b:2',
    };
    const { options, uri, shownUri } = endpoint('kafka:t?maxPollRecords=9', properties);
    expect(options).to.deep.include({ topic: 't', brokers: 'a:1,b:2', maxPollRecords: 9, recordsInFlight: 3, autoOffsetReset: 'earliest', breakOnFirstError: true, additionalProperties: { 'transactional.id': 'x' } });
    expect([uri, shownUri]).to.deep.equal(['kafka:t?maxPollRecords=9', 'kafka:t?maxPollRecords=9']);
    expect(endpoint('seda:x', properties).options).to.deep.equal(endpoint('seda:x', {}).options);
  });

  it('may stand for what a path leaves out, where Camel has a name for that', () => {
    const properties = { 'camel.component.vertx-websocket.default-port': '18999', 'camel.component.vertx-websocket.defaultHost': 'example.org' };
    expect(said(properties)).to.deep.equal([]);
    expect(endpoint('vertx-websocket:/in', properties).options).to.deep.include({ host: 'example.org', port: 18999, path: 'in' });
    expect(endpoint('vertx-websocket:other:1/in', properties).options).to.deep.include({ host: 'other', port: 1 });
    expect(said({ 'camel.component.vertx-websocket.host': 'x' })).to.have.length(1);
  });

  it('may come from the environment, and are those of the name that the URI has', () => {
    expect(endpoint('aws2-s3:b', {}, { CAMEL_COMPONENT_AWS2_S3_FORCE_PATH_STYLE: 'true' }).options).to.deep.include({ forcePathStyle: true });
    const properties = { 'camel.component.http.connectTimeout': '5', 'camel.component.spring-rabbitmq.prefetchCount': '5' };
    expect(endpoint('http:x', properties).options['connectTimeout']).to.equal(5);
    expect(endpoint('https:x', properties).options['connectTimeout']).to.not.equal(5);
    expect(endpoint('rabbitmq:x', properties).options['prefetchCount']).to.equal(5);
    expect(endpoint('rabbitmq:x', { ...properties, 'camel.component.rabbitmq.prefetchCount': '6' }).options['prefetchCount']).to.equal(6);
  });

  it('hold for every option of every connector that does not stand in the path', () => {
    const texts: Readonly<Record<string, string>> = { integer: '7', number: '7', boolean: 'true', string: 'x', millis: '7', bytes: '7', list: 'x' };
    let count = 0;
    for (const scheme of Object.keys(connectors)) {
      const definition = connectors[scheme]!;
      for (const [name, { shape }] of Object.entries(definition.options)) {
        const text = texts[shape.kind];
        if (text === undefined || isInPath(definition, name)) continue;
        const key = `camel.component.${scheme}.${name}`;
        const problems = new Diagnostics();
        checkComponentProperties(connectors, lookup({ [key]: text }), problems);
        const value = componentDefaults(() => lookup({ [key]: text }))(scheme, definition)[name];
        expect(problems.hasErrors || String(value) === text, key).to.equal(true);
        if (!problems.hasErrors) count++;
      }
    }
    expect(count).to.be.greaterThan(500);
  });

  it('are complained about where there is no such connector, option, or value', () => {
    expect(
      said({
        'camel.component.kafka.brokers': 'a:1',
        'camel.component.kafka.max-pol-records': '1',
        'camel.component.kafka.topic': 't',
        'camel.component.kafak.brokers': 'a:1',
        'camel.component.kafka.fetchMaxBytes': 'many',
        'camel.component.kafka.autowiredEnabled': 'false',
        'camel.component.jms.connectionFactory': '#x',
        'camel.component.seda.queueSize': '5',
        'camel.component.seda.queueSise': '5',
      }),
    ).to.deep.equal([
      'M0411 error: unknown option `max-pol-records` in `camel.component.kafka.max-pol-records`; did you mean `camel.component.kafka.maxPollRecords`?',
      'M0411 error: unknown option `topic` in `camel.component.kafka.topic`; ',
      'M0411 error: `camel.component.kafak.brokers` sets an option of `kafak`, and there is no such connector; did you mean `camel.component.kafka.brokers`?',
      'M0407 error: `camel.component.kafka.fetchMaxBytes` must be a size; write bytes such as `1024`, or `10KB`, `5MB`',
      "M0411 warning: `camel.component.kafka.autowiredEnabled` has no effect: `autowiredEnabled` is something of Camel's component that this runtime has no use for; it may stay: nothing reads it",
      'M0411 warning: `camel.component.jms.connectionFactory` sets an option of `jms`, a connector that is not supported yet; it may stay: nothing reads it',
      'M0411 error: unknown option `queueSise` in `camel.component.seda.queueSise`; did you mean `camel.component.seda.queueSize`?',
    ]);
  });

  describe('in files', () => {
    let folder: string;
    beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mecha-components-'))));
    afterEach(() => rmSync(folder, { recursive: true, force: true }));
    const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
    const check = async (): Promise<string[]> => {
      write('routes.yaml', '- from: { uri: "direct:a", steps: [{ to: "log:x" }] }\n');
      return (await Mecha.check({ folder, routes: ['routes.yaml'] })).map(({ at, code }) => {
        const before = at!.source.text.slice(0, at!.start);
        return `${code} ${at!.source.file.replace(/.*\//, '')}:${before.split('\n').length} ${at!.source.text.slice(at!.start, at!.end)}`;
      });
    };

    it('are complained about at their line', async () => {
      write('application.properties', '# options\ncamel.component.log.showAll=true\n  camel.component.log.showBodi = true\n');
      write('mecha.yaml', 'properties:\n  camel.component.log.showHeadrs: true\n  camel:\n    component:\n      log: { level: LOUD }\n');
      expect(await check()).to.have.members(['M0411 application.properties:3 camel.component.log.showBodi', 'M0411 mecha.yaml:2 camel.component.log.showHeadrs', 'M0407 mecha.yaml:5 level']);
    });

    it('are taken by a start: a change while it runs is said, and waits for the next', () => {
      const problems = new Diagnostics();
      const read = (level: string) => readConfiguration({ folder, environment: {}, readFile: (path) => (path.endsWith('application.properties') ? `camel.component.log.level=${level}\nother=${level}\n` : null) }, problems);
      const live = liveConfiguration(read('WARN'), read('INFO'), problems);
      expect(live.properties).to.deep.equal({ 'camel.component.log.level': 'WARN', other: 'INFO' });
      expect(problems.list.map(({ code, severity }) => `${code} ${severity}`)).to.deep.equal(['M0711 warning']);
    });
  });
});

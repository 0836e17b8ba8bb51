import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { Diagnostics } from '../../src/core/diagnostics.ts';
import type { Configuration, ConfigurationSources } from '../../src/runtime/configuration.ts';
import { parseProperties, readConfiguration } from '../../src/runtime/configuration.ts';

describe('the configuration', () => {
  let folder: string;
  let problems: Diagnostics;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mecha-configuration-'));
    problems = new Diagnostics();
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const read = (more: Partial<ConfigurationSources> = {}): Configuration => readConfiguration({ folder, ...more }, problems);
  const messages = (): string[] => problems.sorted().map(({ code, message, at, help }) => `${code} ${at === null ? '' : `${at.source.text.slice(0, at.start).split('\n').length} `}${message}${help === null ? '' : ` (${help})`}`);

  it('has defaults, which files, environment and command line replace in this order', () => {
    expect(read().get('http.port')).to.equal(8080);
    write('application.properties', 'mecha.http.port=1\nmecha.name=properties');
    expect(read().get('http.port')).to.equal(1);
    write('mecha.yaml', 'http: { port: 2 }');
    expect(read().get('http.port')).to.equal(2);
    expect(read({ environment: { MECHA_HTTP_PORT: '3' } }).get('http.port')).to.equal(3);
    expect(read({ environment: { MECHA_HTTP_PORT: '3' }, properties: { 'http.port': '4' } }).get('http.port')).to.equal(4);
    expect(read({ properties: { 'http.port': '4' }, overrides: { 'http.port': 5 } }).get('http.port')).to.equal(5);
    expect(read().get('name')).to.equal('properties');
    expect(messages()).to.deep.equal([]);
  });

  it('reads the properties of a profile, over those of application.properties and under all others', () => {
    write('application.properties', 'a=common\nb=common\ncamel.main.profile=dev');
    write('application-dev.properties', 'a=dev\nb=dev\nmecha.http.port=7');
    write('application-prod.properties', 'a=prod');
    write('mecha.yaml', 'properties: { b: yaml }');
    const properties = (more: Partial<ConfigurationSources>): unknown[] => {
      const configuration = read(more);
      return [configuration.profile, configuration.properties['a'], configuration.properties['b'], configuration.get('http.port'), configuration.files.length];
    };
    expect(properties({})).to.deep.equal(['dev', 'dev', 'yaml', 7, 3]);
    expect(properties({ environment: { CAMEL_MAIN_PROFILE: 'prod' } })).to.deep.equal(['prod', 'prod', 'yaml', 8080, 3]);
    expect(properties({ environment: { CAMEL_MAIN_PROFILE: 'prod' }, properties: { 'camel.main.profile': 'test', a: 'named' } })).to.deep.equal(['test', 'named', 'yaml', 8080, 2]);
    expect(messages()).to.deep.equal([]);
    read({ properties: { 'camel.main.profile': '../x' } });
    expect(messages()).to.have.length(1);
    expect(messages()[0]).to.match(/^M0705 `camel.main.profile` must be a name/);
  });

  it('gives properties for placeholders, nested ones with dots', () => {
    write('application.properties', 'a=1\nshared = from properties');
    write('mecha.yaml', 'properties: { outbox: { folder: out, size: 3 }, shared: from yaml }');
    expect(read({ properties: { a: '2' } }).properties).to.deep.equal({ a: '2', shared: 'from yaml', 'outbox.folder': 'out', 'outbox.size': '3' });
  });

  it('reads properties beside the routes that are named, and those of the folder where Mecha is started over them', () => {
    mkdirSync(join(folder, 'project/src/main/resources/camel'), { recursive: true });
    write('project/application.properties', 'a=project\nb=project\nc=project');
    write('project/src/main/resources/application.properties', 'a=resources\nd=resources');
    write('extra.properties', 'c=extra');
    write('application.properties', 'b=here');
    expect(read({ paths: ['project', 'extra.properties'] }).properties).to.deep.equal({ a: 'project', b: 'here', c: 'extra', d: 'resources' });
    expect(read({ paths: ['project/src/main/resources/camel/x.yaml'] }).properties).to.deep.equal({ a: 'resources', d: 'resources', b: 'here' });
    expect(read({ paths: ['project/**/*.yaml'] }).properties).to.include({ a: 'project', d: 'resources' });
    write('mecha.yaml', 'routes: project/src\nproperties: { b: yaml }');
    expect(read().properties).to.include({ b: 'yaml' });
    write('mecha.yaml', 'routes: [ project ]');
    expect(read().properties).to.include({ a: 'project', b: 'here' });
    expect(messages()).to.deep.equal([]);
    read({ paths: ['nowhere.properties'] });
    expect(messages().join()).to.match(/M0706 no file `.*nowhere\.properties`/);
  });

  it('reads the properties of the profile that is named, over those of none', () => {
    write('application.properties', 'a=none\nb=none');
    write('application-prod.properties', 'a=prod');
    expect(read().properties).to.include({ a: 'none' });
    expect(read({ properties: { 'camel.main.profile': 'prod' } }).properties).to.include({ a: 'prod', b: 'none' });
    expect(read({ environment: { CAMEL_MAIN_PROFILE: 'prod' } }).properties).to.include({ a: 'prod' });
    expect(read({ properties: { 'camel.main.profile': '../prod' } }).properties).to.include({ a: 'none' });
    write('application.properties', 'a=none\ncamel.main.profile=prod');
    const configuration = read();
    expect(configuration.properties).to.include({ a: 'prod' });
    expect(configuration.files.map((file) => file.slice(folder.length + 1))).to.deep.equal(['application.properties', 'application-prod.properties']);
  });

  it('reads properties that are written as YAML, without those of a profile', () => {
    write('application.yml', 'kafka:\n  topic: orders\n  hosts: [ a, b ]\nserver: { port: 83 }\n---\nspring:\n  config: { activate: { on-profile: dev } }\nkafka: { topic: other }\n');
    write('application.properties', 'kafka.group=g');
    const configuration = read();
    expect(configuration.properties).to.include({ 'kafka.topic': 'orders', 'kafka.hosts': 'a,b', 'kafka.group': 'g' });
    expect(configuration.get('http.port')).to.equal(83);
  });

  it('takes settings from the names that Camel, Quarkus and Spring have for them, under those of mecha.yaml', () => {
    write('application.properties', 'quarkus.http.port=81\nserver.port=82\ncamel.main.name=orders\ncamel.main.shutdownTimeout=7\nlogging.level.root=DEBUG');
    const configuration = read();
    expect(['http.port', 'name', 'shutdownTimeout', 'log.level'].map((key) => configuration.get(key))).to.deep.equal([81, 'orders', 7000, 'debug']);
    write('mecha.yaml', 'http: { port: 9 }');
    expect(read().get('http.port')).to.equal(9);
    expect(messages()).to.deep.equal([]);
    write('application.properties', 'x=1\nserver.port=many');
    read();
    expect(messages()).to.deep.equal(['M0705 2 `server.port` must be a whole number, not `many`']);
  });

  it('reads durations, sizes, lists and yes or no', () => {
    write('mecha.yaml', 'shutdownTimeout: 5s\nhttp: { maxBodyBytes: 2MB }\nroutes: [ a, b ]\nwatch: false\nexpressions: { environment: "HOME, PATH" }');
    const configuration = read();
    expect(configuration.get('shutdownTimeout')).to.equal(5000);
    expect(configuration.get('http.maxBodyBytes')).to.equal(2 * 1024 * 1024);
    expect(configuration.get('routes')).to.deep.equal(['a', 'b']);
    expect(configuration.get('watch')).to.equal(false);
    expect(configuration.get('expressions.environment')).to.deep.equal(['HOME', 'PATH']);
  });

  it('shows all that is wrong, with the line and the nearest name, and never a secret', () => {
    write('mecha.yaml', 'htp: { port: 80 }\nhttp:\n  port: many\nstate: { store: redis2 }\nadmin: { token: { secret: hush } }\n');
    read();
    const found = messages();
    expect(found[0]).to.contain('M0704 1 unknown setting `htp.port` (did you mean `http.port`?)');
    expect(found[1]).to.contain('M0705 3 `http.port` must be a whole number, not `many`');
    expect(found[2]).to.contain('M0705 4 `state.store` must be one of lmdb, memory');
    expect(found.join('\n')).not.to.contain('hush');
  });

  it('names the settings that there are beside one that there is not', () => {
    write('mecha.yaml', 'micrologic: { timeout: 800 }\nhttp: { largestRequest: 1kb }\n');
    read();
    const found = messages();
    expect(found[0]).to.contain('M0704 1 unknown setting `micrologic.timeout` (did you mean `micrologic.timeoutMillis`?)');
    expect(found[1]).to.match(/M0704 2 unknown setting `http\.largestRequest` \(`http` has .*`maxBodyBytes`/);
  });

  it('says where it is no YAML, that it is no mapping, or not there', () => {
    write('mecha.yaml', 'http: { port: 80\n');
    read();
    write('mecha.yaml', '- a\n');
    read();
    read({ file: 'other.yaml' });
    expect(messages().map((text) => text.slice(0, 5))).to.have.members(['M0702', 'M0703', 'M0701']);
  });

  it('takes properties files as Java writes them', () => {
    const text = '# comment\n! another\nplain=value\ncolon: value\nspace value\n\\ key\\ with\\=signs = a\\tb\nlong = one, \\\n   two\nunicode=\\u00e4\nempty=\nurl=http://x/y?a=b';
    expect(Object.fromEntries(parseProperties(text))).to.deep.equal({
      plain: 'value',
      colon: 'value',
      space: 'value',
      ' key with=signs': 'a\tb',
      long: 'one, two',
      unicode: 'ä',
      empty: '',
      url: 'http://x/y?a=b',
    });
  });

  it('gives back what was written to a properties file, whatever it is', () => {
    const escaped = (value: string): string => value.replace(/[\\=:\s#!]/g, (letter) => ({ '\n': '\\n', '\t': '\\t', '\r': '\\r', '\f': '\\f' })[letter] ?? `\\${letter}`);
    const word = fc.string({ unit: fc.constantFrom('a', 'ü', '=', ':', ' ', '\\', '#', '\n', '\t', '.'), minLength: 1, maxLength: 8 });
    fc.assert(fc.property(fc.dictionary(word, word, { maxKeys: 4 }), (values) => {
      const text = Object.entries(values).map(([key, value]) => `${escaped(key)}=${escaped(value)}`).join('\n');
      expect({ ...Object.fromEntries(parseProperties(text)) }).to.deep.equal({ ...values });
    }));
  });
});

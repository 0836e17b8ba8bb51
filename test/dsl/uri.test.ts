import { expect } from 'chai';
import fc from 'fast-check';
import { defineConnector, type ConnectorDefinition } from '../../src/core/connector.ts';
import { Diagnostics, Source } from '../../src/core/diagnostics.ts';
import { ExchangeError } from '../../src/core/errors.ts';
import { field } from '../../src/core/field.ts';
import type { EndpointModel } from '../../src/dsl/model.ts';
import { parseEndpoint, resolveEndpoint, withPathInUri } from '../../src/dsl/uri.ts';

const connectors = {
  seda: defineConnector({
    scheme: 'seda',
    syntax: 'seda:name',
    summary: 'A queue.',
    options: {
      name: field.string('Name.').required().inPath(),
      size: field.integer('Size.').default(1000),
      timeout: field.millis('Wait.').default(30_000),
      level: field.enum('Level.', ['INFO', 'WARN']),
      isOpen: field.boolean('Open.').default(false),
      strategy: field.reference('Strategy.', 'Strategy'),
      password: field.string('Password.').secret(),
      names: field.list('Names.', field.string('A name.')),
    },
  }),
  quartz: defineConnector({
    scheme: 'quartz',
    syntax: 'quartz:groupName/triggerName',
    summary: 'A trigger.',
    options: {
      groupName: field.string('Group.').default('Camel').inPath(),
      triggerName: field.string('Trigger.').required().inPath(),
      cron: field.string('When.').required(),
      jobParameters: field.map('Options.', field.string('Value.')).prefixed('job.'),
    },
  }),
  http: defineConnector({ scheme: 'http', aliases: ['https'], syntax: 'http://httpUri', summary: 'HTTP.', options: { httpUri: field.string('Address.').required().inPath() }, isLenient: true }),
  netty: defineConnector({
    scheme: 'netty',
    syntax: 'netty:protocol://host:port/path',
    summary: 'Many parts.',
    options: {
      protocol: field.string('Protocol.').required().inPath(),
      host: field.string('Host.').required().inPath(),
      port: field.integer('Port.').inPath(),
      path: field.string('Path.').inPath(),
    },
  }),
} as unknown as Readonly<Record<string, ConnectorDefinition>>;

const options = (uri: string): Readonly<Record<string, unknown>> => resolveEndpoint(uri, connectors).endpoint.options;
const model = (uri: string, parameters: Record<string, string> = {}): EndpointModel => {
  const source = new Source('x.yaml', `- to: "${uri}"`);
  return { type: 'endpoint', uri, parameters, at: { source, start: 6, end: 8 + uri.length }, parametersAt: {} };
};
const complaints = (endpoint: EndpointModel): { code: string; piece: string; help: string | null }[] => {
  const problems = new Diagnostics();
  parseEndpoint(endpoint, connectors, problems);
  return problems.list.map(({ code, at, help }) => ({ code, piece: at!.source.text.slice(at!.start, at!.end), help }));
};

describe('endpoint URIs', () => {
  it('give typed options, with the defaults of those that are missing', () => {
    expect(options('seda:x?size=5&isOpen=TRUE&level=warn&timeout=1m')).to.deep.equal({ name: 'x', size: 5, isOpen: true, level: 'WARN', timeout: 60_000 });
    expect(options('seda://x')).to.deep.equal({ name: 'x', size: 1000, isOpen: false, timeout: 30_000 });
  });

  it('find the parts of the path by the syntax', () => {
    expect(options('quartz:tick?cron=x')).to.include({ groupName: 'Camel', triggerName: 'tick' });
    expect(options('quartz:g/tick?cron=x')).to.include({ groupName: 'g', triggerName: 'tick' });
    expect(options('netty:tcp://localhost:80/a/b')).to.deep.equal({ protocol: 'tcp', host: 'localhost', port: 80, path: 'a/b' });
    expect(options('netty:tcp://localhost')).to.deep.equal({ protocol: 'tcp', host: 'localhost' });
  });

  it('take names of options whatever their letter case and dashes', () => expect(options('seda:x?SIZE=1&is-open=true')).to.include({ size: 1, isOpen: true }));

  it('decode values, but not those in RAW', () => {
    expect(options('seda:x?password=a%20b%2Bc')['password']).to.equal('a b+c');
    expect(options('seda:x?password=a+b')['password']).to.equal('a b');
    expect(options('seda:x?password=RAW(a+b&c%20)')['password']).to.equal('a+b&c%20');
    expect(options('seda:x?password=RAW{a)&b}&size=2')).to.include({ password: 'a)&b', size: 2 });
    expect(options('seda:x?password=a=b')['password']).to.equal('a=b');
  });

  it('keep references to beans', () => expect(options('seda:x?strategy=#bean:mine')['strategy']).to.equal('#bean:mine'));
  it('cut lists at commas', () => expect(options('seda:x?names=a, b')['names']).to.deep.equal(['a', 'b']));
  it('gather options with a prefix', () => expect(options('quartz:x?cron=y&job.a=1&job.b=2')['jobParameters']).to.deep.equal({ a: '1', b: '2' }));
  it('keep what is no option where the connector is lenient', () => expect(resolveEndpoint('http://x.org/a?q=1', connectors).endpoint).to.deep.include({ scheme: 'http', path: 'x.org/a', rest: { q: '1' } }));

  it('are normalised: parameters sorted, unsafe characters encoded', () => {
    const uri = (text: string): string => resolveEndpoint(text, connectors).endpoint.uri;
    expect(uri('seda:b?size=1&isOpen=true')).to.equal('seda:b?isOpen=true&size=1');
    expect(uri('seda:with space')).to.equal('seda:with%20space');
    expect(uri('seda:x%2Fy')).to.equal('seda:x/y');
    expect(uri('http://d?a=x y&b={z}')).to.equal('http:d?a=x+y&b=%7Bz%7D');
    expect(uri('http://d?a=RAW(1+1)')).to.equal('http:d?a=RAW(1+1)');
  });

  it('hide secrets where they are shown', () => {
    expect(resolveEndpoint('seda:x?password=tiger', connectors).endpoint.shownUri).to.equal('seda:x?password=xxxxxx');
    expect(resolveEndpoint('http://me:tiger@x.org?accessToken=t', connectors).endpoint.shownUri).to.equal('http:me:xxxxxx@x.org?accessToken=xxxxxx');
  });

  it('take parameters from beside the URI, parts of the path too', () => {
    const problems = new Diagnostics();
    expect(parseEndpoint(model('seda', { name: 'k', size: '7' }), connectors, problems)?.endpoint).to.deep.include({ path: 'k', uri: 'seda:k?size=7' });
    expect(problems.list).to.deep.equal([]);
  });

  it('take parts that the path leaves out by name, after the `?` or beside the URI, but no part twice', () => {
    const scripts = defineConnector({
      scheme: 'language',
      syntax: 'language:languageName:resourceUri',
      summary: 'A script.',
      options: { languageName: field.string('Language.').required().inPath(), resourceUri: field.string('Script.').inPath() },
    });
    const read = (uri: string, parameters?: Record<string, string>): readonly unknown[] => {
      const problems = new Diagnostics();
      return [parseEndpoint(model(uri, parameters), { language: scripts as unknown as ConnectorDefinition }, problems)?.endpoint.options['resourceUri'], ...problems.list.map(({ code }) => code)];
    };
    expect(read('language:simple?resourceUri=file:a.txt')).to.deep.equal(['file:a.txt']);
    expect(read('language:simple', { resourceUri: 'file:a.txt' })).to.deep.equal(['file:a.txt']);
    expect(read('language:simple:x?resourceUri=y')).to.include('M0409');
    expect(read('language:simple:x', { resourceUri: 'y' })).to.include('M0407');
  });

  it('point at the piece that is wrong', () => {
    expect(complaints(model('sedda:x'))).to.deep.equal([{ code: 'M0401', piece: 'sedda', help: 'did you mean `seda`?' }]);
    expect(complaints(model('kafka:x'))[0]).to.include({ code: 'M0402', piece: 'kafka' });
    expect(complaints(model('seda:x?sise=1&timeout=fast'))).to.deep.equal([
      { code: 'M0409', piece: 'sise', help: 'did you mean `size`?' },
      { code: 'M0407', piece: 'fast', help: 'write milliseconds such as `500`, or `5s`, `1m30s`, `1h`' },
    ]);
    expect(complaints(model('seda?name=a&size=1')).find(({ code }) => code === 'M0409')).to.deep.equal({ code: 'M0409', piece: 'name', help: 'write it in front of the `?`, as in `seda:name`, or under `parameters`' });
    expect(complaints(model('seda:x?size=1&'))).to.deep.equal([{ code: 'M0408', piece: '&', help: 'take the `&` at the end out' }]);
    expect(complaints(model('seda:x?size=1&size=2'))[0]).to.include({ code: 'M0407' });
    expect(complaints(model('seda:x?password=%zz'))[0]).to.include({ code: 'M0408', piece: 'password=%zz' });
    expect(complaints(model('seda:'))[0]).to.include({ code: 'M0406' });
    expect(complaints(model('quartz:x'))[0]).to.include({ code: 'M0406' });
  });

  it('fail as Camel does at run time, with secrets masked', () => {
    const failure = (uri: string): ExchangeError => {
      try {
        resolveEndpoint(uri, connectors);
      } catch (thrown) {
        return thrown as ExchangeError;
      }
      throw new Error('did not fail');
    };
    expect(failure('nosuch:x').type).to.equal('org.apache.camel.NoSuchEndpointException');
    expect(failure('seda:x?nosuch=1').type).to.equal('org.apache.camel.ResolveEndpointFailedException');
    expect(failure('nosuch:x?password=tiger').message).not.to.include('tiger');
  });

  it('give the same options again when the normalised URI is read', () =>
    fc.assert(
      fc.property(fc.string({ minLength: 1 }).filter((text) => !/^RAW[({]/.test(text)), fc.integer({ min: 0 }), (password, size) => {
        const first = resolveEndpoint(`seda:a b?password=${encodeURIComponent(password)}&size=${size}`, connectors).endpoint;
        const second = resolveEndpoint(first.uri, connectors).endpoint;
        expect(second.options).to.deep.equal(first.options);
        expect(second.uri).to.equal(first.uri);
      }),
    ));

  it('are never anything but read or refused', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom('seda', 'quartz', 'http', ':', '/', '//', '?', '&', '=', 'RAW(', ')', '%', '%20', 'size', 'x', ' ', '#', '+')).map((pieces) => pieces.join('')), (uri) => {
        try {
          resolveEndpoint(uri, connectors);
        } catch (thrown) {
          expect(thrown).to.be.instanceOf(ExchangeError);
        }
      }),
    ));
});

describe('an endpoint that is evaluated before it is read', () => {
  it('has the parts of its path in the URI, wherever they were written, and the others beside it', () => {
    const { uri, parameters } = withPathInUri(model('quartz', { triggerName: '${body}', groupName: 'g', cron: 'x' }), connectors);
    expect([uri, parameters]).to.deep.equal(['quartz:g/${body}', { cron: 'x' }]);
    expect(withPathInUri(model('seda:', { name: 'RAW(a+b)', size: '1' }), connectors)).to.deep.equal({ uri: 'seda:a+b', parameters: { size: '1' } });
  });

  it('stays as it is where its path is in the URI, or its connector is not known yet', () => {
    for (const one of [model('seda:q', { size: '1' }), model('seda', { size: '1' }), model('${header.scheme}', { name: 'x' })]) expect(withPathInUri(one, connectors)).to.equal(one);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';
import { fillPlaceholders, fillUri, PlaceholderError, propertyLookup, withProperties } from '../../src/dsl/placeholders.ts';

const lookup = propertyLookup({
  properties: { name: 'World', which: 'name', greeting: 'Hello {{name}}', empty: '', flag: 'true', json: '{"a":{"b":1}}', loop: '{{loop}}' },
  environment: { HOME_PAGE: 'x.org', MY_KEY: 'from the environment', ORDERS_SERVICE_HOST: 'h', ORDERS_SERVICE_PORT: '1' },
  system: { 'user.name': 'me' },
  readFile: (path) => (path === '/run/secrets/key' ? 'k3y\n' : undefined),
  bean: (name) => (name === 'box' ? { size: 3 } : undefined),
});

const fails = (text: string): PlaceholderError => {
  try {
    fillPlaceholders(text, lookup);
  } catch (thrown) {
    return thrown as PlaceholderError;
  }
  throw new Error(`${text} did not fail`);
};

describe('secrets and config maps', () => {
  const files: Readonly<Record<string, string>> = { '/etc/secrets/db/password': 'hush', '/etc/maps/app/greeting': 'hi' };
  const readFile = (path: string): string | undefined => files[path];
  const mounted = propertyLookup({ properties: { 'camel.kubernetes-config.mount-path-secrets': '/etc/secrets/' }, environment: { CAMEL_K_MOUNT_PATH_CONFIGMAPS: '/etc/maps' }, readFile });

  it('are read below the folder where they are mounted', () => {
    expect(fillPlaceholders('{{secret:DB/password}}, {{configmap:app/greeting}}', mounted)).to.equal('hush, hi');
    expect(fillPlaceholders('{{secret-binary:db/password}}', mounted)).to.equal('/etc/secrets/db/password');
    expect(fillPlaceholders('{{secret:db/password:other}} {{secret:db/user:nobody}} {{?configmap:app/none}}', mounted)).to.equal('hush nobody ');
  });

  it('are properties of their name in the local mode', () => {
    const local = propertyLookup({ properties: { 'camel.kubernetes-config.local-mode': 'true', 'camel.kubernetes-config.mount-path-secrets': '/etc/secrets', 'db/password': 'of the property' }, readFile });
    expect(fillPlaceholders('{{secret:db/password}}', local)).to.equal('of the property');
  });

  it('have no value where nothing is mounted, and never one from outside of the folder', () => {
    for (const text of ['{{secret:db/password}}', '{{configmap:app}}']) expect(() => fillPlaceholders(text, propertyLookup({ readFile })), text).to.throw(PlaceholderError);
    for (const text of ['{{secret:../secrets/db/password}}', '{{secret:db/..}}', '{{secret:password}}', '{{secret-binary:db/none}}']) expect(() => fillPlaceholders(text, mounted), text).to.throw(PlaceholderError);
  });
});

describe('the environment', () => {
  const properties = { 'order.topic': 'of the file', path: '/orders', named: 'of the command line' };
  const environment = { ORDER_TOPIC: 'of the environment', PATH: '/bin', NAMED: 'of the environment' };
  const given = propertyLookup({ properties, environment, fixed: new Set(['named']) });

  it('replaces what files say, but not what the command line says', () => {
    expect(fillPlaceholders('{{order.topic}}, {{named}}', given)).to.equal('of the environment, of the command line');
  });

  it('replaces nothing by variables that every shell has', () => expect(fillPlaceholders('{{path}}', given)).to.equal('/orders'));
});

describe('property placeholders', () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ['no placeholder', 'no placeholder'],
    ['Hello {{name}}', 'Hello World'],
    ['{{missing:a default}}', 'a default'],
    ['{{missing:}}', ''],
    ['[{{empty}}]', '[]'],
    ['{{{{which}}}}', 'World'],
    ['{{missing:{{name}}}}', 'World'],
    ['{{greeting}}!', 'Hello World!'],
    ['{{{name}}}', '{World}'],
    ['{{?name}}', 'World'],
    ['{{?missing}}', null],
    ['{{!flag}}', 'false'],
    ['{{!missing:false}}', 'true'],
    ['{{env:HOME_PAGE}}', 'x.org'],
    ['{{env:home-page}}', 'x.org'],
    ['{{env:NOT_SET:fallback}}', 'fallback'],
    ['{{my.key}}', 'from the environment'],
    ['{{sys:user.name}}', 'me'],
    ['{{sys:nothing:here}}', 'here'],
    ['{{service:orders}}', 'h:1'],
    ['{{service.port:orders}}', '1'],
    ['{{file:/run/secrets/key}}', 'k3y'],
    ['{{file:/nothing:here}}', 'here'],
    ['{{bean:box.size}}', '3'],
    ['{{json}}', '{"a":{"b":1}}'],
    ['{"a":{"b":1}}', '{"a":{"b":1}}'],
  ];
  for (const [text, expected] of cases) {
    it(`fills ${text} in as ${expected === null ? 'nothing' : JSON.stringify(expected)}`, () => expect(fillPlaceholders(text, lookup)).to.equal(expected));
  }

  it('says which property is missing, and where', () => {
    const { kind, key, offset, length } = fails('Hello {{nosuch}}');
    expect({ kind, key, offset, length }).to.deep.equal({ kind: 'missing', key: 'nosuch', offset: 6, length: 10 });
  });

  it('takes blanks as a part of the name', () => expect(fails('{{ name }}').key).to.equal(' name '));

  it('refuses braces that do not match', () => {
    expect(fails('a {{name').kind).to.equal('unbalanced');
    expect(fails('{{name}} {"a":{"b":1}}')).to.include({ kind: 'unbalanced', offset: 20 });
  });

  it('refuses properties that lead back to themselves', () => expect(fails('{{loop}}').kind).to.equal('circular'));

  it('refuses properties that multiply, or lead on and on', () => {
    const multiplied = (properties: Record<string, string>, text: string): string => {
      try {
        return fillPlaceholders(text, propertyLookup({ properties })) ?? '';
      } catch (thrown) {
        return (thrown as PlaceholderError).message;
      }
    };
    const names = Array.from({ length: 60 }, (_, i) => i);
    expect(multiplied(Object.fromEntries([...names.map((i) => [`a${i}`, `{{a${i + 1}}}{{a${i + 1}}}`]), ['a60', 'x']]), '{{a0}}')).to.equal('the property `a0` stands for too many others');
    expect(multiplied(Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`a${i}`, `{{a${i + 1}}}`])), '{{a0}}')).to.equal('the property `a0` stands for too many others');
    expect(multiplied({ a: 'x'.repeat(20_000), b: '{{a}}'.repeat(900) }, '{{b}}'.repeat(3))).to.match(/^the property `\w` stands for too many others$/);
    expect(multiplied(Object.fromEntries([...names.slice(0, 12).map((i) => [`a${i}`, `{{a${i + 1}}}{{a${i + 1}}}`]), ['a12', 'x']]), '{{a0}}')).to.equal('x'.repeat(4096));
  });

  it("leaves out a URI's parameter whose optional placeholder has no value", () => {
    expect(fillUri('log:x?level={{?level}}&showAll=true', lookup)).to.equal('log:x?showAll=true');
    expect(fillUri('log:x?level={{?level}}', lookup)).to.equal('log:x');
    expect(fillUri('log:{{?level}}', lookup)).to.equal(null);
  });

  it('prefers the parameters of a template', () => expect(fillPlaceholders('{{name}} {{flag}}', withProperties(lookup, { name: 'Anna' }))).to.equal('Anna true'));

  it('gives every text back that has no opening braces', () =>
    fc.assert(fc.property(fc.string().filter((text) => !text.includes('{{')), (text) => fillPlaceholders(text, lookup) === text)));

  it('never does anything but fill in or refuse', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom('{{', '}}', '{', '}', "'", '"', 'name', 'which', ':', '?', '!', ' ', 'loop', 'env:')).map((pieces) => pieces.join('')), (text) => {
        try {
          fillPlaceholders(text, lookup);
        } catch (thrown) {
          expect(thrown).to.be.instanceOf(PlaceholderError);
        }
      }),
    ));
});

import { expect } from 'chai';
import type { BrokerSettings, RabbitEndpoint } from '../../../src/connectors/rabbitmq/address.ts';
import { brokerOf, shownBroker } from '../../../src/connectors/rabbitmq/address.ts';
import { rabbitmq } from '../../../src/connectors/rabbitmq/definition.ts';
import { RabbitConnectionFactory } from '../../../src/core/beans/rabbitConnectionFactory.ts';
import type { ConnectorDefinition } from '../../../src/core/connector.ts';
import { componentDefaults } from '../../../src/dsl/componentProperties.ts';
import { propertyLookup } from '../../../src/dsl/placeholders.ts';
import { resolveEndpoint } from '../../../src/dsl/uri.ts';
import { Surroundings } from '../../contract/connector.ts';

const broker = (query = '', { beans = {}, settings = {}, properties = {} }: { beans?: Record<string, unknown>; settings?: Record<string, unknown>; properties?: Record<string, string> } = {}): BrokerSettings => {
  const around = new Surroundings({ beans });
  const context = { ...around.context, setting: (key: string) => settings[key] };
  const { endpoint } = resolveEndpoint(`spring-rabbitmq:x${query}`, { 'spring-rabbitmq': rabbitmq as unknown as ConnectorDefinition }, componentDefaults(() => propertyLookup({ properties })));
  return brokerOf(endpoint as unknown as RabbitEndpoint, context);
};

const first = (settings: BrokerSettings): unknown => {
  const { tls, ...address } = settings.addresses[0]!;
  return { ...address, isTls: tls !== null };
};

describe('where spring-rabbitmq finds its broker', () => {
  const usual = { host: 'localhost', port: 5672, username: 'guest', password: 'guest', virtualHost: '/', isTls: false };

  it('is at localhost when nobody says anything', () => {
    expect(first(broker())).to.deep.equal(usual);
  });

  it('is said by a URL, whose parts other options replace', () => {
    expect(first(broker('?url=RAW(amqps://ann:p%40ss@rabbit.example/orders)'))).to.deep.equal({ host: 'rabbit.example', port: 5671, username: 'ann', password: 'p@ss', virtualHost: 'orders', isTls: true });
    expect(first(broker('?url=amqp://h:1/v&username=bob&password=RAW(x)&virtualHost=w'))).to.deep.equal({ host: 'h', port: 1, username: 'bob', password: 'x', virtualHost: 'w', isTls: false });
  });

  it('is said by host and port, or by several addresses', () => {
    expect(first(broker('?hostname=h&port=1'))).to.deep.equal({ ...usual, host: 'h', port: 1 });
    const { addresses } = broker('?addresses=a:1, b, amqp://c:3, [::1]:4');
    expect(addresses.map(({ host, port }) => `${host} ${port}`)).to.deep.equal(['a 1', 'b 5672', 'c 3', '::1 4']);
  });

  it('is said by a connectionFactory bean, by the bean of a usual name, or by the component’s property', () => {
    const factory = new RabbitConnectionFactory('h', 1);
    factory.setPassword('secret');
    Object.assign(factory, { username: 'ann', virtualHost: 'v', requestedHeartBeat: 7, connectionTimeout: 50 });
    const expected = { host: 'h', port: 1, username: 'ann', password: 'secret', virtualHost: 'v', isTls: false };
    expect(first(broker('?connectionFactory=#bean:cf', { beans: { cf: factory } }))).to.deep.equal(expected);
    expect(broker('?connectionFactory=#cf', { beans: { cf: factory } })).to.include({ heartbeatSeconds: 7, connectTimeoutMillis: 50 });
    expect(first(broker('', { beans: { connectionFactory: factory } }))).to.deep.equal(expected);
    expect(first(broker('', { beans: { cf: factory }, properties: { 'camel.component.spring-rabbitmq.connection-factory': '#bean:cf' } }))).to.deep.equal(expected);
    expect(first(broker('?hostname=other', { beans: { connectionFactory: factory } }))).to.deep.equal({ ...usual, host: 'other' });
    expect(JSON.stringify(factory) + String(factory)).not.to.include('secret');
  });

  it('is said by constructor arguments of the bean as in Java', () => {
    expect(new RabbitConnectionFactory('h', 1)).to.include({ host: 'h', port: 1 });
    expect(new RabbitConnectionFactory(5673)).to.include({ port: 5673 });
    expect(new RabbitConnectionFactory('amqp://h')).to.include({ uri: 'amqp://h' });
  });

  it('is said by settings', () => {
    expect(first(broker('', { settings: { 'rabbitmq.url': 'amqp://ann:pw@h:1' } }))).to.deep.equal({ ...usual, host: 'h', port: 1, username: 'ann', password: 'pw' });
  });

  it('takes the options of TLS from a bean', () => {
    const ca = 'certificate';
    expect(broker('?hostname=h&sslContextParameters=#tls', { beans: { tls: { ca } } }).addresses[0]).to.deep.include({ port: 5671, tls: { ca } });
  });

  it('refuses what is no address, and shows no secret', () => {
    for (const [query, complaint] of [
      ['?url=http://h', /amqp:\/\//],
      ['?url=RAW(%zz)', /no URL/],
      ['?addresses=a b:x', /no `host:port`/],
      ['?connectionFactory=#cf', /no bean/],
    ] as const) {
      expect(() => broker(query), query).to.throw(complaint);
    }
    expect(shownBroker(broker('?url=amqp://ann:secret@h'))).to.equal('amqp://h:5672');
    expect(new Surroundings().endpoint(rabbitmq as never, 'rabbitmq:x?url=RAW(amqp://ann:secret@h)&password=hush').shownUri).not.to.match(/secret|hush/);
  });
});

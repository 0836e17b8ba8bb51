import { Readable } from 'node:stream';
import type { GetMessage } from 'amqplib';
import { expect } from 'chai';
import type { Producer } from '../../../src/core/connector.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { rabbitmq } from '../../../src/connectors/rabbitmq/definition.ts';
import { exactNumber } from '../../../src/core/conversion/exactNumber.ts';
import { parseXml, XmlNodeList } from '../../../src/core/conversion/xml.ts';
import { Surroundings, TestRoute } from '../../contract/connector.ts';
import { amqpUrl, Broker, describeWithBroker, endpointOf, Wiretap } from './broker.ts';

const definition = rabbitmq as never;

describeWithBroker('the producer of spring-rabbitmq', () => {
  let broker: Broker;
  let around: Surroundings;
  let producers: Producer[];

  beforeEach(async () => {
    broker = await Broker.open();
    around = new Surroundings();
    producers = [];
  });

  afterEach(async () => {
    for (const producer of producers) await producer.close!();
    expect(around.clock.waiting, 'timers left behind').to.equal(0);
    await broker.close();
  });

  const open = async (uri: string): Promise<Producer> => {
    const producer = await around.producer(definition, uri);
    producers.push(producer);
    return producer;
  };

  const send = (producer: Producer, body: unknown, headers: Readonly<Record<string, unknown>> = {}, isRequest = false): Promise<Exchange> =>
    around.send(producer, around.exchange(body, headers, isRequest));

  const eventuallyGot = async (queue: string): Promise<GetMessage> => {
    const end = performance.now() + 5000;
    for (;;) {
      const message = await broker.get(queue);
      if (message !== null) return message;
      if (performance.now() > end) throw new Error(`nothing comes to ${queue}`);
    }
  };

  it('goes on when the broker has the message', async () => {
    const queue = await broker.queue();
    const producer = await open(endpointOf('default', { routingKey: queue }));
    const sent = await send(producer, 'grün', { h: 1 });
    expect(sent.exception).to.equal(null);
    const message = (await broker.get(queue))!;
    expect(message.content.toString()).to.equal('grün');
    expect([message.properties.contentType, message.properties.contentEncoding, message.properties.deliveryMode]).to.deep.equal(['text/plain', 'UTF-8', 2]);
    expect(message.properties.headers).to.deep.equal({ h: 1 });
  });

  it('sends bodies that have bytes, nodes of XML among them, and refuses the others as Camel does', async () => {
    const queue = await broker.queue();
    const producer = await open(endpointOf('default', { routingKey: queue }));
    const { root } = parseXml('<r><i>a</i><i>b</i></r>');
    const fit: readonly [unknown, string][] = [[Buffer.from('bytes'), 'bytes'], [root, '<r><i>a</i><i>b</i></r>'], [new XmlNodeList(...root.children), '<i>a</i><i>b</i>'], [Readable.from([Buffer.from('str'), Buffer.from('eam')]), 'stream']];
    for (const [body, text] of fit) {
      expect((await send(producer, body)).exception).to.equal(null);
      const { content, properties } = (await broker.get(queue))!;
      expect([content.toString(), properties.contentType]).to.deep.equal([text, 'application/octet-stream']);
    }
    const unfit: readonly [unknown, string][] = [[{ a: 1 }, 'map'], [[1], 'list'], [5, 'number'], [exactNumber('5.0'), 'number'], [true, 'boolean'], [new Set(['a']), 'Set'], [['a'][Symbol.iterator](), 'iterator'], [new Date(0), 'Date']];
    for (const [body, kind] of unfit) {
      const { exception } = await send(producer, body);
      expect(exception!.type).to.match(/MessageConversionException$/);
      expect(exception!.message).to.match(new RegExp(`^a (?:${kind}) is no body of a message: marshal it before`));
    }
    expect(await broker.get(queue)).to.equal(null);
  });

  it('makes properties of headers, uses them up and sends no other Camel header', async () => {
    const queue = await broker.queue();
    const producer = await open(endpointOf('default', { routingKey: queue }));
    const date = new Date(1_700_000_000_000);
    const sent = await send(producer, Buffer.from('{}'), {
      CamelSpringRabbitmqContentType: 'application/json',
      CamelSpringRabbitmqMessageId: 'm',
      CamelSpringRabbitmqPriority: '7',
      CamelSpringRabbitmqExpiration: 60_000,
      CamelSpringRabbitmqDeliveryMode: 'NON_PERSISTENT',
      CamelSpringRabbitmqTimestamp: date,
      CamelSpringRabbitmqType: 't',
      CamelHttpUri: 'http://secret',
      at: date,
      list: [1, 'two', { three: 3 }],
      nothing: null,
    });
    expect(sent.exception).to.equal(null);
    expect(sent.headers.names()).to.have.members(['CamelHttpUri', 'at', 'list', 'nothing']);
    const { properties } = (await broker.get(queue))!;
    expect([properties.contentType, properties.messageId, properties.priority, properties.expiration, properties.deliveryMode, properties.timestamp, properties.type]).to.deep.equal(['application/json', 'm', 7, '60000', 1, 1_700_000_000, 't']);
    expect(properties.headers).to.deep.equal({ at: { '!': 'timestamp', value: 1_700_000_000 }, list: [1, 'two', { three: 3 }] });
  });

  it('goes where headers say', async () => {
    const [queue, exchange] = [await broker.queue(), broker.name('exchange')];
    await broker.channel.assertExchange(exchange, 'direct');
    await broker.channel.bindQueue(queue, exchange, 'k');
    const producer = await open(endpointOf('default', { routingKey: 'nobody' }));
    const sent = await send(producer, 'a', { CamelSpringRabbitmqExchangeOverrideName: exchange, CamelSpringRabbitmqRoutingOverrideKey: 'k' });
    expect(sent.exception).to.equal(null);
    expect(sent.headers.names()).to.deep.equal([]);
    expect((await broker.get(queue))!.fields).to.include({ exchange, routingKey: 'k' });
  });

  it('declares exchange, queues and bindings with autoDeclareProducer', async () => {
    const [queue, exchange] = [broker.name(), broker.name('exchange')];
    const producer = await open(endpointOf(exchange, { queues: queue, routingKey: 'k', autoDeclareProducer: true, 'arg.queue.durable': true }));
    expect((await send(producer, 'a')).exception).to.equal(null);
    expect(await broker.count(queue)).to.equal(1);
  });

  it('declares as much of it as it may', async () => {
    const there = async (kind: 'checkQueue' | 'checkExchange', name: string): Promise<boolean> => {
      const probe = await Broker.open();
      const found = await probe.channel[kind](name).then(() => true, () => false);
      await probe.close().catch(() => undefined);
      return found;
    };
    const declared = async (more: Readonly<Record<string, boolean>>): Promise<boolean[]> => {
      const [queue, exchange] = [broker.name(), broker.name('exchange')];
      if (more['skipDeclareExchange'] === true && more['skipDeclareQueue'] !== true) await broker.channel.assertExchange(exchange, 'direct');
      const producer = await open(endpointOf(exchange, { queues: queue, routingKey: 'k', autoDeclareProducer: true, 'arg.queue.durable': true, ...more }));
      const isRouted = (await send(producer, 'a')).exception === null;
      return [await there('checkExchange', exchange), await there('checkQueue', queue), isRouted];
    };
    expect(await declared({})).to.deep.equal([true, true, true]);
    expect(await declared({ skipBindQueue: true })).to.deep.equal([true, true, false]);
    expect(await declared({ skipDeclareQueue: true })).to.deep.equal([true, false, false]);
    expect(await declared({ skipDeclareExchange: true })).to.deep.equal([true, true, true]);
    expect(await declared({ skipDeclareExchange: true, skipDeclareQueue: true })).to.deep.equal([false, false, false]);
  });

  it('connects with its first message with lazyStartProducer, and when it starts without', async () => {
    const gate = await Wiretap.open();
    const lazy = await open(endpointOf('default', { routingKey: 'k', lazyStartProducer: true, mandatory: false }, gate.url));
    expect(gate.connections).to.equal(0);
    expect((await send(lazy, 'a')).exception).to.equal(null);
    expect(gate.connections).to.equal(1);
    const early = await Wiretap.open();
    await open(endpointOf('default', { routingKey: 'k' }, early.url));
    expect(early.connections).to.equal(1);
    await Promise.all([gate.close(), early.close()]);
  });

  it('sends no header that a headerFilterStrategy bean keeps back, and what all other properties say', async () => {
    const queue = await broker.queue();
    around = new Surroundings({ beans: { filter: { applyFilterToCamelHeaders: (name: string) => name === 'mine' } } });
    const producer = await open(endpointOf('default', { routingKey: queue, headerFilterStrategy: '#filter' }));
    await send(producer, 'grün', {
      mine: 1,
      yours: 2,
      CamelSpringRabbitmqContentType: 'text/plain',
      CamelSpringRabbitmqContentEncoding: 'ISO-8859-1',
      CamelSpringRabbitmqReplyTo: 'answers',
      CamelSpringRabbitmqAppId: 'app',
      CamelSpringRabbitmqUserId: 'guest',
      CamelSpringRabbitmqContentLength: 999,
      CamelSpringRabbitmqClusterId: 'c',
    });
    const { properties, content } = (await broker.get(queue))!;
    expect([properties.headers, properties.contentEncoding, properties.replyTo, properties.appId, properties.userId]).to.deep.equal([{ yours: 2 }, 'ISO-8859-1', 'answers', 'app', 'guest']);
    expect(content).to.deep.equal(Buffer.from('grün', 'latin1'));
  });

  it('answers a request by a step of its own, straight to who asked', async () => {
    const queue = await broker.queue();
    const asking = await open(endpointOf('default', { routingKey: queue }));
    const answering = await open(endpointOf('default', {}));
    const asked = send(asking, 'question', {}, true);
    const { replyTo, correlationId } = (await eventuallyGot(queue)).properties as { replyTo: string; correlationId: string };
    expect(replyTo).to.match(/^amq\.rabbitmq\.reply-to\./);
    const answered = await send(answering, 'answer', { CamelSpringRabbitmqRoutingOverrideKey: replyTo, CamelSpringRabbitmqCorrelationId: correlationId });
    expect(answered.exception).to.equal(null);
    expect((await asked).body).to.equal('answer');
  });

  describe('fails the exchange', () => {
    const failure = async (uri: string, body: unknown, headers: Readonly<Record<string, unknown>> = {}): Promise<string> => {
      const { exception } = await send(await open(uri), body, headers);
      return exception === null ? 'sent' : `${exception.type}: ${exception.message}`;
    };

    it('when a message reaches no queue', async () => {
      expect(await failure(endpointOf('default', { routingKey: 'mecha-test-none' }), 'a')).to.match(/AmqpMessageReturnedException: spring-rabbitmq:.*no queue .* `mecha-test-none`/);
      const exchange = broker.name('exchange');
      await broker.channel.assertExchange(exchange, 'fanout');
      expect(await failure(endpointOf(exchange, {}), 'a')).to.match(/Returned/);
    });

    it('not when an exchange with subscribers has none just now', async () => {
      const exchange = broker.name('exchange');
      await broker.channel.assertExchange(exchange, 'fanout');
      expect(await failure(endpointOf(exchange, { exchangeType: 'fanout' }), 'a')).to.equal('sent');
      expect(await failure(endpointOf(exchange, { mandatory: false }), 'a')).to.equal('sent');
    });

    it('when there is no such exchange', async () => {
      const complaint = await failure(endpointOf('mecha-test-none', { routingKey: 'k' }), 'a');
      expect(complaint).to.match(/AmqpIOException.*no exchange 'mecha-test-none'/);
      expect(complaint).not.to.include('guest:guest');
    });

    it('when body or headers can not be sent', async () => {
      const queue = await broker.queue();
      const uri = endpointOf('default', { routingKey: queue });
      expect(await failure(uri, null)).to.match(/allowNullBody/);
      expect(await failure(uri, { a: 1 })).to.match(/MessageConversionException.*map/);
      expect(await failure(uri, 'a', { CamelSpringRabbitmqPriority: 'high' })).to.match(/CamelSpringRabbitmqPriority/);
      expect(await failure(uri, 'a', { CamelSpringRabbitmqExpiration: 'soon' })).to.match(/CamelSpringRabbitmqExpiration/);
      expect(await failure(uri, 'a', { CamelSpringRabbitmqUserId: 'somebody' })).to.match(/CamelSpringRabbitmqUserId/);
      expect(await failure(uri, 'a', { CamelSpringRabbitmqRoutingOverrideKey: 'x'.repeat(300) })).to.match(/routing key/);
      expect(await failure(endpointOf('default', { routingKey: queue, maxMessageSize: 3 }), 'long')).to.match(/4 bytes, more than maxMessageSize/);
      expect(await failure(endpointOf('default', { routingKey: queue, allowNullBody: true }), null)).to.equal('sent');
    });
  });

  it('lets a message for a missing exchange fail alone, while others are under way', async () => {
    const queue = await broker.queue();
    const producer = await open(endpointOf('default', { routingKey: queue }));
    const sent = await Promise.all(Array.from({ length: 60 }, (_, i) => send(producer, String(i), i % 10 === 5 ? { CamelSpringRabbitmqExchangeOverrideName: `mecha-test-none-${i}` } : {})));
    expect(sent.filter(({ isFailed }) => isFailed).map(({ body }) => body)).to.deep.equal(['5', '15', '25', '35', '45', '55']);
    const arrived = new Set<string>();
    for (let message = await broker.get(queue); message !== null; message = await broker.get(queue)) arrived.add(message.content.toString());
    expect(arrived.size).to.equal(54);
  });

  it('sends again alone what may have closed the channel, until it is known which message it was', async () => {
    const queue = await broker.queue();
    const internal = broker.name('exchange');
    await broker.channel.assertExchange(internal, 'direct', { internal: true });
    const producer = await open(endpointOf('default', { routingKey: queue }));
    const sent = await Promise.all(Array.from({ length: 20 }, (_, i) => send(producer, String(i), i === 7 ? { CamelSpringRabbitmqExchangeOverrideName: internal } : {})));
    expect(sent.filter(({ isFailed }) => isFailed).map(({ body }) => body)).to.deep.equal(['7']);
    expect(sent[7]!.exception!.message).to.match(/internal/);
  });

  it('keeps the order of what it sends', async () => {
    const queue = await broker.queue();
    const producer = await open(endpointOf('default', { routingKey: queue }));
    await Promise.all(Array.from({ length: 3000 }, (_, i) => send(producer, String(i))));
    for (let i = 0; i < 3000; i += 1) {
      const message = await broker.get(queue);
      if (message!.content.toString() !== String(i)) throw new Error(`${message!.content.toString()} in place of ${i}`);
    }
  });

  describe('requests', () => {
    const serve = async (work: (exchange: Exchange) => unknown): Promise<{ queue: string; target: TestRoute; end: () => Promise<void> }> => {
      const queue = await broker.queue();
      const target = new TestRoute(around.scope, work);
      const consumer = await around.consumer(definition, endpointOf('default', { queues: queue, 'arg.queue.durable': true, retryDelay: 10 }));
      await consumer.start(target);
      return {
        queue,
        target,
        end: async () => {
          target.releaseAll();
          await consumer.stop();
          await consumer.close!();
        },
      };
    };

    it('wait for their replies, side by side', async () => {
      const server = await serve((exchange) => {
        exchange.body = `re: ${String(exchange.body)}`;
        exchange.headers.set('answered', true);
      });
      const producer = await open(endpointOf('default', { routingKey: server.queue }));
      const replies = await Promise.all(Array.from({ length: 50 }, (_, i) => send(producer, String(i), { CamelSpringRabbitmqCorrelationId: 'always the same' }, true)));
      expect(replies.map(({ body }) => body)).to.deep.equal(Array.from({ length: 50 }, (_, i) => `re: ${i}`));
      expect(replies[0]!.headers.get('answered')).to.equal(true);
      await server.end();
      expect(around.logs, 'a reply that came is no reply that reached nobody').to.deep.equal([]);
    });

    it('fail when no reply comes in time', async () => {
      const server = await serve(() => undefined);
      server.target.isHolding = true;
      const { exception } = await send(await open(endpointOf('default', { routingKey: server.queue, replyTimeout: 60 })), 'a', {}, true);
      expect(exception!.type).to.equal('org.springframework.amqp.core.AmqpReplyTimeoutException');
      expect(exception!.message).to.match(/no reply within 60 ms/);
      await server.end();
    });

    it('fail at once when they reach nobody, and leave the others alone', async () => {
      const server = await serve(() => undefined);
      server.target.isHolding = true;
      const producer = await open(endpointOf('default', { routingKey: server.queue }));
      const pending = send(producer, 'a', {}, true);
      const lost = await send(producer, 'b', { CamelSpringRabbitmqRoutingOverrideKey: 'mecha-test-none' }, true);
      expect(lost.exception!.type).to.match(/Returned/);
      const missing = await send(producer, 'c', { CamelSpringRabbitmqExchangeOverrideName: 'mecha-test-none' }, true);
      expect(missing.exception!.message).to.match(/no exchange/);
      server.target.releaseAll();
      expect((await pending).exception).to.equal(null);
      await server.end();
    });

    it('are one-way messages with disableReplyTo', async () => {
      const queue = await broker.queue();
      const sent = await send(await open(endpointOf('default', { routingKey: queue, disableReplyTo: true })), 'a', {}, true);
      expect(sent.exception).to.equal(null);
      expect((await broker.get(queue))!.properties.replyTo).to.equal(undefined);
    });
  });

  describe('the broker', () => {
    it('is the one of a connectionFactory bean', async () => {
      const queue = await broker.queue();
      const { hostname, port, username, password } = new URL(amqpUrl);
      around = new Surroundings({ beans: { cf: { hostName: hostname, port, username, password, virtualHost: '/' } } });
      expect((await send(await open(`spring-rabbitmq:default?routingKey=${queue}&connectionFactory=#bean:cf`), 'a')).exception).to.equal(null);
    });

    it('is the first of a cluster that can be reached', async () => {
      const queue = await broker.queue();
      const { host, username, password } = new URL(amqpUrl);
      expect((await send(await open(`spring-rabbitmq:default?routingKey=${queue}&addresses=127.0.0.1:1,${host}&username=${username}&password=${password}`), 'a')).exception).to.equal(null);
    });

    it('that refuses the password or has no such virtual host is waited for, and nothing shows the password', async () => {
      const { host } = new URL(amqpUrl);
      for (const [options, reason] of [['username=guest&password=hush', /refuses the user `guest`: check its name and password/], ['virtualHost=nowhere', /no virtual host `nowhere`/]] as const) {
        around.waits.length = 0;
        const producer = await open(`spring-rabbitmq:default?addresses=${host}&routingKey=q&confirmTimeout=100&${options}`);
        expect(around.waits.join()).to.match(reason).and.not.to.include('hush');
        const { exception } = await send(producer, 'a');
        expect(exception!.message).to.match(reason).and.to.match(/^spring-rabbitmq:default/).and.not.to.include('hush');
        const strict = await around.producer(definition, `spring-rabbitmq:default?addresses=${host}&testConnectionOnStartup=true&${options}`).then(() => 'started', ({ message }: Error) => message);
        expect(strict).to.match(reason).and.not.to.include('hush');
      }
    });

    it('is waited for as long as a message may take, and then said to be unreachable', async () => {
      const producer = await open('spring-rabbitmq:default?addresses=127.0.0.1:1&routingKey=q&confirmTimeout=50');
      const { exception } = await send(producer, 'a');
      expect(exception!.message).to.match(/no connection within 50 ms: amqp:\/\/127\.0\.0\.1:1: connection refused/);
      expect(around.waits).to.have.length(1);
      expect(around.waits[0]).to.match(/connection refused/);
    });
  });
});

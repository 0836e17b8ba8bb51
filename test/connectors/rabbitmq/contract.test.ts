import { rabbitmq } from '../../../src/connectors/rabbitmq/definition.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';
import { OwnServer } from '../../contract/ownServer.ts';
import { ToxicProxy } from '../../contract/toxiproxy.ts';
import { amqpUrl, Broker, describeWithBroker, endpointOf, Wiretap } from './broker.ts';

const definition = rabbitmq as never;

describeWithBroker('spring-rabbitmq', () => {
  keepsConnectorContract('spring-rabbitmq', async () => {
    const broker = await Broker.open();
    const proxy = await ToxicProxy.open(new URL(amqpUrl).host);
    let tap = await Wiretap.open(`amqp://${proxy.address}`);
    const taps = [tap];
    const surroundings = new Surroundings();
    const queue = await broker.queue();
    const uri = (credit: number, more = '', url = tap.url, from = queue): string => endpointOf('default', { queues: from, prefetchCount: credit, retryDelay: 10, 'arg.queue.durable': true }, `${url}${more}`);
    return {
      surroundings,
      definition,
      consumer: (credit = 100) => surroundings.consumer(definition, uri(credit)),
      send: async (...names) => {
        for (const name of names) await broker.send(queue, name);
      },
      nameOf: (exchange) => String(exchange.body),
      acknowledged: () => Promise.resolve([...new Set(taps.flatMap(({ acknowledged }) => acknowledged))]),
      // It finds no way to the broker any more; who comes later has one of its own.
      abandon: async () => {
        await tap.close();
        taps.push((tap = await Wiretap.open()));
      },
      network: {
        consumer: () => surroundings.consumer(definition, uri(1, '?heartbeat=1')),
        cut: () => proxy.cut(),
        mend: () => proxy.mend(),
        delay: (millis) => proxy.delay(millis),
        stall: () => proxy.stall(),
        heal: () => proxy.heal(),
      },
      sendWith: (name, headers) => broker.send(queue, name, { contentType: 'text/plain', headers: { ...headers } }),
      sendOut: async (headers) => {
        const to = await broker.queue();
        const producer = await surroundings.producer(definition, endpointOf('default', { routingKey: to }));
        await surroundings.send(producer, surroundings.exchange('x', headers));
        await producer.close!();
        const message = await broker.get(to);
        return message!.properties.headers as Record<string, string>;
      },
      server: async () => {
        const server = await OwnServer.start('rabbitmq');
        const url = `amqp://guest:guest@127.0.0.1:${server.port}`;
        const spy = await Wiretap.open(url);
        let other = await Broker.open(url);
        const from = await other.queue();
        return {
          consumer: () => surroundings.consumer(definition, `${uri(1, '', spy.url, from)}&reconnectDelay=100`),
          send: async (...names) => {
            for (const name of names) await other.send(from, name);
          },
          nameOf: (exchange) => String(exchange.body),
          acknowledged: () => Promise.resolve([...new Set(spy.acknowledged)]),
          kill: () => server.kill(),
          restart: async () => {
            await server.up();
            other = await Broker.open(url);
          },
          close: async () => {
            await spy.close();
            await other.close();
            await server.close();
          },
        };
      },
      sendLarge: async (count, bytes) => {
        await Promise.all(Array.from({ length: count }, (_, i) => broker.send(queue, `${i} `.padEnd(bytes))));
      },
      secret: { uri: 'spring-rabbitmq:x?queues=q&addresses=127.0.0.1:1&username=u&password=open-sesame', text: 'open-sesame' },
      patienceMillis: 8000,
      wrong: [
        ['spring-rabbitmq:x?concurrentConsumers=0', /concurrentConsumers/],
        ['spring-rabbitmq:x?exchangeType=round', /exchangeType/],
        ['spring-rabbitmq:x?queue=q', /queue/],
        ['spring-rabbitmq:x?queues=q&arg.queue.x-message-ttl=soon', /arg\.queue\.x-message-ttl/],
        ['spring-rabbitmq:x?queues=q&arg.kju.durable=true', /arg\.kju\.durable/],
        ['spring-rabbitmq:x?queues=q&url=http://localhost', /url/],
        ['spring-rabbitmq:x?autoDeclare=false', /queues/],
        ['spring-rabbitmq:', /exchangeName/],
      ],
      open: (wrong) => surroundings.consumer(definition, wrong),
      close: async () => {
        await broker.close();
        await tap.close();
        await proxy.close();
      },
    };
  }, rabbitmq.notPromised);
}, { TOXIPROXY_URL: process.env['TOXIPROXY_URL'] });

import { rabbitmq } from '../../../src/connectors/rabbitmq/definition.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';
import { Broker, describeWithBroker, endpointOf, Wiretap } from './broker.ts';

const definition = rabbitmq as never;

describeWithBroker('spring-rabbitmq', () => {
  keepsConnectorContract('spring-rabbitmq', async () => {
    const broker = await Broker.open();
    const tap = await Wiretap.open();
    const surroundings = new Surroundings();
    const queue = await broker.queue();
    const uri = (credit: number): string => endpointOf('default', { queues: queue, prefetchCount: credit, retryDelay: 10, 'arg.queue.durable': true }, tap.url);
    return {
      surroundings,
      consumer: (credit = 100) => surroundings.consumer(definition, uri(credit)),
      send: async (...names) => {
        for (const name of names) await broker.send(queue, name);
      },
      nameOf: (exchange) => String(exchange.body),
      acknowledged: () => Promise.resolve([...new Set(tap.acknowledged)]),
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
      },
    };
  });
});

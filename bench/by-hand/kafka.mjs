/** Kafka to Kafka by hand: JSON in, orders above an amount out, batch by batch. `node kafka.mjs BROKERS FROM TO GROUP` */
import kafkajs from 'kafkajs';

const [, , brokers, from, to, group] = process.argv;
const kafka = new kafkajs.Kafka({ brokers: brokers.split(','), logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer({ idempotent: true, createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
const consumer = kafka.consumer({ groupId: group, maxWaitTimeInMs: 500 });
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: from, fromBeginning: true });
await consumer.run({
  autoCommit: true,
  partitionsConsumedConcurrently: 4,
  eachBatch: async ({ batch }) => {
    const messages = [];
    for (const { key, value } of batch.messages) {
      const order = JSON.parse(value.toString());
      if (!(order.amount > 100)) continue;
      messages.push({ key, value: `{"accepted":"${order.id}","customer":"${order.customer.name}","amount":${order.amount},"desk":"desk-${order.region}","note":"${order.note}"}` });
    }
    // Larger requests take longer by record: kafkajs copies what it has of a partition for each one more.
    for (let at = 0; at < messages.length; at += 500) await producer.send({ topic: to, messages: messages.slice(at, at + 500) });
  },
});
process.once('SIGTERM', () => process.exit(0));

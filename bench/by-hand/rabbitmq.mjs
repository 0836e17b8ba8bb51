/**
 * The relay by hand, on amqplib with confirms: JSON in, a header and a body out of fields, acknowledged when the broker has what came of it: those
 * that are done within one turn of the event loop together.
 * `node rabbitmq.mjs PORT URL FROM TO`
 */
import { connect } from 'amqplib';

const [url, from, to] = process.argv.slice(3);
const connection = await connect(url);
const input = await connection.createChannel();
const output = await connection.createConfirmChannel();

const done = new Set();
let next = 1;
let isDue = false;
const acknowledge = () => {
  isDue = false;
  const first = next;
  while (done.delete(next)) next++;
  if (next > first) input.ack({ fields: { deliveryTag: next - 1 } }, true);
};

await input.prefetch(250);
await input.consume(from, (message) => {
  const order = JSON.parse(message.content.toString());
  const { messageId, contentType } = message.properties;
  const text = `{"accepted":"${order.id}","customer":"${order.customer.name}","amount":${order.amount}}`;
  output.publish('', to, Buffer.from(text), { persistent: true, messageId, contentType, headers: { ...message.properties.headers, desk: `home-${order.region}` } }, (error) => {
    if (error !== null) throw error;
    done.add(message.fields.deliveryTag);
    if (isDue) return;
    isDue = true;
    setImmediate(acknowledge);
  });
});

/** The order route by hand, on nothing but node:http: JSON in, a choice of three, two headers and a body out of fields. `node orders.mjs PORT` */
import { createServer } from 'node:http';

createServer((request, reply) => {
  if (request.method !== 'POST' || request.url !== '/orders') {
    reply.writeHead(404);
    reply.end();
    return;
  }
  let first = null;
  let pieces = null;
  request.on('data', (piece) => {
    if (first === null) first = piece;
    else (pieces ??= [first]).push(piece);
  });
  request.on('end', () => {
    let order;
    try {
      order = JSON.parse(pieces === null ? first.toString() : Buffer.concat(pieces).toString());
    } catch {
      reply.writeHead(400);
      reply.end();
      return;
    }
    let desk;
    if (order.region === 'us') desk = `west-${order.region}`;
    else if (order.region === 'cn') desk = `east-${order.region}`;
    else desk = `home-${order.region}`;
    const text = `{"accepted":"${order.id}","customer":"${order.customer.name}","amount":${order.amount}}`;
    reply.writeHead(200, ['Content-Type', 'application/json', 'X-Desk', desk, 'X-Order', order.id, 'Content-Length', String(Buffer.byteLength(text))]);
    reply.end(text);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');

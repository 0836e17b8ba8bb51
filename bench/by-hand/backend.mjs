/** What both proxies call: answers 300 bytes of JSON. `node backend.mjs PORT` */
import { createServer } from 'node:http';

const text = JSON.stringify({ status: 'ok', price: 129.5, lines: [] }).padEnd(300);

createServer((request, reply) => {
  request.resume();
  request.on('end', () => {
    reply.writeHead(200, ['Content-Type', 'application/json', 'Content-Length', String(text.length)]);
    reply.end(text);
  });
}).listen(Number(process.argv[2]), '127.0.0.1');

/** The least that answers over HTTP, to measure a start against. `node bare.mjs PORT` */
import { createServer } from 'node:http';

createServer((_, reply) => reply.end('ok')).listen(Number(process.argv[2]), '127.0.0.1');

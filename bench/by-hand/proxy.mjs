/** The proxy route by hand: node:http, undici's Pool, bodies piped both ways, a header added. `node proxy.mjs PORT BACKEND_PORT` */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(`http://127.0.0.1:${process.argv[3]}`, { connections: 64 });

createServer((request, reply) => {
  const { 'content-type': type, 'content-length': length } = request.headers;
  const options = { path: '/backend', method: request.method, headers: { 'content-type': type, 'content-length': length }, body: length === undefined ? null : request };
  pool.stream(
    options,
    ({ statusCode, headers }) => {
      reply.writeHead(statusCode, ['Content-Type', headers['content-type'], 'Content-Length', headers['content-length'], 'X-Gateway', 'by hand']);
      return reply;
    },
    (error) => {
      if (error === null || reply.headersSent) return;
      reply.writeHead(502);
      reply.end();
    },
  );
}).listen(Number(process.argv[2]), '127.0.0.1');

/** The proxy route by hand: node:http, undici's Pool, bodies piped both ways, a header added. `node proxy.mjs PORT BACKEND_PORT` */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const pool = new Pool(`http://127.0.0.1:${process.argv[3]}`, { connections: 64 });
const ofOneConnection = new Set(['connection', 'host', 'keep-alive', 'transfer-encoding', 'expect', 'upgrade', 'te', 'trailer']);

/** Headers, but for those about the connection. */
function passedOn(headers) {
  const passed = {};
  for (const name in headers) if (!ofOneConnection.has(name)) passed[name] = headers[name];
  return passed;
}

createServer((request, reply) => {
  pool.request({ path: '/backend', method: request.method, headers: passedOn(request.headers), body: request }).then(
    ({ statusCode, headers, body }) => {
      const passed = passedOn(headers);
      passed['x-gateway'] = 'by hand';
      reply.writeHead(statusCode, passed);
      body.pipe(reply);
    },
    () => {
      reply.writeHead(502);
      reply.end();
    },
  );
}).listen(Number(process.argv[2]), '127.0.0.1');

import { connect } from 'node:net';

/**
 * Keeps `connections` busy with one request each for `seconds`, and prints how many replies came: one JSON line
 * `{ done, bad, seconds }`. Runs in a process of its own: `http-load.ts PORT PATH CONNECTIONS SECONDS`.
 */
const [port, path, connections, seconds] = [Number(process.argv[2]), process.argv[3] ?? '/', Number(process.argv[4] ?? 32), Number(process.argv[5] ?? 3)];

const body = JSON.stringify({
  id: 'o-4711',
  region: 'eu',
  amount: 129.5,
  customer: { name: 'Anna Berg', email: 'anna@example.org', address: { street: 'Hauptstrasse 1', city: 'Berlin', zip: '10115' } },
  lines: [{ sku: 'A-1', quantity: 2, price: 49.75 }, { sku: 'B-7', quantity: 1, price: 30 }],
  note: 'please ring twice before noon',
}).padEnd(300);

const request = Buffer.from(
  `POST ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nUser-Agent: load\r\nAccept: */*\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);

let done = 0;
let bad = 0;
let isRunning = true;

for (let i = 0; i < connections; i++) {
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  socket.setNoDelay(true);
  let received = '';
  socket.on('data', (piece) => {
    received += piece.toString('latin1');
    for (;;) {
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1] ?? 0);
      if (received.length < headEnd + 4 + length) return;
      if (!received.startsWith('HTTP/1.1 200')) bad++;
      received = received.slice(headEnd + 4 + length);
      done++;
      if (isRunning) socket.write(request);
      else socket.end();
    }
  });
  socket.on('error', () => bad++);
}

setTimeout(() => {
  isRunning = false;
  console.log(JSON.stringify({ done, bad, seconds }));
  setTimeout(() => process.exit(0), 100);
}, seconds * 1000);

/**
 * Keeps connections busy with one request each, over raw sockets and with little CPU, so that what is measured is the server.
 * `node http-load.mjs PORT PATH CONNECTIONS SECONDS [SECONDS_BEFORE] [METHOD]`: after SECONDS_BEFORE it prints `started`, and SECONDS later one JSON
 * line `{ done, bad, seconds }` with the replies between the two. All replies of a server have one length, but for those that are looked at
 * more closely.
 */
import { connect } from 'node:net';

const [port, path, connections, seconds, before, method] = [Number(process.argv[2]), process.argv[3] ?? '/', Number(process.argv[4] ?? 32), Number(process.argv[5] ?? 3), Number(process.argv[6] ?? 0), process.argv[7] ?? 'POST'];

/** 300 bytes of JSON; the region differs from connection to connection. */
const order = (region) =>
  JSON.stringify({
    id: 'o-4711',
    region,
    amount: 129.5,
    customer: { name: 'Anna Berg', email: 'anna@example.org', address: { street: 'Hauptstrasse 1', city: 'Berlin', zip: '10115' } },
    lines: [{ sku: 'A-1', quantity: 2, price: 49.75 }, { sku: 'B-7', quantity: 1, price: 30.25 }],
    note: 'ring twice before noon',
  }).padEnd(300);

const regions = ['eu', 'us', 'cn'];
let done = 0;
let bad = 0;
let isRunning = true;

for (let i = 0; i < connections; i++) open(regions[i % regions.length]);

function open(region) {
  const body = method === 'POST' ? order(region) : '';
  const about = body === '' ? '' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nUser-Agent: load\r\nAccept: */*\r\n${about}\r\n`;
  const request = Buffer.from(head + body);
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => socket.write(request));
  let usual = -1;
  let received = null;
  socket.on('data', (piece) => {
    if (received === null && piece.length === usual && piece[9] === 50) return next();
    received = received === null ? piece : Buffer.concat([received, piece]);
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd < 0) return;
    const text = received.toString('latin1', 0, headEnd);
    const length = /content-length: (\d+)/i.exec(text);
    let isWhole = length !== null && received.length === headEnd + 4 + Number(length[1]);
    if (length === null) isWhole = received.indexOf('\r\n0\r\n\r\n', headEnd + 2) >= 0;
    if (!isWhole) return;
    if (length !== null) usual = received.length;
    if (!text.startsWith('HTTP/1.1 2')) bad++;
    received = null;
    next();
  });
  socket.on('error', () => bad++);
  function next() {
    done++;
    if (isRunning) socket.write(request);
    else socket.end();
  }
}

setTimeout(() => {
  process.stdout.write('started\n');
  done = 0;
  setTimeout(() => {
    isRunning = false;
    process.stdout.write(`${JSON.stringify({ done, bad, seconds })}\n`);
    setTimeout(() => process.exit(0), 50);
  }, seconds * 1000);
}, before * 1000);

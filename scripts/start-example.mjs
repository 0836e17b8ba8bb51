// Runs the example: the micrologic of examples/pricing and Mecha with routes/orders.yaml beside it. Signals reach Mecha, which drains; the
// micrologic ends after it.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const port = process.env.MECHA_HTTP_PORT ?? '8080';
const pricingPort = process.env.PRICING_PORT ?? '3000';
const environment = { ...process.env, MECHA_SUMMARY: '1', MECHA_LOG_FORMAT: process.env.MECHA_LOG_FORMAT ?? 'text', MECHA_MICROLOGIC_URL: `http://127.0.0.1:${pricingPort}` };

const pricing = spawn(process.execPath, ['examples/pricing/server.mjs'], { cwd: root, env: { ...process.env, PORT: pricingPort }, stdio: 'inherit', detached: true });
const mecha = spawn(process.execPath, ['dist/mecha.cjs', 'run'], { cwd: root, env: environment, stdio: ['ignore', 'pipe', 'inherit'], detached: true });

let isShown = false;
mecha.stdout.on('data', (text) => {
  process.stdout.write(text);
  if (isShown || !String(text).includes('mecha runs')) return;
  isShown = true;
  console.log(`
Try:
  curl -X POST localhost:${port}/orders -H 'Content-Type: application/json' \\
    -d '{"id":"1","customer":"ann","region":"EU","lines":[{"item":"tea","quantity":3},{"item":"mug","quantity":2}]}'
  printf 'order,customer,region,item,quantity\\n2,bob,US,coffee,4\\n' > data/inbox/2.csv      # then look into data/outbox
  curl -X PUT localhost:${pricingPort}/mood -d '{"fails":true}'                                # retries, then data/dead-letters
  curl localhost:${port}/health/ready
Edit routes/orders.yaml while it runs; Ctrl-C stops.
`);
});

let isStopping = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    mecha.kill(isStopping ? 'SIGKILL' : signal);
    isStopping = true;
  });
}
process.on('SIGHUP', () => mecha.kill('SIGHUP'));
pricing.on('exit', (code) => {
  if (!isStopping && code !== 0) console.error(`the micrologic ended with ${code}; is port ${pricingPort} in use? Set PRICING_PORT`);
});
mecha.on('exit', (code, signal) => {
  isStopping = true;
  pricing.kill('SIGTERM');
  process.exitCode = code ?? (signal === null ? 0 : 1);
});

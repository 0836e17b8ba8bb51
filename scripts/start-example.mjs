/**
 * Runs the example: the pricing service in a process beside this one, and `mecha run` in this very process, so that signals reach it. The
 * service ends when this process does.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';

const port = process.env.MECHA_HTTP_PORT ?? '8080';
const pricingPort = process.env.PRICING_PORT ?? '3000';

for (const folder of ['inbox', 'outbox', 'dead-letters']) mkdirSync(`data/${folder}`, { recursive: true });

const endsWithUs = 'data:text/javascript,process.stdin.resume().on("end",()=>process.exit())';
const pricing = spawn(process.execPath, ['--import', endsWithUs, 'examples/pricing/server.mjs'], {
  // Apart from this process's group: a Ctrl-C must not take it away from orders in flight.
  detached: true,
  stdio: ['pipe', 'ignore', 'inherit'],
  env: { ...process.env, PORT: pricingPort },
});
pricing.on('exit', (code) => console.error(`the pricing service ended with ${code}; when port ${pricingPort} is in use, choose another with PRICING_PORT`));
pricing.unref();
pricing.stdin.unref();

Object.assign(process.env, { MECHA_SUMMARY: '1', MECHA_LOG_FORMAT: process.env.MECHA_LOG_FORMAT ?? 'text', MECHA_MICROLOGIC_URL: `http://127.0.0.1:${pricingPort}` });
process.argv.splice(1, process.argv.length, 'mecha', 'run', 'routes/orders.yaml');
console.log(`
An order, priced line by line by examples/pricing and sent to a desk by its region and amount:
  curl -s localhost:${port}/orders -H 'Content-Type: application/json' \\
    -d '{"id":"o-1","customer":"Ann","region":"EU","lines":[{"item":"tea","quantity":3},{"item":"mug","quantity":1}]}'

The same as a file; the answer is data/outbox/o-2.json:
  printf 'order,customer,region,item,quantity\\no-2,Bob,US,coffee,2\\no-2,Bob,US,kettle,1\\n' > data/inbox/o-2.csv

Make the prices fail, send an order again, and see data/dead-letters:
  curl -s -X PUT localhost:${pricingPort}/mood -d '{"fails":true}'

Health and metrics:  curl -s localhost:${port}/health/ready    curl -s localhost:${port}/metrics
Edit routes/orders.yaml while it runs. Ctrl-C stops it.
`);
createRequire(import.meta.url)('../dist/mecha.cjs');

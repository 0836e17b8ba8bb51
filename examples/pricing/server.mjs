// A micrologic: the business code of the example. It knows what things cost and nothing of files, retries or routing.
//   node examples/pricing/server.mjs        listens on 127.0.0.1:3000, or on PORT
//   POST /price  {"item": "tea", "quantity": 3, "region": "EU"}  →  {"item": "tea", "quantity": 3, "unitPrice": 4.2, "amount": 12.6}
//   PUT /mood    {"fails": true}  makes it fail, to see what the mecha does about it; {"fails": false} ends that
import { createServer } from 'node:http';

const prices = { tea: 4.2, coffee: 6.5, mug: 9.9, kettle: 39 };
const taxes = { EU: 1.2, US: 1.08 };
let fails = false;

const answer = (response, status, body) => {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
};

const read = async (request) => {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
};

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'GET' && request.url === '/health') return answer(response, 200, { status: 'UP' });
    if (request.method === 'PUT' && request.url === '/mood') {
      fails = (await read(request)).fails === true;
      return answer(response, 200, { fails });
    }
    if (request.method !== 'POST' || request.url !== '/price') return answer(response, 404, { error: 'not found' });
    const { item, quantity, region } = await read(request);
    if (fails) return answer(response, 500, { error: 'the price list is being rewritten' });
    const price = prices[item];
    if (price === undefined) return answer(response, 422, { error: `nobody sells \`${item}\`` });
    const unitPrice = Math.round(price * (taxes[region] ?? 1) * 100) / 100;
    return answer(response, 200, { item, quantity, unitPrice, amount: Math.round(unitPrice * quantity * 100) / 100 });
  } catch (error) {
    return answer(response, 400, { error: error.message });
  }
});

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => console.log(`pricing listens on http://127.0.0.1:${server.address().port}`));
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});

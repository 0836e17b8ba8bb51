/**
 * A `process` module of the bench's routes: pushes exchanges into a route of the runtime that it runs in, exactly as the route's source
 * would, and puts how long that took into the body.
 */
import { list, listLength, measured, orders } from './in-process-input.mjs';

const settled = { settle() {} };

/** Gives the event loop its turn now and then, as a source would. */
async function steps(route, count) {
  for (let i = 0; i < count; ) {
    for (const end = Math.min(count, i + 10_000); i < end; i++) route.push(route.exchange(orders[i % orders.length]), settled);
    await new Promise(setImmediate);
  }
}

async function split(route, count) {
  for (let i = 0; i < count; i++) await new Promise((settle) => route.push(route.exchange(list), { settle }));
}

export default async function feed(exchange) {
  const count = Number(exchange.headers.get('count'));
  const what = exchange.headers.get('what');
  const route = exchange.scope.routes.get(what);
  exchange.body = what === 'steps' ? await measured(count, () => steps(route, count)) : await measured(count * listLength, () => split(route, count));
}

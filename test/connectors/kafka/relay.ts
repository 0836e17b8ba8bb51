import type { Producer } from '../../../src/core/connector.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import type { Surroundings } from '../../contract/connector.ts';
import { TestRoute } from '../../contract/connector.ts';

/** A route that sends what it gets, as a step `to` does; `sent` is told when that is done, and may let the exchange fail. */
export function relay(around: Surroundings, producer: Producer, sent: (exchange: Exchange) => void = () => undefined): TestRoute {
  const route = new TestRoute(around.scope);
  const push = route.push.bind(route);
  route.push = (exchange, delivery) => {
    route.isHolding = true;
    push(exchange, delivery);
    const held = route.held.pop()!;
    held.way = {
      outer: held.way,
      back: (returned) => {
        sent(returned);
        returned.leave();
      },
    };
    producer.call!(held);
  };
  return route;
}

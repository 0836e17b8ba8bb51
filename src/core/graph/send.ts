import type { Exchange, StepInfo, Way } from '../exchange/exchange.ts';
import type { Call, Pipe } from './flow.ts';
import { callStep } from './flow.ts';
import type { Headers } from '../exchange/headers.ts';

export interface SendOptions {
  readonly pattern?: 'InOnly' | 'InOut' | undefined;
  /** Variable whose value is the body of the call. */
  readonly variableSend?: string | undefined;
  /** Variable that gets the reply's body, and its headers as `header:name.x`; the message stays as it was. */
  readonly variableReceive?: string | undefined;
}

class SendBack implements Way {
  readonly outer: Way | null;
  private readonly wasInOut: boolean;
  private readonly receive: string | null;
  private readonly body: unknown;
  private readonly headers: Headers | null;

  constructor(exchange: Exchange, receive: string | null) {
    this.outer = exchange.way;
    this.wasInOut = exchange.isInOut;
    this.receive = receive;
    this.body = exchange.body;
    this.headers = receive === null ? null : exchange.headers.copy();
  }

  back(exchange: Exchange): void {
    exchange.isInOut = this.wasInOut;
    if (this.receive !== null && exchange.halt === 0) this.put(exchange, this.receive);
    exchange.leave();
  }

  private put(exchange: Exchange, variable: string): void {
    try {
      receiveInto(exchange, variable);
    } catch (thrown) {
      return exchange.fail(thrown);
    }
    exchange.body = this.body;
    exchange.headers = this.headers!;
  }
}

/** Puts the message into a variable: the body under its name, the headers under `header:name.x`. */
export function receiveInto(exchange: Exchange, variable: string, { body, headers }: { readonly body: unknown; readonly headers: Headers } = exchange): void {
  exchange.setVariable(variable, body);
  const colon = variable.indexOf(':');
  const scope = colon < 0 ? '' : variable.slice(0, colon + 1);
  const name = variable.slice(colon + 1);
  headers.forEach((header, value) => exchange.setVariable(`${scope}header:${name}.${header}`, value));
}

/** What happens to an exchange before it is sent: its pattern and body for the call, and the way back that restores them. Null: nothing. */
export function enterCall({ pattern, variableSend, variableReceive }: SendOptions): ((exchange: Exchange) => void) | null {
  if (pattern === undefined && variableSend === undefined && variableReceive === undefined) return null;
  const receive = variableReceive ?? null;
  return (exchange) => {
    exchange.way = new SendBack(exchange, receive);
    if (pattern !== undefined) exchange.isInOut = pattern === 'InOut';
    if (variableSend !== undefined) exchange.body = exchange.variable(variableSend) ?? null;
  };
}

/** A step that sends, with a pattern and variables of its own. */
export function sendStep(call: Call, options: SendOptions, info: StepInfo): Pipe {
  const enter = enterCall(options);
  if (enter === null) return callStep(call, info);
  return callStep((exchange) => {
    enter(exchange);
    call(exchange);
  }, info);
}

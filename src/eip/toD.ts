import { defineEip } from '../core/definition.ts';
import { dynamicUri } from '../core/graph/dynamicText.ts';
import { checkForm, dynamicEndpointFields, optimisationFields, orNone, schemeCheck, wholeUri } from '../core/graph/dynamicEndpoint.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import { field } from '../core/field.ts';
import { callStep, settled } from '../core/graph/flow.ts';
import { enterCall } from '../core/graph/send.ts';
import { OptionError } from '../core/optionError.ts';

export const toD = defineEip({
  name: 'toD',
  sends: true,
  readsAddresses: true,
  summary: 'Sends the message to an endpoint whose URI is put together for each message.',
  shorthand: 'uri',
  options: {
    uri: field.endpoint('Endpoint to send to; it and its `parameters` may hold Simple.').required(),
    pattern: field.enum('Pattern for this call only; the exchange has its own again afterwards.', ['InOnly', 'InOut']),
    variableSend: field.string('Variable whose value is sent instead of the body.'),
    variableReceive: field.string('Variable that takes the reply; body and headers stay as they were.'),
    ignoreInvalidEndpoint: field.boolean('Goes on without sending when the URI names no endpoint.').default(false),
    ...dynamicEndpointFields,
    ...optimisationFields,
  },
  examples: [
    {
      title: 'Send to the region',
      route: `- from:
    uri: direct:start
    steps:
      - toD: "mock:\${body}"
`,
      in: ['eu', 'us'],
      out: { 'mock:eu': ['eu'], 'mock:us': ['us'] },
    },
  ],
  operator: ({ uri, pattern, variableSend, variableReceive, ignoreInvalidEndpoint, allowedSchemes }, context) => {
    const { info } = context;
    const whole = wholeUri(uri);
    if (whole.trim() === '') throw new OptionError('uri', '`uri` of `toD` is empty', 'name the endpoint, such as `uri: "mock:${header.where}"`');
    const check = schemeCheck(allowedSchemes, false);
    const enter = enterCall({ pattern, variableSend, variableReceive });
    return settled(orNone(dynamicUri(whole, context), ignoreInvalidEndpoint), info, (uriOf) =>
      callStep((exchange: Exchange) => {
        let target: string;
        try {
          const uri = uriOf(exchange);
          if (uri === null) return exchange.leave();
          target = uri.trim();
          if (ignoreInvalidEndpoint && !resolves(context, target)) return exchange.leave();
          checkForm(target);
          check?.(target);
        } catch (thrown) {
          exchange.fail(thrown, info);
          return exchange.leave();
        }
        enter?.(exchange);
        context.dynamicCall(target, exchange);
      }, info),
    );
  },
});

function resolves(context: { checkEndpoint(uri: string): void }, uri: string): boolean {
  try {
    context.checkEndpoint(uri);
    return true;
  } catch {
    return false;
  }
}

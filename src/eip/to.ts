import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { sendStep } from '../core/graph/send.ts';

export const to = defineEip({
  name: 'to',
  sends: true,
  summary: 'Sends the message to an endpoint and goes on with its reply.',
  shorthand: 'uri',
  options: {
    uri: field.endpoint('Endpoint to send to; its options may stand beside it as `parameters`.').required(),
    pattern: field.enum('Pattern for this call only; the exchange has its own again afterwards.', ['InOnly', 'InOut']),
    variableSend: field.string('Variable whose value is sent instead of the body.'),
    variableReceive: field.string('Variable that takes the reply; body and headers stay as they were.'),
  },
  examples: [
    {
      title: 'Call another route',
      route: '- from:\n    uri: direct:start\n    steps:\n      - to: direct:double\n      - to: mock:out\n- from:\n    uri: direct:double\n    steps:\n      - setBody: { simple: "${body}${body}" }\n',
      in: ['ab'],
      out: { 'mock:out': ['abab'] },
    },
  ],
  operator: ({ uri, ...options }, context) => sendStep(context.producer(uri), options, context.info),
});

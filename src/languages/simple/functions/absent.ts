import { ExpressionSyntaxError } from '../../../core/expression.ts';
import type { FunctionBuilder } from '../value.ts';

/** An A2A message over HTTP is JSON with `parts`: what reads them. */
const parts = (kind: string, field: string): string => `over HTTP an A2A message is JSON: read its parts with \`jsonata: parts[kind="${kind}"].${field}\`, or with \`jsonpath\``;

const instead: Readonly<Record<string, string>> = {
  'a2a:emit': 'tell the agent of the progress yourself: an A2A task is watched as server-sent events, so send to `sse:`, or to the agent over `http:`',
  'a2a:text': parts('text', 'text'),
  'a2a:data': parts('data', 'data'),
  'a2a:file': parts('file', 'file'),
};

/** What Camel has and this runtime has not: named, so that the error says so. */
export const absentFunctions: Readonly<Record<string, FunctionBuilder>> = {
  a2a: (call) => {
    const name = /^a2a:?\w*/.exec(call.text)![0];
    const help = Object.entries(instead).find(([known]) => name.startsWith(known))?.[1] ?? `what there is in Camel: ${Object.keys(instead).map((known) => `\`${known}\``).join(', ')}`;
    throw new ExpressionSyntaxError(`\`${name}\` is not available: there is no agent-to-agent component here`, call.at, name.length, help);
  },
};

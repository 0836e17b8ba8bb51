import { ExpressionSyntaxError } from '../../../core/expression.ts';
import type { FunctionBuilder } from '../value.ts';

const absent =
  (why: string, help: string | null = null): FunctionBuilder =>
  (call) => {
    throw new ExpressionSyntaxError(`\`${call.name}\` is not available: ${why}`, call.at, call.name.length, help);
  };

/** What Camel has and this runtime has not: named, so that the error says so. */
export const absentFunctions: Readonly<Record<string, FunctionBuilder>> = {
  a2a: absent('there is no agent-to-agent component here'),
};

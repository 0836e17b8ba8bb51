import { ExpressionSyntaxError } from '../../../core/expression.ts';
import type { FunctionBuilder } from '../value.ts';

const absent =
  (why: string, help: string | null = null): FunctionBuilder =>
  (call) => {
    throw new ExpressionSyntaxError(`\`${call.name}\` is not available: ${why}`, call.at, call.name.length, help);
  };

/** Messages have no attachments here: what asks for them finds none. */
const attachments =
  (nothing: () => unknown): FunctionBuilder =>
  (call) => {
    if (call.name === 'attachment' && call.tail === '') throw call.unknown([]);
    return () => nothing();
  };

const none = attachments(() => null);

/** What Camel has and this runtime has not: named, so that the error says so. */
export const absentFunctions: Readonly<Record<string, FunctionBuilder>> = {
  a2a: absent('there is no agent-to-agent component here'),
  attachment: none,
  attachments: (call) => attachments(() => (call.tail === '' ? {} : null))(call),
  attachmentContent: none,
  attachmentContentAs: none,
  attachmentContentAsText: none,
  attachmentHeader: none,
  attachmentHeaderAs: none,
  attachmentsContent: none,
  attachmentsContentAs: none,
  attachmentsContentAsText: none,
  attachmentsHeader: none,
  attachmentsHeaderAs: none,
  attachmentsKeys: (call) => attachments(() => (call.tail === '' ? [] : null))(call),
  attachmentsSize: none,
  setAttachment: none,
  clearAttachments: none,
};

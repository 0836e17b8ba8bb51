import { ExpressionSyntaxError } from '../../../core/expression.ts';
import type { FunctionBuilder } from '../value.ts';

const absent =
  (why: string, help: string | null = null): FunctionBuilder =>
  (call) => {
    throw new ExpressionSyntaxError(`\`${call.name}\` is not available: ${why}`, call.at, call.name.length, help);
  };

const attachments = absent('messages have no attachments here');

/** What Camel has and this runtime has not: named, so that the error says so. */
export const absentFunctions: Readonly<Record<string, FunctionBuilder>> = {
  a2a: absent('there is no agent-to-agent component here'),
  attachment: attachments,
  attachments,
  attachmentContent: attachments,
  attachmentContentAs: attachments,
  attachmentContentAsText: attachments,
  attachmentHeader: attachments,
  attachmentHeaderAs: attachments,
  attachmentsContent: attachments,
  attachmentsContentAs: attachments,
  attachmentsContentAsText: attachments,
  attachmentsHeader: attachments,
  attachmentsHeaderAs: attachments,
  attachmentsKeys: attachments,
  attachmentsSize: attachments,
  setAttachment: attachments,
  clearAttachments: attachments,
};

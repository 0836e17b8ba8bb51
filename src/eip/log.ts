import { defineEip } from '../core/definition.ts';
import { dynamicText } from '../core/graph/dynamicText.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { maskSecrets } from '../core/mask.ts';
import { field } from '../core/field.ts';
import { performWith, perform, sequence } from '../core/graph/flow.ts';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

const masked = (text: Expression<string>, isMasked: boolean): Expression<string> => {
  if (!isMasked) return text;
  if (text.isAsync !== true) return (exchange) => maskSecrets(text(exchange));
  return Object.assign((async (exchange: Exchange) => maskSecrets(await (text(exchange) as unknown as Promise<string>))) as unknown as (exchange: Exchange) => string, { isAsync: true });
};

/** As in Camel the name of a logger does not depend on the message. */
const filledIn = (name: string, known: Readonly<Record<string, string>>): string => name.replace(/\$\{(\w+)\}/g, (whole, token: string) => (Object.hasOwn(known, token) ? known[token]! : whole));

export const log = defineEip({
  name: 'log',
  summary: 'Writes a line to the log.',
  shorthand: 'message',
  options: {
    message: field.string('The line; may hold Simple.').required(),
    loggingLevel: field.enum('Level of the line; OFF writes nothing.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('INFO'),
    logName: field.string("Name of the logger; may hold `${routeId}`, `${nodeId}`, `${contextId}`, nothing else of Simple. The route's id when absent."),
    marker: field.string('Tag that log filters can look for.'),
    logger: field.reference('Logger to write to.', 'Logger').ignored('there are no SLF4J loggers; `logName` names the logger'),
    logLanguage: field.string('Language of the message.').default('simple'),
  },
  examples: [{ title: 'Say what came', route: '- from:\n    uri: direct:start\n    steps:\n      - log: "got ${body}"\n      - to: mock:out\n', in: ['a'], out: { 'mock:out': ['a'] } }],
  operator: ({ message, loggingLevel, logName, marker, logLanguage }, context) => {
    const { info, events } = context;
    const text = masked(dynamicText(message, context, logLanguage), context.masksLogs === true);
    if (loggingLevel === 'OFF') return sequence([]);
    const level = levels[loggingLevel];
    const { routeId, stepId } = info;
    const logger = logName === undefined ? routeId : filledIn(logName, { routeId, nodeId: stepId, contextId: context.scope.name, class: 'org.apache.camel.processor.LogProcessor' });
    if (text.isAsync === true) {
      return performWith(
        text,
        (exchange, line) => events.emit('log', { level, logger, message: line, routeId, stepId, exchangeId: exchange.id, marker }),
        info,
      );
    }
    return perform((exchange) => {
      if (events.logs(level)) events.emit('log', { level, logger, message: text(exchange), routeId, stepId, exchangeId: exchange.id, marker });
    }, info);
  },
});

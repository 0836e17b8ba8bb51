import { defineEip } from '../core/definition.ts';
import { dynamicTextOrNull } from '../core/graph/dynamicText.ts';
import type { Exchange } from '../core/exchange/exchange.ts';
import type { Expression } from '../core/expression.ts';
import { maskSecrets } from '../core/mask.ts';
import { field } from '../core/field.ts';
import { performWith, perform, sequence, whenKnown } from '../core/graph/flow.ts';

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

type Text = Expression<string | null>;

const mask = (text: string | null): string | null => (text === null ? null : maskSecrets(text));

const masked = (text: Text, isMasked: boolean): Text => {
  if (!isMasked) return text;
  if (text.isAsync !== true) return (exchange) => mask(text(exchange));
  return Object.assign((exchange: Exchange) => whenKnown(text(exchange), mask) as string | null, { isAsync: true });
};

/** As in Camel the name of a logger does not depend on the message. */
const filledIn = (name: string, known: Readonly<Record<string, string>>): string => name.replace(/\$\{(\w+)\}/g, (whole, token: string) => (Object.hasOwn(known, token) ? known[token]! : whole));

/** What a property that is not there leaves (`{{?none}}`). */
const nothing = (): string | null => null;

export const log = defineEip({
  name: 'log',
  summary: 'Writes a line to the log.',
  shorthand: 'message',
  options: {
    message: field.string('The line; may hold Simple.').required().maybeEmpty('filled'),
    loggingLevel: field.enum('Level of the line; OFF writes nothing.', ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'OFF']).default('INFO'),
    logName: field.string("Name of the logger; may hold `${routeId}`, `${nodeId}`, `${contextId}`, nothing else of Simple. The route's id when absent."),
    marker: field.string('Tag that log filters can look for.'),
    logger: field.reference('Logger to write to: a bean of `org.slf4j.LoggerFactory`, by `getLogger`.', 'Logger'),
    logLanguage: field.string('Language of the message.').default('simple'),
  },
  examples: [{ title: 'Say what came', route: '- from:\n    uri: direct:start\n    steps:\n      - log: "got ${body}"\n      - to: mock:out\n', in: ['a'], out: { 'mock:out': ['a'] } }],
  operator: ({ message, loggingLevel, logName, marker, logger: loggerName, logLanguage }, context) => {
    const { info, events } = context;
    const text = masked(message === '' ? nothing : dynamicTextOrNull(message, context, logLanguage), context.masksLogs === true);
    const ownLogger = typeof loggerName === 'string' ? (context.bean<{ logName?: string } | null>(loggerName, 'Logger')?.logName) : undefined;
    if (loggingLevel === 'OFF') return sequence([]);
    const level = levels[loggingLevel];
    const { routeId, stepId } = info;
    const named = ownLogger ?? logName ?? context.languages.property('camel.main.logName') ?? context.languages.property('camel.main.log-name');
    const logger = named === undefined ? routeId : filledIn(named, { routeId, nodeId: stepId, contextId: context.scope.name, class: 'org.apache.camel.processor.LogProcessor' });
    if (text.isAsync === true) {
      return performWith(
        text,
        (exchange, line) => events.emit('log', { level, logger, message: line ?? 'null', isNull: line === null, routeId, stepId, exchangeId: exchange.id, marker }),
        info,
      );
    }
    return perform((exchange) => {
      if (!events.logs(level)) return;
      const line = text(exchange);
      events.emit('log', { level, logger, message: line ?? 'null', isNull: line === null, routeId, stepId, exchangeId: exchange.id, marker });
    }, info);
  },
});

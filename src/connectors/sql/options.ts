import { field } from '../../core/field.ts';
import { pollOptions } from '../../core/schedule/polling.ts';
import type { Limits } from './database.ts';
import { usualMillis } from './database.ts';

/** What a template of Spring has besides; nothing here depends on it. */
const withoutEffect = new Set(['fetchSize', 'ignoreWarnings', 'skipResultsProcessing', 'skipUndeclaredResults', 'resultsMapCaseInsensitive', 'lazyInit', 'databaseProductName', 'exceptionTranslator', 'nativeJdbcExtractor', 'dataSource']);

/** @throws Error for what is no option of a template, or no number */
export function limitsOf({ templateOptions = {} }: { readonly templateOptions?: Readonly<Record<string, string>> }): Limits {
  for (const name of Object.keys(templateOptions)) {
    if (name !== 'queryTimeout' && name !== 'maxRows' && !withoutEffect.has(name)) throw new Error(`there is no option \`template.${name}\`: template.queryTimeout and template.maxRows are there`);
  }
  const number = (name: string): number | null => {
    const text = templateOptions[name];
    if (text === undefined) return null;
    if (!/^-?\d+$/.test(text)) throw new Error(`\`template.${name}=${text}\` is no whole number`);
    return Number(text);
  };
  const seconds = number('queryTimeout');
  return { longestMillis: seconds === null ? usualMillis : seconds > 0 ? seconds * 1000 : Infinity, mostRows: Math.max(0, number('maxRows') ?? 0) };
}

export const sqlOptions = {
  ...pollOptions,
  query: field.string('The statement, or a resource that holds it (`classpath:sql/new.sql`). Parameters are `:#name`, `:#${simple}`, `:#in:names`, and `#` by position.').required().inPath(),
  dataSource: field.string('Bean that is the database: a text or an object with `url`, such as jdbc:sqlite:orders.db. By default the one of the setting `sql.url`.'),
  allowNamedParameters: field.boolean('Whether `:#name` is a parameter.').default(true),
  outputClass: field.string('Class of rows.').ignored('rows are maps'),
  outputHeader: field.string('Header that gets the rows in place of the body.'),
  outputType: field.enum('SelectList: all rows. SelectOne: the only row, or its only column. StreamList: an iterator over rows.', ['SelectList', 'SelectOne', 'StreamList']).default('SelectList'),
  separator: field.string('What stands between parameters in a text.').default(','),
  placeholder: field.string('What stands for a parameter by position.').default('#'),
  usePlaceholder: field.boolean('Whether placeholders by position are looked for.').default(true),
  batch: field.boolean('Runs the statement for each item of the body, in one transaction.').default(false),
  noop: field.boolean('Keeps the body, whatever the query gives.').default(false),
  useMessageBodyForSql: field.boolean('Takes the body as the statement. Only for messages whose sender is trusted.').default(false),
  onConsume: field.string('Statement that runs when a row has been handled, with the row as its parameters.'),
  onConsumeFailed: field.string('Statement that runs when a row failed.'),
  onConsumeBatchComplete: field.string('Statement that runs when all rows of a poll are done.'),
  expectedUpdateCount: field.integer('Rows that `onConsume` must change; -1: any number.').default(-1),
  breakBatchOnConsumeFail: field.boolean('Leaves the rest of a poll when a row could not be marked (`onConsume`, `onConsumeFailed`).').default(false),
  maxMessagesPerPoll: field.count('Most rows of one poll; 0: all.').default(0),
  routeEmptyResultSet: field.boolean('With `useIterator=false`: sends an empty list when a poll found nothing.').default(false),
  useIterator: field.boolean('A message for each row; else one for all.').default(true),
  transacted: field.boolean('Polls in a transaction.').default(false).ignored('each row is marked when its message has been handled'),
  processingStrategy: field.string('Bean that processes rows.').ignored('the consumer does'),
  batchAutoCommitDisabled: field.boolean('Turns auto-commit off for batches.').default(true).ignored('a batch is one transaction'),
  alwaysPopulateStatement: field.boolean('Fills statements without parameters, too.').default(false).ignored('statements are filled where they have parameters'),
  fetchSize: field.count('Rows that a driver fetches at once.').ignored('there is no driver here'),
  parametersCount: field.count('Number of parameters.').ignored('they are counted'),
  prepareStatementStrategy: field.string('Bean that prepares statements.').ignored('there is no JDBC here'),
  rowMapperFactory: field.string('Bean that maps rows.').ignored('rows are maps'),
  templateOptions: field
    .map("Options of Spring's template: `template.queryTimeout`, the seconds that a statement may take (30; 0: as many as it takes), and `template.maxRows`, behind which rows are left out (0: none are).", field.string('Value.'))
    .prefixed('template.'),
  lazyStartProducer: field.boolean('Starts the producer with its first message.').default(false).ignored('the database is opened at the start'),
};

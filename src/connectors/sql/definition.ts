import { sqliteFile, urlOf } from './database.ts';
import { defineConnector, hasNoHeaders, hasNoServer } from '../../core/connector.ts';
import { pollSchedule } from '../../core/schedule/polling.ts';
import { sqlOptions } from './options.ts';

export const sql = defineConnector({
  scheme: 'sql',
  syntax: 'sql:query',
  summary: 'Queries and changes an SQL database: SQLite, embedded, in a file.',
  options: sqlOptions,
  resource: ({ options }, context) => urlOf(options.dataSource, context),
  check: ({ options }, context) => void sqliteFile(urlOf(options.dataSource, context)),
  headers: {
    CamelSqlQuery: 'Statement in place of the one in the URI; `?` stands for a parameter in it, too.',
    CamelSqlParameters: 'With `useMessageBodyForSql`: the parameters.',
    CamelSqlUpdateCount: 'Rows that a statement has changed.',
    CamelSqlRowCount: 'Rows that a query has given.',
    CamelSqlRetrieveGeneratedKeys: 'true: keys that the database makes come back.',
    CamelSqlGeneratedKeyRows: 'These keys.',
    CamelSqlGeneratedKeysRowCount: 'Their number.',
  },
  notPromised: {
    ...hasNoServer('the database is embedded'),
    ...hasNoHeaders('a row has columns'),
    'has no more messages under way than it has credit for': 'there is one at a time, whatever the credit',
    'keeps the order of each key, with orderBy and lanes': 'there is one at a time: all keep their order, and no key overtakes',
    'waits for a slow route, and holds no more in memory meanwhile': 'the rows of a query are read at once: limit it in SQL',
    'shows no secret in what it says': 'an embedded database has no login',
  },
  consumer: async (endpoint, context) => {
    const { SqlConsumer } = await import('./consumer.ts');
    return new SqlConsumer(endpoint, context, await pollSchedule(endpoint.options, context.clock.now()));
  },
  producer: async (endpoint, context) => {
    const { SqlProducer } = await import('./producer.ts');
    return SqlProducer.open(endpoint, context);
  },
});

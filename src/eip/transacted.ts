import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { transactedOperator } from '../core/graph/transacted.ts';

export const transacted = defineEip({
  name: 'transacted',
  summary: 'Runs the whole route in a transaction of a database, of Kafka or of RabbitMQ: what `sql:` does, or what is sent there, is committed when the route has gone well, before the source is told, and else rolled back.',
  wrapsRoute: true,
  bindsTransaction: true,
  errorHandling: { own: 'none' },
  options: {
    ref: field.string('Bean of the transaction policy. When absent the only one that there is, the one named PROPAGATION_REQUIRED, or the only transaction manager.'),
    steps: field.steps('What belongs to the transaction. Steps beside it in the route do, too; they run before these.'),
  },
  examples: [
    {
      title: 'Two changes, or none',
      route: `- beans:
    - name: orders
      type: org.apache.commons.dbcp2.BasicDataSource
      properties: { url: "jdbc:sqlite::memory:" }
    - name: manager
      type: org.springframework.jdbc.datasource.DataSourceTransactionManager
      constructors: { 0: "#bean:orders" }
- from:
    uri: direct:start
    steps:
      - transacted: {}
      - to: "sql:create table if not exists t (id integer)?dataSource=#orders"
      - to: "sql:insert into t values (:#\${body})?dataSource=#orders"
      - filter:
          simple: "\${body} == 2"
          steps:
            - throwException: { exceptionType: java.lang.IllegalStateException, message: "not this one" }
      - to: "sql:select count(*) as n from t?dataSource=#orders"
      - to: mock:count
`,
      in: [1, 2, 3],
      out: { 'mock:count': [[{ n: 1 }], [{ n: 2 }]] },
    },
  ],
  operator: ({ ref, steps }, context) => transactedOperator(ref, steps, context),
});

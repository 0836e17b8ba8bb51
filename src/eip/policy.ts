import { defineEip } from '../core/definition.ts';
import { field } from '../core/field.ts';
import { transactedOperator } from '../core/graph/transacted.ts';

export const policy = defineEip({
  name: 'policy',
  summary: 'Runs its steps as a policy says: in a transaction of a database, of Kafka or of RabbitMQ, which is committed when they have gone well, and else rolled back. Its propagation says how it takes part in one that is open around it.',
  bindsTransaction: true,
  errorHandling: { own: 'none' },
  options: {
    ref: field
      .string(
        'Bean of the policy, of the type org.apache.camel.spring.spi.SpringTransactionPolicy. Its `propagationBehaviorName` is PROPAGATION_REQUIRED (takes part in the transaction around it, or begins one: the default), PROPAGATION_NESTED (as that, but rolled back alone; not for Kafka), PROPAGATION_REQUIRES_NEW (its own), PROPAGATION_SUPPORTS (takes part, or has none), PROPAGATION_NOT_SUPPORTED (has none), PROPAGATION_MANDATORY (fails without one) or PROPAGATION_NEVER (fails in one). What takes part and fails has all of the transaction rolled back. SQLite has one transaction at a time: a new one, or none, must come before the first statement of the one around it.',
      )
      .required(),
    steps: field.steps('What belongs to the transaction.'),
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
    - name: required
      type: org.apache.camel.spring.spi.SpringTransactionPolicy
      properties: { transactionManager: "#bean:manager", propagationBehaviorName: PROPAGATION_REQUIRED }
- from:
    uri: direct:start
    steps:
      - to: "sql:create table if not exists t (id integer)?dataSource=#orders"
      - policy:
          ref: required
          steps:
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

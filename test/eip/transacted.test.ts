import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { eventually, routesFile, runtimeWith } from '../runtime/rig.ts';

describe('transacted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mecha-tx-'));
  let runtime: Runtime;
  let count = 0;

  after(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => runtime.stop(1000));

  const data = { name: 'data', type: 'org.apache.commons.dbcp2.BasicDataSource', properties: { url: '' } };
  const manager = { name: 'manager', type: 'org.springframework.jdbc.datasource.DataSourceTransactionManager', constructors: { 0: '#bean:data' } };
  const required = (propagation: string): unknown => ({ name: propagation.toLowerCase(), type: 'org.apache.camel.spring.spi.SpringTransactionPolicy', properties: { transactionManager: '#bean:manager', propagationBehaviorName: `PROPAGATION_${propagation}` } });
  const insert = { to: 'sql:insert into t values (:#${body})?dataSource=#data' };
  const fails = { throwException: { exceptionType: 'java.lang.IllegalStateException', message: 'no' } };
  const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });

  const start = async (beans: readonly unknown[], ...routes: unknown[]): Promise<void> => {
    data.properties.url = `jdbc:sqlite:${++count}.db`;
    runtime = runtimeWith({ clock: systemClock, baseDir: folder });
    await runtime.start([routesFile([{ beans: [data, ...beans] }, route('direct:sql', { to: 'sql:x?useMessageBodyForSql=true&dataSource=#data' }), ...routes])]);
    await send('direct:sql', 'create table t (id integer)');
  };
  const send = (uri: string, body: unknown): Promise<Exchange> => runtime.send(uri, body);
  const rows = async (): Promise<unknown> => (((await send('direct:sql', 'select id from t order by id')).body as readonly { id: number }[]) ?? []).map(({ id }) => id);
  const refused = async (beans: readonly unknown[], ...routes: unknown[]): Promise<string> => {
    try {
      await start(beans, ...routes);
      return '';
    } catch (thrown) {
      return JSON.stringify((thrown as { problems?: unknown }).problems ?? String(thrown));
    }
  };

  it('commits all that a route has changed when it has gone well, and nothing when it failed, in called routes and parts as well', async () => {
    await start(
      [manager],
      route('direct:in', insert, { transacted: { steps: [{ split: { tokenize: { token: ',' }, steps: [insert, { to: 'direct:called' }] } }] } }),
      route('direct:called', { filter: { simple: "${body} == '9'", steps: [fails] } }),
      route('direct:bad', { transacted: {} }, insert, { to: 'direct:called2' }, fails),
      route('direct:called2', insert),
    );
    expect((await send('direct:in', '1,2')).exception).to.equal(null);
    expect(await rows()).to.deep.equal([1, 2, '1,2']);
    expect((await send('direct:bad', 7)).exception?.message).to.equal('java.lang.IllegalStateException: no');
    expect(await rows()).to.have.length(3);
  });

  it('commits what an error handler has handled, and rolls back what is marked so, without an exception', async () => {
    await start(
      [manager],
      { routeConfiguration: { id: 'handling', onException: [{ onException: { exception: ['java.lang.IllegalStateException'], handled: { constant: true }, steps: [{ setBody: { constant: 'handled' } }] } }] } },
      { route: { routeConfigurationId: 'handling', from: { uri: 'direct:handled', steps: [{ transacted: {} }, insert, fails] } } },
      route('direct:marked', { transacted: {} }, insert, { rollback: { markRollbackOnly: true } }),
      route('direct:tried', { transacted: {} }, { doTry: { steps: [insert, fails], doCatch: [{ exception: ['java.lang.Exception'], steps: [{ setBody: { constant: 5 } }, insert] }] } }),
    );
    expect((await send('direct:handled', 1)).body).to.equal('handled');
    expect((await send('direct:marked', 2)).exception).to.equal(null);
    await send('direct:tried', 4);
    expect(await rows()).to.deep.equal([1, 4, 5]);
  });

  it('rolls back the innermost transaction that is marked so, and goes on behind it', async () => {
    await start([manager, required('REQUIRED')], route('direct:last', { policy: { ref: 'required', steps: [insert, { rollback: { markRollbackOnlyLast: true } }, fails] } }, { setBody: { constant: 5 } }, insert));
    expect((await send('direct:last', 1)).exception).to.equal(null);
    expect(await rows()).to.deep.equal([5]);
  });

  it('keeps the statements of other messages out while it is open, and what is sent one way out of itself', async () => {
    await start(
      [manager],
      route('direct:slow', { transacted: {} }, insert, { wireTap: { uri: 'direct:tapped' } }, { delay: { constant: 150 } }, { filter: { simple: '${body} == 1', steps: [fails] } }),
      route('direct:tapped', { setBody: { simple: '${body}0' } }, insert),
      route('direct:plain', insert),
    );
    const slow = send('direct:slow', 1);
    const other = send('direct:slow', 2);
    const plain = send('direct:plain', 3);
    expect((await slow).exception?.message).to.equal('java.lang.IllegalStateException: no');
    expect([(await other).exception, (await plain).exception]).to.deep.equal([null, null]);
    await eventually(async () => expect(await rows()).to.deep.equal([2, 3, 10, 20]));
  });

  it('joins the transaction around it, demands or refuses one, as the policy says', async () => {
    await start(
      [manager, required('REQUIRED'), required('MANDATORY'), required('NEVER')],
      route('direct:outer', { transacted: { ref: 'required' } }, insert, { to: 'direct:joins' }, { to: 'direct:must' }, { filter: { simple: '${body} == 2', steps: [fails] } }),
      route('direct:joins', { transacted: { ref: 'required' } }, insert),
      route('direct:must', { policy: { ref: 'mandatory', steps: [insert] } }),
      route('direct:never', { policy: { ref: 'never', steps: [insert] } }),
      route('direct:both', { policy: { ref: 'required', steps: [insert, { to: 'direct:never' }] } }),
    );
    await send('direct:outer', 1);
    await send('direct:outer', 2);
    expect(await rows()).to.deep.equal([1, 1, 1]);
    expect((await send('direct:must', 3)).exception?.message).to.include('mandatory');
    expect((await send('direct:both', 4)).exception?.message).to.include('never');
    await send('direct:never', 5);
    expect(await rows()).to.deep.equal([1, 1, 1, 5]);
  });

  it('rolls back a nested part alone, and lets parallel parts have theirs one after the other', async () => {
    await start(
      [manager, required('REQUIRED'), required('NESTED')],
      route('direct:in', {
        policy: {
          ref: 'required',
          steps: [
            { split: { tokenize: { token: ',' }, parallelProcessing: true, steps: [{ doTry: { steps: [{ to: 'direct:part' }], doCatch: [{ exception: ['java.lang.Exception'], steps: [{ setHeader: { name: 'caught', constant: true } }] }] } }] } },
            insert,
          ],
        },
      }),
      route('direct:part', { policy: { ref: 'nested', steps: [insert, { delay: { constant: 5 } }, insert, { filter: { simple: "${body} == '2'", steps: [fails] } }] } }),
    );
    expect((await send('direct:in', '1,2,3')).exception).to.equal(null);
    expect(await rows()).to.deep.equal([1, 1, 3, 3, '1,2,3']);
  });

  it('keeps what is done in a new transaction, or in none, before the one around it begins, and says so at once when it is too late', async () => {
    await start(
      [manager, required('REQUIRED'), required('REQUIRES_NEW'), required('NOT_SUPPORTED')],
      route('direct:new', { policy: { ref: 'requires_new', steps: [insert] } }),
      route('direct:not', { policy: { ref: 'not_supported', steps: [insert] } }),
      route('direct:early', { policy: { ref: 'required', steps: [{ to: 'direct:new' }, { to: 'direct:not' }, insert, fails] } }),
      route('direct:lateNew', { policy: { ref: 'required', steps: [insert, { to: 'direct:new' }] } }),
      route('direct:lateNot', { policy: { ref: 'required', steps: [insert, { to: 'direct:not' }] } }),
    );
    expect((await send('direct:early', 1)).exception?.message).to.equal('java.lang.IllegalStateException: no');
    expect(await rows()).to.deep.equal([1, 1]);
    for (const late of ['direct:lateNew', 'direct:lateNot']) expect((await send(late, 2)).exception?.message).to.include('has a transaction of this database open already').and.to.include('PROPAGATION_NESTED');
    expect(await rows()).to.deep.equal([1, 1]);
  });

  it('has a new transaction of another database within one', async () => {
    const audit = [
      { name: 'audit', type: 'org.apache.commons.dbcp2.BasicDataSource', properties: { url: 'jdbc:sqlite:audit.db' } },
      { name: 'auditManager', type: 'org.springframework.jdbc.datasource.DataSourceTransactionManager', constructors: { 0: '#bean:audit' } },
      { name: 'audited', type: 'org.apache.camel.spring.spi.SpringTransactionPolicy', properties: { transactionManager: '#bean:auditManager', propagationBehaviorName: 'PROPAGATION_REQUIRES_NEW' } },
    ];
    const note = { to: 'sql:insert into log values (:#${body})?dataSource=#audit' };
    await start(
      [manager, required('REQUIRED'), ...audit],
      route('direct:audit', { to: 'sql:x?useMessageBodyForSql=true&dataSource=#audit' }),
      route('direct:in', { policy: { ref: 'required', steps: [insert, { policy: { ref: 'audited', steps: [note, insert] } }, fails] } }),
    );
    await send('direct:audit', 'create table log (id integer)');
    expect((await send('direct:in', 1)).exception?.message).to.equal('java.lang.IllegalStateException: no');
    expect(await rows()).to.deep.equal([]);
    expect((await send('direct:audit', 'select id from log')).body).to.deep.equal([{ id: 1 }]);
  });

  it('tells a commit that fails to the sender', async () => {
    await start([manager], route('direct:in', { transacted: {} }, { to: 'sql:insert into c values (1, 99)?dataSource=#data' }));
    await send('direct:sql', 'create table p (id integer primary key)');
    await send('direct:sql', 'create table c (id integer, p integer references p(id) deferrable initially deferred)');
    await send('direct:sql', 'pragma foreign_keys = on');
    expect((await send('direct:in', 1)).exception?.message).to.include('FOREIGN KEY');
    expect((await send('direct:sql', 'select count(*) as n from c')).body).to.deep.equal([{ n: 0 }]);
  });

  it('is an error at its line without a manager, with several, and with what SQLite can not do', async () => {
    expect(await refused([], route('direct:a', { transacted: {} }, insert))).to.include('there is no transaction manager');
    expect(await refused([manager, { ...manager, name: 'second' }], route('direct:a', { transacted: {} }, insert))).to.include('several');
    expect(await refused([manager, required('ALWAYS')], route('direct:a', { transacted: { ref: 'always' } }, insert))).to.include('there is no propagation `PROPAGATION_ALWAYS`').and.to.include('`PROPAGATION_NESTED`');
    for (const [type, instead] of [
      ['org.springframework.jms.connection.JmsTransactionManager', 'acknowledged'],
      ['org.springframework.transaction.jta.JtaTransactionManager', '`saga`'],
    ] as const) {
      expect(await refused([{ name: 'other', type }], route('direct:a', { transacted: {} }, insert))).to.include('has no transactions here').and.to.include(instead);
    }
    expect(await refused([manager], route('direct:a', { policy: { ref: 'manager', steps: [insert] } }))).to.include('no transaction policy');
  });
});

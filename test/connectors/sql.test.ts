import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/core/clock.ts';
import type { LoadError } from '../../src/core/diagnostics.ts';
import type { Exchange } from '../../src/core/exchange/exchange.ts';
import { sqliteFile } from '../../src/connectors/sql/database.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { sql } from '../../src/connectors/sql/definition.ts';
import { keepsConnectorContract, Surroundings } from '../contract/connector.ts';
import { eventually, mockOf, routesFile, runtimeWith } from '../runtime/rig.ts';

describe('sql', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mecha-sql-'));
  let runtime: Runtime;
  let count = 0;
  let url: string;

  const start = async (routes: readonly unknown[], files: Record<string, string> = {}): Promise<void> => {
    const resource = (uri: string): string => {
      const text = files[uri.replace(/^\w+:/, '')];
      if (text === undefined) throw new Error(`no file ${uri}`);
      return text;
    };
    runtime = runtimeWith({ clock: systemClock, resource, baseDir: folder, settings: (key) => (key === 'sql.url' ? url : undefined) });
    await runtime.start([routesFile(routes)]);
  };
  const route = (from: string, ...steps: unknown[]): unknown => ({ from: { uri: from, steps } });
  const plain = [route('direct:do', { to: 'sql:x?useMessageBodyForSql=true' })];
  const send = (uri: string, body: unknown, headers: Record<string, unknown> = {}): Promise<Exchange> => runtime.send(uri, body, { headers });
  const result = async (uri: string, body: unknown, headers: Record<string, unknown> = {}): Promise<unknown> => {
    const exchange = await send(uri, body, headers);
    return exchange.exception === null ? exchange.body : `${exchange.exception.type.split('.').pop()}: ${exchange.exception.message}`;
  };
  const rows = (from = 'orders'): Promise<unknown> => result('direct:do', `select * from ${from} order by id`);

  beforeEach(() => void (url = `sqlite:test-${++count}.db`));
  afterEach(() => runtime.stop(1000));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const create = async (): Promise<void> => {
    await send('direct:do', 'create table orders (id integer primary key, name text unique, state text)');
    await send('direct:do', "insert into orders values (1, 'a', 'new'), (2, 'b', 'new'), (3, 'c', 'done')");
  };

  it('gives rows as maps, counts of changes as headers, and keeps the body of a change', async () => {
    await start([...plain, route('direct:insert', { to: 'sql:insert into orders (id, name) values (:#id, :#${body[name]})' })]);
    await create();
    const insert = await send('direct:insert', { id: 7, name: 'seven' }, { CamelSqlRetrieveGeneratedKeys: true });
    expect(insert.exception).to.equal(null);
    expect(insert.headers.get('CamelSqlUpdateCount')).to.equal(1);
    expect(insert.headers.get('CamelSqlGeneratedKeyRows')).to.deep.equal([{ 'last_insert_rowid()': 7 }]);
    expect(insert.body).to.deep.equal({ id: 7, name: 'seven' });
    const select = await send('direct:do', 'select id, name from orders where id > 1 order by id');
    expect(select.body).to.deep.equal([{ id: 2, name: 'b' }, { id: 3, name: 'c' }, { id: 7, name: 'seven' }]);
    expect(select.headers.get('CamelSqlRowCount')).to.equal(3);
  });

  it('takes parameters by name from body and headers, in lists, and by position from lists and texts', async () => {
    await start([
      ...plain,
      route('direct:named', { to: { uri: 'sql:select id from orders where name = :#name and state = :#state' } }),
      route('direct:in', { to: 'sql:select id from orders where name in (:#in:names) order by id' }),
      route('direct:positions', { to: "sql:select id from orders where name = # and state = # and '#' = '#'" }),
      route('direct:file', { to: 'sql:classpath:sql/find.sql' }),
    ], { 'sql/find.sql': '-- finds one\nselect id\nfrom orders where name = :#name' });
    await create();
    expect(await result('direct:named', { name: 'a' }, { state: 'new' })).to.deep.equal([{ id: 1 }]);
    expect(await result('direct:named', { name: 'a' })).to.match(/^RuntimeExchangeException: Cannot find key \[state\]/);
    expect(await result('direct:in', null, { names: ['a', 'c', "x' or 1=1"] })).to.deep.equal([{ id: 1 }, { id: 3 }]);
    expect(await result('direct:in', null, { names: 'a,b' })).to.deep.equal([{ id: 1 }, { id: 2 }]);
    expect(await result('direct:in', null, { names: [] })).to.deep.equal([]);
    expect(await result('direct:positions', ['a', 'new'])).to.deep.equal([{ id: 1 }]);
    expect(await result('direct:positions', 'b, new')).to.deep.equal([{ id: 2 }]);
    expect(await result('direct:positions', ['a'])).to.match(/^UncategorizedSQLException: .*Number of parameters mismatch. Expected: 2, was: 1/);
    expect(await result('direct:file', null, { name: 'b' })).to.deep.equal([{ id: 2 }]);
  });

  it('gives one row, one value, an iterator, or a header, as asked for', async () => {
    const out = (options: string): string => `sql:select name from orders where id < :#max order by id?${options}`;
    await start([...plain, route('direct:one', { to: out('outputType=SelectOne') }), route('direct:stream', { to: out('outputType=StreamList') }, { split: { simple: '${body}', steps: [{ to: 'mock:row' }] } }), route('direct:header', { to: out('outputHeader=found') }), route('direct:noop', { to: out('noop=true') })]);
    await create();
    expect(await result('direct:one', 'x', { max: 2 })).to.equal('a');
    expect(await result('direct:one', 'x', { max: 1 })).to.equal(null);
    expect(await result('direct:one', 'x', { max: 9 })).to.match(/^DataIntegrityViolationException: .*Got 3/);
    await result('direct:stream', 'x', { max: 3 });
    expect(mockOf(runtime, 'row').received.map(({ body }) => body)).to.deep.equal([{ name: 'a' }, { name: 'b' }]);
    const header = await send('direct:header', 'x', { max: 2 });
    expect([header.body, header.headers.get('found')]).to.deep.equal(['x', [{ name: 'a' }]]);
    expect(await result('direct:noop', 'x', { max: 2 })).to.equal('x');
  });

  it('runs a batch as a whole or not at all, and names failures as Camel does', async () => {
    await start([...plain, route('direct:batch', { to: 'sql:insert into orders (id, name) values (:#id, :#name)?batch=true' })]);
    await create();
    expect((await send('direct:batch', [{ id: 4, name: 'd' }, { id: 5, name: 'e' }])).headers.get('CamelSqlUpdateCount')).to.equal(2);
    expect(await result('direct:batch', [{ id: 6, name: 'f' }, { id: 7, name: 'a' }])).to.match(/^DuplicateKeyException/);
    expect((await rows()) as unknown[]).to.have.length(5);
    expect(await result('direct:do', 'select frobnicate')).to.match(/^BadSqlGrammarException/);
    expect(await result('direct:do', 'selct 1')).to.match(/^BadSqlGrammarException/);
  });

  it('consumes row by row, and marks what was handled and what failed', async () => {
    await start(plain);
    await create();
    await runtime.stop(1000);
    await start([
      ...plain,
      {
        route: {
          from: {
            uri: "sql:select * from orders where state = 'new' order by id",
            parameters: { initialDelay: 1, delay: 5, onConsume: "update orders set state = 'seen' where id = :#id", onConsumeFailed: "update orders set state = 'bad' where id = :#id" },
            steps: [{ to: 'mock:row' }, { filter: { simple: "${body[id]} == 2", steps: [{ throwException: { exceptionType: 'java.lang.IllegalStateException', message: 'no' } }] } }],
          },
        },
      },
    ]);
    await eventually(async () => expect(((await rows()) as { state: string }[]).map(({ state }) => state)).to.deep.equal(['seen', 'bad', 'done']));
    expect(mockOf(runtime, 'row').received.map(({ body }) => (body as { id: number }).id)).to.deep.equal([1, 2]);
  });

  it('consumes all rows as one message, or what a poll found nothing for', async () => {
    await start(plain);
    await create();
    await runtime.stop(1000);
    await start([route("sql:select id from orders?useIterator=false&initialDelay=1&repeatCount=1", { to: 'mock:all' }), route('sql:select id from orders where id = 99?routeEmptyResultSet=true&useIterator=false&initialDelay=1&repeatCount=1', { to: 'mock:none' })]);
    await eventually(() => expect(mockOf(runtime, 'all').received.map(({ body }) => body)).to.deep.equal([[{ id: 1 }, { id: 2 }, { id: 3 }]]));
    await eventually(() => expect(mockOf(runtime, 'none').received.map(({ body }) => body)).to.deep.equal([[]]));
  });

  const endless = 'with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c';

  for (const kind of ['in a file', 'in memory']) {
    it(`ends a statement that takes too long, ${kind}: what else is asked of the database, and other routes, go on`, async () => {
      if (kind === 'in memory') url = 'sqlite::memory:';
      await start([...plain, route('direct:endless', { to: `sql:${endless}?template.queryTimeout=1` }), route('direct:other', { setBody: { constant: 'here' } })]);
      await create();
      let longest = 0;
      let last = performance.now();
      const ticks = setInterval(() => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
      }, 20);
      const late = result('direct:endless', null);
      const insert = send('direct:do', "insert into orders values (4, 'd', 'new')");
      expect(await result('direct:other', null)).to.equal('here');
      expect(await late).to.equal(
        'QueryTimeoutException: the statement was not done after 1000 ms and is ended: let it do less at a time (LIMIT, an index), or give it more seconds with the option template.queryTimeout',
      );
      expect((await insert).exception).to.equal(null);
      clearInterval(ticks);
      expect(longest).to.be.below(900);
      expect(await rows()).to.have.length(4);
    });

    it(`rolls back the transaction that a statement which takes too long is in, ${kind}, and tells each who is in it`, async () => {
      if (kind === 'in memory') url = 'sqlite::memory:';
      const manager = { name: 'manager', type: 'org.springframework.jdbc.datasource.DataSourceTransactionManager', constructors: { 0: '#bean:data' } };
      const data = { name: 'data', type: 'org.apache.commons.dbcp2.BasicDataSource', properties: { url } };
      const fill = "insert into filling select value, hex(randomblob(500)) from (with recursive c(value) as (select 1 union all select value + 1 from c where value < 8000) select value from c)";
      await start([
        { beans: [data, manager] },
        ...plain,
        route(
          'direct:transacted',
          { transacted: {} },
          // So much that it is written to the file before the commit: it must be undone there.
          { to: "sql:update filling set text = 'gone'?dataSource=#data" },
          { doTry: { steps: [{ to: `sql:${endless}?dataSource=#data&template.queryTimeout=1` }], doCatch: [{ exception: ['org.springframework.dao.QueryTimeoutException'], steps: [{ to: 'sql:insert into filling values (1, 1)?dataSource=#data' }] }] } },
        ),
      ]);
      await send('direct:do', 'create table filling (id integer, text text)');
      await send('direct:do', fill);
      const sent = await send('direct:transacted', null);
      expect(sent.exception?.message).to.match(/^org\.springframework\.transaction\.TransactionSystemException: the transaction is rolled back already/);
      expect(await result('direct:do', "select count(*) n, sum(text = 'gone') gone from filling")).to.deep.equal([{ n: 8000, gone: 0 }]);
      expect(await result('direct:do', 'pragma integrity_check')).to.deep.equal([{ integrity_check: 'ok' }]);
      expect((await send('direct:do', "insert into filling values (1, 'a')")).exception).to.equal(null);
      expect(await result('direct:do', 'select count(*) n from filling')).to.deep.equal([{ n: 8001 }]);
    });
  }

  it('rolls back what a killed process had begun, and takes over its lock', async () => {
    await start(plain);
    await send('direct:do', 'create table filling (id integer, text text)');
    await send('direct:do', "insert into filling select value, hex(randomblob(500)) from (with recursive c(value) as (select 1 union all select value + 1 from c where value < 8000) select value from c)");
    await runtime.stop(1000);
    const program = `
      const { runtimeWith, routesFile } = await import(${JSON.stringify(new URL('../runtime/rig.ts', import.meta.url).href)});
      const { systemClock } = await import(${JSON.stringify(new URL('../../src/core/clock.ts', import.meta.url).href)});
      const runtime = runtimeWith({ clock: systemClock, baseDir: ${JSON.stringify(folder)}, settings: (key) => (key === 'sql.url' ? ${JSON.stringify(url)} : undefined) });
      await runtime.start([routesFile([{ from: { uri: 'direct:do', steps: [{ to: 'sql:x?useMessageBodyForSql=true' }] } }])]);
      for (const text of ['begin', "update filling set text = 'gone'"]) {
        const { exception } = await runtime.send('direct:do', text);
        if (exception !== null) console.error(exception.message);
      }
      process.kill(process.pid, 'SIGKILL');`;
    const { signal, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { encoding: 'utf8' });
    expect({ signal, stderr }).to.deep.equal({ signal: 'SIGKILL', stderr: '' });
    const file = join(folder, sqliteFile(url));
    expect([existsSync(`${file}.lock`), existsSync(`${file}-journal`)]).to.deep.equal([true, true]);
    await start(plain);
    expect(await result('direct:do', "select count(*) n, sum(text = 'gone') gone from filling")).to.deep.equal([{ n: 8000, gone: 0 }]);
    expect(await result('direct:do', 'pragma integrity_check')).to.deep.equal([{ integrity_check: 'ok' }]);
  });

  it('takes no more rows than it was told, and refuses a result that would not fit into the memory', async () => {
    const numbers = 'with recursive c(n) as (select 1 union all select n + 1 from c)';
    await start([
      ...plain,
      route('direct:few', { to: `sql:${numbers} select n from c?template.maxRows=3` }),
      route('direct:many', { to: `sql:${numbers} select n, 'row ' || n as text from c limit 30000` }),
      route('direct:all', { to: `sql:${numbers} select n, zeroblob(1000000) from c` }),
    ]);
    expect(await result('direct:few', null)).to.deep.equal([{ n: 1 }, { n: 2 }, { n: 3 }]);
    const many = (await result('direct:many', null)) as readonly unknown[];
    expect([many.length, many[29_999]]).to.deep.equal([30_000, { n: 30_000, text: 'row 30000' }]);
    expect(await result('direct:all', null)).to.match(/^UncategorizedSQLException: .*the result takes more than 256 MB: ask for fewer rows \(LIMIT, or the option template\.maxRows\) or columns at a time$/);
  });

  it('waits for the lock of another process, and says who holds one that stays', async () => {
    await start(plain);
    await create();
    const lock = join(folder, `${sqliteFile(url)}.lock`);
    mkdirSync(lock);
    writeFileSync(join(lock, 'elsewhere~1~~1'), '');
    const waiting = rows();
    setTimeout(() => rmSync(lock, { recursive: true }), 300);
    expect(await waiting).to.have.length(3);
    mkdirSync(lock);
    writeFileSync(join(lock, 'elsewhere~1~~1'), '');
    expect(await rows()).to.match(/database is locked \(by elsewhere~1~~1: .*\.lock\)$/);
  });

  it('refuses options of a template that there are not, and what is no number', async () => {
    for (const [option, said] of [['queryTimout=1', 'there is no option `template.queryTimout`: template.queryTimeout and template.maxRows are there'], ['maxRows=many', '`template.maxRows=many` is no whole number']]) {
      const refused = await start([route('direct:in', { to: `sql:select 1?template.${option}` })]).then(() => '', String);
      expect(refused).to.contain(said);
    }
    expect(await start([route('direct:in', { to: 'sql:select 1?template.queryTimeout=0&template.fetchSize=10' })]).then(() => '')).to.equal('');
  });

  it('finds its database by a bean with `url`, and refuses others with what can be used', async () => {
    const declared = (jdbc: string): unknown => ({ beans: [{ name: 'orders', type: '#class:org.apache.commons.dbcp2.BasicDataSource', properties: { url: jdbc, username: 'u', password: 'secret' } }] });
    await start([declared('jdbc:sqlite:bean.db'), route('direct:a', { to: 'sql:select 1 as one?dataSource=#orders' })]);
    expect(await result('direct:a', null)).to.deep.equal([{ one: 1 }]);
    await runtime.stop(1000);
    const refused = await start([declared('jdbc:oracle://u:secret@host/x'), route('direct:a', { to: 'sql:select 1?dataSource=#orders' })]).then(
      () => '',
      (thrown: unknown) => (thrown as LoadError).message,
    );
    expect(refused).to.match(/SQLite is, as jdbc:sqlite:FILE/).and.not.contain('secret');
    expect(sqliteFile('jdbc:sqlite:/a/b.db?mode=ro')).to.equal('/a/b.db');
    expect(sqliteFile('sqlite::memory:')).to.equal(':memory:');
  });
});

keepsConnectorContract(
  'sql',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mecha-sql-'));
    const surroundings = new Surroundings({ baseDir: folder, beans: { db: { url: 'sqlite:orders.db' } } });
    const run = await surroundings.producer(sql as never, 'sql:x?dataSource=#db&useMessageBodyForSql=true');
    const query = async (text: string): Promise<Exchange> => {
      const sent = await surroundings.send(run, surroundings.exchange(text));
      if (sent.exception !== null) throw sent.exception;
      return sent;
    };
    await query('create table orders (id integer primary key autoincrement, name text, state text)');
    const uri = "sql:select * from orders where state = 'new' order by id?dataSource=#db&initialDelay=0&delay=5&onConsume=update orders set state = 'done' where id = :#id";
    return {
      surroundings,
      definition: sql as never,
      consumer: () => surroundings.consumer(sql as never, uri),
      send: async (...names) => {
        for (const name of names) await query(`insert into orders (name, state) values ('${name}', 'new')`);
      },
      nameOf: ({ body }) => (body as { name: string }).name,
      acknowledged: async () => ((await query("select name from orders where state = 'done' order by id")).body as { name: string }[]).map(({ name }) => name),
      // What had not been marked is still there for who comes then.
      abandon: (consumer) => {
        void consumer.stop();
        return Promise.resolve();
      },
      wrong: [
        ['sql:select 1?dataSource=#nosuch', /nosuch/],
        ['sql:select 1?batch=perhaps', /batch/],
      ],
      open: (other) => surroundings.consumer(sql as never, other),
      close: async () => {
        await run.close?.();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
  sql.notPromised,
);

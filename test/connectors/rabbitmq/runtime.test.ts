import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { expect } from 'chai';
import { Mecha } from '../../../src/index.ts';
import { eventually } from '../../contract/operator.ts';
import { amqpUrl, Broker, describeWithBroker } from './broker.ts';

const settings = { 'http.port': 0, 'state.store': 'memory', watch: false } as const;

describeWithBroker('spring-rabbitmq in a runtime', () => {
  let broker: Broker;

  beforeEach(async () => {
    broker = await Broker.open();
  });

  afterEach(() => broker.close());

  const run = (routes: string, properties: Readonly<Record<string, string>>): Promise<Mecha> => {
    const { hostname, port, username, password } = new URL(amqpUrl);
    return Mecha.start({ routes, properties: { host: hostname, port, username, password, ...properties }, settings });
  };

  it('runs a route as Camel has it: connection factory bean, queues, concurrent consumers', async () => {
    const [from, to] = [broker.name(), await broker.queue()];
    const mecha = await run(
      `
- beans:
    - name: rabbit
      type: org.springframework.amqp.rabbit.connection.CachingConnectionFactory
      properties: { host: "{{host}}", port: "{{port}}", username: "{{username}}", password: "{{password}}", virtualHost: / }
- route:
    id: relay
    from:
      uri: spring-rabbitmq:default
      parameters: { connectionFactory: "#bean:rabbit", queues: "{{from}}", concurrentConsumers: 2, arg.queue.durable: true }
      steps:
        - setBody: { simple: "\${body}!" }
        - to: { uri: spring-rabbitmq:default, parameters: { connectionFactory: "#bean:rabbit", routingKey: "{{to}}" } }
`,
      { from, to },
    );
    for (let i = 0; i < 100; i++) await broker.send(from, String(i));
    const seen = new Set<string>();
    const limit = performance.now() + 8000;
    while (seen.size < 100 && performance.now() < limit) {
      const message = await broker.get(to);
      if (message !== null) seen.add(message.content.toString());
    }
    expect(seen.size).to.equal(100);
    expect(seen.has('7!')).to.equal(true);
    expect(await mecha.stop()).to.equal(true);
    expect(await broker.count(from)).to.equal(0);
  });

  it('keeps a message that no handler takes in the dead letters, after its attempts, and goes on with the next', async () => {
    const from = broker.name();
    const mecha = await run(
      `
- route:
    id: fails
    from:
      uri: rabbitmq:default
      parameters: { url: "{{url}}", queues: "{{from}}", arg.queue.durable: true, maximumRetryAttempts: 2, retryDelay: 10 }
      steps:
        - filter: { simple: "\${body} == 'bad'", steps: [{ throwException: { exceptionType: java.lang.IllegalStateException, message: no } }] }
`,
      { from, url: amqpUrl },
    );
    await broker.send(from, 'bad', { contentType: 'text/plain', messageId: 'm-bad' });
    await broker.send(from, 'good');
    await eventually(() => expect(JSON.stringify(mecha.snapshot)).to.match(/"failed":2/), 5000);
    await eventually(() => expect(mecha.runtime.inFlight).to.equal(0), 5000);
    expect(await mecha.deadLetters!.count('fails')).to.equal(1);
    expect(await mecha.stop()).to.equal(true);
    expect(await broker.count(from)).to.equal(0);
  });

  it('says which endpoint of which route has no host, no queue, or a wrong password, and the other routes go on', async () => {
    const [queue, missing] = [await broker.queue(), broker.name()];
    const from = (id: string, options: string): string => `
- route:
    id: ${id}
    from:
      uri: spring-rabbitmq:default
      parameters: { queues: ${missing}, ${options} }
      steps: [{ log: never }]
`;
    const { hostname, port } = new URL(amqpUrl);
    const broken = [
      ['no-host', 'hostname: no-such-host.invalid', 'unknown host'],
      ['no-broker', 'hostname: 127.0.0.1, port: 9', 'connection refused'],
      ['wrong-password', `hostname: ${hostname}, port: ${port}, username: guest, password: hush-hush`, 'refuses the user `guest`'],
      ['wrong-host', `url: "{{url}}", virtualHost: nowhere`, 'no virtual host `nowhere`'],
      ['no-queue', `url: "{{url}}", autoDeclare: false`, `no queue '${missing}'`],
    ] as const;
    const mecha = await run(
      `${broken.map(([id, options]) => from(id, options)).join('')}
- route:
    id: sends-nowhere
    from:
      uri: direct:nowhere
      steps:
        - to: { uri: spring-rabbitmq:default, parameters: { url: "{{url}}", routingKey: ${missing} } }
- route:
    id: works
    from:
      uri: timer:once
      parameters: { repeatCount: 1, delay: 0 }
      steps:
        - setBody: { constant: fine }
        - to: { uri: spring-rabbitmq:default, parameters: { url: "{{url}}", routingKey: ${queue} } }
        - doTry:
            steps: [{ to: direct:nowhere }]
            doCatch:
              - exception: [org.springframework.amqp.core.AmqpMessageReturnedException]
                steps:
                  - setBody: { simple: "\${exception.message}" }
                  - to: { uri: spring-rabbitmq:default, parameters: { url: "{{url}}", routingKey: ${queue} } }
`,
      { url: amqpUrl },
    );
    const got: string[] = [];
    const end = performance.now() + 8000;
    while (got.length < 2 && performance.now() < end) {
      const message = await broker.get(queue);
      if (message !== null) got.push(message.content.toString());
    }
    expect(got[0]).to.equal('fine');
    expect(got[1]).to.match(/^spring-rabbitmq:default.*no queue/).and.to.include(missing);
    await eventually(() => {
      const { routes } = mecha.health.ready() as unknown as { routes: Readonly<Record<string, { status: string; reason?: string }>> };
      for (const [id, , reason] of broken) expect(routes[id]!.reason, id).to.include(reason);
      expect(routes['works']!.status).to.equal('UP');
    }, 8000);
    expect(JSON.stringify([mecha.snapshot, mecha.health.ready()])).to.not.include('hush-hush');
    expect(await mecha.stop()).to.equal(true);
  }).timeout(30_000);

  it('fails what it can not decode, or is too long, by the route’s policy, loses none of it, and goes on', async () => {
    const [from, to, dead] = [broker.name(), await broker.queue(), await broker.queue()];
    const mecha = await run(
      `
- onException:
    exception: [java.lang.Exception]
    handled: { constant: "true" }
    steps:
      - setHeader: { name: reason, simple: "\${exception.message}" }
      - to: { uri: spring-rabbitmq:default, parameters: { url: "{{url}}", routingKey: ${dead} } }
- route:
    id: decodes
    from:
      uri: spring-rabbitmq:default
      parameters: { url: "{{url}}", queues: "{{from}}", arg.queue.durable: true, maxMessageSize: 1000 }
      steps:
        - unmarshal: { json: {} }
        - setBody: { simple: { expression: "\${body[id]}", resultType: String } }
        - to: { uri: spring-rabbitmq:default, parameters: { url: "{{url}}", routingKey: ${to} } }
`,
      { from, url: amqpUrl },
    );
    const long = `{"id":"${'x'.repeat(2000)}"}`;
    const bad = ['{"id":', Buffer.from([0xff, 0xfe, 0x00]), long, ''];
    for (const content of ['{"id":1}', ...bad, '{"id":2}']) await broker.send(from, content, { contentType: 'application/json', persistent: true });
    const all = async (queue: string): Promise<{ text: string; reason: string }[]> => {
      const found = [];
      for (let message = await broker.get(queue); message !== null; message = await broker.get(queue)) found.push({ text: message.content.toString('latin1'), reason: String(message.properties.headers?.['reason']) });
      return found;
    };
    let good: { text: string; reason: string }[] = [];
    let failed: { text: string; reason: string }[] = [];
    const end = performance.now() + 8000;
    while ((good.length < 2 || failed.length < bad.length) && performance.now() < end) {
      good = good.concat(await all(to));
      failed = failed.concat(await all(dead));
    }
    expect(good.map(({ text }) => text)).to.deep.equal(['1', '2']);
    expect(failed.map(({ text }) => text)).to.have.members(bad.map((content) => (typeof content === 'string' ? content : content.toString('latin1'))));
    expect(failed.find(({ text }) => text === long)!.reason).to.match(/^spring-rabbitmq:default.*2009 bytes, more than maxMessageSize/);
    for (const { reason } of failed) expect(reason).to.have.length.above(5);
    await eventually(() => expect(mecha.runtime.inFlight).to.equal(0), 5000);
    expect(await mecha.deadLetters!.count('decodes')).to.equal(0);
    expect(await mecha.stop()).to.equal(true);
    expect(await broker.count(from)).to.equal(0);
  }).timeout(30_000);

  it('speaks TLS, and trusts nobody whom it was not told to', async function () {
    const folder = mkdtempSync(join(tmpdir(), 'rabbit-tls-'));
    try {
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
    } catch {
      this.skip();
    }
    const [key, cert] = [readFileSync(join(folder, 'key.pem'), 'utf8'), readFileSync(join(folder, 'cert.pem'), 'utf8')];
    const sockets = new Set<Socket>();
    const server = createServer({ key, cert }, (client) => {
      const { hostname, port } = new URL(amqpUrl);
      const behind = connect(Number(port), hostname);
      for (const socket of [client, behind]) {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          client.destroy();
          behind.destroy();
        });
      }
      client.pipe(behind).pipe(client);
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    const { port } = server.address() as AddressInfo;
    const queue = await broker.queue();
    const start = (beans: Readonly<Record<string, unknown>>): Promise<Mecha> =>
      Mecha.start({
        routes: `
- route:
    id: tls
    from:
      uri: timer:once
      parameters: { repeatCount: 1, delay: 0 }
      steps:
        - setBody: { constant: over TLS }
        - to: { uri: spring-rabbitmq:default, parameters: { hostname: localhost, port: ${port}, username: guest, password: guest, sslContextParameters: "#tls", routingKey: ${queue}, confirmTimeout: 300 } }
`,
        beans,
        settings,
      });
    const trusting = await start({ tls: { ca: cert } });
    const limit = performance.now() + 5000;
    while ((await broker.count(queue)) === 0 && performance.now() < limit);
    expect((await broker.get(queue))!.content.toString()).to.equal('over TLS');
    expect(await trusting.stop()).to.equal(true);
    const wary = await start({ tls: {} });
    await eventually(() => expect(JSON.stringify(wary.snapshot)).to.match(/"failed":1/), 5000);
    await wary.stop();
    expect(await broker.count(queue)).to.equal(0);
    for (const socket of sockets) socket.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
});

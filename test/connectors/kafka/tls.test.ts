import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from 'node:tls';
import { createServer } from 'node:tls';
import { expect } from 'chai';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import { Surroundings, TestRoute } from '../../contract/connector.ts';
import { Broker, brokers, describeWithKafka, quick, soon } from './broker.ts';

const definition = kafka as never;

/** Speaks TLS before a broker that does not, and tells clients its own port where the broker tells its one. */
class TlsGate {
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  constructor(upstream: string, options: { key: Buffer; cert: Buffer; ca?: Buffer }) {
    const port = Number(upstream.split(':')[1]);
    this.server = createServer({ ...options, requestCert: options.ca !== undefined, rejectUnauthorized: options.ca !== undefined }, (client) => {
      const broker = connect(port, '127.0.0.1');
      for (const socket of [client, broker]) {
        this.sockets.add(socket);
        socket.on('error', () => undefined);
        socket.on('close', () => {
          this.sockets.delete(socket);
          client.destroy();
          broker.destroy();
        });
      }
      client.pipe(broker);
      let rest: Buffer = Buffer.alloc(0);
      broker.on('data', (data) => {
        rest = Buffer.concat([rest, data]);
        while (rest.length >= 4 && rest.length >= rest.readInt32BE(0) + 4) {
          const length = rest.readInt32BE(0) + 4;
          client.write(this.readdressed(rest.subarray(0, length), port));
          rest = rest.subarray(length);
        }
      });
    });
    this.server.on('tlsClientError', () => undefined);
  }

  /** As the protocol writes it: the host with its length, then the port. */
  private readdressed(frame: Buffer, port: number): Buffer {
    const address = (of: number): Buffer => {
      const bytes = Buffer.alloc(15);
      bytes.writeInt16BE(9, 0);
      bytes.write('127.0.0.1', 2);
      bytes.writeInt32BE(of, 11);
      return bytes;
    };
    const copy = Buffer.from(frame);
    for (let at = copy.indexOf(address(port)); at >= 0; at = copy.indexOf(address(port), at + 1)) address(this.port).copy(copy, at);
    return copy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => void this.server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

describeWithKafka(
  'kafka over TLS',
  function () {
    this.timeout(30_000);
    let folder: string;
    let broker: Broker;
    let around: Surroundings;
    let topic: string;
    let gates: TlsGate[];

    const file = (name: string): string => join(folder, name);
    const certificate = (name: string): void => {
      execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)], { stdio: 'ignore' });
      writeFileSync(file(`${name}-store.pem`), Buffer.concat([readFileSync(file(`${name}.key`)), readFileSync(file(`${name}.pem`))]));
    };

    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'kafka-tls-'));
      certificate('server');
      certificate('client');
    });

    after(() => rmSync(folder, { recursive: true }));

    beforeEach(async () => {
      broker = await Broker.open();
      around = new Surroundings({ baseDir: folder });
      topic = await broker.topic();
      gates = [];
    });

    afterEach(async () => {
      for (const gate of gates) await gate.close();
      expect(around.clock.waiting, 'timers left behind').to.equal(0);
      await broker.close();
    });

    const gate = async (upstream = brokers, needsClient = false): Promise<string> => {
      const opened = new TlsGate(upstream, { key: readFileSync(file('server.key')), cert: readFileSync(file('server.pem')), ...(needsClient ? { ca: readFileSync(file('client.pem')) } : {}) });
      gates.push(opened);
      return opened.open();
    };

    const send = async (address: string, options: string): Promise<string | null> => {
      const producer = await around.producer(definition, `kafka:${topic}?brokers=${address}&deliveryTimeoutMs=3000&maxBlockMs=1500&${options}`);
      const { exception } = await around.send(producer, around.exchange('a'));
      await producer.close!();
      return exception?.message ?? null;
    };

    it('sends and reads, and trusts whom sslTruststoreLocation names', async () => {
      const address = await gate();
      const tls = 'securityProtocol=SSL&sslTruststoreLocation=server.pem';
      expect(await send(address, tls)).to.equal(null);
      const route = new TestRoute(around.scope);
      const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${address}&groupId=${broker.name('group')}&autoOffsetReset=earliest&${quick}&${tls}`);
      await consumer.start(route);
      await soon(() => expect(route.received.map(({ body }) => body)).to.deep.equal(['a']));
      await consumer.stop();
      await consumer.close!();
    });

    it('trusts nobody else, and says so', async () => {
      const address = await gate();
      expect(await send(address, 'securityProtocol=SSL')).to.match(/^kafka:.*self.signed certificate/);
      const consumer = await around.consumer(definition, `kafka:${topic}?brokers=${address}&groupId=g&securityProtocol=SSL`);
      let message = '';
      await consumer.start(new TestRoute(around.scope)).catch((thrown: unknown) => (message = (thrown as Error).message));
      await consumer.stop();
      await consumer.close!();
      expect([message, ...around.waits].join()).to.match(/kafka:.*self.signed certificate/);
      expect(await broker.count(topic)).to.equal(0);
    });

    it('shows its own certificate where it is asked for one', async () => {
      const address = await gate(brokers, true);
      const tls = 'securityProtocol=SSL&sslTruststoreLocation=server.pem';
      expect(await send(address, `${tls}&sslKeystoreLocation=client-store.pem`)).to.equal(null);
      expect(await send(address, tls)).to.match(/^kafka:/);
    });

    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256']) {
      it(`logs in over TLS by ${mechanism}`, async () => {
        const address = await gate(process.env['KAFKA_SASL_BROKERS']);
        const login = `securityProtocol=SASL_SSL&sslTruststoreLocation=server.pem&saslMechanism=${mechanism}&saslUsername=${process.env['KAFKA_SASL_USER']!}`;
        expect(await send(address, `${login}&saslPassword=${process.env['KAFKA_SASL_PASSWORD']!}`)).to.equal(null);
        const refused = await send(address, `${login}&saslPassword=open-sesame`);
        expect(refused).to.match(/^kafka:.*[Aa]uthentication/);
        expect(refused).not.to.include('open-sesame');
      });
    }
  },
  ['KAFKA_SASL_BROKERS', 'KAFKA_SASL_USER', 'KAFKA_SASL_PASSWORD'],
);

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ConnectionSettings } from '../../../src/connectors/kafka/connection.ts';
import { connectionSettings } from '../../../src/connectors/kafka/connection.ts';
import { kafka } from '../../../src/connectors/kafka/definition.ts';
import type { KafkaEndpoint } from '../../../src/connectors/kafka/options.ts';
import { Surroundings } from '../../contract/connector.ts';

const certificate = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n';

describe('how kafka reaches its brokers', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-connection-'));
  const around = new Surroundings({ baseDir: folder, beans: { tls: { minVersion: 'TLSv1.2', ca: 'ours' } } });
  const settings = (options: string, brokers = 'b:1'): ConnectionSettings => connectionSettings(around.endpoint(kafka as never, `kafka:t?brokers=${brokers}&${options}`) as unknown as KafkaEndpoint, around.context, 1000);

  before(() => {
    for (const [name, text] of Object.entries({ 'trust.pem': certificate, 'store.pem': certificate, 'store.p12': '\u0030\u0082binary' })) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'java.jks'), Buffer.from([0xfe, 0xed, 0xfe, 0xed, 0, 0]));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('takes one option for login and TLS together, unless securityProtocol says otherwise', () => {
    const { sasl, tls } = settings('saslAuthType=SCRAM_SHA_512&saslUsername=u&saslPassword=p');
    expect(sasl).to.deep.equal({ mechanism: 'scram-sha-512', username: 'u', password: 'p' });
    expect(tls).to.deep.equal({});
    expect(settings('saslAuthType=PLAIN&saslUsername=u&saslPassword=p&securityProtocol=SASL_PLAINTEXT').tls).to.equal(null);
    expect(settings('saslAuthType=SSL')).to.include({ sasl: null }).and.have.property('tls').that.deep.equals({});
    expect(settings('saslAuthType=NONE')).to.include({ sasl: null, tls: null });
    expect(() => settings('saslAuthType=KERBEROS')).to.throw(/saslMechanism.*PLAIN, SCRAM/);
  });

  it('takes versions, ciphers and host names of TLS as options say', () => {
    const { tls } = settings('securityProtocol=SSL&sslEnabledProtocols=TLSv1.3,TLSv1.2&sslCipherSuites=A,B&sslEndpointAlgorithm=none');
    expect(tls).to.include({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', ciphers: 'A:B' });
    expect(tls!.checkServerIdentity!('any', {} as never)).to.equal(undefined);
    expect(settings('securityProtocol=SSL&sslProtocol=TLSv1.3').tls).to.include({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.3' });
    expect(settings('securityProtocol=SSL').tls).not.to.have.property('checkServerIdentity');
    expect(() => settings('securityProtocol=SSL&sslProtocol=SSLv3')).to.throw(/no version SSLv3/);
  });

  it('takes keys and certificates from PEM and PKCS12 files, over those of a bean', () => {
    expect(settings('securityProtocol=SSL&sslContextParameters=#tls').tls).to.include({ minVersion: 'TLSv1.2', ca: 'ours' });
    const pem = settings('securityProtocol=SSL&sslContextParameters=#tls&sslTruststoreLocation=trust.pem&sslKeystoreLocation=store.pem&sslKeyPassword=k').tls!;
    expect(String(pem.ca)).to.equal(certificate);
    expect([String(pem.key), String(pem.cert), pem.passphrase]).to.deep.equal([certificate, certificate, 'k']);
    const pkcs12 = settings('securityProtocol=SSL&sslKeystoreLocation=store.p12&sslKeystorePassword=s&sslKeystoreType=PKCS12').tls!;
    expect([Buffer.isBuffer(pkcs12.pfx), pkcs12.key, pkcs12.passphrase]).to.deep.equal([true, undefined, 's']);
    expect(() => settings('securityProtocol=SSL&sslKeystoreLocation=java.jks')).to.throw(/JKS file.*PKCS12/);
    expect(() => settings('securityProtocol=SSL&sslTruststoreLocation=store.p12')).to.throw(/sslTruststoreLocation.*PEM/);
  });

  it('fetches tokens for OAUTHBEARER with the credentials of a client', async () => {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      request.on('data', (data) => asked.push(String(data)));
      request.on('end', () => response.end('{"access_token":"t0ken"}'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const { sasl } = settings(`saslAuthType=OAUTH&oauthTokenEndpointUri=${encodeURIComponent(uri)}&oauthClientId=me&oauthClientSecret=open-sesame&oauthScope=read`);
    expect(sasl).to.have.property('mechanism', 'oauthbearer');
    expect(await (sasl as { oauthBearerProvider(): Promise<unknown> }).oauthBearerProvider()).to.deep.equal({ value: 't0ken' });
    expect(Object.fromEntries(new URLSearchParams(asked.join('')))).to.deep.equal({ grant_type: 'client_credentials', client_id: 'me', client_secret: 'open-sesame', scope: 'read' });
    await new Promise((resolve) => server.close(resolve));
    expect(() => settings('saslAuthType=OAUTH&oauthClientId=me')).to.throw(/oauthTokenEndpointUri.*oauthClientSecret/);
  });

  it('checks how brokers are written, unless preValidateHostAndPort says not to', () => {
    expect(() => settings('clientId=x', 'a:b:c')).to.throw(/host:port/);
    expect(settings('preValidateHostAndPort=false', 'a:b:c').brokers).to.deep.equal(['a:b:c']);
  });
});

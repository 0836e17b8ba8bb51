import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Mecha } from '../../../src/runtime/mecha.ts';

describe('TLS of the http connector', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mecha-tls-'));
  let server: Server;
  let address: string;

  before(async () => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
    execFileSync('openssl', ['pkcs12', '-export', '-inkey', join(folder, 'key.pem'), '-in', join(folder, 'cert.pem'), '-out', join(folder, 'own.p12'), '-passout', 'pass:changeit'], { stdio: 'ignore' });
    writeFileSync(join(folder, 'trust.jks'), Buffer.from('feedfeed00000002', 'hex'));
    const cert = readFileSync(join(folder, 'cert.pem'));
    server = createServer({ key: readFileSync(join(folder, 'key.pem')), cert, ca: cert, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      response.end((request.socket as unknown as { readonly authorized: boolean }).authorized ? 'known' : 'unknown');
    });
    await new Promise<void>((done) => void server.listen(0, 'localhost', done));
    address = `https://localhost:${(server.address() as AddressInfo).port}/`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const answer = async (declared: string): Promise<string> => {
    const routes = `${declared}- route:\n    id: a\n    from: { uri: "direct:a", steps: [ { to: "${address}?sslContextParameters=#tls" }, { convertBodyTo: String } ] }\n`;
    const mecha = await Mecha.start({ folder, configuration: null, routes, settings: { 'state.store': 'memory', 'management.enabled': false, 'log.level': 'off' } });
    try {
      return String(await mecha.request('direct:a', null));
    } catch (thrown) {
      return `fails: ${(thrown as Error).message}`;
    } finally {
      await mecha.stop(0);
    }
  };
  const element = (options: string): string => `- sslContextParameters: { id: tls, ${options} }\n`;

  it('trusts, and shows, what `sslContextParameters` name', async () => {
    expect(await answer(element('trustStore: cert.pem'))).to.equal('unknown');
    expect(await answer(element('trustAllCertificates: true'))).to.equal('unknown');
    expect(await answer(element('trustStore: cert.pem, keyStore: "file:own.p12", keystorePassword: changeit'))).to.equal('known');
    expect(await answer(element('secureSocketProtocol: TLSv1.3'))).to.match(/^fails: .*self-signed/);
  });

  it("takes a bean of Java's class, with nested properties or parts of their own", async () => {
    const bean = (properties: string, others = ''): string => `- beans:\n${others}    - { name: tls, type: "#class:org.apache.camel.support.jsse.SSLContextParameters", properties: ${properties} }\n`;
    expect(await answer(bean('{ trustManagers: { keyStore: { resource: "file:cert.pem", password: x } } }'))).to.equal('unknown');
    expect(await answer(bean('{ trustManagers.keyStore.resource: cert.pem, keyManagers: { keyPassword: changeit, keyStore: { resource: own.p12 } } }'))).to.equal('known');
    expect(await answer(bean('{ trustManagers: "#trust" }', '    - { name: store, type: org.apache.camel.support.jsse.KeyStoreParameters, properties: { resource: cert.pem } }\n    - { name: trust, type: org.apache.camel.support.jsse.TrustManagersParameters, properties: { keyStore: "#store" } }\n'))).to.equal('unknown');
  });

  it('says what a file is that can not be used, and what has no id', async () => {
    const problems = async (routes: string): Promise<string[]> => (await Mecha.check({ folder, configuration: null, routes: `${routes}- from: { uri: "direct:a", steps: [ { to: "mock:a" } ] }\n` })).map(({ code, message }) => `${code} ${message}`);
    expect(await problems(element('trustStore: trust.jks'))).to.deep.equal(["M0502 can't make the bean `tls`: the trust store `trust.jks` is a JKS file, which only Java reads: keytool converts it to PKCS12, openssl that to PEM"]);
    expect(await problems(element('trustStore: own.p12'))).to.deep.equal(["M0502 can't make the bean `tls`: the trust store `own.p12` must be a PEM file with certificates"]);
    expect((await problems(element('keyStore: gone.p12')))[0]).to.contain("M0502 can't make the bean `tls`: ENOENT");
    expect(await problems('- sslContextParameters: { trustStore: cert.pem }\n')).to.deep.equal(["M0502 can't make the bean ``: it has no `id`, by which endpoints name it: `sslContextParameters=#id`"]);
  });
});

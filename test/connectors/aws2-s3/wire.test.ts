import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';
import type { Producer } from '../../../src/core/connector.ts';
import type { ExchangeError } from '../../../src/core/errors.ts';
import type { Exchange } from '../../../src/core/exchange/exchange.ts';
import { aws2S3 } from '../../../src/connectors/aws2-s3/definition.ts';
import { Surroundings } from '../../contract/connector.ts';
import { FakeServer } from './fake.ts';

const definition = aws2S3 as never;
const keys = 'accessKey=AKIDEXAMPLE&secretKey=very-secret';

describe('what aws2-s3 asks a server', () => {
  let around: Surroundings;
  let fake: FakeServer;
  let producers: Producer[];
  let environment: NodeJS.ProcessEnv;
  let folder: string;

  beforeEach(async () => {
    around = new Surroundings();
    fake = await FakeServer.open();
    producers = [];
    folder = mkdtempSync(join(tmpdir(), 'mecha-s3-wire-'));
    environment = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    // Nobody's own profiles, and no machine's role.
    Object.assign(process.env, { AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'), AWS_CONFIG_FILE: join(folder, 'config'), AWS_EC2_METADATA_DISABLED: 'true' });
  });

  afterEach(async () => {
    for (const producer of producers) await producer.close?.();
    await fake.close();
    // The process's own: an object in its place would be seen by this thread's JavaScript only.
    for (const name of Object.keys(process.env)) if (!Object.hasOwn(environment, name)) delete process.env[name];
    Object.assign(process.env, environment);
    rmSync(folder, { recursive: true });
  });

  const attempt = async (options: string, body: unknown, headers: Readonly<Record<string, unknown>>): Promise<Exchange> => {
    const producer = await around.producer(definition, `aws2-s3:orders?${options}`);
    producers.push(producer);
    return around.send(producer, around.exchange(body, { CamelAwsS3Key: 'a', ...headers }));
  };

  /** What the server was asked last. */
  const ask = async (more: string, body: unknown = null, headers: Readonly<Record<string, unknown>> = {}): Promise<Exchange> => {
    const sent = await attempt(fake.connection(`${keys}${more === '' ? '' : `&${more}`}`), body, headers);
    if (sent.exception !== null) throw sent.exception;
    return sent;
  };

  describe('for an object', () => {
    it('has the storage class, and who may read it', async () => {
      await ask('storageClass=GLACIER', 'x');
      expect(fake.last.headers['x-amz-storage-class']).to.equal('GLACIER');
      await ask('storageClass=GLACIER', 'x', { CamelAwsS3StorageClass: 'STANDARD_IA', CamelAwsS3CannedAcl: 'PublicRead' });
      expect(fake.last.headers).to.include({ 'x-amz-storage-class': 'STANDARD_IA', 'x-amz-acl': 'public-read' });
      await ask('', 'x', { CamelAwsS3Acl: 'BUCKET_OWNER_FULL_CONTROL' });
      expect(fake.last.headers['x-amz-acl']).to.equal('bucket-owner-full-control');
    });

    it('has how it is encrypted: by a key of the key management, the server’s own, or what the header says', async () => {
      await ask('useAwsKMS=true&awsKMSKeyId=k-1', 'x');
      expect(fake.last.headers).to.include({ 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'k-1' });
      await ask('useSSES3=true', 'x');
      expect(fake.last.headers['x-amz-server-side-encryption']).to.equal('AES256');
      await ask('', 'x', { CamelAwsS3ServerSideEncryption: 'aws:kms:dsse' });
      expect(fake.last.headers['x-amz-server-side-encryption']).to.equal('aws:kms:dsse');
    });

    it('brings the customer’s key along, to write, read, look and copy, and shows it nowhere', async () => {
      const key = Buffer.alloc(32, 'k').toString('base64');
      const md5 = createHash('md5').update(Buffer.alloc(32, 'k')).digest('base64');
      const own = `useCustomerKey=true&customerAlgorithm=AES256&customerKeyId=RAW(${key})&customerKeyMD5=RAW(${md5})`;
      const sent = { 'x-amz-server-side-encryption-customer-algorithm': 'AES256', 'x-amz-server-side-encryption-customer-key': key, 'x-amz-server-side-encryption-customer-key-md5': md5 };
      await ask(own, 'x');
      expect(fake.last.headers).to.include(sent);
      for (const operation of ['getObject', 'headObject']) {
        await ask(`${own}&operation=${operation}`);
        expect(fake.last.headers, operation).to.include(sent);
      }
      await ask(`${own}&operation=copyObject`, null, { CamelAwsS3BucketDestinationName: 'b', CamelAwsS3DestinationKey: 'c' });
      expect(fake.last.headers).to.include(sent).and.to.include({ 'x-amz-copy-source-server-side-encryption-customer-key': key, 'x-amz-copy-source': 'orders/a' });
      fake.answer = () => ({ status: 403, body: '<Error><Code>AccessDenied</Code></Error>' });
      const { exception } = await attempt(fake.connection(`${keys}&${own}&maxAttempts=1`), 'x', {});
      expect(exception!.message).to.match(/AccessDenied/).and.not.contain(key).and.not.contain('very-secret');
    });

    it('has the digest to check, and the conditions on its time and tag', async () => {
      await ask('', 'x', { CamelAwsS3ContentMD5: 'nd4vHg==' });
      expect(fake.last.headers['content-md5']).to.equal('nd4vHg==');
      await ask('operation=getObject', null, { CamelAwsS3IfModifiedSinceCondition: new Date(Date.UTC(2026, 0, 2)), CamelAwsS3IfNoneMatchCondition: '"t"' });
      expect(fake.last.headers).to.include({ 'if-modified-since': 'Fri, 02 Jan 2026 00:00:00 GMT', 'if-none-match': '"t"' });
      await ask('operation=copyObject', null, { CamelAwsS3BucketDestinationName: 'b', CamelAwsS3DestinationKey: 'c', CamelAwsS3IfMatchCondition: '"m"' });
      expect(fake.last.headers['x-amz-copy-source-if-match']).to.equal('"m"');
    });

    it('says what the server has told of it', async () => {
      fake.answer = () => ({
        headers: {
          etag: '"e"',
          'x-amz-version-id': 'v1',
          'x-amz-expiration': 'expiry-date="Fri, 21 Dec 2026 00:00:00 GMT"',
          'x-amz-replication-status': 'COMPLETED',
          'x-amz-storage-class': 'GLACIER',
          'x-amz-server-side-encryption': 'AES256',
          'x-amz-meta-color': 'red',
        },
      });
      const { headers } = await ask('operation=headObject');
      expect(headers.get('CamelAwsS3VersionId')).to.equal('v1');
      expect(headers.get('CamelAwsS3ExpirationTime')).to.match(/^expiry-date/);
      expect(headers.get('CamelAwsS3ReplicationStatus')).to.equal('COMPLETED');
      expect(headers.get('CamelAwsS3StorageClass')).to.equal('GLACIER');
      expect(headers.get('CamelAwsS3ServerSideEncryption')).to.equal('AES256');
      expect(headers.get('CamelAwsS3Metadata')).to.deep.equal({ color: 'red' });
    });
  });

  describe('for the rarer operations', () => {
    it('brings an archived object back, for so many days and as quickly as asked', async () => {
      await ask('operation=restoreObject', null, { CamelAwsS3RestoreDays: 3, CamelAwsS3RestoreTier: 'Bulk' });
      expect(fake.last.method).to.equal('POST');
      expect(fake.last.url).to.match(/^\/orders\/a\?restore/);
      expect(fake.last.body).to.contain('<Days>3</Days>').and.contain('<Tier>Bulk</Tier>');
      await ask('operation=restoreObject');
      expect(fake.last.body).to.contain('<Days>1</Days>').and.not.contain('Tier');
    });

    it('reads and sets access rules', async () => {
      await ask('operation=putObjectAcl', null, { CamelAwsS3CannedAcl: 'AuthenticatedRead' });
      expect([fake.last.method, fake.last.url.split(/[&=]/)[0], fake.last.headers['x-amz-acl']]).to.deep.equal(['PUT', '/orders/a?acl', 'authenticated-read']);
      fake.answer = () => ({ headers: { 'content-type': 'application/xml' }, body: '<AccessControlPolicy><Owner><ID>o</ID></Owner><AccessControlList><Grant><Grantee><ID>g</ID></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>' });
      expect((await ask('operation=getObjectAcl')).body).to.deep.include({ owner: { id: 'o' } });
    });

    it('switches versions on, with a second factor where that is wanted', async () => {
      await ask('operation=putBucketVersioning', null, { CamelAwsS3VersioningStatus: 'Enabled', CamelAwsS3MfaDelete: 'Disabled' });
      expect(fake.last.url).to.match(/^\/orders\/?\?versioning/);
      expect(fake.last.body).to.contain('<Status>Enabled</Status>').and.contain('<MfaDelete>Disabled</MfaDelete>');
      fake.answer = () => ({ headers: { 'content-type': 'application/xml' }, body: '<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>' });
      expect((await ask('operation=getBucketVersioning')).body).to.deep.equal({ status: 'Suspended' });
    });

    it('makes links with what whoever follows them must know', async () => {
      const down = await ask('operation=createDownloadLink', null, { CamelAwsS3DowloadLinkExpirationTime: 90_000 });
      expect(down.body).to.match(/X-Amz-Expires=90(&|$)/);
      expect(down.headers.get('CamelAwsS3DownloadLinkBrowserCompatible')).to.equal(true);
      expect(down.headers.get('CamelAwsS3DownloadLinkHttpRequestHeaders')).to.deep.equal({ host: [`localhost:${fake.port}`] });
      const up = await ask('operation=createUploadLink', null, { CamelAwsS3UploadLinkExpirationTime: 60_000, CamelAwsS3ContentType: 'text/csv' });
      expect(up.body).to.match(/X-Amz-Expires=60(&|$)/);
      expect(up.headers.get('CamelAwsS3UploadLinkBrowserCompatible')).to.equal(false);
      expect(up.headers.get('CamelAwsS3UploadLinkHttpRequestHeaders')).to.deep.equal({ host: [`localhost:${fake.port}`], 'content-type': ['text/csv'] });
      expect(fake.asked, 'nothing goes over the network for a link').to.deep.equal([]);
      const late = await attempt(fake.connection(`${keys}&operation=createDownloadLink`), null, { CamelAwsS3DowloadLinkExpirationTime: 8 * 24 * 3600_000 });
      expect(late.exception!.message).to.match(/seven days/);
    });

    it('lists by the prefix of a header, which goes before the option', async () => {
      await ask('operation=listObjects&prefix=a/', null, { CamelAwsS3Prefix: 'b/' });
      expect(fake.last.url).to.match(/prefix=b%2F/);
    });
  });

  describe('as whom', () => {
    const signer = (): string => /Credential=([^/]+)\//.exec(fake.last.headers.authorization ?? '')?.[1] ?? '';
    const profile = (name: string, id: string): string => `[${name}]\naws_access_key_id=${id}\naws_secret_access_key=s\n`;

    it('is said by the options, with the token of temporary credentials', async () => {
      await ask('useSessionCredentials=true&sessionToken=RAW(tok/en)', 'x');
      expect([signer(), fake.last.headers['x-amz-security-token']]).to.deep.equal(['AKIDEXAMPLE', 'tok/en']);
      expect(fake.last.headers.authorization).to.contain('/eu-west-3/s3/aws4_request');
    });

    it('is said by the environment where no option does, and before the options with useDefaultCredentialsProvider', async () => {
      Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 's' });
      expect((await attempt(fake.connection(), 'x', {})).exception).to.equal(null);
      expect(signer()).to.equal('AKIDENV');
      await ask('useDefaultCredentialsProvider=true', 'x');
      expect(signer()).to.equal('AKIDENV');
      await ask('', 'x');
      expect(signer()).to.equal('AKIDEXAMPLE');
    });

    it('is said by a profile', async () => {
      writeFileSync(join(folder, 'credentials'), profile('default', 'AKIDDEFAULT') + profile('second', 'AKIDSECOND'));
      expect((await attempt(fake.connection(), 'x', {})).exception).to.equal(null);
      expect(signer(), 'at the end of the chain').to.equal('AKIDDEFAULT');
      expect((await attempt(fake.connection('useProfileCredentialsProvider=true'), 'x', {})).exception).to.equal(null);
      expect(signer()).to.equal('AKIDDEFAULT');
      expect((await attempt(fake.connection('useProfileCredentialsProvider=true&profileCredentialsName=second'), 'x', {})).exception).to.equal(null);
      expect(signer()).to.equal('AKIDSECOND');
    });

    it('is nobody: the failure says where credentials may stand', async () => {
      const { exception } = await attempt(fake.connection(), 'x', {});
      expect(exception!.message).to.match(/aws2-s3:\/\/orders .*route test.*no credentials.*AWS_ACCESS_KEY_ID.*profile/);
      expect(fake.asked).to.deep.equal([]);
    });

    it('is refused by name when options contradict each other', async () => {
      const refusal = (options: string): Promise<string> => attempt(fake.connection(options), 'x', {}).then(() => 'none', ({ message }: Error) => message);
      expect(await refusal('accessKey=a')).to.match(/`accessKey` and `secretKey` belong together/);
      expect(await refusal(`${keys}&useSessionCredentials=true`)).to.match(/useSessionCredentials.*sessionToken/);
      expect(await refusal('useDefaultCredentialsProvider=true&useProfileCredentialsProvider=true')).to.match(/exclude each other/);
      expect(await refusal(`${keys}&useAwsKMS=true&useSSES3=true`)).to.match(/`useAwsKMS` and `useSSES3`/);
      expect(await refusal(`${keys}&useCustomerKey=true`)).to.match(/customerKeyId/);
      expect(await refusal(`${keys}&proxyHost=localhost`)).to.match(/`proxyHost` needs `proxyPort`/);
    });
  });

  describe('by which way', () => {
    it('goes over a proxy', async () => {
      await ask('', 'x');
      const { port } = fake;
      const direct = fake.asked.length;
      const { exception } = await attempt(`${keys}&region=x&overrideEndpoint=true&uriEndpointOverride=http://s3.example.test&forcePathStyle=true&proxyHost=localhost&proxyPort=${port}&proxyProtocol=HTTP`, 'x', {});
      expect(exception).to.equal(null);
      expect(fake.asked.length).to.equal(direct + 1);
      expect(fake.last.url).to.match(/^http:\/\/s3\.example\.test(:80)?\/orders\/a/);
    });

    it('puts the bucket into the host name, or with forcePathStyle into the path', async () => {
      const { body } = await ask('operation=createDownloadLink');
      expect(body).to.match(new RegExp(`^http://localhost:${fake.port}/orders/a\\?`));
      const virtual = await attempt(`${keys}&region=eu-west-1&operation=createDownloadLink`, null, {});
      expect(virtual.body).to.match(/^https:\/\/orders\.s3\.eu-west-1\.amazonaws\.com\/a\?/);
    });

    it('uses a client of the SDK that is a bean, and leaves it open', async () => {
      const client = new S3Client({ endpoint: `http://localhost:${fake.port}`, region: 'x', forcePathStyle: true, credentials: { accessKeyId: 'AKIDBEAN', secretAccessKey: 's' } });
      around = new Surroundings({ beans: { mine: client } });
      expect((await attempt('amazonS3Client=#mine', 'x', {})).exception).to.equal(null);
      await producers.pop()!.close!();
      expect((await attempt('amazonS3Client=#mine', 'y', {})).exception).to.equal(null);
      expect(fake.objects.get('a')).to.equal('y');
      client.destroy();
    });

    it('trusts no certificate that nobody vouches for, but any with trustAllCertificates', async function () {
      try {
        execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
      } catch {
        this.skip();
      }
      await fake.close();
      fake = await FakeServer.open((listener) => createSecureServer({ key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) }, listener));
      const { exception } = await attempt(fake.connection(`${keys}&maxAttempts=1`, 'https'), 'x', {});
      expect((exception as ExchangeError).message).to.match(/can't be reached.*self-signed/);
      const content = 'y'.repeat(300_000);
      expect((await attempt(fake.connection(`${keys}&trustAllCertificates=true`, 'https'), content, {})).exception).to.equal(null);
      expect(fake.objects.get('a')).to.equal(content);
      const got = await attempt(fake.connection(`${keys}&trustAllCertificates=true&operation=getObject`, 'https'), null, {});
      expect(String(got.body)).to.equal(content);
    });

    it('tries again what failed for a passing reason, as often as maxAttempts says', async () => {
      let failures = 2;
      fake.answer = () => (failures-- > 0 ? { status: 503, body: '<Error><Code>SlowDown</Code></Error>' } : null);
      await ask('maxAttempts=3', 'x');
      expect(fake.asked).to.have.length(3);
      fake.answer = () => ({ status: 503, body: '<Error><Code>SlowDown</Code></Error>' });
      const { exception } = await attempt(fake.connection(`${keys}&maxAttempts=2`), 'x', {});
      expect(fake.asked).to.have.length(5);
      expect(exception!.message).to.match(/PutObject of `a` failed.*503/);
      fake.answer = () => ({ status: 400, body: '<Error><Code>InvalidRequest</Code></Error>' });
      await attempt(fake.connection(`${keys}&maxAttempts=3`), 'x', {});
      expect(fake.asked, 'what can not get better is asked once').to.have.length(6);
    });

    it('gives up a server that says nothing', async () => {
      fake.answer = () => {
        throw new Error('stay silent');
      };
      const silent = await FakeServer.open();
      (silent as never as { handle: () => void }).handle = () => undefined;
      const { exception } = await attempt(silent.connection(`${keys}&maxAttempts=1&socketTimeout=80`), 'x', {});
      expect(exception!.message).to.match(/can't be reached/);
      await silent.close();
    });
  });
});

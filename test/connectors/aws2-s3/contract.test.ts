import { aws2S3 } from '../../../src/connectors/aws2-s3/definition.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';
import { OwnServer } from '../../contract/ownServer.ts';
import { ToxicProxy } from '../../contract/toxiproxy.ts';
import { connection, describeWithServer, serverUrl, Storage } from './rig.ts';

const definition = aws2S3 as never;

describeWithServer('aws2-s3', () => {
  keepsConnectorContract('aws2-s3', async () => {
    const surroundings = new Surroundings();
    let around = surroundings;
    const storage = new Storage();
    const bucket = await storage.bucket();
    const sent: string[] = [];
    const proxy = await ToxicProxy.open(new URL(serverUrl).host);
    const uri = (more: string, endpoint = serverUrl): string => `aws2-s3:${bucket}?${connection(endpoint)}&initialDelay=0&delay=10${more}`;
    return {
      surroundings,
      definition,
      consumer: (credit) => around.consumer(definition, uri(credit === undefined ? '' : `&maxInFlight=${credit}`)),
      send: async (...names) => {
        for (const name of names) await storage.put(bucket, name, name);
        sent.push(...names);
      },
      // A process that is gone leaves nothing with the server; the next one knows nothing of it.
      abandon: (consumer) => {
        around = new Surroundings();
        return consumer.stop();
      },
      network: {
        consumer: () => surroundings.consumer(definition, uri('&socketTimeout=300', `http://${proxy.address}`)),
        cut: () => proxy.cut(),
        mend: () => proxy.mend(),
        delay: (millis) => proxy.delay(millis),
        stall: () => proxy.stall(),
        heal: () => proxy.heal(),
      },
      server: async () => {
        const server = await OwnServer.start('s3');
        const url = `http://127.0.0.1:${server.port}`;
        const other = new Storage(url);
        const from = await other.bucket();
        const names: string[] = [];
        return {
          consumer: () => surroundings.consumer(definition, `aws2-s3:${from}?${connection(url)}&initialDelay=0&delay=10`),
          send: async (...keys) => {
            for (const key of keys) await other.put(from, key, key);
            names.push(...keys);
          },
          nameOf: ({ body }) => String(body),
          acknowledged: async () => {
            const left = await other.keys(from);
            return names.filter((name) => !left.includes(name));
          },
          kill: () => server.kill(),
          restart: () => server.up(),
          close: async () => {
            await other.close();
            await server.close();
          },
        };
      },
      sendWith: async (name, headers) => {
        await storage.put(bucket, name, name, { Metadata: { ...headers } });
        sent.push(name);
      },
      sendLarge: async (count, bytes) => {
        for (let i = 0; i < count; i += 20) await Promise.all(Array.from({ length: 20 }, (_, j) => storage.put(bucket, `large-${i + j}`, `${i + j} `.padEnd(bytes))));
      },
      secret: { uri: 'aws2-s3:b?overrideEndpoint=true&uriEndpointOverride=http://127.0.0.1:1&accessKey=a&secretKey=open-sesame&region=us-east-1&initialDelay=0', text: 'open-sesame' },
      nameOf: ({ body }) => String(body),
      acknowledged: async () => {
        const left = await storage.keys(bucket);
        return sent.filter((name) => !left.includes(name));
      },
      wrong: [
        [`aws2-s3:${bucket}?${connection()}&moveAfterRead=true`, /moveAfterRead.*destinationBucket/],
        [`aws2-s3:${bucket}?overrideEndpoint=true`, /uriEndpointOverride/],
        [`aws2-s3:${bucket}?overrideEndpoint=true&uriEndpointOverride=nowhere`, /uriEndpointOverride.*nowhere/],
        [`aws2-s3:${bucket}?accessKey=a`, /secretKey/],
        [`aws2-s3:${bucket}?useSessionCredentials=true&accessKey=a&secretKey=b`, /sessionToken/],
        [`aws2-s3:${bucket}?proxyHost=localhost`, /proxyPort/],
        [`aws2-s3:${bucket}?${connection()}&idempotentRepository=%23none`, /none/],
        [`aws2-s3:${bucket}?${connection()}&partSize=1000`, /partSize/],
        ['aws2-s3:?region=us-east-1', /bucketNameOrArn/],
      ],
      open: (wrong) => surroundings.consumer(definition, wrong),
      close: async () => {
        await proxy.close();
        await storage.close();
      },
      patienceMillis: 8000,
    };
  }, aws2S3.notPromised);
});

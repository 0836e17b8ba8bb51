import { aws2S3 } from '../../../src/connectors/aws2-s3/definition.ts';
import { keepsConnectorContract, Surroundings } from '../../contract/connector.ts';
import { connection, describeWithServer, Storage } from './rig.ts';

const definition = aws2S3 as never;

describeWithServer('aws2-s3', () => {
  keepsConnectorContract('aws2-s3', async () => {
    const surroundings = new Surroundings();
    const storage = new Storage();
    const bucket = await storage.bucket();
    const sent: string[] = [];
    const uri = (more: string): string => `aws2-s3:${bucket}?${connection()}&initialDelay=0&delay=10${more}`;
    return {
      surroundings,
      consumer: (credit) => surroundings.consumer(definition, uri(credit === undefined ? '' : `&maxInFlight=${credit}`)),
      send: async (...names) => {
        for (const name of names) await storage.put(bucket, name, name);
        sent.push(...names);
      },
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
      close: () => storage.close(),
      patienceMillis: 8000,
    };
  });
});

/**
 * The relay by hand, on the AWS SDK: lists a bucket, and moves ten objects at a time: JSON in, a body out of fields, the object deleted when its
 * successor is written. `node s3.mjs PORT URL FROM TO`
 */
import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Agent } from 'node:http';

const [endpoint, from, to] = process.argv.slice(3);
const { S3_ACCESS_KEY: accessKeyId, S3_SECRET_KEY: secretAccessKey } = process.env;
const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId, secretAccessKey }, requestHandler: { httpAgent: new Agent({ keepAlive: true, maxSockets: 60 }) } });

async function move(Key) {
  const { Body, ContentType, Metadata, ETag } = await client.send(new GetObjectCommand({ Bucket: from, Key }));
  const order = JSON.parse(await Body.transformToString());
  const text = `{"accepted":"${order.id}","customer":"${order.customer.name}","amount":${order.amount}}`;
  await client.send(new PutObjectCommand({ Bucket: to, Key, Body: Buffer.from(text), ContentType, Metadata }));
  await client.send(new DeleteObjectCommand({ Bucket: from, Key, IfMatch: ETag }));
}

for (;;) {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: from }));
  if (Contents.length === 0) await new Promise((resolve) => setTimeout(resolve, 500));
  const keys = Contents.map(({ Key }) => Key).values();
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      for (const key of keys) await move(key);
    }),
  );
}

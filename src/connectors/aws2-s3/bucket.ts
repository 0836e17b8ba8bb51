import { ExchangeError } from '../../core/errors.ts';
import type { ObjectStore, Requests } from './client.ts';
import { isMissingBucket } from './client.ts';
import type { S3Endpoint } from './options.ts';

/** What one request may copy. */
const mostCopiedAtOnce = 5 * 1024 ** 3;
const copiedPart = 1024 ** 3;

/** The name behind an ARN of a bucket; ARNs of access points stay as they are. */
export const bucketName = (nameOrArn: string): string => /^arn:[^:]*:s3:::([^/]+)$/.exec(nameOrArn)?.[1] ?? nameOrArn;

/** Options that say with which key of its own a request reads or writes. */
export const customerKey = ({ useCustomerKey, customerKeyId, customerKeyMD5, customerAlgorithm }: S3Endpoint['options']) =>
  useCustomerKey
    ? {
        ...(customerKeyId === undefined ? {} : { SSECustomerKey: customerKeyId }),
        ...(customerKeyMD5 === undefined ? {} : { SSECustomerKeyMD5: customerKeyMD5 }),
        ...(customerAlgorithm === undefined ? {} : { SSECustomerAlgorithm: customerAlgorithm }),
      }
    : {};

/** Makes the bucket when the endpoint asks for that, and gives it its policy. */
export async function prepareBucket(store: ObjectStore, bucket: string, { autoCreateBucket, policy }: S3Endpoint['options']): Promise<void> {
  if (autoCreateBucket) {
    try {
      await store.call('HeadBucket', { Bucket: bucket });
    } catch (thrown) {
      if (!isMissingBucket(thrown)) throw thrown;
      await createBucket(store, bucket);
    }
  }
  if (policy !== undefined) await store.call('PutBucketPolicy', { Bucket: bucket, Policy: policy });
}

export async function createBucket(store: ObjectStore, bucket: string): Promise<void> {
  const region = await store.region().catch(() => 'us-east-1');
  try {
    await store.call('CreateBucket', {
      Bucket: bucket,
      // This one region must not be named.
      ...(region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } }),
    });
  } catch (thrown) {
    // Somebody else was quicker.
    const code = thrown instanceof ExchangeError ? thrown.details['errorCode'] : '';
    if (code !== 'BucketAlreadyOwnedByYou' && code !== 'BucketAlreadyExists') throw thrown;
  }
}

/** `CopySource` is a path in a header: every piece of the key is encoded. */
export const copySource = (bucket: string, key: string, versionId?: string): string =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}${versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`}`;

export interface Copy {
  readonly from: { readonly bucket: string; readonly key: string; readonly size: number | null };
  readonly to: { readonly bucket: string; readonly key: string };
  readonly input: Partial<Requests['CopyObject'][0]>;
}

/** Copies within the server; what is too large for one request goes part by part. */
export async function copyObject(store: ObjectStore, { from, to, input }: Copy, limits = { atOnce: mostCopiedAtOnce, part: copiedPart }): Promise<{ ETag?: string | undefined; VersionId?: string | undefined }> {
  const CopySource = copySource(from.bucket, from.key);
  if (from.size === null || from.size <= limits.atOnce) {
    const { CopyObjectResult: result, VersionId } = await store.call('CopyObject', { ...input, Bucket: to.bucket, Key: to.key, CopySource });
    return { ETag: result?.ETag, VersionId };
  }
  const target = { Bucket: to.bucket, Key: to.key };
  const { ContentType, Metadata, ContentEncoding, ContentDisposition, CacheControl } = await store.call('HeadObject', { Bucket: from.bucket, Key: from.key });
  const { CopySourceIfMatch, CopySourceIfNoneMatch: _noneMatch, CopySourceIfModifiedSince: _modified, CopySourceIfUnmodifiedSince: _unmodified, ...whole } = input;
  const { UploadId } = await store.call('CreateMultipartUpload', { ContentType, Metadata, ContentEncoding, ContentDisposition, CacheControl, ...(whole as object), ...target });
  try {
    const parts: { PartNumber: number; ETag: string | undefined }[] = [];
    const size = Math.max(limits.part, Math.ceil(from.size / 10_000));
    for (let at = 0, number = 1; at < from.size; at += size, number++) {
      const { CopyPartResult } = await store.call('UploadPartCopy', {
        ...target,
        UploadId,
        PartNumber: number,
        CopySource,
        CopySourceRange: `bytes=${at}-${Math.min(from.size, at + size) - 1}`,
        ...(CopySourceIfMatch === undefined ? {} : { CopySourceIfMatch }),
      });
      parts.push({ PartNumber: number, ETag: CopyPartResult?.ETag });
    }
    return await store.call('CompleteMultipartUpload', { ...target, UploadId, MultipartUpload: { Parts: parts } });
  } catch (thrown) {
    await store.call('AbortMultipartUpload', { ...target, UploadId }).catch(() => undefined);
    throw thrown;
  }
}

/** One entry of a bucket. */
export interface ListedObject {
  readonly key: string;
  /** With its quotes, as conditions want it. */
  readonly etag: string;
  readonly size: number;
  readonly lastModified: Date | null;
  readonly storageClass: string | null;
}

export interface Listing {
  readonly objects: ListedObject[];
  /** Where the next page begins; null: this was the last one. */
  readonly next: string | null;
}

/** A page of a bucket's keys, in their order. Keys come as they are, whatever characters they have. */
export async function listPage(store: ObjectStore, input: Requests['ListObjectsV2'][0], signal?: AbortSignal): Promise<Listing> {
  // XML has no control characters: the server encodes keys, where it can.
  const page = await store.call('ListObjectsV2', { ...input, EncodingType: 'url' }, signal);
  const decoded = (key: string): string => (page.EncodingType === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key);
  const objects = (page.Contents ?? []).map(
    (entry): ListedObject => ({ key: decoded(entry.Key ?? ''), etag: entry.ETag ?? '', size: entry.Size ?? 0, lastModified: entry.LastModified ?? null, storageClass: entry.StorageClass ?? null }),
  );
  return { objects, next: page.IsTruncated === true ? (page.NextContinuationToken ?? null) : null };
}

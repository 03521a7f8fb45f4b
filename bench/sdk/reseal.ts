/** The baseline of `rotate`: GetObject and PutObject of each file. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { eachKey } from './each-key.ts';
import { SEALING } from './sealing.ts';

const s3 = new S3Client({ forcePathStyle: true });
await eachKey(s3, 'rotate/', async (Key) => {
  const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: 'snacks', Key }));
  const bytes = (await Body?.transformToByteArray()) as Uint8Array;
  await s3.send(
    new PutObjectCommand({ Bucket: 'snacks', Key, Body: bytes, IfMatch: ETag as string, ...SEALING }),
  );
});
process.exit(0);

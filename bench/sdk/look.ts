/** The baseline of `list`: one listing, and HeadObject of each file. */
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { eachKey } from './each-key.ts';

const s3 = new S3Client({ forcePathStyle: true });
await eachKey(s3, 'list/', async (Key) => {
  await s3.send(new HeadObjectCommand({ Bucket: 'snacks', Key }));
});
process.exit(0);

/** All keys of a folder, 16 at a time. */
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

const AT_ONCE = 16;

/** One page of S3's listing: at most 1,000 keys. */
export async function eachKey(
  s3: S3Client,
  prefix: string,
  act: (key: string) => Promise<void>,
): Promise<void> {
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'snacks', Prefix: prefix }));
  const keys = Contents.map(({ Key }) => Key as string);
  const worker = async () => {
    for (let key = keys.shift(); key !== undefined; key = keys.shift()) await act(key);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** A start by the AWS SDK on Node: `get.mjs KEY -- /PATH/OF/COMMAND [ARG]...`, without any of envseal's checks. */
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';

const [key, , file, ...args] = process.argv.slice(2) as [string, string, string, ...string[]];
const s3 = new S3Client({ forcePathStyle: true });
const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'snacks', Key: key }));
const text = (await Body?.transformToString()) ?? '';
const lines = text.split('\n').filter((line) => line.includes('='));
const variables = lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
process.execve?.(file, [file, ...args], { ...process.env, ...Object.fromEntries(variables) });

/** The programs that envseal is compared with, compiled by the same Bun with the same options. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle, compile } from '../scripts/bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = `${root}.cache/bench`;

/** One GetObject, its body read, then the command with execve: what envseal does without all that it checks. */
const SOURCES = {
  empty: '',
  ours: '',
  sdk: `
    import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
    const s3 = new S3Client({ forcePathStyle: true });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'snacks', Key: 'one' }));
    const env = Object.fromEntries((await Body.transformToString()).trim().split('\\n').map((l) => l.split('=')));
    process.execve('/bin/true', ['true'], { ...process.env, ...env });`,
  signer: `
    import { createHash, createHmac } from 'node:crypto';
    import { SignatureV4 } from '@smithy/signature-v4';
    class Sha256 {
      constructor(secret) { this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret); }
      update(data) { this.hash.update(data); }
      async digest() { return new Uint8Array(this.hash.digest()); }
    }
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL_S3, ...rest } = process.env;
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    const signer = new SignatureV4({ service: 's3', region: AWS_REGION, credentials, sha256: Sha256, uriEscapePath: false });
    const url = new URL(AWS_ENDPOINT_URL_S3 + '/snacks/one');
    const request = { method: 'GET', protocol: 'http:', hostname: url.hostname, path: url.pathname, query: {}, headers: { host: url.host } };
    const { headers } = await signer.sign(request);
    const text = await (await fetch(url, { headers })).text();
    const env = Object.fromEntries(text.trim().split('\\n').map((l) => l.split('=')));
    process.execve('/bin/true', ['true'], { ...rest, ...env });`,
  /** What `push`, `rotate` and `list` are compared with: the SDK's requests alone. */
  put: `
    import { readFileSync } from 'node:fs';
    import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
    const s3 = new S3Client({ forcePathStyle: true });
    const sealing = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: process.env.KMS_KEY, BucketKeyEnabled: true };
    await s3.send(new PutObjectCommand({ Bucket: 'snacks', Key: 'put', Body: readFileSync(0), ...sealing }));
    process.exit(0);`,
  reseal: `
    import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
    const s3 = new S3Client({ forcePathStyle: true });
    const sealing = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: process.env.KMS_KEY, BucketKeyEnabled: true };
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'snacks', Prefix: 'rotate/' }));
    const keys = Contents.map(({ Key }) => Key);
    const worker = async () => {
      for (let Key = keys.shift(); Key !== undefined; Key = keys.shift()) {
        const { Body, ETag } = await s3.send(new GetObjectCommand({ Bucket: 'snacks', Key }));
        const bytes = await Body.transformToByteArray();
        await s3.send(new PutObjectCommand({ Bucket: 'snacks', Key, Body: bytes, IfMatch: ETag, ...sealing }));
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    process.exit(0);`,
  look: `
    import { HeadObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
    const s3 = new S3Client({ forcePathStyle: true });
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'snacks', Prefix: 'list/' }));
    const keys = Contents.map(({ Key }) => Key);
    const worker = async () => {
      for (let Key = keys.shift(); Key !== undefined; Key = keys.shift()) {
        await s3.send(new HeadObjectCommand({ Bucket: 'snacks', Key }));
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    process.exit(0);`,
  memory: `import '${root}bench/memory.ts';`,
} as const;

export type ProgramName = keyof typeof SOURCES;

/** Builds them and returns their paths. */
export async function buildPrograms(): Promise<Record<ProgramName, string>> {
  mkdirSync(cache, { recursive: true });
  const paths = {} as Record<ProgramName, string>;
  for (const name of Object.keys(SOURCES) as ProgramName[]) {
    paths[name] = `${cache}/${name}`;
    writeFileSync(`${paths[name]}.ts`, SOURCES[name]);
    if (name === 'empty') compilePlainly(`${paths[name]}.ts`, paths[name]);
    else {
      await bundle(name, `${paths[name]}.ts`, cache);
      compile(`${paths[name]}.mjs`, paths[name]);
    }
  }
  return paths;
}

/** What anybody gets of an empty file: Bun as it comes, and nothing of our build. */
function compilePlainly(source: string, executable: string): void {
  const bun = `${root}node_modules/bun/bin/bun.exe`;
  const args = ['build', '--compile', '--minify', '--bytecode', source, '--outfile', executable];
  execFileSync(bun, args, { stdio: 'ignore' });
}

/** `locateS3` against the official SDK: the same host, path and signing region, or no answer, which is the SDK's turn. */
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { locateS3, type S3EndpointOptions } from '../../../src/store/s3/endpoint.ts';
import { COMING_REGIONS, partitionsInfo, REGIONS } from '../../aws/regions.ts';

const BUCKETS = [
  'snacks',
  'snacks.and.drinks',
  'a-b.c',
  'abc',
  'x'.repeat(63),
  'Upper',
  'under_score',
  '-ab',
  'ab-',
  '192.168.0.1',
];
const SDK_ONLY_BUCKETS = ['snacks--use1-az4--x-s3', 'snacks--op-s3'];
const ENDPOINTS = [
  undefined,
  'https://minio.test',
  'http://minio.test:9000/base',
  'https://minio.test/base/',
  'https://10.0.0.1',
];
const STYLES = ['auto', 'path', 'virtual'] as const;

const client = new S3Client({
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
});

/** Every combination of what an environment can say. */
function* settings(): Generator<Omit<S3EndpointOptions, 'region'>> {
  for (const useFips of [false, true])
    for (const useDualStack of [false, true])
      for (const endpoint of ENDPOINTS)
        for (const addressingStyle of STYLES) yield { useFips, useDualStack, endpoint, addressingStyle };
}

/** `URL REGION` by the SDK's rules, or `undefined` where they refuse. */
function locateBySdk(Bucket: string, options: S3EndpointOptions): string | undefined {
  const { region, endpoint, useFips, useDualStack, addressingStyle } = options;
  try {
    const { url, properties } = client.config.endpointProvider({
      Bucket,
      Region: region,
      UseFIPS: useFips,
      UseDualStack: useDualStack,
      // At an endpoint of one's own we put the bucket into the path; the SDK does when it is configured to.
      ForcePathStyle: addressingStyle === 'path' || (addressingStyle === 'auto' && endpoint !== undefined),
      UseArnRegion: true,
      ...(endpoint === undefined ? {} : { Endpoint: endpoint }),
    });
    const [scheme] = (properties?.authSchemes ?? []) as { signingRegion?: string }[];
    return `${url.href.replace(/\/$/, '')}/key ${scheme?.signingRegion}`;
  } catch {
    return undefined;
  }
}

function locateByUs(bucket: string, options: S3EndpointOptions): string | undefined {
  const location = locateS3({ bucket, key: 'key', versionId: undefined }, options);
  return location && `${location.url.href} ${location.region}`;
}

describe('buckets', () => {
  test.for([...REGIONS, ...COMING_REGIONS])('in %s', (region) => {
    for (const bucket of BUCKETS)
      for (const setting of settings()) {
        const options = { region, ...setting };
        const ours = locateByUs(bucket, options);
        if (ours !== undefined)
          expect([bucket, options, ours]).toEqual([bucket, options, locateBySdk(bucket, options)]);
        else expect(isLeftToSdk(options), JSON.stringify([bucket, options])).toBe(true);
      }
  });

  /** What may be left to the SDK: a start must not load it for anything else. */
  function isLeftToSdk({ region, endpoint, useFips, useDualStack }: S3EndpointOptions): boolean {
    if (region.endsWith('-global')) return true;
    return endpoint === undefined ? useFips && region.startsWith('cn-') : useFips || useDualStack;
  }

  test.for(['auto', 'local', 'garage', 'Mars'])(
    'in %s, which only an endpoint of one’s own has',
    (region) => {
      const setting = { useFips: false, useDualStack: false, addressingStyle: 'auto' } as const;
      expect(locateByUs('snacks', { region, endpoint: undefined, ...setting })).toBeUndefined();
      const options = { region, endpoint: 'https://minio.test', ...setting };
      expect(locateByUs('snacks', options)).toBe(`https://minio.test/snacks/key ${region}`);
      expect(locateByUs('snacks', options)).toBe(locateBySdk('snacks', options));
    },
  );

  test('at an IPv6 address are in the path, because it has no subdomains', () => {
    const setting = { useFips: false, useDualStack: false, addressingStyle: 'virtual' } as const;
    const options = { region: 'local', endpoint: 'http://[::1]:9000', ...setting };
    expect(locateByUs('snacks', options)).toBe('http://[::1]:9000/snacks/key local');
  });

  test.for(SDK_ONLY_BUCKETS)('%s is left to the SDK', (bucket) => {
    for (const setting of settings())
      expect(locateByUs(bucket, { region: 'us-east-1', ...setting })).toBeUndefined();
  });
});

describe('access points', () => {
  const arn = (partition: string, region: string, name = 'reader') =>
    `arn:${partition}:s3:${region}:111122223333:accesspoint/${name}`;
  const regions = partitionsInfo.partitions.flatMap(({ id, regions }) =>
    Object.keys(regions).map((region) => [id, region] as const),
  );

  test.for(regions)('in %s, %s', ([partition, region]) => {
    for (const setting of settings()) {
      const options = { region, ...setting };
      for (const bucket of [
        arn(partition, region),
        arn(partition, region).replace('accesspoint/', 'accesspoint:'),
      ]) {
        const ours = locateByUs(bucket, options);
        // The SDK refuses the path style here; for us it is about the other buckets.
        if (ours === undefined && setting.endpoint !== undefined) continue;
        const sdk = locateBySdk(bucket, { ...options, addressingStyle: 'virtual' });
        if (ours !== undefined) expect([bucket, options, ours]).toEqual([bucket, options, sdk]);
        else
          expect(setting.endpoint !== undefined || sdk === undefined || region.endsWith('-global')).toBe(
            true,
          );
      }
    }
  });

  test.for([
    'arn:aws:s3::111122223333:accesspoint/mfzwi23gnjvgw.mrap',
    'arn:aws:s3-object-lambda:us-east-1:111122223333:accesspoint/lambda',
    'arn:aws:s3-outposts:us-east-1:111122223333:outpost/op-01ac5d28a6a232904/accesspoint/reader',
    'arn:aws:s3express:us-east-1:111122223333:accesspoint/reader--use1-az4--xa-s3',
    arn('aws', 'us-east-1', 're.ader'),
    arn('aws', 'us-east-1', 'Reader'),
    arn('aws', 'us-east-1', 'ab'),
    'arn:aws:s3:us-east-1::accesspoint/reader',
  ])('%s is left to the SDK', (bucket) => {
    for (const setting of settings())
      expect(locateByUs(bucket, { region: 'us-east-1', ...setting })).toBeUndefined();
  });
});

describe('keys and versions', () => {
  /** What the SDK would send, had it a connection. */
  async function sentBySdk(Key: string, VersionId?: string): Promise<string> {
    let sent = '';
    const s3 = new S3Client({
      region: 'us-east-1',
      endpoint: 'https://minio.test',
      forcePathStyle: true,
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
      maxAttempts: 1,
      requestHandler: {
        handle: async ({ path, query }: { path: string; query: Record<string, string> }) => {
          sent =
            path + (query.versionId === undefined ? '' : `?versionId=${encodeURIComponent(query.versionId)}`);
          throw new Error('not sent');
        },
        updateHttpClientConfig() {},
        httpHandlerConfigs: () => ({}),
      } as never,
    });
    await s3.send(new GetObjectCommand({ Bucket: 'snacks', Key, VersionId })).catch(() => {});
    return sent;
  }

  const options: S3EndpointOptions = {
    region: 'us-east-1',
    endpoint: 'https://minio.test',
    useFips: false,
    useDualStack: false,
    addressingStyle: 'auto',
  };

  test.for([
    'dev/env',
    'a b+c;d=e&f,g:h@i$j',
    'ünï/çødé ☃ 🍕',
    "it's(*)!~-_.",
    '100% %41',
    '?x=1#y',
    'a//b/',
    '/leading',
    '"<>[]^`{|}\\',
    '.../.env',
    '\u0001\t\u007f',
  ])('%j', async (key) => {
    for (const versionId of [undefined, 'null', '3/L4kqtJ+c=&']) {
      const location = locateS3({ bucket: 'snacks', key, versionId }, options);
      const { pathname = '', search = '' } = location?.url ?? {};
      expect(pathname + search).toBe(await sentBySdk(key, versionId));
    }
  });

  test.for(['a/../b', '..', './a', 'a/.'])('%s cannot be distinguished from another key in a URL', (key) => {
    expect(locateS3({ bucket: 'snacks', key, versionId: undefined }, options)).toBeUndefined();
  });
});

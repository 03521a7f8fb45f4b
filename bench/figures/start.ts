/** One start, by what it opens: beside the yardstick, and beside a plain start. */
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { variablesOf } from '../objects.ts';
import { sealForAge } from '../sealed.ts';
import type { Workbench } from '../workbench.ts';
import { difference, type Figure, plain, ratio } from './figure.ts';

const ONE = 's3://snacks/one';

export async function measureStarts(bench: Workbench): Promise<Figure[]> {
  const [http, tls] = [bench.aws(), bench.aws(true)];
  const results = await bench.turns({
    true: { words: ['/bin/true'], env: http },
    yardstick: bench.yardstick(http),
    envseal: bench.envseal(http, [ONE]),
    'yardstick over TLS': bench.yardstick(tls),
    'envseal over TLS': bench.envseal(tls, [ONE]),
  });
  const of = 'the yardstick';
  return [
    plain('`/bin/true`, which is part of each', results, 'true'),
    plain('the yardstick over HTTP', results, 'yardstick'),
    plain('over TLS', results, 'yardstick over TLS'),
    ratio({
      title: '`envseal run -s s3://… -- /bin/true` over HTTP',
      results,
      name: 'envseal',
      base: 'yardstick',
      of,
      atMost: 2.2,
    }),
    ratio({
      title: 'over TLS',
      results,
      name: 'envseal over TLS',
      base: 'yardstick over TLS',
      of,
      atMost: 2,
    }),
    ratio({
      title: 'CPU time, over HTTP',
      results,
      name: 'envseal',
      base: 'yardstick',
      of,
      measure: 'cpuMs',
    }),
    ratio({
      title: 'peak memory, over HTTP',
      results,
      name: 'envseal',
      base: 'yardstick',
      of,
      measure: 'peakMiB',
    }),
  ];
}

/** What `-s` names, and with which variables. */
export async function measureSources(bench: Workbench): Promise<Figure[]> {
  const aws = bench.aws();
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const age = async (count: number) =>
    bench.file(`age-${count}.env`, await sealForAge(variablesOf(count), recipient));
  const withAge = { PATH: aws.PATH as string, SOPS_AGE_KEY: identity };
  const results = await bench.turns({
    'one source': bench.envseal(aws, [ONE]),
    'ten sources': bench.envseal(aws, Array<string>(10).fill(ONE)),
    '5,000 variables': bench.envseal(aws, ['s3://snacks/many-5000']),
    'gs://': bench.envseal(bench.google(), ['gs://snacks/one']),
    'SOPS under KMS': bench.envseal(aws, ['s3://snacks/sops-100']),
    'SOPS under age': bench.envseal(withAge, [await age(1)]),
    'SOPS under age, 100': bench.envseal(withAge, [await age(100)]),
  });
  const row = (title: string, name: string, atMost?: number) =>
    ratio({
      title,
      results,
      name,
      base: 'one source',
      of: 'a start',
      ...(atMost !== undefined && { atMost }),
    });
  return [
    row('`gs://`, with a token of the metadata server', 'gs://', 1.4),
    row('SOPS in S3, 100 values under AWS KMS', 'SOPS under KMS', 2),
    row('SOPS in a local file, one value under age', 'SOPS under age', 1.2),
    row('the same with 100 values', 'SOPS under age, 100'),
    row('ten sources', 'ten sources', 1.8),
    row('5,000 variables of 100 bytes', '5,000 variables', 3.5),
  ];
}

/** What newer tools keep with an object, and what a private CA's users have. */
export async function measureExtras(bench: Workbench): Promise<Figure[]> {
  const aws = bench.aws();
  const results = await bench.turns({
    '1.9 MB': bench.envseal(aws, ['s3://snacks/big']),
    '1.9 MB with CRC32C': bench.envseal(aws, ['s3://snacks/big-crc32c']),
    '1.9 MB with CRC64NVME': bench.envseal(aws, ['s3://snacks/big-crc64nvme']),
  });
  const row = (checksum: string) =>
    difference({
      title: `1.9 MB with a ${checksum} checksum`,
      results,
      name: `1.9 MB with ${checksum}`,
      base: '1.9 MB',
      of: 'without',
      atMost: 1,
    });
  return [plain('1.9 MB, without a checksum', results, '1.9 MB'), row('CRC32C'), row('CRC64NVME')];
}

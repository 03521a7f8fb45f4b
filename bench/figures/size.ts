/** Memory, and the file. */
import { readFileSync, statSync } from 'node:fs';
import { constants, zstdCompressSync } from 'node:zlib';
import { medianOf } from '../statistics.ts';
import type { Workbench } from '../workbench.ts';
import { bounded, type Figure, unmeasured } from './figure.ts';

/** zstd -19 of more would take a minute. */
const MOST_TO_COMPRESS = 32e6;
const MB = 1e6;

export async function measureMemory(bench: Workbench): Promise<Figure[]> {
  const [http, tls] = [bench.aws(), bench.aws(true)];
  const results = await bench.turns(
    {
      'memory, HTTP': bench.envseal(http, ['s3://snacks/one']),
      'memory, TLS': bench.envseal(tls, ['s3://snacks/one']),
      'memory, gs://': bench.envseal(bench.google(), ['gs://snacks/one']),
      'memory, SOPS': bench.envseal(http, ['s3://snacks/sops-100']),
      'memory, 5,000 variables': bench.envseal(http, ['s3://snacks/many-5000']),
    },
    { rounds: Math.ceil(bench.rounds / 5) },
  );
  const row = (title: string, name: string, atMost: number) => {
    const starts = results[name];
    return starts === undefined
      ? unmeasured(title, 'it does not start', `${atMost} MiB`)
      : bounded(title, medianOf(starts, 'peakMiB'), atMost, 'MiB');
  };
  return [
    row('peak memory of a start over HTTP', 'memory, HTTP', 8),
    row('over TLS', 'memory, TLS', 8),
    row('from `gs://`', 'memory, gs://', 8),
    row('from SOPS, 100 values under AWS KMS', 'memory, SOPS', 8),
    row('with 5,000 variables', 'memory, 5,000 variables', 12),
  ];
}

export function measureFile({ program }: Workbench): Figure[] {
  const { size } = statSync(program);
  const title = 'the same with zstd -19';
  const compressed =
    size > MOST_TO_COMPRESS
      ? unmeasured(title, `the file has more than ${MOST_TO_COMPRESS / MB} MB`, '2.6 MB')
      : bounded(title, compressedSize(program) / MB, 2.6, 'MB', 2);
  return [bounded('size of the file', size / MB, 6, 'MB', 2), compressed];
}

/** As an image's layer may be stored. */
function compressedSize(path: string): number {
  const params = { [constants.ZSTD_c_compressionLevel]: 19 };
  return zstdCompressSync(readFileSync(path), { params }).length;
}

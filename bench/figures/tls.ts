/** Many sources, and many authorities, over TLS. */
import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { CA_FILE } from '../../test/servers/tls/certificate.ts';
import type { Workbench } from '../workbench.ts';
import { bounded, difference, type Figure, ratio } from './figure.ts';

const ONE = 's3://snacks/one';
const AUTHORITIES = 145;

export async function measureTls(bench: Workbench): Promise<Figure[]> {
  const aws = bench.aws(true);
  const roots = Array.from(
    { length: AUTHORITIES - 1 },
    (_, i) => rootCertificates[i % rootCertificates.length] as string,
  );
  const bundle = bench.file('bundle.pem', [...roots, readFileSync(CA_FILE, 'utf8')].join('\n'));
  const fifty = bench.envseal(aws, Array<string>(50).fill(ONE));
  const results = await bench.turns({
    'one source over TLS': bench.envseal(aws, [ONE]),
    [`${AUTHORITIES} authorities`]: bench.envseal({ ...aws, SSL_CERT_FILE: bundle }, [ONE]),
    'ten sources over TLS': bench.envseal(aws, Array<string>(10).fill(ONE)),
    'fifty sources over TLS': fifty,
  });
  const connections = results['fifty sources over TLS'] && (await bench.counts(fifty)).connections;
  return [
    ratio({
      title: '50 sources over TLS',
      results,
      name: 'fifty sources over TLS',
      base: 'ten sources over TLS',
      of: 'ten',
      atMost: 3,
    }),
    {
      title: 'TLS connections for them',
      value: connections === undefined ? 'not measured' : String(connections),
    },
    difference({
      title: `a bundle of ${AUTHORITIES} CA certificates`,
      results,
      name: `${AUTHORITIES} authorities`,
      base: 'one source over TLS',
      of: 'a bundle of one',
      atMost: 1,
    }),
  ].concat(
    bounded('HTTP requests of a start', (await bench.counts(bench.envseal(aws, [ONE]))).requests, 1, '', 0),
  );
}

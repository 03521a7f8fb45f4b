import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifyChecksum } from '../../../src/store/s3/checksum.ts';
import { crc32c, crc64nvme } from '../../../src/system/crc.ts';
import { nodeSystem as system } from '../../../src/system/node/system.ts';
import { workRatio } from '../../growth.ts';
import { checksum } from '../../servers/s3/checksums.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const verify = (body: string, headers: Record<string, string>) => () =>
  verifyChecksum(bytes(body), new Headers(headers), system);

describe('check values of the catalogue: https://reveng.sourceforge.io/crc-catalogue/all.htm', () => {
  test.for([
    ['123456789', 0xe3069283, 0xae8b14860a799888n],
    ['', 0, 0n],
    ['\0'.repeat(32), 0x8a9136aa, 0xcf3473434d4ecf3bn],
  ] as const)('%j', ([text, castagnoli, nvme]) => {
    expect(crc32c(bytes(text))).toBe(castagnoli);
    expect(new DataView(crc64nvme(bytes(text)).buffer).getBigUint64(0)).toBe(nvme);
  });

  test.for([
    ['crc32', 'y/Q5Jg=='],
    ['crc32c', '4waSgw=='],
    ['crc64nvme', 'rosUhgp5mIg='],
    ['sha1', '98O8HYCOBHMq32eZZczDTKeuNEE='],
    ['sha256', 'FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU='],
  ] as const)('%s of 123456789 is %s', ([algorithm, base64]) => {
    expect(verify('123456789', { [`x-amz-checksum-${algorithm}`]: base64 })).not.toThrow();
    expect(verify('123456788', { [`x-amz-checksum-${algorithm}`]: base64 })).toThrow(
      `the ${algorithm} checksum does not match`,
    );
  });
});

test('the same as another implementation, for any bytes', () => {
  const algorithms = fc.constantFrom('crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256');
  fc.assert(
    fc.property(algorithms, fc.uint8Array({ maxLength: 3000 }), (algorithm, body) => {
      const { base64 } = checksum(algorithm, Buffer.from(body));
      verifyChecksum(body, new Headers({ [`x-amz-checksum-${algorithm}`]: base64 }), system);
    }),
  );
});

describe('what is verified', () => {
  const wrong = 'AAAAAA==';

  test.for<[string, Record<string, string>]>([
    ['nothing without a checksum', {}],
    ['nothing of a checksum of parts', { 'x-amz-checksum-crc32': `${wrong}-3` }],
    ['nothing that is COMPOSITE', { 'x-amz-checksum-crc32': wrong, 'x-amz-checksum-type': 'COMPOSITE' }],
    ['nothing that is not known', { 'x-amz-checksum-xxhash128': wrong }],
  ])('%s', ([, headers]) => {
    expect(verify('A=1\n', headers)).not.toThrow();
  });

  test.for<[string, Record<string, string>]>([
    ['FULL_OBJECT', { 'x-amz-checksum-crc32': wrong, 'x-amz-checksum-type': 'FULL_OBJECT' }],
    ['each of several', { 'x-amz-checksum-crc32': 'ZYAAAA==', 'x-amz-checksum-sha1': wrong }],
    ['an empty one', { 'x-amz-checksum-crc32': '' }],
    ['one of another length', { 'x-amz-checksum-crc32': 'AAAA' }],
    ['one that is not base64', { 'x-amz-checksum-crc32': '!' }],
  ])('%s', ([, headers]) => {
    expect(verify('A=1\n', headers)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });
});

// With a BigInt for each byte it would be a hundred times as much.
test('64 bits take not many times the work of 32', async () => {
  const body = new Uint8Array(2 * 1024 * 1024);
  const ratio = await workRatio(
    () => crc64nvme(body),
    () => crc32c(body),
  );
  expect(ratio).toBeLessThan(12);
});

import { describe, expect, test } from 'vitest';
import { isLoopback, type ProxyVariables } from '../../src/net/local.ts';
import { proxyFor } from '../../src/net/proxy.ts';

const PROXY = 'http://proxy.test:3128';
const through = (url: string, variables: ProxyVariables) => proxyFor(new URL(url), variables);

describe('which variable', () => {
  test.for<[string, ProxyVariables, string | undefined]>([
    ['https://s3.test', {}, undefined],
    ['https://s3.test', { HTTPS_PROXY: PROXY }, PROXY],
    ['https://s3.test', { https_proxy: PROXY }, PROXY],
    ['https://s3.test', { https_proxy: PROXY, HTTPS_PROXY: 'http://other.test' }, PROXY],
    ['https://s3.test', { https_proxy: '', HTTPS_PROXY: PROXY }, PROXY],
    ['https://s3.test', { HTTP_PROXY: PROXY, http_proxy: PROXY }, undefined],
    ['http://s3.test', { HTTP_PROXY: PROXY }, PROXY],
    ['http://s3.test', { http_proxy: PROXY }, PROXY],
    ['http://s3.test', { HTTPS_PROXY: PROXY }, undefined],
    ['https://s3.test', { ALL_PROXY: PROXY }, PROXY],
    ['http://s3.test', { all_proxy: PROXY }, PROXY],
    ['https://s3.test', { ALL_PROXY: 'http://other.test', HTTPS_PROXY: PROXY }, PROXY],
    ['https://s3.test', { HTTPS_PROXY: 'proxy.test:3128' }, PROXY],
    ['https://s3.test', { HTTPS_PROXY: 'https://joe:p%40ss@proxy.test' }, 'https://joe:p%40ss@proxy.test'],
  ])('%s with %o', ([url, variables, proxy]) => {
    expect(through(url, variables)).toBe(proxy);
  });

  test.for(['socks5://proxy.test', 'ftp://proxy.test', 'http://', 'http://%%%', 'pr oxy'])(
    '%j is not a valid proxy, and is not shown',
    (proxy) => {
      const call = () => through('https://s3.test', { HTTPS_PROXY: proxy });
      const message = 'the proxy for https: is not an http: or https: URL';
      expect(call).toThrow(expect.objectContaining({ code: 'configuration', message }));
    },
  );
});

describe('this host is asked directly', () => {
  test.for([
    'http://localhost:9000',
    'http://LOCALHOST',
    'http://s3.localhost',
    'http://127.0.0.1',
    'http://127.1.2.3:80',
    'http://[::1]:9000',
    'http://169.254.169.254/latest',
    'http://169.254.170.2/v2/credentials/x',
    'http://169.254.170.23/v1/credentials',
    'http://[fd00:ec2::254]/latest',
    'http://[fd00:ec2::23]/v1/credentials',
    'http://[fe80::1]/',
  ])('%s', (url) => {
    expect(through(url, { HTTP_PROXY: PROXY, ALL_PROXY: PROXY })).toBeUndefined();
  });

  test.for([
    'http://10.0.0.1',
    'http://128.0.0.1',
    'http://localhost.test',
    'http://notlocalhost',
    'http://127.0.0.1.test',
    'http://169.255.1.1',
    'http://[fd00::1]',
  ])('but not %s', (url) => {
    expect(through(url, { HTTP_PROXY: PROXY })).toBe(PROXY);
  });
});

describe('NO_PROXY', () => {
  test.for([
    ['*', 'https://s3.test'],
    ['s3.test', 'https://s3.test'],
    ['S3.TEST', 'https://s3.test'],
    ['test', 'https://s3.test'],
    ['.test', 'https://s3.test'],
    ['*.test', 'https://a.s3.test'],
    ['s3.test', 'https://snacks.s3.test'],
    ['s3.test:443', 'https://s3.test'],
    ['s3.test:9000', 'https://s3.test:9000'],
    ['s3.test:80', 'http://s3.test'],
    ['a.test,s3.test', 'https://s3.test'],
    ['a.test , s3.test', 'https://s3.test'],
    ['a.test s3.test', 'https://s3.test'],
    [',,s3.test,', 'https://s3.test'],
    ['10.0.0.1', 'https://10.0.0.1'],
    ['10.0.0.0/8', 'https://10.255.255.255'],
    ['10.0.0.0/8:443', 'https://10.1.2.3'],
    ['192.168.1.0/24', 'https://192.168.1.77'],
    ['192.168.1.77/32', 'https://192.168.1.77'],
    ['0.0.0.0/0', 'https://8.8.8.8'],
  ] as const)('%s excepts %s', ([NO_PROXY, url]) => {
    expect(through(url, { ALL_PROXY: PROXY, NO_PROXY })).toBeUndefined();
    expect(through(url, { ALL_PROXY: PROXY, no_proxy: NO_PROXY })).toBeUndefined();
  });

  test.for([
    ['', 'https://s3.test'],
    [',', 'https://s3.test'],
    ['a.s3.test', 'https://s3.test'],
    ['3.test', 'https://s3.test'],
    ['s3.test:443', 'https://s3.test:9000'],
    ['s3.test:443', 'http://s3.test'],
    ['s3.test.', 'https://s3.test'],
    ['10.0.0.0/8', 'https://11.0.0.1'],
    ['192.168.1.0/24', 'https://192.168.2.1'],
    ['10.0.0.0/x', 'https://10.0.0.1'],
    ['10.0.0.0/8', 'https://s3.test'],
    ['10.0.0', 'https://10.0.0.1'],
  ] as const)('%j does not except %s', ([NO_PROXY, url]) => {
    expect(through(url, { ALL_PROXY: PROXY, NO_PROXY })).toBe(PROXY);
  });

  test('in small letters comes first', () => {
    const variables = { ALL_PROXY: PROXY, no_proxy: 'other.test', NO_PROXY: 's3.test' };
    expect(through('https://s3.test', variables)).toBe(PROXY);
  });
});

test.for([
  ['localhost', true],
  ['a.localhost', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['[::1]', true],
  ['localhost.test', false],
  ['127.0.0.1.test', false],
  ['1127.0.0.1', false],
  ['169.254.169.254', false],
  ['0.0.0.0', false],
  ['[::ffff:7f00:1]', false],
] as const)('isLoopback(%s) is %s', ([hostname, expected]) => {
  expect(isLoopback(hostname)).toBe(expected);
});

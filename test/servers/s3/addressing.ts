/**
 * Which bucket, key and region a request means, from its Host header and its path.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */

import { type Received, splitOnce } from '../http/exchange.ts';
import { S3Error } from './errors.ts';

export interface Place {
  /** Empty: the service itself. */
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  /** The endpoint's region, which need not be the bucket's. */
  readonly region: string;
  /** The Host without its bucket or access point. */
  readonly endpointHost: string;
  readonly style: 'path' | 'virtual';
}

/** With `bucket` or `point` the name is in the Host; what follows it is the endpoint. */
const HOSTS: readonly RegExp[] = [
  /^(?<point>.+-\d{12})\.(?<endpoint>s3-accesspoint(-fips)?(\.dualstack)?\.(?<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?)$/,
  /^((?<bucket>.+)\.)?(?<endpoint>s3(-fips)?(\.dualstack)?[.-](?<region>[a-z]+(-[a-z]+)+-\d)\.amazonaws\.com(\.cn)?)$/,
  /^((?<bucket>.+)\.)?(?<endpoint>s3\.amazonaws\.com)$/,
  /^(?<bucket>.+)\.(?<endpoint>localhost)$/,
];

export function locate(request: Received, accessPoints: ReadonlyMap<string, string>): Place {
  const [host, port] = splitOnce(request.host.toLowerCase(), ':');
  const { point, bucket, endpoint = host, region = request.region } = parseHost(host);
  const named = point === undefined ? bucket : accessPoints.get(point);
  if (point !== undefined && named === undefined)
    throw new S3Error('InvalidRequest', {}, 'The specified accesspoint name or account is not valid');
  const endpointHost = port === undefined ? endpoint : `${endpoint}:${port}`;
  const path = request.path.slice(1);
  if (named !== undefined)
    return { bucket: named, key: decode(path), region, endpointHost, style: 'virtual' };
  const [first, rest = ''] = splitOnce(path, '/');
  return { bucket: decode(first), key: decode(rest), region, endpointHost, style: 'path' };
}

function parseHost(host: string): NonNullable<RegExpExecArray['groups']> {
  return HOSTS.map((pattern) => pattern.exec(host)?.groups).find((groups) => groups !== undefined) ?? {};
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}

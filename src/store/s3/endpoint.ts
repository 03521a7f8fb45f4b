/** The target of an S3 object's GET: host, path and signing region. Pure. */

import { dnsSuffixOf } from '../../aws/partitions.ts';
import { parseArn } from '../../keys/arn.ts';

export interface S3Target {
  /** A bucket's name, or the ARN of an access point. */
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
}

export interface S3EndpointOptions {
  readonly region: string;
  /** A custom endpoint, from the URI, the environment or the profile. */
  readonly endpoint: string | undefined;
  readonly useFips: boolean;
  readonly useDualStack: boolean;
  readonly addressingStyle: 'auto' | 'path' | 'virtual';
}

export interface S3Location {
  readonly url: URL;
  readonly region: string;
}

/**
 * `undefined` for what only the SDK knows: multi-region access points (SigV4a), Outposts, Object Lambda, directory
 * buckets, FIPS in China, pseudo-regions and regions of no known form, ARNs at custom endpoints. The rules are those of
 * the SDK's rule set, and a test compares the two. https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function locateS3(target: S3Target, options: S3EndpointOptions): S3Location | undefined {
  const location = target.bucket.startsWith('arn:')
    ? locateAccessPoint(target.bucket, options)
    : locateBucket(target.bucket, options);
  if (location === undefined) return undefined;
  const { url, region } = location;
  const path = `${withoutSlash(url.pathname)}/${encodeKey(target.key)}`;
  url.pathname = path;
  // A key such as a/../b names an object, but URLs fold it into another one.
  if (url.pathname !== path) return undefined;
  if (target.versionId !== undefined) url.search = `versionId=${encodeRfc3986(target.versionId)}`;
  return { url, region };
}

function locateBucket(bucket: string, options: S3EndpointOptions): S3Location | undefined {
  const { region, endpoint, useFips, useDualStack, addressingStyle } = options;
  if (/--(x-s3|xa-s3|op-s3)$/.test(bucket) || region.endsWith('-global')) return undefined;
  const host = endpoint === undefined ? awsHost('s3', options) : undefined;
  if (endpoint === undefined ? host === undefined : useFips || useDualStack) return undefined;
  const url = new URL(endpoint ?? `https://${host}`);
  const mayBeVirtual = addressingStyle === 'auto' ? endpoint === undefined : addressingStyle === 'virtual';
  if (mayBeVirtual && isHostable(bucket, url)) url.hostname = `${bucket}.${url.hostname}`;
  else url.pathname = `${withoutSlash(url.pathname)}/${encodeKey(bucket)}/`;
  return { url, region };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-usage-examples.html */
function locateAccessPoint(bucket: string, options: S3EndpointOptions): S3Location | undefined {
  const arn = parseArn(bucket);
  const name = /^accesspoint[:/]([a-z0-9-]{3,50})$/.exec(arn?.resource ?? '')?.[1];
  if (arn === undefined || arn.service !== 's3' || arn.region === '' || arn.account === '') return undefined;
  if (name === undefined || options.endpoint !== undefined) return undefined;
  const host = awsHost('s3-accesspoint', { ...options, region: arn.region });
  if (host === undefined) return undefined;
  return { url: new URL(`https://${name}-${arn.account}.${host}`), region: arn.region };
}

function awsHost(service: string, { region, useFips, useDualStack }: S3EndpointOptions): string | undefined {
  const suffix = dnsSuffixOf(region);
  if (suffix === undefined || (useFips && suffix.endsWith('.cn'))) return undefined;
  return `${service}${useFips ? '-fips' : ''}${useDualStack ? '.dualstack' : ''}.${region}.${suffix}`;
}

/**
 * Whether the bucket can be a part of the host name. With a dot in it, it would not match the certificate for
 * `*.s3.REGION.amazonaws.com`, and an IP address has no subdomains.
 */
function isHostable(bucket: string, { protocol, hostname }: URL): boolean {
  const labels = bucket.split('.');
  const isAddress = /^[\d.]+$|^\[/.test(hostname);
  return !isAddress && (protocol === 'http:' || labels.length === 1) && labels.every(isLabel);
}

function isLabel(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/.test(text);
}

function withoutSlash(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}

/** A key in a path: the slash stays. Most keys need nothing, and this runs at each startup. */
export function encodeKey(key: string): string {
  if (/^[\w.~/-]*$/.test(key)) return key;
  return key.split('/').map(encodeRfc3986).join('/');
}

/** All but the unreserved characters, as SigV4 wants it. */
export function encodeRfc3986(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

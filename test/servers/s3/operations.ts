/** The table of operations. */

import type { Answer } from '../http/exchange.ts';
import {
  getBucketEncryption,
  getBucketLocation,
  getBucketPolicyStatus,
  getBucketVersioning,
  getPublicAccessBlock,
  headBucket,
  refuseExisting,
} from './buckets.ts';
import type { Call } from './call.ts';
import { deleteObject } from './delete-object.ts';
import { S3Error } from './errors.ts';
import { getObject, getObjectTagging, headObject } from './get-object.ts';
import { listObjectsV2, listObjectVersions } from './listing.ts';
import { putObject } from './put-object.ts';

/** SSE-C is not done here, and must not look as if it were. */
const CUSTOMER_KEY_HEADERS = 'x-amz-server-side-encryption-customer-';

interface Operation {
  readonly method: string;
  readonly on: 'bucket' | 'object';
  /** A query parameter, and the value it must have. */
  readonly query?: readonly [name: string, value: string];
  readonly run: (call: Call) => Answer;
}

const OPERATIONS: readonly Operation[] = [
  { method: 'GET', on: 'bucket', query: ['list-type', '2'], run: listObjectsV2 },
  { method: 'GET', on: 'bucket', query: ['versions', ''], run: listObjectVersions },
  { method: 'GET', on: 'bucket', query: ['location', ''], run: getBucketLocation },
  { method: 'GET', on: 'bucket', query: ['versioning', ''], run: getBucketVersioning },
  { method: 'GET', on: 'bucket', query: ['encryption', ''], run: getBucketEncryption },
  { method: 'GET', on: 'bucket', query: ['publicAccessBlock', ''], run: getPublicAccessBlock },
  { method: 'GET', on: 'bucket', query: ['policyStatus', ''], run: getBucketPolicyStatus },
  { method: 'HEAD', on: 'bucket', run: headBucket },
  { method: 'PUT', on: 'bucket', run: refuseExisting },
  { method: 'GET', on: 'object', run: getObject },
  { method: 'GET', on: 'object', query: ['tagging', ''], run: getObjectTagging },
  { method: 'HEAD', on: 'object', run: headObject },
  { method: 'PUT', on: 'object', run: putObject },
  { method: 'DELETE', on: 'object', run: deleteObject },
];

/** Query parameters that make another operation of a request; without this list `?acl` would be a plain GET. */
const SUBRESOURCES = new Set([
  ...[
    'acl',
    'attributes',
    'cors',
    'delete',
    'encryption',
    'legal-hold',
    'lifecycle',
    'list-type',
    'location',
    'logging',
  ],
  ...[
    'notification',
    'object-lock',
    'partNumber',
    'policy',
    'policyStatus',
    'publicAccessBlock',
    'replication',
  ],
  ...[
    'requestPayment',
    'restore',
    'retention',
    'select',
    'tagging',
    'torrent',
    'uploadId',
    'uploads',
    'versioning',
  ],
  ...['versions', 'website'],
]);

export function perform(method: string, call: Call): Answer {
  const on = call.key === '' ? 'bucket' : 'object';
  const asked = OPERATIONS.find((row) => row.method === method && row.on === on && isAsked(row, call.query));
  const customerKey = Object.keys(call.headers).some((name) => name.startsWith(CUSTOMER_KEY_HEADERS));
  if (asked === undefined || customerKey) throw new S3Error('NotImplemented');
  return asked.run(call);
}

/** True when the request is about the bucket or the object itself. */
export function isPlain(query: URLSearchParams): boolean {
  return subresources(query).length === 0;
}

function isAsked({ query }: Operation, given: URLSearchParams): boolean {
  if (query === undefined) return isPlain(given);
  return subresources(given).join() === query[0] && given.get(query[0]) === query[1];
}

function subresources(query: URLSearchParams): string[] {
  return [...query.keys()].filter((name) => SUBRESOURCES.has(name));
}

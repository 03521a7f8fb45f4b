/** The REST side of Cloud KMS: https://docs.cloud.google.com/kms/docs/reference/rest */

import { faultError } from '../google/refusals.ts';
import { errorAnswer, StatusError } from '../google/status.ts';
import { type Answer, json, type Received } from '../http/exchange.ts';
import type { Behaviour } from '../http/service.ts';
import { type CloudKmsState, methodOf, perform } from './call.ts';
import type { Input, Output } from './operations.ts';

interface Route {
  readonly operation: string;
  readonly name: string;
}

const PREFIX = '/v1/';
const KEY = 'projects/[^/:]+/locations/[^/:]+/keyRings/[^/:]+/cryptoKeys/[^/:]+';
const VERSION = `${KEY}/cryptoKeyVersions/[^/:]+`;
/** From the `google.api.http` options in `service.proto`. */
const ROUTES: readonly { method: string; path: RegExp; operation: string }[] = [
  { method: 'POST', path: new RegExp(`^/v1/(${KEY}):decrypt$`), operation: 'Decrypt' },
  { method: 'POST', path: new RegExp(`^/v1/(${KEY}|${VERSION}):encrypt$`), operation: 'Encrypt' },
  { method: 'GET', path: new RegExp(`^/v1/(${KEY})$`), operation: 'GetCryptoKey' },
  { method: 'GET', path: new RegExp(`^/v1/(${VERSION})$`), operation: 'GetCryptoKeyVersion' },
];

const BYTES = ['plaintext', 'ciphertext', 'additionalAuthenticatedData'];
const CHECKSUMS = BYTES.map((field) => `${field}Crc32c`);
const BASE64 = /^[\w+/-]*={0,2}$/;
/** https://github.com/googleapis/googleapis/blob/master/google/cloud/kms/v1/resources.proto */
const ENUMS: Readonly<Record<string, readonly string[]>> = {
  protectionLevel: ['PROTECTION_LEVEL_UNSPECIFIED', 'SOFTWARE', 'HSM'],
  purpose: ['CRYPTO_KEY_PURPOSE_UNSPECIFIED', 'ENCRYPT_DECRYPT'],
  algorithm: ['CRYPTO_KEY_VERSION_ALGORITHM_UNSPECIFIED', 'GOOGLE_SYMMETRIC_ENCRYPTION'],
  state: [
    'CRYPTO_KEY_VERSION_STATE_UNSPECIFIED',
    'ENABLED',
    'DISABLED',
    'DESTROYED',
    'DESTROY_SCHEDULED',
    'PENDING_GENERATION',
  ],
};

/** `state` is asked for on every request, because a reset replaces it. */
export function cloudKmsBehaviour(state: () => CloudKmsState): Behaviour {
  return {
    subject: ({ path }) => (path.startsWith(PREFIX) ? decodePath(path).slice(PREFIX.length) : path),
    answer: (request) => {
      const route = routeOf(request);
      // What no method answers to never reaches the API: the page is the front end's.
      if (route === undefined) return notRouted(request);
      try {
        const input = inputOf(route, request);
        return reply(perform(route.operation, input, request.headers.authorization, state()), request);
      } catch (error) {
        if (error instanceof StatusError) return errorAnswer(error);
        throw error;
      }
    },
    refuse: (request, status, code) =>
      errorAnswer(faultError(methodOf(routeOf(request)?.operation ?? ''), status, code)),
  };
}

function routeOf(request: Received): Route | undefined {
  for (const { method, path, operation } of ROUTES) {
    const name = request.method === method ? path.exec(decodePath(request.path))?.[1] : undefined;
    if (name !== undefined) return { operation, name };
  }
  return undefined;
}

function inputOf({ name }: Route, { method, body }: Received): Input {
  const fields = method === 'GET' ? {} : parse(body);
  const unknown = Object.keys(fields).find((field) => ![...BYTES, ...CHECKSUMS, 'name'].includes(field));
  if (unknown !== undefined) throw unknownName(unknown);
  return {
    name,
    bytes: Object.fromEntries(
      BYTES.filter((field) => field in fields).map((field) => [field, base64(field, fields[field])]),
    ),
    checksums: Object.fromEntries(
      CHECKSUMS.filter((field) => field in fields).map((field) => [field, String(fields[field])]),
    ),
  };
}

function parse(body: Buffer): Record<string, unknown> {
  try {
    return JSON.parse(body.toString() || '{}');
  } catch {
    throw new StatusError('INVALID_ARGUMENT', 'Invalid JSON payload received. Unexpected token.');
  }
}

/** Both alphabets, with and without padding: https://protobuf.dev/programming-guides/json/ */
function base64(field: string, value: unknown): Buffer {
  if (typeof value === 'string' && BASE64.test(value)) return Buffer.from(value, 'base64');
  throw new StatusError(
    'INVALID_ARGUMENT',
    `Invalid value at '${field}' (TYPE_BYTES), Base64 decoding failed for "${value}"`,
  );
}

function unknownName(field: string): StatusError {
  const message = `Invalid JSON payload received. Unknown name "${field}": Cannot find field.`;
  return new StatusError('INVALID_ARGUMENT', message);
}

function reply(output: Output | undefined, { query }: Received): Answer {
  const numeric = query.get('$alt')?.includes('enum-encoding=int') ?? false;
  const headers = { 'content-type': 'application/json; charset=UTF-8' };
  return json(200, toJson(output ?? {}, numeric), headers);
}

/** A field that has its default value is left out; a wrapped number is there even when it is 0. */
function toJson(message: Output, numeric: boolean): Output {
  const fields = Object.entries(message).map(([name, value]) => [name, toValue(name, value, numeric)]);
  return Object.fromEntries(fields.filter(([, value]) => value !== '' && value !== false));
}

function toValue(name: string, value: unknown, numeric: boolean): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (typeof value === 'object') return toJson(value as Output, numeric);
  return numeric && name in ENUMS ? ENUMS[name]?.indexOf(String(value)) : value;
}

function notRouted({ path }: Received): Answer {
  const body = `<!DOCTYPE html>\n<title>Error 404 (Not Found)!!1</title>\n<p>The requested URL <code>${encodeURI(path)}</code> was not found on this server.\n`;
  return { status: 404, headers: { 'content-type': 'text/html; charset=UTF-8' }, body: Buffer.from(body) };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

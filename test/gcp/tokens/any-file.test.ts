/** Credential files with anything in any of their fields, and services that answer with anything. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { EnvsealError } from '../../../src/errors.ts';
import { tokenChain } from '../../../src/gcp/credentials/chain.ts';
import { Deadline } from '../../../src/net/deadline.ts';
import { Http } from '../../../src/net/http.ts';
import { nodeSystem } from '../../../src/system/node/system.ts';
import {
  authorizedUserFile,
  awsExternalAccount,
  CLIENT_SECRET,
  type CredentialFile,
  fileExternalAccount,
  impersonatedFile,
  REFRESH_TOKEN,
  serviceAccountFile,
  urlExternalAccount,
} from '../../servers/google/credential-files.ts';
import { CANARY } from '../ask.ts';

const folder = mkdtempSync(join(tmpdir(), 'envseal-gcp-'));
afterAll(() => rmSync(folder, { recursive: true }));
const subject = join(folder, 'subject');
writeFileSync(subject, CANARY);

const METADATA = 'http://169.254.169.254';
const ACCOUNT = 'a@b.iam.gserviceaccount.com';
const URL = 'https://sts.example.com';
const FILES: readonly CredentialFile[] = [
  serviceAccountFile(URL),
  authorizedUserFile(),
  { ...authorizedUserFile(), type: 'external_account_authorized_user', token_url: URL },
  fileExternalAccount(URL, subject, { impersonate: ACCOUNT }),
  urlExternalAccount(URL, { field: 'id' }),
  awsExternalAccount(URL, { metadataUrl: METADATA }),
  impersonatedFile(URL, fileExternalAccount(URL, subject)),
];
/** Nothing that a message may hold: no name of a host, and no path. */
const SECRETS = ['', '\r\nx: y', ' ', '{"a":1}', '"', '@x', '\ud800'].map((end) => CANARY + end);

const BROKEN_KEY = `-----BEGIN PRIVATE KEY-----\n${CANARY}AA\n-----END PRIVATE KEY-----`;

const value = fc.oneof(
  fc.constantFrom(BROKEN_KEY, BROKEN_KEY.replaceAll('PRIVATE', 'RSA PRIVATE')),
  fc.constantFrom(...SECRETS, `https://u:${CANARY}@x.example.com/${CANARY}`, `data:,${CANARY}`),
  fc.constantFrom('', null, true, 0, -1, 1e21, [], {}, [CANARY], { [CANARY]: CANARY }),
  fc.constantFrom('http://x.example.com', 'https://[', '/dev/zero', '/', 'aws1', 'json', '..'),
  fc.jsonValue(),
);

/** Where there are fields: in the file, its source, its format, and the file in the file. */
const PLACES = [[], ['credential_source'], ['credential_source', 'format'], ['source_credentials']];

interface Change {
  readonly place: readonly string[];
  readonly field: number;
  readonly value: unknown;
}

function change(file: CredentialFile, { place, field, value }: Change): CredentialFile {
  const [first, ...rest] = place;
  if (first !== undefined) {
    const inner = file[first];
    if (typeof inner !== 'object' || inner === null) return file;
    return { ...file, [first]: change(inner as CredentialFile, { place: rest, field, value }) };
  }
  const names = Object.keys(file);
  return { ...file, [names[field % Math.max(names.length, 1)] ?? 'x']: value };
}

const changes = fc.array(fc.record({ place: fc.constantFrom(...PLACES), field: fc.nat(20), value }), {
  maxLength: 3,
});

const answer = fc.oneof(
  fc.constantFrom<[number, unknown]>(
    [200, { access_token: 'ya29.a', accessToken: 'ya29.b', id: CANARY }],
    [200, { AccessKeyId: 'AKIA', SecretAccessKey: CANARY, Token: CANARY }],
    [200, { access_token: `${CANARY}\n` }],
    [400, { error: 'invalid_grant', error_description: CANARY }],
    [401, { error: 'invalid_client' }],
    [403, { error: { status: 'PERMISSION_DENIED', message: CANARY } }],
    [404, CANARY],
  ),
  fc.tuple(fc.constantFrom(200, 204, 302, 400, 403, 404), value),
);

/** What the chain gives or throws, and the URLs that it asked. */
async function askWith(json: string, answers: readonly (readonly [number, unknown])[]) {
  const asked: string[] = [];
  const fetch = async (url: string) => {
    asked.push(url);
    const [status, body] = answers[Math.min(asked.length, answers.length) - 1] ?? [404, ''];
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return new Response(status === 204 ? null : text, { status });
  };
  const variables = { GOOGLE_CREDENTIALS: ` ${json}`, AWS_REGION: 'eu-west-1' };
  const system = { ...nodeSystem, fetch };
  const http = new Http({ system, variables, allowInsecureEndpoint: false });
  const deadline = new Deadline(30);
  const asking = tokenChain({ variables, http, deadline, system })();
  const result = await asking.then(({ token }) => token.reveal()).catch((error: unknown) => error);
  deadline.clear();
  return { result, asked };
}

function checkError({ code, message, hint }: EnvsealError): void {
  expect(['credentials', 'denied', 'configuration', 'unreachable']).toContain(code);
  for (const secret of [CANARY, CLIENT_SECRET, REFRESH_TOKEN, 'PRIVATE KEY', 'ya29.'])
    expect(`${message} ${hint}`).not.toContain(secret);
  expect(message).not.toMatch(/\n|\.$/);
  expect(hint).toBeTruthy();
}

const SAFE = /^(https:\/\/|http:\/\/(169\.254\.169\.254|127\.\d+\.\d+\.\d+|localhost)[/:])/;

test('no file and no answer makes anything but a token, or an error without a secret', async () => {
  const answers = fc.array(answer, { minLength: 1, maxLength: 5 });
  const seen = { tokens: 0, errors: 0 };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...FILES), changes, answers, async (file, list, replies) => {
      const { result, asked } = await askWith(JSON.stringify(list.reduce(change, file)), replies);
      for (const url of asked) expect(url).toMatch(SAFE);
      seen[typeof result === 'string' ? 'tokens' : 'errors']++;
      if (typeof result === 'string') expect(result).toMatch(/^[\x21-\x7e]+$/);
      else if (result instanceof EnvsealError) checkError(result);
      else throw result;
    }),
    { numRuns: 2000 },
  );
  // Both happen, or this has tried nothing.
  expect([seen.tokens > 20, seen.errors > 200]).toEqual([true, true]);
});

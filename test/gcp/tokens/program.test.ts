/** The token of a program, where the small executable has a stand-in for the library that runs it. */
import { expect, test, vi } from 'vitest';
import { NeedsFullProgram } from '../../../src/needs-full-program.ts';
import { fileExternalAccount, impersonatedFile } from '../../servers/google/credential-files.ts';
import { startGoogleTokens } from '../../servers/start.ts';
import { getToken } from '../ask.ts';

vi.mock('../../../src/gcp/credentials/library.ts', () => ({
  runProgram: () => Promise.reject(new NeedsFullProgram('credentials from a program')),
}));

test('is asked for in the full program, before anything is sent', async () => {
  await using tokens = await startGoogleTokens();
  const source = { executable: { command: '/bin/true', timeout_millis: 5000 } };
  const file = { ...fileExternalAccount(tokens.url, '/x'), credential_source: source };
  const allowed = { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1' };
  const impersonate = {
    CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT: 'a@b.iam.gserviceaccount.com',
    CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS: tokens.url,
  };
  for (const [credentials, more] of [
    [file, {}],
    [impersonatedFile(tokens.url, file), {}],
    [file, impersonate],
  ] as const) {
    const variables = { GOOGLE_CREDENTIALS: JSON.stringify(credentials), ...allowed, ...more };
    await expect(getToken(variables)).rejects.toThrow(new NeedsFullProgram('credentials from a program'));
    const { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: _, ...forbidden } = variables;
    await expect(getToken(forbidden)).rejects.toMatchObject({ code: 'credentials' });
  }
  expect(await tokens.requests()).toEqual([]);
});

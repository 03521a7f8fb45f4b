/**
 * What Google's library still does for a token: the subject token of a workload whose file names a program to run. Only
 * the program is its matter; what comes of its token is asked for by us. The small executable has a stand-in that throws
 * NeedsFullProgram.
 * https://google.aip.dev/auth/4117#determining-the-subject-token-in-executable-sourced-credentials
 */
import { withDeadline } from '../net/deadline.ts';
import type { TokenSources } from './access-token.ts';
import type { CredentialFile } from './credential-file.ts';
import { because } from './token-failure.ts';

/** Throws `credentials`, or the deadline's reason. The library's own errors quote what the program wrote. */
export async function runProgram(file: CredentialFile, { deadline }: TokenSources): Promise<string> {
  // A CommonJS module in a bundle has nothing but its default export.
  const { default: library } = await import('google-auth-library');
  try {
    const options = { ...file.fields, transporter: {}, useAuthRequestParameters: false };
    const client = new library.PluggableAuthClient(options as never);
    // The program does not know our signal.
    return await withDeadline(client.retrieveSubjectToken(), deadline);
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    throw because(`the program of ${file.name} gave no token`, 'run it by hand to see why it fails', error);
  }
}

/**
 * Executable-sourced credentials: Google's library runs the program that the file names, and the exchange of what it prints
 * is ours. The small executable has a stand-in that throws NeedsFullProgram.
 * https://google.aip.dev/auth/4117#determining-the-subject-token-in-executable-sourced-credentials
 */
import { withDeadline } from '../../net/deadline.ts';
import { toByteString } from '../../system/bytes.ts';
import { ErrnoError, type System } from '../../system/system.ts';
import { because } from './errors.ts';
import { type CredentialFields, type CredentialFile, sourceIn } from './file.ts';
import type { TokenSources } from './token.ts';

/** Throws `credentials`, or the deadline's reason. The library's own errors quote what the program wrote. */
export async function runProgram(file: CredentialFile, { deadline, system }: TokenSources): Promise<string> {
  checkProgram(file, system);
  // A CommonJS module in a bundle has nothing but its default export.
  const { default: library } = await import('google-auth-library');
  try {
    const options = { ...file.fields, transporter: {}, useAuthRequestParameters: false };
    const client = new library.PluggableAuthClient(options as never);
    // The program does not know our signal.
    return await withDeadline(client.retrieveSubjectToken(), deadline);
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    throw because(
      `the program in ${file.name} returned no token`,
      'run it by hand to see why it fails',
      error,
    );
  }
}

/** The library has no handler for a program that cannot be started: the error would be the process's last. */
function checkProgram({ fields, name }: CredentialFile, system: System): void {
  const { command } = sourceIn(fields).executable as CredentialFields;
  const [, quoted, word] = /^\s*(?:"([^"]*)"|([^\s"]+))/.exec(String(command)) ?? [];
  const path = quoted ?? word ?? '';
  // Others are looked up in PATH, by the library.
  if (!path.includes('/')) return;
  try {
    system.checkExecutable(toByteString(path));
  } catch (error) {
    const reason = error instanceof ErrnoError ? error.errno : 'EIO';
    throw because(
      `cannot run the program in ${name}: ${reason}`,
      'credential_source.executable.command must be the absolute path of a program in the container',
      error,
    );
  }
}

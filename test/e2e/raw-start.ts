/**
 * Run by Bun: `raw-start.ts '{"argv": […], "environ": […]}'` becomes a program with exactly these strings, also where
 * no shell and no runtime would give such an environment: a name twice, or an entry without `=`. With
 * `"forbidsWritableCode": true` no memory of the program can be both written and executed, as under systemd's
 * MemoryDenyWriteExecute; exits 77 where the kernel cannot do that (Linux before 6.3).
 */
import { dlopen } from 'bun:ffi';
import { loadBun } from '../../src/system/bun.ts';
import { cStrings } from '../../src/system/c-strings.ts';

const { argv, environ, forbidsWritableCode } = JSON.parse(process.argv[2] as string);
if (forbidsWritableCode) forbidWritableCode();
loadBun().execve(argv[0], cStrings(argv), cStrings(environ));

/** https://man7.org/linux/man-pages/man2/PR_SET_MDWE.2const.html */
function forbidWritableCode(): void {
  const [PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN] = [65, 1];
  const { prctl } = dlopen('libc.so.6', {
    prctl: { args: ['i32', 'u64', 'u64', 'u64', 'u64'], returns: 'i32' },
  } as const).symbols;
  if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0) !== 0) process.exit(77);
}

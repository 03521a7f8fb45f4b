/** Errors for a command that cannot be executed. Loaded when that happens. */
import { EnvsealError } from '../errors.ts';
import type { ByteString } from '../system/byte-string.ts';
import { textOf } from '../system/bytes.ts';
import { ErrnoError } from '../system/system.ts';

/** `failures`: of each file that was tried, the last of which that says something counts. */
export function explainLookUp(command: ByteString, failures: readonly unknown[]): EnvsealError {
  let problem: EnvsealError | undefined;
  for (const failure of failures) problem = explain(command, failure) ?? problem;
  return problem ?? notFound(command);
}

/** The user's view of execve's error. */
export function explainExec(command: ByteString, error: unknown): EnvsealError {
  const errno = error instanceof ErrnoError ? error.errno : 'EIO';
  switch (errno) {
    case 'ENOENT':
      return new EnvsealError(
        'command_not_found',
        `cannot execute ${quote(command)}: its interpreter is missing`,
        {
          hint: "check the file's #! line, and that the image has the program's dynamic linker",
          cause: error,
        },
      );
    case 'ENOEXEC':
      return new EnvsealError(
        'not_executable',
        `cannot execute ${quote(command)}: not a format this machine can run`,
        {
          hint: 'a script needs a #! line; a program must be built for this architecture',
          cause: error,
        },
      );
    case 'E2BIG':
      return new EnvsealError('too_large', "arguments and environment are over the kernel's limit", {
        hint: 'take fewer variables with --only or --exclude',
        cause: error,
      });
    default:
      return explain(command, error) ?? notFound(command);
  }
}

function explain(command: ByteString, error: unknown): EnvsealError | undefined {
  const errno = error instanceof ErrnoError ? error.errno : 'EIO';
  if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
  const [reason, hint] = REASONS[errno] ?? [errno, 'try to execute it without envseal'];
  return new EnvsealError('not_executable', `cannot execute ${quote(command)}: ${reason}`, {
    hint,
    cause: error,
  });
}

/** By `errno`: what is wrong, and what to do. */
const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EACCES: [
    'no permission',
    'check the mode of the file (chmod +x), of its folders and of its interpreter, the user, and noexec mounts',
  ],
  EISDIR: ['a directory', 'name the file to execute'],
  ENAMETOOLONG: ['the name is too long', 'name the file to execute, with each argument as a separate word'],
  ELOOP: ['too many symbolic links', 'look for a symbolic link that points to itself'],
  ETXTBSY: ['it is open for writing', 'start it after the process that writes the file has closed it'],
};

function notFound(command: ByteString): EnvsealError {
  return new EnvsealError('command_not_found', `command not found: ${quote(command)}`, {
    hint: 'check its spelling and the PATH of the container; no shell is involved, so shell builtins do not exist',
  });
}

/** The command's name is not a secret, but it can hold any byte. */
function quote(command: ByteString): string {
  return textOf(command).slice(0, 200);
}

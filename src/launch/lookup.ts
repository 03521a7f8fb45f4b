/** Finds the command's file as `execvp` does, with the command's own PATH. No shell is involved. */
import { EnvsealError } from '../errors.ts';
import { textOf } from '../system/bytes.ts';
import { type ByteString, ErrnoError, type System } from '../system/system.ts';

/** What container runtimes use when an image sets none. */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Throws `command_not_found` (127) or `not_executable` (126). */
export function lookUp(command: ByteString, environ: readonly ByteString[], system: System): ByteString {
  if (command === '') throw new EnvsealError('command_not_found', 'the command is empty');
  const directories = command.includes('/') ? [undefined] : pathOf(environ).split(':');
  let problem: EnvsealError | undefined;
  for (const directory of directories) {
    const candidate = directory === undefined ? command : `${directory === '' ? '.' : directory}/${command}`;
    try {
      system.checkExecutable(candidate);
      return candidate;
    } catch (error) {
      problem = explain(command, error) ?? problem;
    }
  }
  throw problem ?? notFound(command);
}

/** The first of two, as `getenv` has it. */
function pathOf(environ: readonly ByteString[]): string {
  for (const entry of environ) if (entry.startsWith('PATH=')) return entry.slice('PATH='.length);
  return DEFAULT_PATH;
}

/** What execve's refusal means for the user. */
export function explainExec(command: ByteString, error: unknown): EnvsealError {
  const errno = error instanceof ErrnoError ? error.errno : 'EIO';
  switch (errno) {
    case 'ENOENT':
      return new EnvsealError(
        'command_not_found',
        `cannot execute ${quote(command)}: its interpreter is missing`,
        {
          hint: "look at the file's #! line, or whether the image has the program's dynamic linker",
          cause: error,
        },
      );
    case 'ENOEXEC':
      return new EnvsealError(
        'not_executable',
        `cannot execute ${quote(command)}: not a format this machine runs`,
        {
          hint: 'a script needs a #! line; a program must be built for this architecture',
          cause: error,
        },
      );
    case 'E2BIG':
      return new EnvsealError('too_large', 'arguments and environment are over the limit of the kernel', {
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
  ENAMETOOLONG: ['the name is too long', 'name the file to execute, with each argument as a word of its own'],
  ELOOP: ['too many symbolic links', 'look for a symbolic link that leads to itself'],
  ETXTBSY: ['it is open for writing', 'start it when whatever writes the file has closed it'],
};

function notFound(command: ByteString): EnvsealError {
  return new EnvsealError('command_not_found', `command not found: ${quote(command)}`, {
    hint: 'check its spelling and the PATH the container has; no shell is involved, so builtins do not exist',
  });
}

/** The command's name is not a secret, but it can hold any byte. */
function quote(command: ByteString): string {
  return textOf(command).slice(0, 200);
}

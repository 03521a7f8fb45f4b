/** What a program hands to the kernel: every call that could carry a value out of it, as strace writes it down. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { folder } from './folder.ts';
import { type Outcome, type RunOptions, runWords } from './program.ts';

/**
 * Calls with which bytes leave a process: into files, pipes, sockets, other programs, the kernel's log, and the names of
 * files, whatever is asked of them (`%file`, which has execve). `mmap` of a file for writing has no bytes to show, so
 * `openedForWriting` looks at what is opened instead. Not the calls that read: a source is read, and has the value.
 */
const OUTGOING = [
  '%file,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,vmsplice,splice,tee,sendfile,copy_file_range',
  'connect,bind,fsetxattr,memfd_create,prctl,syslog,ptrace,process_vm_writev,add_key,keyctl,msgsnd,mq_timedsend',
  'io_uring_enter,sethostname,setdomainname,ioctl',
].join(',');

export interface Trace {
  readonly outcome: Outcome;
  /** One line a call, in order; text is as it was, except that what is not printable ASCII is `\xHH`. */
  readonly calls: readonly string[];
}

/** Runs a command to its end, with all its threads and children. Needs `available('strace')`. */
export async function trace(words: readonly string[], options: RunOptions = {}): Promise<Trace> {
  const log = join(folder(), 'log');
  // -v shows the environment of execve, -s whole buffers, -y the path of a descriptor, -qq no lines of strace's own.
  const strace = [
    'strace',
    '-f',
    '-v',
    '-y',
    '-qq',
    '-s',
    '1000000',
    '-o',
    log,
    '-e',
    `trace=${available(OUTGOING)}`,
  ];
  const outcome = await runWords([...strace, ...words], options);
  return { outcome, calls: joinUnfinished(readFileSync(log, 'latin1').trimEnd().split('\n')) };
}

/** A name that this architecture does not have is an error without the question mark. */
function available(calls: string): string {
  return calls
    .split(',')
    .map((call) => `?${call}`)
    .join(',');
}

/** `PID call(… <unfinished ...>` and `PID <... call resumed>…)` become one line. */
function joinUnfinished(lines: readonly string[]): string[] {
  const calls: string[] = [];
  const unfinished = new Map<string, number>();
  for (const line of lines) {
    const [pid = ''] = line.split(' ', 1);
    const at = unfinished.get(pid);
    if (at !== undefined && line.includes(' resumed>')) {
      calls[at] += line.slice(line.indexOf(' resumed>') + ' resumed>'.length);
      unfinished.delete(pid);
      continue;
    }
    if (line.endsWith(' <unfinished ...>')) unfinished.set(pid, calls.length);
    calls.push(line.replace(/ <unfinished \.\.\.>$/, ''));
  }
  return calls;
}

/** The calls that carry a text, which has to be printable ASCII. */
export function callsWith({ calls }: Trace, text: string): string[] {
  return calls.filter((call) => call.includes(text));
}

/** The name of a call: `execve` of `123 execve("/bin/true", …`. */
export function nameOf(call: string): string {
  return /^\d+ +(\w+)\(/.exec(call)?.[1] ?? call;
}

/** Files that were opened for writing, or made, and have a name. */
export function openedForWriting({ calls }: Trace): string[] {
  return calls
    .filter(
      (call) =>
        /^\d+ +(open|openat|openat2|creat)\(/.test(call) && /O_WRONLY|O_RDWR|O_CREAT|creat\(/.test(call),
    )
    .filter((call) => !/\) += -1 /.test(call))
    .map((call) => /"([^"]*)"/.exec(call)?.[1] ?? call);
}

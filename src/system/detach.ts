/**
 * Starts a process that is nobody's child: what `run` leaves behind to deliver events must not be something that the
 * command, which takes our place, would have to wait for. Loaded for that alone.
 *
 * libc has no call that forks twice, and JavaScript cannot run in a forked child. So it is 151 bytes of machine code that
 * make system calls and touch no memory.
 */
import { cString, libc } from './bun.ts';
import { functionsAt, openLibc, ptr } from './ffi.ts';
import { type ByteString, type Detached, ErrnoError } from './system.ts';

/**
 * `int detach(const char *file, char **argv, char **envp, int input, int null)`:
 *
 *     child = vfork();
 *     if (child == 0) {
 *       if (vfork() == 0) {
 *         setsid(); dup2(input, 0); dup2(null, 1); dup2(null, 2); close_range(3, ~0, 0);
 *         execve(file, argv, envp); _exit(127);
 *       }
 *       _exit(0);
 *     }
 *     if (child < 0) return child;
 *     while (wait4(child, 0, 0, 0) == -EINTR);
 *     return 0;
 *
 * A child of vfork shares our memory; this writes to none of it. System calls:
 * https://github.com/torvalds/linux/blob/master/arch/x86/entry/syscalls/syscall_64.tbl
 */
const DETACH_X64 = [
  '5341544989fc4989f14989d289cb', // push rbx; push r12; mov r12, rdi; mov r9, rsi; mov r10, rdx; mov ebx, ecx
  'b83a0000000f0585c0741d781789c7', // vfork; test eax, eax; je child; js done; mov edi, eax
  '31f631d24531d2b83d0000000f0583f8fc74ed31c0', // wait: xor esi, esi; xor edx, edx; xor r10d, r10d; wait4; cmp eax, -4; je wait; xor eax, eax
  '415c5bc3', // done: pop r12; pop rbx; ret
  'b83a0000000f0531ff85c0754d', // child: vfork; xor edi, edi; test eax, eax; jne exit
  'b8700000000f05', // setsid
  '89df31f6b8210000000f05', // mov edi, ebx; xor esi, esi; dup2
  '4489c7ffc6b8210000000f05', // mov edi, r8d; inc esi; dup2
  'ffc6b8210000000f05', // inc esi; dup2
  '8d7e01beffffffff31d2b8b40100000f05', // lea edi, [rsi + 1]; mov esi, -1; xor edx, edx; close_range
  '4c89e74c89ce4c89d2b83b0000000f05', // mov rdi, r12; mov rsi, r9; mov rdx, r10; execve
  'bf7f000000b83c0000000f05', // mov edi, 127; exit: exit
].join('');

const own = openLibc({
  mmap: { args: ['u64', 'u64', 'i32', 'i32', 'i32', 'i64_fast'], returns: 'u64' },
  mprotect: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
  memcpy: { args: ['u64', 'ptr', 'u64'], returns: 'ptr' },
  memfd_create: { args: ['ptr', 'i32'], returns: 'i32' },
  pwrite: { args: ['i32', 'ptr', 'u64', 'i64_fast'], returns: 'i64_fast' },
});

const PAGE_BYTES = 4096;
const [PROT_READ, PROT_WRITE, PROT_EXEC] = [1, 2, 4];
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MFD_CLOEXEC = 1;
const [O_RDWR, O_CLOEXEC] = [2, 0o2000000];

const detachX64 = functionsAt({
  detach: { ptr: machineCode(), args: ['ptr', 'ptr', 'ptr', 'i32', 'i32'], returns: 'i32' },
}).detach;

function machineCode(): number {
  const code = Buffer.from(DETACH_X64, 'hex');
  const page = own.mmap(0, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  own.memcpy(page, ptr(code), code.length);
  if (own.mprotect(page, PAGE_BYTES, PROT_READ | PROT_EXEC) !== 0) throw new ErrnoError('EACCES');
  return page;
}

/** Only on x86-64. Throws ErrnoError. */
export async function detach({ path, argv, environ, input }: Detached): Promise<void> {
  const file = cString(path);
  const [args, env] = [pointers(argv), pointers(environ)];
  const fd = inputFile(input);
  const none = libc.open(ptr(cString('/dev/null')), O_RDWR | O_CLOEXEC);
  try {
    if (detachX64(ptr(file), ptr(args.list), ptr(env.list), fd, none) !== 0) throw new ErrnoError('EAGAIN');
  } finally {
    for (const opened of [fd, none]) libc.close(opened);
  }
}

/** A file without a name: a pipe could be too small for all of it, and nobody reads yet. */
function inputFile(input: string): number {
  const fd = own.memfd_create(ptr(cString('events')), MFD_CLOEXEC);
  const bytes = Buffer.from(input);
  // It is read from where it starts, so the offset stays.
  if (fd < 0 || own.pwrite(fd, ptr(bytes), bytes.length, 0) !== bytes.length) throw new ErrnoError('ENOMEM');
  return fd;
}

/** `strings` is returned so that it lives as long as the pointers into it. */
function pointers(words: readonly ByteString[]): { list: BigUint64Array; strings: Uint8Array[] } {
  const strings = words.map(cString);
  return { list: new BigUint64Array([...strings.map((string) => BigInt(ptr(string))), 0n]), strings };
}

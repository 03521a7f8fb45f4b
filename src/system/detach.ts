/**
 * Starts a process that is nobody's child: what `run` leaves behind to deliver events must not be something that the
 * command, which takes our place, would have to wait for. Loaded for that alone.
 *
 * libc has no call that forks twice, and JavaScript cannot run in a forked child. So it is 204 bytes of machine code that
 * make system calls and touch no memory. What they start sleeps before it becomes envseal again, because a runtime that
 * starts at the same time would slow the command down; and a child of vfork cannot sleep, because we would with it. So
 * that is a program of its own, of 282 bytes, in a file without a name.
 */
import { cString, lastError, libc, openFile } from './bun.ts';
import { cStrings, pointersTo } from './c-strings.ts';
import { functionsAt, openLibc, ptr } from './ffi.ts';
import { type Detached, ErrnoError } from './system.ts';

/**
 * `int detach(int waiter, char **argv, char **envp, int input, int null, int program)`:
 *
 *     child = vfork();
 *     if (child == 0) {
 *       if (vfork() == 0) {
 *         setsid(); dup2(input, 0); dup2(null, 1); dup2(null, 2); dup2(program, 3);
 *         close_range(4, ~0, CLOSE_RANGE_CLOEXEC);
 *         execveat(waiter, "", argv, envp, AT_EMPTY_PATH);
 *         // Where files without a name may not be executed (vm.memfd_noexec=1).
 *         execveat(3, "", argv, envp, AT_EMPTY_PATH);
 *         _exit(127);
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
  '53554154415541564189fc4989f54989d689cb4489cd', // push rbx, rbp, r12 to r14; r12d = edi; r13 = rsi; r14 = rdx; ebx = ecx; ebp = r9d
  'b83a0000000f0585c07422781789c7', // vfork; test eax, eax; je child; js done; mov edi, eax
  '31f631d24531d2b83d0000000f0583f8fc74ed31c0', // wait: xor esi, esi; xor edx, edx; xor r10d, r10d; wait4; cmp eax, -4; je wait; xor eax, eax
  '415e415d415c5d5bc3', // done: pop r14 to r12, rbp, rbx; ret
  'b83a0000000f0531ff85c07574', // child: vfork; xor edi, edi; test eax, eax; jne exit
  'b8700000000f05', // setsid
  '89df31f6b8210000000f05', // mov edi, ebx; xor esi, esi; dup2
  '4489c7ffc6b8210000000f05', // mov edi, r8d; inc esi; dup2
  'ffc6b8210000000f05', // inc esi; dup2
  '89efffc6b8210000000f05', // mov edi, ebp; inc esi; dup2
  '8d7e01beffffffffba04000000b8b40100000f05', // lea edi, [rsi + 1]; mov esi, -1; mov edx, 4; close_range
  '4489e7488d352b000000', // mov edi, r12d; lea rsi, [empty]
  '4c89ea4d89f241b800100000b8420100000f05', // mov rdx, r13; mov r10, r14; mov r8d, 0x1000; execveat
  'bf03000000b8420100000f05', // mov edi, 3; execveat
  'bf7f000000b83c0000000f05', // mov edi, 127; exit: exit
  '00', // empty: ""
].join('');

/**
 * An ELF program: `nanosleep(50 ms); fcntl(3, F_SETFD, FD_CLOEXEC); execveat(3, "", argv, envp, AT_EMPTY_PATH)`. By then
 * most commands have their start behind them, and an event is still there within a second.
 * https://github.com/torvalds/linux/blob/master/include/uapi/linux/elf.h
 */
const WAITER_X64 = [
  '7f454c46020101000000000000000000', // magic, 64 bits, little-endian, System V
  '02003e0001000000b0004000000000004000000000000000', // an executable for x86-64: entry 0x4000b0, program headers at 64
  '000000000000000000000000400038000200000000000000', // no sections; a header of 64 bytes and two of 56
  '010000000500000000000000000000000000400000000000', // to be loaded, readable and executable: offset 0 at 0x400000
  '00004000000000001a010000000000001a010000000000000010000000000000', // 282 bytes, aligned to a page
  `51e5746406000000${'00'.repeat(40)}1000000000000000`, // a stack that is not executable
  'b823000000488d3d4e00000031f60f05', // lea rdi, [delay]; xor esi, esi; nanosleep
  'bf03000000be02000000ba01000000b8480000000f05', // mov edi, 3; mov esi, F_SETFD; mov edx, FD_CLOEXEC; fcntl
  '488b0424488d5424084c8d54c410', // mov rax, [rsp]; lea rdx, [rsp + 8]; lea r10, [rsp + rax * 8 + 16]: argc, argv, envp
  'bf03000000488d351900000041b800100000b8420100000f05', // mov edi, 3; lea rsi, [empty]; mov r8d, 0x1000; execveat
  'bf7f000000b83c0000000f05', // mov edi, 127; exit
  '00', // empty: ""
  '000000000000000080f0fa0200000000', // delay: 0 s, 50,000,000 ns
].join('');

const LONG = 'i64_fast';
/** One function for all: each symbol takes time. */
const { syscall } = openLibc({
  syscall: { args: [LONG, LONG, LONG, LONG, LONG, LONG, LONG], returns: LONG },
});

const SYS_MMAP = 9;
const SYS_MPROTECT = 10;
const SYS_PWRITE64 = 18;
const SYS_MEMFD_CREATE = 319;

const PAGE_BYTES = 4096;
const [PROT_READ, PROT_WRITE, PROT_EXEC] = [1, 2, 4];
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MFD_CLOEXEC = 1;
const MFD_NOEXEC_SEAL = 8;
const [O_RDWR, O_PATH] = [2, 0o10000000];

const { detach: detachX64 } = functionsAt({
  detach: { ptr: machineCode(), args: ['i32', 'ptr', 'ptr', 'i32', 'i32', 'i32'], returns: 'i32' },
});

function machineCode(): number {
  const code = fromHex(DETACH_X64);
  const page = call(SYS_MMAP, 0, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  new Uint8Array(Bun.FFI.toArrayBuffer(page, 0, code.length)).set(code);
  call(SYS_MPROTECT, page, PAGE_BYTES, PROT_READ | PROT_EXEC);
  return page;
}

/** Only on x86-64. Throws ErrnoError. */
export async function detach({ path, argv, environ, input }: Detached): Promise<void> {
  const [args, env] = [cStrings(argv), cStrings(environ)];
  const argList = pointersTo(args.strings, ptr(args.block));
  const envList = pointersTo(env.strings, ptr(env.block));
  const fds: number[] = [];
  const hold = (fd: number) => {
    fds.push(fd);
    return fd;
  };
  try {
    const program = hold(openFile(path, O_PATH));
    const events = hold(nameless('events', new TextEncoder().encode(input), MFD_NOEXEC_SEAL));
    const none = hold(openFile('/dev/null', O_RDWR));
    const waiter = makeWaiter();
    if (waiter !== undefined) hold(waiter);
    if (detachX64(waiter ?? program, ptr(argList), ptr(envList), events, none, program) !== 0)
      throw new ErrnoError('EAGAIN');
  } finally {
    for (const fd of fds) libc.close(fd);
  }
}

/** `undefined` where no file without a name may be executable (vm.memfd_noexec=2): then nobody waits. */
function makeWaiter(): number | undefined {
  try {
    return nameless('envseal', fromHex(WAITER_X64), 0);
  } catch {
    return undefined;
  }
}

/**
 * A file without a name: a pipe could be too small for all of it, and nobody reads yet. Linux before 6.3 does not know
 * MFD_NOEXEC_SEAL. https://docs.kernel.org/userspace-api/mfd_noexec.html
 */
function nameless(name: string, bytes: Uint8Array, flag: number): number {
  const file = cString(name);
  let fd = syscall(SYS_MEMFD_CREATE, ptr(file), MFD_CLOEXEC | flag, 0, 0, 0, 0);
  if (fd < 0) fd = call(SYS_MEMFD_CREATE, ptr(file), MFD_CLOEXEC);
  // It is read from where it starts, so the offset stays.
  if (call(SYS_PWRITE64, fd, ptr(bytes), bytes.length, 0) !== bytes.length) throw new ErrnoError('ENOMEM');
  return fd;
}

/** Throws ErrnoError. */
function call(number: number, a: number, b: number, c = 0, d = 0, e = 0, f = 0): number {
  const result = syscall(number, a, b, c, d, e, f);
  if (result < 0) throw lastError();
  return result;
}

function fromHex(text: string): Uint8Array {
  return (Uint8Array as unknown as { fromHex(text: string): Uint8Array }).fromHex(text);
}

//! The hand-over, and the process that a start may leave behind. `unsafe`: fork and execve.

use super::{Bytes, c_path, failure, from_byte_string, last_failure, view};
use crate::{errno, hygiene, limits, process, signals};
use rquickjs::{Ctx, Function, Object, Result};
use std::cell::RefCell;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

thread_local! {
    /// Of the process that was left behind: it reads the end of this when the command has taken over, and a byte when it
    /// never will.
    static FATE: RefCell<Option<OwnedFd>> = const { RefCell::new(None) };
}

const SELF: &std::ffi::CStr = c"/proc/self/exe";

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("execve", Function::new(ctx.clone(), execve)?)?;
    host.set("detach", Function::new(ctx.clone(), detach)?)?;
    host.set(
        "cancelDetached",
        Function::new(ctx.clone(), || {
            if let Some(fate) = FATE.take() {
                process::write_all(fate.as_raw_fd(), &[1]);
            }
        })?,
    )?;
    Ok(())
}

/// Each string of the block, which ends with a NUL; a null pointer behind the last.
fn pointers(block: &[u8], count: usize) -> Option<Vec<*const libc::c_char>> {
    let mut all = Vec::with_capacity(count + 1);
    let mut rest = block;
    for _ in 0..count {
        all.push(rest.as_ptr().cast());
        let end = memchr(rest)?;
        rest = &rest[end + 1..];
    }
    all.push(std::ptr::null());
    Some(all)
}

fn memchr(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&byte| byte == 0)
}

fn execve<'js>(
    ctx: Ctx<'js>,
    path: String,
    argv: Bytes<'js>,
    argc: usize,
    environ: Bytes<'js>,
    envc: usize,
) -> Result<()> {
    let mut path = c_path(&ctx, &path)?.into_bytes_with_nul();
    let (Some(argv), Some(environ)) = (pointers(view(&argv), argc), pointers(view(&environ), envc)) else {
        return Err(failure(&ctx, "EINVAL"));
    };
    let error = signals::with_inherited(&mut path, |path| {
        // SAFETY: vectors of C strings, each ended by a null pointer, that live until the call returns.
        unsafe { libc::execve(path, argv.as_ptr(), environ.as_ptr()) };
        process::errno()
    });
    Err(failure(&ctx, &errno::name(error)))
}

/// This program again, in a session of its own and child of none of ours, with `words` as its arguments, no environment,
/// `input` to read as its standard input and nothing of our other streams. Returns when nothing can look into it.
fn detach(ctx: Ctx<'_>, words: Vec<String>, input: Bytes<'_>) -> Result<()> {
    let words: Vec<Vec<u8>> = words.iter().map(|word| [from_byte_string(word), vec![0]].concat()).collect();
    let mut argv: Vec<*const libc::c_char> = words.iter().map(|word| word.as_ptr().cast()).collect();
    argv.push(std::ptr::null());
    let input = sealed_memory(view(&input)).map_err(|()| last_failure(&ctx))?;
    let (fate, fate_writer) = pipe().map_err(|()| last_failure(&ctx))?;
    let (ready, ready_writer) = pipe().map_err(|()| last_failure(&ctx))?;
    let fds = [input.as_raw_fd(), fate.as_raw_fd(), ready_writer.as_raw_fd()];
    // SAFETY: one thread; the child makes system calls alone, and ends by execve or _exit.
    unsafe {
        let child = libc::fork();
        if child < 0 {
            return Err(last_failure(&ctx));
        }
        if child == 0 {
            if libc::fork() == 0 {
                become_detached(fds, &argv);
            }
            process::exit(0);
        }
        while libc::waitpid(child, std::ptr::null_mut(), 0) < 0 && process::errno() == libc::EINTR {}
    }
    drop(ready_writer);
    if !says_ready(&ready) {
        return Err(failure(&ctx, "ESRCH"));
    }
    FATE.set(Some(fate_writer));
    Ok(())
}

/// In the grandchild. Descriptors 0 to 2 are the input and nothing; 3 is the fate, 4 is closed when we are ready.
///
/// # Safety
/// In a forked process, with `argv` ended by a null pointer.
unsafe fn become_detached(fds: [RawFd; 3], argv: &[*const libc::c_char]) -> ! {
    // SAFETY: system calls on descriptors that are ours.
    unsafe {
        libc::setsid();
        // Out of the way of the numbers that they shall have.
        let high = fds.map(|fd| libc::fcntl(fd, libc::F_DUPFD, 10));
        let null = libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM, 0);
        libc::dup2(high[0], 0);
        libc::dup2(null, 1);
        libc::dup2(null, 2);
        libc::dup2(high[1], 3);
        libc::dup2(high[2], hygiene::READY_FD);
        close_above(hygiene::READY_FD);
        signals::restore_in_child();
        let none: [*const libc::c_char; 1] = [std::ptr::null()];
        libc::execve(SELF.as_ptr(), argv.as_ptr(), none.as_ptr());
        libc::write(hygiene::READY_FD, c"x".as_ptr().cast(), 1);
        process::exit(127)
    }
}

/// # Safety
/// In a forked process that needs none of them.
unsafe fn close_above(last: RawFd) {
    // SAFETY: system calls without pointers of ours.
    unsafe {
        if libc::syscall(libc::SYS_close_range, last + 1, u32::MAX, 0) == 0 {
            return;
        }
        // Linux before 5.9, or a filter that does not know the call.
        let mut limit: libc::rlimit = std::mem::zeroed();
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        for fd in last + 1..i32::try_from(limit.rlim_cur).unwrap_or(65_536).min(65_536) {
            libc::close(fd);
        }
    }
}

/// `false` where the program could not be started again, as without /proc.
fn says_ready(ready: &OwnedFd) -> bool {
    let mut poll = libc::pollfd { fd: ready.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    let mut byte = [0u8; 1];
    // SAFETY: structures of our own. Its end is what a process that is ready sends.
    unsafe {
        while libc::poll(&mut poll, 1, limits::DETACH_WAIT_MS) < 0 && process::errno() == libc::EINTR {}
        libc::read(ready.as_raw_fd(), byte.as_mut_ptr().cast(), 1) == 0
    }
}

fn pipe() -> std::result::Result<(OwnedFd, OwnedFd), ()> {
    let mut fds = [0; 2];
    // SAFETY: an array of our own; both descriptors are new.
    unsafe {
        if libc::pipe2(fds.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
            return Err(());
        }
        Ok((OwnedFd::from_raw_fd(fds[0]), OwnedFd::from_raw_fd(fds[1])))
    }
}

/// Memory with a descriptor that nothing can change any more, also not through /proc/PID/fd.
fn sealed_memory(bytes: &[u8]) -> std::result::Result<OwnedFd, ()> {
    const MFD_NOEXEC_SEAL: libc::c_uint = 8;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: a C string of our own; the descriptor is new.
    unsafe {
        // Where vm.memfd_noexec=2 the first is the only one that is allowed; before Linux 6.3 there is only the second.
        let mut fd = libc::memfd_create(c"events".as_ptr(), flags | MFD_NOEXEC_SEAL);
        if fd < 0 {
            fd = libc::memfd_create(c"events".as_ptr(), flags);
        }
        if fd < 0 {
            return Err(());
        }
        let memory = OwnedFd::from_raw_fd(fd);
        if !process::write_all(fd, bytes) {
            return Err(());
        }
        let seals = libc::F_SEAL_WRITE | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
        if libc::fcntl(fd, libc::F_ADD_SEALS, seals) != 0 || libc::lseek(fd, 0, libc::SEEK_SET) != 0 {
            return Err(());
        }
        Ok(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_a_pointer_for_each_string_and_a_null_behind_them() {
        let block = b"a\0\0bc\0";
        let all = pointers(block, 3).unwrap();
        let offsets: Vec<usize> = all[..3].iter().map(|p| *p as usize - block.as_ptr() as usize).collect();
        assert_eq!(offsets, [0, 2, 3]);
        assert!(all[3].is_null());
    }

    #[test]
    fn a_block_without_its_last_nul_is_refused() {
        assert!(pointers(b"a\0b", 2).is_none());
    }
}

//! The exec, and the process that a startup may leave behind. `unsafe`: fork and execve.

use super::{Bytes, c_path, failure, from_byte_string, system_failure, view};
use crate::process::checked;
use crate::{errno, hygiene, limits, process, signals};
use rquickjs::{Ctx, Function, Object, Result};
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};

const SELF: &std::ffi::CStr = c"/proc/self/exe";

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("execve", Function::new(ctx.clone(), execve)?)?;
    host.set("detach", Function::new(ctx.clone(), detach)?)?;
    host.set("cancelDetached", Function::new(ctx.clone(), process::write_fate)?)?;
    Ok(())
}

/// Each string of the block, which ends with a NUL; a null pointer behind the last. `None` for any other number of them: a
/// NUL inside one would make two of it.
fn pointers(block: &[u8], count: usize) -> Option<Vec<*const libc::c_char>> {
    // Each takes a byte at least.
    let mut all = Vec::with_capacity(count.min(block.len()) + 1);
    let mut rest = block;
    for _ in 0..count {
        all.push(rest.as_ptr().cast());
        let end = memchr::memchr(0, rest)?;
        rest = &rest[end + 1..];
    }
    all.push(std::ptr::null());
    rest.is_empty().then_some(all)
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
    let (ready, mut fate) = start_detached(&argv, view(&input)).map_err(|error| system_failure(&ctx, &error))?;
    if !says_ready(ready, limits::DETACH_WAIT_MS) {
        // It may be late and not dead: then this says that there is nothing for it to do.
        let _ = fate.write_all(&[1]);
        return Err(failure(&ctx, "ESRCH"));
    }
    // Open until we are the command, or have ended.
    process::set_fate(fate.into_raw_fd());
    Ok(())
}

/// What it writes when it is ready, and where it reads its fate. `argv` ends with a null pointer.
fn start_detached(argv: &[*const libc::c_char], input: &[u8]) -> io::Result<(PipeReader, PipeWriter)> {
    let input = sealed_memory(input)?;
    let (fate, fate_writer) = io::pipe()?;
    let (ready, ready_writer) = io::pipe()?;
    let fds = [input.as_raw_fd(), fate.as_raw_fd(), ready_writer.as_raw_fd()];
    // SAFETY: one thread; the child makes system calls alone, and ends by execve or _exit.
    unsafe {
        let child = checked(libc::fork() as isize)?;
        if child == 0 {
            if libc::fork() == 0 {
                become_detached(fds, argv);
            }
            process::exit(0);
        }
        while libc::waitpid(child as libc::pid_t, std::ptr::null_mut(), 0) < 0 && process::errno() == libc::EINTR {}
        signals::drop_child_signal();
    }
    Ok((ready, fate_writer))
}

/// In the grandchild. Descriptors 0 to 2 are the input and nothing; 3 is the fate, 4 is closed when we are ready.
///
/// # Safety
/// In a forked process, with `argv` ended by a null pointer.
unsafe fn become_detached(fds: [RawFd; 3], argv: &[*const libc::c_char]) -> ! {
    // SAFETY: system calls on descriptors that are ours.
    unsafe {
        libc::setsid();
        if arrange(fds) {
            close_above(hygiene::READY_FD);
            signals::restore_in_child();
            let none: [*const libc::c_char; 1] = [std::ptr::null()];
            libc::execve(SELF.as_ptr(), argv.as_ptr(), none.as_ptr());
        }
        process::exit(127)
    }
}

/// `false` where a limit of descriptors forbids it: then some still have their old numbers.
///
/// # Safety
/// In a forked process.
unsafe fn arrange(fds: [RawFd; 3]) -> bool {
    // SAFETY: system calls without pointers.
    unsafe {
        // Out of the way of the numbers that they shall have.
        let [input, fate, ready] = fds.map(|fd| libc::fcntl(fd, libc::F_DUPFD, hygiene::READY_FD + 1));
        let null = libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM, 0);
        let places = [(input, 0), (null, 1), (null, 2), (fate, 3), (ready, hygiene::READY_FD)];
        places.into_iter().all(|(from, to)| from >= 0 && libc::dup2(from, to) == to)
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

/// `false` where the program could not be started again, as without /proc, or did not begin in time.
fn says_ready(mut ready: PipeReader, wait_ms: i32) -> bool {
    let mut polled = [libc::pollfd { fd: ready.as_raw_fd(), events: libc::POLLIN, revents: 0 }];
    let has_come = loop {
        match process::poll(&mut polled, wait_ms) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result.is_ok_and(|count| count > 0),
        }
    };
    let mut word = [0; hygiene::READY.len()];
    has_come && ready.read_exact(&mut word).is_ok() && word == *hygiene::READY
}

/// Memory with a descriptor that nothing can change any more, also not through /proc/PID/fd.
fn sealed_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let memory = memory()?;
    process::try_to_write_all(memory.as_raw_fd(), bytes)?;
    let seals = libc::F_SEAL_WRITE | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    // SAFETY: no pointers, and a descriptor of our own.
    unsafe {
        checked(libc::fcntl(memory.as_raw_fd(), libc::F_ADD_SEALS, seals) as isize)?;
        checked(libc::lseek(memory.as_raw_fd(), 0, libc::SEEK_SET) as isize)?;
    }
    Ok(memory)
}

fn memory() -> io::Result<OwnedFd> {
    const MFD_NOEXEC_SEAL: libc::c_uint = 8;
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: a C string of our own; the descriptor is new.
    unsafe {
        // Where vm.memfd_noexec=2 the first is the only one that is allowed; before Linux 6.3 there is only the second.
        let mut fd = libc::memfd_create(c"events".as_ptr(), flags | MFD_NOEXEC_SEAL);
        if fd < 0 {
            fd = libc::memfd_create(c"events".as_ptr(), flags);
        }
        checked(fd as isize)?;
        Ok(OwnedFd::from_raw_fd(fd))
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
    fn only_the_word_says_that_a_process_is_ready() {
        for (said, is_ready) in [(&b"r"[..], true), (b"x", false), (b"", false)] {
            let (ready, mut writer) = io::pipe().unwrap();
            writer.write_all(said).unwrap();
            drop(writer);
            assert_eq!(says_ready(ready, -1), is_ready, "{said:?}");
        }
    }

    #[test]
    fn a_process_that_says_nothing_is_not_waited_for() {
        let (ready, _writer) = io::pipe().unwrap();
        assert!(!says_ready(ready, 0));
    }

    #[test]
    fn sealed_memory_holds_what_it_was_given_and_takes_no_more() {
        let mut memory = std::fs::File::from(sealed_memory(b"words").unwrap());
        let mut found = String::new();
        memory.read_to_string(&mut found).unwrap();
        assert_eq!(found, "words");
        assert_eq!(memory.write(b"x").unwrap_err().raw_os_error(), Some(libc::EPERM));
    }

    #[test]
    fn a_block_without_its_last_nul_is_refused() {
        assert!(pointers(b"a\0b", 2).is_none());
        assert!(pointers(b"a\0b\0", usize::MAX).is_none());
    }

    #[test]
    fn a_block_with_a_nul_too_many_is_refused() {
        assert!(pointers(b"a\0b\0", 1).is_none());
        assert!(pointers(b"", 0).is_some());
    }
}

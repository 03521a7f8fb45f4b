//! The first steps of the process, before any code of ours that could fail.

use crate::{process, signals};

/// Where a process that `detach` started says `READY`, once nothing of the same user can look into it.
pub const READY_FD: i32 = 4;
/// Not only the end: that comes too when it dies on its way here.
pub const READY: &[u8; 1] = b"r";
/// The words of such a process, which `detach`'s caller gives it.
const DETACHED: [&[u8]; 2] = [b"envseal-events", b"deliver-events"];

pub fn at_start(name: &[u8]) {
    // No core file, no debugger of the same user, and /proc/PID/mem and /proc/PID/environ closed to them: until execve.
    // SAFETY: a call without pointers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    signals::at_start();
    if [name, process::arguments().first().copied().unwrap_or_default()] == DETACHED {
        process::write_all(READY_FD, READY);
        process::close(READY_FD);
    }
    hold_standard_streams();
}

/// A standard stream that is closed must stay so for the command, and nothing that we open may take its number: a message
/// would go into it. A socket without a peer can neither be read nor written, and needs no /dev.
fn hold_standard_streams() {
    for fd in 0..3 {
        // SAFETY: calls on descriptors that are closed, with a C string of our own.
        unsafe {
            if libc::fcntl(fd, libc::F_GETFD) >= 0 {
                continue;
            }
            // The lowest number that is free is the one that is missing.
            if libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) < 0 {
                // Where a filter forbids sockets.
                libc::open(c"/".as_ptr(), libc::O_PATH | libc::O_CLOEXEC);
            }
        }
    }
}

/// What glibc's own start reads `GLIBC_TUNABLES` with, which the linker gives this in place of: the allocator and the
/// choice of instructions are not for a container's environment to change. The built-in defaults stay.
#[cfg(not(any(test, fuzzing)))]
#[unsafe(no_mangle)]
extern "C" fn __wrap___tunables_init(_environ: *const *const u8) {}

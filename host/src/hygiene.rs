//! The first steps of the process, before any code of ours that could fail.

use crate::signals;

/// Of a process that `detach` started: closed once nothing of the same user can look into it.
pub const READY_FD: i32 = 4;
/// What such a process is called, which `detach`'s caller gives as its first word.
pub const DETACHED: &[u8] = b"envseal-events";

pub fn at_start(name: &[u8]) {
    // No core file, no debugger of the same user, and /proc/PID/mem and /proc/PID/environ closed to them: until execve.
    // SAFETY: a call without pointers.
    unsafe { libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0) };
    if name == DETACHED {
        // SAFETY: the descriptor is ours, or does not exist.
        unsafe { libc::close(READY_FD) };
    }
    signals::at_start();
    hold_standard_streams();
}

/// A standard stream that is closed must stay so for the command, and nothing that we open may take its number: a message
/// would go into it. A socket without a peer can neither be read nor written, and needs no /dev.
fn hold_standard_streams() {
    for fd in 0..3 {
        // SAFETY: calls without pointers, on descriptors that are closed or ours.
        unsafe {
            if libc::fcntl(fd, libc::F_GETFD) < 0 {
                let held = libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
                debug_assert!(held < 0 || held == fd);
            }
        }
    }
}

/// What glibc's own start reads `GLIBC_TUNABLES` with, which the linker gives this in place of: the allocator and the
/// choice of instructions are not for a container's environment to change. The built-in defaults stay.
#[cfg(not(any(test, fuzzing)))]
#[unsafe(no_mangle)]
extern "C" fn __wrap___tunables_init(_environ: *const *const u8) {}

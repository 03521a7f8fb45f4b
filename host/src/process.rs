//! What the kernel gave this process at its start, and how it ends. `unsafe`: libc's vectors and calls.

use std::ffi::CStr;
use std::sync::OnceLock;

#[derive(Clone, Copy)]
struct Vectors {
    count: usize,
    arguments: *const *const u8,
    environ: *const *const u8,
}

// SAFETY: what they point to never changes: nothing here calls setenv or writes to argv.
unsafe impl Send for Vectors {}
// SAFETY: as above.
unsafe impl Sync for Vectors {}

static VECTORS: OnceLock<Vectors> = OnceLock::new();

/// How long a message waits for a standard error that is full, in ms.
const STDERR_WAIT_MS: i32 = 1000;

/// # Safety
/// Both vectors end with a null pointer, and hold C strings that live as long as the process.
pub unsafe fn remember(count: i32, arguments: *const *const u8, environ: *const *const u8) {
    let count = usize::try_from(count).unwrap_or(0);
    let _ = VECTORS.set(Vectors { count, arguments, environ });
}

/// What we were started as.
pub fn name() -> &'static [u8] {
    let Some(vectors) = VECTORS.get().filter(|vectors| vectors.count > 0) else { return b"" };
    // SAFETY: `remember` promises `count` C strings.
    unsafe { CStr::from_ptr((*vectors.arguments).cast()).to_bytes() }
}

/// Without the program's own name; byte for byte.
pub fn arguments() -> Vec<&'static [u8]> {
    let Some(vectors) = VECTORS.get() else { return Vec::new() };
    (1..vectors.count)
        // SAFETY: `remember` promises `count` C strings.
        .map(|index| unsafe { CStr::from_ptr((*vectors.arguments.add(index)).cast()).to_bytes() })
        .collect()
}

/// Entries `NAME=value` in their order, byte for byte.
pub fn environ() -> Vec<&'static [u8]> {
    let Some(vectors) = VECTORS.get() else { return Vec::new() };
    let mut all = Vec::new();
    // SAFETY: `remember` promises C strings up to a null pointer.
    unsafe {
        let mut next = vectors.environ;
        while !next.is_null() && !(*next).is_null() {
            all.push(CStr::from_ptr((*next).cast()).to_bytes());
            next = next.add(1);
        }
    }
    all
}

/// Without destructors and buffers: nothing here has any to flush.
pub fn exit(status: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// `false` for a descriptor that cannot be written to, or a standard error that stays full for a second.
pub fn write_all(fd: i32, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        // SAFETY: the pointer and length are of one slice.
        let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
        if written < 0 && !may_try_again(fd, libc::POLLOUT) {
            return false;
        }
        bytes = &bytes[usize::try_from(written).unwrap_or(0)..];
    }
    true
}

/// After a call on a descriptor that failed: whoever started us may have made it one that does not wait. Then this waits.
pub fn may_try_again(fd: i32, events: i16) -> bool {
    match errno() {
        libc::EINTR => true,
        libc::EAGAIN => {
            let mut poll = libc::pollfd { fd, events, revents: 0 };
            let timeout = if fd == 2 { STDERR_WAIT_MS } else { -1 };
            // SAFETY: one pollfd of our own.
            unsafe { libc::poll(&mut poll, 1, timeout) > 0 || errno() == libc::EINTR }
        }
        _ => false,
    }
}

pub fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

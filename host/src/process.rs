//! The vectors that the kernel gave this process, and how it ends. `unsafe`: libc's vectors and calls.

use std::ffi::CStr;
use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI32, Ordering::SeqCst};

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
    write_fate();
    // SAFETY: ends the process.
    unsafe { libc::_exit(status) }
}

/// `false` for a descriptor that cannot be written to, or a standard error that stays full for a second.
pub fn write_all(fd: i32, bytes: &[u8]) -> bool {
    try_to_write_all(fd, bytes).is_ok()
}

/// The same with the reason.
pub fn try_to_write_all(fd: i32, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        // A log driver that is stuck must not keep a startup from ending: also where the descriptor is one that waits.
        if fd == 2 && !is_ready(fd, libc::POLLOUT, STDERR_WAIT_MS) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        // SAFETY: the pointer and length are of one slice.
        match checked(unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) }) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if may_try_again(fd, libc::POLLOUT, &error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// `false` when the time is over; `true` also for what a call will say the error of. Signal-safe.
fn is_ready(fd: i32, events: i16, timeout_ms: i32) -> bool {
    let mut poll = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one pollfd of our own.
    unsafe { libc::poll(&mut poll, 1, timeout_ms) != 0 }
}

/// Where the process that was left behind to deliver events learns what became of us; -1: there is none.
static FATE: AtomicI32 = AtomicI32::new(-1);

pub fn set_fate(fd: i32) {
    FATE.store(fd, SeqCst);
}

/// Says that we never become the command: the end of the pipe alone would mean that we did. Signal-safe.
pub fn write_fate() {
    let fd = FATE.load(SeqCst);
    if fd >= 0 {
        // SAFETY: one byte of a constant. A pipe that is full has said it already.
        unsafe { libc::write(fd, c"n".as_ptr().cast(), 1) };
    }
}

/// Whose rights count.
pub fn user() -> u32 {
    // SAFETY: no arguments, and it never fails.
    unsafe { libc::geteuid() }
}

/// read(2): 0 is the end.
pub fn read(fd: i32, bytes: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the slice's own pointer and length.
    checked(unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) })
}

/// Closes a descriptor that nothing else of ours uses any more.
pub fn close(fd: i32) {
    // SAFETY: no pointers. A number that is not open is refused by the kernel.
    unsafe { libc::close(fd) };
}

/// After a call on a descriptor that failed: whoever started us may have made it one that does not wait. Then this waits.
pub fn may_try_again(fd: i32, events: i16, error: &io::Error) -> bool {
    match error.raw_os_error() {
        Some(libc::EINTR) => true,
        Some(libc::EAGAIN) => {
            let timeout_ms = if fd == 2 { STDERR_WAIT_MS } else { -1 };
            match poll(&mut [libc::pollfd { fd, events, revents: 0 }], timeout_ms) {
                Ok(ready) => ready > 0,
                Err(error) => error.kind() == io::ErrorKind::Interrupted,
            }
        }
        _ => false,
    }
}

/// poll(2): how many are ready. `timeout_ms` below 0 has no end.
pub fn poll(descriptors: &mut [libc::pollfd], timeout_ms: i32) -> io::Result<usize> {
    // SAFETY: the slice's own pointer and length.
    let ready = unsafe { libc::poll(descriptors.as_mut_ptr(), descriptors.len() as libc::nfds_t, timeout_ms) };
    checked(ready as isize)
}

/// access(2).
pub fn access(path: &CStr, mode: i32) -> io::Result<()> {
    // SAFETY: a C string.
    checked(unsafe { libc::access(path.as_ptr(), mode) } as isize).map(drop)
}

/// The limit of the stack, in bytes: `None` for no limit. What the kernel usually gives where it cannot be asked.
pub fn stack_limit() -> Option<u64> {
    // SAFETY: a structure of our own.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(libc::RLIMIT_STACK, &mut limit) != 0 {
            return Some(8 * 1024 * 1024);
        }
        (limit.rlim_cur != libc::RLIM_INFINITY).then_some(limit.rlim_cur)
    }
}

/// What a system call returned; its error is taken from `errno` before anything else can change that.
pub fn checked(returned: isize) -> io::Result<usize> {
    usize::try_from(returned).map_err(|_| io::Error::last_os_error())
}

pub fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

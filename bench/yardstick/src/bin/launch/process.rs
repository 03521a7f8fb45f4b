//! Processes: the only unsafe code of this program.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::time::Instant;

/// What a clone runs on until it becomes the program: a few system calls.
const STACK_BYTES: usize = 64 << 10;
const KILLED: i32 = 128 + libc::SIGKILL;

#[derive(Default)]
pub struct Case {
    pub argv: Vec<CString>,
    pub env: Vec<CString>,
    /// Open `cgroup.procs` files.
    pub groups: Vec<c_int>,
    pub evicted: Vec<CString>,
}

pub struct Measured {
    pub cpu_ns: u64,
    pub peak_kib: u64,
    /// As in a shell: 128 + n for signal n.
    pub status: i32,
}

/// The standard streams of all processes.
pub struct Null(c_int);

impl Null {
    pub fn open() -> Self {
        Self(open(c"/dev/null", libc::O_RDWR))
    }
}

/// So that `reap` can wait for it with a limit. The processes get an empty mask.
pub fn block_sigchld() {
    // SAFETY: `set` is initialised by sigemptyset before it is read.
    unsafe {
        let set = sigchld();
        assert_eq!(libc::sigprocmask(libc::SIG_BLOCK, &set, std::ptr::null_mut()), 0);
    }
}

pub fn open_for_writing(path: &CStr) -> c_int {
    open(path, libc::O_WRONLY)
}

/// Clean pages that no process maps are dropped. A file that cannot be read is left alone.
pub fn evict(path: &CStr) {
    // SAFETY: `path` is a C string; both calls only take numbers beside it.
    unsafe {
        let file = libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        libc::posix_fadvise(file, 0, 0, libc::POSIX_FADV_DONTNEED);
        libc::close(file);
    }
}

struct Plan {
    argv: Vec<*const c_char>,
    env: Vec<*const c_char>,
    groups: *const [c_int],
    null: c_int,
}

/// As vfork does: the memory is shared, and this process stands still until the new one has become the program.
pub fn start(case: &Case, null: &Null) {
    let plan =
        Plan { argv: pointers(&case.argv), env: pointers(&case.env), groups: &*case.groups, null: null.0 };
    let mut stack = vec![0_u128; STACK_BYTES / size_of::<u128>()];
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: CLONE_VFORK returns only after `become_program` has left this memory, so plan and stack outlive it.
    let pid = unsafe {
        let top = stack.as_mut_ptr().add(stack.len());
        libc::clone(become_program, top.cast(), flags, (&raw const plan).cast_mut().cast())
    };
    assert!(pid > 0, "clone: {}", std::io::Error::last_os_error());
}

extern "C" fn become_program(plan: *mut c_void) -> c_int {
    // SAFETY: `start` passes a Plan whose pointers it keeps alive. Only system calls are made: no allocation, no panic.
    unsafe {
        let plan = &*plan.cast::<Plan>();
        for group in &*plan.groups {
            libc::write(*group, c"0".as_ptr().cast(), 1);
        }
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &none, std::ptr::null_mut());
        // Rust ignores it at its start, and an ignored signal stays so in the program.
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        for stream in 0..=2 {
            libc::dup2(plan.null, stream);
        }
        libc::execve(plan.argv[0], plan.argv.as_ptr(), plan.env.as_ptr());
        libc::_exit(127)
    }
}

/// Waits for any child. At the deadline all that are left are killed.
pub fn reap(deadline: Instant) -> Measured {
    let mut killed = false;
    loop {
        let (mut status, mut usage) = (0, std::mem::MaybeUninit::<libc::rusage>::zeroed());
        // SAFETY: both pointers are to memory of the right size.
        let pid = unsafe { libc::wait4(-1, &mut status, libc::WNOHANG, usage.as_mut_ptr()) };
        assert!(pid >= 0, "wait4: {}", std::io::Error::last_os_error());
        if pid > 0 {
            // SAFETY: all bytes zero are a valid rusage, and wait4 has filled it.
            let usage = unsafe { usage.assume_init() };
            return measured(status, &usage, killed);
        }
        killed |= !wait_for_child(deadline);
        if killed {
            kill_children();
        }
    }
}

fn measured(status: c_int, usage: &libc::rusage, killed: bool) -> Measured {
    let ns = |time: libc::timeval| time.tv_sec as u64 * 1_000_000_000 + time.tv_usec as u64 * 1_000;
    let own = if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) };
    Measured {
        cpu_ns: ns(usage.ru_utime) + ns(usage.ru_stime),
        peak_kib: usage.ru_maxrss as u64,
        status: if killed { KILLED } else { own },
    }
}

/// False when the deadline came first.
fn wait_for_child(deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    let limit = libc::timespec { tv_sec: left.as_secs() as i64, tv_nsec: left.subsec_nanos().into() };
    // SAFETY: both structures are initialised and only read.
    !left.is_zero() && unsafe { libc::sigtimedwait(&sigchld(), std::ptr::null_mut(), &limit) } > 0
}

fn kill_children() {
    let pid = std::process::id();
    let list = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    for child in list.split_whitespace().filter_map(|child| child.parse().ok()) {
        // SAFETY: plain numbers, of processes that this one has not reaped yet.
        unsafe { libc::kill(child, libc::SIGKILL) };
    }
}

fn sigchld() -> libc::sigset_t {
    // SAFETY: sigemptyset initialises the set that sigaddset changes.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        set
    }
}

fn open(path: &CStr, mode: c_int) -> c_int {
    // SAFETY: `path` is a C string.
    let file = unsafe { libc::open(path.as_ptr(), mode | libc::O_CLOEXEC) };
    assert!(file >= 0, "{path:?}: {}", std::io::Error::last_os_error());
    file
}

fn pointers(strings: &[CString]) -> Vec<*const c_char> {
    strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect()
}

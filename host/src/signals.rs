//! Signals. Stop signals are blocked but while the loop sleeps, so that none comes between a last look and `execve`;
//! `execve` itself is undone by one that comes before the kernel has taken over. Nothing of this is left for the command.
//! `unsafe`: sigaction and its kin, and handlers, which do nothing but what signal-safety(7) allows.

use crate::process;
use std::cell::UnsafeCell;
use std::mem::zeroed;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::SeqCst};

/// What we change at our start, with what was there before.
struct Inherited {
    mask: libc::sigset_t,
    /// SIGPIPE and SIGXFSZ, which would end a startup silently, and one of them with a core file.
    ignored: [(i32, libc::sigaction); 2],
}

/// What one thread alone reads and writes, or a handler of that thread.
struct Ours<T>(UnsafeCell<T>);

// SAFETY: there is one thread.
unsafe impl<T> Sync for Ours<T> {}

impl<T> Ours<T> {
    const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }
}

static INHERITED: Ours<Option<Inherited>> = Ours::new(None);
/// A bit for each signal that came and was not taken yet.
static CAUGHT: AtomicU64 = AtomicU64::new(0);
/// Whether a stop signal ever came. One that was taken is on its way to end us, which takes JavaScript a turn or more: until
/// then nothing may be executed either.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// The path of the file that `execve` is about to be given: a handler that writes a NUL there makes it fail.
static ABOUT_TO_EXECUTE: AtomicPtr<u8> = AtomicPtr::new(null_mut());

const STOP_SIGNALS: [i32; 3] = [libc::SIGHUP, libc::SIGINT, libc::SIGTERM];

/// Called once, before anything else can be interrupted.
pub fn at_start() {
    // SAFETY: one thread, and the only writer of INHERITED, before any reader.
    unsafe {
        let mut mask: libc::sigset_t = zeroed();
        libc::sigprocmask(libc::SIG_BLOCK, &stop_set(), &mut mask);
        let ignored = [libc::SIGPIPE, libc::SIGXFSZ].map(|signal| (signal, replace(signal, libc::SIG_IGN)));
        *INHERITED.0.get() = Some(Inherited { mask, ignored });
    }
}

fn inherited() -> &'static Inherited {
    // SAFETY: written by `at_start`, never again.
    unsafe { (*INHERITED.0.get()).as_ref() }.expect("at_start was called")
}

fn stop_set() -> libc::sigset_t {
    // SAFETY: a set of our own.
    unsafe {
        let mut set: libc::sigset_t = zeroed();
        libc::sigemptyset(&mut set);
        for signal in STOP_SIGNALS {
            libc::sigaddset(&mut set, signal);
        }
        set
    }
}

/// Gives the disposition that was there.
fn replace(signal: i32, handler: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: both structures are ours, and the handler is SIG_IGN, SIG_DFL or one of this module.
    unsafe {
        let mut new: libc::sigaction = zeroed();
        new.sa_sigaction = handler;
        libc::sigemptyset(&mut new.sa_mask);
        let mut old: libc::sigaction = zeroed();
        libc::sigaction(signal, &new, &mut old);
        old
    }
}

extern "C" fn on_signal(signal: libc::c_int) {
    STOPPED.store(true, SeqCst);
    CAUGHT.fetch_or(1 << signal, SeqCst);
    let path = ABOUT_TO_EXECUTE.load(SeqCst);
    if !path.is_null() {
        // SAFETY: it is set only while the path's buffer lives, and nothing else writes there.
        unsafe { path.write(0) };
    }
}

/// Whether a stop signal is ignored, as under nohup.
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: only reads the disposition.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut action) == 0 && action.sa_sigaction == libc::SIG_IGN
    }
}

pub fn catch(signal: i32) {
    replace(signal, on_signal as *const () as libc::sighandler_t);
}

/// Each signal once, the lowest first.
pub fn take() -> Option<i32> {
    let caught = CAUGHT.load(SeqCst);
    if caught == 0 {
        return None;
    }
    let signal = caught.trailing_zeros();
    CAUGHT.fetch_and(!(1 << signal), SeqCst);
    Some(signal as i32)
}

/// Sleeps until a descriptor is ready, a signal comes or the time is over. `timeout_ms` below 0: no time.
pub fn sleep(descriptors: &mut [libc::pollfd], timeout_ms: f64) {
    if CAUGHT.load(SeqCst) != 0 {
        return;
    }
    let time = libc::timespec {
        tv_sec: (timeout_ms / 1e3) as libc::time_t,
        tv_nsec: ((timeout_ms % 1e3) * 1e6) as libc::c_long,
    };
    let time = if timeout_ms < 0.0 { std::ptr::null() } else { &raw const time };
    // SAFETY: the slice's own pointer and length; the mask is ours.
    unsafe { libc::ppoll(descriptors.as_mut_ptr(), descriptors.len() as libc::nfds_t, time, &inherited().mask) };
}

/// Calls `execute` with the mask and the dispositions that we found. A stop signal from before or during the call keeps
/// it from executing anything, even if it was `take`n already. `path` is what `execute` gives the kernel, with its NUL.
pub fn with_inherited(path: &mut [u8], execute: impl FnOnce(*const libc::c_char) -> i32) -> i32 {
    let Inherited { mask, ignored } = inherited();
    // SAFETY: restores what `at_start` found; the path's buffer lives until the pointer to it is taken back.
    unsafe {
        for (signal, action) in ignored {
            libc::sigaction(*signal, action, null_mut());
        }
        end_backstop();
        let pointer = path.as_mut_ptr();
        ABOUT_TO_EXECUTE.store(pointer, SeqCst);
        // What came before was caught while the loop slept, or is delivered by this call.
        libc::sigprocmask(libc::SIG_SETMASK, mask, null_mut());
        let errno = if STOPPED.load(SeqCst) { libc::EINTR } else { execute(pointer.cast_const().cast()) };
        libc::sigprocmask(libc::SIG_BLOCK, &stop_set(), null_mut());
        ABOUT_TO_EXECUTE.store(null_mut(), SeqCst);
        for (signal, _) in ignored {
            replace(*signal, libc::SIG_IGN);
        }
        if STOPPED.load(SeqCst) { libc::EINTR } else { errno }
    }
}

/// Drops the SIGCHLD of a child of ours that has ended: where SIGCHLD came blocked, the command would find one that it
/// has no child for.
pub fn drop_child_signal() {
    // SAFETY: a set and a time of our own.
    unsafe {
        let mut set: libc::sigset_t = zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGCHLD);
        if libc::sigismember(&inherited().mask, libc::SIGCHLD) == 1 {
            let at_once: libc::timespec = zeroed();
            libc::sigtimedwait(&set, null_mut(), &at_once);
        }
    }
}

/// For a child that is about to become another program: what we found, without our handlers.
pub fn restore_in_child() {
    let Inherited { mask, ignored } = inherited();
    // SAFETY: as in `with_inherited`; the child runs nothing else of ours.
    unsafe {
        for (signal, action) in ignored {
            libc::sigaction(*signal, action, null_mut());
        }
        libc::sigprocmask(libc::SIG_SETMASK, mask, null_mut());
    }
}

/// The message of a startup that crawls to its end, written by a handler: no memory may be asked for there.
struct Backstop {
    timer: libc::timer_t,
    /// The disposition that its signal had.
    before: libc::sigaction,
    words: Vec<u8>,
    status: i32,
}

static BACKSTOP: Ours<Option<Backstop>> = Ours::new(None);

extern "C" fn on_backstop(_: libc::c_int) {
    // SAFETY: set before the timer is, and never again while it runs; poll, write and _exit are signal-safe.
    unsafe {
        if let Some(Backstop { words, status, .. }) = &*BACKSTOP.0.get() {
            process::write_all(2, words);
            process::exit(*status);
        }
    }
}

/// Ends the process by itself after `ms`, also while JavaScript or the kernel keeps the loop from looking at its timers.
/// The timer is the kernel's, and `execve` deletes it.
pub fn backstop(ms: f64, words: Vec<u8>, status: i32) {
    // SAFETY: one thread; the timer that reads both statics starts after they are set. Only one is ever made.
    unsafe {
        if (*BACKSTOP.0.get()).is_some() {
            return;
        }
        let mut timer: libc::timer_t = zeroed();
        let mut event: libc::sigevent = zeroed();
        event.sigev_notify = libc::SIGEV_SIGNAL;
        event.sigev_signo = BACKSTOP_SIGNAL;
        let before = replace(BACKSTOP_SIGNAL, on_backstop as *const () as libc::sighandler_t);
        let mut set: libc::sigset_t = zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, BACKSTOP_SIGNAL);
        libc::sigprocmask(libc::SIG_UNBLOCK, &set, null_mut());
        if libc::timer_create(libc::CLOCK_MONOTONIC, &mut event, &mut timer) != 0 {
            libc::sigaction(BACKSTOP_SIGNAL, &before, null_mut());
            return;
        }
        // Zero would never come.
        let ms = ms.max(1.0);
        let at = libc::timespec { tv_sec: (ms / 1e3) as libc::time_t, tv_nsec: ((ms % 1e3) * 1e6) as libc::c_long };
        let once = libc::itimerspec { it_interval: zeroed(), it_value: at };
        *BACKSTOP.0.get() = Some(Backstop { timer, before, words, status });
        libc::timer_settime(timer, 0, &once, null_mut());
    }
}

fn end_backstop() {
    // SAFETY: one thread; the timer is deleted once, because it is taken.
    unsafe {
        if let Some(Backstop { timer, before, .. }) = (*BACKSTOP.0.get()).take() {
            libc::timer_delete(timer);
            libc::sigaction(BACKSTOP_SIGNAL, &before, null_mut());
        }
    }
}

/// A real-time signal: no program sends it, and the command finds its disposition as it was, which is the default.
const BACKSTOP_SIGNAL: i32 = 34 + 16;

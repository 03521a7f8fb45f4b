//! The process itself: what it was given, its clock, its signals and its end.

use super::{Bytes, to_byte_string, view};
use crate::{process, signals};
use rquickjs::{Ctx, Function, Object, Result};

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("arch", if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" })?;
    host.set("arguments", Function::new(ctx.clone(), || byte_strings(process::arguments()))?)?;
    host.set("environ", Function::new(ctx.clone(), || byte_strings(process::environ()))?)?;
    host.set("selfPath", Function::new(ctx.clone(), self_path)?)?;
    host.set("exit", Function::new(ctx.clone(), |status: i32| -> () { process::exit(status) })?)?;
    host.set("now", Function::new(ctx.clone(), now_ms)?)?;
    host.set("write", Function::new(ctx.clone(), |fd: i32, bytes: Bytes<'js>| process::write_all(fd, view(&bytes)))?)?;
    host.set("isIgnored", Function::new(ctx.clone(), signals::is_ignored)?)?;
    host.set("catchSignal", Function::new(ctx.clone(), signals::catch)?)?;
    host.set(
        "backstop",
        Function::new(ctx.clone(), |ms: f64, words: String, status: i32| {
            signals::backstop(ms, words.into_bytes(), status);
        })?,
    )?;
    host.set("stackLimit", Function::new(ctx.clone(), stack_limit)?)?;
    Ok(())
}

fn byte_strings(all: Vec<&'static [u8]>) -> Vec<String> {
    all.into_iter().map(to_byte_string).collect()
}

/// `None` without /proc.
fn self_path() -> Option<String> {
    let path = std::fs::read_link("/proc/self/exe").ok()?;
    Some(to_byte_string(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())))
}

/// Monotonic, in ms.
pub fn now_ms() -> f64 {
    // SAFETY: a structure of our own.
    unsafe {
        let mut time: libc::timespec = std::mem::zeroed();
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time);
        time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
    }
}

/// In bytes.
fn stack_limit() -> f64 {
    // SAFETY: a structure of our own.
    unsafe {
        let mut limit: libc::rlimit = std::mem::zeroed();
        if libc::getrlimit(libc::RLIMIT_STACK, &mut limit) != 0 {
            return 8.0 * 1024.0 * 1024.0;
        }
        if limit.rlim_cur == libc::RLIM_INFINITY { f64::INFINITY } else { limit.rlim_cur as f64 }
    }
}

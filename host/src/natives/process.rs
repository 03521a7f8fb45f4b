//! The process itself: what it was given, its clock, its signals and its end.

use super::{Bytes, from_byte_string, to_byte_string, view};
use crate::{process, signals};
use rquickjs::{Ctx, Function, Object, Result};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Instant;

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("arch", if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" })?;
    host.set("arguments", Function::new(ctx.clone(), || byte_strings(process::arguments()))?)?;
    host.set("environ", Function::new(ctx.clone(), || byte_strings(process::environ()))?)?;
    host.set("isGuarded", Function::new(ctx.clone(), is_guarded)?)?;
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
    all.into_iter().map(|bytes| to_byte_string(bytes).into_owned()).collect()
}

fn is_guarded(path: String) -> bool {
    let path = PathBuf::from(OsString::from_vec(from_byte_string(&path)));
    let user = process::user();
    let is_ours = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|file| [0, user].contains(&file.uid()) && file.mode() & 0o002 == 0)
    };
    is_ours(&path) && path.parent().is_some_and(is_ours)
}

/// `None` without /proc.
fn self_path() -> Option<String> {
    let path = std::fs::read_link("/proc/self/exe").ok()?;
    Some(to_byte_string(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str())).into_owned())
}

/// Monotonic, in ms since it was first asked for.
pub fn now_ms() -> f64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3
}

/// In bytes.
fn stack_limit() -> f64 {
    process::stack_limit().map_or(f64::INFINITY, |bytes| bytes as f64)
}

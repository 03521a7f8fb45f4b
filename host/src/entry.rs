//! The start of the process. The entry is libc's `main`, not Rust's own, which would open `/dev/null` for
//! closed standard streams and ignore SIGPIPE.

use crate::{bytecode, compile, engine, hygiene, panic, process};

/// # Safety
/// Called once by libc, with the process's own vectors.
#[cfg(not(any(test, fuzzing)))]
#[unsafe(no_mangle)]
unsafe extern "C" fn main(count: i32, arguments: *const *const u8, environ: *const *const u8) -> i32 {
    // SAFETY: libc gives both vectors, and neither changes while we live.
    unsafe { start(count, arguments, environ) }
}

/// The exit status. Apart from `main`, so that tests and fuzz targets, which have mains of their own, compile all of it.
///
/// # Safety
/// Called once, before any other thread, with vectors as `process::remember` wants them.
pub unsafe fn start(count: i32, arguments: *const *const u8, environ: *const *const u8) -> i32 {
    // SAFETY: as above.
    unsafe { process::remember(count, arguments, environ) };
    hygiene::at_start(process::name());
    panic::install();
    match bytecode::modules() {
        Some(modules) => engine::run(modules),
        None => compile::main(),
    }
}

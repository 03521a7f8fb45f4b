//! The host of envseal's container executable. It has no product logic: what it offers to the TypeScript that it runs is
//! the functions in `natives`, whose contract is `src/platform/natives.ts`.

mod bytecode;
mod compile;
mod engine;
mod errno;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod hygiene;
mod limits;
mod natives;
pub mod net;
mod panic;
mod process;
mod signals;

/// The entry is libc's `main`, not Rust's own, which would open `/dev/null` for closed standard streams and ignore SIGPIPE.
///
/// # Safety
/// Called once by libc, with the process's own vectors.
#[cfg(not(any(test, fuzzing)))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn main(count: i32, arguments: *const *const u8, environ: *const *const u8) -> i32 {
    // SAFETY: libc gives both vectors, and neither changes while we live.
    unsafe { process::remember(count, arguments, environ) };
    hygiene::at_start(process::name());
    panic::install();
    match bytecode::modules() {
        Some(modules) => engine::run(modules),
        None => compile::main(),
    }
}

//! The host of envseal's container executable. It has no product logic: what it offers to the TypeScript that it runs is
//! the functions in `natives`, whose contract is `src/platform/natives.ts`.
//!
//! `unsafe` is for the modules that are listed here with their reasons, and for nothing else. Each block of it says why it
//! is sound.

#![deny(unsafe_code)]

#[allow(unsafe_code, reason = "the linker's symbols around the table")]
mod bytecode;
mod compile;
#[allow(unsafe_code, reason = "QuickJS trusts the bytecode that it loads")]
mod engine;
#[allow(unsafe_code, reason = "libc calls it, with the process's vectors")]
mod entry;
mod errno;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
#[allow(unsafe_code, reason = "prctl, and what replaces a function of glibc's")]
mod hygiene;
mod limits;
#[cfg(not(any(test, fuzzing)))]
#[allow(unsafe_code, reason = "the global allocator")]
mod memory;
mod natives;
pub mod net;
mod panic;
#[allow(unsafe_code, reason = "libc's vectors, and calls that std does not have")]
mod process;
#[allow(unsafe_code, reason = "sigaction and its kin, handlers and timers")]
mod signals;

pub use entry::start;

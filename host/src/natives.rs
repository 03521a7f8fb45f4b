//! The functions that JavaScript finds in the global `envsealHost`. Their contract, with units and errors, is
//! `src/platform/natives.ts`; here is only how their arguments come in and their results go out.

#[allow(unsafe_code, reason = "a view of QuickJS's memory")]
mod bytes;
pub mod crypto;
#[allow(unsafe_code, reason = "fork, execve and memfd_create")]
pub mod exec;
pub mod files;
pub mod net;
pub mod process;
#[allow(unsafe_code, reason = "an array that is made at once")]
mod strings;
pub mod text;
pub mod url;

pub use bytes::{Bytes, view};
use rquickjs::{Ctx, Error, Exception, Function, IntoJs, Object, Result, TypedArray, Value};
use std::borrow::Cow;

/// The name of the global object. The bundle takes it away again before any other code runs.
const GLOBAL: &str = "envsealHost";

/// What the loop calls, given by the bundle as `envsealHost.callbacks`.
pub struct Callbacks<'js> {
    /// Runs timers that are due; how long there is nothing to do, in ms: below 0 for ever, 0 not at all.
    pub turn: Function<'js>,
    pub signal: Function<'js>,
    /// A promise was rejected, and nothing handles it.
    pub rejected: Function<'js>,
    pub net: Function<'js>,
}

/// Gives the global object.
pub fn install<'js>(ctx: &Ctx<'js>) -> Result<Object<'js>> {
    let host = Object::new(ctx.clone())?;
    process::install(ctx, &host)?;
    files::install(ctx, &host)?;
    exec::install(ctx, &host)?;
    text::install(ctx, &host)?;
    url::install(ctx, &host)?;
    crypto::install(ctx, &host)?;
    net::install(ctx, &host)?;
    ctx.globals().set(GLOBAL, host.clone())?;
    Ok(host)
}

/// `None` where the bundle has not given them.
pub fn callbacks<'js>(host: &Object<'js>) -> Option<Callbacks<'js>> {
    let all: Object = host.get("callbacks").ok()?;
    Some(Callbacks {
        turn: all.get("turn").ok()?,
        signal: all.get("signal").ok()?,
        rejected: all.get("rejected").ok()?,
        net: all.get("net").ok()?,
    })
}

pub fn array<'js>(ctx: &Ctx<'js>, bytes: Vec<u8>) -> Result<Value<'js>> {
    TypedArray::new(ctx.clone(), bytes)?.into_js(ctx)
}

/// A byte string, in which each character is one byte, as bytes.
pub fn from_byte_string(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    push_bytes(&mut bytes, text);
    bytes
}

pub fn push_bytes(bytes: &mut Vec<u8>, text: &str) {
    if text.is_ascii() {
        bytes.extend_from_slice(text.as_bytes());
    } else {
        bytes.extend(text.chars().map(|character| character as u32 as u8));
    }
}

/// Borrowed where it can be: nearly all of them are ASCII.
pub fn to_byte_string(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => bytes.iter().map(|&byte| byte as char).collect(),
    }
}

/// For libc: a path that holds a NUL names no file.
pub fn c_path(ctx: &Ctx<'_>, text: &str) -> Result<std::ffi::CString> {
    std::ffi::CString::new(from_byte_string(text)).map_err(|_| failure(ctx, "ENOENT"))
}

/// An Error with a `code`, such as `ENOENT`, and nothing else that could hold a value.
pub fn failure(ctx: &Ctx<'_>, code: &str) -> Error {
    let thrown = Exception::from_message(ctx.clone(), code).and_then(|error| {
        error.as_object().set("code", code)?;
        error.into_js(ctx)
    });
    match thrown {
        Ok(error) => ctx.throw(error),
        Err(error) => error,
    }
}

/// The error for a system call that failed.
pub fn system_failure(ctx: &Ctx<'_>, error: &std::io::Error) -> Error {
    failure(ctx, &crate::errno::name(error.raw_os_error().unwrap_or(0)))
}

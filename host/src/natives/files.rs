//! Files, standard input, and datagrams to unix sockets.

use super::{Bytes, array, c_path, failure, from_byte_string, system_failure, view};
use crate::{limits, process};
use rquickjs::{Ctx, Function, Object, Result, Value};
use socket2::{Domain, SockAddr, Socket, Type};
use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

/// What one call reads.
const READ_BYTES: usize = 65_536;

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("readFile", Function::new(ctx.clone(), read_file)?)?;
    host.set("readFileAtOnce", Function::new(ctx.clone(), read_file_at_once)?)?;
    host.set("openToRead", Function::new(ctx.clone(), open_to_read)?)?;
    host.set("readSome", Function::new(ctx.clone(), read_some)?)?;
    host.set("close", Function::new(ctx.clone(), process::close)?)?;
    host.set("readInput", Function::new(ctx.clone(), |ctx: Ctx<'js>, limit: usize| give_all(&ctx, 0, limit))?)?;
    host.set(
        "access",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, path: String, mode: i32| -> Result<bool> {
            Ok(process::access(&c_path(&ctx, &path)?, mode).is_ok())
        })?,
    )?;
    host.set("append", Function::new(ctx.clone(), append)?)?;
    host.set("sendDatagram", Function::new(ctx.clone(), send_datagram)?)?;
    host.set("checkExecutable", Function::new(ctx.clone(), check_executable)?)?;
    Ok(())
}

fn open(ctx: &Ctx<'_>, path: &str, options: &mut OpenOptions, flags: i32) -> Result<File> {
    let path = c_path(ctx, path)?;
    // Close-on-exec is std's own default.
    let options = options.custom_flags(flags | libc::O_NOCTTY).mode(0o600);
    options.open(OsStr::from_bytes(path.as_bytes())).map_err(|error| system_failure(ctx, &error))
}

fn open_to_read_all(ctx: &Ctx<'_>, path: &str, flags: i32) -> Result<File> {
    open(ctx, path, OpenOptions::new().read(true), flags)
}

fn read_file<'js>(ctx: Ctx<'js>, path: String, limit: usize) -> Result<Value<'js>> {
    let file = open_to_read_all(&ctx, &path, 0)?;
    give_all(&ctx, file.as_raw_fd(), limit)
}

/// A pipe is not even opened: who waits for a reader to open it for writing would lose that reader again.
/// O_NONBLOCK: a pipe that nothing writes into yet is opened at once. Files ignore it.
fn read_file_at_once<'js>(ctx: Ctx<'js>, path: String, limit: usize) -> Result<Value<'js>> {
    if std::fs::metadata(OsStr::from_bytes(c_path(&ctx, &path)?.as_bytes())).is_ok_and(|status| is_slow(&status)) {
        return Ok(Value::new_undefined(ctx));
    }
    let file = open_to_read_all(&ctx, &path, libc::O_NONBLOCK)?;
    match file.metadata() {
        Ok(status) if is_slow(&status) => Ok(Value::new_undefined(ctx)),
        _ => give_all(&ctx, file.as_raw_fd(), limit),
    }
}

/// Another process may still be writing it.
fn is_slow(status: &std::fs::Metadata) -> bool {
    !status.is_file() && !status.is_dir()
}

fn open_to_read(ctx: Ctx<'_>, path: String) -> Result<RawFd> {
    Ok(open_to_read_all(&ctx, &path, libc::O_NONBLOCK)?.into_raw_fd())
}

/// `undefined`: nothing there now; an empty array: the end.
fn read_some<'js>(ctx: Ctx<'js>, fd: RawFd, limit: usize) -> Result<Value<'js>> {
    // Also for a pipe that nothing has opened to write: to read it would look like its end.
    let is_ready = process::poll(&mut [libc::pollfd { fd, events: libc::POLLIN, revents: 0 }], 0);
    if !is_ready.is_ok_and(|ready| ready > 0) {
        return Ok(Value::new_undefined(ctx));
    }
    let mut bytes = vec![0; limit.min(READ_BYTES)];
    match process::read(fd, &mut bytes) {
        Ok(count) => {
            bytes.truncate(count);
            array(&ctx, bytes)
        }
        Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {
            Ok(Value::new_undefined(ctx))
        }
        Err(error) => Err(system_failure(&ctx, &error)),
    }
}

fn give_all<'js>(ctx: &Ctx<'js>, fd: RawFd, limit: usize) -> Result<Value<'js>> {
    array(ctx, read_all(fd, limit).map_err(|error| system_failure(ctx, &error))?)
}

/// Until the end or the limit.
fn read_all(fd: RawFd, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes: Vec<u8> = Vec::with_capacity(limit.min(limits::FIRST_READ_BYTES));
    while bytes.len() < limit {
        let length = bytes.len();
        if length == bytes.capacity() {
            bytes.reserve_exact((length * 3).min(limit - length));
        }
        // No more than a read may fill: zeros behind the end would take memory of their own.
        bytes.resize(length + (bytes.capacity() - length).min(limit - length).min(READ_BYTES), 0);
        let read = process::read(fd, &mut bytes[length..]);
        bytes.truncate(length + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if process::may_try_again(fd, libc::POLLIN, &error) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// O_NONBLOCK: a pipe without a reader, or a full one, must not keep us.
fn append(ctx: Ctx<'_>, path: String, lines: Vec<String>) -> Result<()> {
    let mut file = open(&ctx, &path, OpenOptions::new().append(true).create(true), libc::O_NONBLOCK)?;
    for line in lines {
        match file.write(line.as_bytes()) {
            Err(error) => return Err(system_failure(&ctx, &error)),
            Ok(written) if written < line.len() => return Err(failure(&ctx, "ENOSPC")),
            Ok(_) => {}
        }
    }
    Ok(())
}

fn send_datagram(ctx: Ctx<'_>, path: String, bytes: Bytes<'_>) -> Result<()> {
    let path = from_byte_string(&path);
    let address = SockAddr::unix(OsStr::from_bytes(&path)).map_err(|_| failure(&ctx, "ENAMETOOLONG"))?;
    let sent = Socket::new_raw(Domain::UNIX, Type::DGRAM.cloexec(), None).and_then(|socket| {
        socket.connect(&address)?;
        socket.send_with_flags(view(&bytes), libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL)
    });
    sent.map(drop).map_err(|error| system_failure(&ctx, &error))
}

fn check_executable(ctx: Ctx<'_>, path: String) -> Result<()> {
    let path = c_path(&ctx, &path)?;
    process::access(&path, libc::X_OK).map_err(|error| system_failure(&ctx, &error))?;
    match std::fs::metadata(OsStr::from_bytes(path.as_bytes())) {
        Ok(status) if status.is_dir() => Err(failure(&ctx, "EISDIR")),
        _ => Ok(()),
    }
}

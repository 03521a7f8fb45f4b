//! Files, standard input, and datagrams to unix sockets.

use super::{Bytes, array, c_path, failure, from_byte_string, last_failure, view};
use crate::{limits, process};
use rquickjs::{Ctx, Function, Object, Result, Value};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Of `O_*` in open(2): neither does a name become our terminal, nor is what we open left to the command.
const USUAL: i32 = libc::O_CLOEXEC | libc::O_NOCTTY;

pub fn install<'js>(ctx: &Ctx<'js>, host: &Object<'js>) -> Result<()> {
    host.set("readFile", Function::new(ctx.clone(), read_file)?)?;
    host.set("readFileAtOnce", Function::new(ctx.clone(), read_file_at_once)?)?;
    host.set("openToRead", Function::new(ctx.clone(), open_to_read)?)?;
    host.set("readSome", Function::new(ctx.clone(), read_some)?)?;
    host.set(
        "close",
        Function::new(ctx.clone(), |fd: RawFd| {
            // SAFETY: the bundle closes what `openToRead` gave it, once.
            unsafe { libc::close(fd) };
        })?,
    )?;
    host.set(
        "readInput",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, limit: usize| match read_all(0, limit) {
            Ok(bytes) => array(&ctx, bytes),
            Err(()) => Err(last_failure(&ctx)),
        })?,
    )?;
    host.set(
        "access",
        Function::new(ctx.clone(), |ctx: Ctx<'js>, path: String, mode: i32| -> Result<bool> {
            let path = c_path(&ctx, &path)?;
            // SAFETY: a C string of our own.
            Ok(unsafe { libc::access(path.as_ptr(), mode) == 0 })
        })?,
    )?;
    host.set("append", Function::new(ctx.clone(), append)?)?;
    host.set("sendDatagram", Function::new(ctx.clone(), send_datagram)?)?;
    host.set("checkExecutable", Function::new(ctx.clone(), check_executable)?)?;
    Ok(())
}

fn open(ctx: &Ctx<'_>, path: &str, flags: i32) -> Result<OwnedFd> {
    let path = c_path(ctx, path)?;
    // SAFETY: a C string of our own; the descriptor is new, and nobody else's.
    unsafe {
        let fd = libc::open(path.as_ptr(), flags | USUAL, 0o600);
        if fd < 0 { Err(last_failure(ctx)) } else { Ok(OwnedFd::from_raw_fd(fd)) }
    }
}

fn read_file<'js>(ctx: Ctx<'js>, path: String, limit: usize) -> Result<Value<'js>> {
    let file = open(&ctx, &path, libc::O_RDONLY)?;
    match read_all(file.as_raw_fd(), limit) {
        Ok(bytes) => array(&ctx, bytes),
        Err(()) => Err(last_failure(&ctx)),
    }
}

/// O_NONBLOCK: a pipe that nothing writes into yet is opened at once. Files ignore it.
fn read_file_at_once<'js>(ctx: Ctx<'js>, path: String, limit: usize) -> Result<Value<'js>> {
    let file = open(&ctx, &path, libc::O_RDONLY | libc::O_NONBLOCK)?;
    match kind_of(file.as_raw_fd()) {
        Some(libc::S_IFREG | libc::S_IFDIR) | None => match read_all(file.as_raw_fd(), limit) {
            Ok(bytes) => array(&ctx, bytes),
            Err(()) => Err(last_failure(&ctx)),
        },
        Some(_) => Ok(Value::new_undefined(ctx)),
    }
}

fn open_to_read(ctx: Ctx<'_>, path: String) -> Result<RawFd> {
    use std::os::fd::IntoRawFd;
    Ok(open(&ctx, &path, libc::O_RDONLY | libc::O_NONBLOCK)?.into_raw_fd())
}

/// `undefined`: nothing there now; an empty array: the end.
fn read_some<'js>(ctx: Ctx<'js>, fd: RawFd, limit: usize) -> Result<Value<'js>> {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // Also for a pipe that nothing has opened to write: to read it would look like its end.
    // SAFETY: one pollfd of our own.
    if unsafe { libc::poll(&mut poll, 1, 0) } <= 0 {
        return Ok(Value::new_undefined(ctx));
    }
    let mut bytes = vec![0; limit.min(65_536)];
    // SAFETY: the vector's own pointer and length.
    let count = unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), bytes.len()) };
    match usize::try_from(count) {
        Ok(count) => {
            bytes.truncate(count);
            array(&ctx, bytes)
        }
        Err(_) if matches!(process::errno(), libc::EINTR | libc::EAGAIN) => Ok(Value::new_undefined(ctx)),
        Err(_) => Err(last_failure(&ctx)),
    }
}

/// Until the end or the limit. The error is in `errno`.
fn read_all(fd: RawFd, limit: usize) -> std::result::Result<Vec<u8>, ()> {
    let mut bytes: Vec<u8> = Vec::with_capacity(limit.min(limits::FIRST_READ_BYTES));
    while bytes.len() < limit {
        if bytes.len() == bytes.capacity() {
            bytes.reserve_exact((bytes.len() * 3).min(limit - bytes.len()));
        }
        let room = (bytes.capacity() - bytes.len()).min(limit - bytes.len());
        // SAFETY: `room` bytes behind the length are the vector's own, and `read` has written what it says.
        unsafe {
            let count = libc::read(fd, bytes.as_mut_ptr().add(bytes.len()).cast(), room);
            match usize::try_from(count) {
                Ok(0) => break,
                Ok(count) => bytes.set_len(bytes.len() + count),
                Err(_) if process::may_try_again(fd, libc::POLLIN) => {}
                Err(_) => return Err(()),
            }
        }
    }
    Ok(bytes)
}

fn kind_of(fd: RawFd) -> Option<libc::mode_t> {
    // SAFETY: a structure of our own.
    unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        (libc::fstat(fd, &mut status) == 0).then_some(status.st_mode & libc::S_IFMT)
    }
}

/// O_NONBLOCK: a pipe without a reader, or a full one, must not keep us.
fn append(ctx: Ctx<'_>, path: String, lines: Vec<String>) -> Result<()> {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_NONBLOCK;
    let file = open(&ctx, &path, flags)?;
    for line in lines {
        // SAFETY: the string's own pointer and length.
        let written = unsafe { libc::write(file.as_raw_fd(), line.as_ptr().cast(), line.len()) };
        match usize::try_from(written) {
            Err(_) => return Err(last_failure(&ctx)),
            Ok(written) if written < line.len() => return Err(failure(&ctx, "ENOSPC")),
            Ok(_) => {}
        }
    }
    Ok(())
}

fn send_datagram(ctx: Ctx<'_>, path: String, bytes: Bytes<'_>) -> Result<()> {
    let path = from_byte_string(&path);
    // SAFETY: plain integers and arrays, of which zeros are a value.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    if path.len() >= address.sun_path.len() {
        return Err(failure(&ctx, "ENAMETOOLONG"));
    }
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    for (to, from) in address.sun_path.iter_mut().zip(&path) {
        *to = *from as libc::c_char;
    }
    let length = (std::mem::offset_of!(libc::sockaddr_un, sun_path) + path.len() + 1) as libc::socklen_t;
    // SAFETY: the socket is new and ours; address and bytes with their own lengths.
    unsafe {
        let socket = libc::socket(libc::AF_UNIX, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if socket < 0 {
            return Err(last_failure(&ctx));
        }
        let socket = OwnedFd::from_raw_fd(socket);
        if libc::connect(socket.as_raw_fd(), (&raw const address).cast(), length) != 0 {
            return Err(last_failure(&ctx));
        }
        let data = view(&bytes);
        let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
        if libc::send(socket.as_raw_fd(), data.as_ptr().cast(), data.len(), flags) < 0 {
            return Err(last_failure(&ctx));
        }
    }
    Ok(())
}

fn check_executable(ctx: Ctx<'_>, path: String) -> Result<()> {
    let path = c_path(&ctx, &path)?;
    // SAFETY: a C string and a structure of our own.
    unsafe {
        if libc::access(path.as_ptr(), libc::X_OK) != 0 {
            return Err(last_failure(&ctx));
        }
        let mut status: libc::stat = std::mem::zeroed();
        if libc::stat(path.as_ptr(), &mut status) == 0 && status.st_mode & libc::S_IFMT == libc::S_IFDIR {
            return Err(failure(&ctx, "EISDIR"));
        }
    }
    Ok(())
}

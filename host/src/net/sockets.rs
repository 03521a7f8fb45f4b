//! Data that is sent without a request: a stream that its receiver reads to the end, and datagrams.

use super::connection::Connection;
use super::exchange::{Event, Outlet};
use super::fault::{CUT, Fault, Result, TIMED_OUT};
use super::reactor::{after_ms, before, wait_for};
use super::route::{Ways, open};
use super::stream::Stream;
use super::tls::{self, Trust};
use crate::limits;
use socket2::{Domain, SockAddr, Socket, Type};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::task::Poll;

pub enum Target {
    Unix(Vec<u8>),
    /// `secure`: over TLS, with whom to trust.
    Host {
        host: String,
        port: u16,
        secure: Option<Trust>,
    },
}

/// Ends with `Event::End` when the receiver has read everything and ended its side.
pub async fn send_stream(target: Target, bytes: Vec<u8>, ways: Rc<Ways>, outlet: Rc<Outlet>) {
    outlet.push(match write_all(target, bytes, &ways).await {
        Ok(()) => Event::End,
        Err(fault) => Event::Failed(fault),
    });
}

async fn write_all(target: Target, bytes: Vec<u8>, ways: &Ways) -> Result<()> {
    let stream = before(after_ms(limits::CONNECT_MS), reach(target, ways)).await.unwrap_or(Err(TIMED_OUT))?;
    let mut connection = Connection::new(stream);
    connection.send(bytes);
    connection.finish().await
}

async fn reach(target: Target, ways: &Ways) -> Result<Stream> {
    match target {
        Target::Unix(path) => connect_unix(&path),
        Target::Host { host, port, secure: None } => open(&host, port, ways).await,
        Target::Host { host, port, secure: Some(trust) } => {
            tls::secure(open(&host, port, ways).await?, &host, trust, &ways.configs).await
        }
    }
}

/// At once, or never: `EAGAIN` where too many others wait for the receiver.
fn connect_unix(path: &[u8]) -> Result<Stream> {
    use std::os::unix::ffi::OsStrExt;
    let socket = Socket::new_raw(Domain::UNIX, Type::STREAM.nonblocking().cloexec(), None)?;
    let address = SockAddr::unix(std::ffi::OsStr::from_bytes(path)).map_err(|_| Fault::new("ENAMETOOLONG"))?;
    socket.connect(&address)?;
    Ok(Stream::Tcp(socket.into()))
}

/// Ends with `Event::End` when the kernel has taken all of them.
pub async fn send_datagrams(host: String, port: u16, datagrams: Vec<Vec<u8>>, ways: Rc<Ways>, outlet: Rc<Outlet>) {
    outlet.push(match send_all(&host, port, &datagrams, &ways).await {
        Ok(()) => Event::End,
        Err(fault) => Event::Failed(fault),
    });
}

/// To the first address that can be sent to.
async fn send_all(host: &str, port: u16, datagrams: &[Vec<u8>], ways: &Ways) -> Result<()> {
    let resolved = before(after_ms(limits::CONNECT_MS), ways.resolver.resolve(host)).await;
    let mut failure = CUT;
    for address in resolved.unwrap_or(Err(TIMED_OUT))? {
        match send_to(SocketAddr::new(address, port), datagrams).await {
            Ok(()) => return Ok(()),
            Err(fault) => failure = fault,
        }
    }
    Err(failure)
}

/// Not connected: that nothing listens there is not to be learnt from a datagram.
async fn send_to(address: SocketAddr, datagrams: &[Vec<u8>]) -> Result<()> {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.set_nonblocking(true)?;
    for datagram in datagrams {
        poll_fn(|_| match socket.send_to(datagram, address) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                wait_for(socket.as_raw_fd(), libc::POLLOUT);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(Fault::from(error))),
            Ok(_) => Poll::Ready(Ok(())),
        })
        .await?;
    }
    Ok(())
}

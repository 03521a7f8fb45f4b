//! TCP connections: the addresses in turn, the next beside one that does not answer (RFC 8305).

use super::fault::{CUT, Fault, Result};
use super::reactor::{after_ms, wait_for, wait_until};
use crate::limits;
use socket2::{Domain, Protocol, Socket, Type};
use std::future::poll_fn;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::fd::AsRawFd;
use std::task::Poll;
use std::time::Instant;

/// The first that answers.
pub async fn dial(addresses: &[IpAddr], port: u16) -> Result<TcpStream> {
    let mut dialling =
        Dialling { left: interleave(addresses).into(), port, pending: Vec::new(), next_at: None, why: None };
    poll_fn(|_| dialling.poll()).await
}

/// Both families in turn, the first one's first, each in its order.
fn interleave(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let Some(first) = addresses.first() else { return Vec::new() };
    let (mut same, mut other): (Vec<_>, Vec<_>) =
        addresses.iter().rev().partition(|address| address.is_ipv6() == first.is_ipv6());
    let mut all = Vec::with_capacity(addresses.len());
    while let Some(address) = same.pop() {
        all.push(address);
        all.extend(other.pop());
    }
    all.extend(other.into_iter().rev());
    all
}

const NO_ROUTE: [&str; 3] = ["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"];

struct Dialling {
    left: std::collections::VecDeque<IpAddr>,
    port: u16,
    pending: Vec<Socket>,
    /// When the next address is tried although another still may answer.
    next_at: Option<Instant>,
    /// The first that says more than that a family is not to be had here.
    why: Option<Fault>,
}

impl Dialling {
    fn poll(&mut self) -> Poll<Result<TcpStream>> {
        if let Some(stream) = self.take_connected() {
            return Poll::Ready(Ok(stream));
        }
        while self.pending.is_empty() || self.next_at.is_some_and(|at| at <= Instant::now()) {
            let Some(address) = self.left.pop_front() else { break };
            self.next_at = Some(after_ms(limits::NEXT_ADDRESS_MS));
            match begin(SocketAddr::new(address, self.port)) {
                Ok(socket) => self.pending.push(socket),
                Err(error) => self.blame(error.into()),
            }
            if let Some(stream) = self.take_connected() {
                return Poll::Ready(Ok(stream));
            }
        }
        if self.pending.is_empty() {
            return Poll::Ready(Err(self.why.clone().unwrap_or(CUT)));
        }
        for socket in &self.pending {
            wait_for(socket.as_raw_fd(), libc::POLLOUT);
        }
        if let (Some(at), false) = (self.next_at, self.left.is_empty()) {
            wait_until(at);
        }
        Poll::Pending
    }

    fn blame(&mut self, fault: Fault) {
        if self.why.as_ref().is_none_or(|known| NO_ROUTE.contains(&&*known.code)) {
            self.why = Some(fault);
        }
    }

    fn take_connected(&mut self) -> Option<TcpStream> {
        let mut index = 0;
        while index < self.pending.len() {
            let socket = &self.pending[index];
            match socket.take_error() {
                Ok(Some(error)) | Err(error) => {
                    self.blame(error.into());
                    self.pending.remove(index);
                    self.next_at = Some(Instant::now());
                }
                // A socket has a peer once it is connected.
                Ok(None) if socket.peer_addr().is_ok() => return Some(self.pending.remove(index).into()),
                Ok(None) => index += 1,
            }
        }
        None
    }
}

fn begin(address: SocketAddr) -> std::io::Result<Socket> {
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket = Socket::new_raw(Domain::for_address(address), kind, Some(Protocol::TCP))?;
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&address.into()) {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(socket),
    }
}

#[cfg(test)]
mod tests {
    use super::super::reactor::block_on;
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn families_take_turns() {
        let parse = |texts: &[&str]| -> Vec<IpAddr> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let cases: [(&[&str], &[&str]); 5] = [
            (&[], &[]),
            (&["::1", "::2", "1.1.1.1"], &["::1", "1.1.1.1", "::2"]),
            (&["1.1.1.1", "2.2.2.2"], &["1.1.1.1", "2.2.2.2"]),
            (&["1.1.1.1", "::1", "::2", "::3"], &["1.1.1.1", "::1", "::2", "::3"]),
            (&["1.1.1.1", "2.2.2.2", "::1"], &["1.1.1.1", "::1", "2.2.2.2"]),
        ];
        for (given, expected) in cases {
            assert_eq!(interleave(&parse(given)), parse(expected));
        }
    }

    #[test]
    fn an_address_that_refuses_is_followed_by_the_next() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let addresses: Vec<IpAddr> = vec!["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()];
        let stream = block_on(async move { dial(&addresses, port).await }).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), listener.local_addr().unwrap());
    }

    #[test]
    fn a_failure_has_the_name_that_the_kernel_gives() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let refused = block_on(async move { dial(&["127.0.0.1".parse().unwrap()], port).await });
        assert_eq!(refused.unwrap_err().code, "ECONNREFUSED");
    }
}

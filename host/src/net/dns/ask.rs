//! One name's addresses, from the servers that the system names: A and AAAA at the same time, over UDP, and over TCP what
//! does not fit.

use super::config::Config;
use super::message::{self, Answer, Kind};
use super::{NOT_FOUND, TRY_AGAIN, name};
use crate::limits;
use crate::net::connection::Connection;
use crate::net::dial;
use crate::net::fault::Result;
use crate::net::reactor::{after_ms, before, wait_for, wait_until};
use crate::net::stream::Stream;
use ring::rand::{SecureRandom, SystemRandom};
use std::future::poll_fn;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::task::Poll;
use std::time::Instant;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub addresses: Vec<IpAddr>,
    /// How long they hold, in seconds.
    pub ttl: u32,
}

/// RFC 8305, section 4: IPv6 first.
const KINDS: [Kind; 2] = [Kind::Aaaa, Kind::A];

/// `first`: the server to begin with. `ENOTFOUND`: it has no address. `EAI_AGAIN`: no server knows.
pub async fn ask(name: &str, config: &Config, port: u16, first: usize) -> Result<Found> {
    let Some(name) = name::encode(name) else { return Err(NOT_FOUND) };
    for _ in 0..config.attempts {
        for index in 0..config.servers.len() {
            let address = config.servers[(first + index) % config.servers.len()];
            let mut questions = Questions::new(&name, SocketAddr::new(address, port))?;
            let until = after_ms(config.timeout * 1000);
            if before(until, questions.ask(config.uses_tcp)).await == Some(true) {
                return questions.result();
            }
        }
    }
    Err(TRY_AGAIN)
}

struct Questions<'a> {
    name: &'a [u8],
    server: SocketAddr,
    ids: [u16; 2],
    answers: [Option<Answer>; 2],
    /// Until when the other kind is waited for once one has addresses.
    enough_at: Option<Instant>,
}

impl<'a> Questions<'a> {
    fn new(name: &'a [u8], server: SocketAddr) -> Result<Self> {
        let mut random = [0; 4];
        SystemRandom::new().fill(&mut random).map_err(|_| TRY_AGAIN)?;
        let ids = [[random[0], random[1]], [random[2], random[3]]].map(u16::from_be_bytes);
        Ok(Self { name, server, ids, answers: [None, None], enough_at: None })
    }

    /// Whether there are answers; a server that fails has none.
    async fn ask(&mut self, uses_tcp: bool) -> bool {
        if uses_tcp {
            self.answers = [Some(Answer::Truncated), Some(Answer::Truncated)];
        } else if self.ask_by_udp().await.is_err() {
            return false;
        }
        for index in 0..KINDS.len() {
            if self.answers[index] == Some(Answer::Truncated) {
                self.answers[index] = self.ask_by_tcp(index).await.ok();
            }
        }
        let answers = || self.answers.iter().flatten();
        let has_addresses = answers().any(|answer| matches!(answer, Answer::Addresses(all, _) if !all.is_empty()));
        has_addresses || (answers().count() == 2 && answers().all(|answer| *answer != Answer::Refused))
    }

    fn result(self) -> Result<Found> {
        let (mut addresses, mut ttl) = (Vec::new(), u32::MAX);
        for answer in self.answers.into_iter().flatten() {
            if let Answer::Addresses(found, holds) = answer
                && !found.is_empty()
            {
                addresses.extend(found);
                ttl = ttl.min(holds);
            }
        }
        if addresses.is_empty() { Err(NOT_FOUND) } else { Ok(Found { addresses, ttl }) }
    }

    async fn ask_by_udp(&mut self) -> Result<()> {
        let any: IpAddr =
            if self.server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        // The kernel chooses a port by chance. Connected, so that nothing of another server is received.
        let socket = UdpSocket::bind((any, 0))?;
        socket.set_nonblocking(true)?;
        socket.connect(self.server)?;
        for (id, kind) in self.ids.into_iter().zip(KINDS) {
            socket.send(&message::question(id, self.name, kind))?;
        }
        poll_fn(|_| {
            let mut buffer = [0; limits::MAX_DATAGRAM_BYTES];
            loop {
                match socket.recv(&mut buffer) {
                    Ok(length) => self.take(&buffer[..length]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Poll::Ready(Err(error.into())),
                }
            }
            if self.has_enough() {
                return Poll::Ready(Ok(()));
            }
            wait_for(socket.as_raw_fd(), libc::POLLIN);
            Poll::Pending
        })
        .await
    }

    fn take(&mut self, bytes: &[u8]) {
        for (index, kind) in KINDS.into_iter().enumerate() {
            if self.answers[index].is_none() {
                self.answers[index] = message::parse(bytes, self.ids[index], self.name, kind);
            }
        }
    }

    /// Some servers never answer about the kind that they do not have.
    fn has_enough(&mut self) -> bool {
        if self.answers.iter().all(Option::is_some) {
            return true;
        }
        let has_some =
            self.answers.iter().flatten().any(|answer| matches!(answer, Answer::Addresses(all, _) if !all.is_empty()));
        if !has_some {
            return false;
        }
        let at = *self.enough_at.get_or_insert_with(|| after_ms(limits::OTHER_FAMILY_MS));
        wait_until(at);
        Instant::now() >= at
    }

    async fn ask_by_tcp(&mut self, index: usize) -> Result<Answer> {
        let (id, kind) = (self.ids[index], KINDS[index]);
        let socket = dial::dial(&[self.server.ip()], self.server.port()).await?;
        let mut connection = Connection::new(Stream::Tcp(socket));
        let question = message::question(id, self.name, kind);
        connection.send([&(question.len() as u16).to_be_bytes()[..], &question].concat());
        loop {
            if let Some((length, rest)) = connection.input().split_first_chunk() {
                let length = usize::from(u16::from_be_bytes(*length));
                if let Some(bytes) = rest.get(..length) {
                    let answer =
                        message::parse(bytes, id, self.name, kind).filter(|answer| *answer != Answer::Truncated);
                    return answer.ok_or(TRY_AGAIN);
                }
            }
            if !connection.receive().await? {
                return Err(TRY_AGAIN);
            }
        }
    }
}

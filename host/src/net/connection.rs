//! A stream with what was read from it and not used yet, and what still has to go out. A peer may answer before it has
//! read everything, so both go on at the same time.

use super::fault::{Fault, Result};
use super::head::{self, Head};
use super::reactor::wait_for;
use super::stream::Stream;
use crate::limits;
use std::future::poll_fn;
use std::io::{ErrorKind, Read, Write};
use std::task::Poll;

pub struct Connection {
    stream: Stream,
    input: Vec<u8>,
    output: Vec<u8>,
    sent: usize,
    /// Why the rest of the output did not go out; what the peer says about it comes first.
    unsent: Option<Fault>,
}

impl Connection {
    pub fn new(stream: Stream) -> Self {
        Self { stream, input: Vec::new(), output: Vec::new(), sent: 0, unsent: None }
    }

    pub fn input(&self) -> &[u8] {
        &self.input
    }

    pub fn consume(&mut self, count: usize) {
        self.input.drain(..count);
    }

    /// Goes out as far as it can, and on with each `receive`.
    pub fn send(&mut self, bytes: Vec<u8>) {
        (self.output, self.sent) = (bytes, 0);
        self.send_on();
    }

    pub fn has_sent_all(&self) -> bool {
        self.unsent.is_none() && self.sent == self.output.len() && !self.stream.has_output()
    }

    fn send_on(&mut self) {
        while self.sent < self.output.len() && self.unsent.is_none() {
            match self.stream.write(&self.output[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => self.unsent = Some(error.into()),
            }
        }
        if self.unsent.is_none()
            && let Err(error) = self.stream.flush()
        {
            self.unsent = Some(error.into());
        }
    }

    /// Waits for input, and sends while waiting. `false`: the peer has ended its side.
    pub async fn receive(&mut self) -> Result<bool> {
        poll_fn(|_| {
            if !self.has_sent_all() {
                self.send_on();
            }
            match self.read() {
                Ok(0) => Poll::Ready(self.unsent.clone().map_or(Ok(false), Err)),
                Ok(_) => Poll::Ready(Ok(true)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let out = if self.unsent.is_some() || self.has_sent_all() { 0 } else { libc::POLLOUT };
                    wait_for(self.stream.descriptor(), libc::POLLIN | out);
                    Poll::Pending
                }
                Err(error) => Poll::Ready(Err(error.into())),
            }
        })
        .await
    }

    fn read(&mut self) -> std::io::Result<usize> {
        let length = self.input.len();
        self.input.resize(length + limits::READ_BYTES, 0);
        let result = self.stream.read(&mut self.input[length..]);
        self.input.truncate(length + *result.as_ref().unwrap_or(&0));
        result
    }

    /// The next head. It is parsed anew only where a line has ended, so that a peer that drips does not make us work.
    pub async fn receive_head(&mut self) -> Result<Head> {
        let mut parsed = 0;
        loop {
            let is_worth_it = parsed == 0 || self.input.len() >= limits::MAX_HEAD_BYTES;
            if !self.input.is_empty() && (is_worth_it || self.input[parsed..].contains(&b'\n')) {
                if let Some((head, length)) = head::parse(&self.input)? {
                    self.consume(length);
                    return Ok(head);
                }
                parsed = self.input.len();
            }
            if !self.receive().await? {
                return Err(super::fault::CUT);
            }
        }
    }

    /// Sends the rest, says that this is the end, and waits for the peer's own. What it says before is not kept. Its end
    /// counts without close_notify, which many receivers never send.
    pub async fn finish(&mut self) -> Result<()> {
        let mut has_ended = false;
        poll_fn(|_| {
            self.send_on();
            if let Some(fault) = &self.unsent {
                return Poll::Ready(Err(fault.clone()));
            }
            if self.has_sent_all() && !has_ended {
                has_ended = true;
                if let Err(error) = self.stream.end() {
                    return Poll::Ready(Err(error.into()));
                }
            }
            loop {
                self.input.clear();
                match self.read() {
                    Ok(count) if count > 0 => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() != ErrorKind::UnexpectedEof => return Poll::Ready(Err(error.into())),
                    _ if self.has_sent_all() && has_ended => return Poll::Ready(Ok(())),
                    _ => return Poll::Ready(Err(super::fault::CUT)),
                }
            }
            let out = if self.has_sent_all() { 0 } else { libc::POLLOUT };
            wait_for(self.stream.descriptor(), libc::POLLIN | out);
            Poll::Pending
        })
        .await
    }

    /// Whether a connection that should have nothing to say is still there.
    pub fn is_idle(&mut self) -> bool {
        let would_block = |error: &std::io::Error| error.kind() == ErrorKind::WouldBlock;
        self.input.is_empty() && self.has_sent_all() && self.read().is_err_and(|error| would_block(&error))
    }

    /// What was read and not used is dropped; `None` when there is any, which no tunnel begins with.
    pub fn into_stream(self) -> Option<Stream> {
        self.input.is_empty().then_some(self.stream)
    }

    pub fn stream(&mut self) -> &mut Stream {
        &mut self.stream
    }
}

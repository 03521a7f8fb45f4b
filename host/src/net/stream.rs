//! A byte stream: TCP, or TLS over another stream, so that TLS to a proxy can carry TLS to what is behind it. Nothing
//! here waits: `WouldBlock` is what there is to wait for, and `interest` says for what.

use rustls::ClientConnection;
use socket2::SockRef;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsRawFd;

pub enum Stream {
    /// Or a unix socket, which is one as well.
    Tcp(TcpStream),
    Tls(Box<Tls>),
}

pub struct Tls {
    pub session: ClientConnection,
    pub below: Stream,
}

impl Stream {
    pub fn secure(session: ClientConnection, below: Stream) -> Self {
        Self::Tls(Box::new(Tls { session, below }))
    }

    pub fn tcp(&self) -> &TcpStream {
        match self {
            Self::Tcp(socket) => socket,
            Self::Tls(tls) => tls.below.tcp(),
        }
    }

    pub fn descriptor(&self) -> i32 {
        self.tcp().as_raw_fd()
    }

    /// Whether something that was written still has to go out.
    pub fn has_output(&self) -> bool {
        match self {
            Self::Tcp(_) => false,
            Self::Tls(tls) => tls.session.wants_write() || tls.below.has_output(),
        }
    }

    /// Says the end of what we send, as far as the kernel takes it now.
    pub fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(socket) => socket.shutdown(std::net::Shutdown::Write),
            Self::Tls(tls) => {
                tls.session.send_close_notify();
                tls.flush()?;
                // What did not go out yet is not cut off by that: there is no more than this alert.
                if tls.session.wants_write() { Ok(()) } else { tls.below.end() }
            }
        }
    }
}

impl Read for Stream {
    /// 0 is an end that the peer said.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => without_interruption(|| socket.read(buffer)),
            Self::Tls(tls) => tls.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => without_interruption(|| socket.write(bytes)),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    /// TLS writes several records at once.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        match self {
            Self::Tcp(socket) => without_interruption(|| {
                // std's own would raise SIGPIPE.
                SockRef::from(&*socket).send_vectored_with_flags(slices, libc::MSG_NOSIGNAL)
            }),
            Self::Tls(tls) => tls.write(slices.iter().find(|slice| !slice.is_empty()).map_or(&[], |slice| slice)),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tcp(_) => Ok(()),
            Self::Tls(tls) => tls.flush(),
        }
    }
}

fn without_interruption(mut call: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match call() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl Tls {
    /// One step of the handshake, as far as it goes without waiting. `true` when it is done; our last words of it then go
    /// out with what is written first.
    pub fn shake_hands(&mut self) -> io::Result<bool> {
        while self.session.is_handshaking() {
            // A broken wire is found by reading, behind what the peer has said about it.
            let _ = self.flush();
            if !self.session.is_handshaking() {
                break;
            }
            match self.receive() {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.session.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                result => return result,
            }
            let _ = self.flush();
            self.receive()?;
        }
    }

    /// Reads from below once. 0: it has ended.
    fn receive(&mut self) -> io::Result<usize> {
        let count = self.session.read_tls(&mut self.below)?;
        if let Err(error) = self.session.process_new_packets() {
            // The alert that says why goes out as far as it can; it changes nothing for us.
            let _ = self.flush();
            return Err(io::Error::new(ErrorKind::InvalidData, error));
        }
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.session.writer().write(bytes)?;
        self.flush()?;
        if count == 0 && !bytes.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { Ok(count) }
    }

    /// Sends what is ready, as much as the kernel takes now.
    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.write_tls(&mut self.below) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        self.below.flush()
    }
}

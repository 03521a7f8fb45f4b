//! Servers of the tests: a thread that does with each connection what the test says, in the order in which they come.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

pub struct Server {
    pub port: u16,
    /// The heads of the requests that came, and the numbers of their connections.
    requests: Receiver<(usize, String)>,
}

impl Server {
    /// `serve` gets each connection with a function that reads the next request's head.
    pub fn start(
        mut serve: impl FnMut(usize, &mut TcpStream, &mut dyn FnMut(&mut TcpStream) -> Option<String>) + Send + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, requests) = channel();
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                serve(number, &mut stream, &mut |stream| {
                    let head = read_head(stream)?;
                    let _ = sender.send((number, head.clone()));
                    Some(head)
                });
            }
        });
        Self { port, requests }
    }

    /// Answers every request of every connection with the same bytes, in pieces of a size, then ends the connection.
    pub fn answering(answer: Vec<u8>, piece: usize) -> Self {
        Self::start(move |_, stream, next| {
            if next(stream).is_some() {
                for piece in answer.chunks(piece.max(1)) {
                    let _ = stream.write_all(piece);
                }
            }
        })
    }

    /// Keeps each connection for any number of requests.
    pub fn keeping(answer: &'static str) -> Self {
        Self::start(move |_, stream, next| {
            while next(stream).is_some() {
                if stream.write_all(answer.as_bytes()).is_err() {
                    return;
                }
            }
        })
    }

    pub fn requests(&self) -> Vec<(usize, String)> {
        self.requests.try_iter().collect()
    }
}

/// `None` at the end of the connection.
pub fn read_head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).unwrap())
}

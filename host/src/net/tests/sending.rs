//! Streams and datagrams.

use super::super::sockets::{self, Target};
use super::*;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::channel;

impl Client {
    fn send(&mut self, target: Target, bytes: Vec<u8>) -> String {
        let (events, ways) = (self.events.clone(), self.ways.clone());
        let number = self
            .reactor
            .spawn(|number| Box::pin(sockets::send_stream(target, bytes, ways, Rc::new(Outlet::new(number, events)))));
        self.finish();
        self.outcome(number).end
    }
}

fn to(port: u16, secure: Option<u32>) -> Target {
    Target::Host { host: "localhost".into(), port, secure }
}

/// More than the kernel takes at once.
fn much() -> Vec<u8> {
    vec![b'x'; 8 * 1024 * 1024]
}

/// What a receiver does with one connection; and what came of sending there.
fn sent(bytes: Vec<u8>, receive: impl FnOnce(&mut TcpStream) -> usize + Send + 'static) -> (String, usize) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let receiver = std::thread::spawn(move || receive(&mut listener.accept().unwrap().0));
    (Client::default().send(to(port, None), bytes), receiver.join().unwrap())
}

#[test]
fn a_stream_has_arrived_when_the_receiver_has_read_it_and_ended_its_side() {
    for bytes in [Vec::new(), b"message".to_vec(), much()] {
        let length = bytes.len();
        let read = |stream: &mut TcpStream| {
            stream.write_all(b"what it says is not asked for").unwrap();
            stream.read_to_end(&mut Vec::new()).unwrap()
        };
        assert_eq!(sent(bytes, read), ("end".to_string(), length));
    }
}

#[test]
fn a_stream_that_is_cut_off_is_a_failure() {
    let (end, _) = sent(much(), |stream| stream.read(&mut [0; 1024]).unwrap());
    assert!(matches!(end.as_str(), "ECONNRESET" | "EPIPE"), "{end}");
    // It ends its side without having read.
    let (end, _) = sent(much(), |stream| {
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        std::thread::park_timeout(std::time::Duration::from_millis(50));
        0
    });
    assert!(matches!(end.as_str(), "ECONNRESET" | "EPIPE"), "{end}");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(Client::default().send(to(closed, None), Vec::new()), "ECONNREFUSED");
}

#[test]
fn a_unix_socket_takes_a_stream_too() {
    let path = std::env::temp_dir().join(format!("envseal-socket-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let receiver = std::thread::spawn(move || {
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        text
    });
    let target = |path: &std::path::Path| Target::Unix(path.to_str().unwrap().as_bytes().to_vec());
    assert_eq!(Client::default().send(target(&path), b"message".to_vec()), "end");
    assert_eq!(receiver.join().unwrap(), "message");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(Client::default().send(target(&path), Vec::new()), "ENOENT");
    assert_eq!(Client::default().send(Target::Unix(vec![b'x'; 200]), Vec::new()), "ENAMETOOLONG");
}

#[test]
fn a_stream_goes_over_tls_whether_or_not_the_receiver_says_its_end() {
    for says_end in [true, false] {
        let (identity, bundle) = super::tls::identity();
        let (listener, config) = (TcpListener::bind("127.0.0.1:0").unwrap(), super::tls::server_config(identity));
        let port = listener.local_addr().unwrap().port();
        let receiver = std::thread::spawn(move || {
            let (wire, _) = listener.accept().unwrap();
            let session = rustls::ServerConnection::new(config).unwrap();
            let mut stream = rustls::StreamOwned::new(session, wire);
            let count = stream.read_to_end(&mut Vec::new()).unwrap();
            if says_end {
                stream.conn.send_close_notify();
                stream.flush().unwrap();
            }
            count
        });
        let mut client = Client::default();
        let trust = client.ways.configs.load(bundle.into_bytes());
        assert_eq!(client.send(to(port, Some(trust)), much()), "end");
        assert_eq!(receiver.join().unwrap(), much().len());
    }
}

#[test]
fn datagrams_arrive_one_by_one() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let (sender, received) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 100];
        while let Ok(count) = socket.recv(&mut buffer) {
            sender.send(buffer[..count].to_vec()).unwrap();
        }
    });
    let mut client = Client::default();
    let (events, ways) = (client.events.clone(), client.ways.clone());
    let datagrams = vec![b"one".to_vec(), b"two".to_vec()];
    let number = client.reactor.spawn(|number| {
        let outlet = Rc::new(Outlet::new(number, events));
        Box::pin(sockets::send_datagrams("127.0.0.1".into(), port, datagrams, ways, outlet))
    });
    client.finish();
    assert_eq!(client.outcome(number).end, "end");
    assert_eq!([received.recv().unwrap(), received.recv().unwrap()], [b"one".to_vec(), b"two".to_vec()]);
}

//! Proxies: with and without TLS to them, for servers with and without it.

use super::server::{Server, read_head};
use super::*;
use crate::net::route::Proxy;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";

/// Over TLS; answers CONNECT with a status, and joins the tunnel to a port. The heads of what it was asked.
fn secure_proxy(config: std::sync::Arc<rustls::ServerConfig>, to: u16) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, heads) = channel();
    std::thread::spawn(move || {
        let (wire, _) = listener.accept().unwrap();
        wire.set_nodelay(true).unwrap();
        let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), wire);
        sender.send(read_head(&mut stream).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
        stream.sock.set_read_timeout(Some(std::time::Duration::from_millis(5))).unwrap();
        server.set_read_timeout(Some(std::time::Duration::from_millis(5))).unwrap();
        let mut buffer = [0; 16384];
        loop {
            match std::io::Read::read(&mut stream, &mut buffer) {
                Ok(0) => return,
                Ok(count) => server.write_all(&buffer[..count]).unwrap(),
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                }
                Err(_) => return,
            }
            match std::io::Read::read(&mut server, &mut buffer) {
                Ok(count) if count > 0 => stream.write_all(&buffer[..count]).unwrap(),
                _ => {}
            }
        }
    });
    (port, heads)
}

fn through(is_secure: bool, proxy_port: u16, authorization: Option<&str>) -> Route {
    let proxy = Proxy {
        is_secure: false,
        host: "127.0.0.1".into(),
        port: proxy_port,
        authorization: authorization.map(str::to_string),
    };
    Route { is_secure, host: "server.invalid".into(), port: 443, trust: 0, proxy: Some(proxy) }
}

#[test]
fn plain_http_is_asked_of_the_proxy_itself() {
    let proxy = Server::keeping(ANSWER);
    let outcome = Client::default().ask(request("GET", through(false, proxy.port, Some("Basic dTpw"))));
    assert_eq!((outcome.body.as_str(), outcome.end.as_str()), ("body", "end"));
    assert_eq!(
        proxy.requests()[0].1,
        "GET http://server.invalid:443/path?query HTTP/1.1\r\nhost: server.invalid:443\r\nproxy-authorization: Basic dTpw\r\n\r\n"
    );
}

#[test]
fn a_tunnel_that_is_refused_says_with_what() {
    for (answer, expected) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "ERR_PROXY_TUNNEL 407"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "ERR_PROXY_TUNNEL 502"),
        ("HTTP/1.1 302 Found\r\n\r\n", "ERR_PROXY_TUNNEL 302"),
        ("nonsense\r\n\r\n", "HPE_INVALID_CONSTANT"),
        ("", "ECONNRESET"),
        // A tunnel in which the other side speaks first.
        ("HTTP/1.1 200 OK\r\n\r\nearly", "ECONNRESET"),
    ] {
        let proxy = Server::answering(answer.as_bytes().to_vec(), usize::MAX);
        assert_eq!(Client::default().ask(request("GET", through(true, proxy.port, None))).end, expected, "{answer:?}");
    }
}

#[test]
fn tls_goes_inside_the_tls_of_a_proxy() {
    let (identity, bundle) = super::tls::identity();
    let server = super::tls::serve(super::tls::copy(&identity), rustls::ALL_VERSIONS, ANSWER);
    let (port, heads) = secure_proxy(super::tls::server_config(identity), server.port);
    let mut client = Client::default();
    let trust = client.ways.configs.load(bundle.into_bytes());
    let proxy = Proxy { is_secure: true, host: "localhost".into(), port, authorization: Some("Basic dTpw".into()) };
    let route = Route { is_secure: true, host: "localhost".into(), port: 1, trust, proxy: Some(proxy) };
    let outcome = client.ask(request("GET", route));
    assert_eq!((outcome.body.as_str(), outcome.end.as_str()), ("body", "end"));
    let expected = "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\nProxy-Authorization: Basic dTpw\r\n\r\n";
    assert_eq!(heads.recv().unwrap(), expected);
}

#[test]
fn a_proxy_over_tls_has_to_be_trusted_itself() {
    let (identity, _) = super::tls::identity();
    let (port, _) = secure_proxy(super::tls::server_config(identity), 1);
    let proxy = Proxy { is_secure: true, host: "localhost".into(), port, authorization: None };
    let route = Route { proxy: Some(proxy), ..through(false, port, None) };
    assert_eq!(Client::default().ask(request("GET", route)).end, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

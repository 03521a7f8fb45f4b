//! Connections that are used again.

use super::server::Server;
use super::*;

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn connections(server: &Server) -> Vec<usize> {
    server.requests().into_iter().map(|(connection, _)| connection).collect()
}

#[test]
fn a_connection_is_used_again_after_a_whole_answer() {
    for (answer, expected) in [
        (EMPTY, [0, 0, 0]),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", [0, 0, 0]),
        ("HTTP/1.1 204 X\r\n\r\n", [0, 0, 0]),
    ] {
        let server = Server::keeping(answer);
        let mut client = Client::default();
        for _ in 0..3 {
            assert_eq!(client.ask(get(server.port)).end, "end");
        }
        assert_eq!(connections(&server), expected, "{answer:?}");
    }
}

#[test]
fn a_connection_that_is_not_kept_or_says_too_much_is_not_used_again() {
    for answer in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n",
    ] {
        // Would answer on the same connection, too.
        let server = Server::keeping(answer);
        let mut client = Client::default();
        for _ in 0..3 {
            assert_eq!(client.ask(get(server.port)).end, "end");
        }
        assert_eq!(connections(&server), [0, 1, 2], "{answer:?}");
    }
}

#[test]
fn a_connection_that_was_seen_to_end_is_not_used_for_what_cannot_be_repeated() {
    let ((sender, ended), (end, may_end)) = (std::sync::mpsc::channel(), std::sync::mpsc::channel());
    let server = Server::start(move |_, stream, next| {
        use std::io::Write;
        next(stream);
        let _ = stream.write_all(EMPTY.as_bytes());
        let _ = may_end.recv();
        let _ = stream.shutdown(std::net::Shutdown::Both);
        let _ = sender.send(());
    });
    let mut client = Client::default();
    let (number, _) = client.start(get(server.port));
    client.finish();
    assert_eq!(client.outcome(number).end, "end");
    end.send(()).unwrap();
    ended.recv().unwrap();
    assert_eq!(client.ask(request("PUT", route(server.port))).end, "end");
    assert_eq!(connections(&server), [0, 1]);
}

#[test]
fn a_connection_that_dies_while_it_waits_is_replaced() {
    // Ends each connection after the second request has come, without an answer to that.
    let serve = |_: usize,
                 stream: &mut std::net::TcpStream,
                 next: &mut dyn FnMut(&mut std::net::TcpStream) -> Option<String>| {
        use std::io::Write;
        next(stream);
        let _ = stream.write_all(EMPTY.as_bytes());
        next(stream);
    };
    for (method, expected, asked) in
        [("GET", "end", vec![0, 0, 1]), ("HEAD", "end", vec![0, 0, 1]), ("PUT", "ECONNRESET", vec![0, 0])]
    {
        let server = Server::start(serve);
        let mut client = Client::default();
        assert_eq!(client.ask(get(server.port)).end, "end");
        assert_eq!(client.ask(request(method, route(server.port))).end, expected, "{method}");
        assert_eq!(connections(&server), asked, "{method}");
    }
}

#[test]
fn a_new_connection_that_dies_is_a_failure() {
    let server = Server::start(|_, stream, next| {
        next(stream);
    });
    assert_eq!(Client::default().ask(get(server.port)).end, "ECONNRESET");
    assert_eq!(connections(&server), [0]);
}

#[test]
fn an_answer_that_has_begun_is_not_asked_for_again() {
    let server = Server::start(|_, stream, next| {
        use std::io::Write;
        next(stream);
        let _ = stream.write_all(EMPTY.as_bytes());
        next(stream);
        let _ = stream.write_all(b"HTTP/1.1 2");
    });
    let mut client = Client::default();
    assert_eq!(client.ask(get(server.port)).end, "end");
    assert_eq!(client.ask(get(server.port)).end, "ECONNRESET");
    assert_eq!(connections(&server), [0, 0]);
}

#[test]
fn an_origin_has_so_many_connections_and_no_more() {
    use std::io::Write;
    let (listener, count) =
        (std::net::TcpListener::bind("127.0.0.1:0").unwrap(), crate::limits::MAX_CONNECTIONS_AN_ORIGIN);
    let port = listener.local_addr().unwrap().port();
    let accepted = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counter = accepted.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counter.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                while super::server::read_head(&mut stream).is_some() {
                    let _ = stream.write_all(EMPTY.as_bytes());
                }
            });
        }
    });
    let mut client = Client::default();
    let numbers: Vec<u32> = (0..50).map(|_| client.start(get(port)).0).collect();
    client.finish();
    for number in numbers {
        assert_eq!(client.outcome(number).end, "end");
    }
    assert!(accepted.load(std::sync::atomic::Ordering::SeqCst) <= count);
}

#[test]
fn to_cancel_an_exchange_closes_its_wire_at_once_and_leaves_its_place_to_others() {
    use std::io::Read;
    let (sender, closed) = std::sync::mpsc::channel();
    let server = Server::start(move |_, stream, next| {
        next(stream);
        sender.send(stream.read(&mut [0]).unwrap_or(0)).unwrap();
    });
    let mut client = Client::default();
    for _ in 0..crate::limits::MAX_CONNECTIONS_AN_ORIGIN + 1 {
        let (number, _) = client.start(get(server.port));
        client.reactor.run();
        while server.requests().is_empty() {
            client.reactor.look(10.0, poll_for_tests);
        }
        assert!(client.reactor.cancel(number));
        assert_eq!(closed.recv().unwrap(), 0);
    }
}

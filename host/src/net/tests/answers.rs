//! Tests of the parsing of answers.

use super::server::Server;
use super::*;

fn ask(answer: &str) -> Outcome {
    let server = Server::answering(answer.as_bytes().to_vec(), usize::MAX);
    Client::default().ask(get(server.port))
}

fn whole(status: u16, body: &str, ended_by: &'static str) -> Outcome {
    Outcome { status, body: body.into(), ended_by, end: "end".into() }
}

#[test]
fn a_body_ends_with_its_length_its_last_chunk_or_the_connection() {
    for (answer, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbodyrest", whole(200, "body", "length")),
        ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", whole(404, "", "length")),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\nA: b\r\n\r\n",
            whole(200, "body", "chunked"),
        ),
        ("HTTP/1.1 200 OK\r\n\r\nbody", whole(200, "body", "close")),
        ("HTTP/1.0 200 OK\r\n\r\n", whole(200, "", "close")),
        ("HTTP/1.1 204 No Content\r\n\r\nignored", whole(204, "", "length")),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", whole(304, "", "length")),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            whole(200, "x", "length"),
        ),
    ] {
        assert_eq!(ask(answer), expected, "{answer:?}");
    }
}

#[test]
fn head_has_no_body_whatever_its_headers_say() {
    let server = Server::answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n".to_vec(), usize::MAX);
    assert_eq!(Client::default().ask(request("HEAD", route(server.port))), whole(200, "", "length"));
}

#[test]
fn an_answer_that_is_cut_anywhere_is_a_failure() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nA: b\r\n\r\n",
    ] {
        for length in 0..answer.len() {
            let outcome = ask(&answer[..length]);
            assert_eq!(outcome.end, "ECONNRESET", "cut at {length}: {outcome:?}");
            assert!("body".starts_with(&outcome.body));
        }
        assert_eq!(ask(answer).end, "end");
    }
}

#[test]
fn an_answer_is_the_same_however_it_is_cut_into_pieces() {
    for answer in [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nA: b\r\n\r\n",
    ] {
        for piece in [1, 2, 3, 7] {
            let server = Server::answering(answer.as_bytes().to_vec(), piece);
            let outcome = Client::default().ask(get(server.port));
            assert_eq!((outcome.body.as_str(), outcome.end.as_str()), ("body", "end"), "{piece}");
        }
    }
}

#[test]
fn an_answer_that_breaks_the_rules_is_refused() {
    for (answer, code) in [
        ("SSH-2.0-OpenSSH_9.2\r\n", "HPE_INVALID_CONSTANT"),
        ("\u{16}\u{3}\u{1}", "HPE_INVALID_CONSTANT"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HPE_INVALID_TRANSFER_ENCODING",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody", "HPE_UNEXPECTED_CONTENT_LENGTH"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "HPE_INVALID_CHUNK_SIZE"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", "HPE_STRICT"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "HPE_INVALID_STATUS"),
    ] {
        assert_eq!(ask(answer).end, code, "{answer:?}");
    }
}

#[test]
fn interim_answers_have_a_bound() {
    let interim = |count| format!("{}HTTP/1.1 204 X\r\n\r\n", "HTTP/1.1 100 X\r\n\r\n".repeat(count));
    assert_eq!(ask(&interim(crate::limits::MAX_INTERIM_ANSWERS)).end, "end");
    assert_eq!(ask(&interim(crate::limits::MAX_INTERIM_ANSWERS + 1)).end, "HPE_INVALID_STATUS");
}

#[test]
fn a_head_without_an_end_is_refused_at_its_bound() {
    let server = Server::start(|_, stream, next| {
        use std::io::Write;
        next(stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nA: ");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    assert_eq!(Client::default().ask(get(server.port)).end, "HPE_HEADER_OVERFLOW");
}

#[test]
fn a_body_waits_until_there_is_room_for_it() {
    const SIZE: usize = 4 * 1024 * 1024;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n");
    let server = Server::answering([head.into_bytes(), vec![b'x'; SIZE]].concat(), usize::MAX);
    let mut client = Client::default();
    let (number, outlet) = client.start(get(server.port));
    client.reactor.run();
    // Until nothing comes any more although there is more.
    let mut quiet = 0;
    while quiet < 3 {
        let before = client.outcome(number).body.len();
        client.reactor.look(50.0, poll_for_tests);
        quiet = if client.outcome(number).body.len() == before && before > 0 { quiet + 1 } else { 0 };
    }
    let ahead = client.outcome(number).body.len();
    assert!((crate::limits::BODY_AHEAD_BYTES..crate::limits::BODY_AHEAD_BYTES + 16 * 1024).contains(&ahead), "{ahead}");
    outlet.make_room(SIZE);
    client.finish();
    assert_eq!((client.outcome(number).body.len(), client.outcome(number).end.as_str()), (SIZE, "end"));
}

#[test]
fn a_peer_that_answers_before_it_has_read_everything_is_heard() {
    let server = Server::start(|_, stream, next| {
        use std::io::Write;
        next(stream);
        let _ = stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
        // What was not read makes the kernel reset the connection: wait until the client is gone.
        let mut rest = [0; 65536];
        while std::io::Read::read(stream, &mut rest).is_ok_and(|count| count > 0) {}
    });
    let mut put = request("PUT", route(server.port));
    put.body = Some(vec![0; 8 * 1024 * 1024]);
    assert_eq!(Client::default().ask(put), whole(413, "", "length"));
}

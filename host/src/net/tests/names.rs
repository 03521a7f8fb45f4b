//! Names, with a DNS server of the test.

use super::super::dns::Resolver;
use super::super::dns::message::answer;
use super::super::reactor::{Reactor, block_on, poll_for_tests};
use super::*;
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{IpAddr, TcpListener, UdpSocket};
use std::sync::mpsc::{Receiver, channel};

const A: u16 = 1;
const AAAA: u16 = 28;

/// What the server makes of a question: nothing, or a code and the data of records.
type Reply = Option<(u8, Vec<Vec<u8>>)>;

struct DnsServer {
    port: u16,
    /// The names and kinds that came, with `tcp` where they came that way.
    questions: Receiver<String>,
}

fn text_of(question: &[u8]) -> (String, u16) {
    let (mut at, mut labels) = (12, Vec::new());
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8(question[at + 1..end].to_vec()).unwrap());
        at = end;
    }
    (labels.join("."), u16::from_be_bytes([question[at + 1], question[at + 2]]))
}

/// Truncates over UDP what is longer than 512 bytes.
fn serve(reply: impl Fn(&str, u16) -> Reply + Send + 'static) -> DnsServer {
    let (listener, socket) = loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        if let Ok(socket) = UdpSocket::bind(listener.local_addr().unwrap()) {
            break (listener, socket);
        }
    };
    let port = listener.local_addr().unwrap().port();
    let (sender, questions) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        loop {
            let (length, peer) = socket.recv_from(&mut buffer).unwrap();
            let (name, kind) = text_of(&buffer[..length]);
            let _ = sender.send(format!("{name} {kind}"));
            let Some(message) = make(&buffer[..length], reply(&name, kind)) else { continue };
            if message.len() <= 512 {
                socket.send_to(&message, peer).unwrap();
                continue;
            }
            let mut short = answer(&buffer[..length], 0, &[]);
            short[2] |= 2;
            socket.send_to(&short, peer).unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            let mut size = [0; 2];
            stream.read_exact(&mut size).unwrap();
            let mut question = vec![0; usize::from(u16::from_be_bytes(size))];
            stream.read_exact(&mut question).unwrap();
            let _ = sender.send(format!("{name} {kind} tcp"));
            let message = make(&question, reply(&name, kind)).unwrap();
            stream.write_all(&(message.len() as u16).to_be_bytes()).unwrap();
            stream.write_all(&message).unwrap();
        }
    });
    DnsServer { port, questions }
}

fn make(question: &[u8], reply: Reply) -> Option<Vec<u8>> {
    let (code, data) = reply?;
    let kind = text_of(question).1;
    let records: Vec<_> = data.iter().map(|data| (&b"\xc0\x0c"[..], kind, data.as_slice())).collect();
    Some(answer(question, code, &records))
}

fn file(name: &str, text: &str) -> String {
    let path =
        std::env::temp_dir().join(format!("envseal-{name}-{}-{:?}", std::process::id(), std::thread::current().id()));
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_string()
}

fn resolver(port: u16, config: &str) -> Resolver {
    let config = file("resolv", &format!("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n{config}"));
    let mut resolver = Resolver::default();
    (resolver.hosts, resolver.config, resolver.port) = (file("hosts", "9.9.9.9 in-the-file\n"), config, port);
    resolver
}

fn resolve(resolver: Resolver, host: &'static str) -> Result<Vec<String>, String> {
    let found = block_on(async move { resolver.resolve(host).await });
    found.map(|all| all.iter().map(IpAddr::to_string).collect()).map_err(|fault| fault.code.into_owned())
}

fn one(kind: u16) -> Reply {
    Some((0, vec![if kind == A { vec![1, 1, 1, 1] } else { [vec![0; 15], vec![9]].concat() }]))
}

const NOTHING: Reply = Some((0, Vec::new()));
const NO_SUCH_NAME: Reply = Some((3, Vec::new()));
const FAILED: Reply = Some((2, Vec::new()));

#[test]
fn both_kinds_are_asked_for_and_found() {
    let server = serve(|_, kind| one(kind));
    assert_eq!(resolve(resolver(server.port, ""), "a.test").unwrap(), ["::9", "1.1.1.1"]);
    let mut asked: Vec<String> = server.questions.try_iter().collect();
    asked.sort();
    assert_eq!(asked, ["a.test 1", "a.test 28"]);
}

#[test]
fn what_needs_no_server_asks_none() {
    for (host, expected) in [
        ("127.0.0.9", vec!["127.0.0.9"]),
        ("fd00::1", vec!["fd00::1"]),
        ("localhost", vec!["127.0.0.1", "::1"]),
        ("LocalHost.", vec!["127.0.0.1", "::1"]),
        ("snacks.localhost", vec!["127.0.0.1", "::1"]),
        ("in-the-file", vec!["9.9.9.9"]),
    ] {
        let server = serve(|_, _| None);
        assert_eq!(resolve(resolver(server.port, ""), host).unwrap(), expected, "{host}");
        assert_eq!(server.questions.try_iter().count(), 0, "{host}");
    }
}

#[test]
fn no_name_and_no_address_are_not_found_and_a_failing_server_is_another_matter() {
    for (reply, expected) in [
        (NO_SUCH_NAME, "ENOTFOUND"),
        (NOTHING, "ENOTFOUND"),
        (FAILED, "EAI_AGAIN"),
        (None, "EAI_AGAIN"),
        (Some((0, vec![vec![1]])), "EAI_AGAIN"),
    ] {
        let answered = reply.clone();
        let server = serve(move |_, _| answered.clone());
        assert_eq!(resolve(resolver(server.port, ""), "a.test"), Err(expected.to_string()), "{reply:?}");
    }
    let closed = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(resolve(resolver(closed, ""), "a.test"), Err("EAI_AGAIN".to_string()));
    assert_eq!(resolve(resolver(closed, ""), "a..test"), Err("ENOTFOUND".to_string()));
}

#[test]
fn one_kind_is_enough() {
    for other in [NOTHING, NO_SUCH_NAME, FAILED, None] {
        let reply = other.clone();
        let server = serve(move |_, kind| if kind == A { one(A) } else { reply.clone() });
        assert_eq!(resolve(resolver(server.port, ""), "a.test").unwrap(), ["1.1.1.1"], "{other:?}");
    }
    let server = serve(|_, kind| if kind == AAAA { one(AAAA) } else { NOTHING });
    assert_eq!(resolve(resolver(server.port, ""), "a.test").unwrap(), ["::9"]);
}

#[test]
fn what_does_not_fit_comes_over_tcp() {
    let server = serve(|_, kind| if kind == A { Some((0, vec![vec![1, 1, 1, 1]; 100])) } else { NOTHING });
    assert_eq!(resolve(resolver(server.port, ""), "a.test").unwrap().len(), 100);
    assert!(server.questions.try_iter().any(|question| question == "a.test 1 tcp"));
}

#[test]
fn the_search_list_is_gone_through() {
    let server = serve(|name, kind| if name == "a.two.test" { one(kind) } else { NO_SUCH_NAME });
    let found = resolve(resolver(server.port, "search one.test two.test"), "a");
    assert_eq!(found.unwrap(), ["::9", "1.1.1.1"]);
    let mut names: Vec<String> =
        server.questions.try_iter().map(|text| text.split(' ').next().unwrap().to_string()).collect();
    names.dedup();
    assert_eq!(names, ["a.one.test", "a.two.test"]);
}

#[test]
fn a_server_that_fails_on_the_way_leaves_the_name_unknown() {
    let server = serve(|name, _| if name == "a.one.test" { FAILED } else { NO_SUCH_NAME });
    assert_eq!(resolve(resolver(server.port, "search one.test"), "a"), Err("EAI_AGAIN".to_string()));
}

#[test]
fn the_next_server_is_asked_when_one_does_not_answer() {
    let server = serve(|_, kind| one(kind));
    let mut asking = resolver(server.port, "");
    asking.config = file("resolv-two", "nameserver 127.0.0.2\nnameserver 127.0.0.1\noptions timeout:1\n");
    assert_eq!(resolve(asking, "a.test").unwrap(), ["::9", "1.1.1.1"]);
}

#[test]
fn many_who_ask_at_once_share_one_answer_and_one_who_gives_up_leaves_it_to_the_others() {
    let server = serve(|_, kind| one(kind));
    let asking = Rc::new(resolver(server.port, ""));
    let (found, mut reactor) = (Rc::new(RefCell::new(0)), Reactor::default());
    let numbers: Vec<u32> = (0..50)
        .map(|_| {
            let (asking, found) = (asking.clone(), found.clone());
            reactor.spawn(|_| {
                Box::pin(async move {
                    assert_eq!(asking.resolve("a.test").await.unwrap().len(), 2);
                    *found.borrow_mut() += 1;
                })
            })
        })
        .collect();
    reactor.run();
    reactor.cancel(numbers[0]);
    while !reactor.is_empty() {
        reactor.look(-1.0, poll_for_tests);
    }
    assert_eq!(*found.borrow(), 49);
    assert!(server.questions.try_iter().count() <= 4);
}

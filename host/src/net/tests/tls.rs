//! Exchanges over TLS, with certificates that are made for each test.

use super::server::read_head;
use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    named_authority("root")
}

fn named_authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_string()]).unwrap()
}

/// A chain and its key.
pub type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn signed(params: CertificateParams, by: &Authority) -> Identity {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, by).unwrap();
    (vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
}

/// The identity of `localhost`, with the bundle that trusts it.
pub fn identity() -> (Identity, String) {
    let ca = authority();
    (signed(params("localhost"), &ca), ca.pem())
}

pub fn copy((chain, key): &Identity) -> Identity {
    (chain.clone(), key.clone_key())
}

pub fn server_config(identity: Identity) -> Arc<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(identity.0, identity.1).unwrap())
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";

pub struct TlsServer {
    pub port: u16,
    handshakes: Receiver<HandshakeKind>,
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// Answers each request with the same; without close_notify at the end.
pub fn serve(
    identity: Identity,
    versions: &[&'static rustls::SupportedProtocolVersion],
    answer: &'static str,
) -> TlsServer {
    let config = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions).unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(identity.0, identity.1).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, handshakes) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream.unwrap());
            while read_head(&mut stream).is_some() {
                let _ = sender.send(stream.conn.handshake_kind().unwrap());
                stream.write_all(answer.as_bytes()).unwrap();
                if answer.starts_with("HTTP/1.0") {
                    break;
                }
                if answer.contains("Connection: close") {
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                    break;
                }
            }
        }
    });
    TlsServer { port, handshakes }
}

fn secure(port: u16, host: &str, trust: u32) -> Request {
    let route = Route { is_secure: true, host: host.into(), port, trust, proxy: None };
    request("GET", route)
}

/// What comes of a server's certificate where a bundle is trusted.
fn verdict(identity: Identity, bundle: &str) -> String {
    let server = serve(identity, rustls::ALL_VERSIONS, ANSWER);
    let mut client = Client::default();
    let trust = client.ways.configs.load(bundle.as_bytes().to_vec());
    client.ask(secure(server.port, "localhost", trust)).end
}

#[test]
fn both_versions_are_spoken_and_their_sessions_resumed() {
    let ca = authority();
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";
        let server = serve(signed(params("localhost"), &ca), &[version], closing);
        let mut client = Client::default();
        let trust = client.ways.configs.load(ca.pem().into_bytes());
        for expected in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let outcome = client.ask(secure(server.port, "localhost", trust));
            assert_eq!((outcome.body.as_str(), outcome.end.as_str()), ("body", "end"));
            assert_eq!(server.handshakes.recv().unwrap(), expected);
        }
    }
}

#[test]
fn one_connection_carries_many_exchanges() {
    let ca = authority();
    let server = serve(signed(params("localhost"), &ca), rustls::ALL_VERSIONS, ANSWER);
    let mut client = Client::default();
    let trust = client.ways.configs.load(ca.pem().into_bytes());
    for _ in 0..3 {
        assert_eq!(client.ask(secure(server.port, "localhost", trust)).end, "end");
    }
    // A second connection would wait for the first to end, for ever.
    assert_eq!(server.handshakes.try_iter().count(), 3);
}

#[test]
fn a_certificate_is_trusted_for_its_names_and_addresses_in_its_time() {
    let ca = authority();
    assert_eq!(verdict(signed(params("localhost"), &ca), &ca.pem()), "end");
    assert_eq!(verdict(signed(params("other.test"), &ca), &ca.pem()), "ERR_TLS_CERT_ALTNAME_INVALID");
    let mut expired = params("localhost");
    expired.not_after = date_time_ymd(2020, 1, 1);
    assert_eq!(verdict(signed(expired, &ca), &ca.pem()), "CERT_HAS_EXPIRED");
    let mut early = params("localhost");
    early.not_before = date_time_ymd(2999, 1, 1);
    assert_eq!(verdict(signed(early, &ca), &ca.pem()), "CERT_NOT_YET_VALID");
    let server = serve(signed(params("127.0.0.1"), &ca), rustls::ALL_VERSIONS, ANSWER);
    let mut client = Client::default();
    let trust = client.ways.configs.load(ca.pem().into_bytes());
    assert_eq!(client.ask(secure(server.port, "127.0.0.1", trust)).end, "end");
}

#[test]
fn an_unknown_authority_is_refused() {
    let (ca, other) = (authority(), named_authority("other"));
    let identity = || signed(params("localhost"), &ca);
    assert_eq!(verdict(identity(), &other.pem()), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    assert_eq!(verdict(identity(), "no certificate"), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    let (mut chain, key) = identity();
    chain.push(ca.der().clone());
    assert_eq!(verdict((chain, key), &other.pem()), "SELF_SIGNED_CERT_IN_CHAIN");
    let server = serve(identity(), rustls::ALL_VERSIONS, ANSWER);
    assert_eq!(Client::default().ask(secure(server.port, "localhost", 0)).end, "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

#[test]
fn a_certificate_that_signed_itself_is_trusted_where_it_is_given() {
    let itself = |is_ca: bool, name: &str, change: fn(&mut CertificateParams)| {
        let mut params = params(name);
        params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let identity = (vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()));
        (identity, certificate.pem())
    };
    for is_ca in [true, false] {
        let (identity, pem) = itself(is_ca, "localhost", |_| {});
        assert_eq!(verdict(copy(&identity), &pem), "end", "{is_ca}");
        assert_eq!(verdict(identity, &named_authority("other").pem()), "DEPTH_ZERO_SELF_SIGNED_CERT", "{is_ca}");
        let (identity, pem) = itself(is_ca, "other.test", |_| {});
        assert_eq!(verdict(identity, &pem), "ERR_TLS_CERT_ALTNAME_INVALID", "{is_ca}");
        let (identity, pem) = itself(is_ca, "localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
        assert_eq!(verdict(identity, &pem), "CERT_HAS_EXPIRED", "{is_ca}");
        let (identity, pem) = itself(is_ca, "localhost", |params| params.not_before = date_time_ymd(2999, 1, 1));
        assert_eq!(verdict(identity, &pem), "CERT_NOT_YET_VALID", "{is_ca}");
    }
}

#[test]
fn an_authority_in_between_comes_with_the_chain() {
    let root = authority();
    let mut between = CertificateParams::new(Vec::new()).unwrap();
    between.distinguished_name.push(rcgen::DnType::CommonName, "between");
    between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let between = CertifiedIssuer::signed_by(between, KeyPair::generate().unwrap(), &root).unwrap();
    let (mut chain, key) = signed(params("localhost"), &between);
    chain.push(between.der().clone());
    assert_eq!(verdict((chain.clone(), key.clone_key()), &root.pem()), "end");
    assert_eq!(
        verdict((chain.clone(), key.clone_key()), &named_authority("other").pem()),
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"
    );
    chain.pop();
    assert_eq!(verdict((chain, key), &root.pem()), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
}

#[test]
fn an_end_without_close_notify_is_a_cut() {
    let ca = authority();
    for (answer, expected) in [
        ("HTTP/1.0 200 OK\r\n\r\nbody", "ECONNRESET"),
        ("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody", "end"),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody", "end"),
    ] {
        let server = serve(signed(params("localhost"), &ca), rustls::ALL_VERSIONS, answer);
        let mut client = Client::default();
        let trust = client.ways.configs.load(ca.pem().into_bytes());
        let outcome = client.ask(secure(server.port, "localhost", trust));
        assert_eq!((outcome.body.as_str(), outcome.end.as_str()), ("body", expected), "{answer:?}");
    }
}

#[test]
fn a_server_of_plain_http_is_not_spoken_to() {
    let server = super::server::Server::start(|_, stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        let _ = std::io::Read::read(stream, &mut [0; 4096]);
    });
    assert_eq!(Client::default().ask(secure(server.port, "localhost", 0)).end, "EPROTO");
}

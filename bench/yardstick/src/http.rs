//! One GET over HTTP/1.1, with or without TLS.

use crate::endpoint::Endpoint;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

const MAX_HEAD_BYTES: usize = 64 << 10;
const MAX_BODY_BYTES: usize = 4 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);

pub struct Response {
    head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }
}

/// `headers` are whole lines with their ends. Anything but a 200 with a complete body is a problem.
pub fn get(endpoint: &Endpoint, path: &str, headers: &str) -> Result<Response, String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n", endpoint.authority);
    let wire = TcpStream::connect((endpoint.host, endpoint.port)).map_err(text)?;
    wire.set_nodelay(true).map_err(text)?;
    wire.set_read_timeout(Some(TIMEOUT)).map_err(text)?;
    if !endpoint.secure {
        return exchange(wire, &request);
    }
    let name = ServerName::try_from(endpoint.host.to_owned()).map_err(text)?;
    let session = ClientConnection::new(Arc::new(tls()?), name).map_err(text)?;
    exchange(StreamOwned::new(session, wire), &request)
}

fn tls() -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match std::env::var("SSL_CERT_FILE") {
        Err(_) => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Ok(path) => {
            for certificate in CertificateDer::pem_slice_iter(&std::fs::read(path).map_err(text)?) {
                roots.add(certificate.map_err(text)?).map_err(text)?;
            }
        }
    }
    Ok(ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(text)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn exchange(mut wire: impl Read + Write, request: &str) -> Result<Response, String> {
    wire.write_all(request.as_bytes()).map_err(text)?;
    wire.flush().map_err(text)?;
    let mut bytes = vec![0; MAX_HEAD_BYTES];
    let mut filled = 0;
    let end = loop {
        let count = wire.read(&mut bytes[filled..]).map_err(text)?;
        if count == 0 {
            return Err("the response is incomplete".into());
        }
        filled += count;
        if let Some(at) = bytes[..filled].windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    bytes.truncate(filled);
    let body = bytes.split_off(end);
    let mut response = Response { head: String::from_utf8(bytes).map_err(text)?, body };
    if !response.head.starts_with("HTTP/1.1 200 ") {
        return Err(response.head.lines().next().unwrap_or_default().to_owned());
    }
    let length: usize =
        response.header("content-length").and_then(|length| length.parse().ok()).ok_or("no length")?;
    if length > MAX_BODY_BYTES {
        return Err("the object is too large".into());
    }
    let already = response.body.len().min(length);
    response.body.resize(length, 0);
    wire.read_exact(&mut response.body[already..]).map_err(text)?;
    Ok(response)
}

fn text(problem: impl std::fmt::Display) -> String {
    problem.to_string()
}

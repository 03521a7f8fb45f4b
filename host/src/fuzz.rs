//! The fuzz targets: each function takes any bytes, and panics where a promise does not hold. `fuzz/` calls
//! them with what libFuzzer thinks of, the tests here with a small corpus.

pub mod javascript;
#[cfg(fuzzing)]
#[allow(unsafe_code, reason = "a section that libFuzzer reads")]
mod outcomes;

use crate::bytecode;
use crate::net::body::Body;
use crate::net::chunked::decode_all;
use crate::net::dns::{config, hosts, message, name};
use crate::net::fault::Result;
use crate::net::framing::body_of;
use crate::net::{der, head, pem};

/// An answer is the same however it is cut into pieces, and no longer than what came.
pub fn http_response(data: &[u8]) {
    for is_head in [false, true] {
        let whole = read_response(data, data.len().max(1), is_head);
        assert_eq!(whole, read_response(data, 1, is_head));
        if let Ok(Some((_, body))) = whole {
            assert!(body.len() < data.len());
        }
    }
}

/// Status and body; `None` where it is cut.
fn read_response(data: &[u8], step: usize, is_head: bool) -> Result<Option<(u16, Vec<u8>)>> {
    let (mut input, mut found): (Vec<u8>, Option<(u16, Body)>) = (Vec::new(), None);
    let mut out = Vec::new();
    for piece in data.chunks(step) {
        input.extend_from_slice(piece);
        if found.is_none()
            && let Some((head, length)) = head::parse(&input)?
        {
            input.drain(..length);
            found = Some((head.status, body_of(&head, is_head)?));
        }
        if let Some((_, body)) = &mut found
            && !body.is_done()
        {
            let taken = body.decode(&input, &mut out)?;
            assert!(taken == input.len() || body.is_done());
            input.drain(..taken);
        }
    }
    let Some((status, mut body)) = found else { return Ok(None) };
    Ok(body.end().is_ok().then_some((status, out)))
}

pub fn chunked(data: &[u8]) {
    let whole = decode_all(data, data.len().max(1));
    assert_eq!(whole, decode_all(data, 1));
    if let Ok(Some((body, taken))) = whole {
        assert!(body.len() < taken && taken <= data.len());
    }
}

/// As it is, and behind the question that it would answer.
pub fn dns_message(data: &[u8]) {
    let asked = b"\x01a\x04test\0";
    for kind in [message::Kind::A, message::Kind::Aaaa] {
        let _ = message::parse(data, 7, asked, kind);
        let mut answer = message::question(7, asked, kind);
        answer[2] |= 0x80;
        answer[7] = data.first().copied().unwrap_or(0);
        answer.extend_from_slice(data);
        if let Some(message::Answer::Addresses(all, _)) = message::parse(&answer, 7, asked, kind) {
            assert!(all.len() * 4 <= answer.len());
        }
    }
    for offset in 0..data.len().min(64) {
        if let Some((found, after)) = name::decode(data, offset) {
            assert!(found.len() <= 256 && after <= data.len());
        }
    }
}

pub fn resolv_conf(data: &[u8]) {
    let config = config::parse(data);
    assert!((1..=3).contains(&config.servers.len()) && config.search.len() <= 32 && config.dots <= 15);
    assert!((1..=30).contains(&config.timeout) && (1..=5).contains(&config.attempts));
    let text = String::from_utf8_lossy(data);
    for candidate in name::candidates(&text, &config) {
        if let Some(bytes) = name::encode(&candidate) {
            assert_eq!(name::decode(&bytes, 0), Some((bytes.clone(), bytes.len())));
        }
    }
    hosts::addresses(data, &text);
}

pub fn certificates(data: &[u8]) {
    assert!(pem::certificates(data).map(|der| der.len()).sum::<usize>() <= data.len());
    if let Some(names) = der::names(data) {
        let _ = der::times(names.validity);
    }
    let _ = der::times(data);
}

/// In the host's own QuickJS, with natives and bytecode: URLs, what a file is, and what is in it.
pub fn url(data: &[u8]) {
    javascript::check("url", data);
}

pub fn detect(data: &[u8]) {
    javascript::check("detect", data);
}

pub fn parse(data: &[u8]) {
    javascript::check("parse", data);
}

pub fn bytecode_table(data: &[u8]) {
    for code in bytecode::parse(data).unwrap_or_default() {
        assert!(code.name.len() + code.bytes.len() <= 2 * data.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each as it is, cut anywhere, and with each byte changed to some others.
    fn around(target: fn(&[u8]), corpus: &[&[u8]]) {
        for seed in corpus {
            for length in 0..=seed.len() {
                target(&seed[..length]);
            }
            for at in 0..seed.len() {
                for byte in [0, b'\n', b'0', b';', b'f', 0x80, 0xc0, 0xff] {
                    let mut changed = seed.to_vec();
                    changed[at] = byte;
                    target(&changed);
                }
            }
        }
    }

    #[test]
    fn answers_and_bodies_hold_their_promises() {
        let answers: [&[u8]; 4] = [
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n4;x=y\r\nbody\r\n0\r\nT: v\r\n\r\nrest",
            b"HTTP/1.0 404 \r\nServer: \xff\r\n\r\nbody",
            b"HTTP/1.1 204 No\nA:b\n\n",
        ];
        around(http_response, &answers);
        around(
            chunked,
            &[b"1;a=\"b\"\r\nx\r\nA\r\n0123456789\r\n00\r\nA: b\r\nC: d\r\n\r\nrest", b"fffffffffffff\r\nx"],
        );
    }

    #[test]
    fn names_hold_their_promises() {
        let record = b"\xc0\x0c\0\x05\0\x01\0\0\0\x3c\0\x07\x01b\x04test\0\x01b\x04test\0\0\x01\0\x01\0\0\0\x3c\0\x04\x01\x01\x01\x01";
        around(dns_message, &[record, b"\x01a\xc0\0\xc0\x02\xc0\x04", b"\x3f"]);
        around(
            resolv_conf,
            &[b"nameserver 1.1.1.1\nsearch a b.\noptions ndots:2 timeout:9 rotate\n", b"::1 a.b # c\n"],
        );
    }

    #[test]
    fn certificates_and_tables_hold_their_promises() {
        around(certificates, &[b"-----BEGIN CERTIFICATE-----\nAQID\nBA==\n-----END CERTIFICATE-----\n"]);
        around(
            certificates,
            &[b"\x30\x18\x30\x16\xa0\x03\x02\x01\x02\x02\x01\x07\x30\0\x30\x02\x05\0\x30\x02\x17\0\x30\0"],
        );
        let table = bytecode::format(&[("a.mjs".to_string(), vec![1; 9]), ("b".to_string(), vec![])]);
        around(bytecode_table, &[&table]);
    }
}

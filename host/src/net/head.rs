//! The status line and headers of an answer.

use super::fault::{Fault, Result};
use crate::limits;
use httparse::Error;

#[derive(Debug, PartialEq, Eq)]
pub struct Head {
    pub status: u16,
    pub is_http_1_1: bool,
    /// Names in lower case; values byte for byte, without the white space around them.
    pub headers: Vec<(String, Vec<u8>)>,
}

impl Head {
    /// Each value that the name has.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_slice())
    }

    /// Whether the peer keeps the connection for another request.
    pub fn keeps_alive(&self) -> bool {
        let closes = |value: &[u8]| value.split(|byte| *byte == b',').any(|word| is_word(word, "close"));
        self.is_http_1_1 && !self.all("connection").any(closes)
    }
}

pub fn is_word(bytes: &[u8], word: &str) -> bool {
    bytes.trim_ascii().eq_ignore_ascii_case(word.as_bytes())
}

/// With how many bytes it takes; `None` while it is not whole. The names of errors are those of Node's parser.
pub fn parse(bytes: &[u8]) -> Result<Option<(Head, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; limits::MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length <= limits::MAX_HEAD_BYTES => length,
        Ok(httparse::Status::Partial) if bytes.len() < limits::MAX_HEAD_BYTES => return Ok(None),
        Ok(_) | Err(Error::TooManyHeaders) => return Err(Fault::new("HPE_HEADER_OVERFLOW")),
        Err(Error::Version) if bytes.starts_with(b"HTTP/") => return Err(Fault::new("HPE_INVALID_VERSION")),
        Err(Error::Status) => return Err(Fault::new("HPE_INVALID_STATUS")),
        Err(Error::HeaderName | Error::HeaderValue) => return Err(Fault::new("HPE_INVALID_HEADER_TOKEN")),
        Err(_) => return Err(Fault::new("HPE_INVALID_CONSTANT")),
    };
    let headers =
        response.headers.iter().map(|header| (header.name.to_ascii_lowercase(), header.value.to_vec())).collect();
    let status = response.code.unwrap_or(0);
    if !(100..=599).contains(&status) {
        return Err(Fault::new("HPE_INVALID_STATUS"));
    }
    Ok(Some((Head { status, is_http_1_1: response.version == Some(1), headers }, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().code.into_owned()
    }

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let text = b"HTTP/1.1 200 OK\r\nA: 1\r\nX-B:  two \r\nA: \xff\r\nE:\r\n\r\nbody";
        let whole = text.len() - 4;
        for length in 0..whole {
            assert_eq!(parse(&text[..length]), Ok(None), "{length}");
        }
        let (head, length) = parse(text).unwrap().unwrap();
        assert_eq!(length, whole);
        assert_eq!((head.status, head.is_http_1_1), (200, true));
        let names: Vec<_> = head.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        assert_eq!(names, [("a", &b"1"[..]), ("x-b", b"two"), ("a", b"\xff"), ("e", b"")]);
        assert_eq!(head.all("a").collect::<Vec<_>>(), [&b"1"[..], b"\xff"]);
    }

    #[test]
    fn what_breaks_the_grammar_is_refused() {
        for (text, expected) in [
            ("SSH-2.0-OpenSSH_9\r\n", "HPE_INVALID_CONSTANT"),
            ("HTTP/2.0 200 OK\r\n\r\n", "HPE_INVALID_VERSION"),
            ("HTTP/1.1 2000 OK\r\n\r\n", "HPE_INVALID_STATUS"),
            ("HTTP/1.1 20 OK\r\n\r\n", "HPE_INVALID_STATUS"),
            ("HTTP/1.1 099 OK\r\n\r\n", "HPE_INVALID_STATUS"),
            ("HTTP/1.1 600 OK\r\n\r\n", "HPE_INVALID_STATUS"),
            ("HTTP/1.1 200 OK\r\nA : 1\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"),
            ("HTTP/1.1 200 OK\r\nA: 1\r\n folded\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"),
            ("HTTP/1.1 200 OK\r\nA: 1\0\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"),
            ("HTTP/1.1 200 OK\r\nA: 1\r2\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"),
            ("HTTP/1.1 200 OK\r\n: 1\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HPE_INVALID_HEADER_TOKEN"),
        ] {
            assert_eq!(code(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_head_has_so_many_bytes_and_headers_and_no_more() {
        let with_headers = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: 1\r\n".repeat(count));
        assert!(parse(with_headers(limits::MAX_HEADERS).as_bytes()).unwrap().is_some());
        assert_eq!(code(&with_headers(limits::MAX_HEADERS + 1)), "HPE_HEADER_OVERFLOW");
        let with_bytes = |count: usize| format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(count - 24));
        assert!(parse(with_bytes(limits::MAX_HEAD_BYTES).as_bytes()).unwrap().is_some());
        assert_eq!(code(&with_bytes(limits::MAX_HEAD_BYTES + 1)), "HPE_HEADER_OVERFLOW");
        assert_eq!(code(&with_bytes(limits::MAX_HEAD_BYTES + 1)[..limits::MAX_HEAD_BYTES]), "HPE_HEADER_OVERFLOW");
    }

    #[test]
    fn a_connection_is_kept_unless_the_peer_says_otherwise() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nConnection: foo, Close\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\n\r\n", false),
            ("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", false),
        ] {
            assert_eq!(parse(head.as_bytes()).unwrap().unwrap().0.keeps_alive(), expected, "{head:?}");
        }
    }
}

//! The header that says where a body ends (RFC 9112, section 6.3). Where two could say it, or one says it twice,
//! servers and proxies disagree, and one of them can be made to take a piece for the whole: refused.

use super::body::Body;
use super::chunked::Chunked;
use super::fault::{Fault, Result};
use super::head::{Head, is_word};

/// What JavaScript can count.
const MAX_LENGTH: u64 = (1 << 53) - 1;
const LENGTH: Fault = Fault::new("HPE_INVALID_CONTENT_LENGTH");
const CODING: Fault = Fault::new("HPE_INVALID_TRANSFER_ENCODING");

/// `is_head`: the request was HEAD, whose answer has headers for a body that does not come.
pub fn body_of(head: &Head, is_head: bool) -> Result<Body> {
    let coding = coding(head)?;
    let length = length(head)?;
    if coding.is_some() && length.is_some() {
        return Err(CODING);
    }
    if is_head || matches!(head.status, 100..=199 | 204 | 304) {
        return Ok(Body::Length(0));
    }
    Ok(match (coding, length) {
        (Some(chunked), _) => Body::Chunked(chunked),
        (None, Some(length)) => Body::Length(length),
        (None, None) => Body::Close { is_ended: false },
    })
}

/// No coding but `chunked`, once: none other was asked for.
fn coding(head: &Head) -> Result<Option<Chunked>> {
    let mut all = head.all("transfer-encoding");
    let Some(coding) = all.next() else { return Ok(None) };
    if all.next().is_some() || !is_word(coding, "chunked") || !head.is_http_1_1 {
        return Err(CODING);
    }
    Ok(Some(Chunked::default()))
}

/// Twice is once too often, as it is for Node: the reader would have to know which one counts.
fn length(head: &Head) -> Result<Option<u64>> {
    let mut all = head.all("content-length");
    let first = all.next().map(parse_length).transpose()?;
    match all.next() {
        Some(_) => Err(Fault::new("HPE_UNEXPECTED_CONTENT_LENGTH")),
        None => Ok(first),
    }
}

fn parse_length(value: &[u8]) -> Result<u64> {
    if !value.iter().all(u8::is_ascii_digit) {
        return Err(LENGTH);
    }
    let text = std::str::from_utf8(value).map_err(|_| LENGTH)?;
    text.parse().ok().filter(|length| *length <= MAX_LENGTH).ok_or(LENGTH)
}

#[cfg(test)]
mod tests {
    use super::super::head::parse;
    use super::*;

    fn framing(status: u16, headers: &str, is_head: bool) -> std::result::Result<String, String> {
        let text = format!("HTTP/1.1 {status} X\r\n{headers}\r\n");
        let (head, _) = parse(text.as_bytes()).unwrap().unwrap();
        match body_of(&head, is_head) {
            Ok(Body::Length(length)) => Ok(length.to_string()),
            Ok(body) => Ok(body.ended_by().to_string()),
            Err(fault) => Err(fault.code.into_owned()),
        }
    }

    #[test]
    fn one_header_says_where_the_body_ends() {
        for (status, headers, is_head, expected) in [
            (200, "", false, "close"),
            (200, "Content-Length: 5\r\n", false, "5"),
            (200, "Content-Length: 9007199254740991\r\n", false, "9007199254740991"),
            (200, "Transfer-Encoding: Chunked\r\n", false, "chunked"),
            (200, "Content-Length: 5\r\n", true, "0"),
            (200, "Transfer-Encoding: chunked\r\n", true, "0"),
            (204, "", false, "0"),
            (204, "Content-Length: 5\r\n", false, "0"),
            (304, "Content-Length: 5\r\n", false, "0"),
            (404, "Content-Length: 0\r\n", false, "0"),
        ] {
            assert_eq!(framing(status, headers, is_head), Ok(expected.to_string()), "{status} {headers:?}");
        }
    }

    #[test]
    fn two_are_refused() {
        for (headers, expected) in [
            ("Content-Length: 5\r\nContent-Length: 6\r\n", "HPE_UNEXPECTED_CONTENT_LENGTH"),
            ("Content-Length: 5\r\nContent-Length: 5\r\n", "HPE_UNEXPECTED_CONTENT_LENGTH"),
            ("Content-Length: 5, 5\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length: -5\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length: +5\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length: 0x5\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length: 5 5\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length:\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length: 9007199254740992\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length: 18446744073709551616\r\n", "HPE_INVALID_CONTENT_LENGTH"),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
            ("Transfer-Encoding: gzip, chunked\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
            ("Transfer-Encoding: identity\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
            ("Transfer-Encoding: chunked, chunked\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
            ("Transfer-Encoding: xchunked\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
            ("Transfer-Encoding:\r\n", "HPE_INVALID_TRANSFER_ENCODING"),
        ] {
            assert_eq!(framing(200, headers, false), Err(expected.to_string()), "{headers:?}");
        }
    }

    #[test]
    fn http_1_0_has_no_chunks() {
        let (head, _) = parse(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap().unwrap();
        assert_eq!(body_of(&head, false).err().unwrap().code, "HPE_INVALID_TRANSFER_ENCODING");
    }
}

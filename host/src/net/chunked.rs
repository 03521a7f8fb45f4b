//! The chunked coding (RFC 9112, section 7.1). Extensions and trailers are read past, within bounds.

use super::fault::{Fault, Result};
use crate::limits;

#[derive(Default)]
pub struct Chunked {
    state: State,
    /// The line, or the trailers, that are being read.
    line: Vec<u8>,
    extensions: usize,
}

#[derive(Default)]
enum State {
    #[default]
    Size,
    /// So many bytes are left.
    Data(u64),
    /// What is left of the CRLF behind the data.
    Break(&'static [u8]),
    Trailers,
    Done,
}

const SIZE: Fault = Fault::new("HPE_INVALID_CHUNK_SIZE");
/// What JavaScript can count.
const MAX_SIZE: u64 = (1 << 53) - 1;

impl Chunked {
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Adds the data in `input` to `out`. How much of the input was taken: all of it, unless the body is done.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let mut rest = input;
        while !rest.is_empty() && !self.is_done() {
            match self.state {
                State::Size => self.take_size(&mut rest)?,
                State::Data(left) => {
                    let count = left.min(rest.len() as u64) as usize;
                    out.extend_from_slice(&rest[..count]);
                    rest = &rest[count..];
                    let left = left - count as u64;
                    self.state = if left == 0 { State::Break(b"\r\n") } else { State::Data(left) };
                }
                State::Break(expected) => {
                    if rest[0] != expected[0] {
                        return Err(Fault::new("HPE_STRICT"));
                    }
                    rest = &rest[1..];
                    self.state = if expected.len() == 1 { State::Size } else { State::Break(&expected[1..]) };
                }
                State::Trailers => self.take_trailer(&mut rest)?,
                State::Done => {}
            }
        }
        Ok(input.len() - rest.len())
    }

    /// Moves input to the line up to a line feed; whether that has come.
    fn take_line(&mut self, rest: &mut &[u8], limit: usize, fault: Fault) -> Result<bool> {
        let end = rest.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let (line, after) = rest.split_at(end.unwrap_or(rest.len()));
        if self.line.len() + line.len() > limit {
            return Err(fault);
        }
        self.line.extend_from_slice(line);
        *rest = after;
        Ok(end.is_some())
    }

    fn take_size(&mut self, rest: &mut &[u8]) -> Result<()> {
        if !self.take_line(rest, limits::MAX_CHUNK_LINE_BYTES, SIZE)? {
            // What cannot become a size is refused before its end.
            return if self.line.first().is_some_and(u8::is_ascii_hexdigit) { Ok(()) } else { Err(SIZE) };
        }
        let size = match httparse::parse_chunk_size(&self.line) {
            Ok(httparse::Status::Complete((_, size))) if self.line[0].is_ascii_hexdigit() && size <= MAX_SIZE => size,
            _ => return Err(SIZE),
        };
        self.extensions += self.line.iter().position(|byte| *byte == b';').map_or(0, |at| self.line.len() - at);
        if self.extensions > limits::MAX_CHUNK_EXTENSIONS_BYTES {
            return Err(Fault::new("HPE_CHUNK_EXTENSIONS_OVERFLOW"));
        }
        self.line.clear();
        self.state = if size == 0 { State::Trailers } else { State::Data(size) };
        Ok(())
    }

    /// They end with an empty line; then all of them have to be headers.
    fn take_trailer(&mut self, rest: &mut &[u8]) -> Result<()> {
        if !self.take_line(rest, limits::MAX_TRAILERS_BYTES, Fault::new("HPE_HEADER_OVERFLOW"))? {
            return Ok(());
        }
        let is_empty = matches!(self.line.as_slice(), b"\r\n" | b"\n");
        if !is_empty && !self.line.ends_with(b"\n\r\n") && !self.line.ends_with(b"\n\n") {
            return Ok(());
        }
        let mut headers = [httparse::EMPTY_HEADER; limits::MAX_HEADERS];
        match httparse::parse_headers(&self.line, &mut headers) {
            Ok(httparse::Status::Complete((length, _))) if length == self.line.len() => {
                self.state = State::Done;
                Ok(())
            }
            _ => Err(Fault::new("HPE_INVALID_HEADER_TOKEN")),
        }
    }
}

/// All of a text at once, for tests and fuzzing: the body, and how much of the text it took.
#[cfg(any(test, fuzzing))]
pub fn decode_all(text: &[u8], step: usize) -> Result<Option<(Vec<u8>, usize)>> {
    let (mut decoder, mut out, mut taken) = (Chunked::default(), Vec::new(), 0);
    for piece in text.chunks(step) {
        taken += decoder.decode(piece, &mut out)?;
    }
    Ok(decoder.is_done().then_some((out, taken)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> std::result::Result<Option<(String, usize)>, String> {
        let whole = decode_all(text.as_bytes(), text.len().max(1));
        assert_eq!(whole, decode_all(text.as_bytes(), 1), "the same byte for byte: {text:?}");
        whole
            .map(|done| done.map(|(body, taken)| (String::from_utf8(body).unwrap(), taken)))
            .map_err(|fault| fault.code.into_owned())
    }

    #[test]
    fn chunks_join_up() {
        for (text, body) in [
            ("0\r\n\r\n", ""),
            ("3\r\nabc\r\n0\r\n\r\n", "abc"),
            ("1\r\na\r\n2\r\nbc\r\n000\r\n\r\n", "abc"),
            ("3;a=b;c=\"d\"\r\nabc\r\n0;x\r\n\r\n", "abc"),
            ("A\r\n0123456789\r\n0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n", "0123456789"),
            ("2\r\n\r\n\r\n0\r\n\r\n", "\r\n"),
        ] {
            assert_eq!(decode(text), Ok(Some((body.to_string(), text.len()))), "{text:?}");
            assert_eq!(decode(&format!("{text}HTTP/")), Ok(Some((body.to_string(), text.len()))), "{text:?}");
            for length in 0..text.len() {
                assert_eq!(decode(&text[..length]), Ok(None), "{text:?} cut at {length}");
            }
        }
    }

    #[test]
    fn what_is_no_chunk_is_refused() {
        for text in [
            "\r\n",
            "g\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            " 1\r\n",
            "1\n",
            ";a\r\n",
            "1 2\r\n",
            "\n",
            "1\r\r\n",
            "10000000000000000\r\n",
            "20000000000000\r\n",
            "fffffffffffffffff\r\n",
        ] {
            assert_eq!(decode(text), Err("HPE_INVALID_CHUNK_SIZE".to_string()), "{text:?}");
        }
        for text in ["1\r\nab\r\n", "1\r\na\n", "1\r\na\rb", "1\r\na0\r\n\r\n"] {
            assert_eq!(decode(text), Err("HPE_STRICT".to_string()), "{text:?}");
        }
        for text in ["0\r\nno colon\r\n\r\n", "0\r\n: 1\r\n\r\n", "0\r\nA: 1\r\n b\r\n\r\n"] {
            assert_eq!(decode(text), Err("HPE_INVALID_HEADER_TOKEN".to_string()), "{text:?}");
        }
        assert_eq!(decode("1fffffffffffff\r\n"), Ok(None));
    }

    #[test]
    fn lines_extensions_and_trailers_have_bounds() {
        let line = |length: usize| format!("0;{}\r\n\r\n", "x".repeat(length - 4));
        assert!(decode(&line(limits::MAX_CHUNK_LINE_BYTES)).unwrap().is_some());
        assert_eq!(decode(&line(limits::MAX_CHUNK_LINE_BYTES + 1)), Err("HPE_INVALID_CHUNK_SIZE".to_string()));
        // 8 bytes of each chunk are its extension with the end of its line.
        let extended = |count: usize| format!("{}0\r\n\r\n", "1;xxxxx\r\na\r\n".repeat(count));
        assert!(decode(&extended(limits::MAX_CHUNK_EXTENSIONS_BYTES / 8)).unwrap().is_some());
        assert_eq!(
            decode(&extended(limits::MAX_CHUNK_EXTENSIONS_BYTES / 8 + 1)),
            Err("HPE_CHUNK_EXTENSIONS_OVERFLOW".to_string())
        );
        let trailers = |length: usize| format!("0\r\nA: {}\r\n\r\n", "x".repeat(length - 7));
        assert!(decode(&trailers(limits::MAX_TRAILERS_BYTES)).unwrap().is_some());
        assert_eq!(decode(&trailers(limits::MAX_TRAILERS_BYTES + 1)), Err("HPE_HEADER_OVERFLOW".to_string()));
    }
}

//! The body of an answer, in any of the ways that mark its end.

use super::chunked::Chunked;
use super::fault::{CUT, Result};

pub enum Body {
    /// So many bytes are left.
    Length(u64),
    Chunked(Chunked),
    /// Up to the end of the connection: nothing says whether that is all of it.
    Close {
        is_ended: bool,
    },
}

impl Body {
    /// How its end is known, for JavaScript.
    pub fn ended_by(&self) -> &'static str {
        match self {
            Self::Length(_) => "length",
            Self::Chunked(_) => "chunked",
            Self::Close { .. } => "close",
        }
    }

    pub fn is_done(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.is_done(),
            Self::Close { is_ended } => *is_ended,
        }
    }

    /// Adds what `input` has of it to `out`. How much of the input was taken: all of it, unless the body is done.
    pub fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let count = match self {
            Self::Chunked(chunked) => return chunked.decode(input, out),
            Self::Length(left) => {
                let count = (*left).min(input.len() as u64) as usize;
                *left -= count as u64;
                count
            }
            Self::Close { .. } => input.len(),
        };
        out.extend_from_slice(&input[..count]);
        Ok(count)
    }

    /// The peer has ended the connection.
    pub fn end(&mut self) -> Result<()> {
        match self {
            Self::Close { is_ended } => {
                *is_ended = true;
                Ok(())
            }
            _ if self.is_done() => Ok(()),
            _ => Err(CUT),
        }
    }
}

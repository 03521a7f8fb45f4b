//! JavaScript's strings, which may hold half a surrogate pair: QuickJS gives them as WTF-8, in which a half has three bytes
//! that no UTF-8 has. `unsafe`: rquickjs promises UTF-8 for them, so its own conversion is not used.

use rquickjs::{CString, Ctx, Error, FromJs, Result, Value};
use std::borrow::Cow;

const REPLACEMENT: char = '\u{fffd}';
/// The first byte of a half, which the first byte of other characters can be too.
const HALF: u8 = 0xed;

pub struct Text<'js>(CString<'js>);

impl<'js> FromJs<'js> for Text<'js> {
    fn from_js(_: &Ctx<'js>, value: Value<'js>) -> Result<Self> {
        let kind = value.type_name();
        let text = value.into_string().ok_or_else(|| Error::new_from_js(kind, "string"))?;
        Ok(Text(text.to_cstring()?))
    }
}

impl Text<'_> {
    /// In WTF-8. Searching in it finds what searching in the string finds, as long as both have whole pairs.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the pointer and the length are of one string, which lives as long as `self`.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len()) }
    }

    /// Each half becomes U+FFFD, as in the standard's USVString.
    pub fn to_utf8(&self) -> Cow<'_, str> {
        replace_halves(self.bytes())
    }
}

fn replace_halves(bytes: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Cow::Borrowed(text);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // Its two other bytes are chunks of their own.
        if chunk.invalid().first() == Some(&HALF) {
            text.push(REPLACEMENT);
        }
    }
    Cow::Owned(text)
}

/// UTF-16 units.
pub fn units(bytes: &[u8]) -> impl Iterator<Item = u16> {
    let mut at = 0;
    let mut second = None;
    std::iter::from_fn(move || {
        if let Some(unit) = second.take() {
            return Some(unit);
        }
        let first = u32::from(*bytes.get(at)?);
        let length = match first {
            0x00..0x80 => 1,
            0x80..0xe0 => 2,
            0xe0..0xf0 => 3,
            _ => 4,
        };
        let lead = if length == 1 { first } else { first & (0x7f >> length) };
        let rest = &bytes[at + 1..bytes.len().min(at + length)];
        let code = rest.iter().fold(lead, |code, &byte| code << 6 | u32::from(byte & 0x3f));
        at += length;
        let Some(above) = code.checked_sub(0x10000) else { return Some(code as u16) };
        second = Some(0xdc00 | (above & 0x3ff) as u16);
        Some(0xd800 | (above >> 10) as u16)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_becomes_one_replacement_character() {
        assert_eq!(replace_halves(b"a\xed\xa0\x80b\xed\xbf\xbf"), "a\u{fffd}b\u{fffd}");
        assert_eq!(replace_halves("\u{d7ff}\u{e000}".as_bytes()), "\u{d7ff}\u{e000}");
    }

    #[test]
    fn units_are_those_of_utf_16() {
        let text = "a\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{ffff}\u{10000}\u{10ffff}z";
        assert!(units(text.as_bytes()).eq(text.encode_utf16()));
        assert_eq!(units(b"\xed\xa0\x80\xed\xbf\xbf").collect::<Vec<_>>(), [0xd800, 0xdfff]);
    }
}

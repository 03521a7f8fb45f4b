//! Base64 as Node's `Buffer` reads it: either alphabet, whatever is between, up to the first `=`. Of a character, the lower
//! byte counts.

use super::wtf8;

/// The value of each digit; 64 for what is not a digit.
const VALUES: [u8; 256] = {
    let mut values = [64; 256];
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut value = 0;
    while value < 64 {
        values[digits[value] as usize] = value as u8;
        value += 1;
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values
};

/// A digit that is left over says nothing.
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0u32, 0);
    for character in wtf8::units(text).map(|unit| unit as u8) {
        if character == b'=' {
            break;
        }
        let value = VALUES[character as usize];
        if value == 64 {
            continue;
        }
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn reads_both_alphabets_with_anything_between() {
        assert_eq!(decode(b"-_ +/\n9"), decode(b"+/+/9"));
        for (text, bytes) in [("", &b""[..]), ("Y", b""), ("YQ", b"a"), ("YWI=", b"ab"), ("YWJj", b"abc"), ("Y=Q", b"")]
        {
            assert_eq!(decode(text.as_bytes()), bytes, "{text}");
        }
    }
}

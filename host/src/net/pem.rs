//! The certificates of a PEM bundle (RFC 7468): what `openssl` and the images' `ca-certificates` write, text between the
//! blocks included.

use memchr::{memchr, memmem};

const LABELS: [&[u8]; 3] = [b"CERTIFICATE-----", b"X509 CERTIFICATE-----", b"TRUSTED CERTIFICATE-----"];
const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";

/// DER of each certificate, in order. A block that is not whole, or not base64, is left out.
pub fn certificates(bundle: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut rest = bundle;
    let begin = memmem::Finder::new(BEGIN);
    std::iter::from_fn(move || {
        while let Some(at) = begin.find(rest) {
            rest = &rest[at + BEGIN.len()..];
            let Some(label) = LABELS.iter().find(|label| rest.starts_with(label)) else { continue };
            rest = &rest[label.len()..];
            // Base64 has none.
            let end = memchr(b'-', rest)?;
            let (body, after) = rest.split_at(end);
            rest = after;
            if after.starts_with(END)
                && let Some(der) = decode(body)
            {
                return Some(der);
            }
        }
        None
    })
}

/// Characters, as RFC 7468 has them.
const LINE: usize = 64;
const NOTHING: u8 = 0xff;
const SPACE: u8 = 0xfe;

/// The value of each character of base64.
const VALUES: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NOTHING; 256];
    let mut index = 0;
    while index < 64 {
        values[alphabet[index] as usize] = index as u8;
        index += 1;
    }
    values[b' ' as usize] = SPACE;
    values[b'\t' as usize] = SPACE;
    values[b'\r' as usize] = SPACE;
    values[b'\n' as usize] = SPACE;
    values
};

/// Certificates are public, so this need not take the same time for all of them.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4 + 3);
    let mut rest = text;
    let (mut bits, mut count, mut padding) = (0u32, 0, 0);
    while let [character, after @ ..] = rest {
        rest = after;
        match VALUES[*character as usize] {
            SPACE if count == 0 && padding == 0 => {
                // Nearly all of a bundle: whole lines.
                if let Some((line, after)) = rest.split_first_chunk()
                    && let Some(decoded) = decode_line(line)
                {
                    bytes.extend_from_slice(&decoded);
                    rest = after;
                }
            }
            SPACE => {}
            NOTHING if *character == b'=' && padding < 2 => padding += 1,
            NOTHING => return None,
            _ if padding > 0 => return None,
            value => {
                bits = bits << 6 | u32::from(value);
                count += 1;
                if count == 4 {
                    bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
                    (bits, count) = (0, 0);
                }
            }
        }
    }
    match count {
        0 => {}
        2 => bytes.push((bits >> 4) as u8),
        3 => bytes.extend_from_slice(&[(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => return None,
    }
    (!bytes.is_empty()).then_some(bytes)
}

/// For a digit at each place of four what it adds to their 24 bits, and more than those for what is none. With one table, and
/// shifts, a bundle takes three times as long.
static PLACES: [[u32; 256]; 4] = {
    let mut places = [[1 << 24; 256]; 4];
    let mut character = 0;
    while character < 256 {
        let value = VALUES[character];
        let mut place = 0;
        while place < 4 && value < 64 {
            places[place][character] = (value as u32) << (18 - 6 * place);
            place += 1;
        }
        character += 1;
    }
    places
};

/// `None` for a line that has anything but digits.
fn decode_line(line: &[u8; LINE]) -> Option<[u8; LINE / 4 * 3]> {
    let mut bytes = [0; LINE / 4 * 3];
    let mut all = 0;
    for at in 0..LINE / 4 {
        let digit = |place: usize| PLACES[place][line[4 * at + place] as usize];
        let bits = digit(0) | digit(1) | digit(2) | digit(3);
        all |= bits;
        bytes[3 * at] = (bits >> 16) as u8;
        bytes[3 * at + 1] = (bits >> 8) as u8;
        bytes[3 * at + 2] = bits as u8;
    }
    (all < 1 << 24).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bundle: &[u8]) -> Vec<Vec<u8>> {
        certificates(bundle).collect()
    }

    #[test]
    fn blocks_are_found_among_text() {
        let bundle = b"# a root\n-----BEGIN CERTIFICATE-----\r\nAQID\r\nBA==\r\n-----END CERTIFICATE-----\r\ntext -----\n\
            -----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n-----BEGIN X509 CERTIFICATE-----\nBQ==\n-----END X509 CERTIFICATE-----";
        assert_eq!(all(bundle), [vec![1, 2, 3, 4], vec![5]]);
    }

    #[test]
    fn base64_is_read_wherever_its_lines_are_broken() {
        let bytes: Vec<u8> = (0..=255).collect();
        let alphabet: Vec<u8> =
            (0..64u8).map(|value| VALUES.iter().position(|known| *known == value).unwrap() as u8).collect();
        for length in 1..bytes.len() {
            let mut text: Vec<u8> = Vec::new();
            for chunk in bytes[..length].chunks(3) {
                let bits =
                    chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
                text.extend((0..=chunk.len()).map(|index| alphabet[(bits >> (18 - 6 * index) & 63) as usize]));
                text.extend(vec![b'='; 3 - chunk.len()]);
            }
            for line in [1, 3, 4, 64, 1000] {
                let broken = text.chunks(line).collect::<Vec<_>>().join(&b"\r\n"[..]);
                assert_eq!(decode(&broken).unwrap(), bytes[..length], "{length} {line}");
            }
        }
    }

    #[test]
    fn a_block_that_is_not_whole_is_left_out() {
        let block = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        for body in ["", "A", "AQID*", "AQ=D", "=AQID", "AQID===", "AQI\0"] {
            assert_eq!(all(block(body).as_bytes()), Vec::<Vec<u8>>::new(), "{body:?}");
        }
        let whole = block("AQID");
        for length in 0..whole.len() - 17 {
            let found = all(&whole.as_bytes()[..length]);
            assert!(found.is_empty() || found == [vec![1, 2, 3]], "{length}");
        }
        assert_eq!(all(format!("-----BEGIN CERTIFICATE-----\nAQ{whole}").as_bytes()), [vec![1, 2, 3]]);
    }
}

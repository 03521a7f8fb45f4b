//! The names that a host's name may stand for, and their form in messages (RFC 1035, section 3.1).

use super::config::Config;

const MAX_LABEL_BYTES: usize = 63;
/// For the form in messages, with its last zero.
const MAX_NAME_BYTES: usize = 255;

/// As glibc's `res_search`: a name with enough dots first as it is, any other last.
pub fn candidates(host: &str, config: &Config) -> Vec<String> {
    if let Some(name) = host.strip_suffix('.') {
        return vec![name.to_string()];
    }
    let mut all: Vec<String> = config.search.iter().map(|domain| format!("{host}.{domain}")).collect();
    let at = if host.matches('.').count() >= config.dots { 0 } else { all.len() };
    all.insert(at, host.to_string());
    all
}

/// `None` for what cannot be a name.
pub fn encode(name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(name.len() + 2);
    for label in name.split('.') {
        if label.is_empty() || label.len() > MAX_LABEL_BYTES {
            return None;
        }
        bytes.push(label.len() as u8);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    (bytes.len() <= MAX_NAME_BYTES).then_some(bytes)
}

/// The name at an offset, in the same form without compression, and where the message goes on behind it.
pub fn decode(message: &[u8], offset: usize) -> Option<(Vec<u8>, usize)> {
    let (mut at, mut after) = (offset, None);
    let mut name = Vec::new();
    loop {
        let length = *message.get(at)?;
        match length {
            0 => {
                name.push(0);
                return Some((name, after.unwrap_or(at + 1)));
            }
            1..=0x3f => {
                let end = at + 1 + usize::from(length);
                name.extend_from_slice(message.get(at..end)?);
                if name.len() >= MAX_NAME_BYTES {
                    return None;
                }
                at = end;
            }
            0xc0.. => {
                let target = usize::from(length & 0x3f) << 8 | usize::from(*message.get(at + 1)?);
                after = after.or(Some(at + 2));
                // Only back, so that there is an end.
                if target >= at {
                    return None;
                }
                at = target;
            }
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::config::parse;
    use super::*;

    #[test]
    fn the_search_list_comes_before_or_behind_the_name_itself() {
        let config = |text: &str| parse(text.as_bytes());
        for (host, text, expected) in [
            ("a", "", vec!["a"]),
            ("a", "search x y", vec!["a.x", "a.y", "a"]),
            ("a.b", "search x y", vec!["a.b", "a.b.x", "a.b.y"]),
            ("a.b", "search x\noptions ndots:2", vec!["a.b.x", "a.b"]),
            ("a.b.c", "search x\noptions ndots:2", vec!["a.b.c", "a.b.c.x"]),
            ("a", "search x\noptions ndots:0", vec!["a", "a.x"]),
            ("a.", "search x", vec!["a"]),
        ] {
            assert_eq!(candidates(host, &config(text)), expected, "{host} {text}");
        }
    }

    #[test]
    fn names_have_bounds() {
        assert_eq!(encode("a.bc").unwrap(), b"\x01a\x02bc\0");
        for bad in ["", "a..b", ".a", "a.", &"x".repeat(64), &["x".repeat(63).as_str(); 4].join(".")] {
            assert_eq!(encode(bad), None, "{bad}");
        }
        let longest = format!("{}.{}", ["x".repeat(63).as_str(); 3].join("."), "x".repeat(61));
        assert_eq!(encode(&longest).unwrap().len(), MAX_NAME_BYTES);
        let bytes = encode(&longest).unwrap();
        assert_eq!(decode(&bytes, 0), Some((bytes.clone(), bytes.len())));
    }

    #[test]
    fn compression_goes_back_alone() {
        let message = b"\x01a\0\x01b\xc0\x00\x01c\xc0\x03!";
        assert_eq!(decode(message, 3), Some((b"\x01b\x01a\0".to_vec(), 7)));
        assert_eq!(decode(message, 7), Some((b"\x01c\x01b\x01a\0".to_vec(), 11)));
        for bad in [&b"\xc0\x00"[..], b"\xc0\x02\0", b"\xc0", b"\x02a", b"\x40a\0", b"\x80", b"", b"\x01a\xc0\x00"] {
            assert_eq!(decode(bad, 0), None, "{bad:?}");
        }
        // A loop through labels: each turn makes the name longer.
        assert_eq!(decode(b"\x01a\xc0\x00", 2), None);
    }
}

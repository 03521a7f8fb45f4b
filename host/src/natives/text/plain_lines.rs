//! The plain lines of an env file: `src/envfile/plain-lines.ts` says what that is and has the same in TypeScript.

use memchr::{memchr, memchr2};

const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'.' | b'-');
        byte += 1;
    }
    table
};

/// Three indices for each plain line, in UTF-16 units: its start, the end of its name, and its end.
pub fn find(text: &[u8]) -> Vec<i32> {
    let mut found = Vec::with_capacity(text.len() / 16);
    let is_ascii = text.is_ascii();
    let (mut at, mut unit) = (0, 0);
    while at < text.len() {
        let end = memchr(b'\n', &text[at..]).map_or(text.len(), |length| at + length);
        let line = &text[at..end];
        let length = if is_ascii { line.len() as i32 } else { count_units(line) };
        if let Some(name) = plain_name(line) {
            found.extend([unit, unit + name, unit + length]);
        }
        at = end + 1;
        unit += length + 1;
    }
    found
}

/// Each plain line with the length of its name, for a file that has no other lines than plain ones, empty ones and
/// comments in the first column, no NUL, and no U+FFFD, which may stand for bytes that are not UTF-8.
/// `src/envfile/plain-file.ts` has the same in TypeScript.
pub fn all(text: &str) -> Option<Vec<(&str, usize)>> {
    if memchr(0, text.as_bytes()).is_some() || text.contains('\u{fffd}') {
        return None;
    }
    let mut found = Vec::with_capacity(text.len() / 32);
    let mut at = 0;
    while at < text.len() {
        let end = memchr(b'\n', &text.as_bytes()[at..]).map_or(text.len(), |length| at + length);
        let line = &text[at..end];
        at = end + 1;
        if line.is_empty() || (line.starts_with('#') && memchr(b'\r', line.as_bytes()).is_none()) {
            continue;
        }
        found.push((line, plain_name(line.as_bytes())? as usize));
    }
    Some(found)
}

/// How long the name is, which is ASCII; `None` for any other line.
fn plain_name(line: &[u8]) -> Option<i32> {
    let name = line.iter().position(|byte| !IN_NAME[*byte as usize])?;
    let begins = matches!(line.first()?, b'A'..=b'Z' | b'a'..=b'z' | b'_');
    let value = line[name..].strip_prefix(b"=")?;
    let is_plain = begins
        && !matches!(value.first(), Some(b' ' | b'\t' | b'\'' | b'"'))
        && !matches!(value.last(), Some(b' ' | b'\t'))
        && memchr2(b'#', b'\r', value).is_none();
    is_plain.then_some(name as i32)
}

/// Each character has one, and one of four bytes two.
fn count_units(line: &[u8]) -> i32 {
    line.iter().map(|&byte| i32::from(byte & 0xc0 != 0x80) + i32::from(byte >= 0xf0)).sum()
}

#[cfg(test)]
mod tests {
    use super::{all, find};

    #[test]
    fn a_file_of_plain_lines_gives_each_with_its_name() {
        assert_eq!(all("# c\n\nA=1\nBC=\n"), Some(vec![("A=1", 1), ("BC=", 2)]));
        assert_eq!(all(""), Some(vec![]));
    }

    #[test]
    fn one_other_line_makes_it_another_file() {
        for line in [
            "A='1'",
            "A= 1",
            "A=1 ",
            "A=1\r",
            "# c\r",
            " # c",
            "export A=1",
            "A",
            "A=1 # c",
            "=1",
            "\t",
            "A=\0",
            "#\0",
            "A=\u{fffd}",
            "# \u{fffd}",
        ] {
            assert_eq!(all(&format!("B=1\n{line}\n")), None, "{line:?}");
        }
    }

    #[test]
    fn finds_nothing_but_plain_lines() {
        assert_eq!(
            find(b"A=1\n# c\nB_.-9=x y\nC= 1\nD='1'\nE=1#\nF=1 \n1=2\nexport G=1\nH=\nI=1\r\n J=1\nK"),
            [0, 1, 3, 8, 13, 17, 54, 55, 56]
        );
    }

    #[test]
    fn counts_in_utf_16() {
        assert_eq!(find("A=ä\u{10000}\nB=1".as_bytes()), [0, 1, 5, 6, 7, 9]);
    }
}

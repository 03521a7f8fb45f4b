//! /etc/hosts: <https://man7.org/linux/man-pages/man5/hosts.5.html>

use std::net::IpAddr;

/// In the order of the file, each once.
pub fn addresses(file: &[u8], host: &str) -> Vec<IpAddr> {
    let name = host.strip_suffix('.').unwrap_or(host).as_bytes();
    let mut all = Vec::new();
    for line in file.split(|byte| *byte == b'\n') {
        let text = line.split(|byte| *byte == b'#').next().unwrap_or_default();
        let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let Some(first) = words.next() else { continue };
        if !words.any(|word| word.eq_ignore_ascii_case(name)) {
            continue;
        }
        if let Some(address) = std::str::from_utf8(first).ok().and_then(|text| text.parse().ok())
            && !all.contains(&address)
        {
            all.push(address);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_addresses_of_all_its_lines() {
        let file = b"# 9.9.9.9 one\n1.1.1.1 one two # three\n::1\tONE\r\n1.1.1.1 one\nnonsense one\n 2.2.2.2   x.y\n\xff one\n";
        for (host, expected) in [
            ("one", vec!["1.1.1.1", "::1"]),
            ("One.", vec!["1.1.1.1", "::1"]),
            ("two", vec!["1.1.1.1"]),
            ("three", vec![]),
            ("x.y", vec!["2.2.2.2"]),
            ("y", vec![]),
            ("", vec![]),
        ] {
            let found: Vec<String> = addresses(file, host).iter().map(IpAddr::to_string).collect();
            assert_eq!(found, expected, "{host}");
        }
    }
}

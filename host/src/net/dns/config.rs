//! /etc/resolv.conf: <https://man7.org/linux/man-pages/man5/resolv.conf.5.html>, with glibc's bounds and defaults.

use std::net::{IpAddr, Ipv4Addr};

#[derive(Debug, PartialEq, Eq)]
pub struct Config {
    /// At least one.
    pub servers: Vec<IpAddr>,
    pub search: Vec<String>,
    /// From so many dots on a name is first asked for as it is.
    pub dots: usize,
    /// For one server, in seconds.
    pub timeout: u64,
    /// How often all servers are asked.
    pub attempts: usize,
    pub rotates: bool,
    /// Over TCP alone.
    pub uses_tcp: bool,
}

const MAX_SERVERS: usize = 3;
/// glibc has none; a name's search should end.
const MAX_SEARCH: usize = 32;
const MAX_DOTS: usize = 15;
const MAX_TIMEOUT_SECONDS: u64 = 30;
const MAX_ATTEMPTS: usize = 5;

/// What is not understood is passed over.
pub fn parse(file: &[u8]) -> Config {
    let mut config = Config {
        servers: Vec::new(),
        search: Vec::new(),
        dots: 1,
        timeout: 5,
        attempts: 2,
        rotates: false,
        uses_tcp: false,
    };
    for line in String::from_utf8_lossy(file).lines() {
        if line.starts_with(['#', ';']) {
            continue;
        }
        let mut words = line.split_ascii_whitespace();
        match words.next() {
            Some("nameserver") if config.servers.len() < MAX_SERVERS => {
                config.servers.extend(words.next().and_then(|word| word.parse::<IpAddr>().ok()));
            }
            // The last of them counts.
            Some("search") => config.search = words.take(MAX_SEARCH).map(domain).collect(),
            Some("domain") => config.search = words.take(1).map(domain).collect(),
            Some("options") => words.for_each(|word| config.set(word)),
            _ => {}
        }
    }
    config.search.retain(|domain| !domain.is_empty());
    if config.servers.is_empty() {
        config.servers.push(Ipv4Addr::LOCALHOST.into());
    }
    config
}

fn domain(word: &str) -> String {
    word.trim_end_matches('.').to_string()
}

impl Config {
    fn set(&mut self, option: &str) {
        let (name, value) = option.split_once(':').unwrap_or((option, ""));
        let number = value.parse::<u64>().ok();
        match (name, number) {
            ("ndots", Some(number)) => self.dots = usize::try_from(number).unwrap_or(MAX_DOTS).min(MAX_DOTS),
            ("timeout", Some(number)) => self.timeout = number.clamp(1, MAX_TIMEOUT_SECONDS),
            ("attempts", Some(number)) => {
                self.attempts = usize::try_from(number).unwrap_or(MAX_ATTEMPTS).clamp(1, MAX_ATTEMPTS);
            }
            ("rotate", None) => self.rotates = true,
            ("use-vc", None) => self.uses_tcp = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_has_the_defaults() {
        let config = parse(b"");
        assert_eq!(config.servers, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
        assert_eq!((config.dots, config.timeout, config.attempts, config.rotates), (1, 5, 2, false));
        assert!(config.search.is_empty());
    }

    #[test]
    fn servers_search_and_options_are_read() {
        let config = parse(
            b"# c\n; nameserver 9.9.9.9\ndomain old\nnameserver 10.0.0.1\nnameserver nonsense\nnameserver ::1\r\n\
            nameserver 10.0.0.3\nnameserver 10.0.0.4\nsearch a.test. b.test .\noptions ndots:5 timeout:2\n\
            options attempts:3 rotate edns0 use-vc ndots:x\nunknown word\n\xff\xfe",
        );
        let servers: Vec<String> = config.servers.iter().map(IpAddr::to_string).collect();
        assert_eq!(servers, ["10.0.0.1", "::1", "10.0.0.3"]);
        assert_eq!(config.search, ["a.test", "b.test"]);
        assert_eq!((config.dots, config.timeout, config.attempts, config.rotates), (5, 2, 3, true));
        assert!(config.uses_tcp);
    }

    #[test]
    fn numbers_have_bounds() {
        for (options, dots, timeout, attempts) in [
            ("ndots:0 timeout:0 attempts:0", 0, 1, 1),
            ("ndots:15 timeout:30 attempts:5", 15, 30, 5),
            ("ndots:16 timeout:31 attempts:6", 15, 30, 5),
            ("ndots:18446744073709551615 timeout:18446744073709551615 attempts:18446744073709551615", 15, 30, 5),
            ("ndots:-1 timeout:-1 attempts:99999999999999999999", 1, 5, 2),
        ] {
            let config = parse(format!("options {options}").as_bytes());
            assert_eq!((config.dots, config.timeout, config.attempts), (dots, timeout, attempts), "{options}");
        }
    }
}

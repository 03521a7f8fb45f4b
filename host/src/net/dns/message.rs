//! Questions to a DNS server and its answers (RFC 1035, section 4).

use super::name;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    A = 1,
    Aaaa = 28,
}

const CNAME: u16 = 5;
const INTERNET: u16 = 1;
const HEADER_BYTES: usize = 12;
/// glibc's bound is about the same.
const MAX_ALIASES: usize = 16;
const NO_SUCH_NAME: u8 = 3;

#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// With how long they hold, in seconds. None: the name has no such address.
    Addresses(Vec<IpAddr>, u32),
    NoSuchName,
    /// To be asked for again over TCP.
    Truncated,
    /// The server cannot, or does not want to.
    Refused,
}

/// `name` in the form of messages.
pub fn question(id: u16, name: &[u8], kind: Kind) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER_BYTES + name.len() + 4);
    bytes.extend(id.to_be_bytes());
    // Recursion desired; one question.
    bytes.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    bytes.extend(name);
    bytes.extend((kind as u16).to_be_bytes());
    bytes.extend(INTERNET.to_be_bytes());
    bytes
}

/// `None` for what is not an answer to the question, or is broken.
pub fn parse(message: &[u8], id: u16, name: &[u8], kind: Kind) -> Option<Answer> {
    let header = message.get(..HEADER_BYTES)?;
    let (is_answer, operation) = (header[2] & 0x80 != 0, header[2] & 0x78);
    if take_u16(message, 0)? != id || !is_answer || operation != 0 || take_u16(message, 4)? != 1 {
        return None;
    }
    let (asked, after) = name::decode(message, HEADER_BYTES)?;
    let is_same = asked.eq_ignore_ascii_case(name)
        && take_u16(message, after)? == kind as u16
        && take_u16(message, after + 2)? == INTERNET;
    if !is_same {
        return None;
    }
    if header[2] & 0x02 != 0 {
        return Some(Answer::Truncated);
    }
    match header[3] & 0x0f {
        0 => {}
        NO_SUCH_NAME => return Some(Answer::NoSuchName),
        _ => return Some(Answer::Refused),
    }
    let records = records(message, after + 4, take_u16(message, 6)?)?;
    follow(message, &records, asked, kind)
}

struct Record {
    name: Vec<u8>,
    kind: u16,
    ttl: u32,
    /// Where the data is, in the message.
    at: usize,
    length: usize,
}

fn records(message: &[u8], mut at: usize, count: u16) -> Option<Vec<Record>> {
    let mut all = Vec::new();
    for _ in 0..count {
        let (name, after) = name::decode(message, at)?;
        let (kind, class) = (take_u16(message, after)?, take_u16(message, after + 2)?);
        let ttl = u32::from(take_u16(message, after + 4)?) << 16 | u32::from(take_u16(message, after + 6)?);
        let length = usize::from(take_u16(message, after + 8)?);
        let data = after + 10;
        at = data + length;
        message.get(data..at)?;
        if class == INTERNET {
            all.push(Record { name, kind, ttl, at: data, length });
        }
    }
    Some(all)
}

/// Along the aliases to the addresses of the last.
fn follow(message: &[u8], records: &[Record], asked: Vec<u8>, kind: Kind) -> Option<Answer> {
    let mut name = asked;
    let mut ttl = u32::MAX;
    for _ in 0..MAX_ALIASES {
        let of_name = || records.iter().filter(|record| record.name.eq_ignore_ascii_case(&name));
        let Some(alias) = of_name().find(|record| record.kind == CNAME) else {
            let found = of_name().filter(|record| record.kind == kind as u16);
            let mut addresses = Vec::new();
            for record in found {
                ttl = ttl.min(record.ttl);
                addresses.push(address(&message[record.at..record.at + record.length], kind)?);
            }
            return Some(Answer::Addresses(addresses, if ttl == u32::MAX { 0 } else { ttl }));
        };
        ttl = ttl.min(alias.ttl);
        name = name::decode(message, alias.at)?.0;
    }
    None
}

fn address(data: &[u8], kind: Kind) -> Option<IpAddr> {
    Some(match kind {
        Kind::A => Ipv4Addr::from(<[u8; 4]>::try_from(data).ok()?).into(),
        Kind::Aaaa => Ipv6Addr::from(<[u8; 16]>::try_from(data).ok()?).into(),
    })
}

fn take_u16(message: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(message.get(at..at + 2)?.try_into().ok()?))
}

/// Answers, for tests: the code and records `(owner, kind, data)`, each owner in the form of messages.
#[cfg(test)]
pub fn answer(question: &[u8], code: u8, records: &[(&[u8], u16, &[u8])]) -> Vec<u8> {
    let mut message = question.to_vec();
    message[2] |= 0x80;
    message[3] = 0x80 | code;
    message[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
    for (owner, kind, data) in records {
        message.extend(*owner);
        message.extend(kind.to_be_bytes());
        message.extend(INTERNET.to_be_bytes());
        message.extend(60u32.to_be_bytes());
        message.extend((data.len() as u16).to_be_bytes());
        message.extend(*data);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &[u8] = b"\x01a\x04test\0";
    /// A pointer to the question's name.
    const SAME: &[u8] = b"\xc0\x0c";

    fn asked() -> Vec<u8> {
        question(7, NAME, Kind::A)
    }

    fn read(message: &[u8]) -> Option<Answer> {
        parse(message, 7, NAME, Kind::A)
    }

    fn found(texts: &[&str]) -> Option<Answer> {
        let ttl = if texts.is_empty() { 0 } else { 60 };
        Some(Answer::Addresses(texts.iter().map(|text| text.parse().unwrap()).collect(), ttl))
    }

    #[test]
    fn addresses_are_found_behind_aliases_in_any_order() {
        let b = b"\x01b\x04test\0";
        for (records, expected) in [
            (vec![], found(&[])),
            (vec![(SAME, 1, &[1u8, 1, 1, 1][..]), (SAME, 1, &[2, 2, 2, 2])], found(&["1.1.1.1", "2.2.2.2"])),
            (vec![(&b"\x01A\x04TEST\0"[..], 1, &[1, 1, 1, 1][..])], found(&["1.1.1.1"])),
            (vec![(SAME, CNAME, &b[..]), (&b[..], 1, &[1, 1, 1, 1][..])], found(&["1.1.1.1"])),
            (vec![(&b[..], 1, &[1, 1, 1, 1][..]), (SAME, CNAME, &b[..])], found(&["1.1.1.1"])),
            (vec![(&b[..], 1, &[1, 1, 1, 1][..])], found(&[])),
            (vec![(SAME, 28, &[0; 16][..])], found(&[])),
            (vec![(SAME, 1, &[1, 1, 1][..])], None),
            // An alias of itself.
            (vec![(SAME, CNAME, SAME)], None),
        ] {
            let got = read(&answer(&asked(), 0, &records));
            match (&got, &expected) {
                (Some(Answer::Addresses(got, _)), Some(Answer::Addresses(expected, _))) => assert_eq!(got, expected),
                _ => assert_eq!(got, expected, "{records:?}"),
            }
        }
    }

    #[test]
    fn codes_and_truncation_are_read() {
        assert_eq!(read(&answer(&asked(), 3, &[])), Some(Answer::NoSuchName));
        for code in [1, 2, 4, 5, 15] {
            assert_eq!(read(&answer(&asked(), code, &[])), Some(Answer::Refused), "{code}");
        }
        let mut truncated = answer(&asked(), 0, &[]);
        truncated[2] |= 2;
        assert_eq!(read(&truncated), Some(Answer::Truncated));
    }

    #[test]
    fn what_answers_another_question_is_not_an_answer() {
        let good = answer(&asked(), 0, &[(SAME, 1, &[1, 1, 1, 1])]);
        assert!(read(&good).is_some());
        assert_eq!(read(&asked()), None, "the question itself");
        assert_eq!(parse(&good, 8, NAME, Kind::A), None, "another id");
        assert_eq!(parse(&good, 7, b"\x01b\x04test\0", Kind::A), None, "another name");
        assert_eq!(parse(&good, 7, NAME, Kind::Aaaa), None, "another kind");
        for length in 0..good.len() {
            assert_eq!(read(&good[..length]), None, "cut at {length}");
        }
    }
}

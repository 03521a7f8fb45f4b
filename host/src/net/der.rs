//! As much of DER and X.509 as it takes to name a certificate: its issuer, its subject and its time.

/// Slices of the certificate that they were read from.
#[derive(Debug, PartialEq, Eq)]
pub struct Names<'a> {
    pub issuer: &'a [u8],
    pub subject: &'a [u8],
    pub validity: &'a [u8],
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;

/// RFC 5280, section 4.1. `None` for what does not begin as a certificate.
pub fn names(certificate: &[u8]) -> Option<Names<'_>> {
    let mut rest = certificate;
    let mut signed = take(&mut rest, SEQUENCE)?;
    let mut fields = take(&mut signed, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        take(&mut fields, VERSION)?;
    }
    take(&mut fields, INTEGER)?;
    take(&mut fields, SEQUENCE)?;
    let issuer = take(&mut fields, SEQUENCE)?;
    let validity = take(&mut fields, SEQUENCE)?;
    Some(Names { issuer, validity, subject: take(&mut fields, SEQUENCE)? })
}

/// The content of the next value, which has to have a tag.
pub fn take<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let [found, first, after @ ..] = *rest else { return None };
    if *found != tag {
        return None;
    }
    let (length, after) = match *first {
        short @ 0..=0x7f => (usize::from(short), after),
        long @ 0x81..=0x84 => {
            let (bytes, after) = after.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), after)
        }
        _ => return None,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(content)
}

/// From when to when a certificate holds, in seconds since 1970; the end of a time before that is 0.
pub fn times(validity: &[u8]) -> Option<(u64, u64)> {
    let mut rest = validity;
    let times = (take_time(&mut rest)?, take_time(&mut rest)?);
    rest.is_empty().then_some(times)
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// RFC 5280, section 4.1.2.5: `YYMMDDHHMMSSZ` from 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn take_time(rest: &mut &[u8]) -> Option<u64> {
    let (year_digits, text) = match rest.first()? {
        &UTC_TIME => (2, take(rest, UTC_TIME)?),
        _ => (4, take(rest, GENERALIZED_TIME)?),
    };
    let digits = text.strip_suffix(b"Z").filter(|digits| digits.len() == year_digits + 10)?;
    let number = |from: usize, to: usize| {
        let part = &digits[from..to];
        let add = |sum: i64, digit: &u8| sum * 10 + i64::from(digit - b'0');
        part.iter().all(u8::is_ascii_digit).then(|| part.iter().fold(0, add))
    };
    let year = match (year_digits, number(0, year_digits)?) {
        (2, year @ ..50) => 2000 + year,
        (2, year) => 1900 + year,
        (_, year) => year,
    };
    let part = |index: usize| number(year_digits + index * 2, year_digits + index * 2 + 2);
    let days = days_since_1970(year, part(0)?, part(1)?);
    let seconds = ((days * 24 + part(2)?) * 60 + part(3)?) * 60 + part(4)?;
    Some(u64::try_from(seconds).unwrap_or(0))
}

/// The Gregorian calendar, counted in years that begin in March, so that a leap day is a year's last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + (month * 153 + 2) / 5 + day
        - 719_469
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_from_1970() {
        let time = |text: &str| {
            let tag = if text.len() == 13 { UTC_TIME } else { GENERALIZED_TIME };
            let bytes = [&[tag, text.len() as u8][..], text.as_bytes()].concat();
            times(&[&bytes[..], &bytes[..]].concat()).map(|(from, to)| {
                assert_eq!(from, to);
                from
            })
        };
        for (text, expected) in [
            ("700101000000Z", Some(0)),
            ("700101000001Z", Some(1)),
            ("000229235959Z", Some(951_868_799)),
            ("000301000000Z", Some(951_868_800)),
            ("491231235959Z", Some(2_524_607_999)),
            ("500101000000Z", Some(0)),
            ("20500101000000Z", Some(2_524_608_000)),
            ("21000301000000Z", Some(4_107_542_400)),
            ("99991231235959Z", Some(253_402_300_799)),
            ("7001010000Z", None),
            ("7001010000000", None),
            ("70010100000aZ", None),
        ] {
            assert_eq!(time(text), expected, "{text}");
        }
        assert_eq!(times(&[]), None);
    }

    /// A sequence of values in hex, for tests.
    const CERTIFICATE: [u8; 26] =
        [0x30, 24, 0x30, 22, 0xa0, 3, 2, 1, 2, 2, 1, 7, 0x30, 0, 0x30, 2, 5, 0, 0x30, 2, 6, 0, 0x30, 2, 7, 0];

    #[test]
    fn names_are_found_with_and_without_a_version() {
        let expected = Names { issuer: &[5, 0], validity: &[6, 0], subject: &[7, 0] };
        assert_eq!(names(&CERTIFICATE), Some(expected));
        let mut old = CERTIFICATE.to_vec();
        old.drain(4..9);
        (old[1], old[3]) = (19, 17);
        assert_eq!(names(&old).unwrap().subject, [7, 0]);
    }

    #[test]
    fn what_is_cut_is_not_a_certificate() {
        for length in 0..CERTIFICATE.len() {
            assert_eq!(names(&CERTIFICATE[..length]), None, "{length}");
        }
        for start in
            [&[][..], &[0x30], &[0x30, 0x80, 0], &[0x30, 0x85, 0, 0, 0, 0, 0], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]]
        {
            assert_eq!(take(&mut &*start, SEQUENCE), None);
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

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

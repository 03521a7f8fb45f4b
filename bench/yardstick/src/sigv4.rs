//! AWS Signature Version 4 of a GET from S3. <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use ring::{digest, hmac};
use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SIGNED: &str = "host;x-amz-content-sha256;x-amz-date";

pub struct Request<'a> {
    /// Without anything that needs an escape, and without a query.
    pub path: &'a str,
    pub authority: &'a str,
    pub region: &'a str,
    pub access_key: &'a str,
    pub secret: &'a str,
    /// Since 1970.
    pub seconds: u64,
}

pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// The lines of the headers that the request has beside `host`.
pub fn sign(request: &Request) -> String {
    let time = timestamp(request.seconds);
    let (day, region) = (&time[..8], request.region);
    let scope = format!("{day}/{region}/s3/aws4_request");
    let canonical = format!(
        "GET\n{}\n\nhost:{}\nx-amz-content-sha256:{EMPTY_SHA256}\nx-amz-date:{time}\n\n{SIGNED}\n{EMPTY_SHA256}",
        request.path, request.authority
    );
    let hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let first = mac(format!("AWS4{}", request.secret).as_bytes(), day);
    let key = [region, "s3", "aws4_request"].iter().fold(first, |key, part| mac(key.as_ref(), part));
    let signature = hex(mac(key.as_ref(), &format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hash}")).as_ref());
    format!(
        "x-amz-content-sha256: {EMPTY_SHA256}\r\nx-amz-date: {time}\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential={}/{scope},SignedHeaders={SIGNED},Signature={signature}\r\n",
        request.access_key
    )
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `20260102T030405Z`. Days become dates as in <https://howardhinnant.github.io/date_algorithms.html#civil_from_days>.
fn timestamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_reads_them() {
        for (seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_709_164_800, "20240229T000000Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(timestamp(seconds), text);
        }
    }
}

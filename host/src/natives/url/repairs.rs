//! Differences between the `url` crate (2.5.8) and the standard, as of the standard of 2026 and for what is
//! not a `file:` URL.

use std::borrow::Cow;
use url::{Url, quirks};

/// Whether the standard refuses what the crate takes: in schemes that the standard does not know, an empty host behind
/// credentials, and a backslash behind the port. <https://url.spec.whatwg.org/#authority-state>
pub fn is_refused(text: &str, url: &Url) -> bool {
    if is_special(url.scheme()) || !url.has_authority() {
        return false;
    }
    let text = strip(text);
    let Some(authority) = authority_of(&text) else { return false };
    let (credentials, host) =
        authority.rsplit_once('@').map_or((None, authority), |(before, host)| (Some(before), host));
    (credentials.is_some() && host.is_empty()) || host.contains('\\')
}

fn authority_of(text: &str) -> Option<&str> {
    let is_of_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let behind_scheme = match text.trim_start_matches(is_of_scheme).strip_prefix(':') {
        Some(rest) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => rest,
        _ => text,
    };
    let authority = behind_scheme.strip_prefix("//")?;
    Some(&authority[..authority.find(['/', '?', '#']).unwrap_or(authority.len())])
}

/// After a new host: an empty one goes with no credentials and no port, and does not come of a port alone.
/// <https://url.spec.whatwg.org/#host-state>
pub fn check_host(url: &Url, value: &str) -> Result<(), ()> {
    let is_alone = url.username().is_empty() && url.password().is_none() && url.port().is_none();
    let is_valid = is_alone && !without_line_ends(value).starts_with(':');
    if quirks::hostname(url).is_empty() && !is_valid { Err(()) } else { Ok(()) }
}

/// What is looked for at the start of a relative URL: which slashes separate depends on the base.
/// <https://url.spec.whatwg.org/#relative-state>
pub fn relative(text: &str, base: &Url) -> String {
    let text = strip(text);
    let rest = text.trim_start_matches(['/', '\\']);
    if !is_special(base.scheme()) {
        return match text.as_bytes() {
            [b'\\', ..] => format!("./{text}"),
            [b'/', b'\\', ..] => format!("/.{text}"),
            _ => text,
        };
    }
    if text.len() - rest.len() > 2 && base.scheme() != "file" { format!("//{rest}") } else { text }
}

/// Without what the parser ignores.
fn strip(text: &str) -> String {
    without_line_ends(text.trim_matches(|character| character <= ' '))
}

pub fn without_line_ends(text: &str) -> String {
    text.chars().filter(|character| !matches!(character, '\t' | '\n' | '\r')).collect()
}

fn is_special(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ws" | "wss" | "ftp" | "file")
}

/// The path as the standard has it: `^` is encoded, and in an opaque path the last space before what follows.
/// <https://url.spec.whatwg.org/#path-percent-encode-set>, <https://url.spec.whatwg.org/#cannot-be-a-base-url-path-state>
pub fn path_of(url: &Url) -> Cow<'_, str> {
    let path = url.path();
    if !url.cannot_be_a_base() {
        return if path.contains('^') { path.replace('^', "%5E").into() } else { path.into() };
    }
    let parts = quirks::internal_components(url);
    match path.strip_suffix(' ') {
        Some(rest) if parts.query_start.or(parts.fragment_start).is_some() => format!("{rest}%20").into(),
        _ => path.into(),
    }
}

/// What is before the path, and what keeps one of a URL without a host that begins with `//` from being read as a host:
/// the crate forgets that, or keeps it where a host is set. <https://url.spec.whatwg.org/#url-serializing>
pub fn before_path<'a>(url: &'a Url, path: &str) -> (&'a str, &'static str) {
    let parts = quirks::internal_components(url);
    let before = &url.as_str()[..parts.path_start as usize];
    // Behind the host, which may be a dot itself; no port has a slash.
    let before = if before[parts.host_end as usize..].ends_with("/.") { &before[..before.len() - 2] } else { before };
    let has_host = parts.host_end > parts.scheme_end + 1;
    (before, if path.starts_with("//") && !has_host { "/." } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_does_not_become_a_host_nor_the_other_way_round() {
        for (text, path, before) in [
            ("s3:/a", "//b", ("s3:", "/.")),
            ("s3:/.//a", "//b", ("s3:", "/.")),
            ("s3:/.//a", "b", ("s3:", "")),
            ("s3://h/a", "//b", ("s3://h", "")),
            ("s3:///a", "//b", ("s3://", "")),
            ("s3://u:p@h:1/.", "//b", ("s3://u:p@h:1", "")),
            ("https://h/a", "//b", ("https://h", "")),
            ("s3://.", "", ("s3://.", "")),
            ("https://./", "b", ("https://.", "")),
        ] {
            let mut url = Url::parse(text).unwrap();
            quirks::set_pathname(&mut url, path);
            assert_eq!(before_path(&url, url.path()), before, "{text} {path}");
        }
        let mut url = Url::parse("s3:/.//a").unwrap();
        quirks::set_host(&mut url, "h").unwrap();
        assert_eq!(before_path(&url, url.path()), ("s3://h", ""));
    }

    #[test]
    fn refuses_credentials_without_a_host_and_backslashes_in_one() {
        for text in ["s3://u@", "s3://:@/x", "s3://u:p@?x", "\t s3:/\n/@/x ", "gs://h:443\\x", "gs://u\\@h\\"] {
            assert!(Url::parse(text).is_err_and(|_| true) || is_refused(text, &Url::parse(text).unwrap()), "{text:?}");
        }
        for text in ["s3://b/k@x", "s3:///x@y", "s3://u\\@h/", "https://h\\@x", "s3:/x@/", "gs://h/\\"] {
            assert!(!is_refused(text, &Url::parse(text).unwrap()), "{text:?}");
        }
    }

    #[test]
    fn slashes_of_a_relative_url_are_those_of_the_base() {
        for (text, base, joined) in [
            ("\\a", "s3://b/c/d", "s3://b/c/\\a"),
            (" \\a", "https://b/c/d", "https://b/a"),
            ("/\\a", "s3:///c/d", "s3:///\\a"),
            ("///a", "https://b/c", "https://a/"),
            ("\t/\\/\\a", "https://b/c", "https://a/"),
            ("//a", "s3://b/c", "s3://a"),
            ("///a", "s3://b/c", "s3:///a"),
        ] {
            let base = Url::parse(base).unwrap();
            assert_eq!(base.join(&relative(text, &base)).unwrap().as_str(), joined, "{text:?}");
        }
    }

    #[test]
    fn encodes_what_the_standard_encodes_in_paths() {
        for (text, path) in [
            ("https://h/a^b", "/a%5Eb"),
            ("data:a^b", "a^b"),
            ("data:a  ?x", "a %20"),
            ("data:a #x", "a%20"),
            ("data:a b", "a b"),
        ] {
            assert_eq!(path_of(&Url::parse(text).unwrap()), path, "{text:?}");
        }
    }
}

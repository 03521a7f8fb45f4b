//! The URL of the object store.

pub struct Endpoint<'a> {
    pub secure: bool,
    /// As in the `host` header: with the port, where the URL has one.
    pub authority: &'a str,
    pub host: &'a str,
    pub port: u16,
}

/// Takes `http://HOST[:PORT]` and `https://HOST[:PORT]`, without a path.
pub fn parse(url: &str) -> Result<Endpoint<'_>, String> {
    let (secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (None, Some(rest)) => (false, rest),
        (None, None) => return Err("the endpoint is neither http: nor https:".into()),
    };
    let authority = rest.trim_end_matches('/');
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().map_err(|_| "invalid port")?),
        None => (authority, if secure { 443 } else { 80 }),
    };
    Ok(Endpoint { secure, authority, host, port })
}

//! A request as bytes. What could end a line or a word early is refused before anything of it is sent.

use super::fault::{Fault, Result};
use super::route::Route;

pub struct Request {
    pub route: Route,
    pub method: String,
    /// Host and port as the URL has them, which Host repeats.
    pub authority: String,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
}

/// What this module writes itself.
const OURS: [&str; 4] = ["content-length", "transfer-encoding", "connection", "proxy-authorization"];
/// Methods whose requests have a length even without a body: RFC 9110, section 8.6.
const WITH_LENGTH: [&str; 3] = ["POST", "PUT", "PATCH"];

impl Request {
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// Whether to ask twice is as good as once.
    pub fn is_repeatable(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    /// `ERR_INVALID_HTTP_TOKEN`, `ERR_UNESCAPED_CHARACTERS` and `ERR_INVALID_CHAR` as Node has them.
    pub fn check(&self) -> Result<()> {
        let names = self.headers.iter().map(|(name, _)| name);
        if !std::iter::once(&self.method).chain(names).all(|name| is_token(name)) {
            return Err(Fault::new("ERR_INVALID_HTTP_TOKEN"));
        }
        let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let Route { host, proxy, .. } = &self.route;
        let hosts = proxy.iter().map(|proxy| &proxy.host).chain([host, &self.authority, &self.target]);
        if !self.target.starts_with('/') || !hosts.into_iter().all(|text| is_plain(text)) {
            return Err(Fault::new("ERR_UNESCAPED_CHARACTERS"));
        }
        let is_value = |value: &[u8]| value.iter().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..));
        let authorization = proxy.as_ref().and_then(|proxy| proxy.authorization.as_ref());
        if !authorization.is_none_or(|value| is_value(value.as_bytes()))
            || !self.headers.iter().all(|(_, value)| is_value(value))
        {
            return Err(Fault::new("ERR_INVALID_CHAR"));
        }
        Ok(())
    }

    /// To a proxy, a request for plain http: names the server too.
    pub fn encode(&self) -> Vec<u8> {
        let Self { route, method, authority, target, .. } = self;
        let proxy = route.proxy.as_ref().filter(|_| !route.is_secure);
        let scheme = if proxy.is_some() { format!("http://{authority}") } else { String::new() };
        let mut bytes = format!("{method} {scheme}{target} HTTP/1.1\r\n").into_bytes();
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            line(&mut bytes, "host", authority.as_bytes());
        }
        for (name, value) in &self.headers {
            if !OURS.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
                line(&mut bytes, name, value);
            }
        }
        if let Some(authorization) = proxy.and_then(|proxy| proxy.authorization.as_ref()) {
            line(&mut bytes, "proxy-authorization", authorization.as_bytes());
        }
        let body = self.body.as_deref();
        if body.is_some() || WITH_LENGTH.contains(&method.as_str()) {
            line(&mut bytes, "content-length", body.unwrap_or_default().len().to_string().as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body.unwrap_or_default());
        bytes
    }
}

fn line(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value);
    bytes.extend_from_slice(b"\r\n");
}

/// RFC 9110, section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::super::route::Proxy;
    use super::*;

    fn request() -> Request {
        let route = Route { is_secure: false, host: "h".into(), port: 80, trust: 0, proxy: None };
        let headers = vec![("accept".to_string(), b"*/*".to_vec())];
        Request { route, method: "GET".into(), authority: "h:1".into(), target: "/a?b".into(), headers, body: None }
    }

    fn encode(change: impl FnOnce(&mut Request)) -> String {
        let mut request = request();
        change(&mut request);
        request.check().unwrap();
        String::from_utf8(request.encode()).unwrap()
    }

    fn refuse(change: impl FnOnce(&mut Request)) -> String {
        let mut request = request();
        change(&mut request);
        request.check().unwrap_err().code.into_owned()
    }

    fn proxied(request: &mut Request, is_secure: bool) {
        request.route.is_secure = is_secure;
        let authorization = Some("Basic eA==".into());
        request.route.proxy = Some(Proxy { is_secure: false, host: "p".into(), port: 1, authorization });
    }

    #[test]
    fn a_request_is_its_line_its_headers_and_its_body() {
        assert_eq!(encode(|_| {}), "GET /a?b HTTP/1.1\r\nhost: h:1\r\naccept: */*\r\n\r\n");
        let put = encode(|request| {
            request.method = "PUT".into();
            request.headers = vec![("Host".into(), b"other".to_vec()), ("Content-Length".into(), b"9".to_vec())];
            request.body = Some(b"body".to_vec());
        });
        assert_eq!(put, "PUT /a?b HTTP/1.1\r\nHost: other\r\ncontent-length: 4\r\n\r\nbody");
        let post = encode(|request| request.method = "POST".into());
        assert!(post.ends_with("\r\ncontent-length: 0\r\n\r\n"));
    }

    #[test]
    fn a_proxy_is_named_the_server_and_gets_its_password_for_plain_http_alone() {
        let plain = encode(|request| proxied(request, false));
        assert_eq!(
            plain,
            "GET http://h:1/a?b HTTP/1.1\r\nhost: h:1\r\naccept: */*\r\nproxy-authorization: Basic eA==\r\n\r\n"
        );
        let secure = encode(|request| proxied(request, true));
        assert_eq!(secure, "GET /a?b HTTP/1.1\r\nhost: h:1\r\naccept: */*\r\n\r\n");
    }

    #[test]
    fn what_could_end_a_line_early_is_refused() {
        for bad in ["", "a b", "a\r\n", "a\0", "é"] {
            assert_eq!(refuse(|request| request.method = bad.into()), "ERR_INVALID_HTTP_TOKEN", "{bad:?}");
            assert_eq!(refuse(|request| request.headers[0].0 = bad.into()), "ERR_INVALID_HTTP_TOKEN", "{bad:?}");
            assert_eq!(refuse(|request| request.authority = bad.into()), "ERR_UNESCAPED_CHARACTERS", "{bad:?}");
            assert_eq!(refuse(|request| request.route.host = bad.into()), "ERR_UNESCAPED_CHARACTERS", "{bad:?}");
            assert_eq!(refuse(|request| request.target = format!("/{bad} ")), "ERR_UNESCAPED_CHARACTERS", "{bad:?}");
        }
        assert_eq!(refuse(|request| request.target = "a".into()), "ERR_UNESCAPED_CHARACTERS");
        for bad in [&b"a\rb"[..], b"a\nb", b"a\0b", b"\x7f", b"\x1b"] {
            assert_eq!(refuse(|request| request.headers[0].1 = bad.to_vec()), "ERR_INVALID_CHAR", "{bad:?}");
        }
        assert!(encode(|request| request.headers[0].1 = b"a\tb c".to_vec()).contains("a\tb c\r\n"));
    }
}

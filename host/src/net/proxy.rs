//! Tunnels through HTTP proxies: CONNECT (RFC 9110, section 9.3.6).

use super::connection::Connection;
use super::fault::{CUT, Fault, Result};
use super::route::{Proxy, Route};
use super::stream::Stream;
use crate::limits;

/// Fails with `ERR_PROXY_TUNNEL` and the proxy's status unless that is a 2xx.
pub async fn tunnel(stream: Stream, route: &Route, proxy: &Proxy) -> Result<Stream> {
    let mut connection = Connection::new(stream);
    connection.send(ask(route, proxy));
    for _ in 0..=limits::MAX_INTERIM_ANSWERS {
        match connection.receive_head().await?.status {
            100..=199 => {}
            200..=299 => return connection.into_stream().ok_or(CUT),
            status => return Err(Fault::tunnel(status)),
        }
    }
    Err(Fault::new("HPE_INVALID_STATUS"))
}

fn ask(route: &Route, proxy: &Proxy) -> Vec<u8> {
    let Route { host, port, .. } = route;
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let authorization =
        proxy.authorization.as_ref().map_or(String::new(), |value| format!("Proxy-Authorization: {value}\r\n"));
    format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n{authorization}\r\n").into_bytes()
}

//! The way to a server: what connections are shared by, and how one is made.

use super::connection::Connection;
use super::fault::{Result, TIMED_OUT};
use super::reactor::{after_ms, before};
use super::stream::Stream;
use super::tls::{self, Configs, Trust};
use super::{dial, dns, proxy};
use crate::limits;
use std::rc::Rc;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Route {
    pub is_secure: bool,
    /// A name or an IP address without brackets.
    pub host: String,
    pub port: u16,
    pub trust: Trust,
    pub proxy: Option<Proxy>,
}

#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    pub is_secure: bool,
    pub host: String,
    pub port: u16,
    /// The value of Proxy-Authorization.
    pub authorization: Option<String>,
}

/// Without what it could hold of a password.
impl std::fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// What all connections share.
#[derive(Default)]
pub struct Ways {
    pub configs: Rc<Configs>,
    pub resolver: dns::Resolver,
}

impl Route {
    /// Ready for a request. `ETIMEDOUT` after `CONNECT_MS`.
    pub async fn connect(&self, ways: &Ways) -> Result<Connection> {
        before(after_ms(limits::CONNECT_MS), self.reach(ways)).await.unwrap_or(Err(TIMED_OUT))
    }

    async fn reach(&self, ways: &Ways) -> Result<Connection> {
        let mut stream = match &self.proxy {
            None => open(&self.host, self.port, ways).await?,
            Some(proxy) => self.reach_proxy(proxy, ways).await?,
        };
        if self.is_secure {
            stream = tls::secure(stream, &self.host, self.trust, &ways.configs).await?;
        }
        Ok(Connection::new(stream))
    }

    async fn reach_proxy(&self, proxy: &Proxy, ways: &Ways) -> Result<Stream> {
        let mut stream = open(&proxy.host, proxy.port, ways).await?;
        if proxy.is_secure {
            stream = tls::secure(stream, &proxy.host, self.trust, &ways.configs).await?;
        }
        if self.is_secure { proxy::tunnel(stream, self, proxy).await } else { Ok(stream) }
    }
}

/// A TCP connection to a name or an address.
pub async fn open(host: &str, port: u16, ways: &Ways) -> Result<Stream> {
    let addresses = ways.resolver.resolve(host).await?;
    Ok(Stream::Tcp(dial::dial(&addresses, port).await?))
}

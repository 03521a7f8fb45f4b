//! The network: one thread, no blocking call, no `getaddrinfo`. What waits is a future, `reactor` polls them when the
//! kernel says that there is something for them, and to drop one closes its wire.

pub mod body;
pub mod chunked;
pub mod connection;
pub mod der;
pub mod dial;
pub mod dns;
pub mod exchange;
pub mod fault;
pub mod framing;
pub mod head;
pub mod pem;
pub mod pool;
pub mod proxy;
pub mod reactor;
pub mod request;
pub mod route;
pub mod sockets;
pub mod stream;
pub mod tls;
pub mod trust;

#[cfg(test)]
mod tests;

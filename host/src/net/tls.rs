//! TLS 1.2 and 1.3 to one server. What was parsed and what servers gave to resume sessions with is shared by all
//! connections that trust the same certificates.

use super::fault::{Fault, Result};
use super::reactor::wait_for;
use super::stream::Stream;
use super::trust::Verifier;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

/// Whom to trust: 0 the built-in roots, others as `load` numbered them.
pub type Trust = u32;
pub const BUILT_IN: Trust = 0;

enum Bundle {
    Pem(Vec<u8>),
    Ready(Arc<ClientConfig>),
}

#[derive(Default)]
pub struct Configs {
    built_in: RefCell<Option<Arc<ClientConfig>>>,
    bundles: RefCell<Vec<Bundle>>,
}

impl Configs {
    /// The number of a PEM bundle, which is read when the first connection needs it.
    pub fn load(&self, bundle: Vec<u8>) -> Trust {
        let mut all = self.bundles.borrow_mut();
        all.push(Bundle::Pem(bundle));
        all.len() as Trust
    }

    fn get(&self, trust: Trust) -> Result<Arc<ClientConfig>> {
        if trust == BUILT_IN {
            return Ok(self.built_in.borrow_mut().get_or_insert_with(|| configure(None)).clone());
        }
        let mut all = self.bundles.borrow_mut();
        let bundle = all.get_mut(trust as usize - 1).ok_or(Fault::new("EINVAL"))?;
        let config = match bundle {
            Bundle::Ready(config) => config.clone(),
            Bundle::Pem(pem) => configure(Some(std::mem::take(pem))),
        };
        *bundle = Bundle::Ready(config.clone());
        Ok(config)
    }
}

/// `None`: the built-in roots.
fn configure(bundle: Option<Vec<u8>>) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(Verifier::new(bundle, provider.clone()));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(rustls::DEFAULT_VERSIONS)
        .expect("ring's suites are of both versions");
    Arc::new(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// TLS over a stream, with the handshake done. `host` is a name or an IP address without brackets.
pub async fn secure(below: Stream, host: &str, trust: Trust, configs: &Rc<Configs>) -> Result<Stream> {
    let name = ServerName::try_from(host.to_string()).map_err(|_| Fault::new("ERR_TLS_CERT_ALTNAME_INVALID"))?;
    let session = ClientConnection::new(configs.get(trust)?, name).map_err(|error| Fault::from(&error))?;
    let mut stream = Stream::secure(session, below);
    poll_fn(|_| {
        let Stream::Tls(tls) = &mut stream else { return Poll::Ready(Ok(())) };
        match tls.shake_hands() {
            Ok(true) => Poll::Ready(Ok(())),
            Ok(false) => {
                let out = if stream.has_output() { libc::POLLOUT } else { 0 };
                wait_for(stream.descriptor(), libc::POLLIN | out);
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(Fault::from(error))),
        }
    })
    .await?;
    Ok(stream)
}

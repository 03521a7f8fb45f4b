//! The trusted certificates of servers: those that chain to the built-in roots, or to the caller's instead. The
//! verification is rustls' own; this only says more exactly why it fails, and trusts a server whose very certificate the
//! caller has given, as OpenSSL does.

use super::fault::Named;
use super::{der, pem};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, TrustAnchor, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

pub fn built_in() -> Vec<TrustAnchor<'static>> {
    webpki_roots::TLS_SERVER_ROOTS.to_vec()
}

/// The anchors of a PEM bundle. What cannot be read as a certificate is left out: bundles of images hold ancient ones.
pub fn anchors(bundle: &[u8]) -> Vec<TrustAnchor<'static>> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(pem::certificates(bundle).map(CertificateDer::from));
    store.roots
}

#[derive(Debug)]
pub struct Verifier {
    /// `None`: not one root.
    chains: Option<Arc<WebPkiServerVerifier>>,
    /// The caller's bundle, for what no chain leads to.
    bundle: Vec<u8>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    /// `None`: the built-in roots.
    pub fn new(bundle: Option<Vec<u8>>, provider: Arc<CryptoProvider>) -> Self {
        let anchors = bundle.as_deref().map_or_else(built_in, anchors);
        let roots = Arc::new(RootCertStore { roots: anchors });
        let chains = WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build().ok();
        Self { chains, bundle: bundle.unwrap_or_default(), provider }
    }
}

impl Verifier {
    /// `openssl req -x509` makes authorities, which serve with their own certificates and are given as what to trust.
    fn verify_given(
        &self,
        certificate: &CertificateDer<'_>,
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if !pem::certificates(&self.bundle).any(|given| given == certificate.as_ref()) {
            return Err(named("DEPTH_ZERO_SELF_SIGNED_CERT"));
        }
        let times = der::names(certificate).and_then(|names| der::times(names.validity));
        let (from, to) = times.ok_or(CertificateError::BadEncoding)?;
        if now.as_secs() < from {
            return Err(CertificateError::NotValidYet.into());
        }
        if now.as_secs() > to {
            return Err(CertificateError::Expired.into());
        }
        verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        Ok(ServerCertVerified::assertion())
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = match &self.chains {
            Some(chains) => chains.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        match verdict {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                Err(named(unknown_issuer(end_entity, intermediates)))
            }
            // For an authority's own certificate, which webpki does not accept as a server's.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if is_self_signed(end_entity) => {
                self.verify_given(end_entity, server_name, now)
            }
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// As OpenSSL distinguishes the ways in which a chain ends before a root.
fn unknown_issuer(end_entity: &CertificateDer<'_>, intermediates: &[CertificateDer<'_>]) -> &'static str {
    let is_self_signed =
        |certificate: &CertificateDer<'_>| der::names(certificate).is_some_and(|names| names.issuer == names.subject);
    match intermediates.last() {
        None if is_self_signed(end_entity) => "DEPTH_ZERO_SELF_SIGNED_CERT",
        None => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        Some(last) if is_self_signed(last) => "SELF_SIGNED_CERT_IN_CHAIN",
        Some(_) => "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    }
}

fn is_self_signed(certificate: &CertificateDer<'_>) -> bool {
    der::names(certificate).is_some_and(|names| names.issuer == names.subject)
}

fn named(code: &'static str) -> Error {
    CertificateError::Other(rustls::OtherError(Arc::new(Named(code)))).into()
}

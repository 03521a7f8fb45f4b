//! Network errors, by the codes that the bundle branches on and shows: names of `errno`, and those that
//! Node gives, because they are what an operator finds when looking for them.

use crate::errno;
use rustls::{AlertDescription, CertificateError, Error as TlsError};
use std::borrow::Cow;
use std::io;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub code: Cow<'static, str>,
    /// A proxy's answer to CONNECT, with `ERR_PROXY_TUNNEL`.
    pub status: Option<u16>,
}

pub type Result<T> = std::result::Result<T, Fault>;

impl Fault {
    pub const fn new(code: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), status: None }
    }

    pub const fn tunnel(status: u16) -> Self {
        Self { code: Cow::Borrowed("ERR_PROXY_TUNNEL"), status: Some(status) }
    }
}

/// The peer ended a connection on which more was expected.
pub const CUT: Fault = Fault::new("ECONNRESET");
pub const TIMED_OUT: Fault = Fault::new("ETIMEDOUT");

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        if let Some(number) = error.raw_os_error() {
            return Self { code: errno::name(number), status: None };
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
            Some(error) => error.into(),
            // A TLS connection that ends without saying so.
            None => CUT,
        }
    }
}

impl From<&TlsError> for Fault {
    fn from(error: &TlsError) -> Self {
        Self::new(match error {
            TlsError::InvalidCertificate(error) => certificate_code(error),
            TlsError::NoCertificatesPresented => "UNABLE_TO_GET_ISSUER_CERT",
            TlsError::AlertReceived(alert) => alert_code(*alert),
            TlsError::PeerIncompatible(_) => "ERR_SSL_UNSUPPORTED_PROTOCOL",
            TlsError::DecryptError => "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC",
            // What is not TLS at all, as an HTTP server's answer, or breaks its rules.
            _ => "EPROTO",
        })
    }
}

/// What OpenSSL calls it: <https://docs.openssl.org/master/man1/openssl-verification-options/>, as Node shows it.
fn certificate_code(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "CERT_HAS_EXPIRED",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "CERT_NOT_YET_VALID",
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "ERR_TLS_CERT_ALTNAME_INVALID"
        }
        CertificateError::UnknownIssuer => "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        CertificateError::Revoked => "CERT_REVOKED",
        CertificateError::BadSignature => "CERT_SIGNATURE_FAILURE",
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => "INVALID_PURPOSE",
        CertificateError::BadEncoding => "ERR_SSL_BAD_CERTIFICATE_ENCODING",
        CertificateError::UnhandledCriticalExtension => "UNHANDLED_CRITICAL_EXTENSION_IN_CERT",
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "CERT_UNSUPPORTED_SIGNATURE_ALGORITHM"
        }
        CertificateError::Other(other) => other.0.downcast_ref::<Named>().map_or("CERT_REJECTED", |named| named.0),
        _ => "CERT_REJECTED",
    }
}

/// A verdict of our own verifier, which knows more than rustls' names say.
#[derive(Debug)]
pub struct Named(pub &'static str);

impl std::fmt::Display for Named {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for Named {}

fn alert_code(alert: AlertDescription) -> &'static str {
    match alert {
        AlertDescription::HandshakeFailure => "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
        AlertDescription::ProtocolVersion => "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
        AlertDescription::UnrecognisedName => "ERR_SSL_TLSV1_UNRECOGNIZED_NAME",
        AlertDescription::InternalError => "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR",
        AlertDescription::CertificateRequired => "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED",
        AlertDescription::AccessDenied => "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED",
        AlertDescription::UnknownCA => "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA",
        AlertDescription::BadCertificate => "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE",
        _ => "EPROTO",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_the_kernel_and_of_tls_have_the_names_that_node_gives() {
        let code = |error: TlsError| Fault::from(io::Error::new(io::ErrorKind::InvalidData, error)).code;
        let certificate = |error| code(TlsError::InvalidCertificate(error));
        assert_eq!(certificate(CertificateError::Expired), "CERT_HAS_EXPIRED");
        assert_eq!(certificate(CertificateError::NotValidYet), "CERT_NOT_YET_VALID");
        assert_eq!(certificate(CertificateError::NotValidForName), "ERR_TLS_CERT_ALTNAME_INVALID");
        assert_eq!(certificate(CertificateError::UnknownIssuer), "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
        assert_eq!(code(TlsError::InvalidMessage(rustls::InvalidMessage::InvalidContentType)), "EPROTO");
        assert_eq!(Fault::from(io::Error::from_raw_os_error(libc::ECONNREFUSED)).code, "ECONNREFUSED");
        assert_eq!(Fault::from(io::Error::from(io::ErrorKind::UnexpectedEof)).code, "ECONNRESET");
    }
}

//! Failures below HTTP: told apart by type, not by the wording of messages.

use std::{error::Error, io};

use reqwest::Url;

use super::ClientError;

/// What a failed exchange means to the caller.
pub(super) fn classify(base: &Url, error: &reqwest::Error) -> ClientError {
    let server = base.to_string();
    if error.is_timeout() {
        return ClientError::Unreachable { server, reason: "no answer in time".to_owned() };
    }
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    while let Some(current) = cause {
        if let Some(tls) = current.downcast_ref::<rustls::Error>() {
            return of_tls(base, tls);
        }
        if current.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return ClientError::Unexpected { server, reason: "it does not speak HTTP".to_owned() };
        }
        cause = next_cause(current);
    }
    ClientError::Unreachable { server, reason: reason(error) }
}

fn of_tls(base: &Url, error: &rustls::Error) -> ClientError {
    let host = base.host_str().unwrap_or_default().to_owned();
    match error {
        rustls::Error::InvalidCertificate(certificate) => {
            ClientError::Certificate { host, reason: in_words(certificate) }
        }
        rustls::Error::NoCertificatesPresented => ClientError::Certificate { host, reason: "it sent none".to_owned() },
        rustls::Error::InvalidMessage(_) => ClientError::Unexpected {
            server: base.to_string(),
            reason: "it does not speak TLS there; does the address begin with http://?".to_owned(),
        },
        other => {
            ClientError::Unexpected { server: base.to_string(), reason: format!("the TLS handshake failed: {other}") }
        }
    }
}

fn in_words(error: &rustls::CertificateError) -> String {
    use rustls::CertificateError as C;
    match error {
        C::UnknownIssuer => "it is signed by nobody this machine trusts".to_owned(),
        C::Expired | C::ExpiredContext { .. } => "it has expired".to_owned(),
        C::NotValidYet | C::NotValidYetContext { .. } => "it is not valid yet".to_owned(),
        C::NotValidForName | C::NotValidForNameContext { .. } => "it is for another name".to_owned(),
        C::BadSignature => "its signature is wrong".to_owned(),
        C::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    }
}

/// The innermost cause, which is the one that says something: `Connection refused (os error 111)`.
pub(super) fn reason(error: &reqwest::Error) -> String {
    let mut innermost: &(dyn Error + 'static) = error;
    while let Some(cause) = next_cause(innermost) {
        innermost = cause;
    }
    innermost.to_string()
}

/// As [`Error::source`], but an [`io::Error`] made from another error gives that one, which `source` skips.
fn next_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(inner) = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        return Some(inner);
    }
    error.source()
}

//! What a failed exchange means.

use std::error::Error;
use std::io;

use super::wire::Fault;
use crate::registry::Cause;

/// Sorts an error of the client. Addresses are left out of its text: their queries may hold signatures.
pub(super) fn of(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let is_connect = error.is_connect();
    let text = text(&error);
    if let Some(tls) = find_tls(&error) {
        return match tls {
            rustls::Error::InvalidMessage(_) if is_connect => Fault::NotTls(text),
            rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::UnsupportedNameType => Cause::Certificate(tls.to_string()).into(),
            _ => Cause::Connection(text).into(),
        };
    }
    if error.is_timeout() {
        return Cause::TimedOut(text).into();
    }
    match find_io(&error) {
        // Nobody listens, or somebody hangs up at the first word of TLS.
        Some(io::ErrorKind::ConnectionRefused | io::ErrorKind::UnexpectedEof) if is_connect => {
            Fault::NotTls(text)
        }
        _ => Cause::Connection(text).into(),
    }
}

/// The error and what caused it, without repetition.
fn text(error: &reqwest::Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(inner) = source {
        let part = inner.to_string();
        if parts.last().is_none_or(|it| !it.contains(&part)) {
            parts.push(part);
        }
        source = inner.source();
    }
    parts.join(": ")
}

fn find_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    find(error, &|it| it.downcast_ref())
}

fn find_io(error: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    find(error, &|it| {
        it.downcast_ref::<io::Error>().filter(|it| it.get_ref().is_none_or(|inner| !inner.is::<io::Error>()))
    })
    .map(io::Error::kind)
}

/// An `io::Error` hides what it holds from its `source`, so it is looked into.
fn find<'a, T>(
    error: &'a (dyn Error + 'static),
    wanted: &dyn Fn(&'a (dyn Error + 'static)) -> Option<&'a T>,
) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = wanted(current) {
            return Some(found);
        }
        let held = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = match held {
            Some(held) => Some(held as &(dyn Error + 'static)),
            None => current.source(),
        };
    }
    None
}

//! One request and its answer: redirects followed under our own rules, the body bounded and never awaited for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, Method, Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use super::address::{Names, Reach};
use super::fault;
use crate::registry::{Cause, Traffic};

/// Requests to one host at once: registries are known to answer 429 beyond a few dozen.
const AT_ONCE: usize = 16;

/// How slow a registry may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Until a connection stands, names and certificates included.
    pub connect: Duration,
    /// Without a single byte.
    pub idle: Duration,
    /// For one whole object, redirects included.
    pub object: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(10), idle: seconds(30), object: seconds(600) }
    }
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) accept: &'static str,
    /// For the origin of `url` only.
    pub(super) authorization: Option<HeaderValue>,
    /// A form to send instead of nothing.
    pub(super) form: Option<String>,
    /// Bytes of the body.
    pub(super) cap: u64,
    pub(super) reach: Reach,
    /// Redirects that may be followed.
    pub(super) redirects: usize,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Who answered.
    pub(super) url: Url,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// The other side does not speak TLS, or does not listen for it.
    NotTls(String),
    /// Anything else.
    Cause(Cause),
}

impl From<Cause> for Fault {
    fn from(cause: Cause) -> Self {
        Self::Cause(cause)
    }
}

/// Sends requests, and counts them.
pub(super) struct Exchange {
    pub(super) any: Client,
    pub(super) public: Client,
    pub(super) names: Arc<Names>,
    pub(super) pace: Pace,
    pub(super) error_body: u64,
    pub(super) traffic: Mutex<Traffic>,
    pub(super) slots: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Exchange {
    /// Sends the request and follows redirects.
    pub(super) async fn send(&self, ask: Ask) -> Result<Reply, Fault> {
        let deadline = self.pace.object;
        match timeout(deadline, self.follow(ask)).await {
            Ok(answer) => answer,
            Err(_) => Err(Cause::TimedOut(format!("not complete after {} s", deadline.as_secs())).into()),
        }
    }

    async fn follow(&self, mut ask: Ask) -> Result<Reply, Fault> {
        let mut left = ask.redirects;
        loop {
            let response = self.once(&ask).await?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return self.read(response, &ask).await;
            }
            if left == 0 {
                return Err(Cause::Forbidden("more redirects than are followed".to_owned()).into());
            }
            left -= 1;
            let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
            let location = location.ok_or_else(|| Cause::Malformed("a redirect to nowhere".to_owned()))?;
            let reach =
                if ask.reach == Reach::Public { Reach::Public } else { self.names.reach_from(&ask.url) };
            let next = next(&ask.url, location, reach).map_err(Cause::Forbidden)?;
            if next.origin() != ask.url.origin() {
                ask.authorization = None;
                ask.reach = reach;
            }
            ask.url = next;
        }
    }

    async fn once(&self, ask: &Ask) -> Result<Response, Fault> {
        if !ask.reach.allows_url(&ask.url) {
            return Err(Cause::Forbidden("an address that may not be asked".to_owned()).into());
        }
        let host = authority(&ask.url);
        let slots = lock(&self.slots)
            .entry(host.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE)))
            .clone();
        let _slot = slots.acquire().await.map_err(|_| Cause::Cancelled)?;
        *lock(&self.traffic).requests.entry(host).or_default() += 1;
        let client = if ask.reach == Reach::Public { &self.public } else { &self.any };
        let mut request = client.request(ask.method.clone(), ask.url.clone()).header(ACCEPT, ask.accept);
        if let Some(authorization) = &ask.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if let Some(form) = &ask.form {
            request = request.header("content-type", "application/x-www-form-urlencoded").body(form.clone());
        }
        match timeout(self.pace.connect + self.pace.idle, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(fault::of(error)),
            Err(_) => Err(Cause::TimedOut("no answer".to_owned()).into()),
        }
    }

    async fn read(&self, mut response: Response, ask: &Ask) -> Result<Reply, Fault> {
        let (status, headers) = (response.status(), response.headers().clone());
        let url = response.url().clone();
        let wanted = status.is_success();
        let cap = if wanted { ask.cap } else { self.error_body };
        let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        if wanted && ask.method != Method::HEAD && length.is_some_and(|it| it > cap) {
            return Err(Cause::TooLarge { cap }.into());
        }
        let mut body = BytesMut::new();
        loop {
            let piece = match timeout(self.pace.idle, response.chunk()).await {
                Ok(Ok(piece)) => piece,
                // The message of an error is worth no failure of its own.
                Ok(Err(_)) | Err(_) if !wanted => break,
                Ok(Err(error)) => return Err(fault::of(error)),
                Err(_) => return Err(Cause::TimedOut("the answer stopped half-way".to_owned()).into()),
            };
            let Some(piece) = piece else { break };
            lock(&self.traffic).bytes += piece.len() as u64;
            if (body.len() + piece.len()) as u64 > cap {
                if wanted {
                    return Err(Cause::TooLarge { cap }.into());
                }
                break;
            }
            body.extend_from_slice(&piece);
        }
        Ok(Reply { status, headers, body: body.freeze(), url })
    }
}

/// Host, with the port where the address has one.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

pub(super) fn lock<T>(it: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a redirect may lead: never from HTTPS to HTTP, never with a user name, never inside from outside.
fn next(current: &Url, location: &str, reach: Reach) -> Result<Url, String> {
    let next = current.join(location).map_err(|_| "a redirect that is no address".to_owned())?;
    let host = authority(&next);
    if !matches!((current.scheme(), next.scheme()), (_, "https") | ("http", "http")) {
        return Err(format!("a redirect to {host} that is not https"));
    }
    if !next.username().is_empty() || next.password().is_some() {
        return Err(format!("a redirect to {host} with a user name"));
    }
    if next.origin() != current.origin() && !reach.allows_url(&next) {
        return Err(format!("a redirect to {host}, inside a network that the registry is not in"));
    }
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(from: &str, to: &str, reach: Reach) -> Result<String, String> {
        next(&Url::parse(from).unwrap(), to, reach).map(|it| it.to_string())
    }

    #[test]
    fn threat_32_redirects_lead_out_and_never_inside_or_to_http() {
        let from = "https://r.example/v2/a/blobs/x";
        assert_eq!(follow(from, "/other", Reach::Public), Ok("https://r.example/other".into()));
        let storage = "https://storage.example/blob?signature=1";
        assert_eq!(follow(from, storage, Reach::Public), Ok(storage.into()));
        for to in [
            "http://r.example/x",
            "ftp://r.example/x",
            "file:///etc/passwd",
            "https://user:secret@storage.example/",
            "https://10.0.0.1/x",
            "https://127.1/x",
            "https://[::1]/x",
            "https://169.254.169.254/latest",
            "https://",
        ] {
            assert!(follow(from, to, Reach::Public).is_err(), "{to}");
        }
        assert!(follow("https://10.0.0.1/x", "https://10.0.0.2/y", Reach::Any).is_ok());
        assert!(follow("https://10.0.0.1/x", "https://169.254.169.254/y", Reach::Any).is_err());
    }
}

//! One request and its answer: redirects followed under our own rules, no host asked more than it can bear, the body
//! bounded and never awaited for ever.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION,
};
use reqwest::{Method, StatusCode};
use tokio::time::{Instant, timeout, timeout_at};
use url::Url;

use super::address::{Names, Reach};
use super::gate::{Entered, Gate};
use super::pause::{self, Clock};
use super::status::{self, Class};
use super::wire::{Fault, Request, Response, Wire};
use crate::registry::{Cause, Traffic};

/// How slow a registry may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Until a connection stands, names and certificates included.
    pub connect: Duration,
    /// Without a single byte.
    pub idle: Duration,
    /// For one whole object, redirects included, waiting for the host's turn not.
    pub object: Duration,
    /// Bytes in a second of each `window`: who sends less on purpose would hold us for the whole of `object`.
    pub bytes_per_second: u64,
    /// Over which the rate is taken; what is whole sooner may be as small as it likes.
    pub window: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(10),
            idle: seconds(30),
            object: seconds(600),
            bytes_per_second: 1024,
            window: seconds(30),
        }
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

/// Sends requests, and counts them.
pub(super) struct Exchange {
    pub(super) wire: Arc<dyn Wire>,
    pub(super) names: Arc<Names>,
    pub(super) pace: Pace,
    pub(super) error_body: u64,
    pub(super) traffic: Mutex<Traffic>,
    /// By host.
    pub(super) gates: Mutex<HashMap<String, Arc<Gate>>>,
    /// Pauses longer than this are not kept.
    pub(super) longest_pause: Duration,
    /// For dates in answers that do not say when they were sent.
    pub(super) clock: Clock,
}

/// What one address answered.
enum Hop {
    There(Reply),
    Elsewhere(String),
}

impl Exchange {
    /// Sends the request and follows redirects.
    pub(super) async fn send(&self, mut ask: Ask) -> Result<Reply, Fault> {
        let mut left = ask.redirects;
        let mut time = self.pace.object;
        loop {
            let location = match self.hop(&ask, &mut time).await? {
                Hop::There(reply) => return Ok(reply),
                Hop::Elsewhere(location) => location,
            };
            if left == 0 {
                return Err(Cause::Forbidden("more redirects than are followed".to_owned()).into());
            }
            left -= 1;
            let reach =
                if ask.reach == Reach::Public { Reach::Public } else { self.names.reach_from(&ask.url) };
            let next = next(&ask.url, &location, reach).map_err(Cause::Forbidden)?;
            if next.origin() != ask.url.origin() {
                ask.authorization = None;
                ask.reach = reach;
            }
            ask.url = next;
        }
    }

    /// Asks one address, when its host's turn comes. What it takes is taken from `time`.
    async fn hop(&self, ask: &Ask, time: &mut Duration) -> Result<Hop, Fault> {
        if !ask.reach.allows_url(&ask.url) {
            return Err(Cause::Forbidden("an address that may not be asked".to_owned()).into());
        }
        let host = authority(&ask.url);
        let gate = Arc::clone(lock(&self.gates).entry(host.clone()).or_default());
        let entered = gate.enter().await;
        *lock(&self.traffic).requests.entry(host).or_default() += 1;
        let start = Instant::now();
        let asked = timeout(*time, self.asked(ask, &entered)).await;
        *time = time.saturating_sub(start.elapsed());
        asked.unwrap_or_else(|_| {
            Err(Cause::TimedOut(format!("not complete after {} s", self.pace.object.as_secs())).into())
        })
    }

    async fn asked(&self, ask: &Ask, entered: &Entered) -> Result<Hop, Fault> {
        let request = self.wire.carry(ask.request());
        let response = match timeout(self.pace.connect + self.pace.idle, request).await {
            Ok(response) => response?,
            Err(_) => return Err(Cause::TimedOut("no answer".to_owned()).into()),
        };
        let class = status::class(response.status.as_u16());
        if class == Class::Throttled {
            entered.refused();
        } else {
            entered.answered();
        }
        if let Some(pause) = pause::of_host(class, &response.headers, self.clock)
            && pause <= self.longest_pause
        {
            entered.pause(pause);
        }
        if class == Class::Redirect {
            let location = response.headers.get(LOCATION).and_then(|it| it.to_str().ok());
            let location = location.ok_or_else(|| Cause::Malformed("a redirect to nowhere".to_owned()))?;
            return Ok(Hop::Elsewhere(location.to_owned()));
        }
        self.read(response, ask).await.map(Hop::There)
    }

    async fn read(&self, response: Response, ask: &Ask) -> Result<Reply, Fault> {
        let Response { status, headers, mut body } = response;
        let wanted = status.is_success();
        let cap = if wanted { ask.cap } else { self.error_body };
        let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
        if wanted && ask.method != Method::HEAD && length.is_some_and(|it| it > cap) {
            return Err(Cause::TooLarge { cap, size: length }.into());
        }
        let announced = length.filter(|_| ask.method != Method::HEAD).unwrap_or_default();
        let mut read = room(announced.min(cap));
        let mut flow = Flow::new(&self.pace);
        loop {
            let piece = match flow.next(&mut body).await {
                Ok(piece) => piece,
                // The message of an error is worth no failure of its own.
                Err(_) if !wanted => break,
                Err(cause) => return Err(cause.into()),
            };
            let Some(piece) = piece else { break };
            lock(&self.traffic).bytes += piece.len() as u64;
            if (read.len() + piece.len()) as u64 > cap {
                if wanted {
                    return Err(Cause::TooLarge { cap, size: None }.into());
                }
                break;
            }
            read.extend_from_slice(&piece);
        }
        // A body may be kept for long: it takes what it is long, not what it grew to.
        read.shrink_to_fit();
        Ok(Reply { status, headers, body: read.into(), url: ask.url.clone() })
    }
}

/// Room for a body as long as its sender says. What is not there after all is room that the system never gave.
fn room(length: u64) -> Vec<u8> {
    let mut room = Vec::new();
    // Without room it grows as it comes.
    let _ = room.try_reserve_exact(usize::try_from(length).unwrap_or_default());
    room
}

impl Ask {
    fn request(&self) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(self.accept));
        if let Some(authorization) = &self.authorization {
            headers.insert(AUTHORIZATION, authorization.clone());
        }
        if self.form.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        }
        Request {
            method: self.method.clone(),
            url: self.url.clone(),
            headers,
            form: self.form.clone(),
            reach: self.reach,
        }
    }
}

/// A body as it comes, held to its pace.
struct Flow<'a> {
    pace: &'a Pace,
    window_ends: Instant,
    in_window: u64,
}

impl<'a> Flow<'a> {
    fn new(pace: &'a Pace) -> Self {
        Self { pace, window_ends: Instant::now() + pace.window, in_window: 0 }
    }

    /// The next piece; nothing at the end.
    async fn next(
        &mut self,
        body: &mut (impl futures_util::Stream<Item = Result<Bytes, Cause>> + Unpin),
    ) -> Result<Option<Bytes>, Cause> {
        let idle = Instant::now() + self.pace.idle;
        loop {
            match timeout_at(idle.min(self.window_ends), body.next()).await {
                Ok(piece) => {
                    let piece = piece.transpose()?;
                    self.in_window += piece.as_ref().map_or(0, |it| it.len() as u64);
                    return Ok(piece);
                }
                Err(_) if idle <= self.window_ends => {
                    return Err(Cause::TimedOut("the answer stopped half-way".to_owned()));
                }
                Err(_) => self.turn_window()?,
            }
        }
    }

    fn turn_window(&mut self) -> Result<(), Cause> {
        let Pace { bytes_per_second, window, .. } = self.pace;
        if self.in_window < bytes_per_second.saturating_mul(window.as_secs()) {
            return Err(Cause::TimedOut(format!("slower than {bytes_per_second} bytes a second")));
        }
        (self.window_ends, self.in_window) = (Instant::now() + *window, 0);
        Ok(())
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

//! What carries one request to one address and brings back the head of its answer, and then its body piece by piece.
//! In life that is a client of reqwest; a test may put a registry in memory there, and a clock that stands still.
//!
//! A wire decides nothing: where requests go, what they show, how long is waited and how much is read is the
//! business of who sends.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode};
use url::Url;

use super::address::Reach;
use super::fault;
use crate::registry::Cause;

/// A request, complete.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `HEAD`, or `POST` to a realm.
    pub method: Method,
    /// Absolute.
    pub url: Url,
    /// All but what belongs to the connection.
    pub headers: HeaderMap,
    /// A form to send; without one there is no body.
    pub form: Option<String>,
    /// Which addresses its host may lead to.
    pub reach: Reach,
}

/// The head of an answer, and its body as it comes.
pub struct Response {
    /// Redirects are answers like others here.
    pub status: StatusCode,
    /// As sent.
    pub headers: HeaderMap,
    /// Until its end, or until it broke.
    pub body: BoxStream<'static, Result<Bytes, Cause>>,
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub enum Fault {
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

impl From<Fault> for Cause {
    /// Where plain HTTP is no way out, no TLS is no connection.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::NotTls(text) => Self::Connection(text),
            Fault::Cause(cause) => cause,
        }
    }
}

/// Carries requests.
pub trait Wire: Send + Sync {
    /// Sends the request; the answer is there as soon as its head is.
    fn carry(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>>;
}

/// The network.
pub(super) struct Clients {
    /// For addresses that a user named.
    pub(super) any: Client,
    /// For addresses that a server named.
    pub(super) public: Client,
}

impl Wire for Clients {
    fn carry(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>> {
        Box::pin(async move {
            let Request { method, url, headers, form, reach } = request;
            let client = match reach {
                Reach::Any => &self.any,
                Reach::Public => &self.public,
            };
            let mut request = client.request(method, url).headers(headers);
            if let Some(form) = form {
                request = request.body(form);
            }
            let response = request.send().await.map_err(fault::of)?;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = response.bytes_stream().map_err(|error| Cause::from(fault::of(error))).boxed();
            Ok(Response { status, headers, body })
        })
    }
}

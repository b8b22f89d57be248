//! The same registry without a network: it answers by hand what a client of ours asks, so that a clock that stands
//! still decides how long everything takes. Nothing here depends on chance or on the machine.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::script::{Rule, Step};
use super::{Contents, Seen, Shared};
use crate::registry::Cause;
use crate::registry::http::{Fault, Request, Response, Wire};

/// Bytes of a body that come at once.
const PIECE: usize = 4096;

/// A registry in memory; give it to [`Http::over`](crate::registry::http::Http::over).
pub struct InMemory {
    shared: Shared,
}

type Body = BoxStream<'static, Result<Bytes, Cause>>;

impl InMemory {
    /// One that speaks HTTPS under any name.
    pub fn new(contents: Contents, rules: Vec<Rule>) -> Self {
        Self { shared: Shared::new(contents, rules, None) }
    }

    /// Everything that was asked so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen()
    }

    /// The same as `METHOD path`.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked()
    }

    async fn answer(&self, request: Request) -> Result<Response, Fault> {
        let asked = seen(&request);
        let step = self.shared.take(&asked);
        match step {
            Step::Reset => return Err(Cause::Connection("connection reset by peer".to_owned()).into()),
            Step::Silence => return std::future::pending().await,
            _ => {}
        }
        let (status, headers, body) = self.shared.head(&asked, &step);
        let body = if asked.method == "HEAD" { stream::empty().boxed() } else { played(&step, body) };
        let status = StatusCode::from_u16(status).map_err(|_| Cause::Malformed("no status".to_owned()))?;
        Ok(Response { status, headers: header_map(&headers), body })
    }
}

impl Wire for InMemory {
    fn carry(&self, request: Request) -> BoxFuture<'_, Result<Response, Fault>> {
        Box::pin(self.answer(request))
    }
}

fn seen(request: &Request) -> Seen {
    let url = &request.url;
    let host = url.host_str().unwrap_or_default();
    let query = url.query().map_or_else(String::new, |it| format!("?{it}"));
    let authorization = request.headers.get("authorization").and_then(|it| it.to_str().ok());
    Seen {
        method: request.method.to_string(),
        scheme: if url.scheme() == "https" { "https" } else { "http" },
        host: url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
        path: format!("{}{query}", url.path()),
        authorization: authorization.map(str::to_owned),
        body: request.form.clone().unwrap_or_default(),
    }
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    let pairs = headers.iter().filter_map(|(name, value)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?))
    });
    pairs.collect()
}

fn played(step: &Step, body: Bytes) -> Body {
    let broken = || Err(Cause::Connection("end of file before message length reached".to_owned()));
    match step {
        Step::Cut(at) => pieces(&body.slice(..(*at).min(body.len())))
            .chain(stream::once(std::future::ready(broken())))
            .boxed(),
        Step::Stall(at) => pieces(&body.slice(..(*at).min(body.len()))).chain(stream::pending()).boxed(),
        Step::Drip(pause) => drip(body, *pause),
        Step::Endless => stream::repeat(Ok(Bytes::from_static(&[b' '; PIECE]))).boxed(),
        _ => pieces(&body),
    }
}

fn pieces(body: &Bytes) -> Body {
    let pieces: Vec<_> = body.chunks(PIECE).map(|it| Ok(body.slice_ref(it))).collect();
    stream::iter(pieces).boxed()
}

fn drip(body: Bytes, pause: Duration) -> Body {
    stream::unfold(body, move |mut body| async move {
        if body.is_empty() {
            return None;
        }
        let byte = body.split_to(1);
        tokio::time::sleep(pause).await;
        Some((Ok(byte), body))
    })
    .boxed()
}

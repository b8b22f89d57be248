//! Registries over HTTP (OCI distribution specification 1.1), read only.
//!
//! A request is anonymous until the registry asks for more; credentials go to the host they belong to, and to realms
//! of the same owner, over HTTPS (or to this machine). Bodies are bounded and checked against digest and size before
//! a byte is handed out. Redirects, links and realms never lead from outside to inside. What may pass is tried again.

mod address;
mod challenge;
mod credentials;
mod exchange;
mod fault;
mod gate;
mod pause;
mod proxy;
mod referrers;
mod retry;
mod roots;
mod settings;
pub mod status;
mod tokens;
mod wire;

pub use address::Reach;
pub use exchange::Pace;
pub use pause::Clock;
pub use proxy::Variables;
pub use retry::RetryPolicy;
pub use settings::{HttpError, HttpSettings};
pub use wire::{Fault, Request, Response, Wire};

use std::collections::HashMap;
use std::sync::Mutex;

use bytes::Bytes;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode};
use url::Url;

use super::manifest::read_strict;
use super::{Answer, BlobId, Cause, Descriptor, Manifest, RegistryError, TokenExchange, Traffic, Transport};
use crate::model::{Digest, ImageRef, Limits, PinnedRef, Repository};
use address::may_be_plain;
use exchange::{Ask, Exchange, Reply, lock};
use retry::Budget;
use status::Class;
use tokens::Tokens;

/// What a request for a manifest accepts.
const MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
                         application/vnd.docker.distribution.manifest.v2+json, \
                         application/vnd.docker.distribution.manifest.list.v2+json";

/// Registries over HTTP.
pub struct Http {
    net: Exchange,
    tokens: Tokens,
    retry: RetryPolicy,
    budget: Budget,
    limits: Limits,
    /// By host: how it was found to speak.
    schemes: Mutex<HashMap<String, Scheme>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scheme {
    Https,
    Http,
}

/// A request for something in a repository.
struct Wanted<'a> {
    method: Method,
    repository: &'a Repository,
    /// Below the repository, for example `manifests/latest`.
    path: String,
    accept: &'static str,
    cap: u64,
}

impl Http {
    /// Asks as often as it takes; errors name what was asked for.
    async fn ask<T>(
        &self,
        wanted: &Wanted<'_>,
        read: impl FnOnce(Reply) -> Result<T, Cause>,
    ) -> Result<T, RegistryError> {
        let registry = wanted.repository.registry();
        let object = |scheme| {
            let path = wanted.repository.path();
            format!("{} {scheme}://{registry}/v2/{path}/{}", wanted.method, wanted.path)
        };
        let mut tries = 0;
        let request = || {
            lock(&self.net.traffic).retries += u64::from(tries > 0);
            tries += 1;
            self.try_once(wanted)
        };
        let (answer, attempts) = retry::retrying(&self.retry, &self.budget, &object("https"), request).await;
        answer.and_then(read).map_err(|cause| {
            let scheme = if self.scheme(registry) == Some(Scheme::Http) { "http" } else { "https" };
            RegistryError { attempts, ..RegistryError::new(registry, object(scheme), cause) }
        })
    }

    async fn try_once(&self, wanted: &Wanted<'_>) -> Result<Reply, Cause> {
        let registry = wanted.repository.registry();
        let known = self.scheme(registry);
        let url = address(known.unwrap_or(Scheme::Https), wanted)?;
        match self.authorised(wanted, url.clone()).await {
            Ok(reply) => {
                lock(&self.schemes).entry(registry.to_owned()).or_insert(Scheme::Https);
                Ok(reply)
            }
            Err(Fault::NotTls(_)) if known.is_none() && may_be_plain(&url) => {
                let reply = self.authorised(wanted, address(Scheme::Http, wanted)?).await;
                let reply = reply?;
                lock(&self.schemes).entry(registry.to_owned()).or_insert(Scheme::Http);
                Ok(reply)
            }
            Err(fault) => Err(fault.into()),
        }
    }

    fn scheme(&self, registry: &str) -> Option<Scheme> {
        lock(&self.schemes).get(registry).copied()
    }

    /// Shows what the registry asks for; an answer other than success is an error.
    async fn authorised(&self, wanted: &Wanted<'_>, url: Url) -> Result<Reply, Fault> {
        let mut pass = self.tokens.pass(&self.net, &url, wanted.repository).await?;
        let ask = Ask {
            method: wanted.method.clone(),
            url,
            accept: wanted.accept,
            authorization: None,
            form: None,
            cap: wanted.cap,
            reach: Reach::Any,
            redirects: self.limits.redirects,
        };
        let with = |pass: &tokens::Pass| Ask { authorization: pass.header.clone(), ..ask.clone() };
        let mut reply = self.net.send(with(&pass)).await?;
        if reply.status == StatusCode::UNAUTHORIZED {
            let renewed = self.tokens.renew(&self.net, &ask.url, wanted.repository, &pass, &reply).await?;
            if let Some(renewed) = renewed.filter(|it| it.header.is_some()) {
                pass = renewed;
                reply = self.net.send(with(&pass)).await?;
            }
        }
        if reply.status.is_success() {
            return Ok(reply);
        }
        let token = if pass.exchanged { TokenExchange::Done } else { TokenExchange::NotDone };
        Err(refusal(&reply, token, self.net.clock).into())
    }
}

impl Transport for Http {
    fn manifest<'a>(&'a self, reference: &'a ImageRef, cap: u64) -> Answer<'a, Manifest> {
        Box::pin(async move {
            let wanted = manifest(Method::GET, reference, cap);
            self.ask(&wanted, |reply| read_manifest(reference, reply)).await
        })
    }

    fn head<'a>(&'a self, reference: &'a ImageRef) -> Answer<'a, Descriptor> {
        Box::pin(async move {
            let wanted = manifest(Method::HEAD, reference, self.limits.manifest_bytes);
            match self.ask(&wanted, |reply| read_head(reference, &reply)).await? {
                Some(descriptor) => Ok(descriptor),
                // Not every registry says the digest without the bytes.
                None => Ok(self.manifest(reference, self.limits.manifest_bytes).await?.descriptor()),
            }
        })
    }

    fn blob<'a>(&'a self, repository: &'a Repository, blob: &'a BlobId, cap: u64) -> Answer<'a, Bytes> {
        Box::pin(async move {
            let wanted = Wanted {
                method: Method::GET,
                repository,
                path: format!("blobs/{}", blob.digest),
                accept: "*/*",
                // One byte more than told is enough to know a lie.
                cap: blob.size.map_or(cap, |size| cap.min(size)),
            };
            let answer = self.ask(&wanted, |reply| check(blob, reply.body)).await;
            answer.map_err(|mut error| {
                if let (Cause::TooLarge { cap: reached, size: stated }, Some(size)) =
                    (&error.cause, blob.size)
                    && *reached == size
                    && size < cap
                {
                    error.cause = Cause::WrongSize { expected: size, found: stated.unwrap_or(size + 1) };
                }
                error
            })
        })
    }

    fn has_blob<'a>(&'a self, repository: &'a Repository, digest: &'a Digest) -> Answer<'a, ()> {
        Box::pin(async move {
            let path = format!("blobs/{digest}");
            // An answer to HEAD has no body.
            let wanted = Wanted { method: Method::HEAD, repository, path, accept: "*/*", cap: 0 };
            self.ask(&wanted, |_| Ok(())).await
        })
    }

    fn referrers<'a>(&'a self, subject: &'a PinnedRef, limit: usize) -> Answer<'a, Vec<Descriptor>> {
        Box::pin(self.list_referrers(subject, limit))
    }

    fn traffic(&self) -> Traffic {
        Traffic { retry_budget: Some(self.retry.budget), ..lock(&self.net.traffic).clone() }
    }
}

fn manifest(method: Method, reference: &ImageRef, cap: u64) -> Wanted<'_> {
    let name = match reference {
        ImageRef::Tagged { tag, .. } => tag.to_string(),
        ImageRef::Pinned(pinned) => pinned.digest.to_string(),
    };
    let path = format!("manifests/{name}");
    Wanted { method, repository: reference.repository(), path, accept: MANIFESTS, cap }
}

fn address(scheme: Scheme, wanted: &Wanted<'_>) -> Result<Url, Cause> {
    let scheme = if scheme == Scheme::Http { "http" } else { "https" };
    let (registry, path) = (wanted.repository.registry(), wanted.repository.path());
    let text = format!("{scheme}://{registry}/v2/{path}/{}", wanted.path);
    Url::parse(&text).map_err(|_| Cause::Malformed("not an address".to_owned()))
}

/// The digest that the registry states, which must be one of ours to be compared.
fn stated_digest(headers: &HeaderMap) -> Result<Option<Digest>, Cause> {
    let Some(value) = headers.get("docker-content-digest") else { return Ok(None) };
    let malformed = |_| Cause::Malformed("Docker-Content-Digest is not a SHA-256 digest".to_owned());
    let text =
        value.to_str().map_err(|_| Cause::Malformed("Docker-Content-Digest is not text".to_owned()))?;
    Digest::parse(text).map(Some).map_err(malformed)
}

fn text<'a>(headers: &'a HeaderMap, name: &reqwest::header::HeaderName) -> &'a str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

/// What the reference and the registry say of the digest must hold for the bytes.
fn read_manifest(reference: &ImageRef, reply: Reply) -> Result<Manifest, Cause> {
    let found = Digest::of(&reply.body);
    let asked = if let ImageRef::Pinned(pinned) = reference { Some(pinned.digest) } else { None };
    for expected in [asked, stated_digest(&reply.headers)?].into_iter().flatten() {
        if expected != found {
            return Err(Cause::WrongDigest { expected, found });
        }
    }
    Manifest::read(reply.body, text(&reply.headers, &CONTENT_TYPE)).map_err(Cause::Malformed)
}

fn read_head(reference: &ImageRef, reply: &Reply) -> Result<Option<Descriptor>, Cause> {
    let stated = stated_digest(&reply.headers)?;
    let digest = match (reference, stated) {
        (ImageRef::Pinned(pinned), Some(found)) if pinned.digest != found => {
            return Err(Cause::WrongDigest { expected: pinned.digest, found });
        }
        (ImageRef::Pinned(pinned), _) => pinned.digest,
        (ImageRef::Tagged { .. }, Some(digest)) => digest,
        (ImageRef::Tagged { .. }, None) => return Ok(None),
    };
    let Ok(size) = text(&reply.headers, &CONTENT_LENGTH).parse() else { return Ok(None) };
    let media_type = text(&reply.headers, &CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
    Ok(Some(Descriptor::new(media_type, digest, size)))
}

fn check(blob: &BlobId, bytes: Bytes) -> Result<Bytes, Cause> {
    if let Some(expected) = blob.size.filter(|it| *it != bytes.len() as u64) {
        return Err(Cause::WrongSize { expected, found: bytes.len() as u64 });
    }
    let found = Digest::of(&bytes);
    if found != blob.digest {
        return Err(Cause::WrongDigest { expected: blob.digest, found });
    }
    Ok(bytes)
}

/// What a status other than success means.
fn refusal(reply: &Reply, token: TokenExchange, clock: Clock) -> Cause {
    let status = reply.status.as_u16();
    let code = error_code(&reply.body);
    match status::class(status) {
        Class::Absent => Cause::Absent,
        Class::Denied => Cause::Denied { status, token, code },
        Class::Throttled | Class::Unavailable => {
            Cause::Unavailable { status, retry_after: pause::of_request(&reply.headers, clock), code }
        }
        Class::Answer | Class::Redirect | Class::Refused => Cause::Refused { status, code },
    }
}

/// The first code of the error document. Its messages may repeat what we sent, so they are left out.
fn error_code(body: &[u8]) -> String {
    #[derive(serde::Deserialize)]
    struct Document {
        errors: Vec<Item>,
    }
    #[derive(serde::Deserialize)]
    struct Item {
        code: String,
    }
    let Ok(document) = read_strict::<Document>(body) else { return String::new() };
    let code = document.errors.into_iter().next().map(|it| it.code).unwrap_or_default();
    let known = (1..=40).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if known { code } else { String::new() }
}

#[cfg(test)]
#[cfg(feature = "testkit")]
mod tests;

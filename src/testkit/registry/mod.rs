//! A registry in process, on a port of this machine: serves a [`Contents`] as a registry would, and plays faults by
//! script. It records every request. HTTP and HTTPS on one port, and it is a proxy for every host as well, so that
//! a program under test can ask `registry.example` with nothing but `HTTPS_PROXY` and `SSL_CERT_FILE` set.

mod connection;
mod contents;
mod in_memory;
mod script;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use contents::{Contents, ReferrersApi};
pub use in_memory::InMemory;
pub use script::{Rule, Step};

/// The authority that signed the server's certificate, as PEM: trust it to ask over HTTPS.
pub const CA_PEM: &str = include_str!("../../../testdata/tls/ca.pem");

/// A request that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `GET`, `HEAD`, `POST`, `CONNECT`.
    pub method: String,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// The header `Host`.
    pub host: String,
    /// Path and query.
    pub path: String,
    /// The header `Authorization`.
    pub authorization: Option<String>,
    /// The body, as text.
    pub body: String,
}

/// Does the server speak TLS?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// On the same port as plain HTTP.
    Offered,
    /// It answers a greeting in TLS with an error in plain text.
    Refused,
}

/// What was asked for under one path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests of any method.
    pub requests: usize,
    /// Of the bodies that were answered with.
    pub bytes: u64,
}

/// A port of this machine that is to be a registry's: its address is known before what the registry holds, so that
/// references can name it.
pub struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

impl Port {
    /// A free one.
    ///
    /// # Errors
    /// Where no port can be had.
    pub async fn free() -> std::io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Its host and port, as in references.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers whoever asks there from now on, on the runtime that this is called in.
    ///
    /// # Errors
    /// Where the certificate of the server cannot be used.
    pub fn serve(self, contents: Contents, rules: Vec<Rule>, tls: Tls) -> std::io::Result<Registry> {
        let Self { listener, address } = self;
        let tls = match tls {
            Tls::Offered => Some(connection::acceptor()?),
            Tls::Refused => None,
        };
        let shared = Arc::new(Shared::new(contents, rules, tls));
        let accepting = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection::serve(stream, accepting.clone()));
            }
        });
        Ok(Registry { address, shared, task })
    }
}

/// A running server; it ends when this is dropped.
pub struct Registry {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    contents: Contents,
    rules: Vec<Rule>,
    counts: Mutex<Vec<usize>>,
    seen: Mutex<Vec<Seen>>,
    traffic: Mutex<BTreeMap<String, Traffic>>,
    tls: Option<TlsAcceptor>,
}

impl Registry {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// Where no port can be had, or the certificate of the server cannot be used.
    pub async fn start(contents: Contents, rules: Vec<Rule>, tls: Tls) -> std::io::Result<Self> {
        Port::free().await?.serve(contents, rules, tls)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that was asked so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen()
    }

    /// The same as `METHOD path`, without what went to the proxy.
    pub fn asked(&self) -> Vec<String> {
        self.shared.asked()
    }

    /// Requests and bytes by path, since it was last asked for: it begins again with nothing.
    pub fn take_traffic(&self) -> BTreeMap<String, Traffic> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clear();
        std::mem::take(&mut self.shared.traffic.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
    fn new(contents: Contents, rules: Vec<Rule>, tls: Option<TlsAcceptor>) -> Self {
        let counts = Mutex::new(vec![0; rules.len()]);
        Self { contents, rules, counts, seen: Mutex::default(), traffic: Mutex::default(), tls }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn asked(&self) -> Vec<String> {
        let seen = self.seen();
        let asked = seen.iter().filter(|it| it.method != "CONNECT");
        asked.map(|it| format!("{} {}", it.method, it.path)).collect()
    }

    /// What is to happen to this request, which is noted.
    fn take(&self, request: &Seen) -> Step {
        let step = self.step(request);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        step
    }

    /// Status, headers and body as the step wants them; how the body is sent is not said here.
    fn head(&self, request: &Seen, step: &Step) -> (u16, Vec<(String, String)>, Bytes) {
        let (status, mut headers, mut body) = match step {
            Step::Answer { status, headers, body } => (*status, headers.clone(), body.clone().into()),
            Step::Guarded { authorization, challenge }
                if request.authorization.as_ref() != Some(authorization) =>
            {
                (401, vec![("www-authenticate".to_owned(), challenge.clone())], Bytes::new())
            }
            _ => self.stored(&request.path),
        };
        if let Step::With(own) = step {
            headers.retain(|(name, _)| own.iter().all(|(it, _)| !it.eq_ignore_ascii_case(name)));
            headers.extend(own.clone());
        }
        if let Step::Garble = step {
            body = body.iter().map(|byte| byte ^ 1).collect();
        }
        if !matches!(step, Step::Endless) && !headers.iter().any(|(name, _)| name == "content-length") {
            headers.push(("content-length".to_owned(), body.len().to_string()));
        }
        self.count(request, &body);
        (status, headers, body)
    }

    fn count(&self, request: &Seen, body: &Bytes) {
        let mut traffic = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = traffic.entry(request.path.clone()).or_default();
        counted.requests += 1;
        if request.method != "HEAD" {
            counted.bytes += body.len() as u64;
        }
    }

    fn stored(&self, path: &str) -> (u16, Vec<(String, String)>, Bytes) {
        let found = self.contents.find(path);
        let mut headers = vec![("content-type".to_owned(), found.media_type)];
        if let Some(digest) = found.digest {
            headers.push(("docker-content-digest".to_owned(), digest.to_string()));
        }
        (found.status, headers, found.body)
    }

    /// What the first rule that fits says for this turn; the last step of a rule is for all further turns.
    fn step(&self, request: &Seen) -> Step {
        let line = format!("{} {}", request.method, request.path);
        let fitting = self.rules.iter().position(|rule| rule.fits(&line, &request.host));
        let Some(position) = fitting else { return Step::Pass };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = counts[position];
        counts[position] += 1;
        self.rules[position].step(turn)
    }
}

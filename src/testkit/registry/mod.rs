//! A registry in process, on a port of this machine: serves a [`Contents`] as a registry would, and plays faults by
//! script. It records every request. HTTP and HTTPS on one port, and it is a proxy for every host as well, so that
//! a program under test can ask `registry.example` with nothing but `HTTPS_PROXY` and `SSL_CERT_FILE` set.

mod connection;
mod contents;
mod script;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

pub use contents::{Contents, ReferrersApi};
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
    tls: Option<TlsAcceptor>,
}

impl Registry {
    /// Listens on a free port of this machine.
    ///
    /// # Errors
    /// Where no port can be had, or the certificate of the server cannot be used.
    pub async fn start(contents: Contents, rules: Vec<Rule>, tls: Tls) -> std::io::Result<Self> {
        let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let tls = match tls {
            Tls::Offered => Some(connection::acceptor()?),
            Tls::Refused => None,
        };
        let counts = Mutex::new(vec![0; rules.len()]);
        let shared = Arc::new(Shared { contents, rules, counts, seen: Mutex::default(), tls });
        let accepting = shared.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection::serve(stream, accepting.clone()));
            }
        });
        Ok(Self { address, shared, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that was asked so far, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same as `METHOD path`, without what went to the proxy.
    pub fn asked(&self) -> Vec<String> {
        let seen = self.seen();
        seen.iter()
            .filter(|it| it.method != "CONNECT")
            .map(|it| format!("{} {}", it.method, it.path))
            .collect()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shared {
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

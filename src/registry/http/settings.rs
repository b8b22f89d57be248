//! How the client is set up: from the environment, as Go's libraries read it, and from the command line.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use reqwest::{Client, Proxy, redirect};
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;

use super::address::{Names, Reach, Resolver};
use super::credentials::Keychain;
use super::exchange::{Exchange, Pace};
use super::pause::Clock;
use super::proxy::{Proxies, Variables};
use super::retry::{Budget, RetryPolicy};
use super::tokens::Tokens;
use super::wire::{Clients, Wire};
use super::{Http, roots};
use crate::model::Limits;

/// What may be chosen.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Bounds on answers.
    pub limits: Limits,
    /// When to try again.
    pub retry: RetryPolicy,
    /// How slow a registry may be.
    pub pace: Pace,
    /// Names that lead to a given address without being looked up: for tests.
    pub names: HashMap<String, SocketAddr>,
    /// For dates that registries name.
    pub clock: Clock,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            pace: Pace::default(),
            names: HashMap::new(),
            clock: jiff::Timestamp::now,
        }
    }
}

/// A setting of the environment that cannot be used; the run does not start.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HttpError {
    /// `HTTPS_PROXY`, `HTTP_PROXY`.
    #[error("{0}")]
    Proxy(String),
    /// `SSL_CERT_FILE`, `SSL_CERT_DIR`, or the system's.
    #[error("{0}")]
    Certificates(String),
    /// Docker's or Podman's file of credentials.
    #[error("{0}")]
    Credentials(String),
    /// The client cannot be built from them.
    #[error("HTTP client: {0}")]
    Client(String),
}

impl Http {
    /// Reads the variables of the process.
    ///
    /// # Errors
    /// [`HttpError`] names the setting: a broken one is never passed over.
    pub fn from_env(settings: HttpSettings) -> Result<Self, HttpError> {
        Self::new(settings, &|name| std::env::var(name).ok())
    }

    /// Reads variables from wherever they come.
    ///
    /// # Errors
    /// [`HttpError`] names the setting.
    pub fn new(settings: HttpSettings, variables: Variables<'_>) -> Result<Self, HttpError> {
        let proxies = Proxies::read(variables).map_err(HttpError::Proxy)?;
        let keychain = Keychain::read(variables).map_err(HttpError::Credentials)?;
        let roots = roots::read(variables).map_err(HttpError::Certificates)?;
        let names = Arc::new(Names::new(settings.names.clone(), proxies.hosts()));
        let mut tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| HttpError::Client(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let client = |reach| client(&tls, &proxies, Resolver { names: names.clone(), reach }, &settings.pace);
        let wire = Clients { any: client(Reach::Any)?, public: client(Reach::Public)? };
        Ok(Self::join(settings, keychain, names.clone(), Arc::new(wire)))
    }

    /// Over a wire of the caller's, for tests; of the variables only those about credentials are read.
    ///
    /// # Errors
    /// [`HttpError::Credentials`].
    pub fn over(
        wire: Arc<dyn Wire>,
        settings: HttpSettings,
        variables: Variables<'_>,
    ) -> Result<Self, HttpError> {
        let keychain = Keychain::read(variables).map_err(HttpError::Credentials)?;
        let names = Arc::new(Names::new(settings.names.clone(), Vec::new()));
        Ok(Self::join(settings, keychain, names, wire))
    }

    fn join(settings: HttpSettings, keychain: Keychain, names: Arc<Names>, wire: Arc<dyn Wire>) -> Self {
        let HttpSettings { limits, retry, pace, clock, .. } = settings;
        let net = Exchange {
            wire,
            names,
            pace,
            error_body: limits.error_body_bytes,
            traffic: Mutex::default(),
            gates: Mutex::default(),
            longest_pause: retry.max_retry_after,
            clock,
        };
        let tokens = Tokens::new(keychain, limits.token_bytes);
        Self { net, tokens, budget: Budget::new(retry.budget), retry, limits, schemes: Mutex::default() }
    }
}

fn client(
    tls: &ClientConfig,
    proxies: &Proxies,
    resolver: Resolver,
    pace: &Pace,
) -> Result<Client, HttpError> {
    let proxies = proxies.clone();
    Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .no_proxy()
        .proxy(Proxy::custom(move |url| proxies.of(url).cloned()))
        .dns_resolver(resolver)
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(pace.connect)
        .user_agent(concat!("ec/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| HttpError::Client(error.to_string()))
}

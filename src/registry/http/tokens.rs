//! What is shown to a registry so that it answers: a token from its realm, or a name and a password. Each is fetched
//! once for a repository, whoever asks at the same time, and again where the registry no longer takes it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use reqwest::header::{HeaderValue, WWW_AUTHENTICATE};
use serde::Deserialize;
use url::Url;

use super::address;
use super::challenge::{self, Challenge, Realm, Trust};
use super::credentials::{Credentials, Keychain, Secret};
use super::exchange::{Ask, Exchange, Reply, authority, lock};
use crate::model::Repository;
use crate::registry::manifest::read_strict;
use crate::registry::{Cause, TokenExchange};

/// What to show, and how it was come by.
#[derive(Clone, Debug, Default)]
pub(super) struct Pass {
    pub(super) header: Option<HeaderValue>,
    /// Grows with each exchange, so that a token is replaced once and not by each who was refused.
    pub(super) generation: u64,
    pub(super) exchanged: bool,
}

/// Origin, and path of the repository.
type Place = (String, String);

/// Held while its pass is fetched, so that others wait for the same one.
type Slot = Arc<tokio::sync::Mutex<Pass>>;

/// All passes of a run.
pub(super) struct Tokens {
    keychain: Arc<Keychain>,
    token_cap: u64,
    passes: Mutex<HashMap<Place, Slot>>,
    /// What an origin was last found to ask for.
    challenges: Mutex<HashMap<String, Challenge>>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

impl Tokens {
    pub(super) fn new(keychain: Keychain, token_cap: u64) -> Self {
        let (passes, challenges) = (Mutex::default(), Mutex::default());
        Self { keychain: Arc::new(keychain), token_cap, passes, challenges }
    }

    /// What to show at once: nothing to an origin that was never seen to ask.
    pub(super) async fn pass(
        &self,
        net: &Exchange,
        at: &Url,
        repository: &Repository,
    ) -> Result<Pass, Cause> {
        let challenge = lock(&self.challenges).get(&origin(at)).cloned();
        let slot = self.slot(at, repository);
        let mut pass = slot.lock().await;
        if let (0, Some(challenge)) = (pass.generation, challenge) {
            match self.exchange(net, at, repository, &challenge, 1).await {
                Ok(fresh) => *pass = fresh,
                Err(cause) if cause.is_tried_again() => return Err(cause),
                // What the origin asked for elsewhere is a guess; here it may ask for something else.
                Err(_) => {}
            }
        }
        Ok(pass.clone())
    }

    /// What to show after `refused` was not enough; nothing where there is nothing more to show.
    pub(super) async fn renew(
        &self,
        net: &Exchange,
        at: &Url,
        repository: &Repository,
        refused: &Pass,
        reply: &Reply,
    ) -> Result<Option<Pass>, Cause> {
        // Who answers after a redirect to elsewhere is not the registry.
        if reply.url.origin() != at.origin() {
            return Ok(None);
        }
        let headers = reply.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|it| it.to_str().ok());
        let reach = net.names.reach_from(at);
        let Some(challenge) = challenge::read(at, reach, headers).map_err(Cause::Forbidden)? else {
            return Ok(None);
        };
        let slot = self.slot(at, repository);
        let mut pass = slot.lock().await;
        if pass.generation == refused.generation {
            *pass = self.exchange(net, at, repository, &challenge, refused.generation + 1).await?;
            // Only a realm that gives tokens is worth asking for other repositories.
            lock(&self.challenges).insert(origin(at), challenge);
        }
        Ok(Some(pass.clone()))
    }

    fn slot(&self, at: &Url, repository: &Repository) -> Slot {
        let key = (origin(at), repository.path().to_owned());
        lock(&self.passes).entry(key).or_default().clone()
    }

    async fn exchange(
        &self,
        net: &Exchange,
        at: &Url,
        repository: &Repository,
        challenge: &Challenge,
        generation: u64,
    ) -> Result<Pass, Cause> {
        let credentials = self.credentials(at, repository).await?;
        let (header, exchanged) = match (challenge, credentials) {
            (_, Credentials::Bearer(token)) => (Some(bearer(&token)?), false),
            (Challenge::Basic, Credentials::Basic { user, password }) => {
                (Some(basic(&user, &password)?), false)
            }
            (Challenge::Basic, _) => (None, false),
            (Challenge::Bearer(realm), credentials) => {
                let shown = match realm.trust {
                    Trust::Credentials => credentials,
                    Trust::Anonymous => Credentials::Anonymous,
                };
                let token = self
                    .token(net, realm, repository, shown)
                    .await
                    .map_err(|cause| of_realm(realm, cause))?;
                (Some(bearer(&token)?), true)
            }
        };
        Ok(Pass { header, generation, exchanged })
    }

    /// Over plain HTTP anybody can read, so credentials stay on this machine.
    async fn credentials(&self, at: &Url, repository: &Repository) -> Result<Credentials, Cause> {
        if at.scheme() != "https" && address::Place::of_url(at) != Some(address::Place::Loopback) {
            return Ok(Credentials::Anonymous);
        }
        let (keychain, repository) = (self.keychain.clone(), repository.clone());
        let found = tokio::task::spawn_blocking(move || keychain.of(&repository)).await;
        found.map_err(|_| Cause::Panicked)?.map_err(Cause::Credentials)
    }

    async fn token(
        &self,
        net: &Exchange,
        realm: &Realm,
        repository: &Repository,
        credentials: Credentials,
    ) -> Result<Secret, Cause> {
        let scope = format!("repository:{}:pull", repository.path());
        let mut ask = Ask {
            method: Method::GET,
            url: realm.url.clone(),
            accept: "application/json",
            authorization: None,
            form: None,
            cap: self.token_cap,
            reach: net.names.reach_from(&realm.url),
            // A realm that sends us elsewhere would send our credentials there.
            redirects: 0,
        };
        match credentials {
            Credentials::Identity(token) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("grant_type", "refresh_token").append_pair("client_id", "ec");
                form.append_pair("scope", &scope).append_pair("refresh_token", &token.0);
                form.append_pair("service", realm.service.as_deref().unwrap_or_default());
                ask.method = Method::POST;
                ask.form = Some(form.finish());
            }
            Credentials::Basic { user, password } => ask.authorization = Some(basic(&user, &password)?),
            Credentials::Anonymous | Credentials::Bearer(_) => {}
        }
        if ask.form.is_none() {
            let mut query = ask.url.query_pairs_mut();
            query.append_pair("scope", &scope);
            if let Some(service) = &realm.service {
                query.append_pair("service", service);
            }
        }
        let reply = net.send(ask).await.map_err(Cause::from)?;
        if !reply.status.is_success() {
            return Err(super::refusal(&reply, TokenExchange::NotDone, net.clock));
        }
        let malformed = || Cause::Malformed("the realm's answer holds no token".to_owned());
        let answer: TokenAnswer = read_strict(&reply.body).map_err(|_| malformed())?;
        let token = answer.token.filter(|it| !it.is_empty()).or(answer.access_token);
        token.filter(|it| !it.is_empty()).map(Secret).ok_or_else(malformed)
    }
}

/// What a realm has not says nothing of what the registry has.
fn of_realm(realm: &Realm, cause: Cause) -> Cause {
    Cause::Realm { host: authority(&realm.url).into(), cause: Box::new(cause) }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn bearer(token: &Secret) -> Result<HeaderValue, Cause> {
    sensitive(format!("Bearer {}", token.0))
}

fn basic(user: &str, password: &Secret) -> Result<HeaderValue, Cause> {
    let mut text = String::new();
    let _ = write!(text, "{user}:{}", password.0);
    sensitive(format!("Basic {}", STANDARD.encode(text)))
}

fn sensitive(text: String) -> Result<HeaderValue, Cause> {
    let bad = |_| Cause::Credentials("characters that no header may hold".to_owned());
    let mut value = HeaderValue::try_from(text).map_err(bad)?;
    value.set_sensitive(true);
    Ok(value)
}

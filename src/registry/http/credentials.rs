//! Whose name and password a registry gets: Docker's `config.json`, Podman's `auth.json` and credential helpers, in
//! the Go tool's order.
//!
//! The first file that exists is the only one: `~/.docker/config.json`, `$DOCKER_CONFIG/config.json` (which is read
//! instead of the former where both exist), `$REGISTRY_AUTH_FILE`, `$XDG_RUNTIME_DIR/containers/auth.json`. In it the
//! longest entry wins: repository, each path above it, host; hosts are compared whole.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::proxy::Variables;
use crate::json::{Limits, ReadError, ReadErrorKind, strict};
use crate::model::Repository;
use crate::registry::manifest::read_strict;

/// Bytes of a file of credentials, and of a helper's answer.
const MAX_BYTES: u64 = 1 << 20;

/// How long a helper may take; some ask a cloud.
const HELPER_TIME: Duration = Duration::from_secs(30);

/// Docker Hub's entry has this name for historical reasons.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What a registry, or its realm, is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Credentials {
    /// Nothing.
    Anonymous,
    /// Name and password.
    Basic { user: String, password: Secret },
    /// A refresh token for the realm.
    Identity(Secret),
    /// A token for the registry itself.
    Bearer(Secret),
}

/// All that is known of credentials.
#[derive(Debug, Default)]
pub(super) struct Keychain(File);

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "lowercase", default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Keychain {
    /// Reads the file that the environment names, if there is any.
    ///
    /// # Errors
    /// Names a file that exists and cannot be read.
    pub(super) fn read(variables: Variables<'_>) -> Result<Self, String> {
        let Some(path) = file(variables) else { return Ok(Self::default()) };
        let shown = |reason: String| format!("{}: {reason}", path.display());
        let mut bytes = Vec::new();
        let opened = std::fs::File::open(&path).map_err(|error| shown(error.to_string()))?;
        opened.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|error| shown(error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(shown("larger than 1 MiB".to_owned()));
        }
        strict::from_slice(&bytes, Limits::bytes(bytes.len())).map(Self).map_err(|error| shown(told(error)))
    }

    /// The credentials for a repository. May run a helper, so it may take a while.
    ///
    /// # Errors
    /// An entry that cannot be understood, or a helper that failed.
    pub(super) fn of(&self, repository: &Repository) -> Result<Credentials, String> {
        for key in keys(repository) {
            let helper = self.0.cred_helpers.get(&key).or(self.0.creds_store.as_ref());
            let found = match helper.filter(|it| !it.is_empty()) {
                // Helpers know hosts, as Docker writes them.
                Some(helper) if is_host(&key) => ask(helper, &key)?,
                _ => self.entry(&key)?,
            };
            if found != Credentials::Anonymous {
                return Ok(found);
            }
        }
        Ok(Credentials::Anonymous)
    }

    fn entry(&self, key: &str) -> Result<Credentials, String> {
        let exact = self.0.auths.get(key);
        let same =
            |name: &str| host_of(name).is_some_and(|it| it == host(key) || is_hub(it) && is_hub(host(key)));
        let written = || self.0.auths.iter().find(|(name, _)| is_host(key) && same(name));
        match exact.or_else(|| written().map(|(_, entry)| entry)) {
            Some(entry) => entry.credentials().map_err(|reason| format!("entry for {key}: {reason}")),
            None => Ok(Credentials::Anonymous),
        }
    }
}

impl Entry {
    fn credentials(&self) -> Result<Credentials, String> {
        if !self.registrytoken.is_empty() {
            return Ok(Credentials::Bearer(Secret(self.registrytoken.clone())));
        }
        if !self.identitytoken.is_empty() {
            return Ok(Credentials::Identity(Secret(self.identitytoken.clone())));
        }
        let (user, password) = if self.auth.is_empty() {
            (self.username.clone(), self.password.clone())
        } else {
            let decoded = STANDARD.decode(&self.auth).map_err(|_| "auth is not base64")?;
            let text = String::from_utf8(decoded).map_err(|_| "auth is not text")?;
            let (user, password) = text.split_once(':').ok_or("auth has no colon")?;
            (user.to_owned(), password.trim_end_matches('\0').to_owned())
        };
        if user.is_empty() && password.is_empty() {
            return Ok(Credentials::Anonymous);
        }
        Ok(Credentials::Basic { user, password: Secret(password) })
    }
}

/// What is wrong with the file. The reader's own words may quote a password.
fn told(error: ReadError) -> String {
    let kind = match error.kind {
        ReadErrorKind::Shape(_) | ReadErrorKind::Syntax(_) => {
            ReadErrorKind::Shape("not a file of credentials".to_owned())
        }
        other => other,
    };
    ReadError { kind, ..error }.to_string()
}

fn file(variables: Variables<'_>) -> Option<PathBuf> {
    let set = |name: &str| variables(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let docker = set("DOCKER_CONFIG").map(|it| it.join("config.json"));
    let home = set("HOME").map(|it| it.join(".docker/config.json"));
    let podman = set("XDG_RUNTIME_DIR").map(|it| it.join("containers/auth.json"));
    let exists = |it: &PathBuf| Path::is_file(it);
    // As there: where DOCKER_CONFIG is set, the file in the home folder is not read, though it keeps Podman's from
    // being read.
    match (&docker, home.filter(exists)) {
        (Some(docker), _) if docker.is_file() => Some(docker.clone()),
        (Some(_), Some(_)) => None,
        (None, Some(home)) => Some(home),
        _ => set("REGISTRY_AUTH_FILE").filter(exists).or_else(|| podman.filter(exists)),
    }
}

/// Repository, paths above it, host.
fn keys(repository: &Repository) -> Vec<String> {
    let host = repository.registry();
    let mut keys = Vec::new();
    let mut path = repository.path();
    loop {
        keys.push(format!("{host}/{path}"));
        match path.rsplit_once('/') {
            Some((above, _)) => path = above,
            None => break,
        }
    }
    keys.push(if host == "index.docker.io" { DOCKER_HUB.to_owned() } else { host.to_owned() });
    keys
}

fn is_host(key: &str) -> bool {
    key == DOCKER_HUB || !key.contains('/')
}

fn host(key: &str) -> &str {
    if key == DOCKER_HUB { "index.docker.io" } else { key }
}

fn is_hub(host: &str) -> bool {
    matches!(host, "index.docker.io" | "docker.io")
}

/// The host of an entry that was written as an address, such as `https://registry.example/v1/`. An entry with a path
/// but no scheme is for that path only.
fn host_of(entry: &str) -> Option<&str> {
    let rest = entry.strip_prefix("https://").or_else(|| entry.strip_prefix("http://"));
    match rest {
        Some(rest) => rest.split('/').next(),
        None => Some(entry.strip_suffix('/').unwrap_or(entry)).filter(|it| !it.contains('/')),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HelperAnswer {
    #[serde(default)]
    username: String,
    #[serde(default)]
    secret: String,
}

/// Runs `docker-credential-<helper> get` (Docker's credential helper protocol).
fn ask(helper: &str, server: &str) -> Result<Credentials, String> {
    // The name must not lead out of the search path.
    if !helper.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err(format!("credential helper {helper:?}: not a name"));
    }
    let failed = |reason: String| format!("credential helper {helper}: {reason}");
    let mut child = Command::new(format!("docker-credential-{helper}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read its input has its answer anyway.
        let _ = input.write_all(server.as_bytes());
    }
    let output = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = output.map(|it| it.take(MAX_BYTES).read_to_end(&mut bytes));
        read.transpose().map(|_| bytes)
    });
    let start = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if start.elapsed() < HELPER_TIME => std::thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed("no answer in 30 seconds".to_owned()));
            }
            Err(error) => return Err(failed(error.to_string())),
        }
    };
    let bytes = reader.join().ok().and_then(Result::ok).ok_or_else(|| failed("no answer".to_owned()))?;
    if !status.success() {
        // What helpers say where they know nothing of the server.
        let known = String::from_utf8_lossy(&bytes).contains("credentials not found in native keychain");
        return if known { Ok(Credentials::Anonymous) } else { Err(failed(status.to_string())) };
    }
    let answer: HelperAnswer =
        read_strict(&bytes).map_err(|_| failed("not the answer of a helper".to_owned()))?;
    let HelperAnswer { username, secret } = answer;
    Ok(match username.as_str() {
        "" if secret.is_empty() => Credentials::Anonymous,
        "<token>" => Credentials::Identity(Secret(secret)),
        _ => Credentials::Basic { user: username, password: Secret(secret) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(user: &str) -> Credentials {
        Credentials::Basic { user: user.into(), password: Secret(format!("{user}-password")) }
    }

    fn auth(user: &str) -> String {
        format!(r#"{{"auth":"{}"}}"#, STANDARD.encode(format!("{user}:{user}-password")))
    }

    fn keychain(auths: &[(&str, String)]) -> Keychain {
        let entries: Vec<_> = auths.iter().map(|(key, it)| format!(r#""{key}":{it}"#)).collect();
        Keychain(read_strict(format!(r#"{{"auths":{{{}}}}}"#, entries.join(",")).as_bytes()).unwrap())
    }

    fn of(keychain: &Keychain, repository: &str) -> Credentials {
        keychain.of(&Repository::parse(repository).unwrap()).unwrap()
    }

    #[test]
    fn the_longest_entry_wins() {
        let keychain = keychain(&[
            ("r.example", auth("host")),
            ("r.example/org", auth("org")),
            ("r.example/org/app", auth("app")),
        ]);
        assert_eq!(of(&keychain, "r.example/org/app"), basic("app"));
        assert_eq!(of(&keychain, "r.example/org/other"), basic("org"));
        assert_eq!(of(&keychain, "r.example/org/app/deep"), basic("app"));
        assert_eq!(of(&keychain, "r.example/organisation/app"), basic("host"));
    }

    #[test]
    fn threat_35_hosts_are_compared_whole() {
        let keychain = keychain(&[
            ("quay.io", auth("host")),
            ("quay.io:8443", auth("port")),
            ("ghcr.io/org", auth("path")),
            ("https://old.example/v1/", auth("old")),
        ]);
        assert_eq!(of(&keychain, "quay.io/ab"), basic("host"));
        assert_eq!(of(&keychain, "quay.io:8443/ab"), basic("port"));
        assert_eq!(of(&keychain, "old.example/ab"), basic("old"));
        for stranger in [
            "quay.io.evil.example/ab",
            "evilquay.io/ab",
            "quay.io:443/ab",
            "ghcr.io/other",
            "old.example.evil.test/ab",
        ] {
            assert_eq!(of(&keychain, stranger), Credentials::Anonymous, "{stranger}");
        }
    }

    #[test]
    fn docker_hub_has_its_own_name() {
        let keychain = keychain(&[("https://index.docker.io/v1/", auth("hub"))]);
        assert_eq!(of(&keychain, "nginx"), basic("hub"));
        assert_eq!(of(&keychain, "docker.io/org/app"), basic("hub"));
        assert_eq!(of(&self::keychain(&[("docker.io", auth("podman"))]), "nginx"), basic("podman"));
    }

    #[test]
    fn tokens_and_plain_names_are_understood() {
        let keychain = keychain(&[
            ("a.example", r#"{"identitytoken":"i","auth":"dTpw"}"#.into()),
            ("b.example", r#"{"registrytoken":"r"}"#.into()),
            ("c.example", r#"{"username":"c","password":"c-password"}"#.into()),
            ("d.example", "{}".into()),
            ("e.example", r#"{"auth":"%%"}"#.into()),
        ]);
        assert_eq!(of(&keychain, "a.example/ab"), Credentials::Identity(Secret("i".into())));
        assert_eq!(of(&keychain, "b.example/ab"), Credentials::Bearer(Secret("r".into())));
        assert_eq!(of(&keychain, "c.example/ab"), basic("c"));
        assert_eq!(of(&keychain, "d.example/ab"), Credentials::Anonymous);
        let error = keychain.of(&Repository::parse("e.example/ab").unwrap()).unwrap_err();
        assert_eq!(error, "entry for e.example: auth is not base64");
    }

    #[test]
    fn threat_36_no_secret_is_shown() {
        let keychain =
            keychain(&[("r.example", r#"{"auth":"dTpjYW5hcnk=","identitytoken":"canary"}"#.into())]);
        let shown = format!("{keychain:?} {:?}", of(&keychain, "r.example/ab"));
        assert!(!shown.contains("canary") && !shown.contains("dTpjYW5hcnk"), "{shown}");
    }

    #[test]
    fn the_first_file_that_exists_is_the_only_one() {
        let dir = tempfile::tempdir().unwrap();
        let put = |name: &str, user: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, format!(r#"{{"auths":{{"r.example":{}}}}}"#, auth(user))).unwrap();
        };
        let path = |name: &str| dir.path().join(name).display().to_string();
        let found = |set: &[(&str, String)]| {
            let look = |name: &str| set.iter().find(|it| it.0 == name).map(|it| it.1.clone());
            of(&Keychain::read(&look).unwrap(), "r.example/ab")
        };
        let all = [
            ("HOME", path("home")),
            ("DOCKER_CONFIG", path("docker")),
            ("REGISTRY_AUTH_FILE", path("auth.json")),
            ("XDG_RUNTIME_DIR", path("run")),
        ];
        assert_eq!(found(&all), Credentials::Anonymous);
        put("run/containers/auth.json", "podman");
        assert_eq!(found(&all), basic("podman"));
        put("auth.json", "named");
        assert_eq!(found(&all), basic("named"));
        put("docker/config.json", "docker");
        assert_eq!(found(&all), basic("docker"));
        put("home/.docker/config.json", "home");
        assert_eq!(found(&all), basic("docker"));
        assert_eq!(found(&all[..1]), basic("home"));
    }

    #[test]
    fn a_file_that_is_broken_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.json"), "{").unwrap();
        let folder = dir.path().display().to_string();
        let look = |name: &str| (name == "DOCKER_CONFIG").then(|| folder.clone());
        assert!(Keychain::read(&look).unwrap_err().contains("config.json: "));
    }

    #[test]
    fn a_helper_is_a_name_and_its_failure_is_an_error() {
        assert!(ask("../../bin/x", "r.example").unwrap_err().contains("not a name"));
        let error = ask("ec-test-that-does-not-exist", "r.example").unwrap_err();
        assert!(error.starts_with("credential helper ec-test-that-does-not-exist: "), "{error}");
    }
}

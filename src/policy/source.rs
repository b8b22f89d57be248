//! Where rules and data come from: what a source's text means.
//!
//! Sources on this machine are read ([`super::files`]). Git, OCI and HTTPS sources are recognised, and refused by name.

use std::fmt;
use std::path::{Path, PathBuf};

/// A source as a policy names it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Source {
    /// A file or folder of this machine.
    Local(LocalSource),
    /// A git repository.
    Git(String),
    /// An OCI artifact.
    Oci(String),
    /// A single file over HTTPS.
    Https(String),
}

/// A file or folder of this machine.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LocalSource {
    /// The path as it was written, without prefix.
    written: String,
}

/// Why a text is no source.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSource {
    /// Plain HTTP.
    #[error("attempting to download from insecure source: {0}")]
    Insecure(String),
    /// Nothing that is known.
    #[error(
        "no such source: {0:?} is neither an existing path nor the address of a git repository, an OCI artifact or an HTTPS file"
    )]
    Unknown(String),
}

/// Hosts of which an `https://` address names a repository.
const GIT_HOSTS: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];

/// Hosts that are known to be registries; a trailing match on a label boundary.
const OCI_HOSTS: [&str; 5] = ["azurecr.io", "gcr.io", "registry.gitlab.com", "pkg.dev", "quay.io"];

impl Source {
    /// What the text means. A text without any mark is a path if `exists` says so.
    ///
    /// # Errors
    /// [`BadSource`]: plain HTTP, or nothing that is known.
    pub fn parse(text: &str, exists: impl FnOnce(&Path) -> bool) -> Result<Self, BadSource> {
        let lower = text.to_ascii_lowercase();
        if is_insecure(&lower) {
            return Err(BadSource::Insecure(text.to_owned()));
        }
        if text.starts_with("oci://") || text.starts_with("oci::") {
            return Ok(Self::Oci(text.to_owned()));
        }
        if let Some(rest) = text.strip_prefix("https://")
            && !host(rest).is_some_and(|host| is_under(host, &GIT_HOSTS))
        {
            return Ok(Self::Https(text.to_owned()));
        }
        if let Some(local) = LocalSource::marked(text) {
            return Ok(Self::Local(local));
        }
        if !text.is_empty() && exists(Path::new(text)) {
            return Ok(Self::Local(LocalSource { written: text.to_owned() }));
        }
        if is_git(text) {
            return Ok(Self::Git(text.to_owned()));
        }
        if host(text).is_some_and(is_registry) {
            return Ok(Self::Oci(text.to_owned()));
        }
        Err(BadSource::Unknown(text.to_owned()))
    }

    /// The word for this kind of source.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Local(_) => "file",
            Self::Git(_) => "git",
            Self::Oci(_) => "OCI",
            Self::Https(_) => "HTTPS",
        }
    }
}

impl LocalSource {
    /// The path of a text that says that it is one.
    pub fn marked(text: &str) -> Option<Self> {
        let path = text.strip_prefix("file::").or_else(|| text.strip_prefix("file://"));
        let marked = path.is_some() || ["/", "./", "../"].iter().any(|mark| text.starts_with(mark));
        marked.then(|| Self { written: path.unwrap_or(text).to_owned() })
    }

    /// The path, as written; `~/` stands for `home`.
    pub fn path(&self, home: Option<&Path>) -> PathBuf {
        match (self.written.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(&self.written),
        }
    }

    /// As reports show it.
    pub fn pinned(&self) -> String {
        format!("file::{}", self.written)
    }
}

impl fmt::Display for LocalSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// `http:` at the beginning, or after a getter's prefix (`git::http:`).
fn is_insecure(lower: &str) -> bool {
    let after_getter = lower.split_once("::").and_then(|(getter, rest)| {
        getter.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()).then_some(rest)
    });
    lower.starts_with("http:") || after_getter.is_some_and(|rest| rest.starts_with("http:"))
}

/// Whether the text names a git repository.
fn is_git(text: &str) -> bool {
    let marked = ["git@", "git://", "git::"].iter().any(|mark| text.starts_with(mark));
    let vendor = || !text.contains("::") && GIT_HOSTS.iter().any(|host| text.contains(host));
    marked || vendor() || text.strip_suffix(".git").is_some()
}

fn host(text: &str) -> Option<&str> {
    let authority = text.split('/').next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    (!host.is_empty()).then_some(host)
}

fn is_under(host: &str, domains: &[&str]) -> bool {
    let name = host.split(':').next().unwrap_or(host).to_ascii_lowercase();
    domains
        .iter()
        .any(|domain| name.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

fn is_registry(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or(host);
    let amazon = name.contains(".dkr.ecr.") && name.ends_with(".amazonaws.com");
    is_under(host, &OCI_HOSTS)
        || amazon
        || matches!(name, "127.0.0.1" | "localhost")
        || host.starts_with("[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> &'static str {
        Source::parse(text, |_| false).map_or("none", |source| source.kind())
    }

    #[test]
    fn a_text_is_recognised_by_its_mark() {
        for (text, expected) in [
            ("./common/rules", "file"),
            ("../rules", "file"),
            ("/rules", "file"),
            ("file::./rules", "file"),
            ("file:///rules", "file"),
            ("git::https://git.example/r//sub?ref=main", "git"),
            ("git@github.com:o/r", "git"),
            ("github.com/o/r//policy", "git"),
            ("https://github.com/o/r", "git"),
            ("https://sub.gitlab.com/o/r", "git"),
            ("git.example/r.git", "git"),
            ("https://rules.example/data.yaml", "HTTPS"),
            ("https://evilgithub.com/o/r", "HTTPS"),
            ("oci::registry.example/policy:latest", "OCI"),
            ("oci://registry.example/policy", "OCI"),
            ("quay.io/o/policy:latest", "OCI"),
            ("localhost:5000/policy", "OCI"),
            ("quay.io.evil.example/policy", "none"),
            ("rules", "none"),
            ("", "none"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn an_unmarked_text_that_exists_is_a_path() {
        let source = Source::parse("rules", |path| path == Path::new("rules")).unwrap();
        let Source::Local(local) = source else { panic!("{source:?}") };
        assert_eq!(local.pinned(), "file::rules");
    }

    #[test]
    fn plain_http_is_refused_however_it_is_dressed() {
        for text in ["http://rules.example/x.rego", "HTTP://x.example", "git::http://x.example/r", "http::x"]
        {
            let refused = Source::parse(text, |_| true);
            assert_eq!(refused, Err(BadSource::Insecure(text.to_owned())));
        }
    }

    #[test]
    fn a_pinned_source_bears_its_path_as_it_was_written() {
        let pinned = |text: &str| LocalSource::marked(text).unwrap().pinned();
        assert_eq!(pinned("./common/rules"), "file::./common/rules");
        assert_eq!(pinned("file://common/rules"), "file::common/rules");
        assert_eq!(pinned("file::/rules"), "file::/rules");
    }
}

//! What a registry asks for in `WWW-Authenticate` (RFC 9110, section 11.6.1; distribution token authentication), and
//! whether its realm may be asked, and may see our credentials.

use url::Url;

use super::address::{Reach, may_be_plain};

/// What a registry wants to see.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Challenge {
    /// Name and password.
    Basic,
    /// A token from the realm.
    Bearer(Realm),
}

/// Where tokens come from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Realm {
    /// Checked where it was made.
    pub(super) url: Url,
    /// Passed on to the realm.
    pub(super) service: Option<String>,
    /// May it see the credentials of the registry?
    pub(super) trust: Trust,
}

/// May a realm see our credentials?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Trust {
    /// It belongs to the registry.
    Credentials,
    /// It is somebody else; an anonymous token is all that we ask it for.
    Anonymous,
}

/// Bytes of a challenge that are read: far more than any registry sends.
const MAX_CHALLENGE: usize = 8 * 1024;

/// The strongest challenge among the headers; nothing where none is understood.
///
/// # Errors
/// Says why the realm may not be asked.
pub(super) fn read<'a>(
    registry: &Url,
    reach: Reach,
    headers: impl Iterator<Item = &'a str>,
) -> Result<Option<Challenge>, String> {
    let mut basic = None;
    for header in headers.filter(|it| it.len() <= MAX_CHALLENGE) {
        let (scheme, rest) = header.trim_start().split_once(' ').unwrap_or((header, ""));
        if scheme.eq_ignore_ascii_case("basic") {
            basic = Some(Challenge::Basic);
        } else if scheme.eq_ignore_ascii_case("bearer") {
            let parameter = |name: &str| parameters(rest).find(|(key, _)| key.eq_ignore_ascii_case(name));
            let (_, realm) = parameter("realm").ok_or("the challenge has no realm")?;
            let service = parameter("service").map(|(_, value)| value);
            let (url, trust) = judge(registry, reach, &realm)?;
            return Ok(Some(Challenge::Bearer(Realm { url, service, trust })));
        }
    }
    Ok(basic)
}

/// `key=value` and `key="value"`, separated by commas.
fn parameters(text: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (key, after) = rest.trim_start_matches([' ', ',', '\t']).split_once('=')?;
        let (value, after) = if let Some(quoted) = after.strip_prefix('"') {
            unquote(quoted)?
        } else {
            let end = after.find([',', ' ']).unwrap_or(after.len());
            (after[..end].to_owned(), &after[end..])
        };
        rest = after;
        Some((key.trim().to_owned(), value))
    })
}

/// Up to the closing quote, with backslashes taken away.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

fn judge(registry: &Url, reach: Reach, realm: &str) -> Result<(Url, Trust), String> {
    let url = Url::parse(realm).map_err(|_| "the realm is not an address".to_owned())?;
    let shown = url.host_str().unwrap_or("").to_owned();
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!("the realm at {shown} bears a user name"));
    }
    match (registry.scheme(), url.scheme()) {
        (_, "https") => {}
        ("http", "http") if may_be_plain(&url) => {}
        _ => return Err(format!("the realm at {shown} is not https")),
    }
    if !reach.allows_url(&url) {
        return Err(format!("the realm at {shown} is inside a network that the registry is not in"));
    }
    let trust = if is_same_site(registry, &url) { Trust::Credentials } else { Trust::Anonymous };
    Ok((url, trust))
}

/// The same host, or hosts of one owner: `auth.x.example` and `registry.x.example`, or `x.example` itself.
fn is_same_site(registry: &Url, realm: &Url) -> bool {
    let (Some(registry), Some(realm)) = (registry.host_str(), realm.host_str()) else { return false };
    if registry == realm {
        return true;
    }
    let is_name = |it: &str| it.chars().any(|c| c.is_ascii_alphabetic()) && !it.contains([':', '[']);
    if !is_name(registry) || !is_name(realm) {
        return false;
    }
    match (site(registry), site(realm)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// The last two labels, or the last three where the last two look like a registry of names for others (`co.uk`,
/// `com.au`). Where that is wrong, the realm gets no credentials.
fn site(host: &str) -> Option<String> {
    let labels: Vec<&str> = host.trim_end_matches('.').rsplit('.').collect();
    let second = labels.get(1)?;
    let shared = labels[0].len() == 2 && second.len() <= 3;
    let count = if shared { 3 } else { 2 };
    if labels.len() < count { None } else { Some(labels[..count].join(".").to_ascii_lowercase()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(registry: &str, reach: Reach, header: &str) -> Result<Option<Challenge>, String> {
        read(&Url::parse(registry).unwrap(), reach, std::iter::once(header))
    }

    fn trust(registry: &str, realm: &str) -> Result<Trust, String> {
        let registry = format!("https://{registry}/");
        match challenge(&registry, Reach::Public, &format!("Bearer realm=\"{realm}\""))? {
            Some(Challenge::Bearer(realm)) => Ok(realm.trust),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_bearer_challenge_is_read_whatever_its_spelling() {
        for header in [
            r#"Bearer realm="https://r.example/token",service="r.example",scope="repository:a:pull""#,
            r#"bearer  service=r.example , Realm="https:\/\/r.example/token""#,
        ] {
            let read = challenge("https://r.example/", Reach::Public, header).unwrap().unwrap();
            let Challenge::Bearer(realm) = read else { panic!("{read:?}") };
            assert_eq!(realm.url.as_str(), "https://r.example/token");
            assert_eq!(realm.service.as_deref(), Some("r.example"));
        }
        let basic = challenge("https://r.example/", Reach::Public, r#"Basic realm="x""#);
        assert_eq!(basic, Ok(Some(Challenge::Basic)));
        assert_eq!(challenge("https://r.example/", Reach::Public, "Negotiate"), Ok(None));
    }

    #[test]
    fn a_token_is_asked_for_rather_than_a_password() {
        let headers = [r#"Basic realm="x""#, r#"Bearer realm="https://r.example/t""#];
        let read = read(&Url::parse("https://r.example/").unwrap(), Reach::Public, headers.into_iter());
        assert!(matches!(read, Ok(Some(Challenge::Bearer(_)))));
    }

    #[test]
    fn threat_31_credentials_go_to_a_realm_of_the_same_owner_only() {
        for (registry, realm) in [
            ("quay.example", "https://quay.example/v2/auth"),
            ("index.docker.io", "https://auth.docker.io/token"),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("registry.corp.example:5000", "https://auth.corp.example/token"),
        ] {
            assert_eq!(trust(registry, realm), Ok(Trust::Credentials), "{registry} {realm}");
        }
        for (registry, realm) in [
            ("quay.example", "https://evil.test/token"),
            ("quay.io", "https://quay.io.evil.example/token"),
            ("registry.victim.co.uk", "https://evil.co.uk/token"),
            ("8.8.8.8", "https://8.8.4.8/token"),
            ("registry.example", "https://8.8.8.8/token"),
        ] {
            assert_eq!(trust(registry, realm), Ok(Trust::Anonymous), "{registry} {realm}");
        }
    }

    #[test]
    fn threat_31_a_realm_that_leads_inside_or_is_not_https_is_refused() {
        for realm in [
            "http://quay.example/token",
            "ftp://quay.example/token",
            "https://user:secret@quay.example/token",
            "https://user@quay.example/token",
            "https://127.0.0.1/token",
            "https://localhost/token",
            "https://[::1]/token",
            "https://10.0.0.1/token",
            "https://169.254.169.254/latest/meta-data",
            "https://0xa9fea9fe/",
            "/token",
            "",
        ] {
            assert!(trust("quay.example", realm).is_err(), "{realm}");
        }
        let local = |realm: &str| {
            challenge("http://localhost:5000/", Reach::Any, &format!("Bearer realm=\"{realm}\""))
        };
        assert!(local("http://localhost:5001/token").is_ok());
        assert!(local("http://quay.example/token").is_err());
        assert!(local("http://169.254.169.254/").is_err());
    }

    #[test]
    fn threat_30_a_challenge_that_never_ends_is_no_challenge() {
        assert_eq!(challenge("https://r.example/", Reach::Any, &"Basic ".repeat(10_000)), Ok(None));
        assert!(challenge("https://r.example/", Reach::Any, r#"Bearer realm="https://r.example"#).is_err());
        assert!(challenge("https://r.example/", Reach::Any, "Bearer").is_err());
    }
}

//! Proxies from the environment, read as Go reads them (`golang.org/x/net/http/httpproxy`).

use std::net::IpAddr;

use url::{Host, Url};

/// Looks up a variable of the environment.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Which requests go through a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    direct: Vec<Direct>,
}

/// A host, or hosts, that are asked directly.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Direct {
    All,
    Net { address: IpAddr, bits: u32 },
    Ip { address: IpAddr, port: Option<u16> },
    Domain { suffix: String, exact: Option<String>, port: Option<u16> },
}

impl Proxies {
    /// `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, or the same in lower case.
    ///
    /// # Errors
    /// Names the variable whose value is no proxy.
    pub(super) fn read(variables: Variables<'_>) -> Result<Self, String> {
        let value = |upper: &str| {
            let found = variables(upper).filter(|it| !it.is_empty());
            found.or_else(|| variables(&upper.to_lowercase())).filter(|it| !it.is_empty())
        };
        let proxy = |name: &str| value(name).map(|it| address(name, &it)).transpose();
        let direct = value("NO_PROXY").unwrap_or_default();
        Ok(Self {
            http: proxy("HTTP_PROXY")?,
            https: proxy("HTTPS_PROXY")?,
            direct: direct.split(',').filter_map(Direct::read).collect(),
        })
    }

    /// The proxy for a request; none for this machine and for hosts that are asked directly.
    pub(super) fn of(&self, url: &Url) -> Option<&Url> {
        let proxy = if url.scheme() == "https" { self.https.as_ref() } else { self.http.as_ref() }?;
        let host = url.host()?;
        let local = match &host {
            Host::Domain(name) => *name == "localhost",
            Host::Ipv4(ip) => ip.is_loopback(),
            Host::Ipv6(ip) => ip.is_loopback(),
        };
        let port = url.port_or_known_default();
        if local || self.direct.iter().any(|it| it.holds(&host, port)) { None } else { Some(proxy) }
    }

    /// Hosts of the proxies themselves.
    pub(super) fn hosts(&self) -> Vec<String> {
        [&self.http, &self.https]
            .into_iter()
            .flatten()
            .filter_map(|it| it.host_str().map(str::to_owned))
            .collect()
    }
}

/// A whole address, or host and port with `http` understood.
fn address(name: &str, value: &str) -> Result<Url, String> {
    let bad = || format!("{name}: not the address of a proxy");
    let known = |url: &Url| matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") && url.has_host();
    let url = match Url::parse(value) {
        Ok(url) if known(&url) => url,
        _ if value.contains("://") => return Err(bad()),
        _ => Url::parse(&format!("http://{value}")).map_err(|_| bad())?,
    };
    if known(&url) { Ok(url) } else { Err(bad()) }
}

impl Direct {
    fn read(item: &str) -> Option<Self> {
        let item = item.trim().to_ascii_lowercase();
        if item.is_empty() {
            return None;
        }
        if item == "*" {
            return Some(Self::All);
        }
        if let Some((address, bits)) = item.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let bits: u32 = bits.parse().ok()?;
            let width = if address.is_ipv4() { 32 } else { 128 };
            return (bits <= width).then_some(Self::Net { address, bits });
        }
        let (host, port) = match item.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok()?))
            }
            _ => (item.as_str(), None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = host.parse() {
            return Some(Self::Ip { address, port });
        }
        let host = host.strip_prefix('*').filter(|it| it.starts_with('.')).unwrap_or(host);
        let (suffix, exact) = match host.strip_prefix('.') {
            Some(_) => (host.to_owned(), None),
            None => (format!(".{host}"), Some(host.to_owned())),
        };
        Some(Self::Domain { suffix, exact, port })
    }

    fn holds(&self, host: &Host<&str>, asked_port: Option<u16>) -> bool {
        let ip = match host {
            Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
            Host::Domain(_) => None,
        };
        match self {
            Self::All => true,
            Self::Net { address, bits } => ip.is_some_and(|ip| same_net(ip, *address, *bits)),
            Self::Ip { address, port } => {
                ip == Some(*address) && port.is_none_or(|it| Some(it) == asked_port)
            }
            Self::Domain { suffix, exact, port } => {
                let Host::Domain(name) = host else { return false };
                let name = name.trim_end_matches('.');
                (name.ends_with(suffix.as_str()) || exact.as_deref() == Some(name))
                    && port.is_none_or(|it| Some(it) == asked_port)
            }
        }
    }
}

fn same_net(a: IpAddr, b: IpAddr, bits: u32) -> bool {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            (a.to_bits() ^ b.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Result<Proxies, String> {
        let look = |name: &str| variables.iter().find(|it| it.0 == name).map(|it| it.1.to_owned());
        Proxies::read(&look)
    }

    fn direct(no_proxy: &str, address: &str) -> bool {
        let proxies =
            proxies(&[("HTTPS_PROXY", "http://p:1"), ("HTTP_PROXY", "p:2"), ("NO_PROXY", no_proxy)]);
        proxies.unwrap().of(&Url::parse(address).unwrap()).is_none()
    }

    #[test]
    fn threat_37_each_scheme_has_its_proxy_and_upper_case_wins() {
        let set = [("HTTPS_PROXY", "https://a:1"), ("https_proxy", "b:1"), ("http_proxy", "c:1")];
        let proxies = proxies(&set).unwrap();
        let of = |url: &str| proxies.of(&Url::parse(url).unwrap()).map(ToString::to_string);
        assert_eq!(of("https://r.example/").as_deref(), Some("https://a:1/"));
        assert_eq!(of("http://r.example/").as_deref(), Some("http://c:1/"));
        for local in ["https://localhost/", "https://127.0.0.1:5000/", "https://[::1]/"] {
            assert_eq!(of(local), None);
        }
    }

    #[test]
    fn threat_37_a_broken_proxy_is_an_error_without_its_value() {
        for value in ["ftp://p:1", "http://", "://", "http://p:port"] {
            assert_eq!(
                proxies(&[("HTTPS_PROXY", value)]),
                Err("HTTPS_PROXY: not the address of a proxy".into())
            );
        }
        assert_eq!(proxies(&[("HTTPS_PROXY", "")]), Ok(Proxies::default()));
    }

    #[test]
    fn threat_37_no_proxy_is_read_as_go_reads_it() {
        for (no_proxy, address) in [
            ("*", "https://r.example/"),
            ("example", "https://r.example/"),
            ("r.example", "https://r.example/"),
            (" x.test , R.Example ", "https://r.example/"),
            (".example", "https://r.example/"),
            ("*.example", "https://r.example/"),
            ("r.example:443", "https://r.example/"),
            ("10.0.0.0/8", "https://10.1.2.3/"),
            ("10.1.2.3", "https://10.1.2.3:5000/"),
            ("[2001:db8::1]:443", "https://[2001:db8::1]/"),
            ("0.0.0.0/0", "https://8.8.8.8/"),
        ] {
            assert!(direct(no_proxy, address), "{no_proxy} {address}");
        }
        for (no_proxy, address) in [
            ("", "https://r.example/"),
            ("ample", "https://r.example/"),
            (".r.example", "https://r.example/"),
            ("*.r.example", "https://r.example/"),
            ("r.example:5000", "https://r.example/"),
            ("10.0.0.0/8", "https://11.1.2.3/"),
            ("10.0.0.0/99", "https://10.1.2.3/"),
            ("10.0.0.0/8", "https://r.example/"),
        ] {
            assert!(!direct(no_proxy, address), "{no_proxy} {address}");
        }
    }
}

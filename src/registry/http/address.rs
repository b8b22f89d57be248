//! Where an address leads: to this machine, to a private network, to a link, or out. Plain HTTP, credentials,
//! redirects and realms depend on it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Where a host is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Place {
    /// 127.0.0.0/8, `::1`, `localhost` and names below it.
    Loopback,
    /// RFC 1918, RFC 4193, RFC 6598.
    Private,
    /// RFC 3927, RFC 4291: metadata services live there; never asked.
    Link,
    /// Anywhere else.
    Public,
}

impl Place {
    pub(super) fn of_ip(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| Self::of_v6(ip), Self::of_v4),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        let [a, b, ..] = ip.octets();
        // 0.0.0.0 is this machine to most systems.
        if ip.is_loopback() || a == 0 {
            Self::Loopback
        } else if ip.is_link_local() {
            Self::Link
        } else if ip.is_private() || (a == 100 && (64..128).contains(&b)) {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        if ip.is_loopback() || ip.is_unspecified() {
            Self::Loopback
        } else if ip.is_unicast_link_local() {
            Self::Link
        } else if ip.is_unique_local() {
            Self::Private
        } else {
            Self::Public
        }
    }

    /// As far as the address itself tells; nothing for a name that must be resolved.
    pub(super) fn of_url(url: &Url) -> Option<Self> {
        match url.host()? {
            Host::Ipv4(ip) => Some(Self::of_v4(ip)),
            Host::Ipv6(ip) => Some(Self::of_ip(IpAddr::V6(ip))),
            Host::Domain(name) if is_localhost(name) => Some(Self::Loopback),
            Host::Domain(_) => None,
        }
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

/// May this host be asked in plain HTTP, where it does not speak HTTPS?
pub(super) fn may_be_plain(url: &Url) -> bool {
    match Place::of_url(url) {
        Some(Place::Loopback | Place::Private) => true,
        Some(Place::Link | Place::Public) => false,
        None => url
            .host_str()
            .is_some_and(|it| it.trim_end_matches('.').rsplit_once('.').is_some_and(|it| it.1 == "local")),
    }
}

/// Whom a request may reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Any address but link-local ones.
    Any,
    /// Public addresses only: the request was asked for by a server on a public one.
    Public,
}

impl Reach {
    fn allows(self, place: Place) -> bool {
        match self {
            Self::Any => place != Place::Link,
            Self::Public => place == Place::Public,
        }
    }

    /// Is the address, as far as it tells by itself, one that may be reached?
    pub(super) fn allows_url(self, url: &Url) -> bool {
        Place::of_url(url).is_none_or(|place| self.allows(place))
    }
}

/// What is known of names: where they led, and where they are said to lead (in tests).
#[derive(Default)]
pub(super) struct Names {
    fixed: HashMap<String, SocketAddr>,
    /// Proxies are the user's own choice, wherever they are.
    proxies: Vec<String>,
    seen: Mutex<HashMap<String, Place>>,
}

impl Names {
    pub(super) fn new(fixed: HashMap<String, SocketAddr>, proxies: Vec<String>) -> Self {
        Self { fixed, proxies, seen: Mutex::default() }
    }

    /// What a server at `url` may send us to. Only one that is itself not public may name an address that is not.
    pub(super) fn reach_from(&self, url: &Url) -> Reach {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let place = Place::of_url(url).or_else(|| seen.get(url.host_str()?).copied());
        if matches!(place, Some(Place::Loopback | Place::Private)) { Reach::Any } else { Reach::Public }
    }

    fn note(&self, name: &str, addresses: &[SocketAddr]) {
        // One public address makes the name public, or a name with both could send us inside.
        let place = addresses.iter().map(|it| Place::of_ip(it.ip())).max();
        if let Some(place) = place {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), place);
        }
    }
}

/// Resolves names, and leaves out the addresses that a request may not reach.
pub(super) struct Resolver {
    pub(super) names: Arc<Names>,
    pub(super) reach: Reach,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, reach) = (self.names.clone(), self.reach);
        Box::pin(async move {
            let name = name.as_str();
            let found: Vec<SocketAddr> = match names.fixed.get(name) {
                Some(address) => vec![*address],
                None => tokio::net::lookup_host((name, 0)).await?.collect(),
            };
            // A fixed address stands for a public one.
            let fixed = names.fixed.contains_key(name);
            if !fixed {
                names.note(name, &found);
            }
            let free = fixed || names.proxies.iter().any(|it| it == name);
            let allowed: Vec<SocketAddr> =
                found.into_iter().filter(|it| free || reach.allows(Place::of_ip(it.ip()))).collect();
            if allowed.is_empty() {
                return Err(format!("{name} leads to no address that may be asked").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(host: &str) -> Option<Place> {
        Place::of_url(&Url::parse(&format!("https://{host}/")).unwrap())
    }

    #[test]
    fn addresses_are_told_apart_however_they_are_written() {
        for (host, expected) in [
            ("127.0.0.1", Place::Loopback),
            ("0x7f.1", Place::Loopback),
            ("2130706433", Place::Loopback),
            ("[::1]", Place::Loopback),
            ("[::ffff:127.0.0.1]", Place::Loopback),
            ("0.0.0.0", Place::Loopback),
            ("localhost", Place::Loopback),
            ("LOCALHOST", Place::Loopback),
            ("a.localhost", Place::Loopback),
            ("10.1.2.3", Place::Private),
            ("172.31.0.1", Place::Private),
            ("192.168.0.1:5000", Place::Private),
            ("100.64.0.1", Place::Private),
            ("[fd00:ec2::254]", Place::Private),
            ("169.254.169.254", Place::Link),
            ("[fe80::1]", Place::Link),
            ("[::ffff:169.254.169.254]", Place::Link),
            ("172.32.0.1", Place::Public),
            ("[2001:db8::1]", Place::Public),
        ] {
            assert_eq!(place(host), Some(expected), "{host}");
        }
        assert_eq!(place("registry.example"), None);
        assert_eq!(place("localhost.example"), None);
    }

    #[test]
    fn only_hosts_of_ones_own_may_be_plain() {
        let plain = |host: &str| may_be_plain(&Url::parse(&format!("https://{host}/")).unwrap());
        for host in ["localhost:5000", "127.0.0.1", "10.0.0.1", "registry.local:80", "[::1]:5000"] {
            assert!(plain(host), "{host}");
        }
        for host in ["registry.example", "8.8.8.8", "169.254.169.254", "local", "local.example", "notlocal"] {
            assert!(!plain(host), "{host}");
        }
    }

    #[test]
    fn link_local_addresses_are_never_reached_and_private_ones_only_from_their_like() {
        let url = |host: &str| Url::parse(&format!("https://{host}/")).unwrap();
        assert!(!Reach::Any.allows_url(&url("169.254.169.254")));
        assert!(!Reach::Public.allows_url(&url("10.0.0.1")));
        assert!(!Reach::Public.allows_url(&url("localhost")));
        assert!(Reach::Any.allows_url(&url("10.0.0.1")));
        let names = Names::default();
        assert_eq!(names.reach_from(&url("10.0.0.1")), Reach::Any);
        assert_eq!(names.reach_from(&url("8.8.8.8")), Reach::Public);
        assert_eq!(names.reach_from(&url("registry.example")), Reach::Public);
        let at = |ip: [u8; 4]| SocketAddr::from((ip, 0));
        names.note("corp.example", &[at([10, 0, 0, 1])]);
        names.note("both.example", &[at([10, 0, 0, 1]), at([8, 8, 8, 8])]);
        assert_eq!(names.reach_from(&url("corp.example")), Reach::Any);
        assert_eq!(names.reach_from(&url("both.example")), Reach::Public);
    }
}

//! Whether a certificate is for a host (RFC 6125): names with a wildcard for the first label, and addresses.

use std::net::IpAddr;

use x509_parser::extensions::GeneralName;

/// Whether one of the names is that of the host. An address, bare or in brackets, needs a name that is an address.
pub(super) fn is_for(names: &[GeneralName<'_>], host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return names.iter().any(|it| match it {
            GeneralName::IPAddress(bytes) => address_of(bytes).is_some_and(|it| same(it, address)),
            _ => false,
        });
    }
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    names.iter().any(|it| match it {
        GeneralName::DNSName(pattern) => fits(&pattern.to_ascii_lowercase(), &host),
        _ => false,
    })
}

/// An address of a certificate: 4 or 16 bytes.
pub(super) fn address_of(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

fn same(a: IpAddr, b: IpAddr) -> bool {
    a.to_canonical() == b.to_canonical()
}

fn fits(pattern: &str, host: &str) -> bool {
    let (pattern_is_name, host_is_name) = (is_name(pattern, Wildcard::First), is_name(host, Wildcard::None));
    if !pattern_is_name || !host_is_name {
        // What is no name of a host is compared as it is written.
        return !host.is_empty() && host != "." && pattern == host;
    }
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((_, rest))) => parent == rest,
        (Some(_), None) => false,
        (None, _) => pattern == host,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wildcard {
    None,
    /// `*` may be the first label, if others follow.
    First,
}

fn is_name(text: &str, wildcard: Wildcard) -> bool {
    let labels = match text.strip_prefix("*.") {
        Some(rest) if wildcard == Wildcard::First => rest,
        _ => text,
    };
    let is_label = |label: &str| {
        let allowed = |it: u8| it.is_ascii_alphanumeric() || it == b'-' || it == b'_';
        !label.is_empty() && !label.starts_with('-') && label.bytes().all(allowed)
    };
    labels.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(pattern: &str, host: &str) -> bool {
        is_for(&[GeneralName::DNSName(pattern)], host)
    }

    #[test]
    fn a_wildcard_stands_for_exactly_one_first_label() {
        assert!(dns("*.example.com", "a.example.com"));
        assert!(dns("*.EXAMPLE.com", "A.example.COM."));
        for host in ["example.com", "a.b.example.com", ".example.com", "a.example.org"] {
            assert!(!dns("*.example.com", host), "{host}");
        }
        assert!(!dns("a.*.com", "a.b.com"));
        assert!(!dns("*", "localhost"));
    }

    #[test]
    fn an_address_is_compared_with_addresses_only() {
        let ip = [GeneralName::IPAddress(&[127, 0, 0, 1])];
        assert!(is_for(&ip, "127.0.0.1") && is_for(&ip, "[::ffff:127.0.0.1]"));
        assert!(!is_for(&ip, "127.0.0.2") && !dns("127.0.0.1", "127.0.0.1"));
    }

    #[test]
    fn without_a_name_there_is_no_host() {
        assert!(!is_for(&[], "a") && !dns("", "") && !dns(".", "."));
    }
}

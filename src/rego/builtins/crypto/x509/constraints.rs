//! Name constraints (RFC 5280, 4.2.1.10): what names an authority may vouch for.
//!
//! As in Go's package, a constraint on hosts holds for their sub-domains too, one for addresses of mail as well. A name or
//! a constraint that cannot be read is refused.

use x509_parser::extensions::{GeneralName, NameConstraints};

use super::super::super::uri::Uri;

/// A name is not within the constraints, or that cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused;

/// Comparisons that may still be made.
pub(super) struct Comparisons(pub(super) u64);

impl Comparisons {
    fn draw(&mut self) -> Result<(), Refused> {
        self.0 = self.0.checked_sub(1).ok_or(Refused)?;
        Ok(())
    }
}

/// Looks whether all the names may be vouched for.
///
/// # Errors
/// [`Refused`] for a name that is excluded, for one that is not permitted where names of its kind are, and when there
/// are too many to compare.
pub(super) fn check(
    constraints: &NameConstraints<'_>,
    names: &[GeneralName<'_>],
    comparisons: &mut Comparisons,
) -> Result<(), Refused> {
    let permitted = constraints.permitted_subtrees.as_deref().unwrap_or_default();
    let excluded = constraints.excluded_subtrees.as_deref().unwrap_or_default();
    for name in names {
        for subtree in excluded {
            comparisons.draw()?;
            if overlaps(name, &subtree.base, Side::Excluded)? == Some(true) {
                return Err(Refused);
            }
        }
        let (mut of_its_kind, mut is_permitted) = (false, false);
        for subtree in permitted {
            comparisons.draw()?;
            if let Some(within) = overlaps(name, &subtree.base, Side::Permitted)? {
                of_its_kind = true;
                is_permitted |= within;
            }
        }
        if of_its_kind && !is_permitted {
            return Err(Refused);
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Permitted,
    Excluded,
}

/// Whether a name is within a subtree; nothing where the two are of different kinds.
fn overlaps(name: &GeneralName<'_>, subtree: &GeneralName<'_>, side: Side) -> Result<Option<bool>, Refused> {
    Ok(Some(match (name, subtree) {
        (GeneralName::DNSName(name), GeneralName::DNSName(subtree)) => {
            let is_within = within(name, subtree)?;
            // What a wildcard stands for may be excluded though the wildcard itself is not.
            let covers = || name.strip_prefix("*.").map_or(Ok(false), |parent| is_child(subtree, parent));
            is_within || (side == Side::Excluded && covers()?)
        }
        (GeneralName::RFC822Name(name), GeneralName::RFC822Name(subtree)) => mail_within(name, subtree)?,
        (GeneralName::URI(name), GeneralName::URI(subtree)) => within(uri_host(name)?, subtree)?,
        (GeneralName::IPAddress(name), GeneralName::IPAddress(subtree)) => address_within(name, subtree)?,
        _ => return Ok(None),
    }))
}

/// The labels of a host, the last one first.
fn labels(host: &str) -> Result<Vec<String>, Refused> {
    let labels: Vec<String> = host.rsplit('.').map(str::to_ascii_lowercase).collect();
    let good = |label: &String| !label.is_empty() && label.bytes().all(|it| it.is_ascii_graphic());
    if labels.iter().all(good) { Ok(labels) } else { Err(Refused) }
}

/// Whether a host is the constraint's, or under it; behind a point only what is under it counts.
fn within(host: &str, constraint: &str) -> Result<bool, Refused> {
    if constraint.is_empty() {
        return Ok(true);
    }
    let host = labels(host)?;
    let (domain, itself) = match constraint.strip_prefix('.') {
        Some(domain) => (domain, 0),
        None => (constraint, 1),
    };
    let domain = labels(domain)?;
    Ok(host.starts_with(&domain) && host.len() + itself > domain.len())
}

/// Whether a host stands directly under another.
fn is_child(host: &str, parent: &str) -> Result<bool, Refused> {
    let host = host.strip_prefix('.').unwrap_or(host);
    Ok(!host.is_empty() && within(host, parent)? && labels(host)?.len() == labels(parent)?.len() + 1)
}

fn mail_within(name: &str, constraint: &str) -> Result<bool, Refused> {
    let (local, host) = mailbox(name)?;
    if constraint.contains('@') {
        let (wanted_local, wanted_host) = mailbox(constraint)?;
        return Ok(local == wanted_local && host.eq_ignore_ascii_case(wanted_host));
    }
    within(host, constraint)
}

/// Local part and host. A quoted local part could be written in many ways, so it is refused.
fn mailbox(text: &str) -> Result<(&str, &str), Refused> {
    let (local, host) = text.rsplit_once('@').ok_or(Refused)?;
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&it);
    if local.is_empty() || !local.bytes().all(plain) {
        return Err(Refused);
    }
    labels(host).map(|_| (local, host))
}

/// The host of a URI. An address is no host that a constraint could name.
fn uri_host(uri: &str) -> Result<&str, Refused> {
    let host = Uri::of(uri).ok_or(Refused)?.host_name();
    if host.is_empty() || host.starts_with('[') || host.parse::<std::net::IpAddr>().is_ok() {
        return Err(Refused);
    }
    Ok(host)
}

/// A constraint is an address and a mask of the same length.
fn address_within(address: &[u8], constraint: &[u8]) -> Result<bool, Refused> {
    if !matches!(constraint.len(), 8 | 32) || !matches!(address.len(), 4 | 16) {
        return Err(Refused);
    }
    let (network, mask) = constraint.split_at(constraint.len() / 2);
    let bits = mask.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    if !bits.is_sorted_by(|a, b| a >= b) {
        return Err(Refused);
    }
    let same = |((byte, net), mask): ((&u8, &u8), &u8)| byte & mask == net & mask;
    Ok(address.len() == network.len() && address.iter().zip(network).zip(mask).all(same))
}

#[cfg(test)]
mod tests {
    use x509_parser::extensions::GeneralSubtree;

    use super::*;

    fn dns<'a>(names: &[&'a str]) -> Vec<GeneralName<'a>> {
        names.iter().map(|it| GeneralName::DNSName(it)).collect()
    }

    fn tree(names: Vec<GeneralName<'_>>) -> Vec<GeneralSubtree<'_>> {
        names.into_iter().map(|base| GeneralSubtree { base }).collect()
    }

    fn checked(
        permitted: Vec<GeneralName<'_>>,
        excluded: Vec<GeneralName<'_>>,
        names: &[GeneralName<'_>],
    ) -> bool {
        let [permitted_subtrees, excluded_subtrees] = [permitted, excluded].map(|it| Some(tree(it)));
        let constraints = NameConstraints { permitted_subtrees, excluded_subtrees };
        check(&constraints, names, &mut Comparisons(100)).is_ok()
    }

    #[test]
    fn where_hosts_are_permitted_only_they_and_what_is_under_them_are() {
        let ok = |name: &str| checked(dns(&["example.com"]), Vec::new(), &dns(&[name]));
        assert!(ok("example.com") && ok("a.b.EXAMPLE.com"));
        assert!(!ok("badexample.com") && !ok("com") && !ok("example.org") && !ok("a..example.com"));
        let under = |name: &str| checked(dns(&[".example.com"]), Vec::new(), &dns(&[name]));
        assert!(under("a.example.com") && !under("example.com"));
    }

    #[test]
    fn an_excluded_host_is_excluded_by_a_wildcard_too() {
        let ok = |name: &str| checked(Vec::new(), dns(&["secret.example.com"]), &dns(&[name]));
        assert!(ok("a.example.com"));
        assert!(!ok("secret.example.com") && !ok("x.secret.example.com") && !ok("*.example.com"));
        assert!(ok("*.example.org"));
    }

    #[test]
    fn constraints_of_one_kind_say_nothing_about_another() {
        assert!(checked(dns(&["example.com"]), Vec::new(), &[GeneralName::RFC822Name("a@b.org")]));
    }

    #[test]
    fn mail_is_constrained_by_mailbox_or_host() {
        let ok = |permitted, name| {
            checked(vec![GeneralName::RFC822Name(permitted)], Vec::new(), &[GeneralName::RFC822Name(name)])
        };
        assert!(ok("a@example.com", "a@EXAMPLE.com") && !ok("a@example.com", "A@example.com"));
        assert!(ok("example.com", "b@example.com") && !ok("example.com", "b@example.org"));
        assert!(!ok("example.com", "\"a b\"@example.com") && !ok("example.com", "example.com"));
    }

    #[test]
    fn addresses_are_constrained_by_network() {
        let ok = |network: &[u8], name: &[u8]| {
            checked(vec![GeneralName::IPAddress(network)], Vec::new(), &[GeneralName::IPAddress(name)])
        };
        assert!(ok(&[10, 0, 0, 0, 255, 0, 0, 0], &[10, 1, 2, 3]));
        assert!(!ok(&[10, 0, 0, 0, 255, 0, 0, 0], &[11, 1, 2, 3]));
        assert!(!ok(&[10, 0, 0, 0, 255, 0, 255, 0], &[10, 1, 0, 3]), "the mask has a hole");
        assert!(!ok(&[0; 8], &[0; 16]), "another family");
    }

    #[test]
    fn uris_are_constrained_by_host() {
        let ok = |name| checked(vec![GeneralName::URI("example.com")], Vec::new(), &[GeneralName::URI(name)]);
        assert!(ok("https://user@example.com:8443/x") && ok("spiffe://a.example.com/x"));
        assert!(
            !ok("https://10.0.0.1/")
                && !ok("urn:x")
                && !ok("https://[::1]/")
                && !ok("https://evil/example.com")
        );
    }

    #[test]
    fn too_many_comparisons_are_refused() {
        let constraints =
            NameConstraints { permitted_subtrees: Some(tree(dns(&["a", "b"]))), excluded_subtrees: None };
        assert_eq!(check(&constraints, &dns(&["a"]), &mut Comparisons(1)), Err(Refused));
    }
}

//! What extensions say (RFC 5280, section 4.2), as far as values and chains need it.

use x509_parser::asn1_rs::FromDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{
    BasicConstraints, GeneralName, KeyUsage, NameConstraints, ParsedExtension, X509Extension,
};
use x509_parser::oid_registry::Oid;

/// What a key may be used for, by the number that Go's package gives to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Usage(pub(super) i64);

/// The usage that stands for all.
pub(super) const ANY: Usage = Usage(0);

/// TLS servers.
pub(super) const SERVER_AUTHENTICATION: Usage = Usage(1);

/// Usages by Go's number: their identifiers and names.
const USAGES: [(&str, &str); 14] = [
    ("2.5.29.37.0", "Any"),
    ("1.3.6.1.5.5.7.3.1", "ServerAuth"),
    ("1.3.6.1.5.5.7.3.2", "ClientAuth"),
    ("1.3.6.1.5.5.7.3.3", "CodeSigning"),
    ("1.3.6.1.5.5.7.3.4", "EmailProtection"),
    ("1.3.6.1.5.5.7.3.5", "IPSECEndSystem"),
    ("1.3.6.1.5.5.7.3.6", "IPSECTunnel"),
    ("1.3.6.1.5.5.7.3.7", "IPSECUser"),
    ("1.3.6.1.5.5.7.3.8", "TimeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
    ("1.3.6.1.4.1.311.10.3.3", "MicrosoftServerGatedCrypto"),
    ("2.16.840.1.113730.4.1", "NetscapeServerGatedCrypto"),
    ("1.3.6.1.4.1.311.2.1.22", "MicrosoftCommercialCodeSigning"),
    ("1.3.6.1.4.1.311.61.1.1", "MicrosoftKernelCodeSigning"),
];

impl Usage {
    /// `ServerAuth` and so on.
    pub(super) fn named(name: &str) -> Option<Self> {
        (0..).zip(USAGES).find(|(_, (_, it))| *it == name).map(|(number, _)| Self(number))
    }

    fn identified(oid: &Oid<'_>) -> Option<Self> {
        let id = oid.to_id_string();
        (0..).zip(USAGES).find(|(_, (it, _))| *it == id).map(|(number, _)| Self(number))
    }
}

/// Usages of a certificate, in its order.
#[derive(Default)]
pub(super) struct Usages<'a> {
    pub(super) known: Vec<Usage>,
    pub(super) unknown: Vec<Oid<'a>>,
}

impl Usages<'_> {
    /// Whether the certificate may be used so: one that names no usage at all may be used for any.
    pub(super) fn allow(&self, usage: Usage) -> bool {
        let names_none = self.known.is_empty() && self.unknown.is_empty();
        names_none || self.known.contains(&ANY) || self.known.contains(&usage)
    }
}

/// The extensions of a certificate.
#[derive(Clone, Copy)]
pub(super) struct Extensions<'a>(pub(super) &'a [X509Extension<'a>]);

impl<'a> Extensions<'a> {
    pub(super) fn of(certificate: &'a X509Certificate<'a>) -> Self {
        Self(certificate.extensions())
    }

    fn find<T>(self, pick: impl Fn(&'a ParsedExtension<'a>) -> Option<T>) -> Option<T> {
        self.0.iter().find_map(|it| pick(it.parsed_extension()))
    }

    pub(super) fn basic_constraints(self) -> Option<&'a BasicConstraints> {
        self.find(|it| if let ParsedExtension::BasicConstraints(it) = it { Some(it) } else { None })
    }

    pub(super) fn key_usage(self) -> Option<&'a KeyUsage> {
        self.find(|it| if let ParsedExtension::KeyUsage(it) = it { Some(it) } else { None })
    }

    pub(super) fn name_constraints(self) -> Option<&'a NameConstraints<'a>> {
        self.find(|it| if let ParsedExtension::NameConstraints(it) = it { Some(it) } else { None })
    }

    /// The names of the subject besides the one in its own field; nothing where there is no such extension.
    pub(super) fn alternative_names(self) -> Option<&'a [GeneralName<'a>]> {
        self.find(|it| match it {
            ParsedExtension::SubjectAlternativeName(it) => Some(it.general_names.as_slice()),
            _ => None,
        })
    }

    pub(super) fn subject_key(self) -> Option<&'a [u8]> {
        self.find(|it| if let ParsedExtension::SubjectKeyIdentifier(it) = it { Some(it.0) } else { None })
    }

    pub(super) fn authority_key(self) -> Option<&'a [u8]> {
        self.find(|it| match it {
            ParsedExtension::AuthorityKeyIdentifier(it) => it.key_identifier.as_ref().map(|id| id.0),
            _ => None,
        })
    }

    /// The crate sorts usages into kinds; policies see them in the order of the certificate.
    pub(super) fn usages(self) -> Usages<'a> {
        let mut usages = Usages::default();
        let extended =
            |it: &&X509Extension<'_>| matches!(it.parsed_extension(), ParsedExtension::ExtendedKeyUsage(_));
        let Some(extension) = self.0.iter().find(extended) else { return usages };
        let Ok((_, oids)) = Vec::<Oid<'a>>::from_der(extension.value) else { return usages };
        for oid in oids {
            match Usage::identified(&oid) {
                Some(usage) => usages.known.push(usage),
                None => usages.unknown.push(oid),
            }
        }
        usages
    }

    /// Critical extensions that are not understood here, so that no chain may have them.
    pub(super) fn beyond_us(self) -> impl Iterator<Item = &'a Oid<'a>> {
        self.0.iter().filter(|it| it.critical && !is_understood(it.parsed_extension())).map(|it| &it.oid)
    }

    /// Whether an extension says what cannot be read.
    pub(super) fn is_malformed(self) -> bool {
        self.0.iter().any(|it| match it.parsed_extension() {
            ParsedExtension::ParseError { .. } => true,
            ParsedExtension::SubjectAlternativeName(names) => {
                names.general_names.iter().any(|it| matches!(it, GeneralName::Invalid(..)))
            }
            ParsedExtension::NameConstraints(it) => {
                subtrees(it).any(|it| matches!(it, GeneralName::Invalid(..)))
            }
            _ => false,
        })
    }
}

/// The names of both kinds of constraints.
fn subtrees<'a>(constraints: &'a NameConstraints<'a>) -> impl Iterator<Item = &'a GeneralName<'a>> {
    let both = [&constraints.permitted_subtrees, &constraints.excluded_subtrees];
    both.into_iter().flatten().flatten().map(|it| &it.base)
}

/// The kinds of names that can be compared with constraints.
fn is_comparable(name: &GeneralName<'_>) -> bool {
    use GeneralName::{DNSName, IPAddress, RFC822Name, URI};
    matches!(name, DNSName(_) | IPAddress(_) | RFC822Name(_) | URI(_))
}

fn is_understood(extension: &ParsedExtension<'_>) -> bool {
    match extension {
        ParsedExtension::SubjectAlternativeName(names) => names.general_names.iter().any(is_comparable),
        ParsedExtension::NameConstraints(it) => subtrees(it).all(is_comparable),
        ParsedExtension::AuthorityKeyIdentifier(_)
        | ParsedExtension::SubjectKeyIdentifier(_)
        | ParsedExtension::KeyUsage(_)
        | ParsedExtension::CertificatePolicies(_)
        | ParsedExtension::BasicConstraints(_)
        | ParsedExtension::ExtendedKeyUsage(_)
        | ParsedExtension::CRLDistributionPoints(_)
        | ParsedExtension::AuthorityInfoAccess(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usages_have_the_numbers_of_go() {
        assert_eq!(Usage::named("Any"), Some(ANY));
        assert_eq!(Usage::named("ServerAuth"), Some(SERVER_AUTHENTICATION));
        assert_eq!(Usage::named("MicrosoftKernelCodeSigning"), Some(Usage(13)));
        assert_eq!(Usage::named("Nope"), None);
    }

    #[test]
    fn a_certificate_without_usages_may_be_used_for_any() {
        assert!(Usages::default().allow(SERVER_AUTHENTICATION));
        let client = Usages { known: vec![Usage(2)], unknown: Vec::new() };
        assert!(!client.allow(SERVER_AUTHENTICATION) && client.allow(Usage(2)));
        assert!(Usages { known: vec![ANY], unknown: Vec::new() }.allow(SERVER_AUTHENTICATION));
    }
}

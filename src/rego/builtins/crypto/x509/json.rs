//! Certificates as Go's `x509.Certificate` is written in JSON, which is what policies know. Of the public key only
//! what JSON can say of it: the numbers of RSA, the point of an elliptic curve.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use x509_parser::extensions::{DistributionPointName, GeneralName, ParsedExtension, X509Extension};
use x509_parser::oid_registry::Oid;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo, X509Name};

use super::super::super::uri::{Uri, decoded, escaped_path};
use super::Member;
use super::extensions::Extensions;
use super::hostname::address_of;
use crate::rego::value::{Number, Object, ObjectBuilder, Value};

pub(super) fn base64_of(bytes: &[u8]) -> Value {
    Value::from(STANDARD.encode(bytes))
}

fn big(bytes: &[u8]) -> Value {
    let text = BigUint::from_bytes_be(bytes).to_string();
    Number::from_text(&text).map_or(Value::Null, Value::Number)
}

fn list(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::from(items) }
}

pub(super) fn oid(oid: &Oid<'_>) -> Value {
    let arcs = oid.iter().map(|arcs| arcs.map(Value::from).collect::<Vec<_>>());
    arcs.map_or(Value::Null, Value::from)
}

/// The value of a certificate.
pub(super) fn certificate(member: &Member<'_>) -> Value {
    let certificate = &member.certificate;
    let mut out = ObjectBuilder::new();
    let info = certificate.public_key();
    out.push_str("Raw", base64_of(member.raw));
    out.push_str("RawTBSCertificate", base64_of(certificate.tbs_certificate.as_ref()));
    out.push_str("RawSubjectPublicKeyInfo", base64_of(info.raw));
    out.push_str("RawSubject", base64_of(certificate.subject().as_raw()));
    out.push_str("RawIssuer", base64_of(certificate.issuer().as_raw()));
    out.push_str("Signature", base64_of(&certificate.signature_value.data));
    out.push_str("SignatureAlgorithm", signature_algorithm(&certificate.signature_algorithm));
    let (algorithm, key) = public_key(info);
    out.push_str("PublicKeyAlgorithm", algorithm);
    out.push_str("PublicKey", key);
    out.push_str("Version", i64::from(certificate.version().0) + 1);
    out.push_str("SerialNumber", big(certificate.raw_serial()));
    out.push_str("Issuer", name(certificate.issuer()));
    out.push_str("Subject", name(certificate.subject()));
    out.push_str("NotBefore", instant(certificate.validity().not_before.timestamp()));
    out.push_str("NotAfter", instant(certificate.validity().not_after.timestamp()));
    out.push_str("Extensions", extensions(certificate.extensions()));
    out.push_str("ExtraExtensions", Value::Null);
    let found = Extensions::of(certificate);
    rights(found, &mut out);
    identifiers(found, &mut out);
    places(found, &mut out);
    policies(found, &mut out);
    constrained_names(found, &mut out);
    alternative_names(found.alternative_names().unwrap_or_default(), &mut out);
    out.push_str("UnhandledCriticalExtensions", list(found.beyond_us().map(oid).collect()));
    out.build_last_wins().into()
}

/// Extensions as they are, unread.
pub(super) fn extensions(extensions: &[X509Extension<'_>]) -> Value {
    let value = |it: &X509Extension<'_>| {
        let mut out = ObjectBuilder::new();
        out.push_str("Id", oid(&it.oid));
        out.push_str("Critical", it.critical);
        out.push_str("Value", base64_of(it.value));
        Value::Object(out.build_last_wins())
    };
    list(extensions.iter().map(value).collect())
}

/// What the key may be used for.
fn rights(extensions: Extensions<'_>, out: &mut ObjectBuilder) {
    let basic = extensions.basic_constraints();
    let most = basic.map(|it| it.path_len_constraint.map_or(-1, i64::from));
    out.push_str("BasicConstraintsValid", basic.is_some());
    out.push_str("IsCA", basic.is_some_and(|it| it.ca));
    out.push_str("MaxPathLen", most.unwrap_or(0));
    out.push_str("MaxPathLenZero", most == Some(0));
    out.push_str("KeyUsage", extensions.key_usage().map_or(0, |it| i64::from(it.flags)));
    let usages = extensions.usages();
    out.push_str("ExtKeyUsage", list(usages.known.iter().map(|it| it.0.into()).collect()));
    out.push_str("UnknownExtKeyUsage", list(usages.unknown.iter().map(oid).collect()));
}

fn identifiers(extensions: Extensions<'_>, out: &mut ObjectBuilder) {
    out.push_str("SubjectKeyId", extensions.subject_key().map_or(Value::Null, base64_of));
    out.push_str("AuthorityKeyId", extensions.authority_key().map_or(Value::Null, base64_of));
}

/// Where to ask about the certificate.
fn places(extensions: Extensions<'_>, out: &mut ObjectBuilder) {
    const OCSP: &str = "1.3.6.1.5.5.7.48.1";
    const ISSUERS: &str = "1.3.6.1.5.5.7.48.2";
    let (mut lists, mut ocsp, mut issuers) = (Vec::new(), Vec::new(), Vec::new());
    for extension in extensions.0 {
        match extension.parsed_extension() {
            ParsedExtension::CRLDistributionPoints(points) => {
                let full = points.points.iter().filter_map(|it| match &it.distribution_point {
                    Some(DistributionPointName::FullName(names)) => Some(names),
                    _ => None,
                });
                lists.extend(full.flatten().filter_map(uri));
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for it in &access.accessdescs {
                    match it.access_method.to_id_string().as_str() {
                        OCSP => ocsp.extend(uri(&it.access_location)),
                        ISSUERS => issuers.extend(uri(&it.access_location)),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    out.push_str("CRLDistributionPoints", list(lists));
    out.push_str("OCSPServer", list(ocsp));
    out.push_str("IssuingCertificateURL", list(issuers));
}

fn uri(name: &GeneralName<'_>) -> Option<Value> {
    if let GeneralName::URI(it) = name { Some((*it).into()) } else { None }
}

/// Policies of certificates; those that constrain others are not read, and show as extensions that were not understood.
fn policies(extensions: Extensions<'_>, out: &mut ObjectBuilder) {
    let found = extensions.0.iter().find_map(|it| match it.parsed_extension() {
        ParsedExtension::CertificatePolicies(it) => Some(it),
        _ => None,
    });
    let ids: Vec<&Oid<'_>> = found.into_iter().flatten().map(|it| &it.policy_id).collect();
    out.push_str("PolicyIdentifiers", list(ids.iter().map(|it| oid(it)).collect()));
    out.push_str("Policies", list(ids.iter().map(|it| it.to_id_string().into()).collect()));
    out.push_str("PolicyMappings", Value::Null);
    for name in ["InhibitAnyPolicy", "InhibitPolicyMapping", "RequireExplicitPolicy"] {
        out.push_str(name, 0_i64);
        out.push_str(format!("{name}Zero"), false);
    }
}

fn constrained_names(extensions: Extensions<'_>, out: &mut ObjectBuilder) {
    let constraints = extensions.name_constraints();
    let critical = |it: &X509Extension<'_>| {
        it.critical && matches!(it.parsed_extension(), ParsedExtension::NameConstraints(_))
    };
    out.push_str("PermittedDNSDomainsCritical", extensions.0.iter().any(critical));
    let permitted = constraints.and_then(|it| it.permitted_subtrees.as_deref());
    let excluded = constraints.and_then(|it| it.excluded_subtrees.as_deref());
    for (side, subtrees) in [("Permitted", permitted), ("Excluded", excluded)] {
        let (mut dns, mut email, mut ip, mut uri) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for subtree in subtrees.unwrap_or_default() {
            match &subtree.base {
                GeneralName::DNSName(it) => dns.push(Value::from(*it)),
                GeneralName::RFC822Name(it) => email.push(Value::from(*it)),
                GeneralName::URI(it) => uri.push(Value::from(*it)),
                GeneralName::IPAddress(it) => ip.extend(network(it)),
                _ => {}
            }
        }
        for (kind, names) in
            [("DNSDomains", dns), ("EmailAddresses", email), ("IPRanges", ip), ("URIDomains", uri)]
        {
            out.push_str(format!("{side}{kind}"), list(names));
        }
    }
}

/// An address and its mask.
fn network(bytes: &[u8]) -> Option<Value> {
    let (address, mask) = bytes.split_at(bytes.len() / 2);
    let mut out = ObjectBuilder::new();
    out.push_str("IP", address_of(address)?.to_string());
    out.push_str("Mask", base64_of(mask));
    Some(out.build_last_wins().into())
}

/// The names of the subject, by their kinds.
pub(super) fn alternative_names(names: &[GeneralName<'_>], out: &mut ObjectBuilder) {
    let (mut dns, mut email, mut ip, mut uri) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match name {
            GeneralName::DNSName(it) => dns.push(Value::from(*it)),
            GeneralName::RFC822Name(it) => email.push(Value::from(*it)),
            GeneralName::URI(it) => uri.push(*it),
            GeneralName::IPAddress(it) => ip.extend(address_of(it).map(|it| Value::from(it.to_string()))),
            _ => {}
        }
    }
    out.push_str("DNSNames", list(dns));
    out.push_str("EmailAddresses", list(email));
    out.push_str("IPAddresses", list(ip));
    out.push_str("URIs", list(uri.iter().filter_map(|it| uri_parts(it)).collect()));
    out.push_str("URIStrings", list(uri.into_iter().map(Value::from).collect()));
}

/// A URI in the parts of Go's `url.URL`.
fn uri_parts(text: &str) -> Option<Value> {
    let uri = Uri::of(text)?;
    let opaque = uri.authority.is_none() && !uri.scheme.is_empty() && !uri.path.starts_with('/');
    let path = if opaque { "" } else { uri.path };
    let plain = |it: &str| Some(String::from_utf8_lossy(&decoded(it)?).into_owned());
    let has_user = uri.authority.is_some_and(|it| it.contains('@'));
    let (decoded_path, fragment) = (plain(path)?, uri.fragment.unwrap_or_default());
    let mut out = ObjectBuilder::new();
    out.push_str("Scheme", uri.scheme.to_ascii_lowercase());
    out.push_str("Opaque", if opaque { uri.path } else { "" });
    out.push_str("User", if has_user { Object::new().into() } else { Value::Null });
    out.push_str("Host", uri.host());
    out.push_str("RawPath", if escaped_path(&decoded_path) == path { "" } else { path });
    out.push_str("Path", decoded_path);
    out.push_str("OmitHost", false);
    out.push_str("ForceQuery", uri.query == Some(""));
    out.push_str("RawQuery", uri.query.unwrap_or_default());
    out.push_str("Fragment", plain(fragment)?);
    out.push_str("RawFragment", "");
    Some(out.build_last_wins().into())
}

fn instant(seconds: i64) -> Value {
    let instant = jiff::Timestamp::from_second(seconds).map(|it| it.to_string());
    instant.map_or(Value::Null, Value::from)
}

pub(super) fn name(name: &X509Name<'_>) -> Value {
    let texts = |id: &str| -> Vec<Value> {
        let all = name.iter_attributes().filter(|it| it.attr_type().to_id_string() == id);
        all.filter_map(|it| it.as_str().ok()).map(Value::from).collect()
    };
    let last = |id: &str| texts(id).pop().unwrap_or_else(|| Value::from(""));
    let mut out = ObjectBuilder::new();
    out.push_str("CommonName", last("2.5.4.3"));
    out.push_str("SerialNumber", last("2.5.4.5"));
    for (field, id) in [
        ("Country", "2.5.4.6"),
        ("Locality", "2.5.4.7"),
        ("Province", "2.5.4.8"),
        ("StreetAddress", "2.5.4.9"),
        ("Organization", "2.5.4.10"),
        ("OrganizationalUnit", "2.5.4.11"),
        ("PostalCode", "2.5.4.17"),
    ] {
        out.push_str(field, list(texts(id)));
    }
    let names = name.iter_attributes().map(|it| {
        let mut out = ObjectBuilder::new();
        out.push_str("Type", oid(it.attr_type()));
        out.push_str("Value", it.as_str().map_or(Value::Null, Value::from));
        Value::Object(out.build_last_wins())
    });
    out.push_str("Names", list(names.collect()));
    out.push_str("ExtraNames", Value::Null);
    Value::Object(out.build_last_wins())
}

/// The number that Go's package gives to the algorithm.
pub(super) fn signature_algorithm(algorithm: &AlgorithmIdentifier<'_>) -> i64 {
    match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => 1,
        "1.2.840.113549.1.1.4" => 2,
        "1.2.840.113549.1.1.5" => 3,
        "1.2.840.113549.1.1.11" => 4,
        "1.2.840.113549.1.1.12" => 5,
        "1.2.840.113549.1.1.13" => 6,
        "1.2.840.10040.4.3" => 7,
        "2.16.840.1.101.3.4.3.2" => 8,
        "1.2.840.10045.4.1" => 9,
        "1.2.840.10045.4.3.2" => 10,
        "1.2.840.10045.4.3.3" => 11,
        "1.2.840.10045.4.3.4" => 12,
        "1.3.101.112" => 16,
        _ => 0,
    }
}

/// Go's number of the key's kind, and the key.
pub(super) fn public_key(info: &SubjectPublicKeyInfo<'_>) -> (i64, Value) {
    let mut out = ObjectBuilder::new();
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => {
            out.push_str("N", big(key.modulus));
            out.push_str("E", big(key.exponent));
            (1, Value::Object(out.build_last_wins()))
        }
        Ok(PublicKey::EC(point)) => {
            let coordinates = point.data().get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            out.push_str("Curve", Value::Object(Object::new()));
            out.push_str("X", big(x));
            out.push_str("Y", big(y));
            (3, Value::Object(out.build_last_wins()))
        }
        _ if info.algorithm.algorithm.to_id_string() == "1.3.101.112" => {
            (4, base64_of(&info.subject_public_key.data))
        }
        _ => (0, Value::Null),
    }
}

//! Certificates as Go's `x509.Certificate` is written in JSON, which is what policies know. Of the public key only
//! what JSON can say of it: the numbers of RSA, the point of an elliptic curve.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use num_bigint::BigUint;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::Oid;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{SubjectPublicKeyInfo, X509Name};

use crate::rego::value::{Number, Object, ObjectBuilder, Value};

/// Certificates of one text: far more than any chain has.
const MAX_CERTIFICATES: usize = 1000;

/// PEM, or base64 of PEM, or base64 of DER; several one after the other.
pub(super) fn certificates(text: &str) -> Result<Vec<Value>, String> {
    let mut all = Vec::new();
    for der in ders(text)? {
        let mut rest = der.as_slice();
        while !rest.is_empty() {
            let before = rest;
            let (after, certificate) =
                X509Certificate::from_der(rest).map_err(|_| "x509: malformed certificate".to_owned())?;
            rest = after;
            all.push(Value::Object(object(&certificate, &before[..before.len() - after.len()])));
            if all.len() > MAX_CERTIFICATES {
                return Err(format!("x509: more than {MAX_CERTIFICATES} certificates"));
            }
        }
    }
    Ok(all)
}

fn ders(text: &str) -> Result<Vec<Vec<u8>>, String> {
    if text.starts_with("-----BEGIN") {
        return pem_blocks(text.as_bytes());
    }
    let stripped: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\r' | b'\n')).collect();
    let bytes = STANDARD.decode(stripped).map_err(|error| match error {
        base64::DecodeError::InvalidByte(at, _) => format!("illegal base64 data at input byte {at}"),
        _ => format!("illegal base64 data at input byte {}", text.len()),
    })?;
    if bytes.starts_with(b"-----BEGIN") { pem_blocks(&bytes) } else { Ok(vec![bytes]) }
}

fn pem_blocks(bytes: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut blocks = Vec::new();
    for block in Pem::iter_from_buffer(bytes) {
        let block = block.map_err(|_| "x509: malformed certificate".to_owned())?;
        if block.label != "CERTIFICATE" {
            return Err(format!("PEM block type is '{}', expected CERTIFICATE", block.label));
        }
        blocks.push(block.contents);
    }
    Ok(blocks)
}

fn base64_of(bytes: &[u8]) -> Value {
    Value::from(STANDARD.encode(bytes))
}

fn big(bytes: &[u8]) -> Value {
    let text = BigUint::from_bytes_be(bytes).to_string();
    Number::from_text(&text).map_or(Value::Null, Value::Number)
}

fn list(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Null } else { Value::from(items) }
}

fn oid(oid: &Oid<'_>) -> Value {
    let arcs = oid.iter().map(|arcs| arcs.map(Value::from).collect::<Vec<_>>());
    arcs.map_or(Value::Null, Value::from)
}

fn object(certificate: &X509Certificate<'_>, raw: &[u8]) -> Object {
    let mut out = ObjectBuilder::new();
    let info = certificate.public_key();
    out.push_str("Raw", base64_of(raw));
    out.push_str("RawTBSCertificate", base64_of(certificate.tbs_certificate.as_ref()));
    out.push_str("RawSubjectPublicKeyInfo", base64_of(info.raw));
    out.push_str("RawSubject", base64_of(certificate.subject().as_raw()));
    out.push_str("RawIssuer", base64_of(certificate.issuer().as_raw()));
    out.push_str("Signature", base64_of(&certificate.signature_value.data));
    out.push_str("SignatureAlgorithm", signature_algorithm(certificate));
    let (algorithm, key) = public_key(info);
    out.push_str("PublicKeyAlgorithm", algorithm);
    out.push_str("PublicKey", key);
    out.push_str("Version", i64::from(certificate.version().0) + 1);
    out.push_str("SerialNumber", big(certificate.raw_serial()));
    out.push_str("Issuer", name(certificate.issuer()));
    out.push_str("Subject", name(certificate.subject()));
    out.push_str("NotBefore", instant(certificate.validity().not_before.timestamp()));
    out.push_str("NotAfter", instant(certificate.validity().not_after.timestamp()));
    let extensions = certificate.extensions().iter().map(|it| {
        let mut out = ObjectBuilder::new();
        out.push_str("Id", oid(&it.oid));
        out.push_str("Critical", it.critical);
        out.push_str("Value", base64_of(it.value));
        Value::Object(out.build_last_wins())
    });
    out.push_str("Extensions", list(extensions.collect()));
    out.push_str("ExtraExtensions", Value::Null);
    extension_fields(certificate, &mut out);
    out.build_last_wins()
}

/// The fields that extensions fill, with Go's values where a certificate has none.
fn extension_fields(certificate: &X509Certificate<'_>, out: &mut ObjectBuilder) {
    const EMPTY: [&str; 15] = [
        "CRLDistributionPoints",
        "ExcludedDNSDomains",
        "ExcludedEmailAddresses",
        "ExcludedIPRanges",
        "ExcludedURIDomains",
        "IssuingCertificateURL",
        "OCSPServer",
        "PermittedDNSDomains",
        "PermittedEmailAddresses",
        "PermittedIPRanges",
        "PermittedURIDomains",
        "Policies",
        "PolicyIdentifiers",
        "PolicyMappings",
        "UnknownExtKeyUsage",
    ];
    for name in EMPTY {
        out.push_str(name, Value::Null);
    }
    for name in ["DNSNames", "EmailAddresses", "IPAddresses", "URIs", "URIStrings", "ExtKeyUsage"] {
        out.push_str(name, Value::Null);
    }
    for name in ["SubjectKeyId", "AuthorityKeyId", "UnhandledCriticalExtensions"] {
        out.push_str(name, Value::Null);
    }
    for name in
        ["InhibitAnyPolicy", "InhibitPolicyMapping", "RequireExplicitPolicy", "MaxPathLen", "KeyUsage"]
    {
        out.push_str(name, 0_i64);
    }
    for name in [
        "BasicConstraintsValid",
        "InhibitAnyPolicyZero",
        "InhibitPolicyMappingZero",
        "IsCA",
        "MaxPathLenZero",
        "PermittedDNSDomainsCritical",
        "RequireExplicitPolicyZero",
    ] {
        out.push_str(name, false);
    }
    for extension in certificate.extensions() {
        extension_field(extension.parsed_extension(), out);
    }
}

fn extension_field(extension: &ParsedExtension<'_>, out: &mut ObjectBuilder) {
    match extension {
        ParsedExtension::BasicConstraints(it) => {
            out.push_str("BasicConstraintsValid", true);
            out.push_str("IsCA", it.ca);
            out.push_str("MaxPathLen", it.path_len_constraint.map_or(-1, i64::from));
            out.push_str("MaxPathLenZero", it.path_len_constraint == Some(0));
        }
        ParsedExtension::KeyUsage(it) => out.push_str("KeyUsage", i64::from(it.flags)),
        ParsedExtension::SubjectKeyIdentifier(it) => out.push_str("SubjectKeyId", base64_of(it.0)),
        ParsedExtension::AuthorityKeyIdentifier(it) => {
            out.push_str(
                "AuthorityKeyId",
                it.key_identifier.as_ref().map_or(Value::Null, |id| base64_of(id.0)),
            );
        }
        ParsedExtension::ExtendedKeyUsage(it) => {
            let known = [
                (it.any, 0_i64),
                (it.server_auth, 1),
                (it.client_auth, 2),
                (it.code_signing, 3),
                (it.email_protection, 4),
                (it.time_stamping, 8),
                (it.ocsp_signing, 9),
            ];
            let usages = known.iter().filter(|(has, _)| *has).map(|(_, usage)| Value::from(*usage));
            out.push_str("ExtKeyUsage", list(usages.collect()));
            out.push_str("UnknownExtKeyUsage", list(it.other.iter().map(oid).collect()));
        }
        ParsedExtension::SubjectAlternativeName(it) => alternative_names(&it.general_names, out),
        ParsedExtension::CertificatePolicies(it) => {
            out.push_str("PolicyIdentifiers", list(it.iter().map(|info| oid(&info.policy_id)).collect()));
        }
        _ => {}
    }
}

fn alternative_names(names: &[GeneralName<'_>], out: &mut ObjectBuilder) {
    let (mut dns, mut email, mut ip, mut uri) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for name in names {
        match name {
            GeneralName::DNSName(it) => dns.push(Value::from(*it)),
            GeneralName::RFC822Name(it) => email.push(Value::from(*it)),
            GeneralName::URI(it) => uri.push(Value::from(*it)),
            GeneralName::IPAddress(it) => ip.extend(address(it)),
            _ => {}
        }
    }
    out.push_str("DNSNames", list(dns));
    out.push_str("EmailAddresses", list(email));
    out.push_str("IPAddresses", list(ip));
    out.push_str("URIStrings", list(uri));
}

fn address(bytes: &[u8]) -> Option<Value> {
    let four = <[u8; 4]>::try_from(bytes).map(std::net::IpAddr::from);
    let sixteen = <[u8; 16]>::try_from(bytes).map(std::net::IpAddr::from);
    four.or(sixteen).ok().map(|it| Value::from(it.to_string()))
}

fn instant(seconds: i64) -> Value {
    let instant = jiff::Timestamp::from_second(seconds).map(|it| it.to_string());
    instant.map_or(Value::Null, Value::from)
}

fn name(name: &X509Name<'_>) -> Value {
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
fn signature_algorithm(certificate: &X509Certificate<'_>) -> i64 {
    match certificate.signature_algorithm.algorithm.to_id_string().as_str() {
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
fn public_key(info: &SubjectPublicKeyInfo<'_>) -> (i64, Value) {
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

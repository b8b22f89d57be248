//! Requests for certificates (PKCS#10, RFC 2986) as Go's package is written in JSON.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::prelude::FromDer;

use super::super::super::Context;
use super::super::super::operand::{self, Answer, answer, failed};
use super::super::armor::{Armored, unarmored};
use super::extensions::Extensions;
use super::{BYTES_PER_BYTE, BYTES_PER_STEP, json};
use crate::rego::value::{Object, ObjectBuilder, Value};

const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

pub(in super::super) fn parse_certificate_request(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let text = operand::string(args, 1)?;
    context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
    context.budget.steps(text.len() as u64 / BYTES_PER_STEP)?;
    let der = match unarmored(text)? {
        Armored::Der(bytes) => bytes,
        Armored::Blocks(blocks) => match blocks.into_iter().next() {
            Some(block) if LABELS.contains(&block.label.as_str()) => block.contents,
            _ => return failed("invalid PEM-encoded certificate signing request"),
        },
    };
    match X509CertificationRequest::from_der(&der) {
        Ok(([], request)) => answer(object(&request)),
        _ => failed("asn1: structure error: no certificate request"),
    }
}

fn object(request: &X509CertificationRequest<'_>) -> Object {
    let info = &request.certification_request_info;
    let mut out = ObjectBuilder::new();
    out.push_str("Raw", json::base64_of(request.as_raw()));
    out.push_str("RawTBSCertificateRequest", json::base64_of(info.raw));
    out.push_str("RawSubjectPublicKeyInfo", json::base64_of(info.subject_pki.raw));
    out.push_str("RawSubject", json::base64_of(info.subject.as_raw()));
    out.push_str("Version", i64::from(info.version.0));
    out.push_str("Signature", json::base64_of(&request.signature_value.data));
    out.push_str("SignatureAlgorithm", json::signature_algorithm(&request.signature_algorithm));
    let (algorithm, key) = json::public_key(&info.subject_pki);
    out.push_str("PublicKeyAlgorithm", algorithm);
    out.push_str("PublicKey", key);
    out.push_str("Subject", json::name(&info.subject));
    let requested = info.iter_attributes().find_map(|it| match it.parsed_attribute() {
        ParsedCriAttribute::ExtensionRequest(it) => Some(it.extensions.as_slice()),
        _ => None,
    });
    let extensions = requested.unwrap_or_default();
    out.push_str("Attributes", attributes(extensions));
    out.push_str("Extensions", json::extensions(extensions));
    out.push_str("ExtraExtensions", Value::Null);
    json::alternative_names(Extensions(extensions).alternative_names().unwrap_or_default(), &mut out);
    out.build_last_wins()
}

/// Attributes in the form that Go's package keeps for those who knew it first: of extensions only.
fn attributes(extensions: &[x509_parser::extensions::X509Extension<'_>]) -> Value {
    if extensions.is_empty() {
        return Value::Null;
    }
    let inner: Vec<Value> = extensions
        .iter()
        .map(|it| {
            let mut out = ObjectBuilder::new();
            out.push_str("Type", json::oid(&it.oid));
            out.push_str("Value", json::base64_of(it.value));
            Value::Object(out.build_last_wins())
        })
        .collect();
    let mut out = ObjectBuilder::new();
    out.push_str("Type", [1_i64, 2, 840, 113_549, 1, 9, 14].map(Value::from).to_vec());
    out.push_str("Value", vec![Value::from(inner)]);
    vec![Value::Object(out.build_last_wins())].into()
}

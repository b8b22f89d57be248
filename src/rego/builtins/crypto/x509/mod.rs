//! X.509: certificates and requests as policies see them, and chains of certificates (RFC 5280).
//!
//! [`json`] writes a certificate as Go's package does, [`extensions`] reads what the two need of one, [`chain`] and the
//! rest decide whether a chain holds. Reading is the crate `x509-parser`'s, signatures are `aws-lc-rs`'s.

mod chain;
mod constraints;
mod extensions;
mod hostname;
mod json;
mod options;
mod request;
mod signature;

use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::super::operand::{self, Answer, answer, failed};
use super::super::{BuiltinError, Context};
use super::armor::{Armored, unarmored};
use crate::rego::value::Value;

use self::chain::{Chain, Member};
use self::options::Options;

pub(super) use self::request::parse_certificate_request;

/// Certificates of one text: far more than any chain has.
const MAX_CERTIFICATES: usize = 1000;

/// A certificate's value has its bytes several times, in base64, and its keys as text.
const BYTES_PER_BYTE: u64 = 8;

/// Steps for making the value of a certificate of so many bytes: the decimal text of a modulus takes the square of its
/// length, which the bytes do not say.
const BYTES_PER_STEP: u64 = 4;

/// The DER of certificates, and nothing else.
struct Ders(Vec<Vec<u8>>);

impl Ders {
    fn of(context: &mut Context<'_>, text: &str) -> Result<Self, BuiltinError> {
        context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
        context.budget.steps(text.len() as u64 / BYTES_PER_STEP)?;
        match unarmored(text)? {
            Armored::Der(bytes) => Ok(Self(vec![bytes])),
            Armored::Blocks(blocks) => match blocks.iter().find(|it| it.label != "CERTIFICATE") {
                Some(other) => failed(format!("PEM block type is '{}', expected CERTIFICATE", other.label)),
                None => Ok(Self(blocks.into_iter().map(|it| it.contents).collect())),
            },
        }
    }

    /// The certificates, several of which may stand behind each other in one block.
    fn members(&self) -> Result<Vec<Member<'_>>, BuiltinError> {
        let mut members = Vec::new();
        for der in &self.0 {
            let mut rest = der.as_slice();
            while !rest.is_empty() {
                let member;
                (member, rest) = Self::first(rest)?;
                members.push(member);
                if members.len() > MAX_CERTIFICATES {
                    return failed(format!("x509: more than {MAX_CERTIFICATES} certificates"));
                }
            }
        }
        Ok(members)
    }

    fn first(der: &[u8]) -> Result<(Member<'_>, &[u8]), BuiltinError> {
        let Ok((rest, certificate)) = X509Certificate::from_der(der) else {
            return failed("x509: malformed certificate");
        };
        if certificate.signature_algorithm != certificate.tbs_certificate.signature {
            return failed("x509: inner and outer signature algorithm identifiers don't match");
        }
        if certificate.extensions_map().is_err() {
            return failed("x509: certificate contains duplicate extensions");
        }
        Ok((Member { raw: &der[..der.len() - rest.len()], certificate }, rest))
    }
}

pub(super) fn parse_certificates(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let ders = Ders::of(context, operand::string(args, 1)?)?;
    answer(ders.members()?.iter().map(json::certificate).collect::<Vec<_>>())
}

pub(super) fn parse_and_verify(context: &mut Context<'_>, args: &[Value]) -> Answer {
    verified(context, operand::string(args, 1)?, || Ok(Options::default()))
}

pub(super) fn parse_and_verify_with_options(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (text, wanted) = (operand::string(args, 1)?, operand::object(args, 2)?);
    verified(context, text, || Options::of(wanted))
}

/// Whether the certificates are a chain from the first one, which is trusted, to the last one; and the chain, the last
/// one first. Everything that cannot be read or decided is no chain.
fn verified(
    context: &mut Context<'_>,
    text: &str,
    options: impl FnOnce() -> Result<Options, BuiltinError>,
) -> Answer {
    let none = || answer(vec![false.into(), Vec::<Value>::new().into()]);
    let ders = match Ders::of(context, text) {
        Err(BuiltinError::Exceeded(it)) => return Err(it.into()),
        Err(_) => return none(),
        Ok(ders) => ders,
    };
    let Ok(members) = ders.members() else { return none() };
    let options = options()?;
    let Some(found) = Chain::find(context, &members, &options)? else { return none() };
    let shown: Vec<Value> = found.members().map(json::certificate).collect();
    answer(vec![true.into(), shown.into()])
}

/// The value of one certificate of a pair of certificate and key.
pub(super) fn leaf(der: &[u8]) -> Result<Value, BuiltinError> {
    Ok(json::certificate(&Ders::first(der)?.0))
}

/// The key that the certificate speaks of, as the DER of its `SubjectPublicKeyInfo`.
pub(super) fn public_key_of(der: &[u8]) -> Result<Vec<u8>, BuiltinError> {
    Ok(Ders::first(der)?.0.certificate.public_key().subject_public_key.data.to_vec())
}

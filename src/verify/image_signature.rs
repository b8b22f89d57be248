//! Did somebody trusted sign the image? One good signature is enough; the others are passed over, and counted.

use super::encoding::{self, NotBase64};
use super::rejection::{PassedOver, Rejection};
use super::simple_signing::{self, BadClaim};
use crate::fetch::Layer;
use crate::model::{Digest, EntitySignature};
use crate::trust::{BadSignature, PublicKey};

/// Where cosign keeps the signature over a layer.
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";

/// Why a layer is no signature of the image.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadSignatureLayer {
    /// Nothing to verify.
    #[error("the layer has no signature")]
    Unsigned,
    /// The annotation's text.
    #[error("the signature is not base64: {0}")]
    Encoding(#[from] NotBase64),
    /// Of another key, or over other bytes.
    #[error("{0}")]
    Signature(#[from] BadSignature),
    /// It speaks of something else.
    #[error("{0}")]
    Claim(#[from] BadClaim),
}

/// The signatures that hold, in the order of the layers.
pub(super) fn check(
    layers: &[Layer],
    image: &Digest,
    key: &PublicKey,
) -> Result<(Vec<EntitySignature>, PassedOver), Rejection> {
    let mut verified = Vec::new();
    let mut passed_over = PassedOver::default();
    for layer in layers {
        match verify(layer, image, key) {
            Ok(signature) => verified.push(signature),
            Err(why) => passed_over.push(&why.to_string()),
        }
    }
    if verified.is_empty() { Err(Rejection::no_signature(passed_over)) } else { Ok((verified, passed_over)) }
}

fn verify(layer: &Layer, image: &Digest, key: &PublicKey) -> Result<EntitySignature, BadSignatureLayer> {
    let sig = layer.descriptor.annotations.get(SIGNATURE).filter(|it| !it.is_empty());
    let sig = sig.ok_or(BadSignatureLayer::Unsigned)?;
    key.verify(&layer.bytes, &encoding::standard(sig)?)?;
    simple_signing::check(&layer.bytes, image)?;
    Ok(EntitySignature { sig: sig.clone(), ..EntitySignature::default() })
}

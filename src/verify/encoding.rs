//! Base64 as signed material uses it: RFC 4648 with padding, no line breaks, no stray bits. Two texts never stand
//! for the same bytes, so what a report quotes is what was verified.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// A text is not base64.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("illegal base64 data")]
pub struct NotBase64;

/// The standard alphabet, for annotations.
pub(super) fn standard(text: &str) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode(text).map_err(|_| NotBase64)
}

/// Either alphabet, as DSSE allows (<https://github.com/secure-systems-lab/dsse/blob/v1.0.2/envelope.md>).
pub(super) fn either(text: &str) -> Result<Vec<u8>, NotBase64> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).map_err(|_| NotBase64)
}

//! PEM (RFC 7468), as far as a public key needs it: exactly one block; text around it is for people.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::BadKey;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Characters of base64 in a line (RFC 7468, section 2).
const LINE: usize = 64;

/// The bytes of the only block, which must bear `label`.
pub(super) fn decode(text: &str, label: &str) -> Result<Vec<u8>, BadKey> {
    let (_, after_begin) = text.split_once(BEGIN).ok_or(BadKey::NoPem)?;
    let (found, body) = after_begin.split_once(DASHES).ok_or(BadKey::NoPem)?;
    let (body, after_end) = body.split_once(END).ok_or(BadKey::NoPem)?;
    let (closing, rest) = after_end.split_once(DASHES).ok_or(BadKey::NoPem)?;
    if found != label {
        return Err(BadKey::OtherBlock { label: found.chars().take(64).collect() });
    }
    if closing != label {
        return Err(BadKey::NoPem);
    }
    if rest.contains(BEGIN) {
        return Err(BadKey::SeveralBlocks);
    }
    let packed: String = body.split_ascii_whitespace().collect();
    STANDARD.decode(packed).map_err(|_| BadKey::NotBase64)
}

/// The block of the bytes.
pub(super) fn encode(bytes: &[u8], label: &str) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = format!("{BEGIN}{label}{DASHES}\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out + END + label + DASHES + "\n"
}

//! Texts that hold DER (X.690): PEM (RFC 7468), base64 of PEM, base64 of DER.

use x509_parser::pem::Pem;

use super::super::BuiltinError;
use super::super::encoding::base64_standard;

const BEGIN: &[u8] = b"-----BEGIN";

/// Blocks of one text: far more than any chain or ring of keys has.
const MAX_BLOCKS: usize = 1000;

/// What a text holds.
pub(super) enum Armored {
    /// Blocks with their labels, in order. What stands between them, and blocks that are cut or no base64, are skipped.
    Blocks(Vec<Pem>),
    /// Bytes without a label.
    Der(Vec<u8>),
}

/// Takes the armour off.
///
/// # Errors
/// Text that is neither PEM nor base64, and more than [`MAX_BLOCKS`] blocks.
pub(super) fn unarmored(text: &str) -> Result<Armored, BuiltinError> {
    if text.as_bytes().starts_with(BEGIN) {
        return blocks(text.as_bytes());
    }
    let bytes = base64_standard(text)?;
    if bytes.starts_with(BEGIN) { blocks(&bytes) } else { Ok(Armored::Der(bytes)) }
}

fn blocks(bytes: &[u8]) -> Result<Armored, BuiltinError> {
    let blocks: Vec<Pem> = Pem::iter_from_buffer(bytes).filter_map(Result::ok).take(MAX_BLOCKS + 1).collect();
    if blocks.len() > MAX_BLOCKS {
        return Err(BuiltinError::Failed(format!("more than {MAX_BLOCKS} PEM blocks")));
    }
    Ok(Armored::Blocks(blocks))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Result<Vec<String>, String> {
        match unarmored(text).map_err(|it| it.to_string())? {
            Armored::Blocks(blocks) => Ok(blocks.into_iter().map(|it| it.label).collect()),
            Armored::Der(bytes) => Ok(vec![format!("{} bytes", bytes.len())]),
        }
    }

    #[test]
    fn armour_is_pem_or_base64_of_it_or_of_der() {
        let pem =
            "-----BEGIN A B-----\nAAAA\n-----END A B-----\nnoise\n-----BEGIN C-----\n!\n-----END C-----\n";
        assert_eq!(labels(pem), Ok(vec!["A B".to_owned()]));
        assert_eq!(labels("LS0tLS1CRUdJTiBYLS0tLS0KQUFBQQotLS0tLUVORCBYLS0tLS0="), Ok(vec!["X".to_owned()]));
        assert_eq!(labels("AA\nAA"), Ok(vec!["3 bytes".to_owned()]));
        assert_eq!(labels("x"), Err("illegal base64 data at input byte 0".to_owned()));
    }

    #[test]
    fn a_block_that_is_cut_is_no_block() {
        assert_eq!(labels("-----BEGIN A-----\nAAAA"), Ok(Vec::new()));
    }
}

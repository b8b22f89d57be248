//! Why a run cannot start for lack of trust material. All of these end in exit status 2.

use std::path::PathBuf;

/// Trust material that is missing, unusable, or of a kind that is not offered.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file of the key cannot be read.
    #[error("the public key {} cannot be read: {source}", path.display())]
    Unreadable {
        /// As given.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It was read, and is no key that can be used.
    #[error("no usable public key in {origin}: {why}")]
    BadKey {
        /// The file, or where the text stands.
        origin: String,
        /// What is wrong with it.
        why: BadKey,
    },
    /// Neither a key nor a whole identity.
    #[error("{}", .0.join("\n"))]
    NoIdentity(Vec<&'static str>),
    /// The policy asks for something that this version does not verify.
    #[error("{0}")]
    NotOffered(NotOffered),
}

/// Ways to establish trust that are known, and not offered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOffered {
    /// A key, without `--ignore-rekor`.
    #[error(
        "entries of a transparency log are not verified yet; with --ignore-rekor signatures are verified without them"
    )]
    TransparencyLog,
    /// No key: certificates.
    #[error(
        "keyless verification (by certificate identity and issuer) is not available yet; give a public key"
    )]
    Keyless,
    /// A key kept by a service.
    #[error("public keys at {scheme:?} are not available yet; give the key as a file or as PEM text")]
    KeyReference {
        /// What stands before the colon.
        scheme: String,
    },
}

/// Why a text is not a public key that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// No block between `BEGIN` and `END` lines.
    #[error("there is no PEM block in it")]
    NoPem,
    /// Which of them should it be?
    #[error("there are several PEM blocks in it; exactly one public key is expected")]
    SeveralBlocks,
    /// A certificate, a private key, …
    #[error("it holds {label:?}, not \"PUBLIC KEY\"")]
    OtherBlock {
        /// What the `BEGIN` line says.
        label: String,
    },
    /// The text within the block.
    #[error("its text is not base64")]
    NotBase64,
    /// Not the structure of RFC 5280, section 4.1.
    #[error("it is no SubjectPublicKeyInfo")]
    NotSubjectPublicKeyInfo,
    /// DSA, X25519, a curve that is not of NIST's three, …
    #[error(
        "keys of the algorithm {oid} are not supported: ECDSA on P-256, P-384 and P-521, RSA and Ed25519 are"
    )]
    Algorithm {
        /// Of the algorithm, or of the curve.
        oid: String,
    },
    /// Can be factored, or is absurd.
    #[error("RSA keys of {bits} bits are refused: 2048 to 8192 are allowed")]
    RsaSize {
        /// Of the modulus.
        bits: usize,
    },
    /// A point that is not on its curve, an even modulus, a wrong length.
    #[error("its {key_type} key is malformed")]
    Malformed {
        /// What it says it is.
        key_type: &'static str,
    },
    /// No key is that large.
    #[error("it has more than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
}

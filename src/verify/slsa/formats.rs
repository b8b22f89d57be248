//! The formats that both predicates share.

use crate::verify::node::{Node, Nonconforming, Problem};

/// Digest algorithms of SLSA v0.2.
pub(super) const ALGORITHMS: [&str; 19] = [
    "sha256",
    "sha224",
    "sha384",
    "sha512",
    "sha512_224",
    "sha512_256",
    "sha3_224",
    "sha3_256",
    "sha3_384",
    "sha3_512",
    "shake128",
    "shake256",
    "blake2b",
    "blake2s",
    "ripemd160",
    "sm3",
    "gost",
    "sha1",
    "md5",
];

/// A map from algorithm to lower-case hexadecimal digits.
pub(super) fn digest_set(node: &Node<'_>, algorithms: &[&str]) -> Result<(), Nonconforming> {
    for (algorithm, digest) in node.fields()?.iter() {
        if !algorithms.contains(&algorithm) {
            return Err(node.wrong(Problem::Algorithm(algorithm.to_owned())));
        }
        let text = digest.text()?;
        if text.is_empty() || !text.bytes().all(|it| matches!(it, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(digest.wrong(Problem::NotA("lower-case hexadecimal")));
        }
    }
    Ok(())
}

/// An instant as RFC 3339 writes it, in UTC (`Z`).
pub(super) fn timestamp(node: &Node<'_>) -> Result<(), Nonconforming> {
    let text = node.text()?;
    if is_timestamp(&text) { Ok(()) } else { Err(node.wrong(Problem::NotA("an RFC 3339 time in UTC"))) }
}

fn is_timestamp(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else { return false };
    let Some(time) = time.strip_suffix('Z') else { return false };
    let (clock, fraction) = match time.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (time, None),
    };
    let digits = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    let shape = |text: &str, separator: char, widths: [usize; 3]| {
        let parts: Vec<&str> = text.split(separator).collect();
        parts.len() == 3 && parts.iter().zip(widths).all(|(part, width)| part.len() == width && digits(part))
    };
    shape(date, '-', [4, 2, 2])
        && shape(clock, ':', [2, 2, 2])
        && fraction.is_none_or(digits)
        && format!("{date}T{clock}Z").parse::<jiff::Timestamp>().is_ok()
}

/// A URI with a scheme (RFC 3986).
pub(super) fn uri(node: &Node<'_>) -> Result<(), Nonconforming> {
    let text = node.text()?;
    if is_uri(&text) { Ok(()) } else { Err(node.wrong(Problem::NotA("a URI"))) }
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_is_good = scheme.starts_with(|it: char| it.is_ascii_alphabetic())
        && scheme.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'+' | b'-' | b'.'));
    let bytes = rest.as_bytes();
    let escapes_are_good = bytes.iter().enumerate().all(|(at, byte)| {
        *byte != b'%' || bytes.get(at + 1..at + 3).is_some_and(|it| it.iter().all(u8::is_ascii_hexdigit))
    });
    scheme_is_good && escapes_are_good && !rest.contains(|it: char| it.is_control() || it.is_whitespace())
}

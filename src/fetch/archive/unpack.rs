//! Unpacking by what the bytes say they are, bounded.

use std::io::{self, Read};

use bytes::{Buf, Bytes};

use super::ArchiveError;

/// What the first bytes tell.
enum Packing {
    Gzip,
    Zstd,
    None,
}

fn packing(bytes: &[u8]) -> Packing {
    match bytes {
        [0x1f, 0x8b, ..] => Packing::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Packing::Zstd,
        _ => Packing::None,
    }
}

/// Reads the unpacked bytes; gzip and zstd are unpacked, anything else is passed on.
pub(super) fn reader(bytes: &Bytes) -> Result<Box<dyn Read + '_>, ArchiveError> {
    let plain = bytes.clone().reader();
    Ok(match packing(bytes) {
        Packing::Gzip => Box::new(flate2::read::MultiGzDecoder::new(plain)),
        Packing::Zstd => Box::new(
            ruzstd::decoding::StreamingDecoder::new(plain)
                .map_err(|error| ArchiveError::Malformed(error.to_string()))?,
        ),
        Packing::None => Box::new(plain),
    })
}

/// The unpacked bytes, no more than `cap` of them.
///
/// # Errors
/// [`ArchiveError`]
pub fn plain(bytes: &Bytes, cap: u64) -> Result<Bytes, ArchiveError> {
    let too_large = ArchiveError::TooLarge { what: "content", cap };
    if matches!(packing(bytes), Packing::None) {
        return if bytes.len() as u64 > cap { Err(too_large) } else { Ok(bytes.clone()) };
    }
    let mut unpacked = Vec::new();
    let taken = reader(bytes)?.take(cap.saturating_add(1)).read_to_end(&mut unpacked);
    taken.map_err(|error| ArchiveError::Malformed(error.to_string()))?;
    if unpacked.len() as u64 > cap {
        return Err(too_large);
    }
    Ok(unpacked.into())
}

/// Counts what is read, and stops at the bound.
pub(super) struct Counted<'a, R> {
    pub(super) inner: R,
    pub(super) left: &'a mut u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let left = self.left.checked_sub(count as u64);
        *self.left = left.unwrap_or_default();
        left.map(|_| count).ok_or_else(|| io::Error::other(Exceeded))
    }
}

/// The bound was reached; told apart from the faults of an archive.
#[derive(Debug, thiserror::Error)]
#[error("the bound is reached")]
pub(super) struct Exceeded;

pub(super) fn is_exceeded(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| {
        inner.is::<Exceeded>() || inner.downcast_ref::<io::Error>().is_some_and(is_exceeded)
    })
}

//! Archives in memory: compressed or plain tar, never unpacked to disk. Only regular files that were asked for by
//! name or folder are kept, each and all of them bounded, so that no link, device or path can do anything.

mod entries;
mod flatten;
mod unpack;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;

use crate::model::failure::StageError;
use crate::model::{FailureKind, Limits};

pub use flatten::flattened;
pub use unpack::plain;

/// Content of files by path, as in the archive.
pub type Files = BTreeMap<String, Bytes>;

/// How much an archive may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Unpacked bytes of all archives of a call together.
    pub unpacked: u64,
    /// Bytes of a file that is kept.
    pub file: u64,
    /// Bytes of all names and contents that are kept.
    pub kept: u64,
    /// Entries of all archives of a call together.
    pub entries: usize,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self {
            unpacked: limits.unpacked_bytes,
            file: limits.file_bytes,
            kept: limits.document_bytes,
            entries: limits.archive_entries,
        }
    }
}

/// Why an archive cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// Not the archive that it should be.
    #[error("archive: {0}")]
    Malformed(String),
    /// Unpacks to more than allowed, or a file in it does.
    #[error("archive: {what} larger than {cap} bytes")]
    TooLarge {
        /// Which bound.
        what: &'static str,
        /// The bound.
        cap: u64,
    },
    /// More entries than allowed.
    #[error("archive: more than {0} entries")]
    TooMany(usize),
}

impl From<ArchiveError> for StageError {
    fn from(error: ArchiveError) -> Self {
        let kind = match error {
            ArchiveError::Malformed(_) => FailureKind::Malformed,
            ArchiveError::TooLarge { .. } | ArchiveError::TooMany(_) => FailureKind::TooLarge,
        };
        Self::new(kind, error.to_string())
    }
}

/// Counts what is kept.
struct Kept {
    left: u64,
    cap: u64,
}

impl Kept {
    fn new(bounds: Bounds) -> Self {
        Self { left: bounds.kept, cap: bounds.kept }
    }

    fn keep(&mut self, bytes: u64) -> Result<(), ArchiveError> {
        let too_large = ArchiveError::TooLarge { what: "files together", cap: self.cap };
        self.left = self.left.checked_sub(bytes).ok_or(too_large)?;
        Ok(())
    }
}

/// The regular files of an archive with exactly these names.
///
/// # Errors
/// [`ArchiveError`], also where a file that was asked for is beyond its bound.
pub fn named(archive: &Bytes, names: &BTreeSet<String>, bounds: Bounds) -> Result<Files, ArchiveError> {
    let mut files = Files::new();
    let (mut left, mut kept) = (bounds, Kept::new(bounds));
    entries::each(archive, &mut left, bounds, |entry| {
        if entry.is_file() && names.contains(entry.name()) {
            kept.keep(entry.size())?;
            files.insert(entry.name().to_owned(), entry.content(bounds.file)?);
        }
        Ok(())
    })?;
    Ok(files)
}

#[cfg(test)]
mod tests;

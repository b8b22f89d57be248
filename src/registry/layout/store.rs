//! The blobs of layouts: files named by their digest, which is checked whenever one is read.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::model::Digest;
use crate::registry::{BlobId, Cause};

/// Where blobs may lie.
pub(super) struct Store(Vec<PathBuf>);

impl Store {
    /// The blobs of these layouts.
    pub(super) fn of(dirs: &[PathBuf]) -> Self {
        Self(dirs.iter().map(|dir| dir.join("blobs").join("sha256")).collect())
    }

    /// The blob, from the first folder that has it.
    pub(super) fn read(&self, blob: &BlobId, cap: u64) -> Result<Bytes, Cause> {
        let name = blob.digest.hex();
        for folder in &self.0 {
            let path = folder.join(&name);
            // Looked at before it is opened, since opening a pipe would wait for ever.
            match path.metadata() {
                Ok(facts) if !facts.is_file() => {
                    return Err(Cause::Malformed(format!("blob {name} is not a file")));
                }
                Ok(facts) => return read(&path, facts.len(), blob, cap),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(Cause::Malformed(format!("blob {name}: {error}"))),
            }
        }
        Err(Cause::Absent)
    }
}

fn read(path: &Path, size: u64, blob: &BlobId, cap: u64) -> Result<Bytes, Cause> {
    let broken = |error: std::io::Error| Cause::Malformed(format!("blob {}: {error}", blob.digest));
    if let Some(expected) = blob.size.filter(|it| *it != size) {
        return Err(Cause::WrongSize { expected, found: size });
    }
    if size > cap {
        return Err(Cause::TooLarge { cap, size: Some(size) });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    File::open(path)
        .and_then(|file| file.take(cap.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(broken)?;
    if bytes.len() as u64 > cap {
        return Err(Cause::TooLarge { cap, size: None });
    }
    let found = Digest::of(&bytes);
    if found != blob.digest {
        return Err(Cause::WrongDigest { expected: blob.digest, found });
    }
    Ok(bytes.into())
}

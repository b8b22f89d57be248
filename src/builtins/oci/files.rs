//! `ec.oci.blob_files` and `ec.oci.image_files`: YAML and JSON files out of archives, as values by path.

use bytes::Bytes;

use super::{Found, Host, HostCall, NoAnswer, StageError, Work, names, pinned, ready};
use crate::builtins::Reply;
use crate::fetch::archive::{self, ArchiveError, Bounds, Files};
use crate::model::{FailureKind, ImageRef, PinnedRef};
use crate::rego::value::{Object, ObjectBuilder, ReadLimits, Value, yaml};

/// The first bytes of gzip (RFC 1952) and of zstd (RFC 8878).
const COMPRESSED: [&[u8]; 2] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];

pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    COMPRESSED.iter().any(|magic| bytes.starts_with(magic))
}

impl Host {
    pub(super) async fn blob_files(&self, call: &HostCall) -> Found<Work> {
        let (blob, names) = (pinned(call)?, names(call)?);
        let bytes = self.bytes(&blob, self.limits.layer_bytes).await?;
        let bounds = Bounds::from(&self.limits);
        Ok(Box::new(move || read(archive::named(&bytes, &names, bounds), &blob)))
    }

    pub(super) async fn image_files(&self, call: &HostCall) -> Found<Work> {
        let (image, folders) = (pinned(call)?, names(call)?);
        let (at, manifest) = self.image(&ImageRef::Pinned(image)).await?;
        if folders.is_empty() {
            return Ok(ready(Value::Null));
        }
        let total: u64 = manifest.layers.iter().fold(0, |sum, it| sum.saturating_add(it.size));
        if total > self.limits.layer_bytes {
            let message = format!("{total} bytes of layers, more than {}", self.limits.layer_bytes);
            return Err(NoAnswer::Failed(StageError::new(FailureKind::TooLarge, message).at(at)));
        }
        let mut layers: Vec<Bytes> = Vec::new();
        for layer in &manifest.layers {
            layers.push(self.bytes(&at.repository.pin(layer.digest), self.limits.layer_bytes).await?);
        }
        let (bounds, folders) = (Bounds::from(&self.limits), Vec::from_iter(folders));
        Ok(Box::new(move || read(archive::flattened(&layers, &folders, bounds), &at)))
    }
}

/// What is no archive has no files; what is too large is nobody's absence.
fn read(files: Result<Files, ArchiveError>, at: &PinnedRef) -> Reply {
    match files {
        Ok(files) => values(&files).map(|it| Some(Value::Object(it))).map_err(|error| error.at(at)),
        Err(ArchiveError::Malformed(_)) => Ok(None),
        Err(error) => Err(StageError::from(error).at(at)),
    }
}

/// What is neither YAML nor JSON is left out. What is beyond a limit may be either.
fn values(files: &Files) -> Result<Object, StageError> {
    let mut out = ObjectBuilder::new();
    for (path, bytes) in files {
        match yaml::read(bytes, &ReadLimits::default()) {
            Ok(value) => out.push_str(path.as_str(), value),
            Err(error) if error.kind.is_limit() => {
                return Err(StageError::new(FailureKind::TooLarge, format!("{path}: {}", error.kind)));
            }
            Err(_) => {}
        }
    }
    Ok(out.build_last_wins())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_neither_is_left_out_and_one_beyond_a_limit_is_not() {
        let files =
            |text: &str| Files::from([("a.yaml".to_owned(), Bytes::copy_from_slice(text.as_bytes()))]);
        assert_eq!(values(&files("a: 1")).unwrap().len(), 1);
        assert_eq!(values(&files("a: [")).unwrap().len(), 0);
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert_eq!(values(&files(&deep)).unwrap_err().kind, FailureKind::TooLarge);
    }
}

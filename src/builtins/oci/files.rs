//! `ec.oci.blob_files` and `ec.oci.image_files`: YAML and JSON files out of archives, as values by path.

use std::sync::Arc;

use bytes::Bytes;

use super::{Found, Host, HostCall, NoAnswer, StageError, Work, names, pinned, ready};
use crate::builtins::room::fitted;
use crate::builtins::{Reply, Room};
use crate::fetch::archive::{self, ArchiveError, Bounds, Files};
use crate::model::{FailureKind, ImageRef, PinnedRef};
use crate::rego::value::yaml::{self, YamlError, YamlErrorKind};
use crate::rego::value::{Object, ObjectBuilder, ReadLimits, Value};

/// The first bytes of gzip (RFC 1952) and of zstd (RFC 8878).
const COMPRESSED: [&[u8]; 2] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd]];

pub(super) fn is_compressed(bytes: &[u8]) -> bool {
    COMPRESSED.iter().any(|magic| bytes.starts_with(magic))
}

impl Host {
    pub(super) async fn blob_files(&self, call: &HostCall) -> Found<Work> {
        let (blob, names) = (pinned(call)?, names(call)?);
        let bytes = self.bytes(&blob, self.limits.layer_bytes).await?;
        let unpack = Unpack { bounds: Bounds::from(&self.limits), room: Arc::clone(&self.room) };
        Ok(Box::new(move || unpack.read(&blob, |bounds| archive::named(&bytes, &names, bounds))))
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
            let blob = at.repository.pin(layer.digest);
            layers.push(self.bytes_of(&blob, Some(layer.size), self.limits.layer_bytes).await?);
        }
        let unpack = Unpack { bounds: Bounds::from(&self.limits), room: Arc::clone(&self.room) };
        let folders = Vec::from_iter(folders);
        Ok(Box::new(move || unpack.read(&at, |bounds| archive::flattened(&layers, &folders, bounds))))
    }
}

/// Bytes of heap for each part of a value: its place in a collection, and a text of its own.
const BYTES_PER_PART: u64 = 64;

/// How much may come out of archives.
struct Unpack {
    bounds: Bounds,
    room: Arc<dyn Room>,
}

impl Unpack {
    /// What is no archive has no files; what is too large is nobody's absence.
    fn read(&self, at: &PinnedRef, files: impl Fn(Bounds) -> Result<Files, ArchiveError>) -> Reply {
        let kept = fitted(
            &*self.room,
            self.bounds.kept,
            |it| matches!(it, ArchiveError::TooLarge { .. }),
            |kept| files(Bounds { kept, ..self.bounds }),
        );
        let files = match kept {
            Ok(files) => files,
            Err(ArchiveError::Malformed(_)) => return Ok(None),
            Err(error) => return Err(StageError::from(error).at(at)),
        };
        self.room.take(files.values().map(|it| it.len() as u64).sum());
        self.values(&files).map(|it| Some(Value::Object(it))).map_err(|error| error.at(at))
    }

    /// What is neither YAML nor JSON is left out. What is beyond a limit may be either.
    fn values(&self, files: &Files) -> Result<Object, StageError> {
        let mut out = ObjectBuilder::new();
        for (path, bytes) in files {
            let is_too_large = |it: &YamlError| matches!(it.kind, YamlErrorKind::TooLarge(_));
            let read = fitted(&*self.room, u64::MAX, is_too_large, |max_heap_bytes| {
                yaml::read(bytes, &ReadLimits { max_heap_bytes, ..ReadLimits::default() })
            });
            match read {
                Ok(value) => {
                    let parts = u64::from(value.parts()).saturating_mul(BYTES_PER_PART);
                    self.room.take(parts.saturating_add(bytes.len() as u64));
                    out.push_str(path.as_str(), value);
                }
                Err(error) if error.kind.is_limit() => {
                    return Err(StageError::new(FailureKind::TooLarge, format!("{path}: {}", error.kind)));
                }
                Err(_) => {}
            }
        }
        Ok(out.build_last_wins())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtins::room::Endless;
    use crate::model::Limits;

    #[test]
    fn a_file_that_is_neither_is_left_out_and_one_beyond_a_limit_is_not() {
        let files =
            |text: &str| Files::from([("a.yaml".to_owned(), Bytes::copy_from_slice(text.as_bytes()))]);
        let unpack = Unpack { bounds: Bounds::from(&Limits::default()), room: Arc::new(Endless) };
        let values = |text: &str| unpack.values(&files(text));
        assert_eq!(values("a: 1").unwrap().len(), 1);
        assert_eq!(values("a: [").unwrap().len(), 0);
        let deep = "[".repeat(1000) + &"]".repeat(1000);
        assert_eq!(values(&deep).unwrap_err().kind, FailureKind::TooLarge);
    }
}

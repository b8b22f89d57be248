//! `ec.oci.*`: manifests, descriptors, referrers and blobs of registries.

mod files;
mod values;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};

use super::room::fitted;
use super::{Host, NoAnswer, Work};
use crate::model::{FailureKind, ImageRef, PinnedRef, failure::StageError};
use crate::registry::{BlobId, ImageManifest, Manifest, RegistryError};
use crate::rego::host::HostCall;
use crate::rego::value::{ObjectBuilder, ReadLimits, Value, json};

/// `%` stands for the type of a descriptor.
pub(super) const DECLARATIONS: [(&str, &str); 10] = [
    ("ec.oci.blob", "(string) => string"),
    ("ec.oci.blob_files", "(string, array[string]) => object[string: any]"),
    ("ec.oci.descriptor", "(string) => %"),
    ("ec.oci.image_files", "(string, array[string]) => any"),
    (
        "ec.oci.image_index",
        "(string) => object<annotations: object[string: string], manifests: array[%], mediaType: string, \
         schemaVersion: number, subject: %>",
    ),
    (
        "ec.oci.image_manifest",
        "(string) => object<annotations: object[string: string], config: %, layers: array[%], mediaType: string, \
         schemaVersion: number, subject: %>",
    ),
    ("ec.oci.image_manifests", "(set[string]) => object[string: any]"),
    (
        "ec.oci.image_referrers",
        "(string) => array[object<annotations: object[string: string], artifactType: string, digest: string, \
         mediaType: string, ref: string, size: number>]",
    ),
    ("ec.oci.image_tag_refs", "(string) => array[string]"),
    ("ec.oci.parsed_blob", "(string) => any"),
];

const DESCRIPTOR: &str = "object<annotations: object[string: string], artifactType: string, data: string, \
    digest: string, mediaType: string, platform: object[string: any], size: number, urls: array[string]>";

/// Requests of one call under way at once.
const CONCURRENCY: usize = 8;

/// Indexes below indexes that are followed.
const INDEX_DEPTH: usize = 4;

/// Suffixes of the tags that belong to an image, in the order of `ec.oci.image_tag_refs`.
const ATTACHED: [&str; 3] = [".sig", ".att", ".sbom"];

pub(super) fn with_descriptor(declaration: &str) -> String {
    declaration.replace('%', DESCRIPTOR)
}

type Found<T> = Result<T, NoAnswer>;

/// `refused` notes, and tells, whether a member of a set may be left out because its repository refused it.
pub(super) async fn answer(
    host: &Host,
    call: &HostCall,
    refused: impl FnMut(&ImageRef, &RegistryError) -> bool,
) -> Found<Work> {
    match call.name.as_str() {
        "ec.oci.blob" => host.blob(call).await,
        "ec.oci.parsed_blob" => host.parsed_blob(call).await,
        "ec.oci.blob_files" => host.blob_files(call).await,
        "ec.oci.image_files" => host.image_files(call).await,
        "ec.oci.descriptor" => host.descriptor(call).await,
        "ec.oci.image_manifest" => host.image_manifest(call).await,
        "ec.oci.image_manifests" => manifests(host.image_manifests(call).await?, refused),
        "ec.oci.image_index" => host.image_index(call).await,
        "ec.oci.image_tag_refs" => host.image_tag_refs(call).await,
        "ec.oci.image_referrers" => host.image_referrers(call).await,
        name => {
            let error = StageError::new(FailureKind::Panicked, format!("internal error: no function {name}"));
            Err(NoAnswer::Failed(error))
        }
    }
}

/// What cannot be had is left out, unless nobody knows whether it can be had.
fn manifests(
    found: Vec<(String, Found<ImageManifest>)>,
    mut refused: impl FnMut(&ImageRef, &RegistryError) -> bool,
) -> Found<Work> {
    let mut manifests = ObjectBuilder::new();
    for (text, image) in found {
        match image {
            Ok(image) => manifests.push_str(text, values::image(&image)),
            Err(NoAnswer::Malformed) => {}
            Err(NoAnswer::Registry(_, error)) if error.is_absent() => {}
            Err(NoAnswer::Registry(reference, error)) if refused(&reference, &error) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(ready(Value::Object(manifests.build_last_wins())))
}

fn reference(call: &HostCall) -> Found<ImageRef> {
    let text = call.args.first().and_then(Value::as_str).filter(|it| !it.is_empty());
    text.and_then(|it| ImageRef::parse(it).ok()).ok_or(NoAnswer::Malformed)
}

/// A reference by digest only: a tag is no argument for a function that reads a blob.
fn pinned(call: &HostCall) -> Found<PinnedRef> {
    match reference(call)? {
        ImageRef::Pinned(pinned) => Ok(pinned),
        ImageRef::Tagged { .. } => Err(NoAnswer::Malformed),
    }
}

/// The texts of the second argument; anything else in it makes it malformed.
fn names(call: &HostCall) -> Found<BTreeSet<String>> {
    let items = call.args.get(1).and_then(Value::as_array).ok_or(NoAnswer::Malformed)?;
    items.iter().map(|it| it.as_str().map(str::to_owned).ok_or(NoAnswer::Malformed)).collect()
}

/// Too large to be read is not the same as not JSON.
fn is_limit(kind: &json::JsonErrorKind) -> bool {
    use json::JsonErrorKind::{LongNumber, TooDeep, TooLarge, TooLong};
    matches!(kind, LongNumber | TooDeep(_) | TooLarge(_) | TooLong(_))
}

fn ready(value: Value) -> Work {
    Box::new(|| Ok(Some(value)))
}

impl Host {
    async fn manifest(&self, reference: &ImageRef) -> Found<Manifest> {
        let manifest = self.transport.manifest(reference, self.limits.manifest_bytes).await;
        manifest.map_err(|error| NoAnswer::Registry(reference.clone(), error.into()))
    }

    /// The image that a reference names; of an index the child for linux/amd64, and nothing where there is none.
    async fn image(&self, reference: &ImageRef) -> Found<(PinnedRef, ImageManifest)> {
        let mut reference = reference.clone();
        for _ in 0..INDEX_DEPTH {
            let manifest = self.manifest(&reference).await?;
            let pinned = reference.repository().pin(manifest.digest);
            if let Some(image) = manifest.as_image() {
                return Ok((pinned, image.clone()));
            }
            let child = manifest.as_index().and_then(|it| it.linux_amd64()).ok_or(NoAnswer::Malformed)?;
            reference = ImageRef::Pinned(reference.repository().pin(child.digest));
        }
        Err(NoAnswer::Failed(StageError::new(FailureKind::TooLarge, "indexes nest too deeply").at(reference)))
    }

    /// A blob that only a rule names.
    async fn bytes(&self, blob: &PinnedRef, cap: u64) -> Found<Bytes> {
        self.bytes_of(blob, None, cap).await
    }

    async fn bytes_of(&self, blob: &PinnedRef, size: Option<u64>, cap: u64) -> Found<Bytes> {
        let id = BlobId { digest: blob.digest, size };
        let bytes = self.transport.blob(&blob.repository, &id, cap).await;
        bytes.map_err(|error| NoAnswer::Registry(ImageRef::Pinned(blob.clone()), error.into()))
    }

    async fn blob(&self, call: &HostCall) -> Found<Work> {
        let bytes = self.bytes(&pinned(call)?, self.limits.blob_bytes).await?;
        // The digest is that of the compressed bytes, so what they unpack to is not what was asked for.
        Ok(Box::new(move || {
            let text = (!files::is_compressed(&bytes)).then(|| String::from_utf8_lossy(&bytes));
            Ok(text.map(|it| Value::from(&*it)))
        }))
    }

    async fn parsed_blob(&self, call: &HostCall) -> Found<Work> {
        let pinned = pinned(call)?;
        let bytes = self.bytes(&pinned, self.limits.blob_bytes).await?;
        let (most, room) = (self.limits.parsed_bytes, Arc::clone(&self.room));
        Ok(Box::new(move || {
            if files::is_compressed(&bytes) {
                return Ok(None);
            }
            let is_too_large = |it: &json::JsonError| matches!(it.kind, json::JsonErrorKind::TooLarge(_));
            let read = fitted(&*room, most, is_too_large, |max_heap_bytes| {
                json::read_counted(&bytes, &ReadLimits { max_heap_bytes, ..ReadLimits::default() })
            });
            match read {
                Ok((value, heap)) => {
                    room.take(heap);
                    Ok(Some(value))
                }
                Err(error) if is_limit(&error.kind) => {
                    Err(StageError::new(FailureKind::TooLarge, error.to_string()).at(pinned))
                }
                Err(_) => Ok(None),
            }
        }))
    }

    async fn descriptor(&self, call: &HostCall) -> Found<Work> {
        let reference = reference(call)?;
        let head = self.transport.head(&reference).await;
        let descriptor = head.map_err(|error| NoAnswer::Registry(reference, error.into()))?;
        Ok(ready(values::descriptor(&descriptor)))
    }

    async fn image_manifest(&self, call: &HostCall) -> Found<Work> {
        let (_, image) = self.image(&reference(call)?).await?;
        Ok(ready(values::image(&image)))
    }

    async fn image_index(&self, call: &HostCall) -> Found<Work> {
        let manifest = self.manifest(&reference(call)?).await?;
        manifest.as_index().map(|it| ready(values::index(it))).ok_or(NoAnswer::Malformed)
    }

    /// Each member with what came of it, in the set's order.
    async fn image_manifests(&self, call: &HostCall) -> Found<Vec<(String, Found<ImageManifest>)>> {
        let members = call.args.first().and_then(Value::as_set).ok_or(NoAnswer::Malformed)?;
        let texts: Option<Vec<String>> = members.iter().map(|it| it.as_str().map(str::to_owned)).collect();
        let found = stream::iter(texts.ok_or(NoAnswer::Malformed)?).map(|text| async move {
            let image = match ImageRef::parse(&text) {
                Ok(reference) => self.image(&reference).await.map(|(_, image)| image),
                Err(_) => Err(NoAnswer::Malformed),
            };
            (text, image)
        });
        Ok(found.buffered(CONCURRENCY).collect().await)
    }

    async fn digest_of(&self, reference: ImageRef) -> Found<PinnedRef> {
        match reference {
            ImageRef::Pinned(pinned) => Ok(pinned),
            tagged @ ImageRef::Tagged { .. } => {
                let manifest = self.manifest(&tagged).await?;
                Ok(tagged.repository().pin(manifest.digest))
            }
        }
    }

    async fn image_tag_refs(&self, call: &HostCall) -> Found<Work> {
        let image = self.digest_of(reference(call)?).await?;
        let mut refs = Vec::new();
        for suffix in ATTACHED {
            let tag = image.attached(suffix);
            match self.transport.head(&tag).await {
                Ok(_) => refs.push(Value::from(tag.to_string())),
                Err(error) if error.is_absent() => {}
                Err(error) => return Err(NoAnswer::Registry(tag, error.into())),
            }
        }
        Ok(ready(Value::from(refs)))
    }

    async fn image_referrers(&self, call: &HostCall) -> Found<Work> {
        let image = self.digest_of(reference(call)?).await?;
        let listed = self.transport.referrers(&image, self.limits.referrers).await;
        match listed {
            Ok(listed) => {
                let all: Vec<Value> =
                    listed.iter().map(|it| values::referrer(it, &image.repository.pin(it.digest))).collect();
                Ok(ready(Value::from(all)))
            }
            Err(error) => Err(NoAnswer::Registry(ImageRef::Pinned(image), error.into())),
        }
    }
}

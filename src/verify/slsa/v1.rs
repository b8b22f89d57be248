//! `https://slsa.dev/provenance/v1`, see <https://slsa.dev/spec/v1.0/provenance#schema>.

use super::formats::{ALGORITHMS, digest_set, timestamp, uri};
use super::{ITEMS, Provenance, maybe, subjects};
use crate::verify::node::{Node, Nonconforming};

pub(in crate::verify) const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v1";
pub(in crate::verify) const STATEMENT_TYPES: [&str; 2] =
    ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"];

pub(super) fn check(statement: &Node<'_>) -> Result<Provenance, Nonconforming> {
    let fields = statement.fields()?;
    subjects(&fields.required("subject")?, &algorithms())?;
    let predicate = fields.required("predicate")?.fields()?;
    let build_type = definition(&predicate.required("buildDefinition")?)?;
    let run = predicate.required("runDetails")?.fields()?;
    builder(&run.required("builder")?)?;
    maybe(run.optional("metadata"), |it| metadata(&it))?;
    maybe(run.optional("byproducts"), |it| resources(&it))?;
    Ok(Provenance { build_type })
}

/// Those of v0.2, and commits of git.
fn algorithms() -> Vec<&'static str> {
    ALGORITHMS.iter().copied().chain(["gitCommit"]).collect()
}

fn definition(node: &Node<'_>) -> Result<String, Nonconforming> {
    let definition = node.fields()?;
    let build_type = definition.required("buildType")?.some_text()?;
    definition.required("externalParameters")?.object()?;
    maybe(definition.optional("internalParameters"), |it| it.object())?;
    maybe(definition.optional("resolvedDependencies"), |it| resources(&it))?;
    Ok(build_type)
}

fn builder(node: &Node<'_>) -> Result<(), Nonconforming> {
    let builder = node.fields()?;
    uri(&builder.required("id")?)?;
    maybe(builder.optional("version"), |it| it.object())?;
    maybe(builder.optional("builderDependencies"), |it| resources(&it))
}

fn metadata(node: &Node<'_>) -> Result<(), Nonconforming> {
    let metadata = node.fields()?;
    maybe(metadata.optional("invocationId"), |it| it.text())?;
    maybe(metadata.optional("startedOn"), |it| timestamp(&it))?;
    maybe(metadata.optional("finishedOn"), |it| timestamp(&it))
}

/// `ResourceDescriptor`s of in-toto.
fn resources(node: &Node<'_>) -> Result<(), Nonconforming> {
    for resource in node.items(ITEMS)? {
        let resource = resource.fields()?;
        for name in ["uri", "name", "downloadLocation", "mediaType", "content"] {
            maybe(resource.optional(name), |it| it.text())?;
        }
        maybe(resource.optional("digest"), |it| digest_set(&it, &algorithms()))?;
        maybe(resource.optional("annotations"), |it| it.object())?;
    }
    Ok(())
}

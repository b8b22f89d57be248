//! `https://slsa.dev/provenance/v0.2`, see <https://slsa.dev/spec/v0.2/provenance#schema>.

use super::formats::{ALGORITHMS, digest_set, timestamp, uri};
use super::{ITEMS, Provenance, maybe, subjects};
use crate::verify::node::{Node, Nonconforming};

pub(in crate::verify) const PREDICATE_TYPE: &str = "https://slsa.dev/provenance/v0.2";
pub(in crate::verify) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v0.1";

pub(super) fn check(statement: &Node<'_>) -> Result<Provenance, Nonconforming> {
    let fields = statement.fields()?;
    subjects(&fields.required("subject")?, &ALGORITHMS)?;
    let predicate = fields.required("predicate")?.fields()?;
    uri(&predicate.required("builder")?.fields()?.required("id")?)?;
    let build_type = predicate.required("buildType")?.text()?;
    maybe(predicate.optional("invocation"), |it| invocation(&it))?;
    maybe(predicate.optional("metadata"), |it| metadata(&it))?;
    maybe(predicate.optional("buildConfig"), |it| it.object())?;
    maybe(predicate.optional("materials"), |it| materials(&it))?;
    Ok(Provenance { build_type })
}

fn invocation(node: &Node<'_>) -> Result<(), Nonconforming> {
    let invocation = node.fields()?;
    maybe(invocation.optional("configSource"), |it| config_source(&it))?;
    maybe(invocation.optional("parameters"), |it| it.object())?;
    maybe(invocation.optional("environment"), |it| it.object())
}

fn config_source(node: &Node<'_>) -> Result<(), Nonconforming> {
    let source = node.fields()?;
    maybe(source.optional("uri"), |it| it.text())?;
    maybe(source.optional("digest"), |it| digest_set(&it, &ALGORITHMS))?;
    maybe(source.optional("entryPoint"), |it| it.some_text())
}

fn metadata(node: &Node<'_>) -> Result<(), Nonconforming> {
    let metadata = node.fields()?;
    maybe(metadata.optional("buildInvocationId"), |it| it.some_text())?;
    maybe(metadata.optional("buildStartedOn"), |it| timestamp(&it))?;
    maybe(metadata.optional("buildFinishedOn"), |it| timestamp(&it))?;
    maybe(metadata.optional("reproducible"), |it| it.boolean())?;
    maybe(metadata.optional("completeness"), |it| completeness(&it))
}

fn completeness(node: &Node<'_>) -> Result<(), Nonconforming> {
    let completeness = node.fields()?;
    for name in ["parameters", "environment", "materials"] {
        maybe(completeness.optional(name), |it| it.boolean())?;
    }
    Ok(())
}

fn materials(node: &Node<'_>) -> Result<(), Nonconforming> {
    for material in node.items(ITEMS)? {
        let material = material.fields()?;
        maybe(material.optional("uri"), |it| it.text())?;
        maybe(material.optional("digest"), |it| digest_set(&it, &ALGORITHMS))?;
    }
    Ok(())
}

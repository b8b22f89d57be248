//! An in-toto statement: what an attestation says, of which subjects
//! (<https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>; v0.1 has the same fields).

use bytes::Bytes;

use super::node::{Node, Nonconforming, Problem};
use super::slsa;
use crate::json::{self, ReadErrorKind};
use crate::model::{AttestationSummary, Digest, EntitySignature, Limits};

/// A statement whose bytes were checked, with the signatures of its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    bytes: Bytes,
    predicate_type: String,
    build_type: String,
    signatures: Vec<EntitySignature>,
}

/// Why a signed payload is no statement about the image.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadStatement {
    /// No JSON, or not the fields of a statement: as if it were not there.
    #[error("{0}")]
    NotAStatement(String),
    /// Two readers could understand it differently, or it exceeds a limit.
    #[error("malformed attestation data: {0}")]
    Ambiguous(String),
    /// None of its subjects is the image.
    #[error("no matching subject digest found")]
    OtherSubject,
    /// A provenance in a statement of the wrong version.
    #[error("unable to parse as SLSA {version}: unsupported attestation type: {found}")]
    StatementType {
        /// Of SLSA.
        version: &'static str,
        /// `_type`, as written.
        found: String,
    },
    /// A provenance that does not conform.
    #[error("unable to parse as SLSA {version}: attestation does not conform to SLSA {schema} schema: {why}")]
    Provenance {
        /// Of SLSA.
        version: &'static str,
        /// Of the schema.
        schema: &'static str,
        /// Where and why.
        why: Nonconforming,
    },
}

/// Must the predicate be an object? Whoever looks at signatures has always asked for it; whoever skips them has not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Predicate {
    Object,
    Any,
}

/// A statement that is JSON and has the right types, before it is known to be about the image and to conform.
pub(super) struct Draft {
    statement: Statement,
    statement_type: String,
}

impl Draft {
    /// Reads the payload and finds the image among its subjects.
    pub(super) fn read(
        payload: Bytes,
        image: &Digest,
        predicate: Predicate,
        limits: &Limits,
    ) -> Result<Self, BadStatement> {
        json::check(&payload, json::Limits::bytes(payload.len())).map_err(|why| match why.kind {
            ReadErrorKind::Empty | ReadErrorKind::Trailing | ReadErrorKind::Syntax(_) => {
                BadStatement::NotAStatement(why.to_string())
            }
            _ => BadStatement::Ambiguous(why.to_string()),
        })?;
        let text = str::from_utf8(&payload).map_err(|why| BadStatement::Ambiguous(why.to_string()))?;
        let facts = Facts::read(&Node::document(text), predicate, limits)?;
        if !facts.subject_digests.contains(&image.hex()) {
            return Err(BadStatement::OtherSubject);
        }
        let Facts { statement_type, predicate_type, .. } = facts;
        let statement =
            Statement { bytes: payload, predicate_type, build_type: String::new(), signatures: Vec::new() };
        Ok(Self { statement, statement_type })
    }

    /// Checks provenances against their schema; statements of other types are taken as they are.
    pub(super) fn conform(mut self, signatures: Vec<EntitySignature>) -> Result<Statement, BadStatement> {
        self.statement.signatures = signatures;
        let text = String::from_utf8_lossy(&self.statement.bytes);
        let node = Node::document(&text);
        let (version, schema, statement_types, check): (_, _, &[&str], fn(&Node<'_>) -> _) =
            match self.statement.predicate_type.as_str() {
                slsa::V02 => ("v0.2", "v0.2", &[slsa::V02_STATEMENT], slsa::check_v02),
                slsa::V1 => ("v1", "v1.0", &slsa::V1_STATEMENTS, slsa::check_v1),
                _ => return Ok(self.statement),
            };
        if !statement_types.contains(&self.statement_type.as_str()) {
            return Err(BadStatement::StatementType { version, found: self.statement_type });
        }
        let provenance = check(&node).map_err(|why| BadStatement::Provenance { version, schema, why })?;
        self.statement.build_type = provenance.build_type;
        Ok(self.statement)
    }
}

struct Facts {
    statement_type: String,
    predicate_type: String,
    subject_digests: Vec<String>,
}

impl Facts {
    fn read(document: &Node<'_>, predicate: Predicate, limits: &Limits) -> Result<Self, BadStatement> {
        let not_a_statement = |why: Nonconforming| BadStatement::NotAStatement(why.to_string());
        let fields = document.fields().map_err(not_a_statement)?;
        let text = |name: &str| fields.optional(name).map_or(Ok(String::new()), |it| it.text());
        let said = fields.optional("predicate").filter(|it| !it.is_null());
        if let (Predicate::Object, Some(node)) = (predicate, said) {
            node.object().map_err(not_a_statement)?;
        }
        let subject_digests = match fields.optional("subject") {
            Some(subject) => subject_digests(&subject, limits)?,
            None => Vec::new(),
        };
        Ok(Self {
            statement_type: text("_type").map_err(not_a_statement)?,
            predicate_type: text("predicateType").map_err(not_a_statement)?,
            subject_digests,
        })
    }
}

/// `subject[].digest.sha256`, as written: only lower-case digits can equal the image's.
fn subject_digests(subject: &Node<'_>, limits: &Limits) -> Result<Vec<String>, BadStatement> {
    let not_a_statement = |why: Nonconforming| match why.problem {
        Problem::TooMany(_) => BadStatement::Ambiguous(why.to_string()),
        _ => BadStatement::NotAStatement(why.to_string()),
    };
    let digest = |subject: Node<'_>| {
        let fields = subject.fields()?;
        fields.optional("name").map_or(Ok(String::new()), |it| it.text())?;
        let Some(digests) = fields.optional("digest") else { return Ok(None) };
        let mut found = None;
        for (algorithm, digest) in digests.fields()?.iter() {
            let text = digest.text()?;
            if algorithm == "sha256" {
                found = Some(text);
            }
        }
        Ok(found)
    };
    let subjects = subject.items(limits.subjects).map_err(not_a_statement)?;
    let digests: Result<Vec<Option<String>>, _> = subjects.into_iter().map(digest).collect();
    Ok(digests.map_err(not_a_statement)?.into_iter().flatten().collect())
}

impl Statement {
    /// The statement as it was signed, byte for byte.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// `predicateType`; may be empty.
    pub fn predicate_type(&self) -> &str {
        &self.predicate_type
    }

    /// `predicate.metadata.buildFinishedOn`, where it is an instant. Read each time: few runs ask for it.
    pub fn finished(&self) -> Option<jiff::Timestamp> {
        let text = str::from_utf8(&self.bytes).ok()?;
        let predicate = Node::document(text).fields().ok()?.optional("predicate")?;
        let metadata = predicate.fields().ok()?.optional("metadata")?;
        metadata.fields().ok()?.optional("buildFinishedOn")?.text().ok()?.parse().ok()
    }

    /// Of its envelope: those that verified, or all where verification was switched off.
    pub fn signatures(&self) -> &[EntitySignature] {
        &self.signatures
    }

    /// What reports list of it.
    pub fn summary(&self) -> AttestationSummary {
        AttestationSummary {
            statement_type: slsa::V02_STATEMENT.to_owned(),
            predicate_type: self.predicate_type.clone(),
            predicate_build_type: self.build_type.clone(),
            signatures: self.signatures.clone(),
        }
    }
}

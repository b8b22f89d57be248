//! The optional parts of the document that could not be read: a rule that looks at one would take "not found out"
//! for "not there", so a component whose policies may read such a part is undecided.

use crate::fetch::{self, Evidence};
use crate::model::failure::StageError;
use crate::model::{Check, CheckState};

/// An optional part of the document.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// `input.image.config`
    Config,
    /// `input.image.parent`
    Parent,
    /// `input.image.files`
    Files,
}

impl Part {
    /// Where rules find it, below `input`.
    pub fn path(self) -> [&'static str; 2] {
        match self {
            Self::Config => ["image", "config"],
            Self::Parent => ["image", "parent"],
            Self::Files => ["image", "files"],
        }
    }

    fn check(self) -> &'static str {
        match self {
            Self::Config => "image-config",
            Self::Parent => "parent-config",
            Self::Files => "image-files",
        }
    }
}

/// A part that is missing from the document though it may exist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Which.
    pub part: Part,
    /// Why.
    pub why: StageError,
}

/// The parts that could not be read, for who knows which parts the policies may look at.
pub fn unread(evidence: &Evidence) -> Vec<Unread> {
    let open = |part, why: Option<&StageError>| why.map(|why| Unread { part, why: why.clone() });
    [
        open(Part::Config, evidence.config.undecided()),
        open(Part::Parent, evidence.parent.undecided()),
        open(Part::Files, evidence.files.undecided()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What became of reading them, for the report.
pub fn checks(evidence: &Evidence) -> Vec<Check> {
    vec![
        check(Part::Config, &evidence.config),
        check(Part::Parent, &evidence.parent),
        check(Part::Files, &evidence.files),
    ]
}

fn check<T>(part: Part, read: &fetch::Part<T>) -> Check {
    let (state, why) = match read {
        fetch::Part::Present(_) => (CheckState::Done, None),
        fetch::Part::Absent => (CheckState::Skipped, Some("the image has none".into())),
        fetch::Part::NotAsked => (CheckState::Skipped, Some("not needed".into())),
        fetch::Part::Undecided(why) => (CheckState::Undecided, Some(why.message.clone().into())),
    };
    Check { name: part.check(), state, why }
}

//! `--resume`: the report of an earlier run, read before anything is asked. Only what orders the work and what is
//! compared in the end is taken from it: names, images, verdicts. All else in it is not even looked at.

use std::fs::File;
use std::io::Read as _;

use serde::{Deserialize, Deserializer};

use super::diagnostics::Diagnostic;
use super::snapshot::told;
use crate::json::{Limits, ReadError, strict, yaml};
use crate::model::previous::PreviousEntry;
use crate::model::{ImageRef, PreviousReport, Snapshot, Verdict};

/// Bytes of a report: with all successes and their descriptions a component takes 100 KiB or so.
const REPORT_BYTES: usize = 64 << 20;

const HELP: &str =
    "give what --output json=FILE or --output yaml=FILE of this program wrote for this snapshot";

/// Reads a report and compares it with the snapshot that is to be validated.
///
/// # Errors
/// It cannot be read, is no report in JSON or YAML, or not of this snapshot.
pub(super) fn read(file: &str, snapshot: &Snapshot) -> Result<PreviousReport, Diagnostic> {
    let bytes = bytes(file)
        .map_err(|error| Diagnostic::new(format_args!("--resume: open {file}: {}", told(&error))))?;
    let document = parse(&bytes)
        .map_err(|error| Diagnostic::refused("--resume: no report", file, &bytes, &error).help(HELP))?;
    let wrong = |what: String| Diagnostic::new(format_args!("--resume: {file}: {what}")).help(HELP);
    let entries = document.components.into_iter().enumerate();
    let entries = entries.map(|(at, entry)| entry.checked(at)).collect::<Result<_, _>>().map_err(wrong)?;
    PreviousReport::of(file.to_owned(), entries, snapshot).map_err(|error| wrong(error.to_string()))
}

fn bytes(file: &str) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One byte more than allowed, so that the reader of the document says that it is too large.
    File::open(file)?.take(REPORT_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What begins as JSON is read as JSON, which needs no more memory than its text.
fn parse(bytes: &[u8]) -> Result<Document, ReadError> {
    let limits = Limits::bytes(REPORT_BYTES);
    if bytes.trim_ascii_start().starts_with(b"{") {
        return strict::from_slice(bytes, limits);
    }
    yaml::from_slice(bytes, limits)
}

#[derive(Deserialize)]
#[serde(expecting = "a report: an object with components")]
struct Document {
    /// `null` in the report of an empty snapshot.
    #[serde(deserialize_with = "nullable")]
    components: Vec<Entry>,
}

/// The shape is that of `report::document`.
#[derive(Deserialize)]
#[serde(
    rename_all = "camelCase",
    expecting = "a component of a report: an object with name, containerImage and verdict"
)]
struct Entry {
    name: String,
    container_image: String,
    verdict: String,
}

fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Entry>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

impl Entry {
    fn checked(self, at: usize) -> Result<PreviousEntry, String> {
        let image = ImageRef::parse(&self.container_image)
            .map_err(|error| format!("components[{at}].containerImage: {error}"))?;
        let word = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(&self.verdict);
        let verdict =
            Verdict::deserialize(word).map_err(|error| format!("components[{at}].verdict: {error}"))?;
        Ok(PreviousEntry { name: self.name, image, verdict })
    }
}

#[cfg(test)]
mod tests;

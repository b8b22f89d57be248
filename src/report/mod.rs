//! The run report as text: one file per format, each a pure function of the report and of what was asked to be
//! shown. Nothing here writes, reads a clock or knows what was typed.
//!
//! What every format shows stands in [`view`]; how a format spells it stands in its own file.

mod appstudio;
mod attestation;
mod causes;
mod document;
mod go_json;
mod go_value;
mod json;
mod junit;
mod options;
mod policy_input;
mod resumed;
pub mod sanitise;
mod skipped;
mod summary;
mod summary_markdown;
pub mod targets;
mod text;
mod view;
mod vsa;
mod wrap;
pub(crate) mod xml;
mod yaml;
mod yaml_scalar;

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod sample;

pub use appstudio::could_not_start;
pub use options::{Colour, Detail, Options, Shown, Successes};
pub use resumed::sentence as resumed;
pub use skipped::checks as skipped_checks;
pub use targets::{BadTarget, Format, Place, Target};

use crate::model::RunReport;

/// The report in a format, as it is written: it ends in one newline.
pub fn render(report: &RunReport, options: Options, target: &Target) -> Vec<u8> {
    let mut bytes = match target.format {
        Format::Json => json::render(report, options).into_bytes(),
        Format::Yaml => yaml::render(report, options).into_bytes(),
        Format::Text => text::render(report, options, target.shown).into_bytes(),
        Format::AppStudio => appstudio::render(report).into_bytes(),
        Format::Summary => summary::render(report, options).into_bytes(),
        Format::SummaryMarkdown => summary_markdown::render(report).into_bytes(),
        Format::Junit => junit::render(report, options).into_bytes(),
        Format::Attestation => attestation::render(report),
        Format::Vsa => vsa::render(report, options).into_bytes(),
        Format::PolicyInput => policy_input::render(report).into_bytes(),
    };
    if bytes.last() != Some(&b'\n') {
        bytes.push(b'\n');
    }
    bytes
}

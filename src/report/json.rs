//! `--output json`.

use super::document::Document;
use super::go_json;
use super::options::Options;
use crate::model::RunReport;

/// One line, without its newline.
pub(super) fn render(report: &RunReport, options: Options) -> String {
    go_json::to_string(&Document::new(report, options))
}

//! The released policies, as their authors and as pipelines use them with our binary.
#![cfg(feature = "testkit")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "end_to_end/binary.rs"]
mod binary;
#[path = "released_policies/makefile.rs"]
mod makefile;
#[path = "released_policies/provenance.rs"]
mod provenance;

use std::path::PathBuf;

/// The folder of the policies, if it is there.
fn policies() -> Option<PathBuf> {
    let root = std::env::var_os("EC_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let folder = root.join("conformance/conforma-policy");
    let found = folder.canonicalize().ok();
    if found.is_none() {
        println!("skipped: the released policies: {} not found", folder.display());
    }
    found
}

//! Memory, measured: a whole `ec` with large SBOMs stays within what it was given, decides every component, and is right.
//!
//! The small run is always made. The large ones want an optimised binary and a control group, and are made by
//! `.ci/run --deep`.
#![cfg(all(feature = "testkit", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "a test")]

#[path = "end_to_end/binary.rs"]
#[allow(dead_code, reason = "shared with the end-to-end tests")]
mod binary;
#[path = "memory/confined.rs"]
mod confined;
#[path = "memory/load.rs"]
mod load;

use confined::Confined;
use enterprise_contract::testkit::Hostile;
use load::{Load, Place};

const MIB: u64 = 1 << 20;

#[test]
fn large_sboms_fit_one_after_the_other_into_a_small_budget() {
    let mut load = Load::of(6, 3 * MIB);
    load.budget = Some(96 * MIB);
    let ran = load.run(&Confined::not());
    ran.is_right(&load);
    // Three quarters of the budget are for components; the least of them needs a third of that.
    assert!(ran.most_used() > 8 * MIB && ran.most_granted() <= 72 * MIB, "{:?}", ran.memory());
    assert!(ran.peak < 96 * MIB + load::PROGRAM, "{} MiB at its highest", ran.peak / MIB);
}

#[test]
#[ignore = "fifty components of 20 MiB: for an optimised binary, see .ci/deep"]
fn fifty_components_with_sboms_of_20_mib_fit_into_a_control_group_of_512_mib() {
    // More threads than the machine has: each of them may hold on to memory of its own.
    for (place, workers) in [(Place::Blob, 2), (Place::Attestation, 2), (Place::Blob, 16)] {
        let load = Load::of(50, 20 * MIB).place(place).workers(workers);
        let ran = load.run(&Confined::to(512 * MIB));
        ran.is_right(&load);
        ran.tell(&format!("50 components, SBOMs of 20 MiB, {place:?}, {workers} workers"));
        assert!(ran.peak < 512 * MIB, "{} MiB at its highest", ran.peak / MIB);
    }
}

#[test]
#[ignore = "large and hostile documents: for an optimised binary, see .ci/deep"]
fn hostile_documents_of_20_mib_are_named_and_good_neighbours_are_decided() {
    for place in [Place::Blob, Place::Attestation] {
        for hostile in Hostile::ALL {
            let load = Load::of(8, 20 * MIB).place(place).hostile(3, hostile);
            let ran = load.run(&Confined::to(512 * MIB));
            ran.is_right(&load);
            ran.tell(&format!("{hostile:?} of 20 MiB among good ones, {place:?}"));
            assert!(ran.peak < 512 * MIB, "{hostile:?}: {} MiB at its highest", ran.peak / MIB);
        }
    }
}

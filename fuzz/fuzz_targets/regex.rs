//! See `enterprise_contract::rego::invariants::regex`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::regex(bytes).expect("an invariant holds");
});

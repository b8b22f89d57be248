//! See `enterprise_contract::rego::invariants::yaml`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::yaml(bytes).expect("an invariant holds");
});

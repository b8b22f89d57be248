//! See `enterprise_contract::rego::invariants::json`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::json(bytes).expect("an invariant holds");
});

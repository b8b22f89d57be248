//! See `enterprise_contract::rego::invariants::time_layout`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::time_layout(bytes).expect("an invariant holds");
});

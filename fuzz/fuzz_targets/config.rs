//! See `enterprise_contract::rego::invariants::config`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::config(bytes).expect("an invariant holds");
});

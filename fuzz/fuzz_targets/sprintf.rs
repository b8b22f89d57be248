//! See `enterprise_contract::rego::invariants::sprintf`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::sprintf(bytes).expect("an invariant holds");
});

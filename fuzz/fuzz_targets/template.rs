//! See `enterprise_contract::rego::invariants::template`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::template(bytes).expect("an invariant holds");
});

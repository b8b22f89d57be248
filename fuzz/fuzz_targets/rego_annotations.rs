//! See `enterprise_contract::rego::syntax::invariants::annotations`.

#![no_main]

use enterprise_contract::rego::syntax::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::annotations(bytes).expect("an invariant holds");
});

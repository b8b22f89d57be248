//! See `enterprise_contract::rego::syntax::invariants::parser`.

#![no_main]

use enterprise_contract::rego::syntax::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::parser(bytes).expect("an invariant holds");
});

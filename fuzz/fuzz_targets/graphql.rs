//! See `enterprise_contract::rego::invariants::graphql`.

#![no_main]

use enterprise_contract::rego::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::graphql(bytes).expect("an invariant holds");
});

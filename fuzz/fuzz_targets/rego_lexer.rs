//! See `enterprise_contract::rego::syntax::invariants::lexer`.

#![no_main]

use enterprise_contract::rego::syntax::invariants;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    invariants::lexer(bytes).expect("an invariant holds");
});

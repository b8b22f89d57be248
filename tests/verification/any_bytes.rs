//! Whatever the bytes, verification answers, and never lets them pass.

use proptest::prelude::*;

use super::*;

fn nothing_passes(signature: SignedLayer, attestation: SignedLayer) -> bool {
    let verified = check(&evidence(vec![signature], vec![attestation]));
    verified.facts().is_none() && verified.successes().is_empty() && verified.violations().len() == 2
}

proptest! {
    #[test]
    fn random_bytes_never_pass(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let mut envelope = good_attestation();
        envelope.bytes = bytes.clone().into();
        prop_assert!(nothing_passes(signed_text(bytes), envelope));
    }

    #[test]
    fn one_changed_byte_of_the_payload_or_envelope_is_never_accepted(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        let mut signature = good_signature();
        let mut bytes = signature.bytes.to_vec();
        let place = at.index(bytes.len());
        prop_assume!(bytes[place] != to);
        bytes[place] = to;
        signature.bytes = bytes.into();

        let good = good_attestation();
        let mut bytes = good.bytes.to_vec();
        let place = at.index(bytes.len());
        prop_assume!(bytes[place] != to);
        bytes[place] = to;
        let mut changed = good.clone();
        changed.bytes = bytes.into();

        let verified = check(&evidence(vec![signature], vec![changed]));
        prop_assert!(verified.violations().iter().any(|it| it.code() == Some("builtin.image.signature_check")));
        // A blank, or another key id, changes nothing that is signed.
        if let Some(statement) = verified.statements().first() {
            let good = check(&evidence(vec![good_signature()], vec![good]));
            prop_assert_eq!(statement.bytes(), good.statements()[0].bytes());
        }
    }

    #[test]
    fn signed_random_json_never_makes_a_statement_about_the_image(text in "[\\[\\]{}\",:a-z0-9 ]{0,64}") {
        let layer = enterprise_contract::testkit::envelope_layer(&key(), "application/vnd.in-toto+json", text.as_bytes());
        prop_assert!(nothing_passes(signed_text(text), layer));
    }
}

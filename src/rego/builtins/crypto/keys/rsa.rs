//! Private keys of RSA with two primes, whose numbers fit each other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use num_bigint::BigUint;
use num_traits::One as _;

use super::super::super::der::{self, Element, Written};
use crate::rego::value::{Object, ObjectBuilder};

/// The numbers of RFC 8017, section 3.2.
pub(super) struct RsaKey {
    pub(super) modulus: BigUint,
    pub(super) public_exponent: BigUint,
    pub(super) private_exponent: BigUint,
    pub(super) primes: [BigUint; 2],
    /// The private exponent by each prime less one, and the second prime's inverse by the first.
    pub(super) exponents: [BigUint; 2],
    pub(super) coefficient: BigUint,
}

/// Bits of a modulus: four times what is in use, so that a policy cannot be kept busy.
const MAX_BITS: u64 = 16_384;

impl RsaKey {
    /// The key of PKCS#1. What follows from the primes is computed anew, and need not be there.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let items = Element::whole(der)?.items()?;
        let numbers = items.iter().take(6).map(Element::integer).collect::<Option<Vec<_>>>()?;
        let Ok([version, modulus, public_exponent, private_exponent, p, q]) =
            <[BigUint; 6]>::try_from(numbers)
        else {
            return None;
        };
        let one = BigUint::one();
        if version != BigUint::ZERO || modulus.bits() > MAX_BITS || p <= one || q <= one || &p * &q != modulus
        {
            return None;
        }
        let exponents = [&private_exponent % (&p - &one), &private_exponent % (&q - &one)];
        for (exponent, prime) in exponents.iter().zip([&p, &q]) {
            let less = prime - &one;
            if (exponent * &public_exponent) % &less != &one % &less {
                return None;
            }
        }
        let coefficient = q.modinv(&p)?;
        Some(Self { modulus, public_exponent, private_exponent, primes: [p, q], exponents, coefficient })
    }

    /// The public half, as certificates hold it.
    pub(super) fn public_der(&self) -> Vec<u8> {
        let numbers = [der::integer(&self.modulus), der::integer(&self.public_exponent)].concat();
        der::element(Written::Sequence, &numbers)
    }

    /// The key as RFC 7518, section 6.3, writes it.
    pub(super) fn web_key(&self) -> Object {
        let mut key = ObjectBuilder::new();
        key.push_str("kty", "RSA");
        for (name, number) in [
            ("n", &self.modulus),
            ("e", &self.public_exponent),
            ("d", &self.private_exponent),
            ("p", &self.primes[0]),
            ("q", &self.primes[1]),
            ("dp", &self.exponents[0]),
            ("dq", &self.exponents[1]),
            ("qi", &self.coefficient),
        ] {
            key.push_str(name, URL_SAFE_NO_PAD.encode(number.to_bytes_be()));
        }
        key.build_last_wins()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key of toy size: 61 * 53, 17, 2753.
    fn key(numbers: &[u32]) -> Option<RsaKey> {
        let content: Vec<u8> = numbers.iter().flat_map(|it| der::integer(&BigUint::from(*it))).collect();
        RsaKey::read(&der::element(Written::Sequence, &content))
    }

    #[test]
    fn what_follows_from_the_primes_is_computed() {
        let key = key(&[0, 3233, 17, 2753, 61, 53]).unwrap();
        assert_eq!(key.exponents, [BigUint::from(2753_u32 % 60), BigUint::from(2753_u32 % 52)]);
        assert_eq!((key.coefficient * 53_u32) % 61_u32, BigUint::one());
    }

    #[test]
    fn numbers_that_do_not_fit_each_other_are_no_key() {
        for numbers in [
            &[0, 3233, 17, 2753, 61, 59][..],
            &[0, 3233, 17, 2754, 61, 53],
            &[1, 3233, 17, 2753, 61, 53],
            &[0, 61, 17, 2753, 61, 1],
            &[0, 3233, 17, 2753, 61],
        ] {
            assert!(key(numbers).is_none(), "{numbers:?}");
        }
    }
}

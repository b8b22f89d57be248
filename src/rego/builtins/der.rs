//! DER (X.690) taken apart, element by element. Nothing nests deeper than it is asked for.

use num_bigint::BigUint;
use x509_parser::asn1_rs::{Any, Class, FromDer, Tag};

/// A value with its tag.
pub(super) struct Element<'a>(Any<'a>);

impl<'a> Element<'a> {
    /// The element that all the bytes are.
    pub(super) fn whole(bytes: &'a [u8]) -> Option<Self> {
        let (rest, element) = Any::from_der(bytes).ok()?;
        rest.is_empty().then_some(Self(element))
    }

    fn universal(&self, tag: Tag) -> Option<&'a [u8]> {
        (self.0.class() == Class::Universal && self.0.tag() == tag).then_some(self.0.data)
    }

    /// The elements of a sequence.
    pub(super) fn items(&self) -> Option<Vec<Self>> {
        let mut rest = self.universal(Tag::Sequence)?;
        let mut items = Vec::new();
        while !rest.is_empty() {
            let element;
            (rest, element) = Any::from_der(rest).ok()?;
            items.push(Self(element));
        }
        Some(items)
    }

    /// An integer that is not negative.
    pub(super) fn integer(&self) -> Option<BigUint> {
        let bytes = self.universal(Tag::Integer)?;
        bytes.first().is_some_and(|it| *it < 0x80).then(|| BigUint::from_bytes_be(bytes))
    }

    pub(super) fn octets(&self) -> Option<&'a [u8]> {
        self.universal(Tag::OctetString)
    }

    /// An object identifier, as text.
    pub(super) fn oid(&self) -> Option<String> {
        self.0.clone().oid().ok().map(|it| it.to_id_string())
    }

    /// What stands within an explicit tag.
    pub(super) fn explicit(&self, tag: u32) -> Option<Self> {
        let is_it = self.0.class() == Class::ContextSpecific && self.0.tag() == Tag(tag);
        is_it.then(|| Self::whole(self.0.data))?
    }
}

/// Tags that are written here.
#[derive(Clone, Copy)]
pub(super) enum Written {
    Integer = 0x02,
    Sequence = 0x30,
}

/// An element: tag, length, content.
pub(super) fn element(tag: Written, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag as u8];
    match u8::try_from(content.len()) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            let length = content.len().to_be_bytes();
            let digits = &length[length.iter().take_while(|it| **it == 0).count()..];
            out.push(0x80 | u8::try_from(digits.len()).unwrap_or(0));
            out.extend(digits);
        }
    }
    out.extend(content);
    out
}

/// An integer that is not negative.
pub(super) fn integer(number: &BigUint) -> Vec<u8> {
    let mut bytes = number.to_bytes_be();
    if bytes.first().is_none_or(|it| *it >= 0x80) {
        bytes.insert(0, 0);
    }
    element(Written::Integer, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        for number in [0_u32, 1, 127, 128, 65_537] {
            let number = BigUint::from(number);
            assert_eq!(Element::whole(&integer(&number)).unwrap().integer(), Some(number));
        }
        let long = element(Written::Sequence, &integer(&BigUint::from(1_u8)).repeat(100));
        assert_eq!(Element::whole(&long).unwrap().items().unwrap().len(), 100);
    }

    #[test]
    fn what_is_cut_or_too_long_is_no_element() {
        for bytes in [&[][..], &[0x30], &[0x30, 2, 2], &[0x02, 1, 1, 0], &[0x30, 0x80, 0, 0]] {
            assert!(Element::whole(bytes).is_none(), "{bytes:?}");
        }
        assert!(Element::whole(&[0x02, 1, 0xff]).unwrap().integer().is_none());
    }
}

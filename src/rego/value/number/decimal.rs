//! A decimal number as it stands in a text: compared exactly, in linear time, without building anything.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// The parts of a number's text: `sign 0.d1d2d3... * 10^magnitude`, with d1 not zero. Zero has no digits.
#[derive(Clone, Copy)]
pub(super) struct Decimal<'a> {
    negative: bool,
    /// From the first significant digit to the last; may hold a decimal point.
    digits: &'a [u8],
    /// Exponents beyond what fits are cut to the nearest that does; texts that long are refused before.
    magnitude: i64,
}

impl<'a> Decimal<'a> {
    /// The parts of a text of JSON's number grammar.
    pub(super) fn of(text: &'a str) -> Self {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let bytes = text.as_bytes();
        let end_of_digits = bytes.iter().position(|it| matches!(it, b'e' | b'E')).unwrap_or(bytes.len());
        let (mantissa, exponent) = (&bytes[..end_of_digits], text.get(end_of_digits + 1..).unwrap_or("0"));
        let significant = |it: &u8| matches!(it, b'1'..=b'9');
        let (Some(first), Some(last)) =
            (mantissa.iter().position(significant), mantissa.iter().rposition(significant))
        else {
            return Self { negative: false, digits: &[], magnitude: 0 };
        };
        let point = mantissa.iter().position(|it| *it == b'.').unwrap_or(mantissa.len());
        let before_point =
            if first < point { to_i64(point - first) } else { to_i64(point + 1) - to_i64(first) };
        let magnitude = read_exponent(exponent).saturating_add(before_point);
        Self { negative, digits: &mantissa[first..=last], magnitude }
    }

    fn digits(&self) -> impl Iterator<Item = u8> + 'a {
        self.digits.iter().copied().filter(|it| *it != b'.')
    }

    pub(super) fn is_integer(&self) -> bool {
        self.digits.is_empty() || to_i64(self.digits().count()) <= self.magnitude
    }

    pub(super) fn to_i64(self) -> Option<i64> {
        if self.digits.is_empty() {
            return Some(0);
        }
        if self.magnitude > 19 || !self.is_integer() {
            return None;
        }
        let size = self
            .digits()
            .chain(std::iter::repeat(b'0'))
            .take(usize::try_from(self.magnitude).ok()?)
            .fold(0_i128, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        i64::try_from(if self.negative { -size } else { size }).ok()
    }

    fn cmp_size(&self, other: &Self) -> Ordering {
        match (self.digits.is_empty(), other.digits.is_empty()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => {
                self.magnitude.cmp(&other.magnitude).then_with(|| self.digits().cmp(other.digits()))
            }
        }
    }
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read_exponent(text: &str) -> i64 {
    let limit = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    text.parse().unwrap_or(limit)
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_size(other),
            (true, true) => other.cmp_size(self),
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Decimal<'_> {}

impl Hash for Decimal<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.negative.hash(state);
        self.magnitude.hash(state);
        for digit in self.digits() {
            state.write_u8(digit);
        }
    }
}

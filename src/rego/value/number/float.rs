//! Binary floating point of any precision, with the answers of Go's `big.Float`: OPA computes with it.
//!
//! A number's text is read with a mantissa of 64 bits and printed with the fewest digits that read back as the same
//! 64 bits. Results round to nearest, ties to even. Exponents are bounded, so no operation takes more memory than the
//! digits of the longest number.

use std::cmp::Ordering;

use num_bigint::{BigInt, BigUint, Sign};
use num_integer::Integer;
use num_traits::{One, Zero};

use super::{MAX_NUMBER_TEXT, NumberError};

/// Bits of the mantissa of a number read from text.
const PRECISION: u64 = 64;

/// Binary exponents beyond this, either way, are not written: as decimals they have more digits than a number may.
/// `2^13600` has 4,095 digits.
const MAX_EXPONENT: i64 = 13_600;

/// `mantissa * 2^exponent`, negative or not. Zero has a sign too.
#[derive(Clone, Debug)]
pub(super) struct Float {
    negative: bool,
    mantissa: BigUint,
    exponent: i64,
    precision: u64,
}

impl Float {
    /// The number that a text of JSON's grammar says, as near as 64 bits allow.
    pub(super) fn of_text(text: &str) -> Result<Self, NumberError> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (decimals, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = decimals.split_once('.').unwrap_or((decimals, ""));
        let digits = [whole.as_bytes(), fraction.as_bytes()].concat();
        let mantissa = BigUint::parse_bytes(&digits, 10).ok_or(NumberError::Malformed)?;
        let number = Self { negative, mantissa, exponent: 0, precision: PRECISION };
        if number.is_zero() {
            return Ok(number);
        }
        let beyond = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
        let exponent: i64 = exponent.parse().unwrap_or(beyond);
        let places = exponent.saturating_sub_unsigned(fraction.len() as u64);
        // 10^n = 5^n * 2^n
        let scaled = Self { exponent: places, ..number };
        match places.cmp(&0) {
            Ordering::Equal => Ok(scaled.rounded(false)),
            Ordering::Less => scaled.divided_by(&power_of_5(places.unsigned_abs())),
            Ordering::Greater => scaled.times(&power_of_5(places.unsigned_abs())),
        }
        .map(|it| Self { precision: PRECISION, ..it })
    }

    /// An integer, exactly.
    pub(super) fn of_int(int: &BigInt) -> Self {
        let mantissa = int.magnitude().clone();
        let precision = mantissa.bits().max(PRECISION);
        Self { negative: int.sign() == Sign::Minus, mantissa, exponent: 0, precision }
    }

    pub(super) fn half() -> Self {
        Self { negative: false, mantissa: BigUint::one(), exponent: -1, precision: 53 }
    }

    pub(super) fn one() -> Self {
        Self { exponent: 0, ..Self::half() }
    }

    pub(super) fn is_zero(&self) -> bool {
        self.mantissa.is_zero()
    }

    pub(super) fn is_negative(&self) -> bool {
        self.negative
    }

    /// The position of the highest bit: the number is below 2 to this power, and not below half of that.
    fn magnitude(&self) -> i64 {
        self.exponent.saturating_add_unsigned(self.mantissa.bits())
    }

    pub(super) fn abs(self) -> Self {
        Self { negative: false, ..self }
    }

    pub(super) fn neg(self) -> Self {
        Self { negative: !self.negative, ..self }
    }

    /// Rounded to its precision; `sticky` says that the true number is a little larger than the mantissa says.
    fn rounded(mut self, sticky: bool) -> Self {
        let excess = self.mantissa.bits().saturating_sub(self.precision);
        if excess == 0 {
            return self;
        }
        let half = self.mantissa.bit(excess - 1);
        let beyond = sticky || self.mantissa.trailing_zeros().is_some_and(|zeros| zeros < excess - 1);
        self.mantissa >>= excess;
        self.exponent = self.exponent.saturating_add_unsigned(excess);
        if half && (beyond || self.mantissa.bit(0)) {
            self.mantissa += 1_u8;
        }
        self
    }

    /// Go's exponents have 32 bits: what is nearer to zero is zero, what is larger is no number.
    fn checked(self) -> Result<Self, NumberError> {
        let magnitude = self.magnitude();
        if self.is_zero() || i32::try_from(magnitude).is_ok() {
            Ok(self)
        } else if magnitude < 0 {
            Ok(Self { mantissa: BigUint::ZERO, exponent: 0, ..self })
        } else {
            Err(NumberError::TooLarge)
        }
    }

    fn times(&self, other: &Self) -> Result<Self, NumberError> {
        Self {
            negative: self.negative != other.negative,
            mantissa: &self.mantissa * &other.mantissa,
            exponent: self.exponent.saturating_add(other.exponent),
            precision: self.precision,
        }
        .rounded(false)
        .checked()
    }

    fn divided_by(&self, other: &Self) -> Result<Self, NumberError> {
        // So many bits that the quotient has two more than the precision; the remainder only tells whether it is exact.
        let wanted = self.precision + 2 + other.mantissa.bits();
        let shift = wanted.saturating_sub(self.mantissa.bits());
        let (mantissa, rest) = (&self.mantissa << shift).div_rem(&other.mantissa);
        let exponent = self.exponent.saturating_sub(other.exponent).saturating_sub_unsigned(shift);
        let negative = self.negative != other.negative;
        // A remainder is seen as one more bit at the end, so that rounding notices it.
        let sticky = !rest.is_zero();
        Self { negative, mantissa, exponent, precision: self.precision }.rounded(sticky).checked()
    }

    pub(super) fn mul(&self, other: &Self) -> Result<Self, NumberError> {
        let precision = self.precision.max(other.precision);
        Self { precision, ..self.clone() }.times(other)
    }

    pub(super) fn div(&self, other: &Self) -> Result<Self, NumberError> {
        if other.is_zero() {
            return Err(NumberError::DivideByZero);
        }
        let precision = self.precision.max(other.precision);
        Self { precision, ..self.clone() }.divided_by(other)
    }

    pub(super) fn sub(&self, other: &Self) -> Result<Self, NumberError> {
        self.add(&other.clone().neg())
    }

    pub(super) fn add(&self, other: &Self) -> Result<Self, NumberError> {
        let precision = self.precision.max(other.precision);
        if other.is_zero() || self.is_zero() {
            let sum = if other.is_zero() { self } else { other };
            let negative = if sum.is_zero() { self.negative && other.negative } else { sum.negative };
            return Ok(Self { negative, precision, ..sum.clone() });
        }
        let (large, small) =
            if self.magnitude() >= other.magnitude() { (self, other) } else { (other, self) };
        // So small that it cannot reach the last bit: adding it would only take memory.
        let reach = i64::try_from(2 * precision + 2).unwrap_or(i64::MAX);
        if large.magnitude().saturating_sub(small.magnitude())
            > reach + i64::try_from(large.mantissa.bits()).unwrap_or(i64::MAX)
        {
            return Ok(Self { precision, ..large.clone() });
        }
        let exponent = self.exponent.min(other.exponent);
        let sum = self.signed_at(exponent) + other.signed_at(exponent);
        let negative = sum.sign() == Sign::Minus;
        Self { negative, mantissa: sum.into_parts().1, exponent, precision }.rounded(false).checked()
    }

    /// The mantissa as it is for a smaller exponent.
    fn signed_at(&self, exponent: i64) -> BigInt {
        let shift = self.exponent.saturating_sub(exponent).unsigned_abs();
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_biguint(sign, &self.mantissa << shift)
    }

    /// The integer part, and whether that is all there is.
    pub(super) fn truncated(&self) -> Result<(BigInt, bool), NumberError> {
        if self.magnitude() > MAX_EXPONENT {
            return Err(NumberError::TooLarge);
        }
        let shift = self.exponent.unsigned_abs();
        let (size, exact) = if self.exponent >= 0 {
            (&self.mantissa << shift, true)
        } else {
            let exact = self.is_integer();
            (if self.magnitude() <= 0 { BigUint::ZERO } else { &self.mantissa >> shift }, exact)
        };
        let sign = if self.negative { Sign::Minus } else { Sign::Plus };
        Ok((BigInt::from_biguint(sign, size), exact))
    }

    pub(super) fn is_integer(&self) -> bool {
        let zeros = self.mantissa.trailing_zeros().unwrap_or(0);
        self.is_zero() || self.exponent.saturating_add_unsigned(zeros) >= 0
    }

    /// The fewest digits that read back as this number; integers in full, others with an exponent where it is below -4
    /// or above 5.
    pub(super) fn to_text(&self) -> Result<String, NumberError> {
        let sign = if self.negative { "-" } else { "" };
        if self.is_zero() {
            return Ok(format!("{sign}0"));
        }
        if self.magnitude().abs() > MAX_EXPONENT {
            return Err(NumberError::TooLarge);
        }
        let decimal = Digits::shortest(self);
        let text = if self.is_integer() { decimal.plain() } else { decimal.general() };
        if text.len() >= MAX_NUMBER_TEXT { Err(NumberError::TooLarge) } else { Ok(format!("{sign}{text}")) }
    }
}

/// `5^n` with a mantissa of 128 bits, rounded where Go rounds.
fn power_of_5(mut n: u64) -> Float {
    const LARGEST_SMALL: u32 = 27;
    let of = |int: u64, precision| Float { negative: false, mantissa: int.into(), exponent: 0, precision };
    let precision = PRECISION + 64;
    if n <= u64::from(LARGEST_SMALL) {
        return of(5_u64.pow(u32::try_from(n).unwrap_or(LARGEST_SMALL)), precision);
    }
    let mut power = of(5_u64.pow(LARGEST_SMALL), precision);
    n -= u64::from(LARGEST_SMALL);
    let mut square = of(5, precision + 64);
    while n > 0 {
        if n & 1 == 1 {
            power = product(&power, &square);
        }
        square = product(&square, &square);
        n >>= 1;
    }
    power
}

/// Unchecked: what overflows is noticed when the power is used.
fn product(a: &Float, b: &Float) -> Float {
    Float {
        negative: false,
        mantissa: &a.mantissa * &b.mantissa,
        exponent: a.exponent.saturating_add(b.exponent),
        precision: a.precision,
    }
    .rounded(false)
}

/// Decimal digits: `0.d1d2d3... * 10^point`.
struct Digits {
    digits: Vec<u8>,
    point: i64,
}

/// Integers of one scale: a number, and half a unit of its last bit below and above it. What lies between the two reads
/// back as the number.
struct Interval {
    low: BigUint,
    exact: BigUint,
    high: BigUint,
    /// The bounds themselves read back too: an even mantissa wins ties.
    inclusive: bool,
    /// Digits of the integers that stand behind the point.
    places: u64,
}

impl Interval {
    fn around(number: &Float) -> Self {
        // With one bit more than the precision, half a unit of the last bit is one.
        let (bits, wanted) = (number.mantissa.bits(), number.precision + 1);
        let mantissa = if bits <= wanted {
            &number.mantissa << (wanted - bits)
        } else {
            &number.mantissa >> (bits - wanted)
        };
        let exponent = number.magnitude().saturating_sub_unsigned(wanted);
        let shift = exponent.unsigned_abs();
        // m / 2^k = m * 5^k / 10^k
        let (scale, places) = if exponent >= 0 {
            (BigUint::one() << shift, 0)
        } else {
            (BigUint::from(5_u8).pow(u32::try_from(shift).unwrap_or(u32::MAX)), shift)
        };
        let inclusive = !mantissa.bit(1);
        let [low, high] = [&mantissa - 1_u8, &mantissa + 1_u8].map(|it| it * &scale);
        Self { low, exact: mantissa * scale, high, inclusive, places }
    }

    fn holds(&self, candidate: &BigUint) -> bool {
        let inside = &self.low < candidate && candidate < &self.high;
        inside || self.inclusive && (*candidate == self.low || *candidate == self.high)
    }

    /// The numbers next to the exact one, below and above, with zeros in so many of the last digits.
    fn neighbours(&self, zeros: u64) -> [BigUint; 2] {
        let unit = BigUint::from(10_u8).pow(u32::try_from(zeros).unwrap_or(u32::MAX));
        let below = &self.exact - &self.exact % &unit;
        let above = &below + unit;
        [below, above]
    }

    /// The one with the most zeros at its end; of two the nearer, of two as near the one with an even digit.
    fn shortest(&self) -> BigUint {
        let reads_back = |zeros: u64| self.neighbours(zeros).iter().any(|it| self.holds(it));
        // Who can do with fewer digits can do with more, so the bound can be searched for by halves.
        let (mut most, mut too_many) = (0, self.exact.to_string().len() as u64 + 1);
        while most + 1 < too_many {
            let middle = most.midpoint(too_many);
            if reads_back(middle) {
                most = middle;
            } else {
                too_many = middle;
            }
        }
        let [below, above] = self.neighbours(most);
        match (self.holds(&below), self.holds(&above)) {
            (true, false) => below,
            (false, _) => above,
            (true, true) => match (&self.exact - &below).cmp(&(&above - &self.exact)) {
                Ordering::Less => below,
                Ordering::Greater => above,
                Ordering::Equal => {
                    let unit = &above - &below;
                    if (&below / unit).is_even() { below } else { above }
                }
            },
        }
    }
}

impl Digits {
    /// The fewest digits that tell the number from its neighbours of the same precision.
    fn shortest(number: &Float) -> Self {
        let interval = Interval::around(number);
        let text = interval.shortest().to_string();
        let point = i64::try_from(text.len()).unwrap_or(i64::MAX).saturating_sub_unsigned(interval.places);
        Self { digits: text.trim_end_matches('0').as_bytes().to_vec(), point }
    }

    fn text(digits: &[u8]) -> String {
        digits.iter().map(|it| char::from(*it)).collect()
    }

    /// Without an exponent.
    fn plain(&self) -> String {
        let count = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or(0));
        if self.point <= 0 {
            format!("0.{}{}", zeros(-self.point), Self::text(&self.digits))
        } else if self.point >= count {
            format!("{}{}", Self::text(&self.digits), zeros(self.point - count))
        } else {
            let (whole, fraction) = self.digits.split_at(usize::try_from(self.point).unwrap_or(0));
            format!("{}.{}", Self::text(whole), Self::text(fraction))
        }
    }

    /// With an exponent where Go's format `g` has one.
    fn general(&self) -> String {
        let exponent = self.point - 1;
        if (-4..6).contains(&exponent) {
            return self.plain();
        }
        let (first, rest) = self.digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}{point}{}e{sign}{:02}", Self::text(first), Self::text(rest), exponent.abs())
    }
}

//! Arithmetic on numbers, with OPA's answers.
//!
//! Small integers take a short way; its results are the same, since 64 bits hold every `i64` exactly.

use num_bigint::{BigInt, Sign};
use num_traits::Zero;

use super::float::Float;
use super::{Number, NumberError, Repr};

type Result<T> = std::result::Result<T, NumberError>;

/// Computes with plain integers where the result fits, else with floats.
macro_rules! operation {
    ($(#[$doc:meta])* $name:ident, $checked:ident) => {
        $(#[$doc])*
        ///
        /// # Errors
        /// [`NumberError::TooLarge`] where the result cannot be written.
        pub fn $name(&self, other: &Self) -> Result<Self> {
            if let (Some(a), Some(b)) = (self.as_plain_i64(), other.as_plain_i64())
                && let Some(int) = a.$checked(b)
                && (int != 0 || is_small(a) && is_small(b))
            {
                return Ok(int.into());
            }
            Self::from_float(&self.to_float()?.$name(&other.to_float()?)?)
        }
    };
}

/// OPA computes with integers below 1000 only; beyond, a product may be a zero with a sign.
fn is_small(int: i64) -> bool {
    int.unsigned_abs() < 1000
}

impl Number {
    operation! {
        /// The sum.
        add, checked_add
    }
    operation! {
        /// The difference.
        sub, checked_sub
    }
    operation! {
        /// The product.
        mul, checked_mul
    }

    /// The quotient, to 64 bits.
    ///
    /// # Errors
    /// [`NumberError::DivideByZero`].
    pub fn div(&self, other: &Self) -> Result<Self> {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0)
            && *a != 0
            && a.checked_rem(*b) == Some(0)
            && let Some(int) = a.checked_div(*b)
        {
            return Ok(int.into());
        }
        Self::from_float(&self.to_float()?.div(&other.to_float()?)?)
    }

    /// The remainder of a division of integers, with the sign of the dividend.
    ///
    /// # Errors
    /// [`NumberError::ModuloByZero`], [`NumberError::ModuloOnFloat`] where one is no integer.
    pub fn rem(&self, other: &Self) -> Result<Self> {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0)
            && let Some(int) = a.checked_rem(*b)
        {
            return Ok(int.into());
        }
        let (a, b) = (self.to_float()?.truncated()?, other.to_float()?.truncated()?);
        match (a, b) {
            ((a, true), (b, true)) if !b.is_zero() => Ok(Self::from_int(&(a % b))),
            ((_, true), (_, true)) => Err(NumberError::ModuloByZero),
            _ => Err(NumberError::ModuloOnFloat),
        }
    }

    /// Without the sign.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`] where the result cannot be written.
    pub fn abs(&self) -> Result<Self> {
        match &self.0 {
            Repr::Int(int) if *int != i64::MIN => Ok(int.abs().into()),
            _ => Self::from_float(&self.to_float()?.abs()),
        }
    }

    /// The nearest integer, halves away from zero.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`] where the result cannot be written.
    pub fn round(&self) -> Result<Self> {
        let number = self.to_float()?;
        let half = if number.is_negative() { Float::half().neg() } else { Float::half() };
        Self::from_float(&Float::of_int(&number.add(&half)?.truncated()?.0))
    }

    /// The least integer that is not less; but 1 between -1 and 0, where OPA looks at the sign of the integer part.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`] where the result cannot be written.
    pub fn ceil(&self) -> Result<Self> {
        let (whole, exact) = self.to_float()?.truncated()?;
        let whole_float = Float::of_int(&whole);
        let up = !exact && whole.sign() != Sign::Minus;
        Self::from_float(&if up { whole_float.add(&Float::one())? } else { whole_float })
    }

    /// The greatest integer that is not greater; but 0 between -1 and 0, where OPA looks at the sign of the integer part.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`] where the result cannot be written.
    pub fn floor(&self) -> Result<Self> {
        let (whole, exact) = self.to_float()?.truncated()?;
        let whole_float = Float::of_int(&whole);
        let down = !exact && whole.sign() == Sign::Minus;
        Self::from_float(&if down { whole_float.sub(&Float::one())? } else { whole_float })
    }

    /// Whether it is written with a minus.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Int(int) => *int < 0,
            Repr::Text(text) => text.starts_with('-'),
        }
    }

    /// The integer that it is, of any size, to 64 bits as OPA takes it. Nothing where it is no integer.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`] where it has too many digits.
    pub fn to_int(&self) -> Result<Option<BigInt>> {
        if let Repr::Int(int) = &self.0 {
            return Ok(Some((*int).into()));
        }
        let (int, exact) = self.to_float()?.truncated()?;
        Ok(exact.then_some(int))
    }

    /// The integer part, of any size, to 64 bits as OPA takes it.
    ///
    /// # Errors
    /// [`NumberError::TooLarge`] where it has too many digits.
    pub fn truncated(&self) -> Result<BigInt> {
        Ok(self.to_float()?.truncated()?.0)
    }

    /// An integer of any size, with all its digits.
    pub fn from_int(int: &BigInt) -> Self {
        i64::try_from(int).map_or_else(|_| Self(Repr::Text(int.to_string().into())), Self::from)
    }

    fn to_float(&self) -> Result<Float> {
        match &self.0 {
            Repr::Int(int) => Ok(Float::of_int(&(*int).into())),
            Repr::Text(text) => Float::of_text(text),
        }
    }

    fn from_float(float: &Float) -> Result<Self> {
        Ok(Self::from_checked_text(&float.to_text()?))
    }
}

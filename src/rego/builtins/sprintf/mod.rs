//! `sprintf` with the answers of Go's `fmt.Sprintf`.
//!
//! Numbers are given to it as Go's `int`, `*big.Int` or `float64`, strings as strings, everything else as its text; a verb
//! that does not fit its argument leaves Go's note of it (`%!d(string=x)`) in the output.

mod directive;
mod float;
mod verbs;

use std::borrow::Cow;

use num_bigint::BigInt;

use self::directive::{Amount, Position};
use super::documents::draw_for;
use super::operand::{Answer, answer, array, string};
use super::{Builtin, BuiltinError, Context};
use crate::rego::budget::Budget;
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] = &[Builtin::new("sprintf", sprintf)];

/// Widths and precisions beyond this are errors, as in Go.
const MAX_WIDTH: usize = 1_000_000;

fn sprintf(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (format, values) = (string(args, 1)?, array(args, 2)?);
    values.iter().try_for_each(|value| draw_for(context, value))?;
    let mut formatter = Formatter {
        format,
        at: 0,
        args: values.iter().map(Arg::of).collect(),
        next: 0,
        reordered: false,
        out: String::with_capacity(format.len()),
        budget: context.budget,
    };
    formatter.run()?;
    answer(formatter.out)
}

/// An argument as Go sees it.
#[derive(Debug)]
enum Arg<'a> {
    Int(i64),
    Big(BigInt),
    Float(f64),
    Text(Cow<'a, str>),
}

impl<'a> Arg<'a> {
    fn of(value: &'a Value) -> Self {
        match value {
            Value::Number(number) => {
                if let Some(int) = number.as_plain_i64() {
                    return Self::Int(int);
                }
                let text = number.to_string();
                if let Some(int) = BigInt::parse_bytes(text.as_bytes(), 10) {
                    return Self::Big(int);
                }
                let float = number.as_f64();
                if float.is_finite() { Self::Float(float) } else { Self::Text(text.into()) }
            }
            Value::String(text) => Self::Text(text.as_str().into()),
            other => Self::Text(other.to_string().into()),
        }
    }

    /// The name of Go's type.
    fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "int",
            Self::Big(_) => "*big.Int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
        }
    }
}

/// What stands between `%` and the verb.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "Go's flags are independent of each other")]
struct Spec {
    sharp: bool,
    zero: bool,
    plus: bool,
    minus: bool,
    space: bool,
    /// `%#v`
    go_syntax: bool,
    /// `%+v`
    named_fields: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

struct Formatter<'a> {
    format: &'a str,
    /// Bytes of the format that were read.
    at: usize,
    args: Vec<Arg<'a>>,
    /// The argument that the next verb takes.
    next: usize,
    /// Whether an index like `[2]` was used; then left over arguments are not noted.
    reordered: bool,
    out: String,
    budget: &'a mut Budget,
}

impl Formatter<'_> {
    fn run(&mut self) -> Result<(), BuiltinError> {
        while let Some(plain) = self.format[self.at..].find('%') {
            self.write(&self.format[self.at..self.at + plain])?;
            self.at += plain + 1;
            self.directive()?;
        }
        self.write(&self.format[self.at..])?;
        if !self.reordered && self.next < self.args.len() {
            self.extra()?;
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), BuiltinError> {
        self.budget.bytes(text.len() as u64)?;
        self.out.push_str(text);
        Ok(())
    }

    fn directive(&mut self) -> Result<(), BuiltinError> {
        let (directive, length) = directive::read(&self.format[self.at..]);
        self.at += length;
        let mut spec = directive.flags;
        let mut found = self.go_to(directive.width.position);
        match directive.width.amount {
            Amount::None => {}
            Amount::Written(width) => spec.width = Some(width),
            Amount::Argument => match self.number() {
                Some(width) => {
                    spec.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        (spec.minus, spec.zero) = (true, false);
                    }
                }
                None => self.write("%!(BADWIDTH)")?,
            },
        }
        if let Some(precision) = directive.precision {
            found &= self.go_to(precision.position);
            spec.precision = match precision.amount {
                Amount::None => Some(0),
                Amount::Written(precision) => Some(precision),
                Amount::Argument => self.number().and_then(|it| usize::try_from(it).ok()),
            };
            if spec.precision.is_none() {
                self.write("%!(BADPREC)")?;
            }
        }
        found &= self.go_to(directive.argument);
        match directive.verb {
            None => self.write("%!(NOVERB)"),
            Some('%') => self.write("%"),
            Some(verb) if directive.misplaced || !found => self.write(&format!("%!{verb}(BADINDEX)")),
            Some(verb) => self.argument(verb, spec),
        }
    }

    /// The next argument by its verb.
    fn argument(&mut self, verb: char, mut spec: Spec) -> Result<(), BuiltinError> {
        let Some(arg) = self.args.get(self.next) else {
            return self.write(&format!("%!{verb}(MISSING)"));
        };
        if matches!(verb, 'v' | 'w') {
            (spec.go_syntax, spec.sharp) = (spec.sharp, false);
            (spec.named_fields, spec.plus) = (spec.plus, false);
        }
        self.budget.bytes((spec.width.unwrap_or(0) + spec.precision.unwrap_or(0)) as u64)?;
        self.next += 1;
        if let (Arg::Text(text), 's' | 'v') = (arg, verb)
            && spec == Spec::default()
        {
            self.budget.bytes(text.len() as u64)?;
            self.out.push_str(text);
            return Ok(());
        }
        let text = verbs::formatted(arg, verb, &spec);
        self.write(&text)
    }

    /// Makes an argument the next one. Tells whether there is such an argument, where one is asked for.
    fn go_to(&mut self, position: Option<Position>) -> bool {
        let Some(position) = position else { return true };
        self.reordered = true;
        let Position::Number(number) = position else { return false };
        let index = number.checked_sub(1).filter(|it| *it < self.args.len());
        self.next = index.unwrap_or(self.next);
        index.is_some()
    }

    /// A width or precision given as an argument.
    fn number(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Arg::Int(int) if int.unsigned_abs() <= MAX_WIDTH as u64 => Some(*int),
            _ => None,
        }
    }

    /// Notes the arguments that no verb took.
    fn extra(&mut self) -> Result<(), BuiltinError> {
        let extra: Vec<_> = self.args[self.next..]
            .iter()
            .map(|arg| format!("{}={}", arg.type_name(), verbs::formatted(arg, 'v', &Spec::default())))
            .collect();
        self.write(&format!("%!(EXTRA {})", extra.join(", ")))
    }
}

#[cfg(test)]
mod tests;

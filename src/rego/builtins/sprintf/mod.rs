//! `sprintf` with the answers of Go's `fmt.Sprintf`.
//!
//! Numbers are given to it as Go's `int`, `*big.Int` or `float64`, strings as strings, everything else as its text; a verb
//! that does not fit its argument leaves Go's note of it (`%!d(string=x)`) in the output.

mod float;
mod verbs;

use num_bigint::BigInt;

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
        out: String::new(),
        budget: context.budget,
    };
    formatter.run()?;
    answer(formatter.out)
}

/// An argument as Go sees it.
#[derive(Debug)]
enum Arg {
    Int(i64),
    Big(BigInt),
    Float(f64),
    Text(String),
}

impl Arg {
    fn of(value: &Value) -> Self {
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
                if float.is_finite() { Self::Float(float) } else { Self::Text(text) }
            }
            Value::String(text) => Self::Text(text.to_string()),
            other => Self::Text(other.to_string()),
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
#[derive(Clone, Copy, Debug, Default)]
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
    args: Vec<Arg>,
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

    fn peek(&self) -> Option<u8> {
        self.format.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn directive(&mut self) -> Result<(), BuiltinError> {
        let mut spec = self.flags();
        // A verb right behind the flags takes the next argument; anything else is looked at step by step.
        let mut good = true;
        let mut after_index = self.index(&mut good);
        if self.eat(b'*') {
            match self.star() {
                Some(width) => {
                    spec.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        (spec.minus, spec.zero) = (true, false);
                    }
                }
                None => self.write("%!(BADWIDTH)")?,
            }
            after_index = false;
        } else {
            spec.width = self.digits();
            good = good && !(after_index && spec.width.is_some());
        }
        if self.peek() == Some(b'.') && self.at + 1 < self.format.len() {
            self.at += 1;
            good = good && !after_index;
            after_index = self.index(&mut good);
            if self.eat(b'*') {
                spec.precision = self.star().and_then(|it| usize::try_from(it).ok());
                if spec.precision.is_none() {
                    self.write("%!(BADPREC)")?;
                }
                after_index = false;
            } else {
                spec.precision = Some(self.digits().unwrap_or(0));
            }
        }
        if !after_index {
            self.index(&mut good);
        }
        let Some(verb) = self.format[self.at..].chars().next() else { return self.write("%!(NOVERB)") };
        self.at += verb.len_utf8();
        if verb == '%' {
            return self.write("%");
        }
        if !good {
            return self.write(&format!("%!{verb}(BADINDEX)"));
        }
        if self.next >= self.args.len() {
            return self.write(&format!("%!{verb}(MISSING)"));
        }
        if matches!(verb, 'v' | 'w') {
            (spec.go_syntax, spec.sharp) = (spec.sharp, false);
            (spec.named_fields, spec.plus) = (spec.plus, false);
        }
        let room = spec.width.unwrap_or(0) + spec.precision.unwrap_or(0);
        self.budget.bytes(room as u64)?;
        let text = verbs::formatted(&self.args[self.next], verb, &spec);
        self.next += 1;
        self.write(&text)
    }

    fn flags(&mut self) -> Spec {
        let mut spec = Spec::default();
        while let Some(byte) = self.peek() {
            match byte {
                b'#' => spec.sharp = true,
                b'0' => spec.zero = true,
                b'+' => spec.plus = true,
                b'-' => spec.minus = true,
                b' ' => spec.space = true,
                _ => break,
            }
            self.at += 1;
        }
        spec
    }

    /// An index like `[2]`, if there is one: the argument to take next. Tells whether one was found.
    fn index(&mut self, good: &mut bool) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = &self.format[self.at..];
        let Some(end) = rest.find(']').filter(|_| rest.len() >= 3) else {
            self.at += 1;
            *good = false;
            return false;
        };
        let inner = &rest[1..end];
        self.at += end + 1;
        let digits = !inner.is_empty() && inner.bytes().all(|it| it.is_ascii_digit());
        let number = inner.parse::<usize>().ok().filter(|it| digits && *it <= MAX_WIDTH);
        match number.and_then(|it| it.checked_sub(1)).filter(|it| *it < self.args.len()) {
            Some(index) => self.next = index,
            None => *good = false,
        }
        number.is_some()
    }

    /// A width or precision given as an argument.
    fn star(&mut self) -> Option<i64> {
        let arg = self.args.get(self.next)?;
        self.next += 1;
        match arg {
            Arg::Int(int) if int.unsigned_abs() <= MAX_WIDTH as u64 => Some(*int),
            _ => None,
        }
    }

    fn digits(&mut self) -> Option<usize> {
        let start = self.at;
        let mut number = 0;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            if number > MAX_WIDTH {
                // Go gives up at once, and finds no verb.
                self.at = self.format.len();
                return None;
            }
            number = number * 10 + usize::from(digit - b'0');
            self.at += 1;
        }
        (self.at > start).then_some(number)
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

//! `regex.globs_match`: whether some text matches both of two simple patterns.
//!
//! A pattern is a row of characters, `.` for any, and sets like `[a-z]`, each perhaps repeated by `*` or `+`. Two of them are
//! walked side by side: a pair of places is reached when some text leads to both.

use super::super::operand::{Answer, answer, failed, string};
use super::super::{BuiltinError, Context};
use crate::rego::value::Value;

struct Token {
    what: What,
    repeat: Repeat,
}

#[derive(Debug)]
enum What {
    Any,
    OneOf(Vec<(char, char)>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Repeat {
    Once,
    Star,
    Plus,
}

pub(super) fn globs_match(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (a, b) = (tokens(string(args, 1)?)?, tokens(string(args, 2)?)?);
    // Every pair of places is looked at once.
    let pairs = (a.len() + 1) * (b.len() + 1);
    context.budget.steps(4 * pairs as u64)?;
    context.budget.bytes(pairs as u64)?;
    answer(overlap(&a, &b))
}

fn overlap(a: &[Token], b: &[Token]) -> bool {
    let width = b.len() + 1;
    let mut seen = vec![false; (a.len() + 1) * width];
    let mut open = vec![(0, 0)];
    while let Some((i, j)) = open.pop() {
        if std::mem::replace(&mut seen[i * width + j], true) {
            continue;
        }
        if i == a.len() && j == b.len() {
            return true;
        }
        // What may be left out.
        if a.get(i).is_some_and(|it| it.repeat == Repeat::Star) {
            open.push((i + 1, j));
        }
        if b.get(j).is_some_and(|it| it.repeat == Repeat::Star) {
            open.push((i, j + 1));
        }
        // A character that both take; what repeats may stay where it is.
        if let (Some(x), Some(y)) = (a.get(i), b.get(j))
            && x.what.meets(&y.what)
        {
            for next_i in x.next(i) {
                open.extend(y.next(j).into_iter().map(|next_j| (next_i, next_j)));
            }
        }
    }
    false
}

impl Token {
    /// The places behind one character of the token. Behind a repeated one the walk may stay: then the rest of it may be
    /// left out, which a second place for `+` would only say again.
    fn next(&self, at: usize) -> Vec<usize> {
        if self.repeat == Repeat::Once { vec![at + 1] } else { vec![at, at + 1] }
    }
}

impl What {
    fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OneOf(a), Self::OneOf(b)) => {
                a.iter().any(|(low, high)| b.iter().any(|(start, end)| low <= end && start <= high))
            }
            _ => true,
        }
    }
}

fn invalid<T>(
    text: &str,
    rest: &std::iter::Peekable<std::str::Chars<'_>>,
    why: &str,
) -> Result<T, BuiltinError> {
    let position = text.chars().count() - rest.clone().count();
    failed(format!("input:{text}, pos:{position}, {why}: the input provided is invalid"))
}

fn tokens(text: &str) -> Result<Vec<Token>, BuiltinError> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        let what = match char {
            '*' | '+' => return invalid(text, &chars, "flag must be preceded by a token"),
            '.' => What::Any,
            '\\' => match chars.next() {
                Some(char) => What::OneOf(vec![(char, char)]),
                None => return invalid(text, &chars, "input ends with a \\ (escape) character"),
            },
            '[' => What::OneOf(ranges(text, &mut chars)?),
            ']' => return invalid(text, &chars, "set-close ']' with no preceding '['"),
            char => What::OneOf(vec![(char, char)]),
        };
        let repeat = match chars.peek() {
            Some('*') => Repeat::Star,
            Some('+') => Repeat::Plus,
            _ => Repeat::Once,
        };
        if repeat != Repeat::Once {
            chars.next();
        }
        tokens.push(Token { what, repeat });
    }
    Ok(tokens)
}

fn ranges(
    text: &str,
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
) -> Result<Vec<(char, char)>, BuiltinError> {
    let mut ranges: Vec<(char, char)> = Vec::new();
    let mut open_range = false;
    loop {
        let char = match chars.next() {
            None => return invalid(text, chars, "found [ without matching ]"),
            Some(']') => break,
            Some('-') => {
                if ranges.is_empty() || open_range {
                    return invalid(text, chars, "range - must be preceded by a character");
                }
                open_range = true;
                continue;
            }
            Some('\\') => match chars.next() {
                None => return invalid(text, chars, "input ends with a \\ (escape) character"),
                Some(char) => char,
            },
            Some(char) => char,
        };
        match ranges.last_mut() {
            Some(range) if open_range => {
                if range.0 > char {
                    return invalid(text, chars, "range is out of order");
                }
                range.1 = char;
                open_range = false;
            }
            _ => ranges.push((char, char)),
        }
    }
    if open_range {
        return invalid(text, chars, "range - must be followed by a character");
    }
    Ok(ranges)
}

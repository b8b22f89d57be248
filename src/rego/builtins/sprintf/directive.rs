//! One directive of a format, as it is written: `%`, flags, a width, a precision, a verb, each of the last three perhaps
//! with the position of its argument in brackets.
//!
//! ```text
//! % [+-# 0]* slot [. slot] slot verb        slot = ["[" position "]"] ["*" | digits]
//! ```

use super::{MAX_WIDTH, Spec};

/// A directive, before any argument is looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) flags: Spec,
    pub(super) width: Slot,
    /// There is one where there is a point.
    pub(super) precision: Option<Slot>,
    /// What the verb takes.
    pub(super) argument: Option<Position>,
    /// Nothing where the format ends before it.
    pub(super) verb: Option<char>,
    /// Whether a position stands before what takes no argument: a number for the width, or the point.
    pub(super) misplaced: bool,
}

/// A place for a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) position: Option<Position>,
    pub(super) amount: Amount,
}

/// Which argument comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// From 1.
    Number(usize),
    /// What stands in the brackets is no number, or the bracket is not closed.
    Wrong,
}

/// A number, written out or taken from an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Amount {
    #[default]
    None,
    Written(usize),
    Argument,
}

/// Reads a directive from what stands behind its `%`. Gives it, and the bytes that it takes.
pub(super) fn read(text: &str) -> (Directive, usize) {
    let mut reader = Reader { text, at: 0 };
    let mut directive = Directive { flags: reader.flags(), ..Directive::default() };
    directive.width = reader.slot();
    let mut is_pending = directive.width.leaves_position();
    directive.misplaced = is_pending && directive.width.amount != Amount::None;
    // A point at the very end is the verb.
    if reader.rest().len() > 1 && reader.eat('.') {
        directive.misplaced |= is_pending;
        let slot = reader.slot();
        is_pending = slot.leaves_position();
        directive.precision = Some(slot);
    }
    // A position that nothing has taken is the verb's; it has no second one.
    if !is_pending {
        directive.argument = reader.position();
    }
    directive.verb = reader.rest().chars().next();
    let length = reader.at + directive.verb.map_or(0, char::len_utf8);
    (directive, length)
}

impl Slot {
    /// Whether a position was given that the slot does not take for itself.
    fn leaves_position(self) -> bool {
        matches!(self.position, Some(Position::Number(_))) && self.amount != Amount::Argument
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn eat(&mut self, char: char) -> bool {
        let found = self.rest().starts_with(char);
        self.at += if found { char.len_utf8() } else { 0 };
        found
    }

    fn flags(&mut self) -> Spec {
        let mut spec = Spec::default();
        loop {
            let flag = match self.rest().bytes().next() {
                Some(b'#') => &mut spec.sharp,
                Some(b'0') => &mut spec.zero,
                Some(b'+') => &mut spec.plus,
                Some(b'-') => &mut spec.minus,
                Some(b' ') => &mut spec.space,
                _ => return spec,
            };
            *flag = true;
            self.at += 1;
        }
    }

    fn slot(&mut self) -> Slot {
        let position = self.position();
        let amount = if self.eat('*') { Amount::Argument } else { self.number() };
        Slot { position, amount }
    }

    /// A position like `[2]`. Of a bracket that is not closed only the bracket is taken.
    fn position(&mut self) -> Option<Position> {
        let inside = self.rest().strip_prefix('[')?;
        let closed = inside.split_once(']').filter(|_| inside.len() > 1);
        let Some((number, _)) = closed else {
            self.at += 1;
            return Some(Position::Wrong);
        };
        self.at += number.len() + 2;
        let is_number = number.bytes().all(|it| it.is_ascii_digit());
        let number = number.parse().ok().filter(|it| is_number && *it <= MAX_WIDTH);
        Some(number.map_or(Position::Wrong, Position::Number))
    }

    /// A number; one that is too large takes the rest of the format with it, so that no verb is found.
    fn number(&mut self) -> Amount {
        let rest = self.rest();
        let digits = &rest[..rest.len() - rest.trim_start_matches(|it: char| it.is_ascii_digit()).len()];
        if digits.is_empty() {
            return Amount::None;
        }
        let Some(number) = digits.parse::<usize>().ok().filter(|it| it / 10 <= MAX_WIDTH) else {
            self.at = self.text.len();
            return Amount::None;
        };
        self.at += digits.len();
        Amount::Written(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_is_read_with_all_its_parts() {
        let (directive, length) = read("+-[3]*.[1]2[2]q rest");
        assert_eq!(length, "+-[3]*.[1]2".len() + 1, "the position before the precision is the verb's");
        assert_eq!(directive.verb, Some('['));
        let (directive, length) = read("#08.3[2]qx");
        assert_eq!((directive.verb, length), (Some('q'), 9));
        assert_eq!(directive.flags, Spec { sharp: true, zero: true, ..Spec::default() });
        assert_eq!(directive.width, Slot { position: None, amount: Amount::Written(8) });
        assert_eq!(directive.precision, Some(Slot { position: None, amount: Amount::Written(3) }));
        assert_eq!(directive.argument, Some(Position::Number(2)));
    }

    #[test]
    fn positions_stand_before_what_takes_an_argument() {
        for (text, misplaced) in [("[1]*d", false), ("[1]d", false), ("[1]5d", true), ("[1].5d", true)] {
            assert_eq!(read(text).0.misplaced, misplaced, "{text}");
        }
        for text in ["[x]d", "[", "[]d", "[1"] {
            assert_eq!(read(text).0.width.position, Some(Position::Wrong), "{text}");
        }
    }

    #[test]
    fn a_directive_that_is_cut_has_no_verb() {
        for text in ["", "+", "5", "5.2", "[1]", "99999999999d"] {
            assert_eq!(read(text).0.verb, None, "{text}");
        }
        assert_eq!(read(".").0.verb, Some('.'));
    }
}

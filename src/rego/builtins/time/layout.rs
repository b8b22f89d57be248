//! Layouts of Go's package `time`: a text in which parts of the reference time stand for fields.

/// A field that a layout names. Zeros say that the field is padded with them, spaces with those.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    LongYear,
    Year,
    LongMonth,
    Month,
    NumberMonth(Pad),
    LongWeekday,
    Weekday,
    Day(Pad),
    DayOfYear(Pad),
    Hour24,
    Hour12(Pad),
    Minute(Pad),
    Second(Pad),
    /// `.000`: always so many digits, after this separator.
    Fraction {
        digits: usize,
        separator: u8,
        trim: bool,
    },
    /// `PM` or `pm`.
    Noon {
        upper: bool,
    },
    /// `MST`
    ZoneName,
    Offset(Offset),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pad {
    None,
    Zero,
    Space,
}

/// A numeric zone: `-07:00` and its relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z07:00`: zero is `Z`.
    pub(super) zulu: bool,
    pub(super) colons: bool,
    pub(super) to: To,
}

/// How far an offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum To {
    Hours,
    Minutes,
    Seconds,
}

/// Fields by the text that names them, the longer before the shorter one that it begins with.
const NAMED: [(&str, Field); 37] = [
    ("January", Field::LongMonth),
    ("Jan", Field::Month),
    ("Monday", Field::LongWeekday),
    ("Mon", Field::Weekday),
    ("MST", Field::ZoneName),
    ("002", Field::DayOfYear(Pad::Zero)),
    ("01", Field::NumberMonth(Pad::Zero)),
    ("02", Field::Day(Pad::Zero)),
    ("03", Field::Hour12(Pad::Zero)),
    ("04", Field::Minute(Pad::Zero)),
    ("05", Field::Second(Pad::Zero)),
    ("06", Field::Year),
    ("15", Field::Hour24),
    ("1", Field::NumberMonth(Pad::None)),
    ("2006", Field::LongYear),
    ("2", Field::Day(Pad::None)),
    ("__2", Field::DayOfYear(Pad::Space)),
    ("_2", Field::Day(Pad::Space)),
    ("3", Field::Hour12(Pad::None)),
    ("4", Field::Minute(Pad::None)),
    ("5", Field::Second(Pad::None)),
    ("PM", Field::Noon { upper: true }),
    ("pm", Field::Noon { upper: false }),
    ("-070000", offset(false, false, To::Seconds)),
    ("-07:00:00", offset(false, true, To::Seconds)),
    ("-0700", offset(false, false, To::Minutes)),
    ("-07:00", offset(false, true, To::Minutes)),
    ("-07", offset(false, false, To::Hours)),
    ("Z070000", offset(true, false, To::Seconds)),
    ("Z07:00:00", offset(true, true, To::Seconds)),
    ("Z0700", offset(true, false, To::Minutes)),
    ("Z07:00", offset(true, true, To::Minutes)),
    ("Z07", offset(true, false, To::Hours)),
    (".0", FRACTION),
    (".9", FRACTION),
    (",0", FRACTION),
    (",9", FRACTION),
];

const FRACTION: Field = Field::Fraction { digits: 0, separator: b'.', trim: false };

const fn offset(zulu: bool, colons: bool, to: To) -> Field {
    Field::Offset(Offset { zulu, colons, to })
}

/// A part of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text that stands for itself.
    Text(&'a str),
    /// A field, and the text that names it.
    Field(Field, &'a str),
}

/// The parts of a layout, in order.
pub(super) fn parts(layout: &str) -> Parts<'_> {
    Parts { rest: layout }
}

/// See [`parts`].
#[derive(Clone)]
pub(super) struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        if let Some((field, length)) = field_at(self.rest) {
            return Some(Part::Field(field, self.take(length)));
        }
        let is_field = |(at, _): &(usize, char)| field_at(&self.rest[*at..]).is_some();
        let end = self.rest.char_indices().find(is_field).map_or(self.rest.len(), |(at, _)| at);
        (end > 0).then(|| Part::Text(self.take(end)))
    }
}

impl<'a> Parts<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    /// The first field of those that are left.
    pub(super) fn next_field(&self) -> Option<Field> {
        self.clone().find_map(|it| if let Part::Field(field, _) = it { Some(field) } else { None })
    }
}

/// The field that a text begins with, and how long its name is.
fn field_at(here: &str) -> Option<(Field, usize)> {
    // `_2006` is an underscore and a year.
    if here.starts_with("_2006") {
        return None;
    }
    let first = here.as_bytes().first();
    let (name, field) =
        NAMED.iter().find(|(name, _)| name.as_bytes().first() == first && here.starts_with(name))?;
    match field {
        Field::Fraction { .. } => fraction(here),
        // `Janet` and `Month` are words.
        Field::Month | Field::Weekday if here[name.len()..].starts_with(|c: char| c.is_ascii_lowercase()) => {
            None
        }
        field => Some((*field, name.len())),
    }
}

/// `.000` or `,999`, unless a digit follows.
fn fraction(here: &str) -> Option<(Field, usize)> {
    let bytes = here.as_bytes();
    let (separator, digit) = (*bytes.first()?, *bytes.get(1)?);
    let digits = bytes[1..].iter().take_while(|b| **b == digit).count();
    let ends = !bytes.get(1 + digits).is_some_and(u8::is_ascii_digit);
    ends.then_some((Field::Fraction { digits, separator, trim: digit == b'9' }, 1 + digits))
}

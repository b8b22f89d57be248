//! Reading an instant by a layout, with the errors that Go gives.

use super::RFC3339;
use super::calendar::{Civil, MONTHS, NANOS_PER_SECOND, WEEKDAYS, days_in};
use super::layout::{self, Field, Offset, Pad, Part, Parts, To};

/// Why a field could not be read.
enum Bad {
    /// The text is not of the field's form.
    Form,
    /// It is, but this part is out of range.
    Range(&'static str),
}

type Read<'a, T> = Result<(T, &'a str), Bad>;

/// What was read so far.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    day_of_year: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    afternoon: Option<bool>,
    offset_seconds: i64,
}

/// Nanoseconds since 1970.
pub(super) fn parse(layout: &str, text: &str) -> Result<i128, String> {
    let usual = if layout == RFC3339 { plain_rfc3339(text) } else { None };
    usual.map_or_else(|| parse_by_layout(layout, text), Ok)
}

/// An instant as nearly every document writes it. What has another form, or is out of range, is left to the layout.
fn plain_rfc3339(text: &str) -> Option<i128> {
    let number = |from: usize, count: usize| {
        text.as_bytes()
            .get(from..from + count)?
            .iter()
            .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
    };
    let is = |at: usize, byte: u8| text.as_bytes().get(at) == Some(&byte);
    if !(is(4, b'-') && is(7, b'-') && is(10, b'T') && is(13, b':') && is(16, b':')) {
        return None;
    }
    let (month, hour) = (number(5, 2)?, number(11, 2)?);
    let (minute, second) = (number(14, 2)?, number(17, 2)?);
    if !(1..=12).contains(&month) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (year, day) = (number(0, 4)?, Some(number(8, 2)?));
    let mut fields = Fields { year, month: Some(month), day, hour, minute, second, ..Fields::default() };
    let rest = fields.optional_fraction(text.get(19..)?).ok()?;
    let (offset, rest) = numeric_zone(rest, Offset { zulu: true, colons: true, to: To::Minutes }).ok()?;
    fields.offset_seconds = offset;
    if rest.is_empty() { fields.finish().ok() } else { None }
}

fn parse_by_layout(layout: &str, text: &str) -> Result<i128, String> {
    let cannot = |rest: &str, name: &str| {
        format!("parsing time {text:?} as {layout:?}: cannot parse {rest:?} as {name:?}")
    };
    let message = |message: &str| format!("parsing time {text:?}: {message}");
    let mut fields = Fields::default();
    let (mut parts, mut rest) = (layout::parts(layout), text);
    while let Some(part) = parts.next() {
        rest = match part {
            Part::Text(own) => own_text(rest, own).map_err(|at| cannot(at, own))?,
            Part::Field(field, name) => fields.read(field, rest, &parts).map_err(|bad| match bad {
                Bad::Form => cannot(rest, name),
                Bad::Range(part) => message(&format!("{part} out of range")),
            })?,
        };
    }
    if !rest.is_empty() {
        return Err(message(&format!("extra text: {rest:?}")));
    }
    fields.finish().map_err(|part| message(&part))
}

/// Takes the layout's own text off. A run of spaces stands for a run of any length, or for the end of the text. Fails
/// with what was left where it did not fit.
fn own_text<'a>(mut text: &'a str, own: &str) -> Result<&'a str, &'a str> {
    let mut wanted = own.chars().peekable();
    while let Some(char) = wanted.next() {
        if char != ' ' {
            text = text.strip_prefix(char).ok_or(text)?;
            continue;
        }
        while wanted.next_if_eq(&' ').is_some() {}
        if !text.is_empty() && !text.starts_with(' ') {
            return Err(text);
        }
        text = text.trim_start_matches(' ');
    }
    Ok(text)
}

impl Fields {
    fn read<'a>(&mut self, field: Field, text: &'a str, behind: &Parts<'_>) -> Result<&'a str, Bad> {
        let rest;
        match field {
            Field::LongYear => (self.year, rest) = digits(text, 4)?,
            Field::Year => {
                let (year, after) = digits(text, 2)?;
                (self.year, rest) = (if year >= 69 { year + 1900 } else { year + 2000 }, after);
            }
            Field::LongMonth | Field::Month => {
                let (index, after) = lookup(&MONTHS, field == Field::LongMonth, text)?;
                (self.month, rest) = (Some(index + 1), after);
            }
            Field::NumberMonth(pad) => {
                let (month, after) = ranged(text, pad, 1..=12, "month")?;
                (self.month, rest) = (Some(month), after);
            }
            Field::LongWeekday | Field::Weekday => {
                (_, rest) = lookup(&WEEKDAYS, field == Field::LongWeekday, text)?;
            }
            Field::Day(pad) => {
                let (day, after) = number(spaced(text, pad), 2, pad == Pad::Zero)?;
                (self.day, rest) = (Some(day), after);
            }
            Field::DayOfYear(pad) => {
                let (day, after) = number(spaced(spaced(text, pad), pad), 3, pad == Pad::Zero)?;
                (self.day_of_year, rest) = (Some(day), after);
            }
            Field::Hour24 => (self.hour, rest) = ranged(text, Pad::None, 0..=23, "hour")?,
            Field::Hour12(pad) => (self.hour, rest) = ranged(text, pad, 0..=12, "hour")?,
            Field::Minute(pad) => (self.minute, rest) = ranged(text, pad, 0..=59, "minute")?,
            Field::Second(pad) => {
                let (second, after) = ranged(text, pad, 0..=59, "second")?;
                self.second = second;
                rest = self.undeclared_fraction(after, behind)?;
            }
            Field::Fraction { digits, trim: false, .. } => rest = self.fraction(text, digits)?,
            Field::Fraction { trim: true, .. } => rest = self.optional_fraction(text)?,
            Field::Noon { upper } => {
                let (afternoon, after) = noon(text, upper)?;
                (self.afternoon, rest) = (Some(afternoon), after);
            }
            Field::ZoneName => rest = zone_name(text)?,
            Field::Offset(offset) => (self.offset_seconds, rest) = numeric_zone(text, offset)?,
        }
        Ok(rest)
    }

    /// A fraction behind the seconds is read even where the layout has none.
    fn undeclared_fraction<'a>(&mut self, text: &'a str, behind: &Parts<'_>) -> Result<&'a str, Bad> {
        let declared = matches!(behind.next_field(), Some(Field::Fraction { .. }));
        if declared { Ok(text) } else { self.optional_fraction(text) }
    }

    fn optional_fraction<'a>(&mut self, text: &'a str) -> Result<&'a str, Bad> {
        let bytes = text.as_bytes();
        if !bytes.first().is_some_and(|b| matches!(b, b'.' | b',')) {
            return Ok(text);
        }
        match bytes[1..].iter().take_while(|b| b.is_ascii_digit()).count() {
            0 => Ok(text),
            digits => self.fraction(text, digits),
        }
    }

    fn fraction<'a>(&mut self, text: &'a str, digits: usize) -> Result<&'a str, Bad> {
        let (shown, rest) = text.split_at_checked(1 + digits).ok_or(Bad::Form)?;
        let shown = shown.strip_prefix(['.', ',']).ok_or(Bad::Form)?;
        if !shown.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Bad::Form);
        }
        self.nanos =
            shown.bytes().chain([b'0'; 9]).take(9).fold(0, |all, it| 10 * all + i64::from(it - b'0'));
        Ok(rest)
    }

    fn finish(self) -> Result<i128, String> {
        let hour = match (self.afternoon, self.hour) {
            (Some(true), hour) if hour < 12 => hour + 12,
            (Some(false), 12) => 0,
            (_, hour) => hour,
        };
        let (month, day) = self.month_and_day()?;
        let Self { year, minute, second, nanos, offset_seconds, .. } = self;
        let civil = Civil { year, month, day, hour, minute, second, nanos };
        Ok(civil.nanos() - i128::from(offset_seconds) * NANOS_PER_SECOND)
    }

    fn month_and_day(&self) -> Result<(i64, i64), String> {
        let (mut month, mut day) = (self.month, self.day);
        if let Some(of_year) = self.day_of_year {
            let leap = days_in(self.year, 2) == 29;
            if of_year < 1 || of_year > 365 + i64::from(leap) {
                return Err("day-of-year out of range".to_owned());
            }
            let date = Civil::of(
                Civil { year: self.year, month: 1, day: of_year, hour: 0, minute: 0, second: 0, nanos: 0 }
                    .nanos(),
            );
            if month.is_some_and(|it| it != date.month) {
                return Err("day-of-year does not match month".to_owned());
            }
            if day.is_some_and(|it| it != date.day) {
                return Err("day-of-year does not match day".to_owned());
            }
            (month, day) = (Some(date.month), Some(date.day));
        }
        let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
        if day < 1 || day > days_in(self.year, month) {
            return Err("day out of range".to_owned());
        }
        Ok((month, day))
    }
}

fn spaced(text: &str, pad: Pad) -> &str {
    if pad == Pad::Space { text.strip_prefix(' ').unwrap_or(text) } else { text }
}

/// Exactly so many digits.
fn digits(text: &str, count: usize) -> Read<'_, i64> {
    let (shown, rest) = text.split_at_checked(count).ok_or(Bad::Form)?;
    if !shown.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Bad::Form);
    }
    Ok((shown.parse().map_err(|_| Bad::Form)?, rest))
}

/// Up to so many digits, or exactly.
fn number(text: &str, most: usize, exact: bool) -> Read<'_, i64> {
    let found = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if found == 0 || (exact && found != most) {
        return Err(Bad::Form);
    }
    digits(text, found)
}

fn ranged<'a>(
    text: &'a str,
    pad: Pad,
    range: std::ops::RangeInclusive<i64>,
    part: &'static str,
) -> Read<'a, i64> {
    let (number, rest) = number(text, 2, pad == Pad::Zero)?;
    if range.contains(&number) { Ok((number, rest)) } else { Err(Bad::Range(part)) }
}

/// Names, whole or by three letters, whatever their case.
fn lookup<'a>(names: &[&str], long: bool, text: &'a str) -> Read<'a, i64> {
    for (index, name) in (0_i64..).zip(names) {
        let name = if long { name } else { &name[..3] };
        if let Some((start, rest)) = text.split_at_checked(name.len())
            && start.eq_ignore_ascii_case(name)
        {
            return Ok((index, rest));
        }
    }
    Err(Bad::Form)
}

fn noon(text: &str, upper: bool) -> Read<'_, bool> {
    let (start, rest) = text.split_at_checked(2).ok_or(Bad::Form)?;
    match (start, upper) {
        ("PM", true) | ("pm", false) => Ok((true, rest)),
        ("AM", true) | ("am", false) => Ok((false, rest)),
        _ => Err(Bad::Form),
    }
}

fn numeric_zone<'a>(text: &'a str, offset: Offset) -> Read<'a, i64> {
    if offset.zulu
        && let Some(rest) = text.strip_prefix('Z')
    {
        return Ok((0, rest));
    }
    let negative = match text.as_bytes().first() {
        Some(b'-') => true,
        Some(b'+') => false,
        _ => return Err(Bad::Form),
    };
    let colon =
        |text: &'a str| if offset.colons { text.strip_prefix(':').ok_or(Bad::Form) } else { Ok(text) };
    let (hours, mut rest) = digits(&text[1..], 2)?;
    let (mut minutes, mut seconds) = (0, 0);
    if offset.to >= To::Minutes {
        (minutes, rest) = digits(colon(rest)?, 2)?;
    }
    if offset.to >= To::Seconds {
        (seconds, rest) = digits(colon(rest)?, 2)?;
    }
    // Go takes 24 hours and 60 minutes.
    for (value, most, part) in [
        (hours, 24, "time zone offset hour"),
        (minutes, 60, "time zone offset minute"),
        (seconds, 60, "time zone offset second"),
    ] {
        if value > most {
            return Err(Bad::Range(part));
        }
    }
    let total = (hours * 60 + minutes) * 60 + seconds;
    Ok((if negative { -total } else { total }, rest))
}

/// A zone by its letters: its offset is unknown unless it is UTC, so it counts as UTC, as in Go.
fn zone_name(text: &str) -> Result<&str, Bad> {
    let length = zone_name_length(text).ok_or(Bad::Form)?;
    text.get(length..).ok_or(Bad::Form)
}

fn zone_name_length(text: &str) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix("GMT") {
        return Some(3 + signed_offset_length(rest));
    }
    if text.starts_with(['+', '-']) {
        return Some(signed_offset_length(text)).filter(|it| *it > 0);
    }
    let letters = text.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    match letters {
        5 if text.as_bytes()[4] == b'T' => Some(5),
        4 if text.as_bytes()[3] == b'T' || text.starts_with("WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

fn signed_offset_length(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(['+', '-']) else { return 0 };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    match rest[..digits].parse::<u32>() {
        Ok(hours) if hours <= 23 => 1 + digits,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::layout_of;
    use super::*;

    #[test]
    fn instants_are_read_as_their_layout_says() {
        for (layout, text, nanos) in [
            (RFC3339, "2024-02-29T12:34:56.789Z", 1_709_210_096_789_000_000),
            (RFC3339, "2024-02-29T12:34:56+24:00", 1_709_123_696_000_000_000),
            ("ANSIC", "Mon Jan  2 15:04:05 2006", 1_136_214_245_000_000_000),
            ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006", 1_136_239_445_000_000_000),
            ("RFC822", "02 Jan 69 15:04 UTC", -31_395_360_000_000_000),
            ("3:04pm 2006", "1:05pm 2024", 1_704_114_300_000_000_000),
            ("15:04:05.999 2006", "01:02:03.4 2024", 1_704_070_923_400_000_000),
            ("2006-01-02 -07:00:00", "2024-02-09 +02:00:30", 1_707_429_570_000_000_000),
            ("2006-002", "2024-060", 1_709_164_800_000_000_000),
        ] {
            assert_eq!(parse(layout_of(layout), text), Ok(nanos), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_usual_form_is_read_as_its_layout_says(
            date in "[0-2][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
            fraction in "([.,][0-9]{0,11})?",
            zone in "Z|[+-][0-2][0-9]:[0-6][0-9]|",
            rest in "[Z0 .]?",
        ) {
            let text = date + &fraction + &zone + &rest;
            let slowly = parse_by_layout(RFC3339, &text);
            prop_assert_eq!(parse(RFC3339, &text), slowly.clone());
            if let Some(read) = plain_rfc3339(&text) {
                prop_assert_eq!(Ok(read), slowly);
            }
        }
    }

    #[test]
    fn the_usual_form_needs_no_layout() {
        assert!(
            ["2024-02-29T12:34:56Z", "2024-02-29T12:34:56.5+24:60"]
                .iter()
                .all(|it| plain_rfc3339(it).is_some())
        );
        assert!(["2024-02-30T12:34:56Z", "2024-02-29T1:34:56Z"].iter().all(|it| plain_rfc3339(it).is_none()));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (layout, text, why) in [
            (RFC3339, "2023-02-29T00:00:00Z", "parsing time \"2023-02-29T00:00:00Z\": day out of range"),
            (RFC3339, "2024-01-01T23:59:60Z", "parsing time \"2024-01-01T23:59:60Z\": second out of range"),
            (
                RFC3339,
                "2024-01-01",
                "parsing time \"2024-01-01\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"",
            ),
            ("3:04PM", "1:05am", "parsing time \"1:05am\" as \"3:04PM\": cannot parse \"am\" as \"PM\""),
            ("2006", "2024 ", "parsing time \"2024 \": extra text: \" \""),
        ] {
            assert_eq!(parse(layout, text), Err(why.to_owned()), "{text}");
        }
    }
}

//! Writing an instant by a layout.

use std::fmt::Write;

use super::calendar::Civil;
use super::layout::{self, Field, Offset, Pad, Part, To};
use super::zone::ZoneInfo;

/// The civil fields as the layout wants them.
pub(super) fn format(layout: &str, civil: &Civil, zone: &ZoneInfo) -> String {
    let mut out = String::new();
    for part in layout::parts(layout) {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Field(field, _) => write_field(&mut out, field, civil, zone),
        }
    }
    out
}

fn write_field(out: &mut String, field: Field, civil: &Civil, zone: &ZoneInfo) {
    match field {
        Field::LongYear => {
            if civil.year < 0 {
                out.push('-');
            }
            number(out, civil.year.abs(), 4, Pad::Zero);
        }
        Field::Year => number(out, civil.year.rem_euclid(100), 2, Pad::Zero),
        Field::LongMonth => out.push_str(civil.month_name()),
        Field::Month => out.push_str(&civil.month_name()[..3]),
        Field::NumberMonth(pad) => number(out, civil.month, 2, pad),
        Field::LongWeekday => out.push_str(civil.weekday_name()),
        Field::Weekday => out.push_str(&civil.weekday_name()[..3]),
        Field::Day(pad) => number(out, civil.day, 2, pad),
        Field::DayOfYear(pad) => number(out, civil.day_of_year(), 3, pad),
        Field::Hour24 => number(out, civil.hour, 2, Pad::Zero),
        Field::Hour12(pad) => number(out, if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 }, 2, pad),
        Field::Minute(pad) => number(out, civil.minute, 2, pad),
        Field::Second(pad) => number(out, civil.second, 2, pad),
        Field::Fraction { digits, separator, trim } => fraction(out, civil.nanos, digits, separator, trim),
        Field::Noon { upper } => out.push_str(match (civil.hour >= 12, upper) {
            (true, true) => "PM",
            (true, false) => "pm",
            (false, true) => "AM",
            (false, false) => "am",
        }),
        Field::ZoneName => out.push_str(&zone.abbreviation),
        Field::Offset(offset) => write_offset(out, offset, zone.offset_seconds),
    }
}

fn number(out: &mut String, number: i64, width: usize, pad: Pad) {
    // Writing to a String never fails.
    let _ = match pad {
        Pad::None => write!(out, "{number}"),
        Pad::Zero => write!(out, "{number:0width$}"),
        Pad::Space => write!(out, "{number:width$}"),
    };
}

fn fraction(out: &mut String, nanos: i64, digits: usize, separator: u8, trim: bool) {
    let all = format!("{nanos:09}");
    let shown = &all[..digits.min(all.len())];
    let shown = if trim { shown.trim_end_matches('0') } else { shown };
    if !shown.is_empty() {
        out.push(char::from(separator));
        out.push_str(shown);
    }
}

fn write_offset(out: &mut String, offset: Offset, seconds: i64) {
    if offset.zulu && seconds == 0 {
        out.push('Z');
        return;
    }
    // The sign is that of the minutes, as in Go.
    out.push(if seconds / 60 < 0 { '-' } else { '+' });
    let absolute = seconds.abs();
    let colon = if offset.colons { ":" } else { "" };
    let _ = write!(out, "{:02}", absolute / 3600);
    if offset.to >= To::Minutes {
        let _ = write!(out, "{colon}{:02}", absolute / 60 % 60);
    }
    if offset.to >= To::Seconds {
        let _ = write!(out, "{colon}{:02}", absolute % 60);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_their_layout_says() {
        let civil =
            Civil { year: 2024, month: 2, day: 29, hour: 13, minute: 34, second: 56, nanos: 120_000_000 };
        let zone = ZoneInfo { offset_seconds: 3600, abbreviation: "CET".to_owned() };
        for (layout, text) in [
            ("January 2", "February 29"),
            ("3pm", "1pm"),
            ("15h04", "13h34"),
            ("05.000000", "56.120000"),
            (".999 .000", ".12 .120"),
            ("-07 Z07:00 MST", "+01 +01:00 CET"),
            ("2006 06 1 01 Jan January", "2024 24 2 02 Feb February"),
            ("Kitchen RFC3339nano", "Kitchen RFC1119nano"),
            ("Mon Monday __2", "Thu Thursday  60"),
        ] {
            assert_eq!(format(layout, &civil, &zone), text, "{layout}");
        }
    }
}

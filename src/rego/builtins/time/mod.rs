//! `time.*`: instants are nanoseconds since 1970 that fit 64 bits; layouts are Go's; zones come from the tables in the
//! binary. The clock is the context's.

mod calendar;
pub(crate) mod duration;
mod format;
mod layout;
mod parse;
mod zone;

use super::{Builtin, BuiltinError, Context, operand};
use crate::rego::value::{Array, Value};
use calendar::{Civil, NANOS_PER_SECOND};
use zone::Zone;

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin { name: "time.add_date", run: add_date },
    Builtin { name: "time.clock", run: clock },
    Builtin { name: "time.date", run: date },
    Builtin { name: "time.diff", run: diff },
    Builtin { name: "time.format", run: format },
    Builtin { name: "time.now_ns", run: now_ns },
    Builtin { name: "time.parse_duration_ns", run: parse_duration_ns },
    Builtin { name: "time.parse_ns", run: parse_ns },
    Builtin { name: "time.parse_rfc3339_ns", run: parse_rfc3339_ns },
    Builtin { name: "time.weekday", run: weekday },
];

type Answer = Result<Option<Value>, BuiltinError>;

/// Bytes that one byte of a layout may become: a zone's letters for `MST`, a month's for `Jan`.
const LONGEST_FIELD: u64 = 4;

const RFC3339: &str = "2006-01-02T15:04:05Z07:00";
const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";

/// Layouts that have a name in Rego.
const NAMED_LAYOUTS: [(&str, &str); 10] = [
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
    ("RFC3339", RFC3339),
    ("RFC3339Nano", RFC3339_NANO),
];

fn layout_of(name: &str) -> &str {
    NAMED_LAYOUTS.iter().find(|(known, _)| *known == name).map_or(name, |(_, layout)| layout)
}

/// An operand: an instant, in a zone, with a layout.
struct Moment {
    nanos: i64,
    zone: Zone,
    layout: Option<String>,
}

impl Moment {
    fn civil(&self) -> Civil {
        let offset = self.zone.at(self.nanos).offset_seconds;
        Civil::of(i128::from(self.nanos) + i128::from(offset) * NANOS_PER_SECOND)
    }
}

fn moment(args: &[Value], position: usize) -> Result<Moment, BuiltinError> {
    match operand::any(args, position) {
        number @ Value::Number(_) => {
            Ok(Moment { nanos: nanos(position, number)?, zone: Zone::Utc, layout: None })
        }
        Value::Array(items) => moment_of(position, items),
        got => Err(operand::error(
            position,
            &format!("must be either number (ns) or [number (ns), string (tz)] but got {}", got.type_name()),
        )),
    }
}

fn moment_of(position: usize, items: &Array) -> Result<Moment, BuiltinError> {
    let text = |index: usize| match items.get(index) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(got) => Err(operand::type_error(position, &["string"], got)),
    };
    let Some(first) = items.get(0) else {
        return Err(operand::error(position, "must be either number (ns) or [number (ns), string (tz)]"));
    };
    let nanos = nanos(position, first)?;
    let zone = Zone::named(text(1)?.unwrap_or_default())?;
    Ok(Moment { nanos, zone, layout: text(2)?.map(str::to_owned) })
}

fn nanos(position: usize, value: &Value) -> Result<i64, BuiltinError> {
    match value {
        Value::Number(number) => {
            number.as_i64().ok_or_else(|| BuiltinError::Failed("timestamp too big".to_owned()))
        }
        got => Err(operand::type_error(position, &["number"], got)),
    }
}

/// Whether the text can be read by the layout.
pub(super) fn has_layout(layout: &str, text: &str) -> bool {
    parse::parse(layout, text).is_ok()
}

/// The instant as `20240229T133456Z`, the basic form of ISO 8601.
pub(super) fn utc_stamp(nanos: i64) -> String {
    let moment = Moment { nanos, zone: Zone::Utc, layout: None };
    format::format("20060102T150405Z", &moment.civil(), &moment.zone.at(nanos))
}

fn in_range(nanos: i128) -> Answer {
    let outside = |_| BuiltinError::Failed("time outside of valid range".to_owned());
    i64::try_from(nanos).map(|it| Some(Value::from(it))).map_err(outside)
}

fn numbers(numbers: &[i64]) -> Value {
    Value::from(numbers.iter().copied().map(Value::from).collect::<Vec<_>>())
}

#[allow(clippy::unnecessary_wraps)] // the shape of every builtin
fn now_ns(context: &mut Context<'_>, _: &[Value]) -> Answer {
    Ok(Some(Value::from(context.now_ns)))
}

fn parse_ns(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let layout = layout_of(operand::string(args, 1)?);
    let text = operand::string(args, 2)?;
    context.budget.steps((layout.len() + text.len()) as u64 / 8)?;
    in_range(parse::parse(layout, text).map_err(BuiltinError::Failed)?)
}

fn parse_rfc3339_ns(_: &mut Context<'_>, args: &[Value]) -> Answer {
    in_range(parse::parse(RFC3339, operand::string(args, 1)?).map_err(BuiltinError::Failed)?)
}

fn parse_duration_ns(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let nanos = duration::parse(operand::string(args, 1)?).map_err(BuiltinError::Failed)?;
    Ok(Some(Value::from(nanos)))
}

fn format(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let moment = moment(args, 1)?;
    let layout = moment.layout.as_deref().filter(|it| !it.is_empty()).map_or(RFC3339_NANO, layout_of);
    context.budget.bytes(LONGEST_FIELD * layout.len() as u64)?;
    Ok(Some(Value::from(format::format(layout, &moment.civil(), &moment.zone.at(moment.nanos)))))
}

fn date(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let civil = moment(args, 1)?.civil();
    Ok(Some(numbers(&[civil.year, civil.month, civil.day])))
}

fn clock(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let civil = moment(args, 1)?.civil();
    Ok(Some(numbers(&[civil.hour, civil.minute, civil.second])))
}

fn weekday(_: &mut Context<'_>, args: &[Value]) -> Answer {
    Ok(Some(Value::from(moment(args, 1)?.civil().weekday_name())))
}

fn add_date(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let moment = moment(args, 1)?;
    let (years, months, days) =
        (operand::integer(args, 2)?, operand::integer(args, 3)?, operand::integer(args, 4)?);
    let civil = moment.civil();
    let moved = Civil {
        year: civil.year.saturating_add(years),
        month: civil.month.saturating_add(months),
        day: civil.day.saturating_add(days),
        ..civil
    };
    in_range(moved.nanos())
}

/// The difference as years, months, days, hours, minutes, seconds, each as people count them, in the zone of the first.
fn diff(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let first = moment(args, 1)?;
    let second = moment(args, 2)?;
    let second = Moment { zone: first.zone.clone(), ..second };
    let (from, to) = if first.nanos <= second.nanos { (first, second) } else { (second, first) };
    let (from, to) = (from.civil(), to.civil());
    let mut carry = 0;
    let mut borrowed = |mut difference: i64, base: i64| {
        difference -= carry;
        carry = i64::from(difference < 0);
        if difference < 0 { difference + base } else { difference }
    };
    let second = borrowed(to.second - from.second, 60);
    let minute = borrowed(to.minute - from.minute, 60);
    let hour = borrowed(to.hour - from.hour, 24);
    let day = borrowed(to.day - from.day, calendar::days_in(from.year, from.month));
    let month = borrowed(to.month - from.month, 12);
    let year = borrowed(to.year - from.year, 0);
    Ok(Some(numbers(&[year, month, day, hour, minute, second])))
}

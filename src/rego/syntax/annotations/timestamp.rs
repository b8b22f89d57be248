//! Plain scalars that `yaml.v3` takes for points in time, which become strings as RFC 3339 writes them.
//!
//! Accepted: `2006-1-2T15:4:5.9Z`, the same with `t` or with an offset `+07:00`, `2006-1-2 15:4:5.9` without
//! one, and `2006-1-2`. Months, days, hours, minutes and seconds may have one digit or two.

use jiff::civil::Date;

/// The text in RFC 3339 form, if it is a point in time.
pub(super) fn rfc3339(text: &str) -> Option<String> {
    let (date, rest) = date(text)?;
    if rest.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let zoned = match rest.chars().next()? {
        'T' | 't' => true,
        ' ' => false,
        _ => return None,
    };
    let (time, rest) = time(rest.get(1..)?)?;
    let offset = match (zoned, rest) {
        (false, "") | (true, "Z") => "Z".to_owned(),
        (true, rest) => offset(rest)?,
        (false, _) => return None,
    };
    Some(format!("{date}T{time}{offset}"))
}

/// `2006-1-2`, and what follows it.
fn date(text: &str) -> Option<(Date, &str)> {
    let (year, rest) = text.split_at_checked(4)?;
    if !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (month, rest) = short_number(rest.strip_prefix('-')?)?;
    let (day, rest) = short_number(rest.strip_prefix('-')?)?;
    let date = Date::new(year.parse().ok()?, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    Some((date, rest))
}

/// `15:4:5.9` in its full form without trailing zeros, and what follows it.
fn time(text: &str) -> Option<(String, &str)> {
    let (hour, rest) = short_number(text)?;
    let (minute, rest) = short_number(rest.strip_prefix(':')?)?;
    let (second, rest) = short_number(rest.strip_prefix(':')?)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut out = format!("{hour:02}:{minute:02}:{second:02}");
    let Some(fraction) = rest.strip_prefix(['.', ',']) else { return Some((out, rest)) };
    let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
    if length == 0 {
        return None;
    }
    // Nanoseconds are as fine as it gets.
    let digits = fraction.get(..length.min(9))?.trim_end_matches('0');
    if !digits.is_empty() {
        out.push('.');
        out.push_str(digits);
    }
    Some((out, fraction.get(length..)?))
}

/// `+07:00`; UTC is written `Z`.
fn offset(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = bytes else { return None };
    let digits = [h1, h2, m1, m2];
    if !digits.iter().all(|byte| byte.is_ascii_digit()) || *m1 > b'5' || [*h1, *h2] > [b'2', b'4'] {
        return None;
    }
    let zero = digits.iter().all(|byte| **byte == b'0');
    let sign = char::from(*sign);
    Some(if zero { "Z".to_owned() } else { format!("{sign}{}", text.get(1..)?) })
}

/// A number of one digit or two, and what follows it.
fn short_number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(length)?;
    Some((digits.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_written_as_rfc_3339_has_it() {
        for (text, want) in [
            ("2025-07-01", "2025-07-01T00:00:00Z"),
            ("2025-7-1", "2025-07-01T00:00:00Z"),
            ("2025-5-01T00:00:00Z", "2025-05-01T00:00:00Z"),
            ("2025-05-01t1:2:3.450Z", "2025-05-01T01:02:03.45Z"),
            ("2025-05-01T01:02:03+02:00", "2025-05-01T01:02:03+02:00"),
            ("2025-05-01T01:02:03-00:00", "2025-05-01T01:02:03Z"),
            ("2025-05-01 01:02:03", "2025-05-01T01:02:03Z"),
        ] {
            assert_eq!(rfc3339(text).as_deref(), Some(want), "{text}");
        }
    }

    #[test]
    fn other_texts_stay_text() {
        for text in [
            "",
            "2025",
            "2025-07",
            "25-07-01",
            "2025-13-01",
            "2025-02-30",
            "2025-07-01T",
            "2025-07-01T10:00",
            "2025-07-01T25:00:00Z",
            "2025-07-01T10:00:00",
            "2025-07-01 10:00:00Z",
            "2025-07-01x",
            "é025-07-01",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
    }
}

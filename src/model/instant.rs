//! Instants as policies and command lines write them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The instant of an RFC 3339 date and time, upper-case `T` and `Z` or a numeric offset, for example
/// `2025-12-01T00:00:00Z`; none for any other text.
pub fn rfc3339(text: &str) -> Option<Timestamp> {
    // jiff alone would take blanks for `T`, bracketed zone names and more.
    let (date_time, zone) = text.split_at_checked(19)?;
    let shape: Vec<u8> =
        date_time.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect();
    if shape != b"0000-00-00T00:00:00" || date_time.ends_with("60") {
        return None;
    }
    let zone = match zone.strip_prefix('.') {
        Some(fraction) => {
            let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() == fraction.len() {
                return None;
            }
            rest
        }
        None => zone,
    };
    if zone != "Z" && !is_offset(zone) {
        return None;
    }
    text.parse().ok()
}

/// As [`rfc3339`], or the beginning of a day in UTC: `2025-12-01`.
pub fn rfc3339_or_date(text: &str) -> Option<Timestamp> {
    if text.len() != 10 {
        return rfc3339(text);
    }
    let date: Date = text.parse().ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn is_offset(zone: &str) -> bool {
    let shape: Vec<u8> = zone.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte }).collect();
    shape == b"+00:00" || shape == b"-00:00"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_fractions_are_read() {
        let utc = rfc3339("2025-12-01T00:00:00Z").unwrap();
        assert_eq!(rfc3339("2025-12-01T02:00:00+02:00"), Some(utc));
        assert_eq!(rfc3339("2025-12-01T00:00:00.000Z"), Some(utc));
        assert_eq!(rfc3339_or_date("2025-12-01"), Some(utc));
    }

    #[test]
    fn anything_else_is_no_instant() {
        for text in [
            "",
            "2025-12-01",
            "2025-12-01 00:00:00Z",
            "2025-12-01t00:00:00z",
            "2025-12-01T00:00:00",
            "2025-12-01T00:00:00.Z",
            "2025-12-01T00:00:60Z",
            "2025-13-01T00:00:00Z",
            "2024-02-30T00:00:00Z",
            "2025-12-01T00:00:00Z[UTC]",
            "2025-12-01T00:00:00+0200",
            "some time",
            "²025-12-01T00:00:00Z",
        ] {
            assert_eq!(rfc3339(text), None, "{text}");
        }
        for text in ["2025-13-45", "2025-1-1", "some day", "2024-02-30", "20251201ZZ"] {
            assert_eq!(rfc3339_or_date(text), None, "{text}");
        }
    }
}

//! How long a host asks to be left alone: `Retry-After` (RFC 9110, section 10.2.3) and the `RateLimit` headers (the
//! drafts of `draft-ietf-httpapi-ratelimit-headers`, old and new).

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::status::Class;

/// Says what time it is.
pub type Clock = fn() -> Timestamp;

/// Before this request is made again; nothing where the answer does not say.
pub(super) fn of_request(headers: &HeaderMap, clock: Clock) -> Option<Duration> {
    retry_after(headers, clock).or_else(|| Quota::read(headers)?.reset)
}

/// Before any request is made to this host.
pub(super) fn of_host(class: Class, headers: &HeaderMap, clock: Clock) -> Option<Duration> {
    match class {
        Class::Throttled => of_request(headers, clock),
        // An answer may say that it was the last one for now.
        _ => Quota::read(headers).filter(|it| it.remaining == Some(0))?.reset,
    }
}

/// In seconds, or as a date, which is compared with the date of the answer itself: their clock and ours may differ.
fn retry_after(headers: &HeaderMap, clock: Clock) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER.as_str())?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = date(value)?;
    let now = text(headers, DATE.as_str()).and_then(date).unwrap_or_else(clock);
    // A date that has passed means now.
    Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
}

fn date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// What is left of what a host grants.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Quota {
    remaining: Option<u64>,
    reset: Option<Duration>,
}

impl Quota {
    /// `RateLimit-Remaining: 0` and `RateLimit-Reset: 30`, `RateLimit: limit=10, remaining=0, reset=30`, or
    /// `RateLimit: "default";r=0;t=30`.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let mut quota = Self {
            remaining: text(headers, "ratelimit-remaining").and_then(leading_number),
            reset: text(headers, "ratelimit-reset").and_then(leading_number).map(Duration::from_secs),
        };
        let parameters = text(headers, "ratelimit").unwrap_or_default().split([',', ';']);
        for (name, value) in parameters.filter_map(|it| it.trim().split_once('=')) {
            match name {
                "r" | "remaining" => quota.remaining = leading_number(value),
                "t" | "reset" => quota.reset = leading_number(value).map(Duration::from_secs),
                _ => {}
            }
        }
        (quota != Self::default()).then_some(quota)
    }
}

/// Parameters may follow, as in `76;w=21600`.
fn leading_number(text: &str) -> Option<u64> {
    let text = text.trim();
    text[..text.find(|it: char| !it.is_ascii_digit()).unwrap_or(text.len())].parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|it| it.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn seconds(class: Class, pairs: &[(&'static str, &'static str)]) -> (Option<u64>, Option<u64>) {
        let (headers, clock) = (headers(pairs), || Timestamp::UNIX_EPOCH);
        let seconds = |it: Option<Duration>| it.map(|it| it.as_secs());
        (seconds(of_request(&headers, clock)), seconds(of_host(class, &headers, clock)))
    }

    #[test]
    fn threat_42_retry_after_is_read_in_seconds_and_as_a_date() {
        for (value, expected) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("Thu, 01 Jan 1970 00:01:30 GMT", Some(90)),
            ("Wed, 31 Dec 1969 23:59:00 GMT", Some(0)),
            ("18446744073709551616", None),
            ("-1", None),
            ("7.5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(seconds(Class::Throttled, &[("retry-after", value)]), (expected, expected), "{value}");
        }
    }

    #[test]
    fn a_date_is_compared_with_the_date_of_its_own_answer() {
        let skewed =
            [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:32 GMT")];
        assert_eq!(seconds(Class::Throttled, &skewed).0, Some(5));
    }

    #[test]
    fn quotas_are_read_in_every_spelling() {
        for pairs in [
            &[("ratelimit-remaining", "0"), ("ratelimit-reset", "9")][..],
            &[("ratelimit-remaining", "0;w=60"), ("ratelimit-reset", "9;w=60")],
            &[("ratelimit", "limit=100, remaining=0, reset=9")],
            &[("ratelimit", "\"default\";r=0;t=9")],
        ] {
            assert_eq!(seconds(Class::Throttled, pairs), (Some(9), Some(9)), "{pairs:?}");
            assert_eq!(seconds(Class::Answer, pairs).1, Some(9), "{pairs:?}");
        }
    }

    #[test]
    fn only_the_last_request_of_a_quota_stops_the_others() {
        let left = [("ratelimit-remaining", "76;w=21600"), ("ratelimit-reset", "9")];
        assert_eq!(seconds(Class::Answer, &left).1, None);
        assert_eq!(seconds(Class::Answer, &[("ratelimit-remaining", "0")]).1, None);
        assert_eq!(seconds(Class::Answer, &[("retry-after", "9")]).1, None);
    }

    #[test]
    fn retry_after_is_stronger_than_a_quota() {
        let both = [("retry-after", "3"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "9")];
        assert_eq!(seconds(Class::Throttled, &both), (Some(3), Some(3)));
    }
}

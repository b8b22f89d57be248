//! `semver.*`: versions as OPA reads them, which is looser than the specification: a leading `v`, leading zeros, and
//! an empty pre-release or build part are taken. Build metadata takes no part in the order.

use std::cmp::Ordering;

use super::{Builtin, BuiltinError, Context, operand};
use crate::rego::value::Value;

pub(super) const BUILTINS: &[Builtin] =
    &[Builtin { name: "semver.compare", run: compare }, Builtin { name: "semver.is_valid", run: is_valid }];

type Answer = Result<Option<Value>, BuiltinError>;

/// The parts that decide the order: numbers as their digits without leading zeros.
struct Version<'a> {
    core: [&'a str; 3],
    pre_release: Vec<&'a str>,
}

fn compare(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let (first, second) = (version(args, 1)?, version(args, 2)?);
    Ok(Some(Value::from(order(&first, &second) as i64)))
}

#[allow(clippy::unnecessary_wraps)] // the shape of every builtin
fn is_valid(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let valid = operand::any(args, 1).as_str().is_some_and(|text| parse(text).is_some());
    Ok(Some(Value::Bool(valid)))
}

fn version(args: &[Value], position: usize) -> Result<Version<'_>, BuiltinError> {
    let text = operand::string(args, position)?;
    parse(text).ok_or_else(|| {
        BuiltinError::Failed(format!("operand {position}: string {:?} is not a valid SemVer", text.as_str()))
    })
}

fn parse(text: &str) -> Option<Version<'_>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (rest, metadata) = text.split_once('+').unwrap_or((text, ""));
    let (core, pre_release) = rest.split_once('-').unwrap_or((rest, ""));
    if !is_part(metadata) || !is_part(pre_release) {
        return None;
    }
    let mut numbers = core.split('.');
    let core = [number(numbers.next()?)?, number(numbers.next()?)?, number(numbers.next()?)?];
    let pre_release = if pre_release.is_empty() { Vec::new() } else { pre_release.split('.').collect() };
    numbers.next().is_none().then_some(Version { core, pre_release })
}

/// Nothing, or identifiers between dots.
fn is_part(text: &str) -> bool {
    let identifier = |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.is_empty() || text.split('.').all(identifier)
}

fn number(text: &str) -> Option<&str> {
    (is_number(text) && text.parse::<i64>().is_ok()).then(|| significant(text))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn significant(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

fn order(a: &Version<'_>, b: &Version<'_>) -> Ordering {
    let core = a.core.iter().zip(&b.core).map(|(a, b)| by_digits(a, b)).fold(Ordering::Equal, Ordering::then);
    core.then_with(|| match (a.pre_release.len(), b.pre_release.len()) {
        (0, 0) => Ordering::Equal,
        (0, _) => Ordering::Greater,
        (_, 0) => Ordering::Less,
        (m, n) => {
            let parts = a.pre_release.iter().zip(&b.pre_release).map(|(a, b)| by_identifier(a, b));
            parts.fold(Ordering::Equal, Ordering::then).then(m.cmp(&n))
        }
    })
}

fn by_digits(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

fn by_identifier(a: &str, b: &str) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => by_digits(significant(a), significant(b)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(a: &str, b: &str) -> Option<Ordering> {
        Some(order(&parse(a)?, &parse(b)?))
    }

    #[test]
    fn versions_are_ordered_as_the_specification_says() {
        let ascending = [
            "0.9.9",
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-99999999999999999999",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-rc.1",
            "1.0.0",
            "v1.0.1",
            "1.2.0",
            "1.10.0",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(ordered(pair[0], pair[1]), Some(Ordering::Less), "{pair:?}");
            assert_eq!(ordered(pair[1], pair[0]), Some(Ordering::Greater), "{pair:?}");
        }
    }

    #[test]
    fn what_takes_no_part_in_the_order_makes_no_difference() {
        assert_eq!(ordered("1.0.0+a", "1.0.0+b"), Some(Ordering::Equal));
        assert_eq!(ordered("1.0.0-01", "1.0.0-1"), Some(Ordering::Equal));
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for bad in [
            "",
            "1",
            "1.0",
            "1.0.0.0",
            "1.0.0-a..b",
            "1.0.0- ",
            " 1.0.0",
            "1.2.3-é",
            "99999999999999999999.0.0",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}

//! What `parse_and_verify_certificates_with_options` may be asked for.

use super::super::super::BuiltinError;
use super::super::super::operand::failed;
use super::extensions::{SERVER_AUTHENTICATION, Usage};
use crate::rego::value::{Object, Value};

/// What a chain is wanted for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// The host or address that the leaf must be for.
    pub(super) host: Option<String>,
    /// Nanoseconds since 1970; without it, the evaluation's clock.
    pub(super) time_ns: Option<i64>,
    /// Comparisons of names with constraints before the chain is given up.
    pub(super) max_comparisons: u64,
    /// One of them must be allowed all along the chain.
    pub(super) purposes: Vec<Purpose>,
}

/// What the chain's key is to be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Any,
    Only(Usage),
}

/// Go's default.
const MAX_COMPARISONS: u64 = 250_000;

impl Default for Options {
    fn default() -> Self {
        let purposes = vec![Purpose::Only(SERVER_AUTHENTICATION)];
        Self { host: None, time_ns: None, max_comparisons: MAX_COMPARISONS, purposes }
    }
}

impl Options {
    /// The options of an object of them.
    ///
    /// # Errors
    /// Options that there are not, or of another type.
    pub(super) fn of(wanted: &Object) -> Result<Self, BuiltinError> {
        let mut options = Self::default();
        for (key, value) in wanted {
            match key.as_str() {
                Some("DNSName") => {
                    let Some(host) = value.as_str() else { return failed("'DNSName' should be a string") };
                    options.host = Some(host.to_owned()).filter(|it| !it.is_empty());
                }
                Some("CurrentTime") => options.time_ns = Some(integer("CurrentTime", "int64 number", value)?),
                Some("MaxConstraintComparisons") => {
                    let most = integer("MaxConstraintComparisons", "number", value)?;
                    // Zero stands for the default.
                    let most = u64::try_from(most).ok().filter(|it| *it > 0);
                    options.max_comparisons = most.unwrap_or(MAX_COMPARISONS);
                }
                Some("KeyUsages") => options.purposes = purposes(value)?,
                _ => return failed("invalid key option"),
            }
        }
        Ok(options)
    }
}

fn integer(name: &str, what: &str, value: &Value) -> Result<i64, BuiltinError> {
    let Value::Number(number) = value else { return failed(format!("'{name}' should be a number")) };
    number.as_plain_i64().map_or_else(|| failed(format!("'{name}' should be a valid {what}")), Ok)
}

fn purposes(value: &Value) -> Result<Vec<Purpose>, BuiltinError> {
    let names: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Set(members) => members.iter().collect(),
        _ => return failed("'KeyUsages' should be an Array or Set"),
    };
    let (mut purposes, mut unknown) = (Vec::new(), Vec::new());
    for name in names.into_iter().filter_map(Value::as_str) {
        match name.strip_prefix("KeyUsage") {
            Some("Any") => purposes.push(Purpose::Any),
            short => match short.and_then(Usage::named) {
                Some(usage) => purposes.push(Purpose::Only(usage)),
                None => unknown.push(name),
            },
        }
    }
    if !unknown.is_empty() {
        return failed(format!("invalid entries for 'KeyUsages' found: [{}]", unknown.join(" ")));
    }
    if purposes.is_empty() { Ok(Options::default().purposes) } else { Ok(purposes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::value::{ReadLimits, json};

    fn options(text: &str) -> Result<Options, String> {
        let wanted = json::read(text.as_bytes(), &ReadLimits::default()).unwrap();
        Options::of(wanted.as_object().unwrap()).map_err(|it| it.to_string())
    }

    #[test]
    fn without_options_a_chain_is_for_servers() {
        assert_eq!(options("{}"), Ok(Options::default()));
        assert_eq!(options(r#"{"KeyUsages": [], "DNSName": ""}"#), Ok(Options::default()));
        assert_eq!(options(r#"{"KeyUsages": ["KeyUsageAny"]}"#).unwrap().purposes, [Purpose::Any]);
    }

    #[test]
    fn options_that_there_are_not_are_named() {
        for (text, why) in [
            (r#"{"Nope": 1}"#, "invalid key option"),
            (r#"{"DNSName": 1}"#, "'DNSName' should be a string"),
            (r#"{"CurrentTime": "x"}"#, "'CurrentTime' should be a number"),
            (r#"{"CurrentTime": 1.5}"#, "'CurrentTime' should be a valid int64 number"),
            (r#"{"KeyUsages": "KeyUsageAny"}"#, "'KeyUsages' should be an Array or Set"),
            (r#"{"KeyUsages": ["Any", "x"]}"#, "invalid entries for 'KeyUsages' found: [Any x]"),
        ] {
            assert_eq!(options(text), Err(why.to_owned()), "{text}");
        }
    }
}

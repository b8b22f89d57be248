//! `net.cidr_*`: ranges of IP addresses. `net.lookup_ip_addr` is not offered.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Builtin, BuiltinError, Context, operand};
use crate::rego::value::{SetBuilder, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin { name: "net.cidr_contains", run: contains },
    Builtin { name: "net.cidr_contains_matches", run: contains_matches },
    Builtin { name: "net.cidr_expand", run: expand },
    Builtin { name: "net.cidr_intersects", run: intersects },
    Builtin { name: "net.cidr_is_valid", run: is_valid },
    Builtin { name: "net.cidr_merge", run: merge },
    Builtin { name: "net.cidr_overlap", run: contains },
];

type Answer = Result<Option<Value>, BuiltinError>;

/// Bytes of the text of the longest address, for the budget.
const ADDRESS_BYTES: u64 = 64;

/// A range of addresses of one family: the first one, as a number, and how many leading bits are fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    family: Family,
    first: u128,
    prefix: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn bits(self) -> u32 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }

    fn text(self, address: u128) -> String {
        match (self, u32::try_from(address)) {
            (Self::V4, Ok(address)) => Ipv4Addr::from_bits(address).to_string(),
            _ => Ipv6Addr::from_bits(address).to_string(),
        }
    }
}

impl Range {
    fn new(family: Family, address: u128, prefix: u32) -> Option<Self> {
        let free = family.bits().checked_sub(prefix)?;
        let first = if free >= 128 { 0 } else { address >> free << free };
        Some(Self { family, first, prefix })
    }

    fn single(address: IpAddr) -> Self {
        let (family, address) = number_of(address);
        Self { family, first: address, prefix: family.bits() }
    }

    fn last(&self) -> u128 {
        let free = self.family.bits() - self.prefix;
        let mask = if free >= 128 { u128::MAX } else { (1 << free) - 1 };
        self.first | mask
    }

    fn holds(&self, other: &Self) -> bool {
        self.family == other.family && self.first <= other.first && other.last() <= self.last()
    }

    fn text(&self) -> String {
        format!("{}/{}", self.family.text(self.first), self.prefix)
    }
}

/// IPv4 addresses in IPv6 clothes count as IPv4.
fn number_of(address: IpAddr) -> (Family, u128) {
    match address {
        IpAddr::V4(it) => (Family::V4, u128::from(it.to_bits())),
        IpAddr::V6(it) => match it.to_ipv4_mapped() {
            Some(it) => (Family::V4, u128::from(it.to_bits())),
            None => (Family::V6, it.to_bits()),
        },
    }
}

fn cidr(text: &str) -> Result<Range, BuiltinError> {
    parse_cidr(text).ok_or_else(|| BuiltinError::Failed(format!("invalid CIDR address: {text}")))
}

fn parse_cidr(text: &str) -> Option<Range> {
    let (address, prefix) = text.split_once('/')?;
    if prefix.is_empty() || prefix.len() > 3 || !prefix.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let prefix: u32 = prefix.parse().ok()?;
    let address: IpAddr = address.parse().ok()?;
    // The prefix counts bits of the address as it is written: of 128 for `::ffff:1.2.3.4`.
    let (family, number) = number_of(address);
    if address.is_ipv6() && family == Family::V4 {
        return (prefix <= 128)
            .then(|| prefix.saturating_sub(96))
            .and_then(|it| Range::new(family, number, it));
    }
    Range::new(family, number, prefix)
}

fn cidr_or_address(text: &str) -> Result<Range, BuiltinError> {
    if let Ok(address) = text.parse() {
        return Ok(Range::single(address));
    }
    parse_cidr(text).ok_or_else(|| {
        BuiltinError::Failed(format!("not a valid textual representation of an IP address or CIDR: {text}"))
    })
}

fn contains(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let (outer, inner) = (operand::string(args, 1)?, operand::string(args, 2)?);
    let outer = cidr(outer)?;
    Ok(Some(Value::Bool(outer.holds(&cidr_or_address(inner)?))))
}

fn intersects(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let (a, b) = (cidr(operand::string(args, 1)?)?, cidr(operand::string(args, 2)?)?);
    Ok(Some(Value::Bool(a.holds(&b) || b.holds(&a))))
}

#[allow(clippy::unnecessary_wraps)] // the shape of every builtin
fn is_valid(_: &mut Context<'_>, args: &[Value]) -> Answer {
    let valid = operand::any(args, 1).as_str().is_some_and(|text| parse_cidr(text).is_some());
    Ok(Some(Value::Bool(valid)))
}

fn expand(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let range = cidr(operand::string(args, 1)?)?;
    let count = u64::try_from(range.last() - range.first).unwrap_or(u64::MAX).saturating_add(1);
    context.budget.bytes(count.saturating_mul(ADDRESS_BYTES))?;
    let mut addresses = SetBuilder::new();
    for address in range.first..=range.last() {
        context.budget.steps(1)?;
        addresses.push(Value::from(range.family.text(address)));
    }
    Ok(Some(Value::Set(addresses.build())))
}

/// The smallest set of ranges for the same addresses.
fn merge(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let items: Vec<&Value> = match operand::any(args, 1) {
        Value::Array(items) => items.iter().collect(),
        Value::Set(members) => members.iter().collect(),
        _ => return Err(BuiltinError::Failed("operand must be an array".to_owned())),
    };
    let mut ranges = Vec::new();
    for item in items {
        context.budget.steps(1)?;
        let Some(text) = item.as_str() else {
            return Err(BuiltinError::Failed("element must be string".to_owned()));
        };
        ranges.push(merge_operand(text)?);
    }
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::new();
    for range in ranges {
        if merged.last().is_some_and(|last| last.holds(&range)) {
            continue;
        }
        merged.push(range);
        while let [.., a, b] = merged[..] {
            let Some(both) = sibling_union(&a, &b) else { break };
            merged.truncate(merged.len() - 2);
            merged.push(both);
        }
    }
    Ok(Some(Value::Set(merged.iter().map(|it| Value::from(it.text())).collect())))
}

/// An address without a prefix stands for its class of old.
fn merge_operand(text: &str) -> Result<Range, BuiltinError> {
    match text.parse::<IpAddr>() {
        Err(_) => cidr(text),
        Ok(IpAddr::V6(it)) if it.to_ipv4_mapped().is_none() => {
            Err(BuiltinError::Failed("IPv6 invalid: needs prefix length".to_owned()))
        }
        Ok(address) => {
            let (family, number) = number_of(address);
            let prefix = match number >> 24 {
                0..128 => 8,
                128..192 => 16,
                _ => 24,
            };
            Range::new(family, number, prefix)
                .ok_or_else(|| BuiltinError::Failed(format!("invalid CIDR address: {text}")))
        }
    }
}

fn sibling_union(a: &Range, b: &Range) -> Option<Range> {
    let prefix = a.prefix.checked_sub(1)?;
    let both = Range::new(a.family, a.first, prefix)?;
    (a.prefix == b.prefix && a != b && both.holds(a) && both.holds(b)).then_some(both)
}

/// An operand of `net.cidr_contains_matches`: its name in the answer, and its text.
fn entries(args: &[Value], position: usize) -> Result<Vec<(Value, &str)>, BuiltinError> {
    let text = |value| {
        entry_text(value).ok_or_else(|| {
            BuiltinError::Failed(format!("operand {position}: element must be string or non-empty array"))
        })
    };
    match operand::any(args, position) {
        value @ Value::String(_) => Ok(vec![(value.clone(), text(value)?)]),
        Value::Array(items) => {
            (0_i64..).zip(items.iter()).map(|(index, item)| Ok((Value::from(index), text(item)?))).collect()
        }
        Value::Set(members) => members.iter().map(|item| Ok((item.clone(), text(item)?))).collect(),
        Value::Object(pairs) => pairs.iter().map(|(key, item)| Ok((key.clone(), text(item)?))).collect(),
        // As in OPA, what can hold no range holds none.
        _ => Ok(Vec::new()),
    }
}

fn entry_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(items) => items.get(0)?.as_str(),
        _ => None,
    }
}

fn contains_matches(context: &mut Context<'_>, args: &[Value]) -> Answer {
    for position in [1, 2] {
        context.draw(operand::any(args, position).count().unwrap_or(1))?;
    }
    let (outer, inner) = (entries(args, 1)?, entries(args, 2)?);
    let inner: Vec<_> = inner
        .into_iter()
        .map(|(name, text)| Ok((name, cidr_or_address(text)?)))
        .collect::<Result<_, BuiltinError>>()?;
    let mut matches = SetBuilder::new();
    // As in OPA, the first ones are looked at only where there is something to hold.
    for (outer_name, text) in outer.into_iter().filter(|_| !inner.is_empty()) {
        let range = cidr(text)?;
        context.budget.steps(inner.len() as u64)?;
        for (inner_name, _) in inner.iter().filter(|(_, it)| range.holds(it)) {
            context.budget.bytes(2 * size_of::<Value>() as u64)?;
            matches.push(Value::from(vec![outer_name.clone(), inner_name.clone()]));
        }
    }
    Ok(Some(Value::Set(matches.build())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        parse_cidr(text).unwrap()
    }

    #[test]
    fn a_range_holds_its_addresses_and_no_other_family() {
        assert!(range("10.0.0.0/8").holds(&Range::single("::ffff:10.1.1.1".parse().unwrap())));
        assert!(!range("::/0").holds(&Range::single("1.2.3.4".parse().unwrap())));
        assert!(range("0.0.0.0/0").holds(&range("255.0.0.0/8")));
        assert!(!range("10.0.0.0/16").holds(&range("10.0.0.0/8")));
    }

    #[test]
    fn a_range_is_written_from_its_first_address() {
        assert_eq!(range("10.0.0.5/8").text(), "10.0.0.0/8");
        assert_eq!(range("2001:db8::1/32").text(), "2001:db8::/32");
        assert_eq!(range("::ffff:1.2.3.5/127").text(), "1.2.3.4/31");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in
            ["", "10.0.0.0", "010.0.0.0/8", "10.0.0.0/-1", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/+8"]
        {
            assert_eq!(parse_cidr(bad), None, "{bad}");
        }
    }
}

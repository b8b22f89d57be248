//! Chance and names made by chance: drawn from the seed of the evaluation, so that a run can be repeated.

use super::documents::draw_for;
use super::operand::{Answer, answer, any, integer, string};
use super::{Builtin, Context};
use crate::rego::value::{Object, Value};

pub(super) const BUILTINS: &[Builtin] = &[
    Builtin::new("rand.intn", intn),
    Builtin::new("uuid.rfc4122", rfc4122),
    Builtin::new("uuid.parse", |_, args| uuid_parse(args)),
];

/// A well mixed number for a seed and a text (`SplitMix64` over FNV-1a): chance enough for sampling, not for secrets.
fn draw(seed: u64, text: &str, turn: u64) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let mut mixed = seed ^ hash ^ turn.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for factor in [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb] {
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(factor);
    }
    mixed ^ (mixed >> 31)
}

/// A number below the second argument, always the same for the same arguments.
fn intn(context: &mut Context<'_>, args: &[Value]) -> Answer {
    let (key, below) = (string(args, 1)?, integer(args, 2)?.unsigned_abs());
    if below == 0 {
        return answer(0);
    }
    answer(draw(context.seed, &format!("intn-{key}-{below}"), 0) % below)
}

fn rfc4122(context: &mut Context<'_>, args: &[Value]) -> Answer {
    draw_for(context, any(args, 1))?;
    let key = format!("uuid-{}", any(args, 1));
    let bits = u128::from(draw(context.seed, &key, 1)) << 64 | u128::from(draw(context.seed, &key, 2));
    // Version 4, and the variant of RFC 4122.
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{bits:032x}");
    answer(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

/// What a UUID says about itself; nothing where the text is none.
fn uuid_parse(args: &[Value]) -> Answer {
    let Some(bytes) = uuid_bytes(string(args, 1)?) else { return Ok(None) };
    let version = bytes[6] >> 4;
    let mut fields: Vec<(&str, Value)> =
        vec![("version", u32::from(version).into()), ("variant", variant(bytes[8]).into())];
    if matches!(version, 1 | 2) {
        let word = |at: usize, count: usize| {
            bytes[at..at + count].iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
        };
        let low = word(0, 4);
        let time = low | word(4, 2) << 32 | (word(6, 2) & 0xfff) << 48;
        let node: Vec<String> = bytes[10..].iter().map(|byte| format!("{byte:02x}")).collect();
        // In steps of 100 nanoseconds since the beginning of the Gregorian calendar in 1582.
        let since_1970 = i64::try_from(time).unwrap_or(i64::MAX) - 122_192_928_000_000_000;
        fields.push(("time", Value::from(since_1970.wrapping_mul(100))));
        fields.push(("nodeid", node.join("-").into()));
        fields.push(("macvariables", mac_variables(bytes[10]).into()));
        fields.push(("clocksequence", (word(8, 2) & 0x3fff).into()));
        if version == 2 {
            fields.push(("id", low.into()));
            fields.push(("domain", domain(bytes[9]).into()));
        }
    }
    answer(fields.into_iter().collect::<Object>())
}

/// The plain form, that form in braces or behind `urn:uuid:`, or 32 digits.
fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let plain = match text.len() {
        36 | 32 => text,
        // Any character may stand for a brace, as in the library that OPA uses.
        38 if text.is_ascii() => &text[1..37],
        45 if text.get(..9)?.eq_ignore_ascii_case("urn:uuid:") => &text[9..],
        _ => return None,
    };
    let digits = if plain.len() == 36 {
        let dashes = [8, 13, 18, 23];
        if dashes.iter().any(|at| plain.as_bytes()[*at] != b'-') {
            return None;
        }
        plain.bytes().enumerate().filter(|(at, _)| !dashes.contains(at)).map(|(_, byte)| byte).collect()
    } else {
        plain.as_bytes().to_vec()
    };
    let mut bytes = [0; 16];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

fn variant(byte: u8) -> &'static str {
    match byte {
        0x80..=0xbf => "RFC4122",
        0xc0..=0xdf => "Microsoft",
        0xe0..=0xff => "Future",
        _ => "Reserved",
    }
}

fn mac_variables(byte: u8) -> &'static str {
    match byte & 0b11 {
        0b11 => "local:multicast",
        0b01 => "global:multicast",
        0b10 => "local:unicast",
        _ => "global:unicast",
    }
}

fn domain(byte: u8) -> String {
    match byte {
        0 => "Person".to_owned(),
        1 => "Group".to_owned(),
        2 => "Org".to_owned(),
        other => format!("Domain{other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rego::budget::Budget;
    use crate::rego::builtins::Caches;

    #[test]
    fn the_same_seed_and_arguments_give_the_same_chance() {
        let run = |seed, key: &str| {
            let (mut budget, mut caches) = (Budget::unlimited(), Caches::default());
            let mut context =
                Context { now_ns: 0, seed, budget: &mut budget, sink: &mut (), caches: &mut caches };
            let number = intn(&mut context, &[key.into(), 1000.into()]).unwrap().unwrap();
            let uuid = rfc4122(&mut context, &[key.into()]).unwrap().unwrap();
            (number.as_i64().unwrap(), uuid.as_str().unwrap().to_owned())
        };
        assert_eq!(run(1, "a"), run(1, "a"));
        assert_ne!(run(1, "a"), run(2, "a"));
        assert_ne!(run(1, "a"), run(1, "b"));
        let (number, uuid) = run(7, "x");
        assert!((0..1000).contains(&number));
        let parsed = uuid_parse(&[uuid.into()]).unwrap().unwrap();
        assert_eq!(parsed.to_string(), r#"{"variant": "RFC4122", "version": 4}"#);
    }
}

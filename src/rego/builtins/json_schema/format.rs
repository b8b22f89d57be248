//! The `format` keyword. A format that is not known says nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::super::{regex, time};

/// A format that is known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Format {
    pub(super) name: &'static str,
    matches: fn(&str) -> bool,
}

const FORMATS: [Format; 17] = [
    Format::new("date", |text| time::has_layout("2006-01-02", text)),
    Format::new("time", |text| ["15:04:05", "15:04:05Z07:00"].iter().any(|it| time::has_layout(it, text))),
    Format::new("date-time", |text| {
        let layouts = ["2006-01-02T15:04:05Z07:00", "2006-01-02", "15:04:05", "15:04:05Z07:00"];
        layouts.iter().any(|it| time::has_layout(it, text))
    }),
    Format::new("hostname", is_hostname),
    Format::new("email", is_email),
    Format::new("idn-email", is_email),
    Format::new("ipv4", |text| text.parse::<Ipv4Addr>().is_ok()),
    Format::new("ipv6", |text| text.parse::<Ipv6Addr>().is_ok()),
    Format::new("uri", |text| is_uri_reference(text) && has_scheme(text)),
    Format::new("iri", |text| is_uri_reference(text) && has_scheme(text)),
    Format::new("uri-reference", is_uri_reference),
    Format::new("iri-reference", is_uri_reference),
    Format::new("uri-template", |text| is_uri_reference(text) && has_balanced_braces(text)),
    Format::new("uuid", is_uuid),
    Format::new("regex", |text| regex::compile(text).is_ok()),
    Format::new("json-pointer", is_pointer),
    Format::new("relative-json-pointer", is_relative_pointer),
];

impl Format {
    const fn new(name: &'static str, matches: fn(&str) -> bool) -> Self {
        Self { name, matches }
    }

    /// The format of a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        FORMATS.into_iter().find(|it| it.name == name)
    }

    /// Whether the text is of the format.
    pub(super) fn matches(self, text: &str) -> bool {
        (self.matches)(text)
    }
}

fn is_hostname(text: &str) -> bool {
    let label = |it: &str| {
        (1..=63).contains(&it.len())
            && !it.starts_with('-')
            && !it.ends_with('-')
            && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() < 256 && text.split('.').all(label)
}

fn is_email(text: &str) -> bool {
    let plain = |b: u8| !b.is_ascii_control() && !b" ()<>[]:;@\\,\"".contains(&b);
    text.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.is_empty()
            && local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(plain))
            && domain.bytes().all(plain)
    })
}

fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

fn is_uri_reference(text: &str) -> bool {
    if text.contains('\\') || text.bytes().any(|b| b.is_ascii_control()) || !has_good_escapes(text) {
        return false;
    }
    let rest = match text.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        // A colon in the first segment would be a scheme.
        Some((before, _)) if !before.contains(['/', '?', '#']) => return false,
        _ => text,
    };
    let host = rest.strip_prefix("//").map(|it| it.split(['/', '?', '#']).next().unwrap_or_default());
    host.is_none_or(|it| {
        !it.bytes().any(|b| matches!(b, b' ' | b'<' | b'>' | b'"' | b'^' | b'`' | b'{' | b'}'))
    })
}

fn has_good_escapes(text: &str) -> bool {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    path.split('%').skip(1).all(|it| it.len() >= 2 && it.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

fn has_balanced_braces(text: &str) -> bool {
    let mut open = false;
    for c in text.chars() {
        match c {
            '{' if open => return false,
            '{' => open = true,
            '}' if !open => return false,
            '}' => open = false,
            _ => {}
        }
    }
    !open
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|it| it.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|it| it.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn is_pointer(text: &str) -> bool {
    let escapes = |it: &str| it.split('~').skip(1).all(|it| it.starts_with(['0', '1']));
    text.is_empty() || (text.starts_with('/') && escapes(text))
}

fn is_relative_pointer(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at(digits);
    digits > 0 && (digits == 1 || !number.starts_with('0')) && (rest == "#" || is_pointer(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_tell_good_from_bad() {
        for (name, good, bad) in [
            ("date", "2024-02-29", "2023-02-29"),
            ("time", "12:34:56Z", "x"),
            ("date-time", "2024-01-02T03:04:05Z", "yesterday"),
            ("hostname", "a.example.com", "-a-"),
            ("email", "a@b.c", "a b@c"),
            ("idn-email", "ä@b.c", "@"),
            ("ipv4", "127.0.0.1", "::1"),
            ("ipv6", "::1", "127.0.0.1"),
            ("uri", "https://a.example/b?c#d", "x y"),
            ("uri-reference", "../a", "\\a"),
            ("iri-reference", "ä/b", "%zz"),
            ("uri-template", "/a/{b}", "/a/{b"),
            ("uuid", "123e4567-E89B-12d3-a456-426614174000", "123e4567"),
            ("regex", "a+", "("),
            ("json-pointer", "/a/~0/~1", "a"),
            ("relative-json-pointer", "1/a", "/a"),
        ] {
            let format = Format::of(name).unwrap();
            assert!(format.matches(good), "{name}: {good}");
            assert!(!format.matches(bad), "{name}: {bad}");
        }
        assert!(Format::of("no-such-format").is_none());
    }
}

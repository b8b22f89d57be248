//! The parts of a URI (RFC 3986, appendix B), as they are written.

/// A URI taken apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Uri<'a> {
    pub(super) scheme: &'a str,
    /// What stands behind `//`.
    pub(super) authority: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) query: Option<&'a str>,
    pub(super) fragment: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// The parts; nothing where the text has control characters, or an escape that is none in its path or host.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        if text.bytes().any(|it| it.is_ascii_control()) {
            return None;
        }
        let (text, fragment) = split(text, '#');
        let (text, query) = split(text, '?');
        let (scheme, rest) = match text.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
            _ => ("", text),
        };
        let (authority, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                (Some(authority), path)
            }
            None => (None, rest),
        };
        let host_is_plain = authority.is_none_or(|it| !it.contains([' ', '%', '\\', '<', '>', '"']));
        (host_is_plain && decoded(path).is_some()).then_some(Self {
            scheme,
            authority,
            path,
            query,
            fragment,
        })
    }

    /// Host and port.
    pub(super) fn host(&self) -> &'a str {
        let authority = self.authority.unwrap_or_default();
        authority.rsplit_once('@').map_or(authority, |(_, host)| host)
    }

    /// The host without its port.
    pub(super) fn host_name(&self) -> &'a str {
        let host = self.host();
        match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
            _ => host,
        }
    }
}

fn split(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|it: char| it.is_ascii_alphabetic())
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"+-.".contains(&it))
}

/// The text with its escapes resolved; nothing where one is none.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        out.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
    }
    Some(out)
}

/// The path with everything escaped that may not stand in one; a path that needs nothing stays as it is written.
pub(super) fn escaped_path(path: &str) -> String {
    let may_stand = |it: u8| it.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@/[]%".contains(&it);
    if path.bytes().all(may_stand) {
        return path.to_owned();
    }
    let kept = |it: u8| it.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(&it);
    let bytes = decoded(path).unwrap_or_else(|| path.as_bytes().to_vec());
    let escaped = |it: &u8| if kept(*it) { char::from(*it).to_string() } else { format!("%{it:02X}") };
    bytes.iter().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_is_taken_apart_as_it_is_written() {
        let uri = Uri::of("https://me:x@a.example:8443/b%20c?d=e#f").unwrap();
        assert_eq!((uri.scheme, uri.host(), uri.host_name()), ("https", "a.example:8443", "a.example"));
        assert_eq!((uri.path, uri.query, uri.fragment), ("/b%20c", Some("d=e"), Some("f")));
        let opaque = Uri::of("urn:a:b").unwrap();
        assert_eq!((opaque.scheme, opaque.authority, opaque.path), ("urn", None, "a:b"));
        assert_eq!(Uri::of("https://[::1]:80/").unwrap().host_name(), "[::1]");
    }

    #[test]
    fn what_cannot_be_a_uri_is_refused() {
        for bad in ["http://a\nb", "http://a/%zz", "http://a/%4", "http://a b/"] {
            assert_eq!(Uri::of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn paths_are_escaped_once() {
        assert_eq!(escaped_path("/a%20b/c"), "/a%20b/c");
        assert_eq!(escaped_path("/a b/é"), "/a%20b/%C3%A9");
    }
}

//! Cross references of `AsciiDoc` in annotations: `xref:release_policy.adoc#terms[the terms]`, or in full
//! `xref:policy:ROOT:release_policy.adoc#terms[the terms]`. Reports are no `AsciiDoc`, so labels or addresses take their place.

/// Where the documentation of a full reference's group is published.
const DOCUMENTATION: &str = "https://conforma.dev/docs";

const MARK: &str = "xref:";

/// A reference within a text.
struct Xref<'a> {
    /// Group, file without `.adoc`, anchor; of full references only.
    target: Option<(&'a str, &'a str, &'a str)>,
    label: &'a str,
}

/// The text with the label in the place of each reference.
pub(super) fn labels(text: &str) -> String {
    replace(text, |xref| Some(xref.label.to_owned()))
}

/// The text with the address in the place of each full reference.
pub(super) fn addresses(text: &str) -> String {
    replace(text, |xref| {
        let (group, file, anchor) = xref.target?;
        Some(format!("{DOCUMENTATION}/{group}/{file}.html#{anchor}"))
    })
}

fn replace(text: &str, by: impl Fn(&Xref<'_>) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(MARK) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let body = &from[MARK.len()..];
        let found = full(body).or_else(|| short(body));
        if let Some((replacement, after)) = found.and_then(|(xref, after)| Some((by(&xref)?, after))) {
            out.push_str(&replacement);
            rest = after;
        } else {
            out.push_str(MARK);
            rest = body;
        }
    }
    out.push_str(rest);
    out
}

/// `group:ROOT:file.adoc#anchor[label]`
fn full(body: &str) -> Option<(Xref<'_>, &str)> {
    const EXTENSION: &str = ".adoc#";
    let (group, rest) = body.split_once(':')?;
    let rest = rest.strip_prefix("ROOT:")?;
    let (file, rest) = rest.split_once(EXTENSION)?;
    let (anchor, rest) = rest.split_once('[')?;
    let (label, after) = label(rest)?;
    let whole = !group.is_empty() && !file.is_empty() && !file.contains('\n') && !anchor.is_empty();
    whole.then_some((Xref { target: Some((group, file, anchor)), label }, after))
}

/// `file.adoc#anchor[label]`
fn short(body: &str) -> Option<(Xref<'_>, &str)> {
    let (target, rest) = body.split_once('[')?;
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$' | '#');
    if target.is_empty() || !target.chars().all(named) {
        return None;
    }
    let (label, after) = label(rest)?;
    Some((Xref { target: None, label }, after))
}

fn label(rest: &str) -> Option<(&str, &str)> {
    let (label, after) = rest.split_once(']')?;
    let plain =
        |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || matches!(c, '_' | '/' | '.');
    (!label.is_empty() && label.chars().all(plain)).then_some((label, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_reference_becomes_its_label() {
        let text = "Remove the terms. See xref:release_policy.adoc#terms[the terms].";
        assert_eq!(labels(text), "Remove the terms. See the terms.");
        assert_eq!(addresses(text), text);
    }

    #[test]
    fn a_full_reference_has_an_address() {
        let text = "See xref:policy:ROOT:release_policy.adoc#a__b[a b], and xref:x[y].";
        assert_eq!(
            addresses(text),
            "See https://conforma.dev/docs/policy/release_policy.html#a__b, and xref:x[y]."
        );
        assert_eq!(labels(text), "See a b, and y.");
    }

    #[test]
    fn golden_211_what_has_another_form_stays() {
        for text in
            ["xref:other:page.adoc#here[the other page]", "xref:x[<b>]", "xref:x[]", "xref:", "xref:a b[c]"]
        {
            assert_eq!(labels(text), text);
        }
    }
}

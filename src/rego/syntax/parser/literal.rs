//! Numbers, strings and template strings.

use super::super::ast::{ExprKind, Polarity, TemplatePart, Term, TermKind};
use super::super::lexer::Template;
use super::super::token::Kind;
use super::Parser;

/// Largest binary exponent of a number, either way: OPA's limit, so that printing a number stays cheap.
const MAX_BINARY_EXPONENT: f64 = 1e5;

impl Parser<'_> {
    /// A number with its sign. `.5` is spelled `0.5`.
    pub(super) fn number(&mut self) -> Option<Term> {
        let start = self.here();
        let mut text = String::new();
        if self.at(Kind::Sub) {
            text.push('-');
            self.scan();
            if !matches!(self.kind(), Kind::Number | Kind::Dot) {
                self.expected("expected number");
                return None;
            }
        }
        if self.at(Kind::Dot) {
            text.push_str("0.");
            self.scan();
            if !self.at(Kind::Number) {
                self.expected("expected number");
                return None;
            }
            if self.text().contains('.') {
                self.expected("invalid float");
                return None;
            }
        } else if has_leading_zero(self.text()) {
            self.expected("expected number without leading zero");
            return None;
        }
        text.push_str(self.text());
        if !is_short(&text) && binary_exponent(&text).abs() > MAX_BINARY_EXPONENT {
            self.error(self.here(), "number too big");
            return None;
        }
        let term = self.leaf(TermKind::Number(text.into()));
        Some(Term { span: self.span(start.start, self.state.end), ..term })
    }

    pub(super) fn string(&mut self) -> Option<Term> {
        let token = self.text();
        let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
        if token.starts_with('`') || !inner.contains('\\') {
            let text = self.name(inner);
            return Some(self.leaf(TermKind::String(text)));
        }
        let Some(text) = unescape(inner) else {
            self.error(self.here(), format!("illegal string literal: {token}"));
            return None;
        };
        Some(self.leaf(TermKind::String(text.into())))
    }

    pub(super) fn template(&mut self) -> Option<Term> {
        // A level more than other terms: this one takes the stack of two.
        self.enter()?;
        let term = self.template_parts();
        self.leave();
        term
    }

    fn template_parts(&mut self) -> Option<Term> {
        let start = self.here();
        let template = match self.kind() {
            Kind::RawTemplatePart | Kind::RawTemplateEnd => Template::Raw,
            _ => Template::Quoted,
        };
        let mut parts = Vec::new();
        let mut height = 0;
        let mut opening = 2; // `$"`; later parts begin after their `}`
        loop {
            let token = self.text();
            let inner = token.get(opening..token.len().saturating_sub(1)).unwrap_or_default();
            opening = 0;
            let Some(text) = template_text(inner, template) else {
                self.error(self.here(), format!("illegal template-string part: {token}"));
                return None;
            };
            if !text.is_empty() {
                parts.push(TemplatePart::Literal(text.into(), self.here()));
            }
            if matches!(self.kind(), Kind::TemplateEnd | Kind::RawTemplateEnd) {
                break;
            }
            parts.push(self.template_expression()?);
            height = height.max(self.height);
            self.scan_template(template);
            if self.at(Kind::Illegal) {
                self.error(self.here(), "expected template-string part");
                return None;
            }
        }
        self.grow(height)?;
        Some(Term { kind: TermKind::Template(parts.into()), span: self.span(start.start, self.state.end) })
    }

    /// What stands between the braces; the closing one stays the current token.
    fn template_expression(&mut self) -> Option<TemplatePart> {
        self.scan();
        let Some(expr) = self.literal() else {
            self.error(self.here(), "invalid template-string expression");
            return None;
        };
        let operator = match &expr.kind {
            ExprKind::Call(call) => call.operator.head.as_var().filter(|_| call.operator.path.is_empty()),
            _ => None,
        };
        let unexpected = match (&expr.kind, operator.map(AsRef::as_ref)) {
            _ if expr.polarity == Polarity::Negated => Some("negation ('not')"),
            (_, Some("eq")) => Some("unification ('=')"),
            (_, Some("assign")) => Some("assignment (':=')"),
            (ExprKind::Every(_), _) => Some("'every'"),
            (ExprKind::SomeDecl(_) | ExprKind::SomeIn(_), _) => Some("'some'"),
            _ => None,
        };
        if let Some(what) = unexpected {
            self.error(expr.span, format!("unexpected {what} in template-string expression"));
            return None;
        }
        if !self.at(Kind::RBrace) {
            self.error(self.here(), "expected } to end template string expression");
            return None;
        }
        Some(TemplatePart::Expr(expr))
    }
}

/// `01`, `00.5`, but not `0.5` or `0e5`.
fn has_leading_zero(text: &str) -> bool {
    let mut bytes = text.bytes();
    match (bytes.next(), bytes.next()) {
        (Some(b'0'), Some(b'e' | b'E')) => text.len() <= 2,
        (Some(b'0'), Some(second)) => second != b'.',
        _ => false,
    }
}

/// Whether a number has too few digits to be too big.
fn is_short(text: &str) -> bool {
    text.len() < 1000 && !text.contains(['e', 'E'])
}

/// About the binary exponent of a number's text, 0 for zero.
fn binary_exponent(text: &str) -> f64 {
    let text = text.trim_start_matches('-');
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let leading = digits.len() - digits.trim_start_matches('0').len();
    let significant = digits.get(leading..(leading + 15).min(digits.len())).unwrap_or_default();
    if significant.is_empty() {
        return 0.0;
    }
    let fraction: f64 = format!("0.{significant}").parse().unwrap_or(0.1);
    let exponent: f64 = exponent.parse().unwrap_or(0.0);
    #[expect(clippy::cast_precision_loss, reason = "lengths of sources are far below 2^52")]
    let decimal = exponent + whole.len() as f64 - leading as f64;
    (decimal + fraction.log10()) * std::f64::consts::LOG2_10
}

fn template_text(inner: &str, template: Template) -> Option<String> {
    match template {
        Template::Raw => Some(inner.replace("\\{", "{")),
        Template::Quoted if !inner.contains('\\') => Some(inner.to_owned()),
        Template::Quoted => unescape(inner),
    }
}

/// Resolves the escapes of JSON, and `\{`. None where one is wrong or a control character stands bare.
fn unescape(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(match chars.next()? {
                c @ ('"' | '\\' | '/' | '{') => c,
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => unescape_unicode(&mut chars)?,
                _ => return None,
            }),
            c if c < ' ' => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// The character after `\u`: two escapes may make one; half a pair is the replacement character.
fn unescape_unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let first = hex4(chars)?;
    if (0xd800..0xdc00).contains(&first) {
        let mut ahead = chars.clone();
        if ahead.next() == Some('\\') && ahead.next() == Some('u') {
            let second = hex4(&mut ahead).filter(|second| (0xdc00..0xe000).contains(second));
            if let Some(second) = second {
                *chars = ahead;
                return char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00));
            }
        }
    }
    Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
}

fn hex4(chars: &mut std::str::Chars<'_>) -> Option<u32> {
    (0..4).try_fold(0, |value, _| Some(value * 16 + chars.next()?.to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_json() {
        assert_eq!(unescape(r#"a\"\\\/\n\u00e9\ud83d\ude00"#).as_deref(), Some("a\"\\/\né😀"));
        assert_eq!(unescape(r"\ud83dx").as_deref(), Some("\u{fffd}x"));
        assert_eq!(unescape(r"\u12").as_deref(), None);
        assert_eq!(unescape("\\n\t"), None, "a bare tab");
    }

    #[test]
    fn the_exponent_of_a_number_is_bounded() {
        assert!(binary_exponent("1e30102") < MAX_BINARY_EXPONENT);
        assert!(binary_exponent("1e30104") > MAX_BINARY_EXPONENT);
        assert!(binary_exponent("1e-40000") < -MAX_BINARY_EXPONENT);
        assert!(binary_exponent("1e99999999999999999999") > MAX_BINARY_EXPONENT);
        assert!(binary_exponent("0e99999999999").abs() < 1.0);
    }

    #[test]
    fn a_number_has_no_leading_zero() {
        assert!(["01", "007", "00.5"].into_iter().all(has_leading_zero));
        assert!(!["0", "0.5", "0e5", "0E-3", "10"].into_iter().any(has_leading_zero));
    }
}

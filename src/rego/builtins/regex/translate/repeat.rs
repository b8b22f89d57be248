//! Repetitions: `*`, `+`, `?` and counts in braces.

use super::{Last, Reader, Result, error};

/// Repetitions beyond this are refused, also as the product of nested ones.
const MAX_REPEAT: u32 = 1000;

impl Reader<'_> {
    /// `{n}`, `{n,}`, `{n,m}`; anything else in braces stands for itself.
    pub(super) fn braces(&mut self) -> Result<()> {
        let start = self.at - 1;
        let Some((inner, _)) = self.rest().split_once('}') else {
            self.literal('{');
            return Ok(());
        };
        let (min, max) = inner
            .split_once(',')
            .map_or((inner, Some(inner)), |(min, max)| (min, (!max.is_empty()).then_some(max)));
        let Some(min) = count(min) else {
            self.literal('{');
            return Ok(());
        };
        let max = match max.map(count) {
            Some(None) => {
                self.literal('{');
                return Ok(());
            }
            Some(Some(max)) => Some(max),
            None => None,
        };
        self.at += inner.len() + 1;
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || max < min) {
            return error("invalid repeat count", &self.text[start..self.at]);
        }
        let text = match max {
            Some(max) if max == min => format!("{{{min}}}"),
            Some(max) => format!("{{{min},{max}}}"),
            None => format!("{{{min},}}"),
        };
        self.repeat(start, &text, max.unwrap_or(min))
    }

    pub(super) fn repeat(&mut self, start: usize, text: &str, times: u32) -> Result<()> {
        let weight = match self.last {
            Last::Nothing => {
                return error("missing argument to repetition operator", &self.text[start..self.at]);
            }
            Last::Repeated(from) => {
                self.eat("?");
                return error("invalid nested repetition operator", &self.text[from..self.at]);
            }
            Last::Atom(weight) => weight.saturating_mul(times.max(1)),
        };
        if times >= 2 && weight > MAX_REPEAT {
            return error("invalid repeat count", &self.text[start..self.at]);
        }
        self.out.push_str(text);
        if self.eat("?") {
            self.out.push('?');
        }
        self.weight = self.weight.max(weight);
        self.last = Last::Repeated(start);
        Ok(())
    }
}

fn count(digits: &str) -> Option<u32> {
    let number = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    // Go takes no number with a leading zero for a count.
    let plain = digits == "0" || !digits.starts_with('0');
    (number && plain).then(|| digits.parse().unwrap_or(u32::MAX))
}

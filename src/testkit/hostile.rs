//! JSON that is made to hurt its reader, small when it is sent: for a component among good neighbours. Signing says
//! who wrote it, not that it is harmless.

/// What is wrong with the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hostile {
    /// One array in another, and so on.
    Nested,
    /// An array of empty objects, three bytes each: values cost a multiple of their text.
    Empty,
    /// An object of very many tiny members.
    Members,
    /// Numbers of many digits and of exponents that no machine can hold.
    Numbers,
    /// An object that gives one key again and again.
    Duplicates,
}

/// Digits of a number.
const DIGITS: usize = 100_000;

impl Hostile {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Nested, Self::Empty, Self::Members, Self::Numbers, Self::Duplicates];

    /// A JSON text of about so many bytes.
    pub fn json(self, bytes: usize) -> String {
        match self {
            Self::Nested => {
                let levels = bytes / 2;
                format!("{}{}", "[".repeat(levels), "]".repeat(levels))
            }
            Self::Empty => list('[', ']', bytes, |_| "{}".to_owned()),
            Self::Members => list('{', '}', bytes, |index| format!("\"{index:x}\":0")),
            Self::Numbers => list('[', ']', bytes, |index| match index % 3 {
                0 => format!("1e{}", 999_999_999 - index),
                1 => format!("-{}", "7".repeat(DIGITS.min(bytes / 2).max(1))),
                _ => format!("0.{}1e-999999", "0".repeat(40)),
            }),
            Self::Duplicates => list('{', '}', bytes, |index| format!("\"key\":{index}")),
        }
    }
}

fn list(open: char, close: char, bytes: usize, part: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(bytes + 16);
    text.push(open);
    for index in 0.. {
        let part = part(index);
        if text.len() + part.len() + 2 > bytes {
            break;
        }
        if index > 0 {
            text.push(',');
        }
        text.push_str(&part);
    }
    text.push(close);
    text
}

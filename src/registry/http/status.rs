//! What the status of an answer means, and whether asking again may help: one table, which `docs/failures.md` shows and
//! a test walks from end to end.

/// What a status says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Here it is.
    Answer,
    /// It is elsewhere.
    Redirect,
    /// There is no such thing.
    Absent,
    /// Not to us. A 401 is asked once more with a new token first.
    Denied,
    /// The host is asked too much: asked again, and less.
    Throttled,
    /// The host cannot now: asked again.
    Unavailable,
    /// A no that will stay a no.
    Refused,
}

/// A row of the table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// The first status.
    pub first: u16,
    /// The last status, which is meant too.
    pub last: u16,
    /// What it says.
    pub class: Class,
}

const fn row(first: u16, last: u16, class: Class) -> Row {
    Row { first, last, class }
}

/// Every status from 100 to 599, in order and without gaps. Sources: RFC 9110, section 15; RFC 6585, section 4; the
/// distribution specification 1.1, section "Error Codes".
pub const TABLE: [Row; 24] = [
    row(100, 199, Class::Refused),
    row(200, 299, Class::Answer),
    row(300, 300, Class::Refused),
    row(301, 303, Class::Redirect),
    row(304, 306, Class::Refused),
    row(307, 308, Class::Redirect),
    row(309, 400, Class::Refused),
    row(401, 401, Class::Denied),
    row(402, 402, Class::Refused),
    row(403, 403, Class::Denied),
    row(404, 404, Class::Absent),
    row(405, 407, Class::Refused),
    row(408, 408, Class::Unavailable),
    row(409, 424, Class::Refused),
    row(425, 425, Class::Unavailable),
    row(426, 428, Class::Refused),
    row(429, 429, Class::Throttled),
    row(430, 499, Class::Refused),
    row(500, 500, Class::Unavailable),
    // Not implemented: it will not be while we wait.
    row(501, 501, Class::Refused),
    row(502, 502, Class::Unavailable),
    row(503, 503, Class::Throttled),
    row(504, 504, Class::Unavailable),
    // Servers and proxies make up their own; they all mean trouble on their side.
    row(505, 599, Class::Unavailable),
];

/// Of any status; what is beyond the table is refused.
pub fn class(status: u16) -> Class {
    let row = TABLE.iter().find(|row| (row.first..=row.last).contains(&status));
    row.map_or(Class::Refused, |row| row.class)
}

impl Class {
    /// May the same request succeed a little later?
    pub fn is_tried_again(self) -> bool {
        match self {
            Self::Throttled | Self::Unavailable => true,
            Self::Answer | Self::Redirect | Self::Absent | Self::Denied | Self::Refused => false,
        }
    }

    /// The word that the documentation has for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Redirect => "redirect",
            Self::Absent => "absent",
            Self::Denied => "denied",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_status_once() {
        let mut next = 100;
        for row in TABLE {
            assert!(row.first == next && row.last >= row.first, "{row:?}");
            next = row.last + 1;
        }
        assert_eq!(next, 600);
    }

    #[test]
    fn the_documentation_shows_the_table() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/failures.md");
        let page = std::fs::read_to_string(page).unwrap();
        let shown = |row: &Row| {
            let statuses = match (row.first, row.last) {
                (first, last) if first == last => first.to_string(),
                (first, last) => format!("{first}-{last}"),
            };
            let again = if row.class.is_tried_again() { "yes" } else { "no" };
            format!("| {statuses} | {} | {again} |", row.class.word())
        };
        let expected: Vec<String> = TABLE.iter().map(shown).collect();
        let is_row = |line: &&str| {
            line.strip_prefix("| ").is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()))
        };
        assert_eq!(page.lines().filter(is_row).collect::<Vec<_>>(), expected);
    }
}

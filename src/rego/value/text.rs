//! Strings of Rego: shared, immutable text.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// Text that strings are parts of.
pub(super) type Whole = Arc<Box<str>>;

/// A shared string: a part of a text that others may be parts of as well. Cloning copies a pointer; the text stays as
/// long as any part of it.
#[derive(Default, Clone)]
pub struct Str {
    whole: Whole,
    start: u32,
    /// [`ALL`] for the whole text.
    len: u32,
}

/// The length of a string that is the whole of its text: parts are found in texts whose places fit 32 bits.
const ALL: u32 = u32::MAX;

impl Str {
    /// The text.
    pub fn as_str(&self) -> &str {
        if self.len == ALL {
            return &self.whole;
        }
        let start = self.start as usize;
        self.whole.get(start..start + self.len as usize).unwrap_or_default()
    }

    /// The bytes of the text.
    pub fn as_bytes(&self) -> &[u8] {
        let bytes = self.whole.as_bytes();
        if self.len == ALL {
            return bytes;
        }
        let start = self.start as usize;
        bytes.get(start..start + self.len as usize).unwrap_or_default()
    }

    /// The number of bytes.
    pub fn len(&self) -> usize {
        if self.len == ALL { self.whole.len() } else { self.len as usize }
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The text that it is a part of, and where it begins there.
    pub(super) fn whole(&self) -> (&Whole, usize) {
        (&self.whole, self.start as usize)
    }

    /// What stands from one place up to another. A text too long for its places to be noted is copied.
    pub(super) fn part(whole: &Whole, start: usize, end: usize) -> Self {
        let len = end.saturating_sub(start);
        match (u32::try_from(start), u32::try_from(len)) {
            (Ok(start), Ok(len)) if len != ALL => Self { whole: Arc::clone(whole), start, len },
            _ => whole.get(start..end).unwrap_or_default().into(),
        }
    }

    /// Whether both are one piece of storage, which makes them equal without looking.
    pub fn same_storage(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.whole, &other.whole) && self.start == other.start && self.len == other.len
    }
}

impl Deref for Str {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Str {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Str {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Box::<str>::from(text).into()
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        text.into_boxed_str().into()
    }
}

impl From<Box<str>> for Str {
    fn from(text: Box<str>) -> Self {
        let len = u32::try_from(text.len()).unwrap_or(ALL);
        Self { whole: Arc::new(text), start: 0, len }
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (self.same_storage(other) || self.as_bytes() == other.as_bytes())
    }
}

impl Eq for Str {}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.same_storage(other) { Ordering::Equal } else { self.as_bytes().cmp(other.as_bytes()) }
    }
}

/// As text hashes, by which it may be looked for.
impl Hash for Str {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

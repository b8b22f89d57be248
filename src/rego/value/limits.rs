//! What bounds values and the reading of them.

/// Levels of nesting that a value may have. Comparing, printing and dropping recurse; a level costs them less than a
/// kilobyte of stack even without optimisation, so this fits a thread of 2 MiB twice. OPA's reader stops at 10,000.
pub const MAX_DEPTH: u32 = 512;

/// Parts that a value may have, counted as if nothing were shared: walking through so many takes a second or two. The
/// largest documents have some millions.
pub const MAX_PARTS: u32 = 1 << 28;

/// Heap bytes of an empty array, object or set: the counts of the share, the vector, the allocator's own.
pub(super) const CONTAINER_BYTES: u64 = 64;

/// A value nests deeper than [`MAX_DEPTH`], or has more parts than [`MAX_PARTS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value nests deeper than {MAX_DEPTH} levels or has more than {MAX_PARTS} parts")]
pub struct TooDeep;

/// How much a reader may take in and build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// Bytes of text. 1 GiB unless said otherwise: callers know their own, smaller caps.
    pub max_text_bytes: usize,
    /// Levels of nesting, at most [`MAX_DEPTH`].
    pub max_depth: u32,
    /// Bytes of heap that the resulting value may take, as estimated by the reader. Hostile JSON takes about twenty
    /// times its size. Unlimited unless said otherwise.
    pub max_heap_bytes: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self { max_text_bytes: 1 << 30, max_depth: MAX_DEPTH, max_heap_bytes: u64::MAX }
    }
}

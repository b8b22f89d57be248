//! Storage that values share: a count, a header and the values, in one allocation behind one pointer.

use triomphe::ThinArc;

use super::Value;

/// Values behind a header. It is made of an iterator that knows its length: of a vector, or of a part of one.
pub(super) type Slice<H> = ThinArc<H, Value>;

/// Where it stands in memory.
pub(super) fn address<H>(of: &Slice<H>) -> usize {
    of.ptr().addr()
}

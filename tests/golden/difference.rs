//! One difference as one line, and the alignment of two lists so that one difference hides no other.

/// Where and how: `report.json /components(one)/success: true -> false`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Difference(pub(crate) String);

impl Difference {
    fn new(line: &str) -> Self {
        Self(line.replace('\n', "\\n"))
    }

    /// Something else stands in this place.
    pub(crate) fn other(
        place: &str,
        expected: impl std::fmt::Display,
        actual: impl std::fmt::Display,
    ) -> Self {
        Self::new(&format!("{place}: {expected} -> {actual}"))
    }

    /// Something expected is not there.
    pub(crate) fn missing(place: &str, what: impl std::fmt::Display) -> Self {
        Self::new(&format!("{place} - {what}"))
    }

    /// Something is there that is not expected.
    pub(crate) fn more(place: &str, what: impl std::fmt::Display) -> Self {
        Self::new(&format!("{place} + {what}"))
    }

    /// Something expected stands elsewhere in its list.
    pub(crate) fn moved(place: &str) -> Self {
        Self::new(&format!("{place} moved"))
    }
}

/// What became of two lists.
pub(crate) struct Aligned {
    /// Only in the expected list.
    pub(crate) missing: Vec<usize>,
    /// Only in the actual one.
    pub(crate) more: Vec<usize>,
    /// Equal, but out of order.
    pub(crate) moved: Vec<usize>,
}

/// Keeps the longest common part in order; of the rest, what is equal was moved.
pub(crate) fn align<T>(expected: &[T], actual: &[T], same: impl Fn(&T, &T) -> bool) -> Aligned {
    let (rows, columns) = (expected.len(), actual.len());
    let equal: Vec<Vec<bool>> =
        expected.iter().map(|it| actual.iter().map(|other| same(it, other)).collect()).collect();
    // The longest common part of what follows each pair of places.
    let mut longest = vec![vec![0_usize; columns + 1]; rows + 1];
    for i in (0..rows).rev() {
        for j in (0..columns).rev() {
            let skipped = longest[i + 1][j].max(longest[i][j + 1]);
            longest[i][j] = if equal[i][j] { skipped.max(longest[i + 1][j + 1] + 1) } else { skipped };
        }
    }
    let (mut missing, mut more) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < rows || j < columns {
        if i < rows && j < columns && equal[i][j] && longest[i][j] == longest[i + 1][j + 1] + 1 {
            (i, j) = (i + 1, j + 1);
        } else if j == columns || (i < rows && longest[i + 1][j] >= longest[i][j + 1]) {
            missing.push(i);
            i += 1;
        } else {
            more.push(j);
            j += 1;
        }
    }
    let mut moved = Vec::new();
    missing.retain(|i| match more.iter().position(|j| equal[*i][*j]) {
        Some(at) => {
            more.remove(at);
            moved.push(*i);
            false
        }
        None => true,
    });
    Aligned { missing, more, moved }
}

#[test]
fn every_item_is_kept_missing_more_or_moved() {
    let list = |text: &str| text.chars().collect::<Vec<_>>();
    let found = |expected: &str, actual: &str| {
        let found = align(&list(expected), &list(actual), |a, b| a == b);
        (found.missing, found.more, found.moved)
    };
    assert_eq!(found("abc", "abc"), (vec![], vec![], vec![]));
    assert_eq!(found("abc", "axc"), (vec![1], vec![1], vec![]));
    assert_eq!(found("abc", "cab"), (vec![], vec![], vec![2]));
    assert_eq!(found("aab", "b"), (vec![0, 1], vec![], vec![]));
    assert_eq!(found("", "ab"), (vec![], vec![0, 1], vec![]));
}

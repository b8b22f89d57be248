//! Finds the files below the paths that an author names, in the order and under the names that OPA gives them.

use std::fs;
use std::path::{Component, Path, PathBuf};

use regex::Regex;

use super::super::diagnostics::Diagnostic;
use super::super::flags::Parsed;
use super::super::snapshot::told;

/// Folders within folders: no tree of policies comes near, and a loop of mounts ends.
const MAX_DEPTH: usize = 64;

/// A file that was found.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// Where it is, and what errors call it.
    pub(super) path: PathBuf,
    /// The folders between the named path and the file.
    pub(super) below: Vec<String>,
    /// The author named the file itself.
    pub(super) is_named: bool,
}

/// Names that are left out: `--ignore`.
#[derive(Clone, Debug, Default)]
pub(super) struct Ignore(Vec<Regex>);

impl Ignore {
    /// Patterns as Go's `path.Match` has them: `*`, `?`, `[a-z]`, `\` before a character that means itself.
    ///
    /// # Errors
    /// Patterns that are malformed.
    pub(super) fn new(patterns: &[String]) -> Result<Self, Vec<Diagnostic>> {
        let (mut all, mut faults) = (Vec::new(), Vec::new());
        for pattern in patterns {
            match translated(pattern).and_then(|it| Regex::new(&it).ok()) {
                Some(regex) => all.push(regex),
                None => faults.push(
                    Diagnostic::new(format_args!("--ignore: {pattern:?} is not a pattern"))
                        .help("* stands for any characters of a name, ? for one"),
                ),
            }
        }
        if faults.is_empty() { Ok(Self(all)) } else { Err(faults) }
    }

    /// What `--ignore` names. Patterns that are malformed are faults.
    pub(super) fn asked(parsed: &Parsed, faults: &mut Vec<Diagnostic>) -> Self {
        Self::new(parsed.list("ignore")).unwrap_or_else(|more| {
            faults.extend(more);
            Self::default()
        })
    }

    fn leaves_out(&self, name: &str) -> bool {
        self.0.iter().any(|it| it.is_match(name))
    }
}

/// A regular expression of the same meaning.
fn translated(pattern: &str) -> Option<String> {
    let mut out = "^".to_owned();
    let mut chars = pattern.chars();
    while let Some(it) = chars.next() {
        match it {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => {
                out.push('[');
                let mut is_closed = false;
                while let Some(it) = chars.next() {
                    match it {
                        ']' => is_closed = true,
                        '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
                        '^' | '-' => out.push(it),
                        other => out.push_str(&regex::escape(&other.to_string())),
                    }
                    if is_closed {
                        break;
                    }
                }
                if !is_closed {
                    return None;
                }
                out.push(']');
            }
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            other => out.push_str(&regex::escape(&other.to_string())),
        }
    }
    out.push('$');
    Some(out)
}

/// All files below a path, or the path itself. Links to folders are not followed.
///
/// # Errors
/// What cannot be read.
pub(super) fn find(argument: &str, ignore: &Ignore) -> Result<Vec<Found>, Diagnostic> {
    let path = Path::new(argument.strip_prefix("file://").unwrap_or(argument));
    let kind = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    let mut all = Vec::new();
    if kind.is_dir() {
        folder(&cleaned(path), &[], ignore, &mut all)?;
    } else {
        all.push(Found { path: path.to_owned(), below: Vec::new(), is_named: true });
    }
    Ok(all)
}

fn folder(path: &Path, below: &[String], ignore: &Ignore, all: &mut Vec<Found>) -> Result<(), Diagnostic> {
    if below.len() > MAX_DEPTH {
        return Err(Diagnostic::new(format_args!("{}: more than {MAX_DEPTH} folders deep", path.display())));
    }
    let entries = fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
    let mut entries: Vec<_> =
        entries.collect::<Result<_, _>>().map_err(|error: std::io::Error| unreadable(path, &error))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if ignore.leaves_out(&name) {
            continue;
        }
        let inside = if path == Path::new(".") { PathBuf::from(&name) } else { path.join(&name) };
        let kind = entry.file_type().map_err(|error| unreadable(&inside, &error))?;
        if kind.is_dir() {
            let below: Vec<String> = below.iter().cloned().chain([name]).collect();
            folder(&inside, &below, ignore, all)?;
        } else {
            all.push(Found { path: inside, below: below.to_vec(), is_named: false });
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(format_args!("stat {}: {}", path.display(), told(error)))
}

/// Without `.` and doubled separators.
pub(super) fn cleaned(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path, ignore: &[&str]) -> Vec<String> {
        let patterns: Vec<String> = ignore.iter().map(|it| (*it).to_owned()).collect();
        let ignore = Ignore::new(&patterns).expect("patterns");
        let found = find(&folder.display().to_string(), &ignore).expect("readable");
        let relative = |it: &Found| it.path.strip_prefix(folder).expect("below").display().to_string();
        found.iter().map(relative).collect()
    }

    #[test]
    fn files_come_in_the_order_of_their_names_hidden_ones_included() {
        let root = tempfile::tempdir().expect("a folder");
        for name in ["b/x.rego", ".h/y.rego", "a.rego", "b/c/z.json"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            fs::write(path, "").expect("written");
        }
        assert_eq!(names(root.path(), &[]), [".h/y.rego", "a.rego", "b/c/z.json", "b/x.rego"]);
        assert_eq!(names(root.path(), &[".*", "[x-z].json"]), ["a.rego", "b/x.rego"]);
        assert_eq!(names(root.path(), &["b"]), [".h/y.rego", "a.rego"]);
    }

    #[test]
    fn a_pattern_that_is_not_closed_is_refused() {
        assert!(Ignore::new(&["[a".to_owned()]).is_err());
        assert!(Ignore::new(&["a\\".to_owned()]).is_err());
    }

    #[test]
    fn paths_are_cleaned_as_go_cleans_them() {
        for (path, want) in
            [("./a//b/.", "a/b"), ("a/../b", "b"), (".", "."), ("../a", "../a"), ("/a/", "/a")]
        {
            assert_eq!(cleaned(Path::new(path)), Path::new(want), "{path}");
        }
    }
}

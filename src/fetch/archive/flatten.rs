//! The files that an image's layers leave in some folders: upper layers hide lower ones, whiteouts delete (OCI image
//! specification 1.1, "image layer filesystem changeset").

use std::collections::BTreeSet;

use bytes::Bytes;

use super::{ArchiveError, Bounds, Files, Kept, entries};

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// The regular files directly in one of `folders` (in any case) that are YAML or JSON by their names, as the layers
/// (lowest first) leave them; by cleaned path.
///
/// # Errors
/// [`ArchiveError`], also where a file is beyond its bound, or stands twice in one layer.
pub fn flattened(layers: &[Bytes], folders: &[String], bounds: Bounds) -> Result<Files, ArchiveError> {
    let wanted = Wanted::new(folders);
    let mut files = Files::new();
    let mut hidden = Hidden::default();
    let (mut left, mut kept) = (bounds, Kept::new(bounds));
    for layer in layers.iter().rev() {
        let mut own = Hidden::default();
        let mut seen = BTreeSet::new();
        entries::each(layer, &mut left, bounds, |entry| {
            let path = clean(entry.name());
            if !wanted.concerns(&path) {
                return Ok(());
            }
            kept.keep(path.len() as u64)?;
            let (folder, name) = split(&path);
            if name == OPAQUE {
                own.below.insert(folder.to_owned());
            } else if let Some(name) = name.strip_prefix(WHITEOUT) {
                own.paths.insert(join(folder, name));
            } else if !entry.is_folder() {
                if hidden.hides(&path) {
                    return Ok(());
                }
                if entry.is_file() && wanted.takes(&path) {
                    // Which of two counts is not the same for every reader.
                    if !seen.insert(path.clone()) {
                        return Err(ArchiveError::Malformed(format!("{path:?} stands twice in one layer")));
                    }
                    kept.keep(entry.size())?;
                    files.insert(path.clone(), entry.content(bounds.file)?);
                }
                own.paths.insert(path);
            }
            Ok(())
        })?;
        hidden.add(own);
    }
    Ok(files)
}

/// What upper layers hide.
#[derive(Default)]
struct Hidden {
    /// Paths, with everything below them.
    paths: BTreeSet<String>,
    /// Folders whose content is hidden, but not they themselves.
    below: BTreeSet<String>,
}

impl Hidden {
    fn add(&mut self, other: Self) {
        self.paths.extend(other.paths);
        self.below.extend(other.below);
    }

    fn hides(&self, path: &str) -> bool {
        let mut above = path;
        if self.paths.contains(path) {
            return true;
        }
        while above != "." && above != "/" {
            above = split(above).0;
            if self.paths.contains(above) || self.below.contains(above) {
                return true;
            }
        }
        false
    }
}

/// Which folders, in lower case.
struct Wanted(Vec<String>);

impl Wanted {
    fn new(folders: &[String]) -> Self {
        Self(folders.iter().map(|it| clean(it).to_lowercase()).collect())
    }

    /// Directly in a folder, and of the right kind.
    fn takes(&self, path: &str) -> bool {
        let (folder, name) = split(path);
        let folder = folder.to_lowercase();
        let extension = name.rsplit_once('.').map(|(_, it)| it.to_lowercase());
        self.0.contains(&folder) && matches!(extension.as_deref(), Some("yaml" | "yml" | "json"))
    }

    /// In, or above, one of the folders: so few paths need to be remembered.
    fn concerns(&self, path: &str) -> bool {
        let lower = path.to_lowercase();
        let (parent, name) = split(&lower);
        let target = name.strip_prefix(WHITEOUT).map_or_else(|| lower.clone(), |name| join(parent, name));
        let within = |inner: &str, outer: &str| {
            outer == "." || inner.strip_prefix(outer).is_some_and(|it| it.is_empty() || it.starts_with('/'))
        };
        self.0
            .iter()
            .any(|folder| within(&target, folder) || within(folder, &target) || within(folder, parent))
    }
}

/// The shortest equal path: no `.`, no doubled or trailing slashes, `..` taken literally where it can be.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|it| *it != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

fn split(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        Some(("", name)) => ("/", name),
        Some(halves) => halves,
        None => (".", path),
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder == "." { name.to_owned() } else { clean(&format!("{folder}/{name}")) }
}

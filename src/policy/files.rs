//! Files of local sources: which there are, read within limits, and where data stands below `data`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::source::LocalSource;

/// Bounds on what one source may hold. Published policies have some hundred files and some MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLimits {
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files together.
    pub total_bytes: u64,
    /// Files, read or not.
    pub files: usize,
    /// Folders within folders.
    pub depth: usize,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self { file_bytes: 64 << 20, total_bytes: 512 << 20, files: 50_000, depth: 64 }
    }
}

/// What is looked for in a source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wanted {
    /// `.rego` files, tests left out.
    Rules,
    /// `.json`, `.yaml` and `.yml` files.
    Data,
}

/// One file of a source.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceFile {
    /// The source's text and the path below it: what errors call it.
    pub name: Arc<str>,
    /// Folders below the source, the file's own name left out.
    pub folder: Vec<String>,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A source that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// There is nothing.
    #[error("source file does not exist: {source_text}")]
    Absent {
        /// The source.
        source_text: String,
    },
    /// Something cannot be read.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// What.
        path: String,
        /// Why.
        cause: io::Error,
    },
    /// A single file of another kind.
    #[error("{path} is no source of {what}: expected a folder or a file that ends in {allowed}")]
    WrongKind {
        /// The source.
        path: String,
        /// Rules or data.
        what: &'static str,
        /// Endings.
        allowed: &'static str,
    },
    /// A folder without rules.
    #[error("no rego files found in policy subdirectory {path}")]
    NoRules {
        /// The source.
        path: String,
    },
    /// More than [`SourceLimits`] allow.
    #[error("{path} has more than {limit} {unit}")]
    TooLarge {
        /// What is too large.
        path: String,
        /// The bound.
        limit: u64,
        /// Of what.
        unit: &'static str,
    },
    /// A file's name is not UTF-8.
    #[error("{path}: the name is not UTF-8")]
    OddName {
        /// The name, made readable.
        path: String,
    },
}

impl Wanted {
    /// Whether a file of this name is wanted.
    fn takes(self, name: &str) -> bool {
        match self {
            Self::Rules => {
                let extension = Path::new(name).extension();
                extension.is_some_and(|it| it.eq_ignore_ascii_case("rego"))
                    && name.to_ascii_lowercase().strip_suffix("_test.rego").is_none()
            }
            // Exactly so spelled: what the Go tool's loader passes over must not turn up here.
            Self::Data => {
                let extension = Path::new(name).extension().and_then(|it| it.to_str());
                matches!(extension, Some("json" | "yaml" | "yml"))
            }
        }
    }

    fn wrong_kind(self, path: String) -> FilesError {
        let (what, allowed) = match self {
            Self::Rules => ("rules", ".rego"),
            Self::Data => ("data", ".json, .yaml or .yml"),
        };
        FilesError::WrongKind { path, what, allowed }
    }
}

/// Reads the wanted files of a source, in the order of their paths.
///
/// # Errors
/// [`FilesError`]; a folder without rules is one, a folder without data is none.
pub fn read_source(
    source: &LocalSource,
    wanted: Wanted,
    home: Option<&Path>,
    limits: &SourceLimits,
) -> Result<Vec<SourceFile>, FilesError> {
    let root = source.path(home);
    let text = source.to_string();
    let metadata = match fs::metadata(&root) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(FilesError::Absent { source_text: text });
        }
        Err(cause) => return Err(FilesError::Unreadable { path: text, cause }),
    };
    let mut reader = Reader { wanted, limits, seen: 0, bytes: 0, files: Vec::new() };
    if metadata.is_dir() {
        reader.folder(root, text.trim_end_matches('/'))?;
        if reader.files.is_empty() && wanted == Wanted::Rules {
            return Err(FilesError::NoRules { path: text });
        }
    } else {
        let name = root.file_name().and_then(|it| it.to_str()).unwrap_or_default();
        // A pipe or a device would be read without end, or never.
        if !metadata.is_file() || !wanted.takes(name) {
            return Err(wanted.wrong_kind(text));
        }
        reader.file(&root, &text, Vec::new())?;
    }
    Ok(reader.files)
}

struct Reader<'a> {
    wanted: Wanted,
    limits: &'a SourceLimits,
    seen: usize,
    bytes: u64,
    files: Vec<SourceFile>,
}

impl Reader<'_> {
    /// Everything below a folder. Links to folders are not followed: they may lead in circles.
    fn folder(&mut self, root: PathBuf, text: &str) -> Result<(), FilesError> {
        let mut open: Vec<(PathBuf, Vec<String>)> = vec![(root, Vec::new())];
        while let Some((folder, below)) = open.pop() {
            let shown =
                |name: &str| [&[text.to_owned()], below.as_slice(), &[name.to_owned()]].concat().join("/");
            if below.len() > self.limits.depth {
                let limit = self.limits.depth as u64;
                return Err(FilesError::TooLarge { path: shown(""), limit, unit: "nested folders" });
            }
            let unreadable = |cause| FilesError::Unreadable { path: shown(""), cause };
            let mut entries = fs::read_dir(&folder)
                .map_err(unreadable)?
                .collect::<Result<Vec<_>, _>>()
                .map_err(unreadable)?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                self.seen += 1;
                if self.seen > self.limits.files {
                    let limit = self.limits.files as u64;
                    return Err(FilesError::TooLarge { path: text.to_owned(), limit, unit: "files" });
                }
                let kind = entry.file_type().map_err(unreadable)?;
                let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                    let path = entry.path().to_string_lossy().into_owned();
                    return Err(FilesError::OddName { path });
                };
                if kind.is_dir() {
                    open.push((entry.path(), [below.as_slice(), &[name]].concat()));
                } else if self.wanted.takes(&name) && entry.path().is_file() {
                    self.file(&entry.path(), &shown(&name), below.clone())?;
                }
            }
        }
        self.files.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(())
    }

    fn file(&mut self, path: &Path, shown: &str, folder: Vec<String>) -> Result<(), FilesError> {
        let unreadable = |cause| FilesError::Unreadable { path: shown.to_owned(), cause };
        let limit = self.limits.file_bytes;
        let mut bytes = Vec::new();
        File::open(path).map_err(unreadable)?.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        let too_large = |limit, unit| FilesError::TooLarge { path: shown.to_owned(), limit, unit };
        if bytes.len() as u64 > limit {
            return Err(too_large(limit, "bytes"));
        }
        self.bytes += bytes.len() as u64;
        if self.bytes > self.limits.total_bytes {
            return Err(too_large(
                self.limits.total_bytes,
                "bytes, together with the other files of its source",
            ));
        }
        self.files.push(SourceFile { name: shown.into(), folder, bytes });
        Ok(())
    }
}

/// Where below `data` a file of a data source stands: once for each *root* above it. Every folder that holds a data file of its
/// own is a root, and so a file in a folder of folders stands at the top and under the names of its folders as well: policies
/// rely on both.
pub fn places(files: &[SourceFile]) -> impl Iterator<Item = (&[String], &SourceFile)> {
    let roots: BTreeSet<&[String]> = files.iter().map(|file| file.folder.as_slice()).collect();
    files.iter().flat_map(move |file| {
        let folder = file.folder.as_slice();
        let above: Vec<usize> =
            (0..=folder.len()).filter(|depth| roots.contains(&folder[..*depth])).collect();
        above.into_iter().map(move |depth| (&folder[depth..], file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn read(path: &Path, wanted: Wanted, limits: &SourceLimits) -> Result<Vec<SourceFile>, FilesError> {
        let source = LocalSource::marked(path.to_str().unwrap()).unwrap();
        read_source(&source, wanted, None, limits)
    }

    fn names(folder: &Path, files: &[SourceFile]) -> Vec<String> {
        let prefix = format!("{}/", folder.display());
        files.iter().map(|file| file.name.strip_prefix(&prefix).unwrap().to_owned()).collect()
    }

    #[test]
    fn rules_are_rego_files_of_all_folders_tests_left_out() {
        let folder = folder(&[
            ("a.rego", ""),
            ("b/c.REGO", ""),
            ("a_TEST.rego", ""),
            ("data.json", "{}"),
            ("readme.md", ""),
        ]);
        let files = read(folder.path(), Wanted::Rules, &SourceLimits::default()).unwrap();
        assert_eq!(names(folder.path(), &files), ["a.rego", "b/c.REGO"]);
    }

    #[test]
    fn golden_406_a_file_stands_under_every_root_above_it() {
        let folder = folder(&[
            ("top.yaml", ""),
            ("UPPER.YAML", ""),
            ("rules.rego", ""),
            ("sub/a.yaml", ""),
            ("sub/deep/b.json", ""),
            ("only/deeper/c.yml", ""),
        ]);
        let files = read(folder.path(), Wanted::Data, &SourceLimits::default()).unwrap();
        let mut all: Vec<String> = places(&files)
            .map(|(path, file)| {
                format!("{} {}", path.join("."), names(folder.path(), std::slice::from_ref(file))[0])
            })
            .collect();
        all.sort();
        assert_eq!(
            all,
            [
                " only/deeper/c.yml",
                " sub/a.yaml",
                " sub/deep/b.json",
                " top.yaml",
                "deep sub/deep/b.json",
                "only.deeper only/deeper/c.yml",
                "sub sub/a.yaml",
                "sub.deep sub/deep/b.json"
            ]
        );
    }

    #[test]
    fn a_single_file_is_a_source() {
        let folder = folder(&[("one.rego", "package x"), ("one.yaml", "a: 1")]);
        let rules = read(&folder.path().join("one.rego"), Wanted::Rules, &SourceLimits::default()).unwrap();
        assert_eq!(rules[0].bytes, b"package x");
        let wrong =
            read(&folder.path().join("one.yaml"), Wanted::Rules, &SourceLimits::default()).unwrap_err();
        assert!(wrong.to_string().ends_with("expected a folder or a file that ends in .rego"), "{wrong}");
    }

    #[test]
    fn a_source_that_is_not_there_or_without_rules_is_refused() {
        let folder = folder(&[("readme.md", "")]);
        let absent = read(&folder.path().join("absent"), Wanted::Rules, &SourceLimits::default());
        assert!(matches!(absent, Err(FilesError::Absent { .. })));
        let empty = read(folder.path(), Wanted::Rules, &SourceLimits::default());
        assert!(matches!(empty, Err(FilesError::NoRules { .. })));
        assert_eq!(read(folder.path(), Wanted::Data, &SourceLimits::default()).unwrap(), []);
    }

    #[test]
    fn limits_hold() {
        let folder = folder(&[("a.json", "{}"), ("b/c/d.json", "{   }")]);
        let tight = |change: fn(&mut SourceLimits)| {
            let mut limits = SourceLimits::default();
            change(&mut limits);
            read(folder.path(), Wanted::Data, &limits).unwrap_err().to_string()
        };
        assert!(tight(|it| it.file_bytes = 4).ends_with("b/c/d.json has more than 4 bytes"));
        assert!(tight(|it| it.total_bytes = 6).contains("more than 6 bytes, together"));
        assert!(tight(|it| it.files = 2).ends_with("more than 2 files"));
        assert!(tight(|it| it.depth = 1).ends_with("more than 1 nested folders"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_is_not_followed_and_a_link_to_a_file_is() {
        let folder = folder(&[("a.rego", "package a")]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a.rego"), folder.path().join("b.rego")).unwrap();
        let files = read(folder.path(), Wanted::Rules, &SourceLimits::default()).unwrap();
        assert_eq!(names(folder.path(), &files), ["a.rego", "b.rego"]);
    }
}

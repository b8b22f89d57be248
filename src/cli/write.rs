//! Reports to their targets: every target is attempted, a file is there whole or not at all, and what failed is told
//! without changing the verdict.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::diagnostics::Diagnostic;
use super::snapshot::told;
use crate::report::{Format, Place, Target, could_not_start};

/// Writes each target with what `content` gives for it.
///
/// # Errors
/// Every target that could not be written.
pub fn targets(targets: &[Target], content: impl Fn(&Target) -> Vec<u8>) -> Result<(), Vec<Diagnostic>> {
    let failed: Vec<_> =
        targets.iter().filter_map(|target| target_to(target, &content(target)).err()).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed) }
}

/// Writes the result `ERROR` to every `appstudio` target, so that a Tekton task never ends without one.
///
/// # Errors
/// Every target that could not be written.
pub fn not_started(all: &[Target], reason: &str, now: Timestamp) -> Result<(), Vec<Diagnostic>> {
    let results: Vec<_> = all.iter().filter(|it| it.format == Format::AppStudio).cloned().collect();
    targets(&results, |_| could_not_start(reason, now))
}

fn target_to(target: &Target, bytes: &[u8]) -> Result<(), Diagnostic> {
    let (name, result) = match &target.place {
        Place::Stdout => ("standard output".into(), stdout(bytes)),
        Place::File(path) => (path.to_string_lossy(), file(path, bytes)),
    };
    result.map_err(|error| Diagnostic::new(format_args!("open {name}: {}", told(&error))))?;
    tracing::debug!(bytes = bytes.len(), to = %name, "report written");
    Ok(())
}

fn stdout(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// A new or ordinary file is replaced at once by a finished one. What is no ordinary file (a pipe, a device, a link)
/// or lies where nothing can be made or moved (a mounted file) is written in place.
fn file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let existing = fs::symlink_metadata(path).ok();
    if existing.as_ref().is_none_or(fs::Metadata::is_file) {
        let permissions = existing.map(|it| it.permissions());
        match replaced(path, bytes, permissions) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::StorageFull => return Err(error),
            // Writing in place says best what is wrong with the path.
            Err(_) => {}
        }
    }
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.flush()
}

fn replaced(path: &Path, bytes: &[u8], permissions: Option<fs::Permissions>) -> io::Result<()> {
    let unfinished = beside(path)?;
    let result = finish(&unfinished, path, bytes, permissions);
    if result.is_err() {
        // Nothing more can be done about a file that cannot be removed either.
        let _ = fs::remove_file(&unfinished);
    }
    result
}

fn finish(
    unfinished: &Path,
    path: &Path,
    bytes: &[u8],
    permissions: Option<fs::Permissions>,
) -> io::Result<()> {
    // Never an existing file: its name is not ours to take.
    let mut file = OpenOptions::new().write(true).create_new(true).open(unfinished)?;
    file.write_all(bytes)?;
    file.flush()?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    fs::rename(unfinished, path)
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.unfinished", std::process::id()));
    Ok(path.with_file_name(hidden))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Shown;

    fn target(path: PathBuf, format: Format) -> Target {
        Target { format, place: Place::File(path), shown: Shown::default() }
    }

    fn names(folder: &Path) -> Vec<String> {
        let name =
            |it: io::Result<fs::DirEntry>| it.expect("entry").file_name().to_string_lossy().into_owned();
        let mut names: Vec<_> = fs::read_dir(folder).expect("folder").map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn threat_47_every_target_is_attempted_and_each_failure_named() {
        let folder = tempfile::tempdir().expect("folder");
        let there = folder.path().join("there");
        let gone = folder.path().join("absent/report");
        let all = [
            target(gone.clone(), Format::Json),
            target(there.clone(), Format::Text),
            target(folder.path().to_owned(), Format::Yaml),
        ];
        let failed = targets(&all, |_| b"x\n".to_vec()).unwrap_err();
        let messages: Vec<_> = failed.iter().map(Diagnostic::message).collect();
        assert_eq!(messages[0], format!("open {}: no such file or directory", gone.display()));
        assert_eq!(messages.len(), 2);
        assert_eq!(fs::read(&there).expect("written"), b"x\n");
        assert_eq!(names(folder.path()), ["there"]);
    }

    #[test]
    fn a_file_is_replaced_whole_and_keeps_its_permissions() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("report");
        fs::write(&path, "a longer text from before").expect("before");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("mode");
            file(&path, b"new").expect("written");
            assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o640);
        }
        file(&path, b"new").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"new");
        assert_eq!(names(folder.path()), ["report"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_followed_and_a_device_is_written_in_place() {
        let folder = tempfile::tempdir().expect("folder");
        let (path, link) = (folder.path().join("report"), folder.path().join("link"));
        std::os::unix::fs::symlink(&path, &link).expect("link");
        file(&link, b"x").expect("written");
        assert!(fs::symlink_metadata(&link).expect("link").is_symlink());
        assert_eq!(fs::read(&path).expect("there"), b"x");
        file(Path::new("/dev/null"), b"x").expect("device");
        assert!(file(Path::new("/dev/full"), b"x").is_err());
    }

    #[test]
    fn a_run_that_could_not_start_writes_the_tekton_result_only() {
        let folder = tempfile::tempdir().expect("folder");
        let all = [
            target(folder.path().join("r.json"), Format::Json),
            target(folder.path().join("test-output"), Format::AppStudio),
        ];
        not_started(&all, "no policy", Timestamp::UNIX_EPOCH).expect("written");
        assert_eq!(names(folder.path()), ["test-output"]);
        let text = fs::read_to_string(folder.path().join("test-output")).expect("there");
        assert!(text.contains(r#""result":"ERROR","note":"no policy""#), "{text}");
    }
}

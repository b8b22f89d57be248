//! Log lines: their level, their place, and that nothing from outside can forge one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

use super::progress::Bar;
use crate::report::sanitise;

/// Level and place of log lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogSettings {
    /// How much is told.
    pub level: LogLevel,
    /// `--logfile`; none means standard error.
    pub file: Option<PathBuf>,
}

/// How much is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// `--quiet`
    Error,
    /// Without any flag.
    #[default]
    Warn,
    /// `--verbose`
    Debug,
    /// `--debug`: with the place in the source.
    DebugWithPlaces,
}

/// Starts logging for the process; lines on standard error step around the progress bar.
///
/// # Errors
/// The log file could not be opened; lines go to standard error then, and the text says so.
pub fn start(settings: &LogSettings, bar: &Bar) -> Result<(), String> {
    let (file, problem) = match settings.file.as_ref().map(open) {
        None => (None, Ok(())),
        Some(Ok(file)) => (Some(Arc::new(Mutex::new(file))), Ok(())),
        Some(Err(problem)) => (None, Err(problem)),
    };
    let (ours, others) = match settings.level {
        LogLevel::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        LogLevel::Warn => (LevelFilter::WARN, LevelFilter::ERROR),
        LogLevel::Debug | LogLevel::DebugWithPlaces => (LevelFilter::DEBUG, LevelFilter::WARN),
    };
    let places = settings.level == LogLevel::DebugWithPlaces;
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_target(places)
        .with_file(places)
        .with_line_number(places)
        .with_writer(LogWriter { file, bar: bar.clone() });
    let targets = Targets::new().with_target("enterprise_contract", ours).with_default(others);
    let subscriber = tracing_subscriber::registry().with(targets).with(layer);
    // A second start in one process (a test) keeps the first.
    let _ = tracing::subscriber::set_global_default(subscriber);
    // A panic's message may quote what was read, so it goes the way of every line.
    std::panic::set_hook(Box::new(|panic| tracing::error!("internal error: {panic}")));
    problem
}

/// Lines are appended; only the user may read them.
fn open(path: &PathBuf) -> Result<File, String> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| {
        format!("unable to open the log file {}: {}", path.display(), super::snapshot::told(&error))
    })
}

struct LogWriter {
    file: Option<Arc<Mutex<File>>>,
    bar: Bar,
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> &'a Self {
        self
    }
}

impl Write for &LogWriter {
    /// The subscriber hands over one event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = one_line(event);
        match &self.file {
            Some(file) => {
                file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes())?;
            }
            None => self.bar.around(|| io::stderr().lock().write_all(line.as_bytes()))?,
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn one_line(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    sanitise::line(text.trim_end_matches('\n')) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_46_an_event_is_one_harmless_line() {
        assert_eq!(one_line(b"WARN a\nERROR forged\x1b[2J\r\n"), "WARN a\\nERROR forged\\u001b[2J\\r\n");
        assert_eq!(one_line("::error::x\n".as_bytes()), "\\::error::x\n");
    }

    #[test]
    fn a_log_file_is_appended_to_and_for_the_user_only() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("log");
        for text in ["one\n", "two\n"] {
            open(&path).expect("log").write_all(text.as_bytes()).expect("written");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("log"), "one\ntwo\n");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).expect("log").permissions().mode() & 0o777, 0o600);
        }
        assert!(open(&folder.path().join("absent/log")).is_err_and(|it| it.contains("absent/log")));
    }
}

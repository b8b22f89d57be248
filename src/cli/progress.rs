//! How far a run is: a bar on a terminal, a line now and then elsewhere, nothing with `--quiet`.

use std::io::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::colour::Terminal;
use super::logging::LogLevel;
use crate::model::{ComponentId, Verdict};
use crate::report::sanitise;
use crate::run::events::Progress;

/// Between two lines where there is no terminal: a build log stays readable, and a watchdog sees life.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// The bar, hidden until a run starts on a terminal.
#[derive(Clone, Debug)]
pub struct Bar(ProgressBar);

impl Default for Bar {
    fn default() -> Self {
        Self(ProgressBar::hidden())
    }
}

impl Bar {
    /// Writes without tearing the bar.
    pub(super) fn around<T>(&self, write: impl FnOnce() -> T) -> T {
        self.0.suspend(write)
    }
}

/// Shows the events of a run.
pub struct Shown {
    bar: Bar,
    style: Style,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Bar,
    Lines,
    Nothing,
}

struct State {
    components: usize,
    done: usize,
    not_passed: usize,
    last_line: Instant,
}

impl Shown {
    /// For standard error as it is.
    pub fn new(bar: &Bar, stderr: Terminal, level: LogLevel) -> Self {
        let style = match (level, stderr) {
            (LogLevel::Error, _) => Style::Nothing,
            (_, Terminal::Yes) => Style::Bar,
            (_, Terminal::No) => Style::Lines,
        };
        let state = State { components: 0, done: 0, not_passed: 0, last_line: Instant::now() };
        Self { bar: bar.clone(), style, state: Mutex::new(state) }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress for Shown {
    fn started(&self, components: usize) {
        let mut state = self.state();
        state.components = components;
        state.last_line = Instant::now();
        if self.style == Style::Bar {
            let bar = &self.bar.0;
            let template = "{bar:30} {pos}/{len} components, {elapsed} {wide_msg}";
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar.set_length(components as u64);
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    fn component_started(&self, component: &ComponentId) {
        if self.style == Style::Bar {
            self.bar.0.set_message(sanitise::line(&component.name));
        }
    }

    fn component_done(&self, _component: &ComponentId, verdict: Verdict) {
        let mut state = self.state();
        state.done += 1;
        state.not_passed += usize::from(verdict != Verdict::Pass);
        match self.style {
            Style::Bar => self.bar.0.inc(1),
            Style::Lines if state.last_line.elapsed() >= LINE_EVERY => {
                state.last_line = Instant::now();
                // A closed standard error is no reason to end a run.
                let _ = writeln!(io::stderr().lock(), "{}", line(&state));
            }
            Style::Lines | Style::Nothing => {}
        }
    }

    fn finished(&self) {
        self.bar.0.finish_and_clear();
    }
}

fn line(state: &State) -> String {
    let State { components, done, not_passed, .. } = state;
    format!("{done} of {components} components done, {not_passed} of them not passed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_follows_the_terminal_and_quiet() {
        let style = |terminal, level| Shown::new(&Bar::default(), terminal, level).style;
        assert_eq!(style(Terminal::Yes, LogLevel::Warn), Style::Bar);
        assert_eq!(style(Terminal::No, LogLevel::Debug), Style::Lines);
        assert_eq!(style(Terminal::Yes, LogLevel::Error), Style::Nothing);
    }

    #[test]
    fn what_is_done_is_counted() {
        let shown = Shown::new(&Bar::default(), Terminal::No, LogLevel::Warn);
        shown.started(3);
        let id = ComponentId { index: 0, name: "a".into() };
        shown.component_started(&id);
        shown.component_done(&id, Verdict::Pass);
        shown.component_done(&id, Verdict::Incomplete);
        assert_eq!(line(&shown.state()), "2 of 3 components done, 1 of them not passed");
        shown.finished();
    }
}

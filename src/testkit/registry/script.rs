//! What a registry does instead of what it should.

use std::time::Duration;

/// Steps for the requests that fit.
#[derive(Clone, Debug)]
pub struct Rule {
    pattern: Pattern,
    host: Option<String>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Pattern {
    Part(String),
    Whole(String),
}

/// What happens to one request.
#[derive(Clone, Debug)]
pub enum Step {
    /// It is answered from the store.
    Pass,
    /// It is answered with this.
    Answer {
        /// The status.
        status: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// It is answered from the store, with these headers in place of its own.
    With(Vec<(String, String)>),
    /// It is answered from the store where it bears this header `Authorization`, and else with a challenge.
    Guarded {
        /// What must be shown.
        authorization: String,
        /// What is asked for, as in `WWW-Authenticate`.
        challenge: String,
    },
    /// The answer ends after so many bytes of the body, and the connection with it.
    Cut(usize),
    /// The answer stops after so many bytes of the body, and the connection stays.
    Stall(usize),
    /// One byte at a time, with a pause between.
    Drip(Duration),
    /// The connection ends without an answer.
    Reset,
    /// No answer comes.
    Silence,
    /// A body without length that does not end.
    Endless,
    /// A body of the right length and other bytes.
    Garble,
}

impl Rule {
    /// Steps for requests whose `METHOD path` contains `pattern`, in turn; the last one stays.
    pub fn new(pattern: &str, steps: impl Into<Vec<Step>>) -> Self {
        Self { pattern: Pattern::Part(pattern.to_owned()), host: None, steps: steps.into() }
    }

    /// Steps for requests whose `METHOD path` is exactly this, in turn; the last one stays.
    pub fn exactly(line: &str, steps: impl Into<Vec<Step>>) -> Self {
        Self { pattern: Pattern::Whole(line.to_owned()), host: None, steps: steps.into() }
    }

    /// Only for requests to this host.
    #[must_use]
    pub fn at(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    pub(super) fn fits(&self, line: &str, host: &str) -> bool {
        let fits = match &self.pattern {
            Pattern::Part(part) => line.contains(part),
            Pattern::Whole(whole) => line == whole,
        };
        fits && self.host.as_deref().is_none_or(|it| it == host)
    }

    pub(super) fn step(&self, turn: usize) -> Step {
        self.steps.get(turn).or(self.steps.last()).cloned().unwrap_or(Step::Pass)
    }
}

impl Step {
    /// An answer without headers.
    pub fn status(status: u16, body: &str) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    /// An answer with one header and no body.
    pub fn header(status: u16, name: &str, value: &str) -> Self {
        Self::Answer { status, headers: vec![(name.to_owned(), value.to_owned())], body: Vec::new() }
    }

    /// An answer with a type.
    pub fn typed(media_type: &str, body: &[u8]) -> Self {
        let headers = vec![("content-type".to_owned(), media_type.to_owned())];
        Self::Answer { status: 200, headers, body: body.to_vec() }
    }
}

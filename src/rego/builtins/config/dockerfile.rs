//! Dockerfiles: an array that holds one array of commands, each `{Cmd, SubCmd, Flags, Value, JSON, Stage}`.
//!
//! Language: that of `docker/dockerfile:1` as far as the shape of commands goes; what a command takes is not checked.

use super::{BYTES_PER_BYTE, Context, Read, fault};
use crate::rego::builtins::BuiltinError;
use crate::rego::value::{Array, Object, ObjectBuilder, ReadLimits, Value, json};

/// A line with what it goes on with: the number of its first line, and its text.
struct Line<'a> {
    number: usize,
    text: String,
    /// Comments that stand before it.
    comments: Vec<&'a str>,
}

pub(super) fn read(context: &mut Context<'_>, text: &str) -> Read {
    context.budget.bytes(BYTES_PER_BYTE * text.len() as u64)?;
    let lines = lines(text)?;
    let mut commands = Vec::new();
    let mut stages = 0_usize;
    for line in &lines {
        context.budget.steps(1)?;
        let word = line.text.split_whitespace().next().unwrap_or_default();
        let name = word.to_ascii_lowercase();
        if !KNOWN.contains(&name.as_str()) {
            return fault("dockerfile", line.number, &format!("unknown instruction: {word}"));
        }
        stages += usize::from(name == "from");
        let stage = stages.saturating_sub(1);
        for comment in &line.comments {
            commands.push(
                Command { value: vec![(*comment).to_owned()], ..Command::default() }.shown("comment", stage),
            );
        }
        let command = command(&name, line.text[word.len()..].trim(), line.number)?;
        commands.push(command.shown(&name, stage));
    }
    if lines.is_empty() {
        return fault("dockerfile", 1, "file with no instructions");
    }
    Ok(Array::from(vec![Array::from(commands).into()]).into())
}

const KNOWN: [&str; 18] = [
    "add",
    "arg",
    "cmd",
    "copy",
    "entrypoint",
    "env",
    "expose",
    "from",
    "healthcheck",
    "label",
    "maintainer",
    "onbuild",
    "run",
    "shell",
    "stopsignal",
    "user",
    "volume",
    "workdir",
];

#[derive(Default)]
struct Command {
    /// The command that `ONBUILD` keeps for later.
    inner: String,
    flags: Vec<String>,
    value: Vec<String>,
    json: bool,
}

impl Command {
    fn shown(self, name: &str, stage: usize) -> Value {
        let texts = |texts: Vec<String>| texts.into_iter().map(Value::from).collect::<Array>();
        let mut out = ObjectBuilder::new();
        out.push_str("Cmd", name);
        out.push_str("SubCmd", self.inner);
        out.push_str("JSON", self.json);
        out.push_str("Flags", texts(self.flags));
        out.push_str("Value", texts(self.value));
        out.push_str("Stage", stage);
        Object::into(out.build_last_wins())
    }
}

/// Lines put together, without blank lines, comments, and the bodies of here-documents.
fn lines(text: &str) -> Result<Vec<Line<'_>>, BuiltinError> {
    let escape = escape(text);
    let mut found = Vec::new();
    let mut comments = Vec::new();
    let mut lines = text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim();
        if let Some(comment) = line.strip_prefix('#') {
            let is_directive = found.is_empty() && directive(line).is_some();
            if !is_directive {
                comments.push(comment.trim());
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let mut whole = line.to_owned();
        while whole.ends_with(escape) {
            whole.pop();
            // Comments and blank lines between the parts of a line do not end it.
            let next = lines.by_ref().map(|it| it.1).find(|it| {
                let it = it.trim();
                !it.is_empty() && !it.starts_with('#')
            });
            let Some(next) = next else { break };
            whole.push_str(next.trim_end());
        }
        for end in heredocs(&whole) {
            if !lines.by_ref().any(|(_, it)| it == end || it.trim_start_matches('\t') == end) {
                return fault("dockerfile", index + 1, "unterminated heredoc");
            }
        }
        found.push(Line { number: index + 1, text: whole, comments: std::mem::take(&mut comments) });
    }
    Ok(found)
}

/// A line like `# escape=x`, which only the first lines may be.
fn directive(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    ["escape", "syntax", "check"].iter().any(|it| name.eq_ignore_ascii_case(it)).then_some((name, value))
}

fn escape(text: &str) -> char {
    let directives = text.lines().map_while(|it| directive(it.trim()));
    let chosen = directives.filter(|it| it.0.eq_ignore_ascii_case("escape")).last();
    if chosen.is_some_and(|it| it.1 == "`") { '`' } else { '\\' }
}

/// The words that end the here-documents which a line begins.
fn heredocs(line: &str) -> Vec<String> {
    let name = line.split_whitespace().next().unwrap_or_default();
    if !["run", "copy", "add"].iter().any(|it| name.eq_ignore_ascii_case(it)) {
        return Vec::new();
    }
    line.split_whitespace()
        .filter_map(|word| word.strip_prefix("<<"))
        .map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned())
        .filter(|word| !word.is_empty() && word.chars().all(|it| it.is_alphanumeric() || it == '_'))
        .collect()
}

fn command(name: &str, rest: &str, line: usize) -> Result<Command, BuiltinError> {
    if name == "onbuild" {
        let word = rest.split_whitespace().next().unwrap_or_default();
        let inner = word.to_ascii_lowercase();
        if inner == "onbuild" || !KNOWN.contains(&inner.as_str()) {
            return fault("dockerfile", line, "ONBUILD takes an instruction");
        }
        let command = command(&inner, rest[word.len()..].trim(), line)?;
        return Ok(Command { inner, ..command });
    }
    let (flags, rest) = flags(rest);
    let words = || rest.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (json, value) = match name {
        "env" | "label" => (false, pairs(rest)),
        "from" | "expose" => (false, words()),
        "arg" => (false, quoted_words(rest)),
        "maintainer" | "stopsignal" | "user" | "workdir" => (false, vec![rest.to_owned()]),
        "healthcheck" => {
            let (kind, check) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let (json, check) = exec_form(check.trim())
                .map_or_else(|| (false, vec![check.trim().to_owned()]), |it| (true, it));
            let check = check.into_iter().filter(|it| !it.is_empty());
            (json, std::iter::once(kind.to_ascii_uppercase()).chain(check).collect())
        }
        "add" | "copy" | "volume" => exec_form(rest).map_or_else(|| (false, words()), |it| (true, it)),
        _ => exec_form(rest).map_or_else(|| (false, vec![rest.to_owned()]), |it| (true, it)),
    };
    if value.iter().all(String::is_empty) && name != "healthcheck" {
        let message = format!("{} takes at least one argument", name.to_ascii_uppercase());
        return fault("dockerfile", line, &message);
    }
    Ok(Command { inner: String::new(), flags, value, json })
}

/// `--name=value` before everything else.
fn flags(mut rest: &str) -> (Vec<String>, &str) {
    let mut flags = Vec::new();
    while rest.starts_with("--") {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        if end == 2 {
            return (flags, rest[end..].trim_start());
        }
        flags.push(rest[..end].to_owned());
        rest = rest[end..].trim_start();
    }
    (flags, rest)
}

/// A JSON array of strings.
fn exec_form(text: &str) -> Option<Vec<String>> {
    if !text.starts_with('[') {
        return None;
    }
    let value = json::read(text.as_bytes(), &ReadLimits::default()).ok()?;
    value.as_array()?.iter().map(|it| it.as_str().map(str::to_owned)).collect()
}

/// Words, with quotes and escapes left as they are written.
fn quoted_words(text: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let (mut quote, mut escaped) = (None, false);
    for char in text.chars() {
        if char.is_whitespace() && quote.is_none() && !escaped {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            continue;
        }
        word.push(char);
        match (quote, char) {
            _ if escaped => escaped = false,
            (_, '\\') => escaped = true,
            (None, '"' | '\'') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            _ => {}
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Names, values and what stands between: `a=b` gives `a`, `b`, `=`, the old form `a b` an empty separator.
fn pairs(text: &str) -> Vec<String> {
    let words = quoted_words(text);
    let Some(first) = words.first() else { return Vec::new() };
    if !first.contains('=') {
        let (name, value) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        return vec![name.to_owned(), value.trim_start().to_owned(), String::new()];
    }
    let split = |word: &String| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        [name.to_owned(), value.to_owned(), "=".to_owned()]
    };
    words.iter().flat_map(split).collect()
}

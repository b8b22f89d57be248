//! Finding the blocks among the comments, and reading each.

use super::super::super::error::{ErrorCode, RegoError};
use super::super::super::source::{Source, Span};
use super::super::super::value::ReadLimits;
use super::super::super::value::yaml::{Flavor, Tree, YamlError, YamlErrorKind};
use super::super::ast::Comment;
use super::fields::{self, Fields};

/// A block that was read, and not yet attached.
#[derive(Debug)]
pub(in super::super) struct Block {
    pub(super) span: Span,
    pub(super) fields: Fields,
}

/// A `# METADATA` comment and the comment lines under it, each in the first column.
struct Lines<'a> {
    hint: &'a Comment,
    comments: &'a [Comment],
}

/// Reads all blocks; those that cannot be read become errors.
pub(in super::super) fn read_blocks(source: &Source, comments: &[Comment]) -> (Vec<Block>, Vec<RegoError>) {
    let (mut blocks, mut errors) = (Vec::new(), Vec::new());
    for lines in find(source, comments) {
        match read(source, &lines) {
            Ok(block) => blocks.push(block),
            Err(error) => errors.push(error),
        }
    }
    (blocks, errors)
}

fn find<'a>(source: &Source, comments: &'a [Comment]) -> Vec<Lines<'a>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(hint) = comments.get(at) {
        at += 1;
        if !hint.text.trim().starts_with("METADATA") {
            continue;
        }
        let first = at;
        let mut row = source.position(hint.span.start).row;
        while let Some(next) = comments.get(at) {
            let place = source.position(next.span.start);
            if place.row != row + 1 || place.col != 1 {
                break;
            }
            row += 1;
            at += 1;
        }
        found.push(Lines { hint, comments: comments.get(first..at).unwrap_or_default() });
    }
    found
}

fn read(source: &Source, lines: &Lines<'_>) -> Result<Block, RegoError> {
    let error = |span: Span, message: String| RegoError::new(ErrorCode::Parse, message, Some(span));
    let mut text = String::new();
    for comment in lines.comments {
        text.push_str(comment.text.strip_prefix(' ').unwrap_or(&comment.text));
        text.push('\n');
    }
    if text.trim().is_empty() {
        let message = "expected METADATA block, found whitespace".to_owned();
        return Err(error(lines.hint.span, message));
    }
    let tree =
        Tree::read(&text, Flavor::Go, &ReadLimits::default()).map_err(|cause| yaml_message(&text, &cause));
    let fields = tree.and_then(|tree| tree.as_ref().map_or_else(|| Ok(Fields::default()), fields::read));
    let last = lines.comments.last().unwrap_or(lines.hint);
    match fields {
        Ok(fields) => Ok(Block { span: lines.hint.span.to(last.span), fields }),
        Err(message) => {
            let span = place(lines, &message);
            Err(error(span, with_hints(source, lines, message)))
        }
    }
}

/// The message as `yaml.v3` words it. It counts the lines of a block from 0, those of its scanner from 1.
fn yaml_message(block: &str, error: &YamlError) -> String {
    let text = match &error.kind {
        YamlErrorKind::Syntax(text) => text.as_str(),
        other => return format!("yaml: {other}"),
    };
    if let Some(bracket) = text.strip_prefix("unclosed bracket ") {
        let line = block.lines().count();
        return format!("yaml: line {line}: {}", unclosed(block, bracket));
    }
    let (context, problem) = match text.strip_prefix("while ").and_then(|rest| rest.split_once(", ")) {
        Some((context, problem)) => (context, problem),
        None => ("", text),
    };
    let of_parser = context.starts_with("parsing a") || context == "parsing node";
    let line = error.mark.line.saturating_sub(usize::from(of_parser));
    if line == 0 { format!("yaml: {problem}") } else { format!("yaml: line {line}: {problem}") }
}

/// What is missing at the end of a block with an open bracket: a member, or what closes it.
fn unclosed(block: &str, bracket: &str) -> &'static str {
    if block.trim_end().ends_with(['[', '{', ',', ':']) {
        "did not find expected node content"
    } else if bracket.contains('[') {
        "did not find expected ',' or ']'"
    } else {
        "did not find expected ',' or '}'"
    }
}

/// Where OPA reports an error of YAML: at the comment whose index is the line of the message, or the last; at
/// the block where the error is not one of YAML.
fn place(lines: &Lines<'_>, message: &str) -> Span {
    let Some(yaml) = message.strip_prefix("yaml:") else { return lines.hint.span };
    let yaml = yaml.strip_prefix(" unmarshal errors:\n ").unwrap_or(yaml);
    let digits = yaml.strip_prefix(" line ").and_then(|rest| rest.split_once(':')).map(|(digits, _)| digits);
    let index = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0_usize);
    lines.comments.get(index).or(lines.comments.last()).unwrap_or(lines.hint).span
}

/// Adds a hint for each line where a colon is not followed by a space, which is easily overlooked.
fn with_hints(source: &Source, lines: &Lines<'_>, mut message: String) -> String {
    if !message.starts_with("yaml:") {
        return message;
    }
    for comment in lines.comments {
        let Some((_, rest)) = comment.text.split_once(':') else { continue };
        let parts: Vec<&str> = rest.split(':').collect();
        let ends = parts.last().is_some_and(|last| last.is_empty());
        let spaced = parts.iter().any(|part| part.starts_with([' ', '\t']));
        if ends || spaced {
            continue;
        }
        let symbols: Vec<String> = parts.iter().map(|part| quoted(part.chars().next())).collect();
        let row = source.position(comment.span.start).row;
        message = format!(
            "{message}\n  Hint: on line {row}, symbol(s) [{}] immediately following a key/value separator ':' is \
             not a legal yaml space character",
            symbols.join(" ")
        );
    }
    message
}

/// A character in quotes as Go's `%+q` has it.
fn quoted(c: Option<char>) -> String {
    match c {
        None => "'\\ufffd'".to_owned(),
        Some(c @ ('\'' | '\\')) => format!("'\\{c}'"),
        Some(c) if c.is_ascii_graphic() => format!("'{c}'"),
        Some(c) if u32::from(c) < 0x80 => format!("'\\x{:02x}'", u32::from(c)),
        Some(c) if u32::from(c) < 0x1_0000 => format!("'\\u{:04x}'", u32::from(c)),
        Some(c) => format!("'\\U{:08x}'", u32::from(c)),
    }
}

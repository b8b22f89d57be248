//! What the text after `--policy` stands for: a document, a file, or something that is not offered.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::super::source::{LocalSource, Source};

/// A text and what errors call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The path of the file, or the option that held the text.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Why an argument leads to no document.
#[derive(Debug, thiserror::Error)]
pub enum ArgumentError {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        cause: io::Error,
    },
    /// The file is empty.
    #[error("file {0} is empty")]
    Empty(String),
    /// The file is larger than allowed.
    #[error("{path} has more than {limit} bytes")]
    TooLarge {
        /// The file.
        path: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// A file or folder that is none of the kinds that are read.
    #[error("{0} is no policy file: expected a name that ends in .json, .yaml or .yml")]
    OddFile(String),
    /// Plain HTTP.
    #[error("attempting to download from insecure source: {0}")]
    Insecure(String),
    /// A place that is not read from.
    #[error(
        "{argument} names a {kind}, which is not supported: give the policy as text (YAML or JSON) or as a file that ends in .json, .yaml or .yml"
    )]
    NotOffered {
        /// The argument.
        argument: String,
        /// Which kind of place.
        kind: &'static str,
    },
}

/// What an argument is, before anything is read.
enum Meaning<'a> {
    Text(&'a str),
    File(LocalSource),
}

/// The document that the value of `--policy` stands for: text in braces, a file by its ending, else text with a colon. An
/// empty value is an empty document.
///
/// # Errors
/// [`ArgumentError`].
pub fn resolve(argument: &str, max_bytes: u64) -> Result<Document, ArgumentError> {
    let text = |text: &str| Document { name: "--policy".to_owned(), text: text.to_owned() };
    match meaning(argument)? {
        Meaning::File(file) => read_file(&file, max_bytes),
        Meaning::Text(it) if it.is_empty() || it.starts_with('{') || it.contains(':') => Ok(text(it)),
        Meaning::Text(it) if Path::new(it).exists() || LocalSource::marked(it).is_some() => {
            Err(ArgumentError::OddFile(it.to_owned()))
        }
        Meaning::Text(it) => {
            Err(ArgumentError::NotOffered { argument: it.to_owned(), kind: "Kubernetes resource" })
        }
    }
}

/// The value of an `--extra-rule-data`: the content of a file that it names, else the text itself.
///
/// # Errors
/// [`ArgumentError`].
pub(super) fn resolve_value(value: &str, max_bytes: u64) -> Result<String, ArgumentError> {
    match meaning(value)? {
        Meaning::Text(text) => Ok(text.to_owned()),
        Meaning::File(file) => read_file(&file, max_bytes).map(|document| document.text),
    }
}

fn meaning(argument: &str) -> Result<Meaning<'_>, ArgumentError> {
    if argument.starts_with('{') {
        return Ok(Meaning::Text(argument));
    }
    // A policy of several lines may well name a repository in one of them.
    let one_line = !argument.contains('\n');
    let exists = |path: &Path| path.exists();
    match Source::parse(argument, exists) {
        Err(super::super::source::BadSource::Insecure(text)) if one_line => {
            Err(ArgumentError::Insecure(text))
        }
        Ok(Source::Git(_)) if one_line => {
            Err(ArgumentError::NotOffered { argument: argument.to_owned(), kind: "git repository" })
        }
        Ok(Source::Https(_)) if one_line => {
            Err(ArgumentError::NotOffered { argument: argument.to_owned(), kind: "file over HTTPS" })
        }
        Ok(Source::Local(file))
            if [".json", ".yaml", ".yml"].iter().any(|ending| argument.ends_with(ending)) =>
        {
            Ok(Meaning::File(file))
        }
        _ => Ok(Meaning::Text(argument)),
    }
}

fn read_file(file: &LocalSource, max_bytes: u64) -> Result<Document, ArgumentError> {
    let path = file.to_string();
    let unreadable = |cause| ArgumentError::Unreadable { path: path.clone(), cause };
    let mut bytes = Vec::new();
    let opened = File::open(file.path(std::env::home_dir().as_deref())).map_err(unreadable)?;
    opened.take(max_bytes + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.is_empty() {
        return Err(ArgumentError::Empty(path));
    }
    if bytes.len() as u64 > max_bytes {
        return Err(ArgumentError::TooLarge { path, limit: max_bytes });
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error.utf8_error())))?;
    Ok(Document { name: path, text })
}

//! What `--policy` and the values of `--extra-rule-data` stand for: a text, or a file that holds it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::diagnostics::Diagnostic;
use super::snapshot::told;

/// Bytes of a policy or of a value; people write them.
const DOCUMENT_BYTES: u64 = 16 << 20;

/// A policy's text, still to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// YAML or JSON; empty where no policy was given.
    pub text: String,
    /// What messages call it: the path as given, or `--policy`.
    pub name: String,
}

/// Finds the policy's text.
///
/// # Errors
/// The file cannot be read or is empty, or the policy lies where this program does not look.
pub(super) fn policy(given: Option<&str>) -> Result<PolicyDocument, Diagnostic> {
    let Some(given) = given else {
        return Ok(PolicyDocument { text: String::new(), name: "--policy".to_owned() });
    };
    match resolve(given)? {
        Resolved::File { path, text } => Ok(PolicyDocument { text, name: path }),
        // It is no name that a cluster could know.
        Resolved::Text if is_one_word(given) && !given.contains('{') && has_document_name(given) => {
            read(given).map(|text| PolicyDocument { text, name: given.to_owned() })
        }
        Resolved::Text if given.contains(':') => {
            Ok(PolicyDocument { text: given.to_owned(), name: "--policy".to_owned() })
        }
        Resolved::Text if is_file(given) => {
            let message = format!("--policy: {given} is not a file that ends in .yaml, .yml or .json");
            Err(Diagnostic::new(message).help("give such a file, or the text of the policy"))
        }
        Resolved::Text => Err(Diagnostic::new(format_args!(
            "--policy: {given:?} would be the name of a policy in a cluster, which cannot be asked"
        ))
        .help("give a file that ends in .yaml, .yml or .json, or the text of the policy")),
    }
}

/// Pairs of `--extra-rule-data`; a value that names a file stands for the file's text.
///
/// # Errors
/// Every item without a sign, and every file that cannot be read.
pub(super) fn rule_data(items: &[String]) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut pairs = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let Some((key, value)) = item.split_once('=') else {
            let message = format!("incorrect syntax for --extra-rule-data {index}");
            faults.push(Diagnostic::new(message).help(format!("{item:?} is not key=value")));
            continue;
        };
        match resolve(value) {
            Ok(Resolved::Text) => pairs.push((key.to_owned(), value.to_owned())),
            Ok(Resolved::File { text, .. }) => pairs.push((key.to_owned(), text)),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(pairs) } else { Err(faults) }
}

enum Resolved {
    File { path: String, text: String },
    Text,
}

fn resolve(given: &str) -> Result<Resolved, Diagnostic> {
    if given.starts_with('{') {
        return Ok(Resolved::Text);
    }
    let is_file = is_file(given);
    if (is_git(given) && !is_file) || is_http(given) {
        let message = format!("{given}: policies from git and from web servers are not available yet");
        return Err(Diagnostic::new(message).help("give a file or the text of the policy"));
    }
    if !(is_file && has_document_name(given)) {
        return Ok(Resolved::Text);
    }
    let path = given.strip_prefix("file://").or_else(|| given.strip_prefix("file::")).unwrap_or(given);
    Ok(Resolved::File { path: path.to_owned(), text: read(path)? })
}

/// As the Go tool's source detectors see it.
fn is_file(given: &str) -> bool {
    ["file://", "file::", "/", "./", "../"].iter().any(|start| given.starts_with(start))
        || Path::new(given).exists()
}

fn is_git(given: &str) -> bool {
    let by_prefix = ["git@", "git://", "git::"].iter().any(|start| given.starts_with(start));
    let by_host = !given.contains("::")
        && ["github.com", "gitlab.com", "bitbucket.org"].iter().any(|host| given.contains(host));
    by_prefix || is_one_word(given) && (by_host || given.strip_suffix(".git").is_some())
}

fn is_http(given: &str) -> bool {
    is_one_word(given) && (given.starts_with("http://") || given.starts_with("https://"))
}

fn has_document_name(given: &str) -> bool {
    [".json", ".yaml", ".yml"].iter().any(|end| given.ends_with(end))
}

/// A text of several lines or words that only mentions an address is no address.
fn is_one_word(given: &str) -> bool {
    !given.contains(char::is_whitespace)
}

fn read(path: &str) -> Result<String, Diagnostic> {
    let failed = |error: &std::io::Error| Diagnostic::new(format_args!("open {path}: {}", told(error)));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed(&error))?;
    file.take(DOCUMENT_BYTES + 1).read_to_end(&mut bytes).map_err(|error| failed(&error))?;
    if bytes.is_empty() {
        return Err(Diagnostic::new(format_args!("file {path} is empty")));
    }
    if bytes.len() as u64 > DOCUMENT_BYTES {
        return Err(Diagnostic::new(format_args!("file {path} has more than {DOCUMENT_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| Diagnostic::new(format_args!("file {path} is not UTF-8 text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(given: &str) -> String {
        policy(Some(given)).unwrap_err().message().to_owned()
    }

    #[test]
    fn a_policy_is_a_text_or_a_file() {
        let text = "{\"publicKey\": \"./a.yaml\"}";
        assert_eq!(policy(Some(text)).expect("text").text, text);
        assert_eq!(policy(Some("sources: []")).expect("text").name, "--policy");
        assert_eq!(policy(None).expect("none").text, "");
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("p.yaml");
        std::fs::write(&path, "sources: []").expect("file");
        let path = path.to_str().expect("path");
        let document = policy(Some(&format!("file::{path}"))).expect("file");
        assert_eq!((&*document.text, &*document.name), ("sources: []", path));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        assert_eq!(fault("./absent.yaml"), "open ./absent.yaml: no such file or directory");
        assert_eq!(fault("absent.yaml"), "open absent.yaml: no such file or directory");
        assert!(fault("src/main.rs").contains("src/main.rs is not a file that ends in .yaml"));
        assert!(fault("src").contains("src is not a file that ends in .yaml"));
        assert!(fault("namespace/name").contains("name of a policy in a cluster"));
        assert!(fault("github.com/user/repo//default?ref=main").contains("not available yet"));
        assert!(fault("https://x.example/policy.yaml").contains("not available yet"));
    }

    #[test]
    fn rule_data_are_pairs_of_key_and_text() {
        let items = ["a=b=c", "empty=", "json=[1]"].map(str::to_owned);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(rule_data(&items), Ok(vec![pair("a", "b=c"), pair("empty", ""), pair("json", "[1]")]));
        let faults = rule_data(&["novalue", "a=b", "other"].map(str::to_owned)).unwrap_err();
        let messages: Vec<_> = faults.iter().map(Diagnostic::message).collect();
        assert_eq!(
            messages,
            ["incorrect syntax for --extra-rule-data 0", "incorrect syntax for --extra-rule-data 2"]
        );
    }
}

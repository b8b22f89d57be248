//! The result for people: tables and paragraphs as `opa inspect` draws them.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::shape::{Entry, Info};

/// Characters of a cell of a table; what is longer is shortened.
const CELL: usize = 50;
/// Characters of a line of a list, and of the line under a title.
const LINE: usize = 80;

/// All of it.
pub(super) fn text(info: &Info) -> String {
    let mut out = String::new();
    if let Some(manifest) = &info.manifest {
        let mut rows = Vec::new();
        if !manifest.revision.is_empty() {
            rows.push(("Revision".to_owned(), cut(&manifest.revision, CELL)));
        }
        let mut roots: Vec<&String> = manifest.roots.iter().collect();
        roots.sort();
        let says_everything = matches!(roots.as_slice(), [one] if one.is_empty());
        if !says_everything {
            rows.extend(roots.into_iter().map(|root| ("Roots".to_owned(), cut_path(root))));
        }
        if !manifest.metadata.is_empty() {
            let metadata = Json::Object(manifest.metadata.clone()).to_string();
            rows.push(("Metadata".to_owned(), cut(&metadata, CELL)));
        }
        table(&mut out, "MANIFEST:", ["FIELD", "VALUE"], &rows);
    }
    let rows: Vec<(String, String)> = info
        .namespaces
        .iter()
        .flat_map(|(package, files)| files.iter().map(|file| (package.clone(), cut_path(file))))
        .collect();
    table(&mut out, "NAMESPACES:", ["NAMESPACE", "FILE"], &rows);
    if !info.annotations.is_empty() {
        out.push_str("ANNOTATIONS:\n");
        info.annotations.iter().for_each(|it| annotation(&mut out, it));
    }
    out
}

/// A table of two columns; of equal first cells in a row only the first is shown.
fn table(out: &mut String, title: &str, heads: [&str; 2], rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    let width = |head: &str, cells: &mut dyn Iterator<Item = &String>| {
        cells.map(|it| it.chars().count()).chain([head.len()]).max().unwrap_or(0)
    };
    let widths = [
        width(heads[0], &mut rows.iter().map(|row| &row.0)),
        width(heads[1], &mut rows.iter().map(|row| &row.1)),
    ];
    let rule = |left: &str, middle: &str, right: &str| {
        format!("{left}{}{middle}{}{right}\n", "─".repeat(widths[0] + 2), "─".repeat(widths[1] + 2))
    };
    let line = |a: &str, b: &str| format!("│ {a}{} │ {b}{} │\n", pad(a, widths[0]), pad(b, widths[1]));
    out.push_str(title);
    out.push('\n');
    out.push_str(&rule("┌", "┬", "┐"));
    let _ = writeln!(out, "│ {:^2$} │ {:^3$} │", heads[0], heads[1], widths[0], widths[1]);
    out.push_str(&rule("├", "┼", "┤"));
    let mut before = None;
    for (first, second) in rows {
        let shown = if before == Some(first) { "" } else { first };
        out.push_str(&line(shown, second));
        before = Some(first);
    }
    out.push_str(&rule("└", "┴", "┘"));
}

fn pad(text: &str, width: usize) -> String {
    " ".repeat(width.saturating_sub(text.chars().count()))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() < most {
        return text.to_owned();
    }
    text.chars().take(most - 3).chain("...".chars()).collect()
}

/// A long path loses what is between its first folder and its end, but never a part of the file's name.
fn cut_path(path: &str) -> String {
    let chars: Vec<char> = path.chars().collect();
    if chars.len() <= CELL {
        return path.to_owned();
    }
    let first: String = path.split_inclusive('/').next().unwrap_or_default().into();
    let name = path.rsplit('/').next().map_or(0, |name| name.chars().count() + 1);
    let rest = CELL.saturating_sub(first.chars().count() + 3).max(name);
    let end: String = chars[chars.len().saturating_sub(rest)..].iter().collect();
    format!("{first}...{end}")
}

fn annotation(out: &mut String, it: &Entry) {
    let said = &it.annotations;
    let title = said.title.trim();
    let title = if title.is_empty() { it.name.as_str() } else { title };
    let _ = write!(out, "{title}\n{}\n\n", "=".repeat(title.chars().count().min(LINE)));
    if !said.description.is_empty() {
        let _ = write!(out, "{}\n\n", said.description);
    }
    let _ = writeln!(out, "Package:  {}", it.package);
    if let Some(rule) = &it.rule {
        let _ = writeln!(out, "Rule:     {rule}");
    }
    let _ = writeln!(out, "Location: {}:{}", it.location.file, it.location.row);
    let _ = writeln!(out, "Scope: {}", said.scope);
    if said.entrypoint {
        out.push_str("Entrypoint: true\n");
    }
    out.push('\n');
    let names = said.organizations.iter().map(|it| (String::new(), it.replace('\n', " ")));
    list(out, "Organizations:", "", names.collect());
    let people = said.authors.iter().map(|it| (String::new(), author(it)));
    list(out, "Authors:", "", people.collect());
    list(out, "Schemas:", ": ", said.schemas.iter().map(schema).collect());
    let resources = said.related_resources.iter().map(|it| (part(it, "ref"), part(it, "description")));
    list(out, "Related Resources:", " ", resources.collect());
    let custom = said.custom.iter().map(|(key, value)| (key.clone(), value.to_string()));
    list(out, "Custom:", ": ", custom.collect());
}

fn list(out: &mut String, title: &str, separator: &str, rows: Vec<(String, String)>) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "{title}");
    let width = rows.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    for (key, value) in rows {
        let line = if value.is_empty() {
            format!(" {key}")
        } else {
            format!(" {key}{separator}{}{value}", pad(&key, width))
        };
        let _ = writeln!(out, "{}", cut(&line, LINE));
    }
    out.push('\n');
}

fn part(it: &Json, key: &str) -> String {
    it[key].as_str().unwrap_or_default().replace('\n', " ")
}

fn author(it: &Json) -> String {
    match (part(it, "name"), part(it, "email")) {
        (name, email) if email.is_empty() => name,
        (name, email) if name.is_empty() => format!("<{email}>"),
        (name, email) => format!("{name} <{email}>"),
    }
}

/// The document, and its schema.
fn schema(it: &Json) -> (String, String) {
    let name = |it: &Json| {
        let parts = it.as_array().into_iter().flatten().filter_map(|it| it["value"].as_str());
        parts.collect::<Vec<_>>().join(".")
    };
    let schema = if it["schema"].is_array() { name(&it["schema"]) } else { it["definition"].to_string() };
    (name(&it["path"]), schema)
}

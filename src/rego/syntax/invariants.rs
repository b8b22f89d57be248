//! What must hold of reading whatever the bytes are: run by the fuzz targets, and by a test over their seeds.
//!
//! Each function gives the invariant that is broken. That none panics, overflows the stack or takes too long is
//! for its caller to see.

use super::super::error::Errors;
use super::super::source::{SourceId, Sources, Span};
use super::ast::Module;
use super::lexer::Lexer;
use super::token::Kind;
use super::{annotations, display, json, parse_module, parse_module_only, parse_query, parse_term};

/// Tokens follow each other without gaps, move on, and end at characters.
///
/// # Errors
/// The invariant that does not hold.
pub fn lexer(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let lexer = Lexer::new(&text);
    let mut at = lexer.first();
    loop {
        let token = lexer.token(at);
        if token.kind == Kind::Eof {
            return require(token.start as usize == text.len(), "the end of the file is the end of the text");
        }
        require(token.start == at, "a token begins where it is asked for")?;
        require(token.end > at, "a token moves on")?;
        require(text.is_char_boundary(token.end as usize), "a token ends at a character")?;
        at = token.end;
    }
}

/// A text is a tree whose parts lie in the text, or errors that can be shown.
///
/// # Errors
/// The invariant that does not hold.
pub fn parser(bytes: &[u8]) -> Result<(), String> {
    let mut sources = Sources::new();
    let id = match sources.add_bytes("fuzz.rego", bytes) {
        Ok(id) => id,
        Err(error) => return shown(&sources, &error.into()),
    };
    match parse_module_only(&sources, id) {
        Ok(module) => check_module(&module, &sources)?,
        Err(errors) => shown(&sources, &errors)?,
    }
    match parse_query(&sources, id) {
        Ok(body) => {
            inside(&sources, id, body.span)?;
            require(!display::body_text(&body).is_empty(), "a body has a text")?;
        }
        Err(errors) => shown(&sources, &errors)?,
    }
    match parse_term(&sources, id) {
        Ok(term) => inside(&sources, id, term.span),
        Err(errors) => shown(&sources, &errors),
    }
}

/// The bytes as the lines of a metadata block are annotations that can be shown, or errors.
///
/// # Errors
/// The invariant that does not hold.
pub fn annotations(bytes: &[u8]) -> Result<(), String> {
    let block = String::from_utf8_lossy(bytes).replace('\n', "\n#");
    let text = format!("package fuzz\n\n# METADATA\n#{block}\np := 1\n");
    let mut sources = Sources::new();
    let id = sources.add("fuzz.rego", &text).map_err(|error| error.to_string())?;
    let module = match parse_module(&sources, id) {
        Ok(module) => module,
        Err(errors) => return shown(&sources, &errors),
    };
    check_module(&module, &sources)?;
    let modules = [module];
    let set =
        annotations::AnnotationSet::new(&modules, &sources).map_err(|errors| errors.render(&sources))?;
    for flat in set.flat(&sources) {
        inside(&sources, id, flat.annotations.span)?;
        let value = flat.annotations.to_value();
        require(value.check_depth().is_err() || !value.to_string().is_empty(), "annotations are a value")?;
    }
    require(set.chain(0, 0, annotations::Branch::First).as_array().is_some(), "a chain is an array")
}

fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn shown(sources: &Sources, errors: &Errors) -> Result<(), String> {
    require(!errors.0.is_empty(), "a failure has an error")?;
    require(!errors.render(sources).is_empty(), "errors have a text")?;
    require(!errors.opa_text(sources).is_empty(), "errors have OPA's text")?;
    for span in errors.0.iter().filter_map(|error| error.span) {
        require(
            span == Span::whole_file(span.source) || sources.position(span).row > 0,
            "a place has a row",
        )?;
    }
    Ok(())
}

fn inside(sources: &Sources, id: SourceId, span: Span) -> Result<(), String> {
    let text = sources.get(id).map_or("", |source| source.text());
    require(span.source == id, "a span is of its text")?;
    require(text.get(span.start as usize..span.end as usize).is_some(), "a span lies in its text")
}

fn check_module(module: &Module, sources: &Sources) -> Result<(), String> {
    let id = module.package.span.source;
    for rule in &module.rules {
        inside(sources, id, rule.span)?;
        inside(sources, id, rule.head.span)?;
        inside(sources, id, rule.head.reference.span)?;
        for body in rule.body.iter().chain(rule.otherwise.iter().filter_map(|branch| branch.body.as_ref())) {
            inside(sources, id, body.span)?;
            for expr in body.exprs.iter() {
                inside(sources, id, expr.span)?;
                require(!display::expr_text(expr).is_empty(), "an expression has a text")?;
            }
        }
    }
    let form = json::module_value(module, sources);
    require(form.is_err() || form.is_ok_and(|form| form.as_object().is_some()), "a module is an object")
}

/// The text with signs put in the place of bytes, or bytes left out: always the same few changes.
#[cfg(test)]
fn changed(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const SIGNS: &[u8; 32] = b"\n\t \"'%[]{}()<>-+*.?:,|&#0129eTZ\\";
    const CHANGES: u64 = 20;
    (1..=CHANGES).map(|number| {
        let mut changed = bytes.to_vec();
        let chance = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let at = usize::try_from(chance >> 33).unwrap() % changed.len().max(1);
        match (changed.get_mut(at), chance >> 8 & 7) {
            (None, _) => {}
            (Some(_), 0) => {
                changed.remove(at);
            }
            (Some(byte), _) => *byte = SIGNS[usize::try_from(chance >> 11 & 31).unwrap()],
        }
        changed
    })
}

/// Runs an invariant over the seeds of its target.
#[cfg(test)]
pub(crate) fn replay(target: &str, invariant: fn(&[u8]) -> Result<(), String>) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/fuzz").join(target);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(invariant(&bytes), Ok(()), "{}", path.display());
        // Beginnings are the usual way in which a text is broken.
        for end in (0..bytes.len()).step_by(7) {
            assert_eq!(invariant(&bytes[..end]), Ok(()), "{end} bytes of {}", path.display());
        }
        for changed in changed(&bytes) {
            let shown = String::from_utf8_lossy(&changed);
            assert_eq!(invariant(&changed), Ok(()), "{}, changed: {shown:?}", path.display());
        }
        count += 1;
    }
    assert!(count > 2, "seeds of {target}");
}

#[cfg(test)]
mod tests {
    use super::replay;

    #[test]
    fn the_seeds_of_the_lexer_hold() {
        replay("rego_lexer", super::lexer);
    }

    #[test]
    fn the_seeds_of_the_parser_hold() {
        replay("rego_parser", super::parser);
    }

    #[test]
    fn the_seeds_of_annotations_hold() {
        replay("rego_annotations", super::annotations);
    }
}

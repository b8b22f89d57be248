//! The document `data` that the rules of a source group see: files, rule data, and what the program itself provides.

use std::fmt;
use std::sync::Arc;

use serde_json::Map;

use super::files::{SourceFile, places};
use crate::rego::value::{Object, ObjectBuilder, ReadLimits, Str, TooDeep, Value, json, yaml};

/// What [`DataBuilder`] calls the values that the program provides.
const OURS: &str = "what ec provides";

/// Options of signature verification, as rules see them at `data.config.default_sigstore_opts`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SigstoreOptions {
    /// Exact subject.
    pub certificate_identity: String,
    /// Regular expression for the subject.
    pub certificate_identity_regexp: String,
    /// Exact issuer.
    pub certificate_oidc_issuer: String,
    /// Regular expression for the issuer.
    pub certificate_oidc_issuer_regexp: String,
    /// No transparency log.
    pub ignore_rekor: bool,
    /// PEM.
    pub public_key: String,
    /// The transparency log.
    pub rekor_url: String,
}

/// Data that cannot be loaded.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DataError {
    /// Not JSON, or not YAML.
    #[error("{file}: {cause}")]
    Unreadable {
        /// The file.
        file: Arc<str>,
        /// Why, and where in it.
        cause: String,
    },
    /// Only objects can be put below `data`.
    #[error("{file}: document must be of type object, found {found}")]
    NoObject {
        /// The file.
        file: Arc<str>,
        /// What it holds.
        found: &'static str,
    },
    /// Two files say different things, or the same thing twice, of one place.
    #[error("{file}: merge error: {path} is given by {other}, too")]
    Conflict {
        /// The file that came later.
        file: Arc<str>,
        /// The file that came first.
        other: Arc<str>,
        /// The place.
        path: DataPath,
    },
    /// Deeper than values may be.
    #[error("{file}: nested too deep")]
    TooDeep {
        /// The file.
        file: Arc<str>,
    },
}

/// A place below `data`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataPath(Vec<Value>);

impl fmt::Display for DataPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("data")?;
        self.0.iter().try_for_each(|step| match step.as_str() {
            Some(name) if name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                write!(f, ".{name}")
            }
            _ => write!(f, "[{step}]"),
        })
    }
}

/// Merges documents one by one.
#[derive(Debug)]
pub struct DataBuilder {
    merged: Object,
    /// What was merged, to name both sides of a conflict.
    parts: Vec<(Arc<str>, Object)>,
    limits: ReadLimits,
}

impl DataBuilder {
    /// Nothing but what the program provides. Files may add to it, not change it.
    pub fn new(options: &SigstoreOptions, limits: ReadLimits) -> Self {
        let config = object([
            ("default_sigstore_opts", sigstore_options(options)),
            ("policy", object([("when_ns", 0_i64.into())]).into()),
        ]);
        // Of images: there is no file, but rules may expect a name.
        let file = object([("dir", ".".into()), ("name", "input.json".into())]);
        let conftest = object([("file", file.into())]);
        let ours = object([("config", config.into()), ("conftest", conftest.into())]);
        Self { merged: ours.clone(), parts: vec![(OURS.into(), ours)], limits }
    }

    /// Adds `ruleData` of the group.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn rule_data(&mut self, data: &Map<String, serde_json::Value>) -> Result<(), DataError> {
        let file: Arc<str> = "ruleData".into();
        let text = serde_json::Value::Object(data.clone()).to_string();
        let value = json::read(text.as_bytes(), &self.limits).map_err(|cause| unreadable(&file, &cause))?;
        self.merge(&file, object([("rule_data__configuration__", value)]))
    }

    /// Adds the files of one data source, each at every place where it stands.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn files(&mut self, files: &[SourceFile]) -> Result<(), DataError> {
        let mut last: Option<(&Arc<str>, Object)> = None;
        for (folder, file) in places(files) {
            let document = match last.take() {
                Some((name, document)) if *name == file.name => document,
                _ => self.read(file)?,
            };
            let placed = folder
                .iter()
                .rev()
                .fold(document.clone(), |below, name| object([(name.as_str(), below.into())]));
            last = Some((&file.name, document));
            self.merge(&file.name, placed)?;
        }
        Ok(())
    }

    /// The whole document, with 0 for `config.policy.when_ns`, which differs by component.
    pub fn build(self) -> Value {
        self.merged.into()
    }

    fn read(&self, file: &SourceFile) -> Result<Object, DataError> {
        let is_json = file.name.strip_suffix(".json").is_some();
        let value = if is_json {
            json::read(&file.bytes, &self.limits).map_err(|cause| unreadable(&file.name, &cause))?
        } else {
            yaml::read(&file.bytes, &self.limits).map_err(|cause| unreadable(&file.name, &cause))?
        };
        match value {
            Value::Object(object) => Ok(object),
            other => Err(DataError::NoObject { file: file.name.clone(), found: other.type_name() }),
        }
    }

    fn merge(&mut self, file: &Arc<str>, document: Object) -> Result<(), DataError> {
        if let Some(path) = clash(&self.merged, &document) {
            let other = self.parts.iter().find(|(_, part)| reaches(part, &path));
            let other = other.map_or_else(|| OURS.into(), |(name, _)| name.clone());
            return Err(DataError::Conflict { file: file.clone(), other, path: DataPath(path) });
        }
        let merged = merge(&self.merged, &document);
        let too_deep = |TooDeep| DataError::TooDeep { file: file.clone() };
        Value::from(merged.clone()).check_depth().map_err(too_deep)?;
        self.merged = merged;
        self.parts.push((file.clone(), document));
        Ok(())
    }
}

/// The first place of which both say something that is not an object.
fn clash(one: &Object, other: &Object) -> Option<Vec<Value>> {
    other.iter().find_map(|(key, value)| {
        let below = match (one.get(key)?, value) {
            (Value::Object(known), Value::Object(added)) => clash(known, added)?,
            _ => Vec::new(),
        };
        Some([vec![key.clone()], below].concat())
    })
}

/// Both together, where nothing clashes.
fn merge(one: &Object, other: &Object) -> Object {
    one.merge_with(other, |known, added| match (known, added) {
        (Value::Object(known), Value::Object(added)) => merge(known, added).into(),
        _ => known.clone(),
    })
}

/// Whether the document says something of a place.
fn reaches(document: &Object, path: &[Value]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    match document.get(first) {
        None => false,
        Some(Value::Object(below)) => reaches(below, rest),
        Some(_) => true,
    }
}

fn unreadable(file: &Arc<str>, cause: &dyn fmt::Display) -> DataError {
    DataError::Unreadable { file: file.clone(), cause: cause.to_string() }
}

fn object<'a>(fields: impl IntoIterator<Item = (&'a str, Value)>) -> Object {
    let mut builder = ObjectBuilder::new();
    for (key, value) in fields {
        builder.push_str(Str::from(key), value);
    }
    builder.build_last_wins()
}

fn sigstore_options(options: &SigstoreOptions) -> Value {
    let fields = object([
        ("certificate_identity", options.certificate_identity.as_str().into()),
        ("certificate_identity_regexp", options.certificate_identity_regexp.as_str().into()),
        ("certificate_oidc_issuer", options.certificate_oidc_issuer.as_str().into()),
        ("certificate_oidc_issuer_regexp", options.certificate_oidc_issuer_regexp.as_str().into()),
        ("ignore_rekor", options.ignore_rekor.into()),
        ("public_key", options.public_key.as_str().into()),
        ("rekor_url", options.rekor_url.as_str().into()),
    ]);
    fields.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        let mut folder: Vec<String> = path.split('/').map(str::to_owned).collect();
        folder.pop();
        SourceFile { name: path.into(), folder, bytes: text.as_bytes().to_vec() }
    }

    fn builder() -> DataBuilder {
        DataBuilder::new(&SigstoreOptions::default(), ReadLimits::default())
    }

    fn without_ours(data: Value) -> String {
        let Value::Object(all) = data else { panic!() };
        let user = all.without(&"config".into()).without(&"conftest".into());
        json::to_string(&user.into(), json::Html::Plain)
    }

    fn loaded(files: &[SourceFile]) -> Result<String, String> {
        let mut data = builder();
        data.files(files).map_err(|error| error.to_string())?;
        Ok(without_ours(data.build()))
    }

    #[test]
    fn golden_416_what_the_program_provides() {
        let options = SigstoreOptions {
            ignore_rekor: true,
            public_key: "PEM".to_owned(),
            ..SigstoreOptions::default()
        };
        let data = DataBuilder::new(&options, ReadLimits::default()).build();
        insta::assert_snapshot!(json::to_string(&data, json::Html::Plain), @r#"{"config":{"default_sigstore_opts":{"certificate_identity":"","certificate_identity_regexp":"","certificate_oidc_issuer":"","certificate_oidc_issuer_regexp":"","ignore_rekor":true,"public_key":"PEM","rekor_url":""},"policy":{"when_ns":0}},"conftest":{"file":{"dir":".","name":"input.json"}}}"#);
    }

    #[test]
    fn golden_401_rule_data_stands_at_its_place_with_its_numbers() {
        let mut data = builder();
        let rule_data = serde_json::from_str(r#"{"list": [1, 1.50, 12345678901234567890123]}"#).unwrap();
        data.rule_data(&rule_data).unwrap();
        assert_eq!(
            without_ours(data.build()),
            r#"{"rule_data__configuration__":{"list":[1,1.50,12345678901234567890123]}}"#
        );
    }

    #[test]
    fn golden_406_nested_folders_are_loaded_at_both_places() {
        let files = [
            file("only/deeper/c.yml", "c: 3"),
            file("sub/a.yaml", "a: 1"),
            file("sub/deep/b.json", r#"{"b": 2}"#),
            file("top.yaml", "top: {from: top}"),
        ];
        assert_eq!(
            loaded(&files).unwrap(),
            r#"{"a":1,"b":2,"c":3,"deep":{"b":2},"only":{"deeper":{"c":3}},"sub":{"a":1,"deep":{"b":2}},"top":{"from":"top"}}"#
        );
    }

    #[test]
    fn golden_407_objects_merge() {
        let files = [
            file("a.yaml", "shared: {a: {x: 1}, l: {}}\n"),
            file("b.json", r#"{"shared": {"a": {"y": 2}}, "own": [1]}"#),
        ];
        assert_eq!(loaded(&files).unwrap(), r#"{"own":[1],"shared":{"a":{"x":1,"y":2},"l":{}}}"#);
    }

    #[test]
    fn golden_408_threat_40_two_values_for_one_place_are_refused_with_both_files() {
        let files = [file("a.yaml", "k: {v: 1}"), file("b.yaml", "other: 1"), file("c.yaml", "k: {v: 1}")];
        assert_eq!(loaded(&files).unwrap_err(), "c.yaml: merge error: data.k.v is given by a.yaml, too");
        let files = [file("a.yaml", "config: {policy: {when_ns: 1}}")];
        assert_eq!(
            loaded(&files).unwrap_err(),
            "a.yaml: merge error: data.config.policy.when_ns is given by what ec provides, too"
        );
        let files = [file("a.yaml", "config: {own: 1}")];
        assert!(loaded(&files).is_ok());
    }

    #[test]
    fn golden_409_410_412_419_what_is_no_object_or_no_yaml_is_refused() {
        assert_eq!(
            loaded(&[file("a.yaml", "[1]")]).unwrap_err(),
            "a.yaml: document must be of type object, found array"
        );
        for text in ["{", "a: .inf", "~: nothing"] {
            assert!(loaded(&[file("a.yaml", text)]).unwrap_err().starts_with("a.yaml: line 1"), "{text}");
        }
        assert!(loaded(&[file("a.json", "{")]).unwrap_err().starts_with("a.json: "));
        assert!(loaded(&[file("a.yaml", "")]).unwrap_err().contains("found null"));
    }

    #[test]
    fn golden_413_414_415_data_is_read_as_rego_reads_it() {
        assert_eq!(loaded(&[file("a.yaml", "a: 1\na: 2\n")]).unwrap(), r#"{"a":2}"#);
        assert_eq!(loaded(&[file("a.yaml", "a: 1\n---\na: 2\n")]).unwrap(), r#"{"a":1}"#);
        assert_eq!(
            loaded(&[file("a.json", r#"{"a": [1.50, 1E400, -0]}"#)]).unwrap(),
            r#"{"a":[1.50,1E400,-0]}"#
        );
    }
}

//! `ec validate image`: its flags, its help, and what its arguments mean.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::diagnostics::Diagnostic;
use super::flags::{Flag, Kind, Parsed, flag};
use super::plan::{Cache, EffectiveTime, Plan};
use super::snapshot::{self, Empty, Sources};
use super::values;
use super::{Environment, exit::Strictness, global, help, policy_argument, resume};
use crate::evaluate::Engine;
use crate::judge::FilterType;
use crate::model::{PreviousReport, Snapshot, instant};
use crate::report::{Detail, Shown, Successes, Target};
use crate::trust::TransparencyLog;
use crate::verify::{Requested, SignatureCheck};

/// How far an effective time may lie behind the clock and still be now.
const STILL_NOW: SignedDuration = SignedDuration::from_secs(2);

/// In the order of their names.
pub(super) const FLAGS: [Flag; 33] = [
    flag("allow-empty", None, Kind::Switch, "", "a snapshot without components is no mistake"),
    flag(
        "allow-past-effective-time",
        None,
        Kind::Switch,
        "",
        "accept an effective time in the past, or from attestations that are not verified",
    ),
    flag(
        "cache-dir",
        None,
        Kind::Text,
        "ec in the user's cache folder",
        "folder where blobs are kept between runs; several processes may share it",
    ),
    flag("color", None, Kind::Switch, "", "colour the text report, also in files"),
    flag(
        "component-timeout",
        None,
        Kind::Duration,
        "none",
        "deadline of one component, without its waiting for others; 0 is none",
    ),
    flag(
        "effective-time",
        None,
        Kind::Text,
        "now",
        "compare the dates of rules with this instant: now, attestation, an RFC 3339 date and time, or YYYY-MM-DD",
    ),
    flag(
        "engine",
        None,
        Kind::Text,
        "own",
        "what evaluates the policies: own, or regorus where ec was built with that Cargo feature",
    ),
    flag(
        "extra-rule-data",
        None,
        Kind::List,
        "",
        "key=value pairs for the rule data of every source; a value may be a .json or .yaml file",
    ),
    flag("file-path", Some('f'), Kind::Text, "", "deprecated, use --images: file with the snapshot"),
    flag(
        "filter-type",
        None,
        Kind::Text,
        "include-exclude",
        "how rules are selected: include-exclude or ec-policy",
    ),
    flag("ignore-rekor", None, Kind::Switch, "", "do not look for signatures in a transparency log"),
    flag("image", Some('i'), Kind::Text, "", "reference of one image"),
    flag("images", None, Kind::Text, "", "file with the snapshot, or its text (JSON or YAML)"),
    flag("info", None, Kind::Switch, "", "tell titles, descriptions and solutions of results"),
    flag("json-input", Some('j'), Kind::Text, "", "deprecated, use --images: text of the snapshot"),
    flag(
        "layout",
        None,
        Kind::List,
        "",
        "folder with an OCI image layout that answers in place of the network; repeatable",
    ),
    flag(
        "max-memory",
        None,
        Kind::Text,
        "what the control group or the machine allows, with a margin",
        "bytes that evidence and evaluations may take at once, such as 512Mi or 2G",
    ),
    flag("no-cache", None, Kind::Switch, "", "keep no blobs between runs, and use none"),
    flag("no-color", None, Kind::Switch, "", "do not colour"),
    flag(
        "output",
        None,
        Kind::List,
        "text",
        "FORMAT[=FILE][?OPTIONS], repeatable; formats: json, yaml, text, appstudio, summary, summary-markdown, junit, attestation, policy-input, vsa; options: show-successes, show-warnings, show-policy-docs-link",
    ),
    flag("output-file", Some('o'), Kind::Text, "", "deprecated, use --output json=FILE"),
    flag(
        "policy",
        Some('p'),
        Kind::Text,
        "",
        "file with the policy configuration, or its text (YAML or JSON)",
    ),
    flag(
        "public-key",
        Some('k'),
        Kind::Text,
        "",
        "public key of signatures, in place of the policy's: a file or PEM text",
    ),
    flag("rekor-url", Some('r'), Kind::Text, "", "address of the transparency log, in place of the policy's"),
    flag(
        "resume",
        None,
        Kind::Text,
        "",
        "JSON or YAML report of an earlier run: do first what it left undecided, and tell what is different; nothing in it is believed",
    ),
    flag(
        "retry-budget",
        None,
        Kind::Integer,
        "10 for each component, at least 100",
        "tries beyond the first of all requests of the run together",
    ),
    flag(
        "show-policy-docs-link",
        None,
        Kind::Switch,
        "",
        "say in the text report where policies are documented",
    ),
    flag("show-successes", None, Kind::Switch, "", "list successes, too"),
    flag("show-warnings", None, Kind::Switch, "true", "list warnings in the text report"),
    flag("skip-att-sig-check", None, Kind::Switch, "", "do not verify signatures of attestations"),
    flag("skip-image-sig-check", None, Kind::Switch, "", "do not verify signatures of images"),
    flag(
        "strict",
        Some('s'),
        Kind::Switch,
        "true",
        "exit with 1 if a component fails; =false exits with 0 then",
    ),
    flag("workers", None, Kind::Integer, "what the machine allows", "components in evaluation at once"),
];

const ABOUT: &str = "\
Validate images against policies.

For each image: its signature and the signatures of its attestations are verified, the attestations are compared
with their schemas, and the policy's rules are run over them. Whatever cannot be decided makes the image
incomplete, never passed.

Usage:
  ec validate image [flags]

Examples:
  ec validate image --image registry.example/name:tag --policy policy.yaml --public-key key.pub --ignore-rekor
  ec validate image --images snapshot.json --policy policy.yaml --output json=report.json --output text
  ec validate image --images snapshot.json --policy policy.yaml --output json=report.json --resume report.json
  ec validate image --images snapshot.json --policy policy.yaml --layout images/ --ignore-rekor

Exit codes:
  0   pass; or fail with --strict=false
  1   fail
  2   the run could not start: usage, policy, snapshot, trust material
  3   incomplete, and trying again will not help every undecided component
  75  incomplete, and trying again may help
  4   would be 0, but a report could not be written
";

/// The help text.
pub(super) fn help() -> String {
    let mut text = ABOUT.to_owned();
    help::flags(&mut text, "Flags", &FLAGS);
    help::flags(&mut text, "Global flags", &global::FLAGS);
    text
}

/// The targets as far as they can be read, and what is wrong with the others.
pub(super) fn targets(parsed: &Parsed) -> (Vec<Target>, Vec<Diagnostic>) {
    let shown = Shown {
        successes: parsed.switch("show-successes", false),
        warnings: parsed.switch("show-warnings", true),
        docs_link: parsed.switch("show-policy-docs-link", false),
    };
    let mut targets = Vec::new();
    let mut faults = Vec::new();
    for given in parsed.list("output") {
        match Target::parse(given, shown) {
            Ok(target) => targets.push(target),
            Err(error) => faults.push(Diagnostic::new(error)),
        }
    }
    if let Some(path) = parsed.text("output-file") {
        targets.push(Target::json_file(path, shown));
    }
    if targets.is_empty() && faults.is_empty() {
        targets.push(Target::text_on_stdout(shown));
    }
    (targets, faults)
}

/// Everything that the arguments mean.
///
/// # Errors
/// All that is wrong with them.
pub(super) fn plan(
    parsed: &Parsed,
    targets: Vec<Target>,
    environment: &Environment,
) -> Result<Plan, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let snapshot = kept(&mut faults, snapshot::read(sources(parsed), empty(parsed)));
    let previous = kept(&mut faults, previous(parsed, snapshot.as_ref()).map_err(|it| vec![it]));
    let policy = kept(&mut faults, policy_argument::policy(parsed.text("policy")).map_err(|it| vec![it]));
    let extra_rule_data = kept(&mut faults, policy_argument::rule_data(parsed.list("extra-rule-data")));
    let effective_time = kept(&mut faults, effective_time(parsed, environment.now).map_err(|it| vec![it]));
    let workers = kept(&mut faults, workers(parsed).map_err(|it| vec![it]));
    let retry = kept(&mut faults, global::retry(parsed));
    let max_memory = kept(&mut faults, max_memory(parsed).map_err(|it| vec![it]));
    let retry_budget = kept(&mut faults, retry_budget(parsed).map_err(|it| vec![it]));
    let engine = kept(&mut faults, engine(parsed).map_err(|it| vec![it]));
    let (Some(snapshot), Some(policy), Some(extra_rule_data)) = (snapshot, policy, extra_rule_data) else {
        return Err(faults);
    };
    let (Some(effective_time), Some(workers)) = (effective_time, workers) else { return Err(faults) };
    let (Some(retry), Some(retry_budget), Some(max_memory)) = (retry, retry_budget, max_memory) else {
        return Err(faults);
    };
    let (Some(engine), Some(previous)) = (engine, previous) else { return Err(faults) };
    Ok(Plan {
        snapshot,
        previous,
        policy,
        engine,
        public_key: parsed.text("public-key").map(str::to_owned),
        rekor_url: parsed.text("rekor-url").map(str::to_owned),
        transparency_log: if parsed.switch("ignore-rekor", false) {
            TransparencyLog::Ignored
        } else {
            TransparencyLog::Required
        },
        requested: Requested {
            image_signature: check(parsed, "skip-image-sig-check"),
            attestation_signature: check(parsed, "skip-att-sig-check"),
        },
        extra_rule_data,
        effective_time,
        filter: FilterType::of_name(parsed.text("filter-type").unwrap_or_default()),
        strictness: if parsed.switch("strict", true) { Strictness::Strict } else { Strictness::Lenient },
        successes: if parsed.switch("show-successes", false) {
            Successes::Listed
        } else {
            Successes::Counted
        },
        detail: if parsed.switch("info", false) { Detail::Full } else { Detail::Brief },
        targets,
        layouts: parsed.list("layout").iter().filter(|it| !it.is_empty()).map(Into::into).collect(),
        cache: cache(parsed, environment),
        workers,
        max_memory,
        timeout: global::timeout(parsed),
        component_timeout: global::limit(parsed, "component-timeout"),
        retry,
        retry_budget,
        started: environment.now,
        console: global::console(parsed, &environment.variable),
        notes: notes(parsed),
    })
}

/// A snapshot that cannot be read has been told of already.
fn previous(parsed: &Parsed, snapshot: Option<&Snapshot>) -> Result<Option<PreviousReport>, Diagnostic> {
    match (parsed.text("resume"), snapshot) {
        (Some(file), Some(snapshot)) => resume::read(file, snapshot).map(Some),
        _ => Ok(None),
    }
}

fn engine(parsed: &Parsed) -> Result<Engine, Diagnostic> {
    let named = parsed.text("engine").map_or(Ok(Engine::default()), Engine::named);
    named.map_err(|problem| Diagnostic::new(format_args!("--engine: {problem}")))
}

fn kept<T>(faults: &mut Vec<Diagnostic>, result: Result<T, Vec<Diagnostic>>) -> Option<T> {
    result.map_err(|found| faults.extend(found)).ok()
}

fn sources(parsed: &Parsed) -> Sources<'_> {
    Sources {
        images: parsed.text("images"),
        file_path: parsed.text("file-path"),
        json_input: parsed.text("json-input"),
        image: parsed.text("image"),
    }
}

fn empty(parsed: &Parsed) -> Empty {
    if parsed.switch("allow-empty", false) { Empty::Allowed } else { Empty::Refused }
}

fn check(parsed: &Parsed, skip: &str) -> SignatureCheck {
    if parsed.switch(skip, false) { SignatureCheck::Skipped } else { SignatureCheck::Made }
}

fn effective_time(parsed: &Parsed, now: Timestamp) -> Result<EffectiveTime, Diagnostic> {
    let given = parsed.text("effective-time").unwrap_or("now");
    let past_is_allowed = parsed.switch("allow-past-effective-time", false);
    if given.eq_ignore_ascii_case("now") {
        return Ok(EffectiveTime::Now);
    }
    if given.eq_ignore_ascii_case("attestation") {
        if check(parsed, "skip-att-sig-check") == SignatureCheck::Skipped && !past_is_allowed {
            let message = "--effective-time attestation trusts what --skip-att-sig-check leaves unverified";
            return Err(Diagnostic::new(message).help("give --allow-past-effective-time if that is meant"));
        }
        return Ok(EffectiveTime::Attestation);
    }
    let Some(instant) = instant::rfc3339_or_date(given) else {
        let message = format!("invalid policy time argument: {given:?}");
        return Err(Diagnostic::new(message).help(
            "expected now, attestation, an RFC 3339 date and time like 2025-12-01T00:00:00Z, or 2025-12-01",
        ));
    };
    if now.duration_since(instant) > STILL_NOW && !past_is_allowed {
        return Err(Diagnostic::new(format_args!(
            "effective time {instant} is in the past; use --allow-past-effective-time to override"
        )));
    }
    Ok(EffectiveTime::At(instant))
}

fn workers(parsed: &Parsed) -> Result<Option<NonZeroUsize>, Diagnostic> {
    let Some(given) = parsed.integer("workers") else { return Ok(None) };
    match usize::try_from(given).ok().and_then(NonZeroUsize::new) {
        Some(workers) => Ok(Some(workers)),
        None => Err(Diagnostic::new(format_args!(
            "--workers: {given} is no number of workers, expected 1 or more"
        ))),
    }
}

/// The user's folder is `$XDG_CACHE_HOME`, which must be absolute, or `~/.cache`.
fn cache(parsed: &Parsed, environment: &Environment) -> Cache {
    if parsed.switch("no-cache", false) {
        return Cache::Off;
    }
    if let Some(given) = parsed.text("cache-dir") {
        return Cache::At(given.into());
    }
    let folder = |name: &str| {
        let text = (environment.variable)(name).filter(|it| !it.is_empty());
        text.map(PathBuf::from).filter(|it| it.is_absolute())
    };
    let users = folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|it| it.join(".cache")));
    users.map_or(Cache::Off, |it| Cache::OfUser(it.join("ec")))
}

/// Less than this fits no image of usual size.
const LEAST_MEMORY: u64 = 64 << 20;

fn max_memory(parsed: &Parsed) -> Result<Option<u64>, Diagnostic> {
    let Some(given) = parsed.text("max-memory") else { return Ok(None) };
    match values::size(given).filter(|it| *it >= LEAST_MEMORY) {
        Some(bytes) => Ok(Some(bytes)),
        None => Err(Diagnostic::new(format_args!("--max-memory: {given:?} is no size of 64Mi or more"))
            .help("a number of bytes, or one with k, M, G, T (thousands) or Ki, Mi, Gi, Ti (1,024s)")),
    }
}

fn retry_budget(parsed: &Parsed) -> Result<Option<u64>, Diagnostic> {
    let given = parsed.integer("retry-budget").map(u64::try_from);
    given.transpose().map_err(|_| Diagnostic::new("--retry-budget: expected 0 or more"))
}

fn notes(parsed: &Parsed) -> Vec<String> {
    let mut notes = Vec::new();
    if !parsed.words.is_empty() {
        notes.push(format!(
            "ignored arguments: {} (a boolean takes its value after \"=\")",
            parsed.words.join(" ")
        ));
    }
    if let Some(name) = parsed.text("filter-type").filter(|it| !["include-exclude", "ec-policy"].contains(it))
    {
        notes.push(format!("--filter-type: {name:?} is not known, include-exclude is used"));
    }
    notes
}

#[cfg(test)]
mod tests;

//! The exit codes of `ec validate`, in one table:
//!
//! | code | when |
//! |---|---|
//! | 0 | pass; or fail with `--strict=false` |
//! | 1 | fail |
//! | 2 | the run could not start: usage, policy, snapshot, trust material |
//! | 3 | incomplete, and at least one undecided component will not be helped by trying again |
//! | 75 | incomplete, and trying again may help every undecided component; or a source or a trust root could not be fetched for now |
//! | 4 | would be 0, but a report could not be written |

use crate::model::{RunReport, Verdict};
use crate::report::{Format, Place, Target};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Nothing to complain of, or nothing that was asked to matter.
    Success = 0,
    /// A component violates the policy.
    Fail = 1,
    /// The run could not start.
    CouldNotStart = 2,
    /// Something is undecided and will stay so.
    Incomplete = 3,
    /// The verdict stands, but not everywhere it should.
    NotWritten = 4,
    /// Something is undecided for now (`EX_TEMPFAIL` of `sysexits.h`).
    TryAgain = 75,
}

/// What a failing component means for the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// `--strict`, the default.
    Strict,
    /// `--strict=false`: a fail stands in the reports only. What is incomplete is not silenced.
    Lenient,
}

/// Whether all reports reached their targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All did.
    All,
    /// At least one did not.
    NotAll,
}

impl Exit {
    /// The code of a run that ended with a report.
    pub fn of(report: &RunReport, strictness: Strictness, written: Written) -> Self {
        let by_verdict = match (report.verdict(), strictness) {
            (Verdict::Pass, _) | (Verdict::Fail, Strictness::Lenient) => Self::Success,
            (Verdict::Fail, Strictness::Strict) => Self::Fail,
            (Verdict::Incomplete, _) if trying_again_may_help_all(report) => Self::TryAgain,
            (Verdict::Incomplete, _) => Self::Incomplete,
        };
        match (by_verdict, written) {
            (Self::Success, Written::NotAll) => Self::NotWritten,
            (exit, _) => exit,
        }
    }

    /// What standard error says of it in the end; what could not start or be written has said so already.
    pub fn message(self) -> Option<&'static str> {
        match self {
            Self::Success | Self::CouldNotStart | Self::NotWritten => None,
            Self::Fail => Some("success criteria not met"),
            Self::Incomplete => Some("incomplete: trying again will not help every undecided component"),
            Self::TryAgain => Some("incomplete: trying again may help"),
        }
    }

    /// How to go on, where all reports were written.
    pub fn help(self, targets: &[Target]) -> Option<String> {
        if self != Self::TryAgain {
            return None;
        }
        let file = targets.iter().find_map(|it| match (it.format, &it.place) {
            (Format::Json | Format::Yaml, Place::File(path)) => Some(path.display()),
            _ => None,
        });
        Some(match file {
            Some(file) => format!("with --resume {file} the next run begins with what is undecided"),
            None => "with --output json=FILE, the next run can begin with what is undecided: --resume FILE"
                .to_owned(),
        })
    }

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }
}

/// A component is helped only if each of its causes may go away.
fn trying_again_may_help_all(report: &RunReport) -> bool {
    report
        .components
        .iter()
        .filter(|component| component.outcome.verdict() == Verdict::Incomplete)
        .flat_map(|component| component.outcome.failures())
        .all(|failure| failure.retryable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::failure::StageError;
    use crate::model::outcome::RunFacts;
    use crate::model::{
        ComponentId, ComponentReport, FailureKind, Finding, Judgement, Outcome, PolicySpec, Stage, Undecided,
    };

    fn outcome(word: &str) -> Outcome {
        let failure = |kind| StageError::new(kind, "m").in_stage(Stage::Fetch, "image");
        let undecided = |kind| Undecided { rule: "r".to_owned(), reference: None, failure: failure(kind) };
        let judged = |violations, undecided| {
            Outcome::Judged(Judgement { violations, undecided, ..Judgement::default() })
        };
        match word {
            "pass" => judged(vec![], vec![]),
            "fail" => judged(vec![Finding::default()], vec![undecided(FailureKind::TooLarge)]),
            "down" => Outcome::Failed(failure(FailureKind::Unavailable)),
            "broken" => Outcome::Failed(failure(FailureKind::Malformed)),
            "late" => judged(vec![], vec![undecided(FailureKind::TimedOut)]),
            "both" => {
                judged(vec![], vec![undecided(FailureKind::TimedOut), undecided(FailureKind::PolicyError)])
            }
            other => panic!("{other}"),
        }
    }

    fn report(words: &[&str]) -> RunReport {
        let component = |(index, word): (usize, &&str)| ComponentReport {
            id: ComponentId { index, name: (*word).into() },
            container_image: String::new(),
            source: None,
            outcome: outcome(word),
            signatures: vec![],
            attestations: vec![],
            checks: vec![],
            lookups: vec![],
            effective_time: jiff::Timestamp::UNIX_EPOCH,
            policy_input: None,
            statements: vec![],
        };
        RunReport {
            components: words.iter().enumerate().map(component).collect(),
            snapshot: String::new(),
            key: String::new(),
            policy: PolicySpec::default(),
            version: String::new(),
            effective_time: jiff::Timestamp::UNIX_EPOCH,
            created: jiff::Timestamp::UNIX_EPOCH,
            policy_warnings: vec![],
            run: RunFacts::default(),
        }
    }

    #[test]
    fn each_row_of_the_table_holds() {
        use Exit::{Fail, Incomplete, NotWritten, Success, TryAgain};
        for (components, strict, lenient, strict_unwritten, lenient_unwritten) in [
            (&[][..], Success, Success, NotWritten, NotWritten),
            (&["pass"], Success, Success, NotWritten, NotWritten),
            (&["fail"], Fail, Success, Fail, NotWritten),
            (&["pass", "fail"], Fail, Success, Fail, NotWritten),
            (&["fail", "down"], Fail, Success, Fail, NotWritten),
            (&["fail", "broken"], Fail, Success, Fail, NotWritten),
            (&["pass", "down"], TryAgain, TryAgain, TryAgain, TryAgain),
            (&["late", "down"], TryAgain, TryAgain, TryAgain, TryAgain),
            (&["broken"], Incomplete, Incomplete, Incomplete, Incomplete),
            (&["down", "broken"], Incomplete, Incomplete, Incomplete, Incomplete),
            (&["both"], Incomplete, Incomplete, Incomplete, Incomplete),
        ] {
            let report = report(components);
            let exit = |strictness, written| Exit::of(&report, strictness, written);
            assert_eq!(exit(Strictness::Strict, Written::All), strict, "{components:?}");
            assert_eq!(exit(Strictness::Lenient, Written::All), lenient, "{components:?}");
            assert_eq!(exit(Strictness::Strict, Written::NotAll), strict_unwritten, "{components:?}");
            assert_eq!(exit(Strictness::Lenient, Written::NotAll), lenient_unwritten, "{components:?}");
        }
    }

    #[test]
    fn a_run_that_may_be_tried_again_says_how_to_go_on_from_its_report() {
        let target = |text| Target::parse(text, crate::report::Shown::default()).expect("target");
        let targets = [target("text=t"), target("json"), target("yaml=report.yaml"), target("json=r")];
        let help = Exit::TryAgain.help(&targets).expect("help");
        assert_eq!(help, "with --resume report.yaml the next run begins with what is undecided");
        assert!(Exit::TryAgain.help(&targets[..2]).is_some_and(|it| it.contains("--output json=FILE")));
        assert_eq!(Exit::Incomplete.help(&targets), None);
    }

    #[test]
    fn the_numbers_are_the_documented_ones() {
        let all = [
            Exit::Success,
            Exit::Fail,
            Exit::CouldNotStart,
            Exit::Incomplete,
            Exit::NotWritten,
            Exit::TryAgain,
        ];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 4, 75]);
    }
}

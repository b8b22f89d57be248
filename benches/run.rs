//! What a whole run costs: `ec validate image` as a process of its own, against a registry on this machine that holds
//! components as pipelines leave them, judged by the released policies.
//!
//! `EC_SHARED=../shared cargo bench --features testkit --bench run -- [OPTION]…`; `--help` tells the options. The
//! policies are read from the shared folder, which is not part of the project; where it is missing, this is said and
//! nothing is measured. Each row is one run, checked: verdicts and violations are the expected ones, no object is asked for
//! twice. Below stands the floor: the same bytes over the same wire, hashed and parsed once, and nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::panic, reason = "a bench")]
#![allow(clippy::print_stderr, clippy::cast_precision_loss, reason = "a bench")]

#[path = "run/floor.rs"]
mod floor;
#[path = "run/measured.rs"]
mod measured;
#[path = "run/options.rs"]
mod options;
#[path = "run/stage.rs"]
mod stage;
#[path = "run/table.rs"]
mod table;

use measured::Measured;
use options::{Cache, Options};
use stage::{Asked, Stage};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    // The bench starts itself again for what needs a small process or one of its own.
    match arguments.first().map(String::as_str) {
        Some(measured::MEASURE) => return measured::measure(&arguments[1..]),
        Some(floor::FLOOR) => return floor::floor(&arguments[1..]),
        _ => {}
    }
    let options = Options::read(&arguments);
    let Some(policies) = stage::policies() else { return };
    let largest = options.components.iter().copied().max().unwrap_or(1);
    let stage = Stage::set(&policies, largest, &options);
    println!("{}", stage.described());
    table::head();
    for &components in &options.components {
        let mut read = None;
        for &cache in &options.caches {
            for &workers in &options.workers {
                let run = several(&stage, components, workers, cache, &options);
                table::row(components, workers, cache, &run);
                if cache != Cache::Warm {
                    read.get_or_insert(run.asked);
                }
            }
        }
        if let (Some(asked), false) = (read, options.no_floor) {
            let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            for threads in if threads == 1 { vec![1] } else { vec![1, threads] } {
                let floors = (0..options.runs).map(|_| stage.floor(&asked, threads));
                table::floor(components, threads, &floors.reduce(Measured::joined).expect("a run"));
            }
        }
    }
}

/// The row of several runs.
fn several(stage: &Stage, components: usize, workers: Option<usize>, cache: Cache, options: &Options) -> Run {
    let once = || {
        if cache == Cache::Warm {
            stage.run(components, workers, Cache::Cold, options);
        }
        stage.run(components, workers, cache, options)
    };
    let more = (1..options.runs.max(1)).map(|_| once());
    more.fold(once(), |joined, run| Run { measured: joined.measured.joined(run.measured), ..run })
}

/// One run of the program.
struct Run {
    measured: Measured,
    asked: Asked,
    report_bytes: usize,
}

//! Rows for people, ready for Markdown.

use std::time::Duration;

use crate::measured::Measured;
use crate::options::Cache;
use crate::{Run, stage::Asked};

pub(crate) fn head() {
    println!(
        "| components | workers | cache | wall s | CPU s | peak MiB | requests | bytes MB | report KB |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
}

pub(crate) fn row(components: usize, workers: Option<usize>, cache: Cache, run: &Run) {
    let workers = workers.map_or("default".to_owned(), |it| it.to_string());
    let cache = match cache {
        Cache::Off => "off",
        Cache::Cold => "cold",
        Cache::Warm => "warm",
    };
    let (requests, bytes) = sums(&run.asked);
    println!(
        "| {components} | {workers} | {cache} | {} | {requests} | {:.1} | {} |",
        figures(&run.measured),
        bytes as f64 / 1e6,
        run.report_bytes / 1000,
    );
}

pub(crate) fn floor(components: usize, threads: usize, measured: &Measured) {
    println!("| {components} | floor, {threads} | - | {} | | | |", figures(measured));
}

fn sums(asked: &Asked) -> (usize, u64) {
    asked.values().fold((0, 0), |(requests, bytes), it| (requests + it.requests, bytes + it.bytes))
}

fn figures(measured: &Measured) -> String {
    let seconds = |it: Duration| format!("{:.3}", it.as_secs_f64());
    let peak = measured.peak_bytes as f64 / f64::from(1 << 20);
    format!("{} | {} | {peak:.1}", seconds(measured.wall), seconds(measured.cpu))
}

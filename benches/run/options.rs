//! What is to be measured.

use enterprise_contract::testkit::{Sbom, SbomPlace, Size};

/// What the disk remembers of earlier runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cache {
    /// `--no-cache`
    Off,
    /// An empty folder.
    Cold,
    /// The folder that an equal run has filled.
    Warm,
}

/// As given.
pub(crate) struct Options {
    pub(crate) components: Vec<usize>,
    /// Nothing is the program's default.
    pub(crate) workers: Vec<Option<usize>>,
    pub(crate) caches: Vec<Cache>,
    pub(crate) sbom_bytes: usize,
    pub(crate) place: SbomPlace,
    pub(crate) sbom: fn(Size) -> Sbom,
    /// Of each row.
    pub(crate) runs: usize,
    pub(crate) no_floor: bool,
    pub(crate) keep: bool,
    /// Further arguments of the program.
    pub(crate) more: Vec<String>,
}

const HELP: &str = "\
  --components 1,10,50,200   components of a snapshot
  --workers 1,4,default      components in evaluation at once
  --cache off                of off, cold, warm: what the disk remembers
  --runs 3                   of each row: the least time counts, and the highest peak, 
  --sbom-bytes 1150000       bytes of each SBOM
  --attested                 the SBOM is an attestation, not a blob that a rule reads
  --cyclonedx                a CycloneDX SBOM, not one of SPDX
  --no-floor                 do not measure the floor
  --keep                     leave folder and registry until a line is read from standard input
  -- ARGUMENT…               further arguments of ec
";

impl Options {
    pub(crate) fn read(arguments: &[String]) -> Self {
        let mut options = Self {
            components: vec![1, 10, 50, 200],
            workers: vec![Some(1), Some(4), None],
            caches: vec![Cache::Off],
            sbom_bytes: 1_150_000,
            place: SbomPlace::Blob,
            sbom: Sbom::spdx,
            runs: 3,
            no_floor: false,
            keep: false,
            more: Vec::new(),
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| usage(argument)).as_str();
            let number = |text: &str| text.parse().unwrap_or_else(|_| usage(argument));
            match argument.as_str() {
                "--components" => options.components = value().split(',').map(number).collect(),
                "--workers" => {
                    let workers = |text| if text == "default" { None } else { Some(number(text)) };
                    options.workers = value().split(',').map(workers).collect();
                }
                "--cache" => {
                    let cache = |text| match text {
                        "off" => Cache::Off,
                        "cold" => Cache::Cold,
                        "warm" => Cache::Warm,
                        _ => usage(argument),
                    };
                    options.caches = value().split(',').map(cache).collect();
                }
                "--sbom-bytes" => options.sbom_bytes = number(value()),
                "--runs" => options.runs = number(value()),
                "--attested" => options.place = SbomPlace::Attestation,
                "--cyclonedx" => options.sbom = Sbom::cyclonedx,
                "--no-floor" => options.no_floor = true,
                "--keep" => options.keep = true,
                "--" => options.more.extend(arguments.by_ref().cloned()),
                // What cargo gives every bench.
                "--bench" => {}
                _ => usage(argument),
            }
        }
        options
    }
}

fn usage<T>(argument: &str) -> T {
    eprintln!("{argument}: see the options:\n{HELP}");
    std::process::exit(2)
}

//! The scanner for contents: whether it can be trusted, the scan of everything stored, and a look into a file.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Format, Place, output};
use crate::admin::{Reply, Request, RescanShown};
use crate::app::ask;
use crate::config::{RawConfig, Scanners};
use crate::inspect::{Inspection, Inspector};
use crate::model::{RescanMode, Timestamp};
use crate::scan::{Duty, Member, Newest, Sample, ScanError, Trust, canary, reports_its_limits};

/// The scanners for contents, and the scan of everything stored.
///
/// When a scanner has other signatures, the server scans everything stored once more: what is read often first, then
/// the latest first, equal contents once. What it finds is taken from its readers, and links to it end. `[intake]` of the
/// configuration sets the hours and the share of time for it.
#[derive(Debug, Args)]
pub(super) struct Scan {
    #[command(subcommand)]
    command: ScanCommand,
}

#[derive(Debug, Subcommand)]
enum ScanCommand {
    /// Ask each scanner for its signatures, try it with a test virus and a harmless text, and show how far the scan of
    /// everything stored has come.
    Status {
        /// Configuration file of the server, which names the scanner.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Data directory of a running server.
        #[arg(long, value_name = "DIR", env = "TRESOR_DATA", default_value = "./data")]
        data: PathBuf,
        #[command(flatten)]
        format: Format,
    },
    /// Scan everything stored now, whatever the hours and with all the time that it takes.
    Now(Order),
    /// Stop scanning what is stored until `now`.
    Pause(Order),
    /// Look into a local file as the holding area does: its kind, its labels, and whether all of it can be looked at.
    /// Needs no server and no scanner.
    Inspect {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, Args)]
struct Order {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    format: Format,
}

impl Scan {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let set = |Order { place, format }: Order, mode: RescanMode| {
            place.request(Request::ScanSet { mode: mode.as_str().to_owned() }, format)
        };
        match self.command {
            ScanCommand::Status { config, data, format } => status(config, &data, format),
            ScanCommand::Now(order) => set(order, RescanMode::Urgent),
            ScanCommand::Pause(order) => set(order, RescanMode::Paused),
            ScanCommand::Inspect { file, format } => {
                let found = inspect(&file).with_context(|| format!("cannot look into {}", file.display()))?;
                show(&found, format)
            }
        }
    }
}

fn inspect(path: &Path) -> anyhow::Result<Inspection> {
    let mut sample = Sample::begin()?;
    io::copy(&mut File::open(path)?, &mut sample)?;
    let sample = sample.seal()?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Inspector::of_this_program().inspect(sample.as_fd(), &name)?)
}

fn show(found: &Inspection, format: Format) -> anyhow::Result<()> {
    if format.json {
        return output::line(&found.to_json());
    }
    let labels: Vec<&str> = found.labels.iter().map(|label| label.as_str()).collect();
    for (name, value) in [
        ("kind", found.kind.to_string()),
        ("labels", labels.join(" ")),
        ("obstacle", found.obstacle.map_or_else(|| "none".to_owned(), |obstacle| obstacle.to_string())),
        ("members", found.members.to_string()),
    ] {
        output::line(format!("{name:<16}{value}").trim_end())?;
    }
    Ok(())
}

fn status(config: Option<PathBuf>, data: &Path, format: Format) -> anyhow::Result<()> {
    let config = config.map_or_else(|| Ok(RawConfig::default()), |path| RawConfig::read(&path))?;
    let scanners = config.check(PathBuf::new())?.scanners;
    let scanners = scanners.context(
        "no scanner is set up; install clamav-daemon, or name one by `clamd` in [intake] of the file for --config",
    )?;
    let mut shown = ScannersShown::of(&scanners, Timestamp::now()).context("no scanner is set up")?;
    // Without a running server nothing is scanned.
    if let Ok(Reply::Rescan(pass)) = ask(data, &Request::ScanStatus) {
        shown.rescan = pass;
    }
    if format.json {
        return output::line(&serde_json::to_string_pretty(&shown)?);
    }
    facts(&shown.first)?;
    for (name, value) in shown.rescan.iter().flat_map(rescan) {
        output::line(&format!("{name:<16}{value}"))?;
    }
    for further in &shown.further {
        output::line("")?;
        facts(further)?;
    }
    let all = std::iter::once(&shown.first).chain(&shown.further);
    all.filter_map(|scanner| Some((&scanner.engine, scanner.problem.as_ref()?)))
        .try_for_each(|(engine, problem)| output::note(&format!("tresor: {engine}: {problem}")))
}

/// The known facts about one scanner.
fn facts(shown: &ScannerShown) -> anyhow::Result<()> {
    let known = |text: Option<&str>| text.unwrap_or("not known").to_owned();
    let yes = |fact: Option<bool>| fact.map_or("not known", |is_so| if is_so { "yes" } else { "no" });
    let facts = [
        ("engine", format!("{} at {}", shown.engine, shown.address)),
        ("required", yes(Some(shown.required)).to_owned()),
        ("reachable", yes(Some(shown.reachable)).to_owned()),
        ("trusted", yes(Some(shown.trusted)).to_owned()),
        ("version", known(shown.version.as_deref())),
        ("signatures", known(shown.signatures.as_deref())),
        ("newest", known(shown.newest.as_deref())),
        ("loaded", yes(shown.loaded).to_owned()),
        ("age", shown.age().unwrap_or_else(|| known(None))),
        ("current", yes(Some(shown.current)).to_owned()),
        ("reports limits", yes(shown.reports_limits).to_owned()),
        ("reads RAR", yes(shown.reads_rar).to_owned()),
    ];
    facts.into_iter().try_for_each(|(name, value)| output::line(&format!("{name:<16}{value}")))
}

/// How far the scan of everything stored has come.
fn rescan(pass: &RescanShown) -> Vec<(&'static str, String)> {
    let when = match (&pass.ended, &pass.expected_end) {
        (Some(ended), _) => format!("ended {ended}"),
        (None, Some(expected)) => format!("under way since {}, expected to end {expected}", pass.begun),
        (None, None) => format!("under way since {}", pass.begun),
    };
    let mode = match RescanMode::from_word(&pass.mode) {
        Some(RescanMode::Paused) => "; paused",
        Some(RescanMode::Urgent) => "; without regard for hours",
        Some(RescanMode::Scheduled) | None => "",
    };
    vec![
        ("all stored", format!("{when}{mode}")),
        ("versions", format!("{} of {}, {} contents scanned", pass.seen, pass.total, pass.scanned)),
        ("found", pass.found.to_string()),
        ("not scannable", pass.unscanned.to_string()),
    ]
}

/// The results of a look at all scanners.
#[derive(Debug, Serialize)]
struct ScannersShown {
    /// ClamAV's daemon, or else the first of the others.
    #[serde(flatten)]
    first: ScannerShown,
    /// Those besides it.
    further: Vec<ScannerShown>,
    /// The scan of everything stored; `None` if no server runs, or before the first.
    rescan: Option<RescanShown>,
}

impl ScannersShown {
    /// Asks and tries all of them.
    fn of(scanners: &Scanners, now: Timestamp) -> Option<Self> {
        let panel = scanners.panel();
        let mut all =
            panel.members().iter().map(|member| ScannerShown::of(member, scanners.signatures_max_age, now));
        Some(Self { first: all.next()?, further: all.collect(), rescan: None })
    }
}

/// The results of a look at a scanner.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own in the JSON")]
pub(super) struct ScannerShown {
    pub(super) engine: String,
    pub(super) address: String,
    /// Whether nothing is clean that it did not call clean.
    pub(super) required: bool,
    pub(super) reachable: bool,
    /// Whether it finds a test virus and passes a harmless text.
    pub(super) trusted: bool,
    /// Why it cannot be reached or trusted.
    pub(super) problem: Option<String>,
    pub(super) version: Option<String>,
    /// Identity of the signatures.
    signatures: Option<String>,
    /// When the newest were built.
    pub(super) newest: Option<String>,
    /// Whether the engine has loaded the databases of the folder; `None` if that cannot be seen.
    pub(super) loaded: Option<bool>,
    age_seconds: Option<u64>,
    max_age_seconds: u64,
    /// Whether the newest are younger than the limit.
    pub(super) current: bool,
    /// Whether it says so if it did not look at all of a content.
    pub(super) reports_limits: Option<bool>,
    /// Whether it can unpack RAR archives.
    pub(super) reads_rar: Option<bool>,
}

impl ScannerShown {
    /// Asks and tries a scanner; one that hangs is left after some time.
    pub(super) fn of(member: &Member, max_age: Duration, now: Timestamp) -> Self {
        let engine = &*member.engine;
        let mut shown = Self {
            engine: engine.name().to_owned(),
            address: engine.place(),
            required: member.duty == Duty::Required,
            reachable: false,
            trusted: false,
            problem: None,
            version: None,
            signatures: None,
            newest: None,
            loaded: None,
            age_seconds: None,
            max_age_seconds: max_age.as_secs(),
            current: false,
            reports_limits: None,
            reads_rar: engine.reads_rar(),
        };
        let signatures = match engine.signatures() {
            Ok(signatures) => signatures,
            Err(error) => {
                shown.reachable =
                    !matches!(error, ScanError::Unreachable { .. } | ScanError::NotStarted { .. });
                shown.problem = Some(format!("{:#}", anyhow::Error::from(error)));
                return shown;
            }
        };
        shown.reachable = true;
        shown.current = signatures.are_younger_than(max_age, now);
        shown.age_seconds = signatures.age(now).map(|age| age.as_secs());
        (shown.newest, shown.loaded) = match signatures.newest {
            Newest::Built(built) => (Some(built.to_string()), Some(true)),
            Newest::NotLoaded => (None, Some(false)),
            Newest::Unknown => (None, None),
        };
        shown.signatures = Some(signatures.identity.to_string()).filter(|identity| !identity.is_empty());
        shown.version = Some(signatures.version);
        match canary(engine) {
            Trust::Trusted => {
                shown.trusted = true;
                match reports_its_limits(engine) {
                    Ok(reports) => shown.reports_limits = Some(reports),
                    Err(error) => shown.problem = Some(format!("{:#}", anyhow::Error::from(error))),
                }
            }
            Trust::NotTrusted(why) => shown.problem = Some(format!("{:#}", anyhow::Error::from(why))),
        }
        shown
    }

    /// The age of the newest signatures, in words.
    pub(super) fn age(&self) -> Option<String> {
        self.age_seconds.map(|seconds| output::span(Duration::from_secs(seconds)))
    }
}

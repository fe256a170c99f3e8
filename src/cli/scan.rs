//! Shows whether the scanner for contents can be trusted, and what a look into a file finds.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{Format, output};
use crate::config::{RawConfig, Scanner};
use crate::inspect::{Inspection, Inspector};
use crate::model::Timestamp;
use crate::scan::{Engine, Newest, Sample, ScanError, Trust, canary, reports_its_limits};

/// See whether the scanner for contents can be trusted, and what a look into a file finds.
#[derive(Debug, Args)]
pub(super) struct Scan {
    #[command(subcommand)]
    command: ScanCommand,
}

#[derive(Debug, Subcommand)]
enum ScanCommand {
    /// Ask the configured scanner for its signatures, and try it with a test virus and a harmless text.
    Status {
        /// Configuration file of the server, which names the scanner.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        #[command(flatten)]
        format: Format,
    },
    /// Look into a local file as the holding area does: its kind, its labels, and whether all of it can be looked at.
    /// Needs no server and no scanner.
    Inspect {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        format: Format,
    },
}

impl Scan {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            ScanCommand::Status { config, format } => status(config, format),
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
    Ok(Inspector::new(std::env::current_exe()?).inspect(sample.as_fd(), &name)?)
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

fn status(config: Option<PathBuf>, format: Format) -> anyhow::Result<()> {
    let scanner = match config {
        Some(path) => RawConfig::read(&path)?.check(PathBuf::new())?.scanner,
        None => None,
    };
    let scanner =
        scanner.context("no scanner is configured; name a file with `clamd` in [intake] by --config")?;
    let shown = ScannerShown::of(&scanner, Timestamp::now());
    if format.json {
        return output::line(&serde_json::to_string_pretty(&shown)?);
    }
    let known = |text: Option<&str>| text.unwrap_or("not known").to_owned();
    let yes = |fact: Option<bool>| fact.map_or("not known", |is_so| if is_so { "yes" } else { "no" });
    for (name, value) in [
        ("engine", format!("{} at {}", shown.engine, shown.address)),
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
    ] {
        output::line(&format!("{name:<16}{value}"))?;
    }
    shown.problem.iter().try_for_each(|problem| output::note(&format!("tresor: {problem}")))
}

/// What a look at the scanner shows.
#[derive(Debug, Serialize)]
pub(super) struct ScannerShown {
    engine: &'static str,
    address: String,
    reachable: bool,
    /// Whether it finds a test virus and passes a harmless text.
    pub(super) trusted: bool,
    /// Why it cannot be reached or trusted.
    pub(super) problem: Option<String>,
    pub(super) version: Option<String>,
    /// Identity of the signatures.
    signatures: Option<String>,
    /// When the newest were built.
    pub(super) newest: Option<String>,
    /// Whether the engine has loaded what is in the folder; `None` if that cannot be seen.
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
    /// Asks and tries the scanner; one that hangs is left after some 20 seconds.
    pub(super) fn of(scanner: &Scanner, now: Timestamp) -> Self {
        let engine = scanner.engine();
        let mut shown = Self {
            engine: engine.name(),
            address: scanner.address.to_string(),
            reachable: false,
            trusted: false,
            problem: None,
            version: None,
            signatures: None,
            newest: None,
            loaded: None,
            age_seconds: None,
            max_age_seconds: scanner.signatures_max_age.as_secs(),
            current: false,
            reports_limits: None,
            reads_rar: engine.reads_rar(),
        };
        let signatures = match engine.signatures() {
            Ok(signatures) => signatures,
            Err(error) => {
                shown.reachable = !matches!(error, ScanError::Unreachable { .. });
                shown.problem = Some(format!("{:#}", anyhow::Error::from(error)));
                return shown;
            }
        };
        shown.reachable = true;
        shown.current = signatures.are_younger_than(scanner.signatures_max_age, now);
        shown.age_seconds = signatures.age(now).map(|age| age.as_secs());
        (shown.newest, shown.loaded) = match signatures.newest {
            Newest::Built(built) => (Some(built.to_string()), Some(true)),
            Newest::NotLoaded => (None, Some(false)),
            Newest::Unknown => (None, None),
        };
        shown.signatures = Some(signatures.identity.to_string());
        shown.version = Some(signatures.version);
        match canary(&engine) {
            Trust::Trusted => {
                shown.trusted = true;
                shown.reports_limits = reports_its_limits(&engine).ok();
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

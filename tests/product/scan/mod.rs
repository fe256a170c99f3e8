//! The engines that judge contents, with a real clamd, clamscan and c-icap.

mod command;
mod icap;
mod lying;
mod program;
mod signatures;
mod trouble;
mod verdicts;

use tresor::scan::{Engine, Report, Sample, ScanError, Verdict};

/// Judges some bytes.
fn scan(engine: &impl Engine, content: &[u8]) -> Result<Report, ScanError> {
    engine.scan(&Sample::of(content).unwrap())
}

#[track_caller]
fn verdict(engine: &impl Engine, content: &[u8]) -> Verdict {
    scan(engine, content).unwrap().verdict
}

fn infected(name: &str) -> Verdict {
    Verdict::Infected { name: name.to_owned() }
}

/// The code of the error in place of a verdict.
#[track_caller]
fn failure(engine: &impl Engine, content: &[u8]) -> &'static str {
    scan(engine, content).unwrap_err().code()
}
